# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Chapter 11: Filters and classes

Chapter 10 showed where a filter answers on a photograph. It did not show what the filter is
looking for. In this chapter you ask it.

You let the network draw: you begin with noise, and change the picture step by step so that one
filter answers more and more. ("The filter likes the picture" will be short for that.) Then you do
the same for a whole class. What does VGG16 draw for a filter of its third block? And what is the
most goldfish-like picture in the world?

The field calls this **activation maximization**, or **feature visualization**.

You need what chapters 1, 5 (only what a gradient is), 9 and 10 taught, and about two hours. As in
chapter 10, you work with VGG16, or without a network connection with the narrow VGG that comes with
this course.

Run the next cell first. Keras takes a moment to load.
"""

# %% setup=true
import matplotlib.pyplot as plt
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch11_filters_classes import demo
from cnnlab.course.figures import architecture
from cnnlab.course.figures.gradient_ascent import class_network, emerging, show_gallery, shown
from cnnlab.course.guesses import guess
from cnnlab.course.networks.lookup import class_index
from cnnlab.course.networks.pretrained import load_vgg
from cnnlab.course.networks.quiet import keras
from cnnlab.course.networks.quiet import tensorflow as tf
from cnnlab.course.ops.ascent import enlarged
from cnnlab.datasets.load import photo

start("ch11_filters_classes")

# %% [markdown]
r"""
## 1. Turn training around

In training, the pictures are given and the weights change: a step goes against the gradient of
the loss, downhill. **Now the weights are given and the picture changes.** You want a number to
become large, not small: the answer of one filter. So you go uphill. This is **gradient ascent**.

In both cases backpropagation finds the gradient. This time it says, for every number of the
picture: if this one grows a little, how much more does the filter like the picture?

The article says that it starts from a blank picture. In truth its code leaves the start to a
library, which begins with **noise**. We come back to why.

### How long is a step?

The next cell computes how large the gradient is for one filter in each block: the root of the mean
of its squares (*root mean square*).
"""

# %% guess
guess("plain_step")

# %%
model, which = load_vgg()
print("network:", which)
noise = np.random.default_rng(0).normal(0, 10, (64, 64, 3)).astype(np.float32)
for block in range(1, 6):
    below = keras.Model(model.input, model.get_layer(f"block{block}_conv1").output)
    x = tf.constant(noise[None])
    with tf.GradientTape() as notes:
        notes.watch(x)
        strongest = tf.reduce_max(tf.reduce_mean(below(x), axis=(0, 1, 2)))
    slope = notes.gradient(strongest, x).numpy()
    print(f"block{block}_conv1: {np.sqrt(np.mean(slope**2)):.6f}")

# %% [markdown]
r"""
The mean of a map hardly changes when a single number changes, and how much it changes differs
from layer to layer. So a fixed factor does not work. Give every step the same length instead:
divide the gradient by its own size.

$$ \text{image} + \text{rate} \cdot \frac{g}{\sqrt{\operatorname{mean}(g^2)} + 10^{-8}} $$

Now `rate` is in gray levels: with a rate of 2 the numbers move by about 2, and the direction is
still the gradient's.
"""

# %% guess
guess("step_of_equal_length")

# %% [markdown]
r"""
**And where the gradient is 0?** Then no direction leads uphill. Thanks to the $10^{-8}$ nothing
is divided by 0, and the picture stays as it is.
"""

# %% [markdown]
r"""
### Exercise 1: ascent_step
"""


# %% exercise="ascent_step"
def ascent_step(image, gradient, rate):
    """One step uphill, as long as rate says.

    Parameters
    ----------
    image, gradient : array, one shape
    rate : float
        How far the numbers move: the root mean square of the step.

    Returns
    -------
    array, shape and dtype of image
        image + rate · gradient / (√mean(gradient²) + 1e-8). A new array.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the shapes differ. The message
    contains the word ``gradient``.

    >>> ascent_step(np.zeros(2), np.array([3.0, -3.0]), 1.0).round(6)
    array([ 1., -1.])
    """
    ### BEGIN SOLUTION
    return image + rate * gradient / (np.sqrt(np.mean(gradient**2)) + 1e-8)
    ### END SOLUTION


# %% [markdown]
r"""
## 2. How rough is a picture?

