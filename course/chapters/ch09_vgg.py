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
# Chapter 9: VGG16

So far your networks were small, and they had seen a few thousand pictures. What changes if a
network is a hundred times larger and has seen more than a million?

VGG16 was published in 2014 by Karen Simonyan and Andrew Zisserman, of Oxford's Visual Geometry
Group. It has 138 million parameters. And yet you already know every single part of it: 3 × 3
convolutions with ReLU, 2 × 2 max pooling, dense layers, a softmax. You will build it, count what
it costs, find out how much of a photograph one of its units sees, and let a trained network name
what is on real photographs. At the end you take VGG16's knowledge and use it for cats and dogs.

You need the ideas of chapters 1 to 4 and 6, and about two hours. Section 6 fetches a trained
network (5 MB, once). Without a network connection it says so, and a small network that comes with
the course answers instead.

Run the next cell first. Keras takes a moment to load.
"""

# %% setup=true
import math

import numpy as np

from cnnlab.autograder import check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch09_vgg import demo
from cnnlab.course.figures import diagrams, vgg
from cnnlab.course.networks.pretrained import load_any_classifier, load_vgg16
from cnnlab.course.networks.quiet import keras
from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.ops.layers import count_macs, count_parameters, trace_shapes
from cnnlab.course.training import transfer
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs

start("ch09_vgg")

# %% [markdown]
r"""
## 1. Sixteen layers

Every year from 2010 to 2017, research groups from all over the world trained networks on the same
photographs and compared them: **ImageNet**, about 1.28 million photographs in 1000 classes, from
"goldfish" to "lampshade". In 2014 VGG was one of the best. What people remember is how *simple* it
is. Here is all of it:

| block | convolutions (3 × 3, same, ReLU) | filters | then | shape after it |
|---|---|---|---|---|
| 1 | 2 | 64 | max pool 2 × 2 | 112 × 112 × 64 |
| 2 | 2 | 128 | max pool 2 × 2 | 56 × 56 × 128 |
| 3 | 3 | 256 | max pool 2 × 2 | 28 × 28 × 256 |
| 4 | 3 | 512 | max pool 2 × 2 | 14 × 14 × 512 |
| 5 | 3 | 512 | max pool 2 × 2 | 7 × 7 × 512 |
| top | flatten | | | 25,088 |
| | dense `fc1`, ReLU | 4096 | | 4096 |
| | dense `fc2`, ReLU | 4096 | | 4096 |
| | dense `predictions`, softmax | 1000 | | 1000 |

It is chapter 6's network, grown up: blocks of convolutions, each with a pool at its end, then dense
layers. The filters double from block to block, until 512 is thought to be enough.

**A question.** Why *16*? Count: which layers must be counted, and which not? (The authors count
layers with weights. A pooling layer learns nothing.)

The names of the layers will be needed in the next chapters. They say where a layer stands:
`block3_conv2` is the second convolution of the third block.
"""

# %% [markdown]
r"""
### Exercise 1: the layers
"""


# %% exercise="vgg16_layers"
def vgg16_layers():
    """The layers of VGG16 that have weights, from the picture to the answer.

    Returns
    -------
    list of (name, kind, units)
        Sixteen tuples. ``name``: ``"block1_conv1"``, ``"block1_conv2"``, ``"block2_conv1"`` and so
        on, then ``"fc1"``, ``"fc2"``, ``"predictions"``. ``kind``: ``"conv"`` or ``"dense"``.
        ``units``: an int, the filters of a convolution or the units of a dense layer.

    >>> vgg16_layers()[:3]
    [('block1_conv1', 'conv', 64), ('block1_conv2', 'conv', 64), ('block2_conv1', 'conv', 128)]
    """
    ### BEGIN SOLUTION
    blocks = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
    layers = []
    for block, (depth, filters) in enumerate(blocks, 1):
        layers += [(f"block{block}_conv{i}", "conv", filters) for i in range(1, depth + 1)]
    tops = [("fc1", 4096), ("fc2", 4096), ("predictions", 1000)]
    return layers + [(name, "dense", units) for name, units in tops]
    ### END SOLUTION


# %%
if ready(vgg16_layers):
    for name, kind, units in vgg16_layers():
        print(f"{name:14} {kind:6} {units:5}")
    print(len(vgg16_layers()), "layers with weights")

# %% [markdown]
r"""
## 2. Build it

