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
what real photographs show. At the end you use what VGG16 has learned for cats and dogs.

You need the ideas of chapters 1 to 4 and 6, and about two hours. Section 6 fetches a trained
network (5 MB, once). Without a network connection it says so, and a small network that comes with
the course answers instead.

Run the next two cells first. Keras takes a moment to load.
"""

# %% setup=true
import math

import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch09_vgg import demo
from cnnlab.course.figures import architecture, composition, diagrams, vgg
from cnnlab.course.guesses import guess
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
Did `check` give your own functions of chapters 3 and 4 full marks? Then they count what VGG16
costs. In a check the course's stand in, so your points do not depend on it.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

trace_shapes = own(trace_shapes, "ch03")
count_parameters = own(count_parameters, "ch04")
count_macs = own(count_macs, "ch04")
whose_code()

# %% [markdown]
r"""
## 1. Sixteen layers

Every year from 2010 to 2017, research groups from all over the world taught programs to classify
the same photographs and compared them: **ImageNet**, about 1.28 million photographs in 1000
classes, from "goldfish" to "lampshade". In 2010 and 2011 programs without a convolutional network
won, with features that people had designed. In 2012 AlexNet won with one, and from then on nearly
everybody used convolutional networks. In 2014 VGG was one of the best. What people remember is
how *simple* it is. Here is all of it:

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

And as a picture. Each box is what comes out of one layer: the maps get smaller, and there are more
and more of them. Below each block is the shape that it hands on, after its pool.
"""

# %%
architecture.vgg16().show()

# %% [markdown]
r"""
It is like chapter 6's network, only larger: blocks of convolutions, each with a pool at its end,
then dense layers. The filters double from block to block, up to 512.
"""

# %% guess
guess("why_sixteen")

# %% [markdown]
r"""
You will need the names of the layers in the next chapters. They say where a layer is:
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
Your list says how many filters each layer has. **What does that mean for what comes out?**
"""

# %% guess
guess("numbers_from_block_to_block")

# %% [markdown]
r"""
## 2. Build it

Now in Keras. You could write 23 lines, one for each layer. Or a loop over your list, which has
nearly everything.

<details><summary>What is missing in the list, and how does your loop know where it
belongs?</summary>

The pools: one at the end of each block. And flatten, between the last pool and `fc1`.

</details>

Keras itself has this network, as `keras.applications.VGG16`. Do not call it; build your own. At
the end yours will be the same, name by name.
"""

# %% guess
guess("millions_in_fc1")

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

In chapter 4 you counted parameters and multiply-accumulates (MACs). Now count a giant: three
questions, and three different answers.
"""

# %% guess
guess("vgg_parameters")

# %% guess
guess("vgg_work")

# %% guess
guess("vgg_memory")

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
This is typical of networks of this kind:

- **Parameters** are mostly in the first dense layer after flatten. Newer networks average each
  map to one number instead (global average pooling), and do without those 100 million.
- **Work** is mostly in the convolutions: few weights, used at thousands of places. Look at the
  bars: six of the thirteen convolutions have *the same* work, 1,850 million MACs. From one of
  these to the next block: half the height, half the width, twice the filters in and twice the
  filters out, so $\tfrac14 \cdot 2 \cdot 2 = 1$. Where a block begins, the filters have doubled
  only on one side, so three layers have half of it. The three of the last block have a quarter:
  512 filters again, on maps of half the height and width. And the very first has only three
  channels to look at.
- **Memory for maps** is needed at the beginning, where they are large. When a network learns, it
  has to keep all of them for the backward pass (chapter 5). That is what fills the memory of a
  graphics card (GPU).

15.5 billion multiplications for a single photograph: a phone that does this thirty times a second
gets hot. When the article says that such networks "run on any device", that needs a footnote.
"""

# %% [markdown]
r"""
## 4. Why only 3 × 3?

Before VGG, the first layers had large kernels: 11 × 11, 7 × 7, 5 × 5. VGG has only 3 × 3. Does it
not see too little?

A unit of the first layer sees 3 × 3 pixels. A unit of the second layer sees 3 × 3 units of the
first. Draw a row of pixels: three units side by side, each sees three pixels, and they overlap.
Together: 5. A third layer makes it 7. What a unit depends on is called its **receptive field**.