A warning before you start drawing: nothing makes a network prefer pictures that look natural. If
a filter likes a pattern of single colored pixels, that is what it will get. Photographs are not
like that: most neighboring pixels are nearly alike. So you need a number that says how rough a
picture is, and can then subtract it from the score as a **penalty**.

**Total variation** is that number. Take the difference of each pixel to the one below it, and to
the one beside it; make them positive; add them all up.

A pixel on the right edge is no neighbor of the one on the left edge: a photograph does not continue
there.
"""

# %% guess
guess("total_variation_by_hand")

# %% [markdown]
r"""
### Exercise 2: total_variation
"""


# %% exercise="total_variation"
def total_variation(image):
    """How rough a picture is: Σ|Δ| over all neighbors, below and beside each other.

    Parameters
    ----------
    image : array, shape (H, W, C)
        Floats, or bytes as in a photograph.

    Returns
    -------
    float
        The sum over both directions and all channels.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``image`` does not have three axes.
    The message contains the word ``image``.

    >>> total_variation(np.array([[[1.0], [4.0]], [[1.0], [2.0]]]))
    6.0
    """
    ### BEGIN SOLUTION
    image = 1.0 * image
    down = np.abs(image[1:] - image[:-1])
    across = np.abs(image[:, 1:] - image[:, :-1])
    return float(down.sum() + across.sum())
    ### END SOLUTION


# %% [markdown]
r"""
Three pictures of one size: Chelsea, Chelsea with her pixels in random order, and noise as you
will start from. The total is divided by how many numbers the picture has, so that it is easy to
read: how much two neighbors differ, down and across together.
"""

# %% guess
guess("smoothest_picture")

# %%
if ready(total_variation):
    cat = photo("chelsea", size=96).astype(float)
    mixed = np.random.default_rng(0).permutation(cat.reshape(-1, 3)).reshape(cat.shape)
    grain = np.random.default_rng(0).normal(0, 10, (96, 96, 3))
    three = {"Chelsea": cat, "her pixels, mixed": mixed, "noise": grain + 127}
    figures.photos(
        *(np.clip(picture, 0, 255).astype(np.uint8) for picture in three.values()),
        titles=[f"{name}: {total_variation(p) / p.size:.1f}" for name, p in three.items()],
        alt="A cat, the cat's pixels in random order, and gray noise; total variation above each.",
        counted=False,
    ).show()

# %% [markdown]
r"""
The noise looks rougher than it is: its numbers are so small that it is hardly rougher than the
cat. Mixing the pixels makes the cat far rougher, although not one color is new. Total variation
compares neighbors and nothing else.
"""

# %% [markdown]
r"""
## 3. The climb

Now the whole ascent. It needs three more ideas, one for each way in which a picture goes wrong.

**Total variation**, weight `tv`: against grain. It is divided by the number of numbers in the
picture, so that the weight means the same at every size.

**The L6 norm**, weight `l6`: against extreme colors.

$$ \left( \operatorname{mean} |x|^6 \right)^{1/6} $$

Why the sixth power?
"""

# %% guess
guess("sixth_power")

# %% [markdown]
r"""
**Jitter**: against patterns that sit in one place. Before each step the picture is shifted by a
few pixels at random; what leaves on one side comes in on the other (`np.roll`). After the step it
is shifted back. So the filter must like the pattern wherever it lies. In the deeper layers, where
neighboring units are 16 pixels apart, this matters most.

So the *score* of a picture is, for whatever you want:

$$ \text{score}(x) \;-\; \text{tv} \cdot \frac{\text{total variation}(x)}{\text{numbers in } x}
\;-\; \text{l6} \cdot \text{L6}(x) $$

### Gradients from TensorFlow

You wrote gradients by hand in chapter 5. Here a `GradientTape` does it. It records what is
computed with a tensor that it *watches*, and goes back through it:
"""

# %%
x = tf.constant([1.0, 2.0, 3.0])
with tf.GradientTape() as notes:
    notes.watch(x)
    value = tf.reduce_sum(x**2)
print("value:", value.numpy(), " gradient:", notes.gradient(value, x).numpy())

# %% [markdown]
r"""
It can only differentiate what it has recorded: inside the tape, use TensorFlow's functions.
`tf.image.total_variation(x)` exists already: it is your `total_variation`, for the tape.

