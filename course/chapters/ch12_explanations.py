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
# Chapter 12: Explanations

The network says "Egyptian cat". Why?

In 2016 M. Ribeiro and two colleagues trained a classifier to tell wolves from huskies, and they
built it badly *on purpose*: in its 20 training photographs every wolf stood in snow, and no husky
did. Then they showed ten of its answers to 27 students of machine learning. Ten of them trusted
it. Next they showed *where* it looked: at the snow. Now three trusted it. Answers alone do not
show such a mistake.

The article ends where you see what filters and classes look like. Here you go one step further
and ask about a **single** answer on a single photograph. There are three classic ways to ask.
What they give is called an **attribution** or an explanation, often drawn as a heat map:

- **Saliency**: which pixels would change the answer if they changed a little?
- **Grad-CAM**: which places of a late layer speak for the class?
- **Occlusion**: what happens if a part of the photograph is not there?

You will write all three, compare them, and find a photograph on which they contradict each other.
Then you test whether they can be trusted at all.

You need chapters 9 and 10, and about two hours. The network's weights are fetched once, 5 MB.
Without a network connection, the small VGG that comes with the course takes its place. It knows ten
classes and takes pictures of 32 × 32, so its maps are coarse; every exercise works with it.

Run the next cell first. Keras takes a moment to load.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch12_explanations import demo
from cnnlab.course.figures import heatmaps
from cnnlab.course.guesses import guess
from cnnlab.course.networks import explain
from cnnlab.course.networks.pretrained import as_batch
from cnnlab.course.networks.quiet import keras
from cnnlab.datasets.load import photo

import tensorflow as tf  # isort: skip  after `quiet`, which keeps it quiet

start("ch12_explanations")

# %% [markdown]
r"""
## 1. An answer to explain

A classifier, and Chelsea once more. The network gives one number for each class, the **logits**.
Its last layer, a softmax, makes probabilities of them.
"""

# %%
model, names, title, (side, _) = explain.load_explained()
print(title, "takes", side, "×", side, "pixels and knows", len(names), "classes")


def top(image, k=4):
    """The classes with the highest logits, printed; the index of the first."""
    logits = explain.logits_of(model)(image[None])[0].numpy()
    shares = model(image[None])[0].numpy()
    order = [int(i) for i in np.argsort(-logits)]
    for i in order[:k]:
        print(f"  {names[i]:16} logit {logits[i]:6.2f}   probability {shares[i]:.3f}")
    return order[0]


chelsea = photo("chelsea", size=side)
cat_image = as_batch(chelsea, (side, side))[0]
print("\nChelsea:")
cat = top(cat_image)
cup_photo = photo("coffee", size=side)
cup_image = as_batch(cup_photo, (side, side))[0]
print("\nThe cup:")
cup = top(cup_image)
figures.photos(
    chelsea, cup_photo, counted=False, alt="Chelsea, a tabby cat, and a cup of coffee."
).show()

# %% [markdown]
r"""
Look at the cat's first three classes. Their logits are nearly alike, but the first gets almost half
of the probability.
"""

# %% guess
guess("what_to_explain")

# %% [markdown]
r"""
## 2. Saliency: what if a pixel changed a little?

Take one number of the photograph, say the red of one pixel, and raise it by a tiny step. The
logit changes a little. Change divided by step: in the limit that is a derivative, and you know
from chapter 5 how to get all of them at once. Training asks "how does the loss change with the
*weights*?" Here you ask "how does the logit change with the *photograph*?" It is the same
backward pass, one step further down.

TensorFlow does it for you. A `GradientTape` records what is computed while it runs, and goes back
through it:
"""

# %%
x = tf.constant([1.0, 2.0, 3.0])
with tf.GradientTape() as notes:
    notes.watch(x)  # a constant is watched only if you ask for it
    y = x[0] * x[1] + x[2] ** 2
print("dy/dx =", notes.gradient(y, x).numpy())

# %% [markdown]
r"""
The logit is what goes into the last layer, `model.layers[-1].input`. (Chapter 11 chose it as well,
for the same reason.)

The photograph has three numbers per pixel, so a pixel gets three slopes. Its **saliency** is the
largest *size* among them: the sign does not matter, for a pixel that would lower the logit
counts as much as one that would raise it.
"""