| | pixels seen | weights (C channels in, C filters) | ReLUs |
|---|---|---|---|
| one 5 × 5 | 5 × 5 | $25\,C^2$ | 1 |
| two 3 × 3 | 5 × 5 | $18\,C^2$ | 2 |
| one 7 × 7 | 7 × 7 | $49\,C^2$ | 1 |
| three 3 × 3 | 7 × 7 | $27\,C^2$ | 3 |

The same view, for fewer weights, with more ReLUs in between. That is the idea of VGG. Here are the
first two rows as a picture, with one channel:
"""

# %%
composition.two_as_one().show()

# %% [markdown]
r"""
One number of the second map looks at nine numbers of the first, and each of these at nine pixels.
Together they are 5 × 5 pixels (dashed: the windows of the other corners).
"""

# %% guess
guess("four_small_kernels")

# %% [markdown]
r"""
And then there are the pools. After a 2 × 2 pool, neighboring units lie 2 pixels apart. A 3 × 3
kernel then spans 5 pixels from center to center, not 3. So carry two numbers through the layers:

- the **size** of the field, in pixels: 1 at the start;
- the **jump**: how many pixels apart neighboring units lie; 1 at the start. (You will also read
  *effective stride*.)

A layer with kernel $k$, stride $s$ and dilation $d$ does this:

$$\text{size} \leftarrow \text{size} + d\,(k - 1) \cdot \text{jump} \qquad
\text{jump} \leftarrow \text{jump} \cdot s$$

in this order: the layer's kernel still works on the old grid.
"""

# %% guess
guess("size_and_jump")

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
        Two ints: the size of the field, and how many pixels apart the fields of neighboring
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
What does a unit in the middle of the map see? You measure it for six layers of VGG16. **Where do
you expect a whole eye to fit in?**
"""

# %%
measured = ["block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"]
measured += ["block5_pool"]
architecture.vgg16(measured, "whose receptive fields you measure").show()

# %%
if ready(receptive_field):
    names = [name for name, layer in named_layers()]
    seen = {name: receptive_field(layers[: names.index(name) + 1]) for name in measured}
    for name, (size, jump) in seen.items():
        print(f"{name}  sees {size:3} × {size:<3}  jump {jump}")
    sizes = {name: size for name, (size, jump) in seen.items()}
    vgg.fields(photo("chelsea", size=224), sizes).show()

# %% [markdown]
r"""
You will read two numbers for VGG16: **196**, for a unit of the last convolution, and **212**,
after the last pool. Both are right; it depends on where you stop. Either is nearly the whole
photograph of 224 pixels.

But being *able* to depend on a pixel is not the same as depending on it *much*. There are many
ways from the middle of the field to the unit, and few from its edge. So the middle counts far
more. What really matters is a soft spot, much smaller than the frame. Today this spot is called
the *effective* receptive field. (The VGG paper uses that name for the frame.)

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
three weeks. But a trained network expects its pictures *exactly* as it had them in training.

VGG16 was trained with a program whose picture library, OpenCV, reads colors as **blue, green,
red**. And the only preparation was to subtract the mean of each channel over all training
photographs:

| | blue | green | red |
|---|---|---|---|
| mean | 103.939 | 116.779 | 123.68 |

No division by 255. The numbers go from about −124 to 151.
"""

# %% guess
guess("pure_red")

# %% [markdown]
r"""
The article's text does not mention this step, and its code does something else before it draws
feature maps: it divides by 255, and leaves red, green and blue in their order. So its maps were
made with numbers from 0 to 1, which VGG16 had never seen. It is an easy mistake, and a nasty one:
there is no error message, and the answers are only *worse*. In section 6 you see by how much, in
chapter 10 what becomes of the maps.
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
This is how a photograph looks if the network's numbers are taken for red, green and blue. The
network is used to it.
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
class is not among its five best guesses. ImageNet results are often given like this, because many
photographs show more than one thing.

**An example by hand.** Probabilities `[0.1, 0.5, 0.15, 0.25]` for cat, dog, cup, ball. The two
best: dog with 0.5, then ball with 0.25. And if two are equal? Then the one with the lower index
comes first, as in TensorFlow.
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
Now the network answers: three photographs, and ImageNet's thousand classes.

VGG16 with its dense layers is a download of 528 MB. With `DOWNLOAD = True` Keras fetches it.
Otherwise you use **SqueezeNet 1.1**: trained on the same photographs with the same preparation,
but small, 5 MB. And if there is no network connection, the **small VGG** that comes with the
course takes its place. It has VGG16's sixteen layers, with a few filters each, and knows ten
classes; cups and walls are not among them.

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
**And if you forget the preparation?** Here are the best guesses for the same photographs: with
red and blue exchanged, without any color, and with pixels from 0 to 1. **Guess:** which
photograph loses most without its colors?
"""