You cannot write into a tensor, and the tape cannot watch NumPy. So each step goes back and forth:
the picture is a NumPy array, and the tape gets a tensor of it.
"""

# %% [markdown]
r"""
### Exercise 3: ascend
"""


# %% exercise="ascend"
def ascend(score, image, steps, rng, rate=1.0, tv=0.0, l6=0.0, jitter=0):
    """Gradient ascent: change a picture step by step, so that its score grows.

    Each step

    1. draws a shift, ``rng.integers(-jitter, jitter + 1, 2)``: down and right; and shifts the
       picture by it, round the edges;
    2. takes, at the shifted picture x, the gradient of
       score(x) − tv · total variation(x) / (numbers in x) − l6 · (mean |x|⁶)^(1/6);
    3. goes one `ascent_step` of length ``rate`` from there;
    4. shifts the picture back.

    Parameters
    ----------
    score : callable
        Takes a float32 tensor of shape (1, H, W, C), gives a tensor without axes.
    image : array, shape (H, W, C)
        Where to begin.
    steps : int
        0 gives the picture back as it is.
    rng : numpy.random.Generator
    rate, tv, l6 : float
        A weight of 0 leaves its penalty out.
    jitter : int
        Pixels, at most, in each direction.

    Returns
    -------
    array, shape (H, W, C)

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``image`` does not have three axes.
    The message contains the word ``image``.
    """
    ### BEGIN SOLUTION
    for _ in range(steps):
        shift = rng.integers(-jitter, jitter + 1, 2)
        seen = np.roll(image, shift, axis=(0, 1))
        x = tf.constant(seen[None], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = score(x)
            if tv:
                value -= tv * tf.image.total_variation(x)[0] / seen.size
            if l6:
                value -= l6 * tf.reduce_mean(x**6) ** (1 / 6)
        gradient = tape.gradient(value, x)[0].numpy()
        image = np.roll(ascent_step(seen, gradient, rate), -shift, axis=(0, 1))
    return image
    ### END SOLUTION


# %% [markdown]
r"""
Try it on a score that you know: how yellow is the middle of the picture? Yellow is red and green
without blue. The network's order is blue, green, red.
"""

# %% guess
guess("outside_of_the_middle")


# %%
def yellow_middle(x):
    middle = x[0, 16:32, 16:32]
    return tf.reduce_mean(middle[..., 1] + middle[..., 2] - middle[..., 0])


if ready(ascent_step) and ready(ascend):
    rng = np.random.default_rng(0)
    start_picture = rng.normal(0, 10, (48, 48, 3))
    pictures = {"the start": start_picture}
    for title, options in {"20 steps": {}, "with jitter": {"jitter": 8}}.items():
        pictures[title] = ascend(yellow_middle, start_picture, 20, rng, rate=3, **options)
    figures.photos(
        *(shown(picture, contrast=None) for picture in pictures.values()),
        titles=list(pictures),
        alt="Gray noise; the same with a sharp yellow square; the same with a blurred yellow spot.",
        counted=False,
    ).show()

# %% [markdown]
r"""
Without jitter the square is sharp. With it, the square is somewhere else at every step, and what
stays is the average. With jitter, a pattern cannot depend on single pixels.
"""

# %% [markdown]
r"""
## 4. What does a filter look for?

For a filter, the score is the mean of its feature map. One thing must be left out: the
**border**. There the zeros of the padding come in, so the units at the border may answer to the
edge of the picture, which has nothing to do with what the filter looks for. Two rows and columns
on every side are enough: `map[2:-2, 2:-2, index]`.