# %% guess
guess("saliency_by_hand")

# %% [markdown]
r"""
### Exercise 1: saliency
"""


# %% exercise="saliency"
def saliency(model, image, index):
    """How strongly a class's logit depends on each pixel (Simonyan and others, 2013).

    Parameters
    ----------
    model : keras.Model
        Takes (N, H, W, C). Its last layer is a softmax, and nothing else; what goes into that
        layer, ``model.layers[-1].input``, are the logits.
    image : array, shape (H, W, C), float32
        One photograph as the network takes it, without a batch axis.
    index : int
        The class, from 0 to the number of classes less one.

    Returns
    -------
    array, shape (H, W), float32
        For each pixel the largest size, over the channels, of the derivative of the logit.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``image`` does not have three axes,
    or not as many channels as the network takes; or there is no class ``index``. The message
    contains the word ``image`` or ``index``.
    """
    ### BEGIN SOLUTION
    network = keras.Model(model.input, model.layers[-1].input)
    x = tf.constant(image[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        logit = network(x)[0, index]
    return np.abs(tape.gradient(logit, x)[0]).max(axis=-1)
    ### END SOLUTION


# %%
if ready(saliency):
    of_cat, of_cup = saliency(model, cat_image, cat), saliency(model, cup_image, cup)
    figures.photos(
        heatmaps.overlay(chelsea, of_cat),
        heatmaps.overlay(cup_photo, of_cup),
        titles=[f"saliency for {names[cat]}", f"saliency for {names[cup]}"],
        counted=False,
        alt="Blue grains on the gray photographs: dense on the cat's eyes and nose, and the cup.",
    ).show()

# %% [markdown]
r"""
A pixel is colored where its number is large. It looks like scattered pepper. With SqueezeNet the
grains are densest on Chelsea's eyes and nose, and in the coffee, so the map is not meaningless.
But neighboring pixels get very different numbers. A network with ReLUs and pooling is linear piece
by piece, and its slope jumps from piece to piece.

So look at regions, not at single pixels.
"""

# %% [markdown]
r"""
## 3. Grad-CAM: which places speak for the class?

The last feature maps know most about the class, and they still know *where*. Their cells are
coarse, but each has seen a large part of the photograph. A map of a late layer says "here is
something like fur", or "something round". What you do not know: does that map speak for a cat, or
against it?

The gradient knows. Take the derivative of the logit with respect to every cell of the map $A^k$,
and average it over the map's height and width. That is the map's **weight**:

$$ w_k = \frac{1}{h\,w} \sum_{i,j} \frac{\partial\,\text{logit}}{\partial A^k_{ij}} $$

Then add up the maps, each with its weight, and keep what is positive:

$$ \text{cam}_{ij} = \text{ReLU}\Big( \sum_k w_k A^k_{ij} \Big) $$

Finally divide by the largest number, so that the map goes from 0 to 1.
"""

# %% guess
guess("cam_by_hand")

# %% [markdown]
r"""
And if both maps had negative weights? Then nothing speaks for the class, so the map is 0
everywhere. What would a division by the maximum do to it?
"""

# %% [markdown]
r"""
### Exercise 2: grad_cam
"""


# %% exercise="grad_cam"
def grad_cam(model, image, index, layer):
    """Where a layer's maps speak for a class (Selvaraju and others, 2017).

    Parameters
    ----------
    model, image, index
        As for `saliency`; the class's logit is explained.
    layer : str
        Name of a layer whose output has height and width: (N, h, w, C).

    Returns
    -------
    array, shape (h, w), float32
        At the layer's resolution: the maps, weighted by their mean gradients, summed over the
        channels, through ReLU, divided by the largest number. Zeros where nothing is positive.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` as for `saliency`, or if the model has
    no such layer, or the layer has no height and width: then the message contains the word
    ``layer``.
    """
    ### BEGIN SOLUTION
    network = keras.Model(model.input, [model.get_layer(layer).output, model.layers[-1].input])
    with tf.GradientTape() as tape:
        maps, logits = network(image[None])
        logit = logits[0, index]
    weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2))
    cam = np.maximum(np.sum(weights * maps, axis=-1)[0], 0)
    return cam / cam.max() if cam.max() > 0 else cam
    ### END SOLUTION