# %%
if ready(vgg_preprocess) and ready(top_k):
    prepared = {
        "as in training": vgg_preprocess(batch),
        "red and blue exchanged": vgg_preprocess(batch)[..., ::-1],
        "without color": vgg_preprocess(np.repeat(batch.mean(axis=-1, keepdims=True), 3, axis=-1)),
        "divided by 255": batch / np.float32(255),
    }
    for how, x in prepared.items():
        best = top_k(classifier.predict(x, verbose=0), names, 1)
        print(f"{how:24}", ", ".join(f"{name} {p:.0%}" for [(name, p)] in best))

# %% [markdown]
r"""
There was no error message.

- With pixels from 0 to 1 the answers have nothing to do with the photographs any more. The
  network expects numbers from about −124 to 151, so all three photographs are nearly the same
  plain gray for it, and it says nearly the same about all.
- With red and blue exchanged, SqueezeNet gives the espresso 23 % in place of 96 %. Coffee is
  brown, and a blue one is no evidence for espresso.
- But the same mistake lifts the cat from 47 % to 87 %! Look at the five best guesses above:
  "Egyptian cat" shares its probability with "tiger cat" and "tabby". Chelsea's orange fur speaks
  for these two. When it turns blue, or gray, that evidence is gone, and the third cat gets what
  they lose.

So a wrong preparation does not always show as a smaller number. **A network that becomes more
certain has not necessarily become more right.**

And the wall? SqueezeNet is not sure, and names other things that have such lines. It does have a
class "stone wall", but does not choose it here.

### Does it know what a cat is?

Chapter 4's network had only two names for everything. This one has a thousand, so a cup of coffee
need not be a cat any more. But it still has to choose one of its names: it cannot say "none of
these", and it cannot say just "cat". And the last cell showed that blue fur makes it *surer* of
its cat. It knows a thousand bundles of features, and fur color is one of them. Whether it knows
*what a cat is*, its answers alone cannot tell. In the next chapters you look inside.
"""

# %% [markdown]
r"""
## 7. Borrowed knowledge: transfer learning

You have 2,800 small pictures of cats and dogs. In chapters 6 to 8 you trained a network on such
pictures **from scratch**, with dropout and augmentation, and every point was hard work.

VGG16 has never been asked whether something is a cat or a dog. But to tell a thousand classes
apart it had to find features for fur, eyes, ears and snouts. Must every network learn that again?

**Transfer learning:** take a trained network, cut off its top, and put a small one of your own in
its place. The old part is **frozen**: its weights stay. Only the new part learns.

In Keras that takes four lines. (`trainable = False` freezes. This cell uses random weights; it
only shows how few numbers are left to learn.)
"""

# %% guess
guess("numbers_of_a_probe")

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
Such a small head is called a **linear probe**.

The base is frozen, and every picture passes through it again and again, epoch after epoch. It
never answers differently. So compute the 512 numbers of each picture *once*, and keep them. These
are its **features**. That has been done for you: the trained VGG16 has looked at our 4,800
pictures, and its 512 numbers for each come with the course. Training the probe then takes a
moment.
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
learning rate, no epochs. Large weights cost something, which is L2 regularization; how much was
chosen on the validation pictures.)

Do you want to see for yourself that these are VGG16's numbers? Set `LIVE` to `True`: the cell
fetches the trained base, about 60 MB the first time, and computes the features of eight pictures.
"""

# %%
LIVE = False
if LIVE:
    eight = load_cats_dogs(source="embedded").test.x[:8]
    mine = transfer.features_of(load_vgg16(), eight, side=record["embedded"]["side"])
    print("the same, but for rounding?", np.allclose(mine, features["test"][0][:8], atol=0.4))

# %% [markdown]
r"""
Remember how small these pictures are: 32 × 32 pixels, enlarged to 64 × 64 for VGG16. It was
trained on photographs of 224 × 224, so this is like looking through frosted glass. On real
photographs it does better still. How many pictures does it need? Here the probe was trained with
5, 10, 20, … pictures of each class.
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

# %% guess
guess("right_by_borrowing")

