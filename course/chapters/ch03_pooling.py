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
# Chapter 3: Pooling

A feature map says for every single pixel how strongly the kernel answers there. Does anybody need
to know it so exactly?

In this chapter you make maps smaller without a single weight. You write three short functions
that do it in three ways. A fourth function then predicts the shapes of a whole network before
anything is computed.

You need chapter 1 and about an hour and a half. From chapter 2 you need two formulas, and they
are given below. Stuck? `hint(max_pool2d)` gives one hint at a time, `solution(max_pool2d)` shows
one way to do it.

Run the next three cells first.
"""

# %% setup=true
import math

import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures, ops
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch03_pooling import demo
from cnnlab.course.figures import diagrams, pooling_windows, volumes
from cnnlab.course.guesses import guess
from cnnlab.datasets.load import photo

start("ch03_pooling")

# %% [markdown]
r"""
From chapter 2: in how many places can a window stand, and how wide is the frame? Use both functions
in your own code as you like; `output_size?` in a cell shows what one of them takes. The third,
`full_layer`, is for the last exercise.
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch03_pooling import full_layer, output_size, same_padding

# %% [markdown]
r"""
Did `check` give your own functions of chapter 2 full marks? Then they run from here on. In a check
the course's stand in, so your points do not depend on it.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

output_size = own(output_size, "ch02")
same_padding = own(same_padding, "ch02")
whose_code()

# %% [markdown]
r"""
## 1. A map says too much

This is Chelsea again, and the map of a kernel that asks "does it get brighter to the right?". A
ReLU has set everything that the kernel did not find to 0.
"""

# %%
cat = photo("chelsea", size=96, gray=True)
right_minus_left = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
edges = ops.relu(ops.correlate2d(cat, right_minus_left))
figures.photos(
    cat,
    edges,
    titles=["Chelsea, 96 × 96", "feature map after ReLU, 94 × 94"],
    alt="Left: a cat's face. Right: on black, bright lines along the sides of her face, nose, "
    "eyes and whiskers.",
).show()
print(f"{edges.size:,} numbers, of which {np.mean(edges == 0):.0%} are 0")

# %% [markdown]
r"""
8,836 numbers. **A question.** You keep one number for each block of 2 × 2, then one for each
block of 4 × 4, then of 8 × 8. How far can you go before the cat is lost?
"""

# %%
blocks = {k: ops.max_pool2d(edges[None, :, :, None], (k, k))[0, :, :, 0] for k in (2, 4, 8)}
figures.photos(
    *blocks.values(),
    titles=[f"{k} × {k}: {m.size:,} numbers" for k, m in blocks.items()],
    alt="The map in ever larger squares: in blocks of 2 the face is all there, in blocks of 4 "
    "eyes and nose are bright places, in blocks of 8 a few bright squares are left.",
).show()

# %% [markdown]
r"""
A quarter of the numbers tells nearly the same story. With a sixteenth you must know that it is a
cat; but two eyes, with a nose between and below them, are still where they belong. It matters
*that* there is an edge at about this place. It rarely matters at which pixel.

Keeping one number for each block is called **pooling**. Which number should it be?
"""

# %% [markdown]
r"""
## 2. Max pooling: is it anywhere in here?

Here is a small map. A window of 2 × 2 walks over it in steps of 2, so the windows lie side by
side. Each has a color of its own.
"""

# %%
small_map = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]])
pooling_windows.picture(small_map, titles=["a map and its windows"]).show()

# %% [markdown]
r"""
**Max pooling** keeps the largest number of each window.
"""

# %% guess
guess("four_largest")

# %%
pooling_windows.picture(
    small_map, take=np.max, titles=["a map and its windows", "largest numbers"]
).show()

# %% [markdown]
r"""
A large number in a feature map means "here it is". So the largest number of a window answers: is it
*anywhere* in here, and how clearly?

The window has a size $(k_h, k_w)$ and moves by strides $(s_h, s_w)$. If no strides are given,
they are equal to the size, and no two windows share a cell. With windows of 2 × 2 that is the
most common pooling of all. For the map $x$ of one picture and one channel,

$$\text{out}_{i,j} = \max_{0 \le a < k_h,\; 0 \le b < k_w} x_{i \cdot s_h + a,\; j \cdot s_w + b}$$

