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
# Chapter 8: More pictures from the same ones

A cat that looks to the left is a cat. Mirror the photograph, and it looks to the right. Still a
cat. You know that. Your network does not.

In chapter 6 a network memorized its 2,000 pictures. In chapter 7 dropout made that harder, and it
was not enough. More pictures would really help. In this chapter you make them from those that you
have, by small changes that leave the answer true. That is called **data augmentation**. It is a
regularization, too. At the end you will see what it is worth, measured at equal cost.

You write ten functions. Nine of them are NumPy by hand; in the last one Keras does it for you. Two
more, on whitening, are optional. You should know chapter 6. About two and a half hours.

Run the next three cells first. The first one loads Keras, and that takes some seconds.
"""

# %% setup=true
import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch08_augmentation import demo
from cnnlab.course.figures import curves, diagrams
from cnnlab.course.guesses import guess
from cnnlab.course.networks.cnn import compile_cnn
from cnnlab.course.networks.quiet import keras
from cnnlab.course.ops.augmentation import cut_patches, scattered
from cnnlab.course.ops.network import predict
from cnnlab.course.training.cats_dogs import Settings, live_run, train, within
from cnnlab.course.training.histories import (
    gain,
    headline_table,
    load_histories,
    recorded_experiments,
)
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs, load_network

start("ch08_augmentation")

# %% [markdown]
r"""
And this is `build_cnn`, finished, from chapter 6. The last function of this chapter may call it:
your check knows the same one.
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch08_augmentation import build_cnn

# %% [markdown]
r"""
Did `check` give your own `build_cnn` full marks? Then yours runs from here on. In a check the
course's stands in.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

build_cnn = own(build_cnn, "ch06")
whose_code()

# %% [markdown]
r"""
## 1. Where we stand

These are the curves of the network of chapter 6, without and with dropout: recorded runs, the mean
over several seeds, and a band of one standard deviation. Dashed is what the network says about the
pictures it is trained with, solid what it says about new ones.

**Look at the two losses. When does learning turn into memorizing?**
"""

# %%
histories = load_histories()
curves.training(histories, ["plain", "dropout"]).show()

# %% [markdown]
r"""
The dashed curves approach perfection. The solid losses turn and *rise*: on new pictures the
network becomes more and more sure of answers that are wrong.

A network that sees the same picture for the fiftieth time can use anything to tell it from the
others: a bright spot in a corner, the color of one pixel. Such things say nothing about cats. If
the spot is somewhere else each time, it is of no use any more, and what is left is the cat.
"""

# %%
cats_dogs = load_cats_dogs()
pictures = cats_dogs.train.x / np.float32(255)
labels = cats_dogs.train.y
figures.photos(
    *pictures[[2, 10, 3, 1, 6, 9]],
    titles=[cats_dogs.classes[label] for label in labels[[2, 10, 3, 1, 6, 9]]],
    alt="Six coarse color photographs of 32 by 32 pixels with their classes, cats and dogs.",
).show()

# %% [markdown]
r"""
## 2. First, one scale for all

Before pictures are varied, they are brought to a common scale. So far we divided by 255. A more
careful way looks at the data: it subtracts the mean, and divides by the standard deviation, so
that the numbers that reach the network have mean 0 and standard deviation 1. This is called
**standardization**, or normalization. The random weights with which a network begins are made for
such numbers.

One mean for everything? One for each picture, each pixel, each channel? Think about what each of
them would throw away.
"""

# %% guess
guess("one_mean_for_what")

# %% [markdown]
r"""
So with channel $c$ of all pictures $n$, rows $i$, columns $j$, and $M = N \cdot H \cdot W$:

$$\text{mean}_c = \frac{1}{M} \sum_{n,i,j} x_{n,i,j,c} \qquad
\text{std}_c = \sqrt{\frac{1}{M} \sum_{n,i,j} (x_{n,i,j,c} - \text{mean}_c)^2}$$
"""

# %% guess
guess("mean_and_deviation")

# %% [markdown]
r"""
**A trap.** Pictures come from their files as bytes.
"""

# %% guess
guess("ten_minus_twenty")

# %%
dark, bright = np.array([10, 16], np.uint8), np.array([20, 16], np.uint8)
print("10 - 20 =", (dark - bright)[0], "    16 * 16 =", (dark * bright)[1])

# %% [markdown]
r"""
There is no warning. Turn bytes into floats first.
"""

# %% [markdown]
r"""
### Exercise 1: what to subtract, what to divide by
"""


# %% exercise="fit_standardizer"
def fit_standardizer(train):
    """Mean and standard deviation of each channel, over all pictures, rows and columns.

    Parameters
    ----------
    train : array, shape (N, H, W, C)
        The training pictures: floats, or bytes from 0 to 255.

    Returns
    -------
    (mean, std) : two arrays of shape (C,)
        The standard deviation divides by the number of pixels (ddof 0).

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``train`` does not have four axes.
    The message contains the word ``train``.

    >>> fit_standardizer(np.array([[[[1.0], [1.0]], [[5.0], [5.0]]]]))
    (array([3.]), array([2.]))
    """
    ### BEGIN SOLUTION
    return train.mean(axis=(0, 1, 2)), train.std(axis=(0, 1, 2))
    ### END SOLUTION


# %% [markdown]
r"""
Keras has this as a layer, `Normalization`, whose `adapt` looks at the data. Your check compares
with it.
"""

# %%
if ready(fit_standardizer):
    mean, std = fit_standardizer(cats_dogs.train.x)
    for name, m, s in zip(("red", "green", "blue"), mean, std, strict=True):
        print(f"{name:6} mean {m:6.1f}, std {s:5.1f}")

# %% [markdown]
r"""
### And then apply it, to all pictures in the same way

$$\text{standardize}(x)_{n,i,j,c} = \frac{x_{n,i,j,c} - \text{mean}_c}{\text{std}_c}$$
"""

# %% guess
guess("statistics_at_test")

# %% [markdown]
r"""
So the numbers of the *training* pictures are kept with the network, and applied to the test
pictures.