These are the layers whose filters you will see, one of each block:
"""

# %%
drawn = ["block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"]
architecture.vgg16(drawn, "whose filters draw").show()

# %% [markdown]
r"""
### Exercise 4: visualize_filter
"""


# %% exercise="visualize_filter"
def visualize_filter(
    model, layer, index, steps, rng, size=96, rate=1.0, tv=0.0, l6=0.0, jitter=0, start=None
):
    """A picture that one filter likes.

    `ascend` on the mean of the filter's feature map, ``map[2:-2, 2:-2, index]``.

    Parameters
    ----------
    model : keras.Model
        Takes batches of pictures of any size.
    layer : str
        The name of a convolution.
    index : int
        Which of its filters.
    steps, rng, rate, tv, l6, jitter
        As `ascend` takes them.
    size : int
        Height and width of the picture.
    start : array, shape (H, W, 3), or None
        Where to begin; then ``size`` does not matter. None begins with noise:
        ``rng.normal(0, 10, (size, size, 3))``, drawn before anything else.

    Returns
    -------
    array, shape (size, size, 3) or start's
        As the network takes it, without a batch axis.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the model has no such ``layer``, the
    layer has no filter of this ``index`` (there are none below 0), or ``size`` is so small that
    nothing is left inside the border. The message contains the argument's name.
    """
    ### BEGIN SOLUTION
    below = keras.Model(model.input, model.get_layer(layer).output)
    image = rng.normal(0, 10, (size, size, 3)) if start is None else start

    def score(x):
        return tf.reduce_mean(below(x)[:, 2:-2, 2:-2, index])

    return ascend(score, image, steps, rng, rate, tv, l6, jitter)
    ### END SOLUTION


# %% [markdown]
r"""
One filter of the third block. The picture is drawn in several parts, so that you can watch.
"""

# %%
favorite = 2 if which == "VGG16" else 13  # 2 is silent in the small network
written = ready(ascent_step) and ready(ascend) and ready(visualize_filter)
if written:
    rng = np.random.default_rng(0)

    def third_block(steps, start):
        return visualize_filter(
            model, "block3_conv3", favorite, steps, rng, size=64, rate=6, jitter=4, start=start
        )

    first = emerging(third_block, steps=20, every=5, alt="A pattern that a filter likes")

# %% [markdown]
r"""
It is not an object and not a part of one. It is a *texture*, the same everywhere, because a
filter's map is averaged over all places: what it likes here it also likes there.

### Blank is not noise

What if the start really were blank?
"""

# %% guess
guess("blank_start")

# %%
if written:
    blank = np.zeros((64, 64, 3), np.float32)
    rng = np.random.default_rng(0)
    options = {"rate": 6, "jitter": 4}
    from_blank = visualize_filter(model, "block3_conv3", favorite, 10, rng, start=blank, **options)
    from_noise = visualize_filter(model, "block3_conv3", favorite, 10, rng, size=64, **options)
    figures.photos(
        shown(from_blank), shown(from_noise),
        titles=["10 steps from a blank picture", "10 steps from noise"],
        alt="Left what becomes of a blank picture, right what becomes of noise.",
        counted=False,
    ).show()  # fmt: skip

# %% [markdown]
r"""
Every unit in the middle of a blank picture gets the same gradient, so at first all places change
alike. Differences can only come in from the border, where the padding is, and from the grid of the
pooling windows. Noise gives every place something to build on.
"""

# %% [markdown]
r"""
### What each penalty does

The same filter, the same noise, the same number of steps. How strong a penalty must be depends on
how large the numbers in the maps are. Those of the small network are smaller, so the penalties
get smaller weights there.
"""

# %%
weight = 1.0 if which == "VGG16" else 0.03
if written:
    settings = {
        "nothing": {},
        "tv": {"tv": 0.5 * weight},
        "l6": {"l6": 2.0 * weight},
        "jitter": {"jitter": 4},
        "all three": {"tv": 0.3 * weight, "l6": 0.5 * weight, "jitter": 4},
    }
    drawn = {}
    for title, options in settings.items():
        rng = np.random.default_rng(1)
        drawn[title] = visualize_filter(
            model, "block3_conv3", favorite, 15, rng, size=64, rate=6, **options
        )
    figures.photos(
        *(shown(picture, contrast=None) for picture in drawn.values()),
        titles=list(drawn),
        alt="Five versions of one pattern: rough and glaring, smooth, pale, coarser, all at once.",
        counted=False,
    ).show()
    if ready(total_variation):
        for title, picture in drawn.items():
            rough, large = total_variation(picture) / picture.size, np.abs(picture).max()
            print(f"{title:12} total variation {rough:5.1f}   largest number {large:5.0f}")

# %% [markdown]
r"""
Compare each picture with the first one. `tv` takes grain away. `l6` makes glaring colors pale. With
jitter the lines become thicker and smoother, because they have to fit at several places.