In words: for row $i$, column $j$ of the result go $i$ strides down and $j$ strides to the right;
of all the numbers under the window there, keep the largest.

**And the channels?** Each is pooled by itself, like the pages of a book that all shrink together:
32 × 32 × 10 becomes 16 × 16 × 10. The depth stays.
"""

# %%
volumes.pooling((32, 32, 10)).show()

# %% guess
guess("last_row_and_column")

# %%
odd_map = np.array(
    [
        [2, 0, 1, 3, 0, 1, 9],
        [1, 4, 0, 0, 2, 5, 9],
        [0, 1, 3, 1, 1, 0, 9],
        [2, 2, 0, 6, 0, 1, 9],
        [9, 9, 9, 9, 9, 9, 9],
    ]
)
pooling_windows.picture(
    odd_map, take=np.max, titles=["5 rows, 7 columns", "2 rows, 3 columns"]
).show()

# %% [markdown]
r"""
All those nines are lost. That is `"valid"`, as in chapter 2.

With `"same"` no cell is left out: the windows at the border may stand half outside, on the frame
of chapter 2. But what do they find there?
"""

# %% guess
guess("last_largest")

# %% [markdown]
r"""
In pooling the frame holds *nothing*: only cells of the picture count. You can think of it like
this: a window that hangs over the border is cut off there.

**A trap, before you start.** Many people look for a largest number in the way of the next cell.
"""

# %% guess
guess("largest_from_zero")

# %%
best = 0
for value in [-3, -5]:
    if value > best:
        best = value
print(best)

# %% [markdown]
r"""
### Exercise 1: max pooling
"""


# %% exercise="max_pool2d"
def max_pool2d(x, size=(2, 2), strides=None, padding="valid"):
    """Max pooling of a batch, as in Keras's MaxPooling2D: the largest number of each window.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        N pictures of C channels. Floats, positive or negative, or bytes.
    size : (kh, kw)
        Rows and columns of the window. Not always square.
    strides : (sh, sw) or None
        How far the window moves, down and to the right. None means: by its own size.
    padding : "valid" or "same"
        As in chapter 2. Cells outside the picture take no part.

    Returns
    -------
    array, shape (N, oh, ow, C)
        A new array; ``x`` stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if with ``"valid"`` the window does not
    fit into the picture (its message contains the word ``size``), if a stride is below 1
    (``strides``), or for any other padding (``padding``).

    >>> x = np.array([[[[1.0], [3.0], [-5.0]], [[2.0], [4.0], [-9.0]]]])
    >>> max_pool2d(x).ravel()
    array([4.])
    >>> max_pool2d(x, padding="same").ravel()
    array([ 4., -5.])
    """
    ### BEGIN SOLUTION
    pictures, height, width, channels = x.shape
    (kh, kw), (sh, sw) = size, strides or size
    rows, columns = output_size(height, kh, sh, padding), output_size(width, kw, sw, padding)
    top = left = 0
    if padding == "same":
        top, left = same_padding(height, kh, sh)[0], same_padding(width, kw, sw)[0]
    out = np.zeros((pictures, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            down, right = i * sh - top, j * sw - left
            window = x[:, max(down, 0) : down + kh, max(right, 0) : right + kw]
            out[:, i, j] = window.max(axis=(1, 2))
    return out
    ### END SOLUTION


# %% [markdown]
r"""
Does it work on Chelsea? Pool her map three times in a row.
"""

# %% guess
guess("fainter_line")

# %%
if ready(max_pool2d):
    pooled = [edges[None, :, :, None]]
    for _ in range(3):
        pooled.append(max_pool2d(pooled[-1]))
    figures.photos(
        *[m[0, :, :, 0] for m in pooled],
        titles=[f"{m.shape[1]} × {m.shape[2]}" for m in pooled],
        alt="Four maps of the cat, each half as wide and high as the one before. Thin bright lines "
        "stay bright; they only get coarser.",
    ).show()

# %% [markdown]
r"""
One strong pixel is enough to win its window. What gets lost is *where* in the window it was. Pool
too often, and only "yes, somewhere" is left.

And nothing had to be learned. A pooling layer has no weights. It never changes during training.
"""

# %% [markdown]
r"""
### Play with it: one pixel to the right