**And if a channel never changes?** Then its standard deviation is 0. Dividing by it gives `nan`,
or enormous numbers. We divide by 1 there. (Keras divides by a ten-millionth. For the training
pictures that is the same, because 0 divided by anything is 0. For a new picture that differs a
little, it is not the same.)
"""

# %% [markdown]
r"""
### Exercise 2: standardize
"""


# %% exercise="standardize"
def standardize(x, stats):
    """Take off the mean and divide by the standard deviation, channel by channel.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        Pictures: floats, or bytes from 0 to 255. They stay unchanged.
    stats : (mean, std), each of shape (C,)
        As ``fit_standardizer`` gave them for the training pictures. Where std is 0, divide by 1.

    Returns
    -------
    array, the shape of ``x``

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes, or
    ``stats`` do not have a number for each of its channels. The message contains the word ``x``
    or ``stats``.

    >>> standardize(np.array([[[[1.0, 7.0]]]]), (np.array([3.0, 4.0]), np.array([2.0, 0.0])))
    array([[[[-1.,  3.]]]])
    """
    ### BEGIN SOLUTION
    mean, std = stats
    return (x - mean) / np.where(std == 0, 1, std)
    ### END SOLUTION


# %%
if ready(fit_standardizer) and ready(standardize):
    stats = fit_standardizer(cats_dogs.train.x)
    for name in ("train", "test"):
        after = fit_standardizer(standardize(getattr(cats_dogs, name).x, stats))
        print(f"{name:6} mean {after[0].round(3)}, std {after[1].round(3)}")

# %% [markdown]
r"""
The training pictures have mean 0 and standard deviation 1, up to rounding. The test pictures only
nearly, and that is how it should be.
"""

# %% [markdown]
r"""
## 3. Changes that leave the answer true

Which changes of a photograph leave a cat a cat? Make a list before you read on.

Mirroring it, moving it a little, turning it a little, coming closer, more or less light. And
which do not? Moving the cat out of the picture. Lowering the contrast until everything is the
same gray. **The question is always the same: is the label still true?** It depends on the task,
and only you can answer it. A mirrored cat is a cat. A mirrored *b* is a *d*.

We write four changes: first the three simple ones.

| function | what it does |
|---|---|
| `hflip(x)` | left and right change places |
| `shift(x, dy, dx)` | moves `dy` rows **down** and `dx` columns **to the right**; zeros come in |
| `adjust_contrast(x, factor)` | stretches each channel of each picture around its own mean |

All of them take a batch $(N, H, W, C)$ and give a new one of the same shape. The fourth change,
turning and zooming, is section 4.

Changes can be made one after the other. **Does it matter in which order?**
"""

# %% guess
guess("mirrored_then_shifted")

# %% [markdown]
r"""
### Exercise 3: mirror
"""


# %% exercise="hflip"
def hflip(x):
    """Every picture mirrored: what was on the left is on the right.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        It stays unchanged.

    Returns
    -------
    array, same shape and dtype

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes. The
    message contains the word ``x``.

    >>> hflip(np.array([[[[1.0], [2.0], [3.0]]]])).ravel()
    array([3., 2., 1.])
    """
    ### BEGIN SOLUTION
    return x[:, :, ::-1]
    ### END SOLUTION


# %% [markdown]
r"""
### Exercise 4: shift

**An example by hand.** A picture of two rows is shifted by `dy=1, dx=-1`:

$$\begin{bmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{bmatrix} \longrightarrow
\begin{bmatrix} 0 & 0 & 0 \\ 2 & 3 & 0 \end{bmatrix}$$

The second row has left the picture at the bottom, the 1 at the left. A shift may also be larger
than the picture: then only zeros are left. It is not an error.
"""


# %% exercise="shift"
def shift(x, dy, dx):
    """Every picture moved; zeros come in where nothing is known.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        It stays unchanged.
    dy, dx : int
        Rows down and columns to the right; negative ones go up and to the left.

    Returns
    -------
    array, same shape and dtype

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes. The
    message contains the word ``x``.

    >>> shift(np.array([[[[1.0], [2.0], [3.0]]]]), 0, 1).ravel()
    array([0., 1., 2.])
    """
    ### BEGIN SOLUTION
    height, width = x.shape[1:3]
    frame = np.pad(x, ((0, 0), (abs(dy), abs(dy)), (abs(dx), abs(dx)), (0, 0)))
    top, left = abs(dy) - dy, abs(dx) - dx
    return frame[:, top : top + height, left : left + width]
    ### END SOLUTION


# %% [markdown]
r"""
### Exercise 5: contrast

Each pixel has a distance from the mean of its picture, in its channel. Multiply that distance:

$$\text{out}_{n,i,j,c} = (x_{n,i,j,c} - m_{n,c}) \cdot f + m_{n,c} \qquad
m_{n,c} = \text{mean of channel } c \text{ of picture } n$$

**Examples by hand.** $f = 1$ does nothing. $f = 0$ gives a picture of one single color.
"""

# %% guess
guess("doubled_contrast")

# %% [markdown]
r"""
Numbers below 0 and above 1 stay as they are: what is cut off here cannot come back in the next
step, and they do no harm in a network.

Again this is exactly what Keras computes.
"""


# %% exercise="adjust_contrast"
def adjust_contrast(x, factor):
    """Every channel of every picture stretched around its own mean.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        It stays unchanged.
    factor : float
        0 leaves only the mean, 1 everything as it is; nothing is clipped.

    Returns
    -------
    array, same shape

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes. The
    message contains the word ``x``.

    >>> adjust_contrast(np.array([[[[1.0], [3.0]]]]), 2).ravel()
    array([0., 4.])
    """
    ### BEGIN SOLUTION
    mean = x.mean(axis=(1, 2), keepdims=True)
    return (x - mean) * factor + mean
    ### END SOLUTION


# %%
if ready(hflip) and ready(shift) and ready(adjust_contrast):
    one = pictures[[2]]
    shown = {
        "as it is": one,
        "mirrored": hflip(one),
        "4 down, 6 left": shift(one, 4, -6),
        "contrast × 0.4": adjust_contrast(one, 0.4),
        "contrast × 1.6": adjust_contrast(one, 1.6),
    }
    figures.photos(
        *(np.clip(batch[0], 0, 1) for batch in shown.values()),
        titles=list(shown),
        alt="One photograph five times: as it is, mirrored, moved so that black comes in above and "
        "on the right, pale, and hard.",
    ).show()

# %% [markdown]
r"""
## 4. Turning and zooming: ask where it comes from

Turning a picture by 30 degrees sounds simple: for every pixel compute its new place, and put it
there. Here is the result.
"""

# %%
cat = photo("chelsea", size=64)[None] / 255
figures.photos(
    scattered(cat, 30, 1.0)[0],
    scattered(cat, 0, 1.5)[0],
    titles=["turned by 30°, pixel by pixel", "enlarged by 1.5, pixel by pixel"],
    alt="A cat's face turned, full of small black holes; and enlarged, with a regular lattice of "
    "black lines.",
).show()

# %% guess
guess("why_holes")

# %% [markdown]
r"""
The solution is to **go backward**. For every pixel of the *result*, ask where it comes from.
Then no place is forgotten. This is called *inverse mapping*. It has two parts, one function each:
*where* every pixel comes from, and *what* is there.

**Where does it come from?** The picture turns and grows about its middle, and the middle of rows
$0, 1, \ldots, H-1$ is $(H-1)/2$, not $H/2$. A pixel of the result at row $i$, column $j$ lies

$$y = i - \frac{H-1}{2} \text{ below the middle}, \qquad x = j - \frac{W-1}{2} \text{ to the right
of it.}$$

If the picture was enlarged by $z$ and turned *counter-clockwise* by the angle $\alpha$, then this
pixel comes from the place that lies

$$y' = \frac{\cos\alpha \cdot y + \sin\alpha \cdot x}{z} \text{ below}, \qquad
x' = \frac{\cos\alpha \cdot x - \sin\alpha \cdot y}{z} \text{ to the right.}$$

(The signs of the sine may look wrong to you. Two things reverse them: rows count downwards, and
we go backward.)
"""

# %% guess
guess("quarter_turn")

# %% [markdown]
r"""
### Exercise 6: where does it come from?
"""


# %% exercise="inverse_map"
def inverse_map(size, degrees, zoom):
    """Where each pixel of a turned and enlarged picture comes from.

    Parameters
    ----------
    size : (H, W)
        Rows and columns of the picture, and of the result.
    degrees : float
        Counter-clockwise, about the middle.
    zoom : float
        Above 1 enlarges, below 1 makes smaller.

    Returns
    -------
    (rows, columns) : two arrays of shape (H, W), float64
        For each pixel of the result its place in the picture: rarely whole numbers, and some lie
        outside.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``zoom`` is not above 0. The message
    contains the word ``zoom``.

    >>> rows, columns = inverse_map((1, 3), 0, 2)
    >>> rows, columns
    (array([[0., 0., 0.]]), array([[0.5, 1. , 1.5]]))
    """
    ### BEGIN SOLUTION
    height, width = size
    down = np.arange(height)[:, None] - (height - 1) / 2
    right = np.arange(width) - (width - 1) / 2
    cos, sin = np.cos(np.radians(degrees)) / zoom, np.sin(np.radians(degrees)) / zoom
    return (
        cos * down + sin * right + (height - 1) / 2,
        cos * right - sin * down + (width - 1) / 2,
    )
    ### END SOLUTION


# %% [markdown]
r"""
**Between the pixels.** The place is rarely exactly a pixel. It lies between four. Take all four,
and give a nearer one more weight: **bilinear** interpolation. With $(r, s)$ the place, $a =
\lfloor r \rfloor$, $b = \lfloor s \rfloor$, $p = r - a$ and $q = s - b$:

$$(1-p)(1-q)\, x_{a,b} + (1-p)\,q\, x_{a,b+1} + p\,(1-q)\, x_{a+1,b} + p\,q\, x_{a+1,b+1}$$

**Outside** of the picture everything is 0. So at half a pixel beyond the edge, the pixel at the
edge still counts by half: only those of the four neighbors that lie outside are 0.
"""

# %% guess
guess("between_four_pixels")

# %% [markdown]
r"""
### Exercise 7: read between the pixels
"""


# %% exercise="bilinear"
def bilinear(x, rows, columns):
    """Pictures read at places between their pixels.

    Parameters
    ----------
    x : array, shape (N, H, W, C), float
        It stays unchanged.
    rows, columns : arrays of shape (h, w), float
        The places, the same in all pictures. They may lie anywhere, far outside too.

    Returns
    -------
    array, shape (N, h, w, C), the dtype of ``x``
        Bilinear between the pixels; outside of the picture everything is 0.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes (its
    message contains the word ``x``), or ``rows`` and ``columns`` differ in shape (the word
    ``rows`` or ``columns``).

    >>> x = np.array([[[[10.0], [20.0]]]])
    >>> bilinear(x, np.array([[0.0, 0.0]]), np.array([[0.25, 1.5]])).ravel()
    array([12.5, 10. ])
    """
    ### BEGIN SOLUTION
    height, width = x.shape[1:3]
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    frame = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # zeros for all that lies outside
    out = np.zeros((len(x), *rows.shape, x.shape[3]), x.dtype)
    for i, j in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        share = (1 - np.abs(rows - i)) * (1 - np.abs(columns - j))
        picked = frame[:, np.clip(i, -1, height) + 1, np.clip(j, -1, width) + 1]
        out += share[:, :, None].astype(x.dtype) * picked
    return out
    ### END SOLUTION


# %% [markdown]
r"""
The two functions are useful alone, too: whoever makes places in another way bends pictures in
another way. Here every row is read a little further to the left or to the right, in a wave.
"""

# %%
if ready(bilinear):
    rows, columns = np.meshgrid(np.arange(64.0), np.arange(64.0), indexing="ij")
    waves = bilinear(cat, rows, columns + 4 * np.sin(rows / 5))
    figures.photos(
        cat[0],
        waves[0],
        titles=["picture", "read along a wave"],
        alt="Left: a cat's face. Right: the same face, bent from side to side like a flag.",
    ).show()

# %% [markdown]
r"""
### Exercise 8: turn and zoom

Put the two together.
"""


# %% exercise="affine"
def affine(x, degrees, zoom):
    """Every picture turned and enlarged about its middle, by inverse mapping.

    Parameters
    ----------
    x : array, shape (N, H, W, C), float
        It stays unchanged.
    degrees : float
        Counter-clockwise.
    zoom : float
        Above 1 enlarges, below 1 makes smaller.

    Returns
    -------
    array, same shape and dtype
        Bilinear between the pixels; outside of the picture everything is 0.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes, or
    ``zoom`` is not above 0. The message contains the argument's name.

    >>> affine(np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]]), 90, 1)[0, :, :, 0].round(6)
    array([[2., 4.],
           [1., 3.]])
    """
    ### BEGIN SOLUTION
    return bilinear(x, *inverse_map(x.shape[1:3], degrees, zoom))
    ### END SOLUTION


# %% [markdown]
r"""
**What is this checked against?** Keras has layers and a function, `affine_transform`, that do the
same. But they compute the *places* in float32, and are accurate to five or six digits only. So
your check takes the places from the inverse of a matrix, in full precision, and lets another
function of Keras, `map_coordinates`, read between the pixels. How far are Keras's own layers from
that?
"""

# %%
if ready(affine):
    turn = keras.layers.RandomRotation((30 / 360, 30 / 360), fill_mode="constant")
    zoom = keras.layers.RandomZoom((-0.2, -0.2), fill_mode="constant")
    cat = cat.astype(np.float32)
    shown = {
        "turned by 30°": affine(cat, 30, 1.0),
        "enlarged by 1.25": affine(cat, 0, 1.25),
        "both": affine(cat, 30, 1.25),
    }
    for name, layer in {"turned by 30°": turn, "enlarged by 1.25": zoom}.items():
        apart = np.abs(shown[name] - np.asarray(layer(cat, training=True))).max()
        print(f"{name}: you and Keras differ by {apart:.1e} at most")
    figures.photos(
        *(batch[0] for batch in shown.values()),
        titles=list(shown),
        alt="A cat's face: turned, with black corners; enlarged; both. No holes.",
    ).show()

# %% [markdown]
r"""
No holes. Did you notice Keras's units? Its rotation takes *shares of a whole turn*: 30/360, not
30 degrees. And its zoom of −0.2 **enlarges**: it means that a fifth less of the picture is
visible, so everything becomes 1/0.8 = 1.25 times as large.
"""

# %% [markdown]
r"""
## 5. New random numbers, for every picture, every time