Now in Keras. You could write 23 lines, one for each layer. Or a loop over your list, which has
nearly everything. **What is missing in the list, and how does your loop know where it belongs?**
The pools: one at the end of each block. And flatten, between the last pool and `fc1`.

Keras itself has this network, as `keras.applications.VGG16`. Do not call it; build your own. At
the end yours will be the same, name by name.

**A case for paper.** How many parameters does `fc1` have? It takes $7 \cdot 7 \cdot 512 = 25{,}088$
numbers and has 4096 units: $25{,}088 \cdot 4096 + 4096 = 102{,}764{,}544$. Keep it in mind.
"""

# %% [markdown]
r"""
### Exercise 2: VGG16 in Keras
"""


# %% exercise="build_vgg16"
def build_vgg16(input_shape=(224, 224, 3), classes=1000):
    """VGG16 as a Keras model, with random weights.

    As in the table above: convolutions 3 × 3, ``padding="same"``, ReLU; max pooling 2 × 2 at the
    end of each block; flatten; two dense layers with ReLU, and one with softmax. No dropout.

    Parameters
    ----------
    input_shape : (H, W, C)
        H and W from 32 on.
    classes : int
        Units of the last layer.

    Returns
    -------
    keras.Model
        Built, not compiled. Its layers have Keras's names: ``block1_conv1``, ``block1_conv2``,
        ``block1_pool``, …, ``block5_pool``, ``flatten``, ``fc1``, ``fc2``, ``predictions``.
    """
    ### BEGIN SOLUTION
    x = picture = keras.Input(input_shape)
    for block, (depth, filters) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        for i in range(1, depth + 1):
            name = f"block{block}_conv{i}"
            x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = keras.layers.Dense(4096, activation="relu", name=name)(x)
    x = keras.layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(picture, x)
    ### END SOLUTION


# %% [markdown]
r"""
The whole network, with 138 million random numbers in it: half a gigabyte. It knows nothing yet.
"""

# %%
if ready(build_vgg16):
    model = build_vgg16()
    print(f"{model.count_params():,} parameters, {4 * model.count_params() / 2**20:,.0f} MB")
    print("the paper and Keras say 138,357,544")
    del model

# %% [markdown]
r"""
## 3. What it costs

In chapter 4 you counted parameters and multiply-accumulates (MACs). Now count a giant. **Before
you look: which layer has the most parameters? Which have the most work? Where does the memory for
the feature maps go?** Three questions, and three different answers.
"""

# %%
layers = [layer for name, layer in named_layers()]
picture = (224, 224, 3)
parameters, macs = count_parameters(picture, layers), count_macs(picture, layers)
activations = [math.prod(shape) for shape in trace_shapes(picture, layers)]
activations[layers.index(("flatten",))] = 0  # the pool's numbers once more, in a row
bars = {"parameters": parameters, "multiply-accumulates": macs, "activations": activations}
diagrams.costs(layers, bars).show()

# %%
convolutions = [i for i, layer in enumerate(layers) if layer[0] == "conv"]
print(f"{parameters[-3] / sum(parameters):.0%} of the parameters are in fc1 alone")
print(f"{sum(macs[i] for i in convolutions) / sum(macs):.1%} of the work is in the convolutions")
print(f"{sum(activations[:3]) / sum(activations):.0%} of the activations are in block 1")
print(f"{sum(macs) / 1e9:.2f} billion multiplications for one photograph")

# %% [markdown]
r"""
So it is with nearly all networks of this kind:

- **Parameters** sit in the first dense layer after flatten. Newer networks average each map to one
  number instead (global average pooling), and do without those 100 million.
- **Work** sits in the convolutions: few weights, used at thousands of places. Look at the bars: in
  most layers the work is the *same*. Half the height, half the width, twice the filters in and
  twice the filters out: $\tfrac14 \cdot 2 \cdot 2 = 1$.
- **Memory for maps** sits at the beginning, where they are large. When a network learns, it has to
  keep all of them for the way back (chapter 5). That is what fills a graphics card.