A cat that moves by one pixel is the same cat. But every cell of a feature map moves with her. Do
the pooled numbers move too?

The demo runs *your* `max_pool2d`. Shift the picture with the arrow keys or the buttons. Pooled
numbers that have changed since you began are hatched. Choose other pictures, windows and strides
from the menus, and find out:

- Shift "one dot" by one pixel to the right, then by one more. When does the pooled map change?
- Is there a shift that moves the whole pooled map by exactly one cell?
- 2 × 2 windows or 4 × 4 windows: which change less with a shift? What do you pay for it?
"""

# %%
demo(max_pool2d)

# %% [markdown]
r"""
How much does pooling help? Let us measure. Take Chelsea's map and the map of a Chelsea who sits a
few pixels further left, and compare the two: 100 % means that the numbers go up and down together
perfectly, 0 % that they have nothing to do with each other. (It is the correlation.)
"""

# %% guess
guess("likeness_without_pooling")

# %% guess
guess("likeness_with_pooling")

# %%
if ready(max_pool2d):
    wide = photo("chelsea", size=128, gray=True)
    for k in (1, 2, 4, 8):
        maps = []
        for shift in range(5):
            view = wide[16:114, 8 + shift : 106 + shift]
            answers = ops.relu(ops.correlate2d(view, right_minus_left))
            maps.append(max_pool2d(answers[None, :, :, None], (k, k)).ravel())
        alike = [f"{np.corrcoef(maps[0], other)[0, 1]:5.0%}" for other in maps[1:]]
        name = "no pooling" if k == 1 else f"{k} × {k} windows"
        print(f"{name:14} shifted by 1, 2, 3, 4 pixels:", *alike)

# %% [markdown]
r"""
> **A word to be careful with: invariance.** You will read that pooling makes a network
> *invariant* to shifts. It does not. It makes the map more *tolerant* of small ones, and the
> larger the windows, the more. A shift by a whole stride still moves everything, and even one
> pixel changes many of the numbers, as your hatched cells show. A network must mostly *learn* to
> say "cat" wherever the cat sits. Chapter 8 comes back to this.
"""

# %% [markdown]
r"""
## 3. Average pooling: how much of it is in here?

The largest number is not the only choice. **Average pooling** takes the mean of each window. Here
is the small map again.
"""

# %% guess
guess("mean_of_the_first_window")

# %%
pooling_windows.picture(small_map, take=np.mean, titles=["a map and its windows", "means"]).show()

# %% [markdown]
r"""
Windows, strides and padding are the same as before. One thing needs care: with `"same"`, a window
at the border may hold fewer cells than one in the middle.
"""

# %% guess
guess("mean_in_the_corner")

# %%
pooling_windows.picture(
    np.ones((3, 3)),
    padding="same",
    take=np.mean,
    titles=["all ones", "means"],
).show()

# %% [markdown]
r"""
Divide by the number of cells that are there. Divide by four in the last corner, as if zeros lay
around it, and the picture gets a dark border that it never had.

$$\text{out}_{i,j} = \frac{1}{\text{cells in the picture}}
\sum_{a,b\;\text{in the picture}} x_{i \cdot s_h + a,\; j \cdot s_w + b}$$

**An example by hand.** One row, `"same"`, windows of 1 × 2: what are the means of
$\begin{bmatrix} 4 & 2 & 7 \end{bmatrix}$? Answer: $\begin{bmatrix} 3 & 7 \end{bmatrix}$.
"""

# %% [markdown]
r"""
### Exercise 2: average pooling