Now chance comes in. `augment_batch` gets a batch and a generator, and varies **each picture in its
own way**:

| change | drawn from |
|---|---|
| mirrored | yes or no, one half each |
| shifted down and to the right | each up to ±10 % of the height or width, in whole pixels |
| turned | −15° … 15° |
| contrast | a factor from 0.8 to 1.2 |

**Three questions before you begin.**

<details><summary>The labels: what happens to them?</summary>

Nothing. That is the point of it all.

</details>

<details><summary>One draw for the whole batch, or one for each picture?</summary>

One for each. Otherwise a whole step of the training sees only pictures that lean to the left.

</details>

<details><summary>You call the function twice with the same pictures. Should the same come
out?</summary>

No: the network should never see the same picture twice. But with a generator made from the same
seed, yes: an experiment must be repeatable. So everything is drawn from `rng`, nothing from
anywhere else.

</details>
"""

# %% [markdown]
r"""
### Exercise 9: a varied batch
"""


# %% exercise="augment_batch"
def augment_batch(x, y, rng):
    """Every picture varied in its own way, as the table says.

    Parameters
    ----------
    x : array, shape (N, H, W, C), float
        Pictures; they stay unchanged.
    y : array, shape (N,)
        Their labels.
    rng : numpy.random.Generator
        Everything is drawn from it: ``rng.random()``, ``rng.uniform(low, high)``, …

    Returns
    -------
    (x, y)
        The varied pictures, of the same shape and dtype, and a label for each of them.
    """
    ### BEGIN SOLUTION
    height, width = x.shape[1:3]
    varied = []
    for n in range(len(x)):
        picture = x[n : n + 1]
        if rng.random() < 0.5:
            picture = hflip(picture)
        dy, dx = (round(size * rng.uniform(-0.1, 0.1)) for size in (height, width))
        picture = affine(shift(picture, dy, dx), rng.uniform(-15, 15), 1)
        varied.append(adjust_contrast(picture, rng.uniform(0.8, 1.2)))
    return np.concatenate(varied), y
    ### END SOLUTION


# %% [markdown]
r"""
How can a check judge a function that does something different each time? With pictures from which
every change can be read back, such as the ones below: three soft spots show how a picture was
mirrored, moved and turned, and their brightness shows the contrast. From some hundred of them
your check sees whether about half are mirrored, and whether the shifts fill their range. A right
function fails such a test less than once in 100,000 times.
"""

# %%
if ready(augment_batch):
    from cnnlab.course.ops.blobs import pictures as spots
    from cnnlab.course.ops.blobs import recover

    plain = spots(5, 32, 32)
    varied, _ = augment_batch(plain, np.arange(5), np.random.default_rng(3))
    read = recover(varied, 5)
    titles = [
        f"{'mirrored, ' if m else ''}{d:+.0f}°"
        for m, d in zip(read.mirrored, read.degrees, strict=True)
    ]
    figures.photos(
        *np.clip(1.5 * varied, 0, 1),
        titles=titles,
        alt="Five gray pictures, each with a red, a green "
        "and a blue spot in other places; above each how it was mirrored and turned.",
    ).show()

# %% [markdown]
r"""
And this is how a network sees the same cat in six epochs:
"""

# %%
if ready(augment_batch):
    rng = np.random.default_rng(0)
    six = [augment_batch(pictures[[2]], labels[[2]], rng)[0][0] for _ in range(6)]
    figures.photos(
        *np.clip(six, 0, 1),
        alt="The same cat six times, each time a little different: mirrored or not, moved, turned, "
        "with black edges, paler or harder.",
    ).show()

# %% [markdown]
r"""
### Play with it

Twelve fresh variants of one picture, made by *your* functions. Set how strong each change may be,
and mark every variant of which the label is no longer true. Try to find out:

- The cat survives a lot. How far can you go until *you* would not recognize it any more?
- The six and the arrow: which of the five changes make their labels false?
- Which changes would you allow for photographs of the sky, of handwriting, of X-rays?
"""

# %%
demo(hflip, shift, adjust_contrast, affine)

# %% [markdown]
r"""
## 6. In Keras

