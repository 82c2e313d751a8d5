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
# Chapter 10: Feature maps

What does a network see when it looks at a cat?

You know that the answer at the end is a row of numbers. On the way there, thirteen convolutions
make thousands of feature maps, and each of them is a picture. In this chapter you take them out
of a network that was trained on more than a million photographs, and look at them. (Feature maps
are also called *intermediate activations*.)

You need what chapters 1, 3 and 9 taught, and about an hour and a half. The network is VGG16, as
in chapter 9. Its weights are fetched once, about 60 MB, and kept. Without a network connection
you get the small VGG that comes with this course: everything below works with it too, but the
maps are fewer and less clear.

Run the next cell first. Keras takes a moment to load.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch10_feature_maps import demo
from cnnlab.course.figures import architecture, vgg
from cnnlab.course.guesses import guess
from cnnlab.course.networks.pretrained import as_batch, load_vgg
from cnnlab.course.networks.quiet import keras
from cnnlab.course.networks.vgg import conv_names
from cnnlab.datasets.load import photo

start("ch10_feature_maps")

# %% [markdown]
r"""
## 1. A network and a photograph

Here is the network's convolutional part, and a photograph of Chelsea, cut to 224 × 224 pixels.
`as_batch` prepares it as in the network's training: blue, green, red instead of red, green, blue,
and from each its mean over ImageNet is subtracted. The article's code does not do this: it
divides the photograph by 255. In section 5 you see what that does to the maps.
"""

# %%
model, which = load_vgg()
chelsea = as_batch(photo("chelsea"), (224, 224))[0]
print("network:", which)
print("the photograph's shape:", chelsea.shape, "from", chelsea.min().round(), "to", chelsea.max())
figures.photos(photo("chelsea", size=224), alt="Chelsea, a tabby cat, looks at you.").show()

# %% [markdown]
r"""
Next come its layers, with the shape of what comes out of each for this photograph.
"""

# %% guess
guess("maps_of_one_photograph")

# %%
total = 0
size = 224
for layer in model.layers[1:]:
    filters = layer.output.shape[-1]
    size = size // 2 if "pool" in layer.name else size
    total += 0 if "pool" in layer.name else filters
    print(f"{layer.name:14} {size:4} × {size:<4} {filters:4} maps")
print("maps after a convolution:", total)

# %% [markdown]
r"""
The names are Keras's: `block3_conv2` is the second convolution of the third block. (The article
calls it "the second filter in the third convolution block". It is a whole *layer*, with 256
filters.)

Five layers are looked at most in this chapter, the first of each block:
"""

# %%
firsts = [f"block{block}_conv1" for block in range(1, 6)]
architecture.vgg16(firsts, "whose maps you look at").show()

# %% [markdown]
r"""
## 2. Take the maps out

A Keras model gives you what comes out at its end. You want what comes out in the middle.

Every layer of a built model remembers its output as a symbol:
`model.get_layer("block1_conv1").output` is not an array, but a place in the network. And you can
make a new model from existing places: `keras.Model(inputs, outputs)`. It shares the layers and
weights of the old one. `outputs` may be a list or a dictionary.
"""

# %% guess
guess("five_layers")

# %% [markdown]
r"""
### Exercise 1: feature_maps
"""


# %% exercise="feature_maps"
def feature_maps(model, image, names):
    """What comes out of some layers for one photograph, in a single forward pass.

    Parameters
    ----------
    model : keras.Model
    image : array, shape (H, W, 3)
        One photograph as the network takes it, without a batch axis.
    names : list of str
        Names of layers, in any order.

    Returns
    -------
    dict of str to array
        For each name, in the order of ``names``, a NumPy array of shape (1, h, w, C): what the
        layer hands on, so after its activation.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the model has no layer of that name.
    The message contains the word ``names``.
    """
    ### BEGIN SOLUTION
    outputs = {name: model.get_layer(name).output for name in names}
    found = keras.Model(model.input, outputs)(image[None])
    return {name: np.asarray(found[name]) for name in names}
    ### END SOLUTION


# %% [markdown]
r"""
The five layers, one from each block.
"""

# %% guess
guess("shape_in_block_3")

# %%
if ready(feature_maps):
    cat_maps = feature_maps(model, chelsea, firsts)
    for name, maps in cat_maps.items():
        print(f"{name}  {maps.shape}  from {maps.min():.1f} to {maps.max():.1f}")

# %% [markdown]
r"""
## 3. From numbers to a picture

You saw it in the last output: every layer has numbers of its own size. To see them, you have to
turn them into gray levels: 0 is black, 255 is white.

The obvious way is to make the smallest number black and the largest white.
"""

# %% guess
guess("one_bright_cell")