### Two passes

The article's code draws its pictures in two passes: the first finds the pattern, the second
begins with its result and cleans it up. That is what `start` is for. And you can do something
better between the passes: begin *small*, so that the pattern gets coarse parts, then enlarge the
picture and let the second pass add the fine ones.
"""


# %%
def two_passes(layer, index, steps=20, tv=0.3 * weight):
    """A coarse picture of 48×48 first; then, enlarged, a finer one of 96×96."""
    rng = np.random.default_rng(2)
    coarse = visualize_filter(model, layer, index, steps, rng, size=48, rate=8, jitter=4)
    return visualize_filter(
        model, layer, index, steps // 2, rng, rate=4, tv=tv, jitter=4, start=enlarged(coarse, 96)
    )


if written:
    chosen = {f"block{b}_conv{c}": 2 for b, c in ((1, 2), (2, 2), (3, 3), (4, 3))}
    pictures = []
    for name, index in chosen.items():
        pictures.append(shown(two_passes(name, index)))
        print(f"{name} is drawn", flush=True)
    figures.photos(
        *pictures,
        titles=list(chosen),
        alt="Patterns that filters of four blocks like: from a plain texture to ever larger parts.",
        counted=False,
    ).show()

# %% [markdown]
r"""
The first block gives colors and fine lines, and cannot give more: a unit of `block1_conv1` sees 3
× 3 pixels, one of `block1_conv2` 5 × 5. No nose fits in there. With each block the patterns get
larger and richer.

(And once more: `block3_conv3` is a *layer*. It has 256 filters, and each of them has a picture of
its own.)
"""

# %% [markdown]
r"""
## 5. What does a class look like?

A filter in the middle of the network is one thing. At the end, there is a number for each class.
Let *that* grow, and you see what a goldfish is for the network.

Which number? The network ends with a softmax, which makes probabilities of logits. The article's
text says only that the picture shall represent the class as much as possible. Its code has the
comment "Swap softmax with linear": it takes the softmax away first, so it maximizes the
**logit**. Why not the probability? And what happens to its gradient when it is nearly 1?
"""

# %% guess
guess("two_ways_to_grow")

# %%
classifier, names, side = class_network()
print(classifier.name, "with", len(names), "classes, pictures of", side, "×", side)
fish = class_index(names, "goldfish" if "goldfish" in names else "horse")
outputs = [classifier.layers[-1].input, classifier.output]
both = keras.Model(classifier.input, outputs)
x = tf.constant(np.random.default_rng(0).normal(0, 10, (1, side, side, 3)), tf.float32)
for step in range(25):
    with tf.GradientTape(persistent=True) as notes:
        notes.watch(x)
        logits, shares = both(x)
        logit, share = logits[0, fish], shares[0, fish]
    uphill = [notes.gradient(value, x) for value in (logit, share)]
    sizes = [float(tf.sqrt(tf.reduce_mean(g**2))) for g in uphill]
    if step % 4 == 0:
        print(
            f"step {step:2}  logit {float(logit):6.1f}, gradient {sizes[0]:.1e}   "
            f"probability {float(share):.6f}, gradient {sizes[1]:.1e}"
        )
    x += 2 * uphill[0] / (sizes[0] + 1e-8)

# %% [markdown]
r"""
The logit's gradient keeps its size. The probability's gradient is tiny at the start, where the
class has no chance, and tiny again at the end, where nothing is left to win. In between, the
probability also grows when all *other* classes lose. So maximize the **logit**: what goes into
the softmax.
"""

# %% [markdown]
r"""
### Exercise 5: visualize_class
"""


# %% exercise="visualize_class"
def visualize_class(
    model, index, steps, rng, size=96, rate=1.0, tv=0.0, l6=0.0, jitter=0, start=None
):
    """A picture that looks like one class to the network.

    `ascend` on the logit of the class: what goes into the model's last layer, a softmax.

    Parameters
    ----------
    model : keras.Model
        Its last layer is ``keras.layers.Softmax``.
    index : int
        Which class.
    steps, rng, rate, tv, l6, jitter
        As `ascend` takes them.
    size, start
        As `visualize_filter` takes them.

    Returns
    -------
    array, shape (size, size, 3) or start's
        As the network takes it, without a batch axis.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if there is no class of this ``index``
    (there are none below 0). The message contains the word ``index``.
    """
    ### BEGIN SOLUTION
    logits = keras.Model(model.input, model.layers[-1].input)
    image = rng.normal(0, 10, (size, size, 3)) if start is None else start

    def score(x):
        return logits(x)[0, index]

    return ascend(score, image, steps, rng, rate, tv, l6, jitter)
    ### END SOLUTION


# %%
if ready(ascent_step) and ready(ascend) and ready(visualize_class):
    rng = np.random.default_rng(3)
    mild = 1.0 if len(names) == 1000 else 0.05
    options = {"rate": 4, "tv": 2.0 * mild, "l6": 0.5 * mild}
    half = side // 2 if side > 64 else side
    coarse = visualize_class(classifier, fish, 30, rng, size=half, jitter=4, **options)

    def finer(steps, start):
        start = enlarged(coarse, side) if start is None else start
        return visualize_class(classifier, fish, steps, rng, start=start, jitter=8, **options)

    picture = emerging(finer, 40, every=10, alt=f"What the network takes for {names[fish]}")
    shares = classifier(picture[None])[0].numpy()
    print(f"{names[fish]}: probability {shares[fish]:.4f}")

# %% [markdown]
r"""
The network has no doubt. Have you? Perhaps you find an eye with its rings, the curve of a body,
fins like fans, in several sizes. What you will not find is one whole goldfish in one place.