Keras has layers for all this. They are part of a model like any other layer. But like dropout
they have two ways to work: **in training they draw new random numbers at every call; otherwise
they pass the picture on as it is.** Which of the two it is, the argument `training` decides.
`fit` sets it to True, `predict` and `evaluate` set it to False. If it is not set, there is a
trap; we come to it below.

| layer | its number |
|---|---|
| `RandomFlip(mode)` | `"horizontal"`, `"vertical"`; without one **both at once**: half a turn |
| `RandomTranslation(height_factor, width_factor)` | shares of the sides |
| `RandomRotation(factor)` | a share of a **whole turn** |
| `RandomZoom(height_factor)` | a share; below 0 enlarges |
| `RandomContrast(factor)` | a share, see below |

All of them are in `keras.layers`.
"""

# %% guess
guess("keras_and_fifteen")

# %%
try:
    keras.layers.RandomRotation(15)
except ValueError as refusal:
    print(refusal)

# %% [markdown]
r"""
Nobody wants 15 whole turns. But do not rely on it. This version of Keras checks a single number
only. Write a pair, from −15 to 15, and nothing is refused: your pictures are then turned by *any*
angle, upside down too. A network that must also learn upside-down cats has a harder task.

(Something else that you should know: in Keras 3.15, `RandomContrast(0.2)` draws factors from 1.0
to 1.2, so contrast only ever rises. For both directions give it a pair, `(0.2, 0.2)`. When you
use a random layer for the first time, look at what it does.)
"""

# %%
for given in (0.2, (0.2, 0.2)):
    layer = keras.layers.RandomContrast(given, value_range=(-10, 10), seed=0)
    black_white = np.tile(np.float32([0, 1]).reshape(1, 1, 2, 1), (500, 1, 1, 1))
    out = np.asarray(layer(black_white, training=True))
    drawn = (out[:, 0, 1] - out[:, 0, 0]).ravel()
    print(f"RandomContrast({given!s:10}): factors from {drawn.min():.2f} to {drawn.max():.2f}")

# %% [markdown]
r"""
<details><summary>Why must the layers be idle when the network is tested?</summary>

Because then we want to know what it says about *this* picture, and not about a turned one with
black corners. And its answers would change from call to call.

</details>
"""

# %% [markdown]
r"""
### Exercise 10: a network that varies its own pictures
"""


# %% exercise="build_augmented_cnn"
def build_augmented_cnn(input_shape):
    """The network of chapter 6 behind Keras layers that vary its pictures in training alone.

    Mirrored left to right (one half), moved by up to a tenth of the height and of the width,
    turned by up to 15 degrees. What comes in at the edges is up to you.

    Parameters
    ----------
    input_shape : (H, W, C)
        At least 16 × 16.

    Returns
    -------
    keras.Model
        Not compiled. Without training it is ``build_cnn(input_shape)`` and nothing else.
    """
    ### BEGIN SOLUTION
    varying = [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomTranslation(0.1, 0.1),
        keras.layers.RandomRotation(15 / 360),
    ]
    network = build_cnn(input_shape)
    return keras.Sequential([keras.Input(input_shape), *varying, *network.layers])
    ### END SOLUTION


# %% [markdown]
r"""
What does the first convolution of your model see? The same picture five times, in training and at
test:
"""

# %%
if ready(build_augmented_cnn):
    model = build_augmented_cnn((32, 32, 3))
    five = np.repeat(pictures[[3]], 5, axis=0)
    for training in (True, False):
        seen = five
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                break
            seen = layer(seen, training=training)
        figures.photos(
            *np.clip(seen, 0, 1),
            titles=["in training" if training else "at test"] * 5,
            alt="The same dog five times: "
            + ("each time a little different." if training else "five times the same."),
        ).show()

# %% [markdown]
r"""
Keras's layers fill the edges with a mirror image unless you say otherwise; your functions fill
them with zeros. Both work.

**Here is the trap.** There are three ways to ask a Keras model. Ask an untrained one twice about
the same pictures.
"""

# %% guess
guess("call_that_varies")

# %%
if ready(build_augmented_cnn):
    asked = {
        "model.predict(x)": lambda x: model.predict(x, verbose=0),
        "model(x, training=False)": lambda x: np.asarray(model(x, training=False)),
        "model(x)": lambda x: np.asarray(model(x)),
    }
    for name, ask in asked.items():
        first, second = ask(pictures[:50]), ask(pictures[:50])
        print(f"{name:26} {'the same twice' if np.allclose(first, second) else 'not the same!'}")

# %% [markdown]
r"""
`predict`, `evaluate` and `fit` set `training`. A plain call `model(x)` does not, and then each
kind of layer uses its own default. `Dropout` and `BatchNormalization` have the default
`training=False`, so in chapter 7 a plain call left dropout off. The random layers of this version
of Keras have the default `training=True`, so here a plain call *does* vary the pictures. Two
defaults in one model are hard to remember. So write `training=False` or `training=True` whenever
you call a model yourself.
"""

# %% [markdown]
r"""
## 7. What is it worth?
"""

# %% guess
guess("worth_of_augmentation")

# %% [markdown]
r"""
Here are the recorded runs of the same network, side by side: dropout alone, and dropout with
augmentation. Everything else is equal: the same pictures, the same number of steps, the same
batches, the same starting weights, several seeds each.