# %%
late = explain.LATE[title]
if ready(grad_cam):
    cat_cam, cup_cam = grad_cam(model, cat_image, cat, late), grad_cam(model, cup_image, cup, late)
    print("The map of", late, "has the shape", cat_cam.shape)
    figures.photos(
        heatmaps.overlay(chelsea, cat_cam),
        heatmaps.overlay(cup_photo, cup_cam),
        titles=[f"Grad-CAM for {names[cat]}", f"Grad-CAM for {names[cup]}"],
        counted=False,
        alt="Blue regions on the gray photographs: one on the cat's face, one on the cup.",
    ).show()

# %% [markdown]
r"""
Smooth, and easy to read. It is smooth because it is coarse: what you see is interpolated between
a few cells, and looks finer than it is.

Now put both photographs into one. **Before you run it:** what will the network call it? And where
will the map for the cat be, and where the map for the cup?
"""

# %%
half = side // 2
both_photo = np.concatenate(
    [photo("chelsea", size=(side, half)), photo("coffee", size=(side, side - half))], axis=1
)
both = as_batch(both_photo, (side, side))[0]
top(both)
if ready(grad_cam):
    cams = [grad_cam(model, both, index, late) for index in (cat, cup)]
    figures.photos(
        both_photo,
        *(heatmaps.overlay(both_photo, cam) for cam in cams),
        titles=["left cat, right cup", f"why {names[cat]}?", f"why {names[cup]}?"],
        counted=False,
        alt="Half a cat and half a cup. One map is blue on the cat, the other on the cup.",
    ).show()

# %% [markdown]
r"""
One network, one photograph, two questions, two places. That is why people like Grad-CAM: it
depends on the class that you ask for.

Which layer you take matters.
"""

# %% guess
guess("early_layer")