You can use most of your `max_pool2d` again. If you do not like to write things twice, put what
both need into a function of its own, in a new cell above, and call it from both.
"""


# %% exercise="average_pool2d"
def average_pool2d(x, size=(2, 2), strides=None, padding="valid"):
    """Average pooling of a batch, as in Keras's AveragePooling2D: the mean of each window.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        N pictures of C channels. Floats, or bytes (uint8).
    size : (kh, kw)
        Rows and columns of the window. Not always square.
    strides : (sh, sw) or None
        How far the window moves, down and to the right. None means: by its own size.
    padding : "valid" or "same"
        As in chapter 2. Cells outside the picture take no part: they are not counted either.

    Returns
    -------
    array, shape (N, oh, ow, C)
        A new array; ``x`` stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` as in ``max_pool2d``: the message
    contains ``size``, ``strides`` or ``padding``.

    >>> average_pool2d(np.array([[[[4.0], [2.0], [7.0]]]]), (1, 2), padding="same").ravel()
    array([3., 7.])
    """
    ### BEGIN SOLUTION
    pictures, height, width, channels = x.shape
    (kh, kw), (sh, sw) = size, strides or size
    rows, columns = output_size(height, kh, sh, padding), output_size(width, kw, sw, padding)
    top = left = 0
    if padding == "same":
        top, left = same_padding(height, kh, sh)[0], same_padding(width, kw, sw)[0]
    out = np.zeros((pictures, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            down, right = i * sh - top, j * sw - left
            window = x[:, max(down, 0) : down + kh, max(right, 0) : right + kw]
            out[:, i, j] = window.mean(axis=(1, 2))
    return out
    ### END SOLUTION


# %% [markdown]
r"""
The two poolings side by side: first on Chelsea's photograph, then on her map. **Guess:** which of
them gives the better small photograph? And which keeps the thin lines?
"""

# %%
if ready(max_pool2d) and ready(average_pool2d):
    for picture, of in ((cat, "photograph"), (edges, "feature map")):
        x = picture[None, :, :, None]
        figures.photos(
            picture,
            max_pool2d(x, (4, 4))[0, :, :, 0],
            average_pool2d(x, (4, 4))[0, :, :, 0],
            titles=[of, "largest of 4 × 4", "mean of 4 × 4"],
            alt=f"The {of}; its max pooling, brighter and more ragged; its average pooling, soft "
            "and with faint lines.",
        ).show()

# %% [markdown]
r"""
For a photograph the mean is the natural choice: that is how programs make small pictures. In a
feature map a thin line has many dark neighbors, and the mean nearly erases it. The largest number
keeps it.

So ask what the number should say. *Is it anywhere in here?* Take the largest. *How much of it is
in here?* Take the mean. Between convolutions networks mostly ask the first question.
"""

# %% [markdown]
r"""
## 4. Global average pooling: one number for each map

And if the window is as large as the whole map? Then every map becomes a single number: how much
of what this filter looks for is in the picture as a whole. A batch of shape $(N, H, W, C)$
becomes $(N, C)$: one row for each picture, one column for each channel.

$$\text{out}_{n,c} = \frac{1}{H \cdot W} \sum_{i=0}^{H-1} \sum_{j=0}^{W-1} x_{n,i,j,c}$$

**An example by hand.** A picture of one row and two columns has two channels. The first holds 1 and
3, the second 10 and 30. Answer: $\begin{bmatrix} 2 & 20 \end{bmatrix}$.
"""

# %% [markdown]
r"""
### Exercise 3: global average pooling
"""


# %% exercise="global_average_pool2d"
def global_average_pool2d(x):
    """The mean of every feature map, as in Keras's GlobalAveragePooling2D.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        N pictures of C channels.

    Returns
    -------
    array, shape (N, C)
        A new array.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` has not exactly four axes. The
    message contains the word ``x``.

    >>> global_average_pool2d(np.array([[[[1.0, 10.0], [3.0, 30.0]]]]))
    array([[ 2., 20.]])
    """
    ### BEGIN SOLUTION
    return x.mean(axis=(1, 2))
    ### END SOLUTION


# %% [markdown]
r"""
Now a picture can be described by a few numbers. Here are four filters: *brighter to the right*,
*darker to the right*, *brighter below*, *darker below*.
"""

# %% guess
guess("filters_for_bricks")

# %%
kernels = np.stack(
    [right_minus_left, -right_minus_left, right_minus_left.T, -right_minus_left.T], axis=-1
)
kernels = kernels[:, :, None, :]
if ready(global_average_pool2d):
    names = ["chelsea", "coffee", "brick"]
    batch = np.stack([photo(name, size=96, gray=True) for name in names])[..., None]
    description = global_average_pool2d(ops.relu(ops.conv2d(batch, kernels, np.zeros(4))))
    print("          brighter →  darker →  brighter ↓  darker ↓")
    for name, row in zip(names, description, strict=True):
        print(f"{name:9}", *[f"{value:10.3f}" for value in row])

# %% [markdown]
r"""
On the bricks the filters for level lines answer more than twice as strongly as those for upright
lines, and on no other picture do they. Four numbers, and you can already tell the wall from the
rest. A real network has not 4 but hundreds of filters before its last layer, and it decides from
the description that they give. Such a description is called a **feature vector**, or an
**embedding**.