**Which augmentation?** Not your `augment_batch`, and not quite your network either. The runs were
recorded with Keras's layers, and with the changes that had worked best in trials: mirroring, shifts
of up to an eighth of the sides, a contrast that only rises, and no turning. What came in at the
edges was a mirror image.
"""

# %%
curves.training(histories, ["dropout", "both"]).show()
settings = histories["both"][0].about["settings"]
print({name: settings[name] for name in ("pictures", "epochs", "batch", "augmentation")})

# %% [markdown]
r"""
How like are the three? The soft spots of section 5 tell. Each of the three varies the same 144
pictures, and what it did is read back: the smallest and the largest number of each kind.
"""

# %%
if ready(augment_batch) and ready(build_augmented_cnn):
    from cnnlab.course.networks.cnn import augmentation_layers
    from cnnlab.course.ops.blobs import pictures as spots
    from cnnlab.course.ops.blobs import recover

    def varied_by(layers, x):
        for layer in layers:
            x = layer(x, training=True)
        return np.asarray(x)

    plain = spots(144, 32, 32)
    random_layers = [
        layer
        for layer in build_augmented_cnn((32, 32, 3)).layers
        if type(layer).__name__.startswith("Random")
    ]
    recorded_layers = augmentation_layers(**settings["augmentation"], seed=0)
    for name, varied in {
        "your augment_batch": augment_batch(plain, np.arange(144), np.random.default_rng(0))[0],
        "your network": varied_by(random_layers, plain),
        "the recorded runs": varied_by(recorded_layers, plain),
    }.items():
        if (read := recover(varied, 144)) is None:
            continue
        print(f"{name}: mirrored {read.mirrored.mean():.0%}")
        for what in ("down", "right", "degrees", "contrast"):
            values = getattr(read, what)
            print(f"   {what:8} {values.min():+5.1f} … {values.max():+5.1f}")

# %% [markdown]
r"""
All three mirror about half of the pictures, and shift them by a few pixels to every side. Only your
function and your network turn them, and only your function lowers the contrast. So the table below
does not measure *your* augmentation, but one of its kind. With `LIVE = True` at the end of this
section you can measure your own network.

Look at the dashed curves first. *With* augmentation the network does worse in training: the same
picture never comes twice, so there is less to memorize. And on new pictures it does better. You
see it best in the loss. Without augmentation it soon turns and rises; with it, it falls for much
longer and hardly rises at all. How many times as large as its minimum is it in the end?
"""

# %%
for condition, runs in histories.items():
    rises = [run.val_loss[-1] / run.val_loss.min() for run in runs]
    print(f"{condition:13}", "   ".join(f"{rise:4.1f} times" for rise in rises))

# %% [markdown]
r"""
And here is what it is worth in accuracy, each number the mean over the seeds and their spread:
"""

# %%
Markdown(headline_table(histories))

# %%
for before, after in (("dropout", "both"), ("plain", "augmentation")):
    for one, other in zip(histories[before], histories[after], strict=True):
        points = 100 * (other.val_accuracy[-1] - one.val_accuracy[-1])
        print(f"from {before} to {after}, seed {one.seed}: {points:+.1f} points")
points = gain(histories)
print(f"The mean with dropout: {points.final.mean:+.1f} ± {points.final.std:.1f} points, ", end="")
print(f"and {points.test.mean:+.1f} ± {points.test.std:.1f} on the test pictures")

# %% [markdown]
r"""
How good was your guess? Look at the seeds, one by one. Every pair of runs says that augmentation
helps, and no two agree on how much. Had you trained each network only once, you could have reported
nearly any of these numbers. That is why a result needs several seeds, and its spread beside it.

(The best epoch was chosen with the same pictures on which it is measured, so that column is too
good, as chapter 6 showed. The last epoch and the test are not.)

### And on photographs?

32 × 32 pixels leave little to vary: the smallest shift is three percent of a side. Larger
pictures can be varied in finer steps, and show more.
"""

# %% guess
guess("gain_on_photographs")

# %% [markdown]
r"""
The next cell shows the same comparison on photographs of 64 × 64 pixels, if it has been recorded.
The photographs themselves may not be redistributed; their curves may.
"""

# %%
if "photographs64" in recorded_experiments():
    photographs = load_histories("photographs64")
    curves.training(photographs, ["dropout", "both"]).show()
    used = photographs["both"][0].about["settings"]
    print({name: used[name] for name in ("pictures", "epochs", "batch", "augmentation")})
    display(Markdown(headline_table(photographs)))
    for pixels, runs in ((32, histories), (64, photographs)):
        points = gain(runs).final
        print(
            f"{pixels} × {pixels}: {points.mean:+.1f} ± {points.std:.1f} points in the last epoch"
        )
else:
    print(
        "Not recorded here. `cnnlab data cats-dogs` fetches the photographs; then, in some hours:"
    )
    print("python -m cnnlab.course.training.experiments run --data photographs --size 64 \\")
    print("    --epochs 60 --shift 0.1 --degrees 18 --zoom 0.15 --contrast 0")

# %% [markdown]
r"""
> **Where the article is too quick: 73 % → 81 %.** It reports these two numbers, from one run
> each, for training without and with augmentation. But its code gives the second network more. An
> epoch has 100 steps in both; with batches of 32 in place of 20 the second network sees 1.6 times
> as many pictures per epoch. And it gets 50 epochs in the figure in place of 20: 160,000 pictures
> against 40,000, four times as many. What came from the variation, and what from the longer
> training? One cannot tell. Its photographs are also larger, with more in them to vary. In our
> table the budget is the same, and you can see how much of a difference is luck.

> **And: invariance.** The article says that augmentation "made the model transformation
> invariant": it would then say the same about a picture and its mirror image. Augmentation
> encourages that. It does not guarantee it. See for yourself: the network of chapter 4 was
> trained with mirrored pictures, and with shifts of up to three pixels.
"""

# %% guess
guess("verdicts_that_change")

# %%
if ready(hflip) and ready(shift) and ready(affine):
    weights = load_network().weights
    test = cats_dogs.test.x / np.float32(255)
    verdict = predict(test, weights)[:, 0] > 0.5
    changes = {
        "mirrored": hflip(test),
        "shifted by 2 pixels": shift(test, 2, -2),
        "turned by 10 degrees": affine(test, 10, 1),
    }
    for name, changed in changes.items():
        other = predict(changed, weights)[:, 0] > 0.5
        print(f"{name:21} another verdict about {np.mean(other != verdict):.0%} of the pictures")

# %% [markdown]
r"""
It has learned to *react less*. But a picture and its mirror image are two different arrays of
numbers, and nothing in the network forces it to treat them alike. (Can you think of a use for
that? Ask the network about both and take the mean. That is called test-time augmentation.)