# %%
if ready(grad_cam):
    maps = [each.name for each in model.layers if len(each.output.shape) == 4]
    stages = [maps[i * (len(maps) - 1) // 4] for i in (1, 2, 3)] + [late]
    shown = [heatmaps.overlay(both_photo, grad_cam(model, both, cup, name)) for name in stages]
    figures.photos(
        *shown,
        titles=stages,
        counted=False,
        alt=f"Grad-CAM for {names[cup]}: scattered in early layers, on the cup in the last.",
    ).show()

# %% [markdown]
r"""
One weight for a whole map of edges is too crude: the same edge speaks for a cup at one place and
means nothing at another.
"""

# %% [markdown]
r"""
## 4. Occlusion: what if it were not there?

The third way needs no gradient at all. Cover a square of the photograph, ask again, and note by
how much the logit has dropped. Move the square, and do it again.
"""

# %% guess
guess("color_of_the_occluder")

# %% guess
guess("passes_of_occlusion")

# %% [markdown]
r"""
The pictures need not go through the network one after the other: a batch holds many.
"""

# %% [markdown]
r"""
### Exercise 3: occlusion_map
"""


# %% exercise="occlusion_map"
def occlusion_map(model, image, index, size, stride):
    """By how much the logit drops when a square is hidden (Zeiler and Fergus, 2014).

    Parameters
    ----------
    model, image, index
        As for `saliency`; the class's logit is explained.
    size : int
        Rows and columns of the square, from 1 to the photograph's shorter side.
    stride : int
        From one place to the next, 1 or more. The first place is the upper left corner, and every
        place lies wholly inside the photograph.

    Returns
    -------
    array, shape ((H - size) // stride + 1, (W - size) // stride + 1), float32
        The original's logit less the logit with the square there. It is filled with the
        photograph's mean color: the mean of each channel over height and width.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` as for `saliency`, or if ``size`` or
    ``stride`` is out of its range: the message names it.
    """
    ### BEGIN SOLUTION
    network = keras.Model(model.input, model.layers[-1].input)
    original = network(image[None])[0, index]
    color = image.mean(axis=(0, 1))
    rows = []
    for i in range(0, image.shape[0] - size + 1, stride):
        columns = range(0, image.shape[1] - size + 1, stride)
        pictures = np.stack([image] * len(columns))  # one row of places is one batch
        for n, j in enumerate(columns):
            pictures[n, i : i + size, j : j + size] = color
        rows.append(original - network(pictures)[:, index])
    return np.array(rows)
    ### END SOLUTION


# %%
size, stride = side // 4, max(1, side // 13)
if ready(occlusion_map):
    drops = {
        "cat": occlusion_map(model, cat_image, cat, size, stride),
        "cup": occlusion_map(model, cup_image, cup, size, stride),
    }
    for name, drop in drops.items():
        print(f"{name}: {drop.shape} places, drops from {drop.min():.1f} to {drop.max():.1f}")
    shape = (side, side)
    figures.photos(
        heatmaps.overlay(chelsea, heatmaps.placed(drops["cat"], shape, size, stride)),
        heatmaps.overlay(cup_photo, heatmaps.placed(drops["cup"], shape, size, stride)),
        titles=[f"occlusion for {names[cat]}", f"occlusion for {names[cup]}"],
        counted=False,
        alt="Blue where hiding a square lowers the logit, red where it raises it.",
    ).show()

# %% [markdown]
r"""
Blue is where hiding makes the logit *fall*. Red is where it makes it rise: what is there
speaks against the class, or the square itself looks a little like something.

This map has a meaning that you can tell anybody: "without this part the cat's logit is so much
lower". It is also the slowest of the three, by far.

Scroll back and compare Chelsea's three maps. With SqueezeNet, saliency is strongest on her eyes
and nose, Grad-CAM on her forehead and cheek, and hiding costs most around one eye. Do they
contradict each other?
"""

# %% [markdown]
r"""
## 5. Three answers that disagree

Half a cat, half a cup, and the question is "why a cup?" Here are the three side by side. **Look
closely at the cat's half.**
"""

# %%
if ready(saliency) and ready(grad_cam) and ready(occlusion_map):
    answers = {
        "saliency": saliency(model, both, cup),
        "Grad-CAM": grad_cam(model, both, cup, late),
        "occlusion": heatmaps.placed(
            occlusion_map(model, both, cup, size, stride), shape, size, stride
        ),
    }
    for name, answer in answers.items():
        on_cat = heatmaps.share(heatmaps.stretched(answer, shape), slice(0, half))
        print(f"{name:10} {on_cat:4.0%} of what speaks for {names[cup]!r} lies on the cat")
    figures.photos(
        *(heatmaps.overlay(both_photo, answer) for answer in answers.values()),
        titles=list(answers),
        counted=False,
        alt="Saliency has grains on the cat and on the cup; the other two are blue on the cup.",
    ).show()

# %% [markdown]
r"""
With SqueezeNet, saliency puts more than a third of its weight on the *cat*, for an espresso.
Grad-CAM puts an eighth there. Occlusion puts almost nothing there, and its red says: the cat
makes the espresso's logit *lower*.
"""

# %% guess
guess("which_one_is_wrong")

# %% [markdown]
r"""
Test it. Saliency claims that the logit would change if the cat's pixels changed a little. So
change them a little: by half a gray level, up or down as the gradient says. Nobody could see
that. Then test occlusion's claim: hide the whole half with the cat.
"""

# %%
score = explain.logits_of(model)
slope = explain.gradient(model, both, cup)
for step in (0.5, 1.0):
    nudged = both.copy()
    nudged[:, :half] += step * np.sign(slope[:, :half])
    after = float(score(nudged[None])[0, cup])
    print(f"the cat's pixels changed by {step} of 255:  logit {after:5.1f}")
hidden = both.copy()
hidden[:, :half] = both.mean(axis=(0, 1))
print(f"the cat's half hidden:                 logit {float(score(hidden[None])[0, cup]):5.1f}")
print(f"the photograph as it is:               logit {float(score(both[None])[0, cup]):5.1f}")

# %% [markdown]
r"""
With SqueezeNet, a change of half a gray level on the cat raises the espresso's logit by four:
saliency has told the truth. And without the cat the logit does not fall, it even rises a little:
occlusion has told the truth as well. They answer different questions.

| | the question it answers | what it does not say |
|---|---|---|
| saliency | Where would a *tiny change* matter? | whether what is there helped |
| Grad-CAM | Which cells of this layer speak for the class? | anything finer than a cell |
| occlusion | What if this part were *gone*? | what if two parts stand in for each other |

"Why did the network say that?" is not one question. When somebody shows you a heat map, ask
first which question it answers.

(The tiny change that raises a logit by four has a name. Pictures that are changed like this,
invisibly, until the network says something absurd, are called *adversarial examples*.)
"""

# %% [markdown]
r"""
## 6. Would they notice a broken network?

A beautiful map is not evidence. Julius Adebayo and others proposed a test in 2018, a *sanity
check*. Destroy what the network has learned: shuffle its weights. If the map still looks the
same, it cannot have been explaining what the network learned.

The next cell shuffles the weights of the last layer, then of the last 5, then of all. For each it
compares the map with the real one, by a *rank correlation*: 1 means the same order of places, 0
means nothing in common.
"""

# %% guess
guess("map_that_survives")

# %%
if ready(saliency) and ready(grad_cam):
    real = saliency(model, cat_image, cat), grad_cam(model, cat_image, cat, late)
    learned = sum(bool(each.get_weights()) for each in model.layers)
    pictures, captions = (
        [heatmaps.overlay(chelsea, each) for each in real],
        ["saliency", "Grad-CAM"],
    )
    print("shuffled layers   saliency   Grad-CAM")
    for count in (1, 5, learned):
        broken = explain.with_shuffled_weights(model, count)
        found = saliency(broken, cat_image, cat), grad_cam(broken, cat_image, cat, late)
        alike = [heatmaps.rank_correlation(one, two) for one, two in zip(real, found, strict=True)]
        print(f"{count:15} {alike[0]:10.2f} {alike[1]:10.2f}")
    pictures += [heatmaps.overlay(chelsea, each) for each in found]
    captions += ["saliency, all shuffled", "Grad-CAM, all shuffled"]
    figures.photos(
        *pictures,
        titles=captions,
        counted=False,
        alt="Saliency still shows the cat when all is shuffled; Grad-CAM shows other places.",
    ).show()

# %% [markdown]
r"""
With SqueezeNet, saliency keeps a rank correlation of about 0.4 even when *every* weight is
shuffled. Part of what you saw in section 2 was the photograph itself: its edges and its contrast
show through any network of convolutions, trained or not. Grad-CAM falls to about 0 at once.

This does not prove that Grad-CAM is right. It has passed one test; a map that fails it explains
little about what the network learned.
"""

# %% [markdown]
r"""
## 7. Slide the occluder

Hide any part, with the pointer or the arrow keys, and watch the logit and the five classes. Below
are the three explanations by your own functions.

Can you find a place where hiding something makes the network *more* certain? Which part of
Chelsea matters most? In the photograph of both, what must you hide to turn the cup into a cat?

### Does it know what a cat is?

Try to answer chapter 4's question with this demo. Hide Chelsea's eyes, her nose, her ears, one
after the other. Then hide everything *but* one of them. How little of a cat is enough for the
network?

By now you have four answers, and none of them says yes. The network of chapter 4 had to call
everything a cat or a dog. Dropout's doubt in chapter 7 did not notice a cup. Chapter 9's network
became surer of its cat when her fur turned blue. And in chapter 11 a network was completely sure
of a picture that no person would take for a cat. What a network *knows* is what its training
rewarded: features that separate the classes on those photographs. Sometimes these are eyes and
ears. Sometimes they are snow. So do not ask whether it knows what a cat is. Ask which change of
the photograph changes its answer, and then try it.
"""

# %%
demo(saliency, grad_cam, occlusion_map, explain.load_explained())

# %% [markdown]
r"""
## 8. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.

Both functions ask a network. To make them functions of arrays, the boxes bring simple ones:
`saliency` takes the gradient itself, as if the network had it everywhere, and `occlusion_map`
takes a picture, and its network's logit is the sum of the channels, averaged over all places.
"""

# %% [markdown]
r"""
### Bug 1: saliency

A gradient of 2 × 2 pixels with two channels, and the map that the box makes of it. **How do two
channels become one number?**
"""

# %%
broken_saliency = box("saliency")
gradient = np.array([[[3.0, -1.0], [0.0, 2.0]], [[-4.0, 0.0], [1.0, 1.0]]])
figures.numbers(
    gradient[:, :, 0],
    gradient[:, :, 1],
    broken_saliency(gradient),
    titles=["channel 0", "channel 1", "the box's saliency"],
).show()

# %%
broken_saliency


# %% exercise="expose_saliency"
def expose_saliency():
    """Name the mistake in ``broken_saliency``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (gradient,)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "summed-over-channels", (np.array([[[1.0, -1.0]]]),)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: occlusion

A picture that is flat and bright, and the map of the second box. Nothing in this picture matters
more than anything else. **Then why are there drops at all?**
"""

# %%
broken_occlusion_map = box("occlusion_map")
flat = np.full((4, 4, 1), 8.0)
figures.numbers(
    flat[:, :, 0],
    broken_occlusion_map(flat, 2, 2),
    titles=["picture", "the box's drops"],
    signs="→",
).show()

# %%
broken_occlusion_map


# %% exercise="expose_occlusion_map"
def expose_occlusion_map():
    """Name the mistake in ``broken_occlusion_map``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (image, size, stride)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "black-occluder", (np.ones((1, 1, 1)), 1, 1)
    ### END SOLUTION


# %% [markdown]
r"""
## 9. What you have built

- `saliency`: the slope of the logit, pixel by pixel, from one backward pass.
- `grad_cam`: a late layer's maps, weighted by how they speak for the class.
- `occlusion_map`: the drop of the logit when a part is gone, from many forward passes.

### Questions

Think first, then open the answer.

<details><summary>Does it matter for Grad-CAM whether a map's weight is the mean of its gradient or
the sum?</summary>

No. The sum is the mean times $h \cdot w$, the same factor for every map, and the division by the
maximum removes it again.

</details>

<details><summary>A network ends with global average pooling right behind its last maps, one map for
each class, as SqueezeNet does. What is Grad-CAM at those maps?</summary>

The logit is the mean of the class's own map. So the gradient is $1/(hw)$ for that map and 0 for all
others, and Grad-CAM is that map itself. That is where the name comes from: a *class activation
map*, CAM, was there first, for such networks only.

</details>

<details><summary>Two cats on one photograph. You hide one, and the logit for "cat" hardly falls. Is
the cat unimportant?</summary>

No, the other one is still there and is enough. Occlusion hides one thing at a time, so it misses
what is there twice. Grad-CAM can show both.

</details>

<details><summary>Your map for "wolf" lights up the snow. What do you do?</summary>

You have found something that accuracy hid. Test it as in section 5: hide the snow, hide the
animal, and see what the logit does. If the snow decides, get photographs of wolves without snow,
and of huskies with it. (Features like this snow are called *spurious correlations*, or
*shortcuts*.)

</details>

<details><summary>The map lights up the animal. Is the network right for the right reason?</summary>

You do not know. It says *where*, not *what*: it could be the color of the fur or the collar. And
a map that fits what we hoped for is the one that we check least.

</details>

### What you know now

You began with nine multiplications and a sum. You have built the layers, run them backward,
trained a network, fought its overfitting, opened one that others had trained for weeks, looked at
its maps, let it draw what it knows, and asked it for its reasons. That is everything in the
article, and a bit more: its last picture shows what the network *likes*, and your last one shows
what it *looked at*.

### Next

The next question is a different one. Your own `conv2d` takes seconds for what Keras
does in a moment. In [chapter 13](../ch13_fast_convolution/ch13_fast_convolution.ipynb) you find out
how.

### Read on

- M. T. Ribeiro, S. Singh, C. Guestrin, *"Why Should I Trust You?": Explaining the Predictions of
  Any Classifier*, KDD 2016, [arXiv:1602.04938](https://arxiv.org/abs/1602.04938): LIME, with the
  wolves and the snow.
- K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks*, 2013,
  [arXiv:1312.6034](https://arxiv.org/abs/1312.6034): saliency.
- R. R. Selvaraju et al., *Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based
  Localization*, ICCV 2017, [arXiv:1610.02391](https://arxiv.org/abs/1610.02391).
- J. Adebayo et al., *Sanity Checks for Saliency Maps*, NeurIPS 2018,
  [arXiv:1810.03292](https://arxiv.org/abs/1810.03292).
- R. Geirhos et al., *ImageNet-Trained CNNs Are Biased Towards Texture*, ICLR 2019,
  [arXiv:1811.12231](https://arxiv.org/abs/1811.12231): a cat in the skin of an elephant.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