15.5 billion multiplications for a single photograph: a phone that does this thirty times a second
gets hot. The article's "on any device" needs a footnote.
"""

# %% [markdown]
r"""
## 4. Why only 3 × 3?

Before VGG, the first layers had large kernels: 11 × 11, 7 × 7, 5 × 5. VGG has nothing but 3 × 3.
Does it not see too little?

A unit of the first layer sees 3 × 3 pixels. A unit of the second layer sees 3 × 3 units of the
first. **How many pixels is that?** Draw a row of pixels: three units side by side, each sees three
pixels, and they overlap. Together: 5. A third layer makes it 7. What a unit depends on is called
its **receptive field**.

| | pixels seen | weights (C channels in, C filters) | ReLUs |
|---|---|---|---|
| one 5 × 5 | 5 × 5 | $25\,C^2$ | 1 |
| two 3 × 3 | 5 × 5 | $18\,C^2$ | 2 |
| one 7 × 7 | 7 × 7 | $49\,C^2$ | 1 |
| three 3 × 3 | 7 × 7 | $27\,C^2$ | 3 |

The same view, for fewer weights, with more ReLUs in between. That is the idea of VGG.

And then there are the pools. After a 2 × 2 pool, neighbouring units lie 2 pixels apart. A 3 × 3
kernel then reaches over 5 pixels from centre to centre, not 3. So carry two numbers through the
layers:

- the **size** of the field, in pixels: 1 at the start;
- the **jump**: how many pixels apart neighbouring units lie; 1 at the start.

A layer with kernel $k$, stride $s$ and dilation $d$ does this:

$$\text{size} \leftarrow \text{size} + d\,(k - 1) \cdot \text{jump} \qquad
\text{jump} \leftarrow \text{jump} \cdot s$$

in this order: the layer's kernel still works on the old grid.

**A case for paper.** Two 3 × 3 convolutions, a 2 × 2 pool with stride 2, and a 3 × 3 convolution.
Sizes: 3, 5, then $5 + 1 \cdot 1 = 6$ with jump 2, then $6 + 2 \cdot 2 = 10$. So (10, 2).
"""

# %% [markdown]
r"""
### Exercise 3: receptive fields
"""


# %% exercise="receptive_field"
def receptive_field(layers):
    """How many pixels one unit of the last layer sees, in each direction.

    Parameters
    ----------
    layers : list of tuple
        ``("conv", filters, k, stride, padding, dilation)``, with stride 1, padding ``"same"`` and
        dilation 1 where they are left out; ``("max_pool", k, stride)``, with stride = k where it
        is left out. All sizes are ints.

    Returns
    -------
    (size, jump)
        Two ints: the size of the field, and how many pixels apart the fields of neighbouring
        units lie. Padding does not matter: what lies outside of the picture counts as pixels.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if a layer is neither of the two kinds.
    The message contains the word ``layers``.

    >>> receptive_field([("conv", 64, 3), ("conv", 64, 3), ("max_pool", 2)])
    (6, 2)
    """
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for layer in layers:
        if layer[0] == "conv":
            k, stride, _, dilation = (*layer[2:], *(1, "same", 1)[len(layer) - 3 :])
        else:
            k, stride, dilation = layer[1], layer[-1], 1
        size += dilation * (k - 1) * jump
        jump *= stride
    return size, jump
    ### END SOLUTION


# %% [markdown]
r"""
Some layers of VGG16, and what a unit in the middle of the map sees. **Where do you expect a whole
eye to fit in?**
"""

# %%
if ready(receptive_field):
    chosen = ["block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3"]
    chosen += ["block5_conv3", "block5_pool"]
    names = [name for name, layer in named_layers()]
    seen = {name: receptive_field(layers[: names.index(name) + 1]) for name in chosen}
    for name, (size, jump) in seen.items():
        print(f"{name}  sees {size:3} × {size:<3}  jump {jump}")
    sizes = {name: size for name, (size, jump) in seen.items()}
    vgg.fields(photo("chelsea", size=224), sizes).show()

# %% [markdown]
r"""
Two numbers are told of VGG16: **196**, for a unit of the last convolution, and **212**, after the
last pool. Both are right; it depends on where you stop. Either is nearly the whole photograph of
224 pixels.