What happens if the photograph has another size?
"""

# %% guess
guess("description_of_a_larger_photograph")

# %%
if ready(global_average_pool2d):
    for size in (48, 96, 160):
        x = photo("brick", size=size, gray=True)[None, :, :, None]
        answers = ops.relu(ops.conv2d(x, kernels, np.zeros(4)))
        print(answers.shape, "→", global_average_pool2d(answers).shape)

# %% [markdown]
r"""
That is the second advantage of global pooling: what follows does not depend on how large the
picture is.
"""

# %% [markdown]
r"""
## 5. The shapes of a whole network

You now know every kind of layer that changes the shape of a picture. Stack ten of them, and it
gets hard to keep count. One wrong size, and the network does not run. So let the computer keep
count, before it computes anything else.

Two kinds of layers in the table below are new. A **dense** layer is a row of neurons of which
each looks at *all* inputs (chapter 4). A **dropout** layer is idle except in training (chapter
7). Here only what they do to a shape matters.

In this course a layer is written as a tuple, its kind first:

| tuple | what it does to the shape $(H, W, C)$ |
|---|---|
| `("conv", filters, k, stride, padding, dilation)` | height, width: chapter 2; depth = filters |
| `("max_pool", k, stride)` | height, width: as with `"valid"`; the depth stays |
| `("global_average_pool",)` | only $(C,)$ is left |
| `("flatten",)` | all numbers in one row: $(H \cdot W \cdot C,)$ |
| `("dropout", rate)` | nothing; chapter 7 explains it |
| `("dense", units)` | the *last* number becomes units, all others stay; chapter 4 explains it |

Here `k`, `stride` and `dilation` are a whole number for both directions, or a pair: down, across.
What stands last in a tuple may be left out. Then a convolution has stride 1, padding `"same"` and
dilation 1, and a pooling layer has a stride equal to `k`. The batch is not part of a shape.

You need not take such tuples apart yourself: `full_layer` fills in what was left out, and makes
pairs of single numbers.
"""

# %%
for layer in (("conv", 10, 5), ("conv", 8, 3, 2, "valid"), ("max_pool", 2), ("dense", 7)):
    print(f"{layer!s:26} → {full_layer(layer)}")

# %% guess
guess("shape_after_flatten")

# %% [markdown]
r"""
### Exercise 4: predict the shapes
"""


# %% exercise="trace_shapes"
def trace_shapes(input_shape, layers):
    """The shape after each layer of a network.

    Parameters
    ----------
    input_shape : tuple of int
        ``(H, W, C)``, or ``(n,)`` where there is no picture. Without the batch.
    layers : list of tuple
        As in the table above: ``("conv", filters, k, stride, padding, dilation)``,
        ``("max_pool", k, stride)``, ``("global_average_pool",)``, ``("flatten",)``,
        ``("dropout", rate)``, ``("dense", units)``.

    Returns
    -------
    list of tuple of int
        One shape for each layer, in order. The input's own shape is not in the list.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` for an unknown kind of layer, a window
    that does not fit, or a convolution or pooling where no height and width are left. The
    message contains the word ``layers``.

    >>> trace_shapes((32, 32, 3), [("conv", 10, 5), ("max_pool", 2), ("flatten",)])
    [(32, 32, 10), (16, 16, 10), (2560,)]
    """
    ### BEGIN SOLUTION
    shape, shapes = input_shape, []

    def places(k, strides, padding="valid", dilation=(1, 1)):
        axes = zip(shape[:2], k, strides, dilation, strict=True)
        return tuple(output_size(n, a, s, padding, d) for n, a, s, d in axes)

    for layer in layers:
        kind, *given = full_layer(layer)
        if kind == "conv":
            shape = (*places(*given[1:]), given[0])
        elif kind == "max_pool":
            shape = (*places(*given), shape[2])
        elif kind == "global_average_pool":
            shape = shape[2:]
        elif kind == "flatten":
            shape = (math.prod(shape),)
        elif kind == "dense":
            shape = (*shape[:-1], given[0])
        shapes.append(shape)  # dropout changes nothing
    return shapes
    ### END SOLUTION


# %% [markdown]
r"""
Try it on the first part of the network that tells cats from dogs in the article, and that you
will train in chapter 6: four times a convolution and a pooling. Its end is shortened here:
chapter 6 adds a dropout layer and one more dense layer. The picture has 150 × 150 × 3 = 67,500
numbers at the beginning.
"""

# %% guess
guess("after_the_last_pooling")

# %%
article = [
    *[("conv", 32, 3), ("max_pool", 2), ("conv", 64, 3), ("max_pool", 2)],
    *[("conv", 128, 3), ("max_pool", 2), ("conv", 128, 3), ("max_pool", 2)],
    *[("flatten",), ("dense", 512), ("dense", 1)],
]
if ready(trace_shapes):
    for layer, shape in zip(article, trace_shapes((150, 150, 3), article), strict=True):
        numbers, sizes = math.prod(shape), " × ".join(map(str, shape))
        print(f"{layer!s:18} {sizes:>15} = {numbers:9,}  {'▪' * (numbers // 20000)}")

# %%
diagrams.stack((150, 150, 3), article).show()

# %% [markdown]
r"""
The picture gets smaller and deeper. The first layers know exactly *where* something is, but only
simple things. The last one knows 128 kinds of things, but only roughly where they are.