> **And: 100,000 pictures.** You may read, in the article and elsewhere, that a deep network needs
> so many. There is no such number. How many are needed depends on the task, on what the network
> has learned before, and on what you do to keep it from memorizing. This one learned from 2,000,
> not brilliantly, but far better than tossing a coin. A network that was trained on other
> pictures before needs fewer still: chapter 9.
>
> **And: fifty times, no exceptions, no noise.** The article says that augmentation can make a
> training set even 50 times as large, that every deep network for images uses it, without
> exception, and that adding noise does not help.
>
> - *Fifty times.* Fifty epochs show fifty variants of each picture, so the number is easily
>   reached. But variants are not new pictures: a variant adds no breed, no room and no light that
>   is not in its original. In our table all of them together are worth some points.
> - *No exceptions.* Most do. But which changes are allowed depends on the task, as the mirrored
>   *b* has shown. Where the training set is enormous, some networks use almost none.
> - *No noise.* A little noise on the pixels can help: it makes a network less sensitive to noise
>   (C. Bishop showed in 1995 that training with a little noise acts like a regularization). It
>   teaches nothing about mirrored or moved cats. Dropout, too, is noise, on the maps in place of
>   the pixels.

### Train it yourself

With `LIVE = True` the next cell trains *your* model for eight epochs, or fewer, so that it ends
within three minutes. In the first epochs you may see 50 %: it has found nothing yet. Then the
stars should come near the recorded curve, more likely a little below it: your pictures are also
turned, as you have seen, so they are harder to learn from.

With `REPEAT = True` the first recorded run with augmentation is started again, for the same time.
Its circles must land on the crosses, which are recorded.
"""

# %%
LIVE = REPEAT = False
EPOCHS, SECONDS = 8, 150
reached = {}
if LIVE and ready(build_augmented_cnn):
    keras.utils.set_random_seed(1)
    mine = compile_cnn(build_augmented_cnn((32, 32, 3)), settings["rate"])
    budget = Settings(epochs=EPOCHS, batch=settings["batch"], rate=settings["rate"])
    reached["*"] = []
    for epoch in within(SECONDS, train(cats_dogs, mine, seed=1, settings=budget)):
        reached["*"].append(epoch.val_accuracy)
        print(f"epoch {len(reached['*'])}: {epoch.val_accuracy:.1%} of new pictures")
if REPEAT:
    reached["x"] = histories["both"][0].val_accuracy[:EPOCHS]
    repeated = []
    for point in live_run("both", histories["both"][0].seed, EPOCHS, SECONDS):
        repeated.append(point.live.val_accuracy)
        print(f"epoch {point.number}: {point.live.val_accuracy:.1%} of new pictures, ", end="")
        print(f"recorded {point.recorded.val_accuracy:.1%}")
    reached["o"] = repeated
if reached:
    shown = curves.training(histories, ["dropout", "both"])
    for mark, values in reached.items():
        epochs = range(1, len(values) + 1)
        shown.figure.axes[1].plot(epochs, values, mark, color="black", fillstyle="none")
    shown.show()

# %% [markdown]
r"""
## 8. If you like: whitening

Back to the beginning, to what is done to pictures before they are used. These two exercises are
optional, and nothing that follows needs them.

Neighboring pixels are nearly equal. So most of what a patch of 8 × 8 pixels says, it says many
times. **Whitening** removes that: afterward no two pixels are correlated, and all vary equally
much.

Think of a patch as a point with 64 coordinates. A cloud of such points is long in some directions
and flat in others. Whitening turns the cloud so that these directions lie along the axes, stretches
or shrinks each to length 1, **and turns it back**. With the patches $X$, one in each row:

$$\bar X = X - \text{mean of each column} \qquad \Sigma = \tfrac1n \bar X^\top \bar X$$

$\Sigma$ is the **covariance matrix**. In its row $i$ and column $j$ stands how pixels $i$ and $j$
vary together: the mean product of their distances from their means. It is large where both tend to
be bright in the same patches, and 0 where they are not correlated.

**An example by hand.** Two patches of two pixels, $(1, 10)$ and $(3, 30)$. The means are 2 and 20,
the distances $\mp1$ and $\mp10$. So $\Sigma$ holds 1 and 100 on its diagonal, the two variances,
and 10 beside it.
"""

# %% [markdown]
r"""
### Exercise 11 (optional): how pixels vary together
"""


# %% exercise="covariance"
def covariance(patches):
    """How much every two pixels of patches vary together.

    Parameters
    ----------
    patches : array, shape (n, d)
        One patch of d pixels in each row. It stays unchanged.

    Returns
    -------
    array, shape (d, d)
        A mean over the n patches, divided by n and not by n − 1.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``patches`` does not have two axes. The
    message contains the word ``patches``.

    >>> covariance(np.array([[1.0, 10.0], [3.0, 30.0]]))
    array([[  1.,  10.],
           [ 10., 100.]])
    """
    ### BEGIN SOLUTION
    centered = patches - patches.mean(axis=0)
    return centered.T @ centered / len(centered)
    ### END SOLUTION


# %% [markdown]
r"""
### Exercise 12 (optional): whiten

A covariance matrix is symmetric, so it can be taken apart into directions and lengths:

$$\Sigma = U\, \text{diag}(s)\, U^\top$$

$$\text{ZCA}(X) = \bar X\; U\, \text{diag}\!\left(\frac{1}{\sqrt{s + \varepsilon}}\right) U^\top$$

The columns of $U$ are the directions (`np.linalg.eigh` finds them), $s$ the variances along them.
Some of these are nearly 0: a small $\varepsilon$ keeps noise from being amplified. Without the
last $U^\top$ the numbers would be just as white, but no longer a picture.