But being *able* to depend on a pixel is not the same as depending on it *much*. There are many ways
from the middle of the field to the unit, and few from its edge. So the middle counts far more.
What really matters is a soft spot, much smaller than the frame. Today it is this spot that is
called the *effective* receptive field. (The article, as the VGG paper before it, calls the frame
so.)

### Play with it

On the left, what each layer costs. On the right, what one unit sees: choose a layer, move over the
photograph, or use the arrow keys. The fields are measured by *your* function.

- Follow one place from layer to layer. When does the unit see the whole cat?
- Go into a corner. How much of what `block5_conv3` sees there is padding?
- What happens to the distance of the dots (the units) at each pool?
"""

# %%
demo(receptive_field)

# %% [markdown]
r"""
## 5. Pixels as it knows them

From here on the network is *trained*. Somebody has done that for you: four graphics cards, two to
three weeks. But a trained network expects its pictures just as it had them in training. Not nearly.
Just as.

VGG16 was trained with a program whose picture library, OpenCV, reads colours as **blue, green,
red**. And the only preparation was to take away the mean of each channel over all training
photographs:

| | blue | green | red |
|---|---|---|---|
| mean | 103.939 | 116.779 | 123.68 |

No division by 255. The numbers go from about −124 to 151.

**A case for paper.** What becomes of a pure red pixel, RGB (255, 0, 0)? Turn it round: (0, 0, 255).
Take away the means: (−103.939, −116.779, 131.32).

The article does not say a word about this step. It is the most common mistake with trained
networks, and a nasty one: nothing complains, and the answers are only *worse*.
"""

# %% [markdown]
r"""
### Exercise 4: vgg_preprocess
"""


# %% exercise="vgg_preprocess"
def vgg_preprocess(rgb):
    """Photographs as VGG16 was trained on them: blue, green, red, each less its mean.

    Parameters
    ----------
    rgb : array, shape (..., 3)
        Red, green, blue from 0 to 255: one photograph (H, W, 3) or a batch (N, H, W, 3), of
        whole numbers or floats. It stays unchanged.

    Returns
    -------
    array, the shape of ``rgb``

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the last axis does not have three
    numbers. The message contains the word ``rgb``.

    >>> vgg_preprocess(np.array([[[255, 0, 0]]])).round(3)
    array([[[-103.939, -116.779,  131.32 ]]])
    """
    ### BEGIN SOLUTION
    return rgb[..., ::-1] - np.array([103.939, 116.779, 123.68])
    ### END SOLUTION


# %% [markdown]
r"""
This is how a photograph looks to somebody who takes the network's numbers for red, green and blue.
The network is used to it.
"""

# %%
if ready(vgg_preprocess):
    coffee = photo("coffee", size=224)
    strange = (vgg_preprocess(coffee) + 124) / 276
    both = "A cup of coffee on a wooden table, and the same with red and blue exchanged."
    figures.photos(coffee, strange, titles=["for you", "for VGG16"], alt=both).show()

# %% [markdown]
r"""
## 6. What is on the photograph?

The last layer gives a thousand probabilities. Nobody wants to read a thousand numbers: take the
five largest and their names. A network's **top-5 error** is the share of photographs whose true
class is not among its five best guesses. ImageNet is usually measured so, because many
photographs show more than one thing.

**A case for paper.** Probabilities `[0.1, 0.5, 0.15, 0.25]` for cat, dog, cup, ball. The two best:
dog with 0.5, then ball with 0.25. And if two are equal? Then the one with the lower index comes
first, as in TensorFlow.
"""

# %% [markdown]
r"""
### Exercise 5: top_k
"""


# %% exercise="top_k"
def top_k(probabilities, names, k):
    """The k most probable classes of each picture, the best first.

    Parameters
    ----------
    probabilities : array, shape (N, classes)
        One row for each picture.
    names : list of str
        One for each class.
    k : int

    Returns
    -------
    list of list of (name, probability)
        One list for each picture, and in it k tuples of a str and a float. Of equal
        probabilities the class with the lower index comes first.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``k`` is not from 1 to the number of
    classes, or if there is not one of ``names`` for each class. The message contains the
    argument's name.

    >>> top_k(np.array([[0.1, 0.5, 0.15, 0.25]]), ["cat", "dog", "cup", "ball"], 2)
    [[('dog', 0.5), ('ball', 0.25)]]
    """
    ### BEGIN SOLUTION
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return [
        [(names[i], float(row[i])) for i in places]
        for row, places in zip(probabilities, best, strict=True)
    ]
    ### END SOLUTION


# %% [markdown]
r"""
The moment has come. Three photographs, and a network that knows ImageNet's thousand classes.