# %% [markdown]
r"""
So let the darkest hundredth be black and the brightest hundredth white: take the 1st and the 99th
*percentile*. What lies beyond them is clipped.
"""

# %% guess
guess("gray_level")

# %% [markdown]
r"""
**And a map whose cells are all alike?** Some filters are silent on some photographs. There is
nothing to stretch, and a middle gray, 128, says so.
"""

# %% [markdown]
r"""
### Exercise 2: to_picture
"""


# %% exercise="to_picture"
def to_picture(feature_map):
    """One feature map as gray levels.

    Parameters
    ----------
    feature_map : array, shape (h, w)

    Returns
    -------
    array, shape (h, w), uint8
        0 at the 1st percentile and below, 255 at the 99th and above, straight in between,
        rounded. Where both percentiles are the same number, 128 everywhere.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``feature_map`` does not have two
    axes. The message contains the word ``feature_map``.

    >>> to_picture(np.array([[7.0, 7.0], [7.0, 7.0]]))
    array([[128, 128],
           [128, 128]], dtype=uint8)
    """
    ### BEGIN SOLUTION
    low, high = np.percentile(feature_map, [1, 99])
    if low == high:
        return np.full(feature_map.shape, 128, dtype=np.uint8)
    levels = 255 * (feature_map - low) / (high - low)
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    ### END SOLUTION


# %% [markdown]
r"""
Now look. The first eight maps of the first layer of every block, as in the article: a row for each
layer. A black map with a cross is silent: all its cells are 0, so there is nothing to stretch. Go
through them slowly, from the top to the bottom. **What is lost on the way? What is new?**
"""


# %%
def row_of(maps, channels):
    """The pictures of some channels, all of one size."""
    pictures = [to_picture(maps[0, :, :, channel]) for channel in channels]
    return [np.stack([picture] * 3, axis=-1) for picture in pictures]


if ready(feature_maps) and ready(to_picture):
    vgg.grid(cat_maps, to_picture).show()

# %% [markdown]
r"""
Three things that nearly everybody sees:

- The first block's maps are the photograph again, in eight versions: its edges, its bright or its
  dark parts, one color. Almost nothing is lost.
- Further down the maps get coarser. That is pooling: a cell of `block5_conv1` stands for a piece
  of 16 × 16 pixels, and its receptive field is far larger.
- And they get **darker**. More and more cells are exactly 0, until single bright spots are left.

### What the first layer can and cannot see

The article finds detectors of eyes and noses among the maps of `block1_conv1`. Look at what such
a filter gets: 3 × 3 pixels of the photograph, and nothing else. Here is Chelsea's eye, and nine
pixels of it.
"""

# %%
eye = photo("chelsea", size=224)[63:127, 40:104]
figures.photos(
    eye,
    eye[15:18, 26:29],
    titles=["64 × 64 pixels", "what block1_conv1 sees at once"],
    alt="Left a cat's eye, right nine pixels out of it: three rows of three plain colors.",
).show()

# %% [markdown]
r"""
Nobody can tell from these nine pixels that they belong to an eye. The filter answers to a dark
spot or to an edge in some direction, and an eye has one. So has the rim of a cup. The map looks
like an "eye detector" because *we* know what we are looking at. Chapter 9 computed what deeper
layers see: `block5_conv3` has a receptive field of 196 × 196 pixels. There, a filter really could
answer to eyes.
"""

# %% [markdown]
r"""
## 4. How sparse?

"Darker" should be a number. ReLU turns everything negative into an exact 0. So count: which share
of a layer's numbers is exactly 0?
"""

# %% [markdown]
r"""
### Exercise 3: sparsity
"""


# %% exercise="sparsity"
def sparsity(maps):
    """The share of exact zeros in each layer.

    Parameters
    ----------
    maps : dict of str to array, shapes (1, h, w, C)
        As `feature_maps` gives them.

    Returns
    -------
    dict of str to float
        The same names; from 0.0 (no zero) to 1.0 (nothing but zeros), over all channels.

    >>> sparsity({"conv": np.array([[[[0.0, 2.0], [0.0, 0.0]]]])})
    {'conv': 0.75}
    """
    ### BEGIN SOLUTION
    return {name: float(np.mean(values == 0)) for name, values in maps.items()}
    ### END SOLUTION


# %% [markdown]
r"""
At the end of each block is a pool, and it changes that share. **Guess by how much, before you look
at a real map.**
"""

# %% guess
guess("zeros_after_pooling")

# %%
if ready(feature_maps) and ready(sparsity):
    around = "block1_conv2", "block1_pool"
    image = as_batch(photo("chelsea"), (224, 224))[0]
    for name, share in sparsity(feature_maps(model, image, list(around))).items():
        print(f"{name:13} {share:.0%} zeros")