**Why not?** Nothing in the score asks for it. Each piece that looks like goldfish adds to the
logit, so the picture is full of pieces. The network was never asked to tell a goldfish from a
heap of its parts.

### Does it know what a cat is?

Chapter 4's question, with the best tool so far: ask for a cat in place of a goldfish. In the last
cell, write `fish = class_index(names, "tabby")` at the top (or "cat" for the small network), and
run it again. Which parts of a cat do you find? Which are missing?

With SqueezeNet you may find pointed ears and stripes around them. Below them there is no body
that could stand up, and yet the network gives this picture a probability of 1.0000. No person
would call it a photograph of a cat. What the network has learned is enough to tell a tabby from
999 other classes, and much less than what a cat is.
"""

# %% [markdown]
r"""
## 6. With more patience

Your pictures took seconds. Here are others, made from the same idea with more effort, on VGG16's
ImageNet weights: the picture is made of waves instead of pixels, its colors are those of
photographs, each step also turns and scales it a little, and there are many more steps. The code
is in `course/networks/dreams.py`, about a hundred lines; `python -m
cnnlab.course.training.gallery` draws them again, which takes about an hour.

First the filters. **Go from block to block:** what is new, what has become larger?
"""

# %%
show_gallery("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")

# %% [markdown]
r"""
Colors, edges and waves first; then stripes and meshes; then spots, cobblestones and scales. In
the fourth block there are feathers, weaves and coils, with shadows and depth. And in the fifth
you may find wool, heads, or a dress with its folds.

Then the classes. As the network draws them, all of them lean to lilac and blue, whatever they are,
so their colors say little. Here the colors of each picture are decorrelated and given the spread
that they have in photographs; shapes and brightness stay.
"""

# %%
show_gallery("classes")

# %% [markdown]
r"""
## 7. Live

Here the small VGG that comes with the course draws while you watch. Each step runs your own
`ascent_step`. Start it, move the sliders while it runs, stop it when you like what you see. The
weights of both penalties are relative here: at 1, a penalty pushes about as hard as the filter
itself.

Things to try: a filter of the first block and one of the fifth. Total variation at 0, and at its
largest. Jitter 0 in a deep layer. L6 on a picture that already has extreme colors.
"""

# %%
demo(ascent_step, total_variation)

# %% [markdown]
r"""
## 8. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: roughness