VGG16 with its dense layers is a download of 528 MB. With `DOWNLOAD = True` Keras fetches it. As it
is, you meet **SqueezeNet 1.1**: trained on the same photographs with the same preparation, but
small, 5 MB. And if there is no network connection, the **small VGG** that comes with the course has
to do. It has VGG16's sixteen layers, with a few filters each, and knows ten classes; of cups and
walls it has never heard.

**What will it say about Chelsea?** (ImageNet has several cats. None of its classes is just "cat".)
"""

# %%
DOWNLOAD = False
classifier, names, title, size = load_any_classifier(download=DOWNLOAD)
print(f"You ask {title}. It takes {size[0]} × {size[1]} pixels and knows {len(names):,} classes.")

# %%
photographs = [photo(name, size=224) for name in ("chelsea", "coffee", "brick")]
if ready(vgg_preprocess) and ready(top_k):
    batch = np.stack([photo(name, size=size) for name in ("chelsea", "coffee", "brick")])
    answers = top_k(classifier.predict(vgg_preprocess(batch), verbose=0), names, 5)
    vgg.guesses(photographs, answers).show()

# %%
if title == "small VGG":
    recorded = transfer.load_transfer()["five_best"]
    print("For comparison, what", recorded["network"], "said when this chapter was made:")
    answers = [recorded["answers"][name] for name in ("chelsea", "coffee", "brick")]
    vgg.guesses(photographs, answers).show()

# %% [markdown]
r"""
**And if you forget the preparation?** Here are the best guesses for the same photographs, with
pixels from 0 to 1, and with red and blue exchanged.
"""

# %%
if ready(vgg_preprocess) and ready(top_k):
    prepared = {
        "as in training": vgg_preprocess(batch),
        "red and blue exchanged": vgg_preprocess(batch)[..., ::-1],
        "divided by 255": batch / np.float32(255),
    }
    for how, x in prepared.items():
        best = top_k(classifier.predict(x, verbose=0), names, 1)
        print(f"{how:24}", ", ".join(f"{name} {p:.0%}" for [(name, p)] in best))

# %% [markdown]
r"""
Nothing raised an error. With red and blue exchanged the answers get worse where colour matters.
With pixels from 0 to 1 they have nothing to do with the photographs any more.

And the wall? A small network is not sure, and says what else has such lines. It does know a class
"stone wall", but this wall it does not take for one.
"""

# %% [markdown]
r"""
## 7. Borrowed knowledge

You have 2,800 small pictures of cats and dogs. In chapters 6 to 8 you trained a network on them
from nothing, with dropout and augmentation, and fought for every point.

VGG16 has never been asked whether something is a cat or a dog. But to tell a thousand classes
apart it had to find out what fur looks like, and eyes, ears and snouts. Must every network learn
that anew?

**Transfer learning:** take a trained network, cut off its top, and put a small one of your own in
its place. The old part is **frozen**: its weights stay. Only the new part learns.

In Keras that takes four lines. (`trainable = False` freezes; this cell builds it on random weights,
to show how few numbers are left to learn.)
"""

# %%
if ready(build_vgg16):
    whole = build_vgg16((64, 64, 3), 10)
    base = keras.Model(whole.input, whole.get_layer("block5_pool").output)
    base.trainable = False
    probe = keras.layers.Dense(1, activation="sigmoid")
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    borrowed = keras.Model(base.input, probe(pooled))
    print(f"{sum(math.prod(w.shape) for w in borrowed.trainable_weights):,} parameters to train")
    print(f"{sum(math.prod(w.shape) for w in borrowed.non_trainable_weights):,} are frozen")
    del whole, base, borrowed

# %% [markdown]
r"""
513 numbers: one weight for each of the 512 last maps, and a bias. Such a small head is called a
**linear probe**.