# %% [markdown]
r"""
In real maps zeros are not at random places. They lie together, so more of them survive than by
chance. And now all thirteen convolutions, three photographs.
"""

# %% guess
guess("zeros_with_depth")

# %%
if ready(feature_maps) and ready(sparsity):
    shares = {}
    for name in ("chelsea", "coffee", "brick"):
        image = as_batch(photo(name), (224, 224))[0]
        shares[name] = sparsity(feature_maps(model, image, conv_names()))
    vgg.sparsities(shares, which).show()

# %% [markdown]
r"""
With VGG16 about half of the first block's numbers are 0, and at the end about nine in ten. Such a
map is called **sparse**. The share does not rise at every step, but the direction is clear. (With
the small VGG it rises only from three tenths to seven tenths in block 3, then falls to a half.
That network has few filters, and was trained on small pictures of ten classes. What is true of
one network need not be true of another: measure.)

**Why?** A filter of the first layer asks for something that is everywhere: an edge, a brightness.
A filter of the last asks for something special, and most places of most photographs do not have
it. So a 0 is the usual answer, and what is not 0 says a lot. In the article's words: "deeper
feature maps contain less information about the image and more about the class of the image".

The three photographs show very different things, and the curves are much the same. They say how
the network works, not what the picture shows.
"""

# %% [markdown]
r"""
## 5. Which filters answer?

512 maps in `block5_conv1`, and most of them are dark. You want those that are not. Rank the
channels by the **mean** over height and width.
"""

# %% guess
guess("mean_or_peak")

# %% [markdown]
r"""
### Exercise 4: strongest
"""


# %% exercise="strongest"
def strongest(feature_map, k):
    """The k channels that answer most strongly, the strongest first.

    Parameters
    ----------
    feature_map : array, shape (1, h, w, C)
    k : int
        From 1 to C.

    Returns
    -------
    list of k int
        Channels by their mean over height and width, falling. Of two alike the lower one first.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if there are not that many channels, or
    ``k`` is below 1. The message contains the word ``k``.

    >>> strongest(np.array([[[[1.0, 5.0, 3.0]]]]), 2)
    [1, 2]
    """
    ### BEGIN SOLUTION
    order = np.argsort(-feature_map.mean(axis=(0, 1, 2)), kind="stable")
    return [int(channel) for channel in order[:k]]
    ### END SOLUTION


# %%
if ready(feature_maps) and ready(to_picture) and ready(strongest):
    for name in ("block1_conv1", "block3_conv1", "block5_conv1"):
        best = strongest(cat_maps[name], 8)
        print(name, "strongest:", best)
        alt = f"The eight strongest feature maps of {name} for the photograph of the cat."
        titles = [str(channel) for channel in best]
        figures.photos(*row_of(cat_maps[name], best), titles=titles, alt=alt, counted=False).show()

# %% [markdown]
r"""
Do other photographs activate other filters? Compare the twenty strongest of `block1_conv1` for a
cat and for a cup of coffee, and then those of `block5_conv1`.
"""

# %% guess
guess("filters_in_common")