A flat wall of one color has a total variation of 0, whatever its color is. **What does the box
say of a gray wall, and of a red one?**
"""

# %%
broken_total_variation = box("total_variation")
gray, red = np.full((8, 8, 3), 0.5), np.full((8, 8, 3), 0.5) * np.array([1, 0, 0])
print("gray:", broken_total_variation(gray), " red:", broken_total_variation(red))

# %%
broken_total_variation


# %% exercise="expose_total_variation"
def expose_total_variation():
    """Name the mistake in ``broken_total_variation``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (image,)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "over-channels", (np.array([[[0.0, 1.0]]]),)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: a step

One step uphill at a rate of 1, on pictures of different sizes. All numbers of the gradient are 1,
so every pixel should move by 1. **What does the second box do as the picture grows?**
"""

# %%
broken_ascent_step = box("ascent_step")
for size in (1, 2, 4, 8):
    moved = broken_ascent_step(np.zeros((size, size)), np.ones((size, size)), 1.0)
    print(f"{size} × {size} pixels move by {moved[0, 0]:.3f}")

# %%
broken_ascent_step


# %% exercise="expose_ascent_step"
def expose_ascent_step():
    """Name the mistake in ``broken_ascent_step``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (image, gradient, rate)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 5 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "divides-by-the-norm", (np.zeros(2), np.array([1.0, -1.0]), 1.0)
    ### END SOLUTION


# %% [markdown]
r"""
## 9. What you have built

- `ascent_step`: a step uphill of the same length, however small the gradient is.
- `total_variation`: how rough a picture is.
- `ascend`: gradient ascent with two penalties and jitter.
- `visualize_filter`: a picture that a filter likes.
- `visualize_class`: what a class looks like to a network.

### Questions

Think first, then open the answer.

<details><summary>You start again with other noise. Do you get the same picture?</summary>

No. The texture will be of the same kind, but its parts lie elsewhere. There are many pictures that
a filter likes, and ascent finds the one uphill from where it began.

</details>

<details><summary>Does the picture show everything that the filter answers to?</summary>

It shows one thing that it likes very much. A filter may also answer to others that have nothing
in common with it. To learn about these, look for photographs that activate it: chapter 10's
`strongest`, the other way around.

</details>

<details><summary>A filter's picture stays gray noise. What happened?</summary>

Its map is 0 everywhere in your noise. Then ReLU lets no gradient through, so no direction leads
uphill. Other noise may help, or the gradient of the sums before the ReLU; the gallery uses those.

</details>

<details><summary>You add a picture like these, ever so faintly, to a photograph of a cat. What
does the network see?</summary>

Often a goldfish. A change that people do not see, chosen along the gradient, can make a network
sure of nearly anything. Such photographs are called *adversarial examples*. Your `ascend` can
make them: start with the photograph, and take few, small steps.

</details>

### Next

You have seen what a class looks like in general. But why did the network call *this* photograph a
cat? In [chapter 12](../ch12_explanations/ch12_explanations.ipynb) you ask it where it looked.

### Read on

- D. Erhan, Y. Bengio, A. Courville, P. Vincent, *Visualizing Higher-Layer Features of a Deep
  Network*, Université de Montréal, 2009: where activation maximization begins.
- K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks: Visualising Image
  Classification Models and Saliency Maps*, 2013,
  [arXiv:1312.6034](https://arxiv.org/abs/1312.6034): pictures of classes, from the logit.
- A. Mahendran, A. Vedaldi, *Understanding Deep Image Representations by Inverting Them*, CVPR
  2015, [arXiv:1412.0035](https://arxiv.org/abs/1412.0035): total variation and the sixth power.
- C. Olah, A. Mordvintsev, L. Schubert, *Feature Visualization*, [Distill,
  2017](https://distill.pub/2017/feature-visualization/): waves, colors, jitter, with many
  pictures.
- C. Szegedy et al., *Intriguing Properties of Neural Networks*, ICLR 2014,
  [arXiv:1312.6199](https://arxiv.org/abs/1312.6199): adversarial examples.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