**A question.** The base is frozen, and every picture passes through it again and again, epoch after
epoch. Does it ever answer differently? Never. So compute the 512 numbers of each picture *once*,
and keep them. That has been done for you: the trained VGG16 has looked at our 4,800 pictures, and
its 512 numbers for each come with the course. Training the probe then takes a moment.
"""

# %%
features = transfer.load_features()
record = transfer.load_transfer()
x, y = features["train"]
print("features of the training pictures:", x.shape)
probe = transfer.fit_probe(x, y, strength=record["embedded"]["strength"])
for part, (x, y) in features.items():
    print(f"{part:11} {probe.accuracy(x, y):.1%} of {len(y):,} pictures are right")

# %% [markdown]
r"""
You have just trained it, here, without any network connection. (It is logistic regression: no
learning rate, no epochs. How much large weights cost was chosen on the validation pictures.)

Do you want to see for yourself that these are VGG16's numbers? Set `LIVE` to `True`: the cell
fetches the trained base, about 60 MB the first time, and lets it look at eight pictures.
"""

# %%
LIVE = False
if LIVE:
    eight = load_cats_dogs(source="embedded").test.x[:8]
    mine = transfer.features_of(load_vgg16(), eight, side=record["embedded"]["side"])
    print("the same, but for rounding?", np.allclose(mine, features["test"][0][:8], atol=0.4))

# %% [markdown]
r"""
Remember how small these pictures are: 32 × 32 pixels, blown up to 64 × 64 so that VGG16 can take
them. It was trained on photographs of 224 × 224, so this is like looking through frosted glass. On
real photographs it does better still. How much does it need? Here the probe was trained with 5, 10,
20, … pictures of each class.
"""

# %%
curves = {
    f"frozen VGG16, {what}": record[name]["curve"]
    for name, what in {"photographs": "real photographs", "embedded": "our 32 × 32"}.items()
    if name in record
}
trained = transfer.trained_best()
label = f"chapters 6 to 8: {trained.condition}" if trained else ""
marks = {label: (trained.per_class, trained.test)} if trained else {}
vgg.learning_curves(curves, marks).show()

# %%
ours = record["embedded"]
print(f"frozen VGG16 and 513 new numbers: {ours['accuracy']['test']:.1%} of the test pictures")
if trained:
    count = 2 * trained.per_class
    print(f"trained from nothing, on {count:,}:    {trained.test:.1%}  ({trained.condition})")
    gain = 100 * (ours["accuracy"]["test"] - trained.test)
    print(f"difference on the same pictures:  {gain:+.1f} points")
if "photographs" in record:
    real = record["photographs"]
    counts = real["counts"]
    print(f"real photographs, {counts['train']:,} to train with, {counts['test']:,} to test:")
    print(f"  frozen VGG16: {real['accuracy']['test']:.1%}; the article's own network reached 81%")
    few = next(row for row in real["curve"] if row["per_class"] == 20)
    print(f"  with 20 of each class, 40 in all: {np.mean(few['test']):.1%}")

# %% [markdown]
r"""
If this course had to be one number, it would be this one. Not a better layer, not a longer
training: a network that has *seen more*. Most people who use convolutional networks today begin
with a trained one. Training from nothing is for those who have a million pictures, or pictures
unlike all others.

When you have more pictures, you can go one step further: unfreeze the last block, and train it
with a very small learning rate. That is called **fine-tuning**.

> **Is that fair?** Not quite, and you should know why. ImageNet has 118 breeds of dogs and several
> cats among its classes. VGG16 was never asked our question, but it has seen more than a hundred
> thousand dogs. On X-ray photographs or satellite pictures the gain is smaller, but often still
> there.
"""

# %% [markdown]
r"""
## 8. What came after

VGG had competitors in 2014, and successors. The article is a little quick here.