# %%
ours = record["embedded"]
print(f"frozen VGG16 and 513 new numbers: {ours['accuracy']['test']:.1%} of the test pictures")
if trained:
    count = 2 * trained.per_class
    equal = next(row for row in ours["curve"] if row["per_class"] == trained.per_class)
    print(f"the same, trained on {count:,}:        {np.mean(equal['test']):.1%}")
    print(f"trained from scratch, on {count:,}:    {trained.test:.1%}  ({trained.condition})")
    gain = 100 * (np.mean(equal["test"]) - trained.test)
    print(f"difference at equal numbers:      {gain:+.1f} points")
if "photographs" in record:
    real = record["photographs"]
    counts = real["counts"]
    print(f"real photographs, {counts['train']:,} to train with, {counts['test']:,} to test:")
    print(f"  frozen VGG16: {real['accuracy']['test']:.1%}; the article's own network reached 81%")
    few = next(row for row in real["curve"] if row["per_class"] == 20)
    print(f"  with 20 of each class, 40 in all: {np.mean(few['test']):.1%}")

# %% [markdown]
r"""
If you remember one number of this course, let it be this one. The gain comes not from a better
layer and not from a longer training, but from a network that has *seen more*. (Both were compared
after training on 2,000 pictures, on the same test pictures.) Most people who use convolutional
networks today begin with a trained one. Training from scratch is for those who have very many
pictures, or pictures unlike all others.

When you have more pictures, you can go one step further: unfreeze the last block, and train it
with a very small learning rate. That is called **fine-tuning**.

> **Is that fair?** Not quite, and you should know why. ImageNet has more than a hundred breeds of
> dogs and several cats among its classes. VGG16 was never asked our question, but it has seen
> more than a hundred thousand dogs. On X-ray photographs or satellite pictures the gain is
> usually smaller.
"""

# %% [markdown]
r"""
## 8. What came before and after

The article goes from AlexNet to ResNet in one sentence. Here is the way with its dates; the
errors are top-5 errors in the ImageNet competition.

| year | network | layers with weights | error | what was new |
|---|---|---|---|---|
| 1998 | LeNet-5 | 7 | | convolution, pooling, dense: read handwritten digits |
| 2012 | AlexNet | 8 | 15.3 % | ReLU, dropout, augmentation, two GPUs |
| 2013 | ZFNet | 8 | | smaller first kernels, chosen by looking at feature maps |
| 2014 | GoogLeNet | 22 | 6.7 % | several kernel sizes side by side, global average pooling |
| 2014 | VGG | 16 and 19 | 7.3 % | only 3 × 3 |
| 2015 | ResNet | 152 | 3.57 % | shortcuts around blocks, batch normalization |

All of these errors are those of *ensembles*: several networks whose answers were averaged. The
best entry of 2012 that was no convolutional network had 26.2 %.

> **What the article says, and what happened.** "7.3% error rate" was the **top-5** error of an
> **ensemble** of seven networks. With it VGG came **second** in classification, behind GoogLeNet
> (6.7 %), and **first** in localization, where one also has to say *where* the object is.
> ResNet's 3.57 %, in 2015, was an ensemble's top-5 error as well, and it **won** classification.
> A single VGG16, asked once about each photograph, has about 10 % top-5 error, and its first
> guess is wrong in 29 of 100 cases.

**Why did VGG stop at 16 or 19 layers?** Because deeper ones were too hard to train. Even 16
needed a trick: the authors first trained a network of 11 layers and began the deeper ones with
its weights. A year later He and others compared plain networks: one of 34 layers was *worse* than
one of 18, and not only on new photographs, but on those that it was trained with. That is
strange. A deeper network could simply let its extra layers pass on what they get, and be as good
as the shallow one. But "pass on what you get" is surprisingly hard to learn for convolutions that
start with random weights.

**The residual block** (He and others, 2015) makes it easy. Two convolutions compute a *change*,
and the block's input is added to it by a **shortcut**, also called a *skip connection*:

$$\text{out} = \text{ReLU}\big(x + F(x)\big)$$

If all weights in $F$ are 0, the block passes on what it got: maps that come out of a ReLU, so the
last ReLU changes nothing. And in the backward pass, the sum passes the whole gradient on (chapter
5: a sum gives each of its terms the whole gradient). So ResNet could have 152 layers, and with
*less* work than VGG16. See for yourself:
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
VGG was one of the last well-known networks without shortcuts and without batch normalization,
both from 2015. Because it is so simple, people still take it apart when they want to see *what a
network sees*. You do that in the next three chapters.
"""

# %% [markdown]
r"""
## 9. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: how far it sees

Two layers of 3 × 3 see 5 pixels, three see 7. **What does the box say, and by how much is it off
for each layer?**
"""