**An example by hand.** Points $(\pm1, \pm3)$, all four, and $\varepsilon = 0$. The two coordinates
are not correlated. What comes out? Answer: $(\pm1, \pm1)$: each is divided by its own spread.
"""


# %% exercise="zca_whiten"
def zca_whiten(patches, eps):
    """Patches whose pixels are not correlated, and that are changed as little as possible.

    Parameters
    ----------
    patches : array, shape (n, d)
        One patch of d pixels in each row. It stays unchanged.
    eps : float
        Is added to every variance before its root is taken.

    Returns
    -------
    array, shape (n, d)
        Each column has mean 0.

    >>> zca_whiten(np.array([[1.0, 3.0], [-1.0, 3.0], [1.0, -3.0], [-1.0, -3.0]]), 0).round(6)
    array([[ 1.,  1.],
           [-1.,  1.],
           [ 1., -1.],
           [-1., -1.]])
    """
    ### BEGIN SOLUTION
    centered = patches - patches.mean(axis=0)
    variances, directions = np.linalg.eigh(covariance(patches))
    scale = 1 / np.sqrt(variances + eps)
    return centered @ (directions * scale) @ directions.T
    ### END SOLUTION


# %% [markdown]
r"""
No library that the course uses has this function, so your check compares with Keras's singular
values, and looks at what must be true of any whitening: the variances in all directions, and that
nothing was turned. Here are patches of our cats and dogs, before and after.
"""

# %%
if ready(zca_whiten):
    patches = cut_patches(pictures[:500], side=8, count=4000, rng=np.random.default_rng(0))
    white = zca_whiten(patches, 1e-4)
    busy = np.argsort(-patches.std(axis=1))[100:1600:300]
    for name, p in {"before": patches, "after": 0.5 + white / 12}.items():
        figures.photos(
            *np.clip(p[busy], 0, 1).reshape(-1, 8, 8),
            titles=[name] * 5,
            shades="gray",
            alt="Five gray patches of 8 by 8 pixels, soft."
            if name == "before"
            else "The same five whitened: single pixels and thin edges stand out on plain gray.",
        ).show()
        together = np.corrcoef(p, rowvar=False)
        print(f"correlation of a middle pixel with its neighbor: {together[27, 28]:.2f}")

# %% [markdown]
r"""
What a pixel has in common with its neighbors is gone, or nearly: a larger $\varepsilon$ would
leave more of it. What is left are edges, and the grain of the photograph.

> **Where the article is too quick: whitening.** It counts whitening among the usual preparations.
> For convolutional networks it is rarely used: the covariance of whole photographs of
> 150 × 150 × 3 pixels is a matrix of 67,500 × 67,500 numbers, and the first layer of a network
> learns to look for edges anyway. Mean and standard deviation do nearly all the good.
"""

# %% [markdown]
r"""
## 9. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: a shift

Chelsea, moved down and to the right. **Where does the left border of this picture come from?**
"""

# %%
broken_shift = box("shift")
chelsea = photo("chelsea", size=64, gray=True)
figures.photos(
    chelsea,
    broken_shift(chelsea[None, :, :, None], 10, 20)[0, :, :, 0],
    titles=["picture", "moved by the box"],
    alt="Left: the cat. Right: the cat moved down and right. What left the frame is on the other "
    "side.",
).show()

# %%
broken_shift


# %% exercise="expose_shift"
def expose_shift():
    """Name the mistake in ``broken_shift``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, dy, dx)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 4 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "wraps-around", (np.array([0.0, 1.0]).reshape(1, 1, 2, 1), 0, 2)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: contrast

The second box gives Chelsea half the contrast. She has less contrast, and something else.
**What?**
"""

# %%
broken_adjust_contrast = box("adjust_contrast")
figures.photos(
    chelsea,
    broken_adjust_contrast(chelsea[None, :, :, None], 0.5)[0, :, :, 0],
    titles=["picture", "half the contrast"],
    shades="gray",
    alt="Left: the cat. Right: nearly all of it black, with some dark gray fur.",
).show()

# %%
broken_adjust_contrast


# %% exercise="expose_adjust_contrast"
def expose_adjust_contrast():
    """Name the mistake in ``broken_adjust_contrast``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, factor)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "mean-not-added-back", (np.full((1, 1, 1, 1), 0.5), 1.0)
    ### END SOLUTION


# %% [markdown]
r"""
## 10. What you have built

- `fit_standardizer`, `standardize`: mean 0, standard deviation 1, by the numbers of the training
  pictures.
- `hflip`, `shift`, `adjust_contrast`, `affine`: changes that leave a cat a cat. The last is made of
  `inverse_map` and `bilinear`.
- `augment_batch`: a fresh variant of every picture, every time.
- `build_augmented_cnn`: a network that does it by itself, in training alone.
- `covariance`, `zca_whiten`: pixels without correlation to their neighbors, if you like.

### Questions

Think first, then open the answer.

<details><summary>You want to recognize handwritten digits. Which changes are allowed?</summary>

Small shifts, small turns, contrast. Not mirroring: a mirrored 2 is not a digit. Not half a turn:
it turns a 6 into a 9.

</details>

<details><summary>Augmentation made accuracy in training lower. Is that bad?</summary>

No. It is measured on varied pictures, which are harder. What counts is what happens with new ones.
If *both* are low and equal, though, the variation is too strong or the network too small: it does
not learn enough.

</details>

<details><summary>Why not make ten variants of each picture once, and store them?</summary>

You could, but then there would be only ten. With new random numbers each time, fifty epochs show
fifty variants, and nothing has to be stored.

</details>

<details><summary>Why are the validation pictures not varied?</summary>

They stand for pictures that will come, and those come as they are. A varied measure would be noisy,
and too low.

</details>

<details><summary>You standardize with the statistics of all pictures, test included. What is wrong
with it?</summary>

The test pictures have then told you something before the test began: a small leak, but a leak.
They must not take part in anything that is fitted.

</details>

<details><summary>Ten thousand variants of 2,000 cats and dogs. Is that as good as ten thousand
photographs?</summary>

No. All variants show the same animals in the same places. No variation adds what no picture
shows: another breed, another room, another light.

</details>

### Next

Augmentation gets a lot out of few pictures. [Chapter 9](../ch09_vgg/ch09_vgg.ipynb) goes the
other way: a network that has seen more than a million of them, and knows a lot before it meets
your first cat.

### Read on

- P. Y. Simard, D. Steinkraus, J. C. Platt, *Best Practices for Convolutional Neural Networks
  Applied to Visual Document Analysis*, ICDAR 2003: more pictures from the same ones, early.
- C. Shorten, T. M. Khoshgoftaar, *A Survey on Image Data Augmentation for Deep Learning*, Journal
  of Big Data 6, 2019.
- E. D. Cubuk, B. Zoph, J. Shlens, Q. V. Le, *RandAugment: Practical Automated Data Augmentation
  with a Reduced Search Space*, 2019, [arXiv:1909.13719](https://arxiv.org/abs/1909.13719): a
  short recipe that is widely used.
- A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, University of Toronto,
  2009: where the course's pictures come from, and ZCA whitening.
- C. M. Bishop, *Training with Noise is Equivalent to Tikhonov Regularization*, Neural Computation
  7, 1995.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