Notice two things. First, 75 is odd, so a pooling layer drops a row and a column there. Second,
the first convolution makes a map of 720,000 numbers out of 67,500: maps take memory, and pooling
keeps that in check.

> **Where the article is wrong: what becomes a quarter.** It halves height and width by pooling,
> and says that this "reduced the number of weights to 1/4 of the input". A map holds no weights.
> It holds *activations*, and these become a quarter. How many weights a layer has depends on its
> filters, and a filter does not know how large the map is. Count for yourself.
"""

# %%
if ready(trace_shapes):
    pooled = [("conv", 32, 3), ("max_pool", 2), ("conv", 64, 3), ("flatten",), ("dense", 512)]
    plain = [layer for layer in pooled if layer[0] != "max_pool"]
    for title, layers in {"without pooling": plain, "with pooling": pooled}.items():
        print(title)
        shape = (32, 32, 3)
        for layer, after in zip(layers, trace_shapes(shape, layers), strict=True):
            weights = {"conv": 9 * shape[-1] * after[-1], "dense": shape[-1] * after[-1]}
            count = weights.get(layer[0], 0)
            print(f"   {layer!s:16} {math.prod(after):10,} activations {count:12,} weights")
            shape = after

# %% [markdown]
r"""
Both convolutions have exactly as many weights with pooling as without: 864 and 18,432. After the
pooling there are a quarter of the activations, so there is also a quarter of the *work*, because
each filter stands in fewer places.

Only one layer has fewer weights: the dense one. It has a weight for each pair of an input and a
unit, and after `flatten` it has a quarter of the inputs. As this layer holds nearly all the
weights of such a network, the article's advice is good. Its reason is not.

The dense layer has even fewer if you replace `flatten` by `global_average_pool`.
"""

# %% guess
guess("weights_after_global_pooling")

# %%
if ready(trace_shapes):
    for end in ("flatten", "global_average_pool"):
        (*_, before, after) = trace_shapes((16, 16, 64), [(end,), ("dense", 512)])
        inputs, units = before[0], after[0]
        print(f"{end:20} {inputs:6,} inputs × {units} units = {inputs * units:10,} weights")

# %% [markdown]
r"""
## 6. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: the largest number