# %%
if ready(feature_maps) and ready(strongest):
    coffee = as_batch(photo("coffee"), (224, 224))[0]
    cup_maps = feature_maps(model, coffee, firsts)
    for name in firsts:
        count = min(20, cat_maps[name].shape[-1] // 2)
        both = set(strongest(cat_maps[name], count)) & set(strongest(cup_maps[name], count))
        print(f"{name}: {len(both):2} of the {count} strongest are the same")

# %% [markdown]
r"""
Late filters answer to something special: that is what a classifier on top of them uses.
"""

# %% [markdown]
r"""
### With the wrong input

The article draws its maps from a photograph that was divided by 255. Here is the same comparison
once more, with red, green and blue from 0 to 1.
"""

# %% guess
guess("wrong_input")

# %%
if ready(feature_maps) and ready(to_picture) and ready(strongest):
    divided = {
        name: feature_maps(model, photo(name, size=224) / np.float32(255), firsts)
        for name in ("chelsea", "coffee")
    }
    for name in firsts:
        count = min(20, cat_maps[name].shape[-1] // 2)
        one, other = (set(strongest(maps[name], count)) for maps in divided.values())
        print(f"{name}: {len(one & other):2} of the {count} strongest are the same")
    for how, maps in {"as in training": cat_maps, "divided by 255": divided["chelsea"]}.items():
        alt = f"Eight maps of block1_conv1 for the cat, {how}."
        shown = row_of(maps["block1_conv1"], range(8))
        figures.photos(*shown, titles=[how, *[""] * 7], alt=alt, counted=False).show()

# %% [markdown]
r"""
The filters expect numbers between about −120 and 150. A photograph whose numbers lie between 0
and 1 is nearly a plain one for them: what they answer comes mostly from their biases, and hardly
from the cat. Some maps are silent: one that is plain gray has the same number in all its cells. Yet
the pictures of the others do not look wrong: each is stretched to its own range, so even a faint
map shows a cat. That is why such a mistake can go unnoticed. **Always
check the input of a trained network, by its own documentation.**
"""

# %% [markdown]
r"""
## 6. Browse

All layers, all channels, three photographs. Choose a layer, and go through its channels with the
arrow keys. Can you find a channel that answers to the cat's eyes? One for whiskers? One that is
silent on Chelsea and strong on the cup?
"""

# %%
demo(feature_maps, model)

# %% [markdown]
r"""
## 7. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: a picture

A map that falls evenly from 1 to −1, as it may come from a layer without a ReLU. The box makes a
picture of it. **Why is the right half all black?**
"""

# %%
broken_to_picture = box("to_picture")
slope = np.linspace(1, -1, 64) * np.ones((32, 1))
figures.photos(
    slope,
    broken_to_picture(slope) / 255,
    titles=["map", "the box's picture"],
    shades=["signs", "gray"],
    alt="Left: a map that goes from blue to red. Right: white that falls to black in the middle "
    "and stays black.",
).show()

# %%
broken_to_picture


# %% exercise="expose_to_picture"
def expose_to_picture():
    """Name the mistake in ``broken_to_picture``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (feature_map,)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 4 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "clips-negatives", (np.array([[0.0, -2.0], [-2.0, 0.0]]),)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: a ranking

A stack of three maps of 8 × 8, the last one the brightest. The second box is asked for its
strongest three channels. **Can these be channels?**
"""

# %%
broken_strongest = box("strongest")
stack = np.random.default_rng(0).random((1, 8, 8, 3)) + np.array([0, 1, 2])
print(broken_strongest(stack, 3))

# %%
broken_strongest


# %% exercise="expose_strongest"
def expose_strongest():
    """Name the mistake in ``broken_strongest``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (feature_map, k)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "channels-in-front", (np.array([-1.0, 0.0]).reshape(1, 2, 1, 1), 1)
    ### END SOLUTION


# %% [markdown]
r"""
## 8. What you have built

- `feature_maps`: every map of a network, out of one forward pass.
- `to_picture`: any map as a picture that no outlier spoils.
- `sparsity`: how much of a layer is silent.
- `strongest`: which filters a photograph activates.

### Questions

Think first, then open the answer.

<details><summary>Would the maps before the activation be more interesting?</summary>

They contain more: a strong negative number means "the opposite of what I look for". But the next
layer never sees it, so it has no part in the answer. What you should look at depends on your
question.

</details>

<details><summary>A filter is 0 on every photograph that you try. What may have happened?</summary>

It may be dead. Its bias has become so negative that ReLU lets nothing through, so its gradient is 0
as well, and it never comes back. Or it looks for something that your photographs do not show. Only
many photographs can tell.

</details>

<details><summary>Two networks have the same architecture and were trained on the same pictures.
Are their maps alike?</summary>

Map by map they are not: filter 7 of the one may do what filter 300 of the other does, and some of
what it does may be spread over several. The order of the filters has no meaning. In the first layer
both will have edges in all directions.

</details>

<details><summary>You forget the preprocessing and feed in RGB from 0 to 1. Which layer
notices?</summary>

The first, and so all others. Its filters expect numbers up to about 150 in size, so for them the
photograph is nearly one single gray, and what they answer comes mostly from their biases. Section
5 showed it.

</details>

### Next

A map shows *where* a filter answers on one photograph. It does not say which picture would make
the filter answer most. In [chapter 11](../ch11_filters_classes/ch11_filters_classes.ipynb) you
let the network draw that itself.

### Read on

- M. D. Zeiler, R. Fergus, *Visualizing and Understanding Convolutional Networks*, ECCV 2014,
  [arXiv:1311.2901](https://arxiv.org/abs/1311.2901): which photographs activate which filters,
  layer by layer.
- J. Yosinski, J. Clune, A. Nguyen, T. Fuchs, H. Lipson, *Understanding Neural Networks Through
  Deep Visualization*, 2015, [arXiv:1506.06579](https://arxiv.org/abs/1506.06579): live maps, as
  in the demo above.
- D. Bau, B. Zhou, A. Khosla, A. Oliva, A. Torralba, *Network Dissection: Quantifying
  Interpretability of Deep Visual Representations*, CVPR 2017,
  [arXiv:1704.05796](https://arxiv.org/abs/1704.05796): how many filters really have a meaning
  that people can name.
- Z. J. Wang et al., *CNN Explainer: Learning Convolutional Neural Networks with Interactive
  Visualization*, 2020, [arXiv:2004.15004](https://arxiv.org/abs/2004.15004): a small network to
  click through.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