> **What the article says, and what happened.** "7.3 % error" was the **top-5** error of an
> **ensemble** of seven networks. With it VGG came **second** in classification, behind GoogLeNet
> (6.7 %), and **first** in localisation, where one also has to say *where* the thing is. ResNet's
> 3.57 %, in 2015, was an ensemble's top-5 error as well, and it **won** classification. A single
> VGG16, asked once about each photograph, has about 10 % top-5 error, and its first guess is wrong
> in 29 of 100 cases.

**Why did VGG stop at 16 or 19 layers?** Because deeper ones could not be trained. Even 16 needed a
trick: the authors first trained a network of 11 layers and began the deeper ones with its weights.
Plain networks of 34 layers were *worse* than those of 18, and not only on new photographs, but on
those they were trained with. That is strange. A deeper network could simply let its extra layers
hand on what they get, and be as good as the shallow one. But "hand on what you get" is surprisingly
hard to learn for convolutions that start with random weights.

**The residual block** (He and others, 2015) makes it the easiest thing of all. Two convolutions
compute a *change*, and the block's input is added to it:

$$\text{out} = \text{ReLU}\big(x + F(x)\big)$$

If all weights in $F$ are 0, the block hands on what it got. And on the way back, the sum passes the
gradient on undiminished (chapter 5: a sum gives each of its terms the whole gradient). So ResNet
could have 152 layers, and with *less* work than VGG16. See for yourself:
"""

# %%
x = keras.Input((8, 8, 4))
change = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x)
change = keras.layers.Conv2D(4, 3, padding="same")(change)
plain = keras.Model(x, keras.layers.ReLU()(change))
residual = keras.Model(x, keras.layers.ReLU()(keras.layers.add([x, change])))
for block in (plain, residual):
    block.set_weights([0 * w for w in block.get_weights()])
maps = np.random.default_rng(0).random((1, 8, 8, 4), dtype=np.float32)
print("all weights 0, plain block:    the maps add up to", float(np.sum(plain(maps))))
print("all weights 0, residual block: the same maps?", np.allclose(residual(maps), maps))

# %% [markdown]
r"""
So VGG came at just the right time: the last great network without shortcuts and without batch
normalisation, both from 2015. Because it is so plain, it is still the one that people take apart
when they want to see *what a network sees*. You do that in the next three chapters.
"""

# %% [markdown]
r"""
## 9. What you have built

- `vgg16_layers`, `build_vgg16`: VGG16, name by name, parameter by parameter.
- `receptive_field`: what a unit sees: 5 pixels for two layers, 196 or 212 for all of VGG16.
- `vgg_preprocess`: pixels as the network was trained on them.
- `top_k`: from a thousand probabilities to five guesses.
- And you have borrowed a network's knowledge, with 513 numbers of your own.

### Questions

Think first, then open the answer.

<details><summary>VGG16 is built for 224 × 224. Which part takes pictures of any size?</summary>

All convolutions and pools: a kernel does not care how large the map is. Only `fc1` is tied to 7 × 7
× 512 numbers. That is why VGG16 "without top" can look at 32 × 32 as well as at 640 × 480.

</details>

<details><summary>Why does the frozen base need no dropout and no augmentation to avoid
overfitting?</summary>

Only 513 numbers are trained, and the penalty on large weights holds them back. That is too few to
learn 2,800 pictures by heart. Augmentation may still help a little, but then the features have to
be computed again for each variant.

</details>

<details><summary>Two 3 × 3 convolutions without the ReLU between them: what is lost?</summary>

Two linear steps in a row are one linear step: a 5 × 5 convolution, with fewer free weights. All
that is gained is a cheaper 5 × 5. The ReLU in between is what makes two layers more than one.

</details>

<details><summary>Which layer would you change first to make VGG16 smaller?</summary>

`fc1`: three quarters of all parameters. Replace flatten by global average pooling and it shrinks
from 103 million to 2 million; the convolutions, 14.7 million in all, are 59 MB.

</details>

<details><summary>The probe says "dog" for a photograph of a wolf, "cat" for a lynx. Whose merit is
that?</summary>

The base's. In its features a wolf lies near the dogs. The probe only draws one straight line
between two clouds of points.

</details>

### Next

You know what goes in and what comes out. Chapter 10 opens the network and looks at the thousands of
feature maps in between.
"""