Without a ReLU, a map of outlines has negative numbers: red is where it gets darker to the right.
The box pools such a map. **What has happened to the red?**
"""

# %%
broken_max_pool2d = box("max_pool2d")
outlines = photo("chelsea", size=96, gray=True)
outlines = outlines[:, 2:] - outlines[:, :-2]
figures.photos(
    outlines,
    broken_max_pool2d(outlines[None, :, :, None], (2, 2))[0, :, :, 0],
    titles=["outlines", "pooled by the box"],
    shades="signs",
    alt="Left: the cat's outlines in red and blue. Right: half as large, in blue alone.",
).show()

# %%
broken_max_pool2d


# %% exercise="expose_max_pool2d"
def expose_max_pool2d():
    """Name the mistake in ``broken_max_pool2d``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, size, strides, padding)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
        The numbers in tuples count, too.
    """
    ### BEGIN SOLUTION
    return "zero-initialised", (-np.ones((1, 1, 1, 1)), (1, 1))
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: the mean

A white wall, pooled with windows of 2 × 2 and `"same"`. White stays white, one should think.
**Where is it gray, and what do these windows have that the others lack?**
"""

# %%
broken_average_pool2d = box("average_pool2d")
wall = np.full((1, 5, 5, 1), 100.0)
gray = broken_average_pool2d(wall, (2, 2), None, "same")
figures.numbers(
    wall[0, :, :, 0], gray[0, :, :, 0], titles=["a white wall", "the box's means"], shades="gray"
).show()

# %%
broken_average_pool2d


# %% exercise="expose_average_pool2d"
def expose_average_pool2d():
    """Name the mistake in ``broken_average_pool2d``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, size, strides, padding)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
        The numbers in tuples count, too.
    """
    ### BEGIN SOLUTION
    return "counts-padding", (np.ones((1, 1, 1, 1)), (2, 2), None, "same")
    ### END SOLUTION


# %% [markdown]
r"""
## 7. What you have built

- `max_pool2d`: is it anywhere in here? The numbers of `keras.layers.MaxPooling2D`.
- `average_pool2d`: how much of it is in here? `AveragePooling2D`, with its careful border.
- `global_average_pool2d`: a whole map in one number, for pictures of any size.
- `trace_shapes`: what comes out of every layer, before a single number is computed.

### Questions

Think first, then open the answer.

<details><summary>How many parameters does a max pooling layer have?</summary>

None. It learns nothing, and the same function serves every network.

</details>

<details><summary>ReLU first and max pooling after it, or the other way around: does it
matter?</summary>

Not for the result. ReLU keeps the order of numbers, so the largest stays the largest. But after
the pooling there are only a quarter of the numbers to work on. (With average pooling it does
matter: the mean of $-4$ and $4$ is 0, the mean of their ReLUs is 2.)

</details>

<details><summary>Two max poolings of 2 × 2, one after the other. Which single pooling does the
same?</summary>

One of 4 × 4, if the sizes can be divided by 4. The largest of four largest numbers is the
largest of all sixteen.

</details>

<details><summary>A convolution with a stride of 2 makes the map smaller, too. Why pool at
all?</summary>

Many modern networks do not: they let a convolution with a stride learn how to shrink the map.
That costs weights and work; pooling has no weights. Both are good choices.

</details>

<details><summary>Where would max pooling do harm?</summary>

Where the exact place is the answer: which pixels belong to the cat? That task is called
**segmentation**. Networks for it either pool little, or carry the fine maps past the pooling and
add them again later.

</details>

### Next

You have convolution, ReLU and pooling. [Chapter 4](../ch04_network/ch04_network.ipynb) adds the
dense layer, puts all of them into a whole network, and runs it, with trained weights, on real
cats and dogs.

### Read on

- D. Scherer, A. Müller, S. Behnke, *Evaluation of Pooling Operations in Convolutional
  Architectures for Object Recognition*, ICANN 2010: maximum against mean, measured.
- M. Lin, Q. Chen, S. Yan, *Network In Network*, ICLR 2014,
  [arXiv:1312.4400](https://arxiv.org/abs/1312.4400): where global average pooling comes from.
- R. Zhang, *Making Convolutional Networks Shift-Invariant Again*, ICML 2019,
  [arXiv:1904.11486](https://arxiv.org/abs/1904.11486): why pooling does not make a network
  invariant, and a remedy.
- O. Ronneberger, P. Fischer, T. Brox, *U-Net: Convolutional Networks for Biomedical Image
  Segmentation*, 2015, [arXiv:1505.04597](https://arxiv.org/abs/1505.04597): fine maps, carried
  past the pooling.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