# %%
broken_receptive_field = box("receptive_field")
for depth in (1, 2, 3):
    print("3 × 3,", depth, "in a row:", broken_receptive_field([("conv", 64, 3)] * depth))

# %%
broken_receptive_field


# %% exercise="expose_receptive_field"
def expose_receptive_field():
    """Name the mistake in ``broken_receptive_field``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (layers,)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
        The sizes and steps in the layers are the numbers that count.
    """
    ### BEGIN SOLUTION
    return "adds-k", [("conv", 1, 1)]
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: the best names

Three names, and a network that cannot decide. The second box gives its best two. **Which two
should it be?** Look at what exercise 5 says of equal probabilities.
"""

# %%
broken_top_k = box("top_k")
undecided = np.array([[0.25, 0.5, 0.25]])
print(broken_top_k(undecided, ["cat", "dog", "espresso"], 2))

# %%
broken_top_k


# %% exercise="expose_top_k"
def expose_top_k():
    """Name the mistake in ``broken_top_k``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (probabilities, names, k)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
        Names are no numbers; k is one.
    """
    ### BEGIN SOLUTION
    return "ties-reversed", (np.array([[0.5, 0.5]]), ["cat", "dog"], 1)
    ### END SOLUTION


# %% [markdown]
r"""
## 10. What you have built

- `vgg16_layers`, `build_vgg16`: VGG16, name by name, parameter by parameter.
- `receptive_field`: what a unit sees: 5 pixels for two layers, 196 or 212 for all of VGG16.
- `vgg_preprocess`: pixels as the network was trained on them.
- `top_k`: from a thousand probabilities to five guesses.
- And you have borrowed a network's knowledge, with 513 numbers of your own.

### Questions

Think first, then open the answer.

<details><summary>VGG16 is built for 224 × 224. Which part takes pictures of any size?</summary>

All convolutions and pools: a kernel does not depend on the size of the map. Only `fc1` needs
exactly 7 × 7 × 512 numbers. That is why VGG16 "without top" can take 32 × 32 as well as 640 ×
480.

</details>

<details><summary>Why does the frozen base need no dropout and no augmentation to avoid
overfitting?</summary>

Only 513 numbers are trained, and the penalty on large weights restrains them. That is too few to
memorize 2,800 pictures. Augmentation may still help a little, but then the features have to be
computed again for each variant.

</details>

<details><summary>Two 3 × 3 convolutions without the ReLU between them: what is lost?</summary>

Two linear steps in a row are one linear step: a 5 × 5 convolution, with fewer free weights. All
that is gained is a cheaper 5 × 5. The ReLU in between is what makes two layers more than one.

</details>

<details><summary>Which layer would you change first to make VGG16 smaller?</summary>

`fc1`: three quarters of all parameters. Replace flatten by global average pooling and it shrinks
from 103 million to 2 million; the convolutions, 14.7 million in all, are 59 MB.

</details>

<details><summary>The probe says "dog" for a photograph of a wolf, "cat" for a lynx. Which part has
learned that?</summary>

The base's. In its features a wolf lies near the dogs. The probe only draws one straight boundary
between two clouds of points.

</details>

### Next

You know what goes in and what comes out. [Chapter
10](../ch10_feature_maps/ch10_feature_maps.ipynb) opens the network and looks at the thousands of
feature maps in between.

### Read on

- K. Simonyan, A. Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*,
  ICLR 2015, [arXiv:1409.1556](https://arxiv.org/abs/1409.1556): VGG.
- C. Szegedy et al., *Going Deeper with Convolutions*, CVPR 2015,
  [arXiv:1409.4842](https://arxiv.org/abs/1409.4842): GoogLeNet.
- K. He, X. Zhang, S. Ren, J. Sun, *Deep Residual Learning for Image Recognition*, CVPR 2016,
  [arXiv:1512.03385](https://arxiv.org/abs/1512.03385): ResNet.
- W. Luo, Y. Li, R. Urtasun, R. Zemel, *Understanding the Effective Receptive Field in Deep
  Convolutional Neural Networks*, NeurIPS 2016,
  [arXiv:1701.04128](https://arxiv.org/abs/1701.04128).
- J. Yosinski, J. Clune, Y. Bengio, H. Lipson, *How Transferable Are Features in Deep Neural
  Networks?*, NeurIPS 2014, [arXiv:1411.1792](https://arxiv.org/abs/1411.1792): what one can
  borrow, layer by layer.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
