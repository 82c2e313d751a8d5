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
# Chapter 13: Fast convolution

Your `conv2d` is right, and it is slow. Keras computes the same numbers hundreds of times as fast.
Is that magic?

No. It is the same multiplications in a different order. In this chapter you write four faster
ways to convolve, and at the end you race two of them against Keras, on this computer:

- one large matrix product in place of thousands of small steps,
- layers that leave out most of the multiplications,
- the Fourier transform, which makes the size of the kernel nearly irrelevant.

On the way you run a convolution *backward*, which is how some networks draw pictures.

You need chapters 1 and 2 and about two and a half hours. Stuck? `hint(im2col)` gives one hint at
a time, `solution(im2col)` shows one way to do it.

Run the next three cells first.
"""

# %% setup=true
import math

import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch13_fast_convolution import demo
from cnnlab.course.figures import speed
from cnnlab.course.guesses import guess
from cnnlab.datasets.load import photo

start("ch13_fast_convolution")

# %% [markdown]
r"""
Two functions from chapter 2 are given. `layout` says where windows stand and how wide the frame
of zeros is. It also refuses what cannot work: call it first, and you do not have to check sizes,
strides or padding yourself. `conv2d_loop` is the layer of chapter 2, as a loop: the one to beat.
`layout?` in a cell shows what it takes and gives.
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch13_fast_convolution import conv2d_loop, layout

# %% [markdown]
r"""
Did `check` give your own `conv2d` of chapter 2 full marks? Then `conv2d_loop` is yours from here
on: it is the one to beat. In a check the course's loop stands in.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

conv2d_loop = own(conv2d_loop, "ch02", "conv2d")
whose_code()

# %%
(rows, columns), (above_below, left_right) = layout((1, 5, 6, 3), (3, 2), (2, 2), "same")
print("places:", rows, "×", columns)
print("zeros above and below:", above_below, " left and right:", left_right)

# %% [markdown]
r"""
## 1. Where does the time go?

Here is Chelsea again, with eight random filters of 3 × 3. The loop makes one step for every pixel
of every map.
"""

# %% guess
guess("how_long_it_should_take")

# %%
cat = photo("chelsea", size=64)[None] / 255  # (1, 64, 64, 3), from 0 to 1
eight = np.random.default_rng(0).normal(size=(3, 3, 3, 8))
none = np.zeros(8)
products = 62 * 62 * 8 * 27
taken = speed.best_seconds(conv2d_loop, cat, eight, none, budget=0)
print(f"{products:,} products, at two billion per second: {products / 2e9 * 1e3:.1f} ms")
print(f"the loop takes {taken * 1e3:.0f} ms")
print(f"that is {taken / (62 * 62 * 8) * 1e6:.1f} millionths of a second for each step")

# %% [markdown]
r"""
The multiplications are not the problem. In each step Python cuts out a patch, calls NumPy twice,
and stores one number. NumPy is fast with large arrays, and here it gets 30,752 tiny ones.

So give NumPy *everything at once*. What numerical libraries do best is the **matrix product**.
People have worked for decades to make it fast. Can a convolution be written as one?
"""

# %% [markdown]
r"""
## 2. im2col: patches become rows

A tiny picture, and a window of 2 × 2. It stands in two places. Write each patch on a line of its
own:
"""

# %%
tiny = np.array([[1, 2, 3], [4, 5, 6]])
lines = np.array([[1, 2, 4, 5], [2, 3, 5, 6]])
figures.numbers(
    tiny, lines, titles=["picture", "one line for each place"], signs="→", marked=(0, 0, 2, 2)
).show()

# %% [markdown]
r"""
The second matrix holds everything that the window ever sees. Now write the kernel in the same
way, as one *column*, and multiply:

$$\begin{bmatrix} 1 & 2 & 4 & 5 \\ 2 & 3 & 5 & 6 \end{bmatrix}
\begin{bmatrix} 1 \\ 0 \\ 0 \\ -1 \end{bmatrix} =
\begin{bmatrix} 1 - 5 \\ 2 - 6 \end{bmatrix}$$

Each row times the column is one step of the convolution. Rewriting a picture like this is called
**im2col**. (The name, "image to columns", comes from programs that write the patches as columns.
Here they are rows, because then nothing must be transposed later.)

With channels and several pictures it works in the same way:

| | in this order | how many |
|---|---|---|
| rows | picture $n$, then row $i$, then column $j$ of the place | $N \cdot$ rows $\cdot$ columns |
| columns | row $a$, then column $b$ in the window, then channel $c$ | $k_h \cdot k_w \cdot C$ |

"Then" means: the last one changes fastest. That is the order in which NumPy's `reshape` reads an
array of shape $(k_h, k_w, C)$.

**An example by hand.** One row of two pixels, two channels: pixel 0 is $(1, 10)$, pixel 1 is
$(2, 20)$. The window is 1 × 2. There is one place. Its line is $1, 10, 2, 20$. Not
$1, 2, 10, 20$: the channel changes fastest.

**Choose the shorter loop.** You could loop over the places, and cut out one patch at a time. But
a photograph has thousands of places, and a window has nine taps. Ask it the other way around:
*what do all windows together see under tap $(a, b)$?* They see the picture, shifted by $a$ rows
and $b$ columns, in steps of the stride. That is one slice.
"""

# %% [markdown]
r"""
### Exercise 1: patches become rows
"""


# %% exercise="im2col"
def im2col(x, size, strides=(1, 1), padding="valid"):
    """Every patch that a window sees, each as one row of a matrix.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        A batch of pictures.
    size : (kh, kw)
        Height and width of the window.
    strides : (down, right)
    padding : "valid" or "same"

    Returns
    -------
    array, shape (N * rows * columns, kh * kw * C)
        One row for each picture and place, in the order (picture, row, column). Within a row: the
        window's rows, its columns, the channels. A new array; ``x`` stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` as from ``layout``: the message
    contains ``size``, ``strides`` or ``padding``.

    >>> im2col(np.array([[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]]), (2, 2))
    array([[1., 2., 4., 5.],
           [2., 3., 5., 6.]])
    """
    ### BEGIN SOLUTION
    (rows, columns), frame = layout(x.shape, size, strides, padding)
    framed = np.pad(x, ((0, 0), *frame, (0, 0)))
    pictures, channels = x.shape[0], x.shape[3]
    kh, kw = size
    down, right = strides
    patches = np.zeros((pictures, rows, columns, kh, kw, channels))
    for a in range(kh):
        for b in range(kw):
            seen = framed[:, a : a + rows * down : down, b : b + columns * right : right]
            patches[:, :, :, a, b] = seen
    return patches.reshape(pictures * rows * columns, kh * kw * channels)
    ### END SOLUTION


# %% [markdown]
r"""
The demo shows your matrix. Click a number in it, or press Tab until the matrix has the focus and
use the arrow keys. Its **row** is one patch: find it in the picture. Its **column** is one tap:
one number from every patch. You can also click into the picture.

Try to find out:

- Which pixel appears in the matrix most often? Which only once?
- Stride 2, window 2 × 2: how often does each pixel appear now?
- Choose "same". Where in the matrix are the zeros of the frame?
- What part of the picture does a *column* of the matrix show?
"""

# %%
demo(im2col)

# %% [markdown]
r"""
The price of speed is memory.
"""

# %% guess
guess("size_of_the_matrix")

# %%
if ready(im2col):
    cols = im2col(cat, (3, 3))
    print("picture:", cat.shape, "=", cat.size, "numbers")
    print("matrix: ", cols.shape, "=", cols.size, "numbers")
    print(f"{cols.size / cat.size:.1f} times as many")

# %% [markdown]
r"""
Nearly every pixel lies under nine windows. For a large layer this is a problem, and good
libraries never write the whole matrix down. They cut out the rows when they need them.
"""

# %% [markdown]
r"""
## 3. The layer as one matrix product

The kernels of shape $(k_h, k_w, C, F)$ also become a matrix: one column for each filter, and in
each column the numbers in im2col's order. Which reshape does that?

$$\underbrace{\text{patches}}_{N \cdot \text{rows} \cdot \text{columns}\; \times\; k_h k_w C}
\;\cdot\; \underbrace{\text{kernels}}_{k_h k_w C\; \times\; F}
\;=\; \underbrace{\text{result}}_{N \cdot \text{rows} \cdot \text{columns}\; \times\; F}$$

The result has a row for each place and a number for each filter. Add the bias. A last reshape
gives the maps their shape, and nothing needs to be transposed, because all orders were chosen to
fit.

**An example by hand.** The tiny picture above, two filters: one takes the top left number of the
window, the other the sum of all four. What is the 4 × 2 matrix of the kernels, and what the
result?

$$\begin{bmatrix} 1 & 2 & 4 & 5 \\ 2 & 3 & 5 & 6 \end{bmatrix}
\begin{bmatrix} 1 & 1 \\ 0 & 1 \\ 0 & 1 \\ 0 & 1 \end{bmatrix} =
\begin{bmatrix} 1 & 12 \\ 2 & 16 \end{bmatrix}$$

**One of the rungs is speed.** Your function must be at least five times as fast as `conv2d_loop`.
Both are timed on the same arrays in the same run, several times, and the best times count. With
one matrix product you will be far faster than that, so you need no further tricks.
"""

# %% [markdown]
r"""
### Exercise 2: one matrix product
"""


# %% exercise="conv2d_im2col"
def conv2d_im2col(x, kernels, bias, strides=(1, 1), padding="valid"):
    """What Keras's ``Conv2D`` computes, as one matrix product.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    kernels : array, shape (kh, kw, C, F)
    bias : array, shape (F,)
    strides : (down, right)
    padding : "valid" or "same"

    Returns
    -------
    array, shape (N, rows, columns, F)
        A new array.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if channels disagree (the message
    contains ``kernels``), or if there is not one bias for each filter (it contains ``bias``);
    otherwise as from your ``im2col``.

    >>> x = np.array([[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]])
    >>> kernels = np.array([[[[1.0, 1.0]], [[0.0, 1.0]]], [[[0.0, 1.0]], [[0.0, 1.0]]]])
    >>> conv2d_im2col(x, kernels, np.zeros(2))
    array([[[[ 1., 12.],
             [ 2., 16.]]]])
    """
    ### BEGIN SOLUTION
    kh, kw, depth, filters = kernels.shape
    (rows, columns), _ = layout(x.shape, (kh, kw), strides, padding)
    patches = im2col(x, (kh, kw), strides, padding)
    maps = patches @ kernels.reshape(kh * kw * depth, filters) + bias
    return maps.reshape(len(x), rows, columns, filters)
    ### END SOLUTION


# %%
if ready(im2col) and ready(conv2d_im2col):
    fast = speed.best_seconds(conv2d_im2col, cat, eight, none)
    apart = np.abs(conv2d_im2col(cat, eight, none) - conv2d_loop(cat, eight, none)).max()
    print(f"loop:            {taken * 1e3:8.2f} ms")
    print(f"one product:     {fast * 1e3:8.2f} ms, {taken / fast:.0f} times as fast")
    print(f"largest difference: {apart:.0e}")

# %% [markdown]
r"""
The difference is not exactly 0. Both add the same 27 products, in a different order, and every
addition of floats rounds a little. So a change of order may change the last digits. That is why
your checks allow a small difference.
"""

# %% [markdown]
r"""
## 4. Back to the picture: col2im

Can you go from the matrix back to the picture? Chapter 5 needs that: gradients arrive for the
*rows* of the matrix, and belong to the *pixels*. A pixel that was copied into four rows gets four
gradients.
"""

# %% guess
guess("four_gradients")

# %% [markdown]
r"""
Think of the total: each of the four copies has an effect of its own on the result. So **col2im**
puts every number back where it came from, and adds.

**An example by hand.** The matrix from above goes back to the picture. The 2 in the middle column
of the picture was copied twice, so it comes back as 4.

$$\begin{bmatrix} 1 & 2 & 4 & 5 \\ 2 & 3 & 5 & 6 \end{bmatrix} \;\to\;
\begin{bmatrix} 1 & 2 + 2 & 3 \\ 4 & 5 + 5 & 6 \end{bmatrix}$$

So col2im is *not* the inverse of im2col. It is its **adjoint**, or transpose: im2col is a linear
map from pixels to matrix numbers, and if you wrote that map as a huge matrix of zeros and ones,
col2im would be this matrix transposed.
"""

# %% [markdown]
r"""
### Exercise 3: everything back to its pixel
"""


# %% exercise="col2im"
def col2im(cols, x_shape, size, strides=(1, 1), padding="valid"):
    """The adjoint of im2col: every number is added to the pixel that it came from.

    Parameters
    ----------
    cols : array, shape (N * rows * columns, kh * kw * C)
        A matrix as ``im2col`` gives for pictures of shape ``x_shape``.
    x_shape : (N, H, W, C)
        Shape of the pictures.
    size : (kh, kw)
    strides : (down, right)
    padding : "valid" or "same"
        What came from the frame of zeros is lost.

    Returns
    -------
    array, shape x_shape
        A new array.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``cols`` has another shape than
    these windows need (the message contains ``cols``); otherwise as from ``layout``.

    >>> cols = np.array([[1.0, 2.0, 4.0, 5.0], [2.0, 3.0, 5.0, 6.0]])
    >>> col2im(cols, (1, 2, 3, 1), (2, 2))[0, :, :, 0]
    array([[ 1.,  4.,  3.],
           [ 4., 10.,  6.]])
    """
    ### BEGIN SOLUTION
    (rows, columns), frame = layout(x_shape, size, strides, padding)
    pictures, height, width, channels = x_shape
    kh, kw = size
    down, right = strides
    patches = cols.reshape(pictures, rows, columns, kh, kw, channels)
    framed = np.pad(np.zeros(x_shape), ((0, 0), *frame, (0, 0)))
    for a in range(kh):
        for b in range(kw):
            seen = framed[:, a : a + rows * down : down, b : b + columns * right : right]
            seen += patches[:, :, :, a, b]
    top, left = frame[0][0], frame[1][0]
    return framed[:, top : top + height, left : left + width]
    ### END SOLUTION


# %% [markdown]
r"""
Give col2im a matrix of ones, and every pixel counts the windows that see it.
"""

# %% guess
guess("windows_that_see")

# %%
if ready(col2im):
    places = 3 * 4
    once = col2im(np.ones((places, 9)), (1, 5, 6, 1), (3, 3))[0, :, :, 0]
    twice = col2im(np.ones((2 * 2, 9)), (1, 5, 6, 1), (3, 3), (2, 2))[0, :, :, 0]
    figures.numbers(once, twice, titles=["stride 1", "stride 2"]).show()

# %% [markdown]
r"""
With stride 2 no window sees the last column, so it gets 0.

**What makes it an adjoint?** For every picture $x$ and every matrix $m$: $\;\text{im2col}(x)
\cdot m = x \cdot \text{col2im}(m)$, where the dot multiplies number by number and adds up. This
one equation tests both functions, with any numbers.
"""

# %%
if ready(im2col) and ready(col2im):
    rng = np.random.default_rng(0)
    x, m = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(2 * 4 * 3, 3 * 2 * 3))
    how = ((3, 2), (2, 2), "same")
    print(np.sum(im2col(x, *how) * m))
    print(np.sum(x * col2im(m, x.shape, *how)))

# %% [markdown]
r"""
## 5. A convolution run backward

Networks that *draw* (generate faces, add colors, mark every pixel of a road) must get from small
maps to large ones: this is **upsampling**. A layer that does it is Keras's `Conv2DTranspose`.

A convolution gathers: a patch becomes one number. The transposed convolution scatters: one number
becomes a patch. **Every pixel writes a copy of the kernel, multiplied by the pixel's own value.**
The strides say how far apart the copies lie. Where they overlap, they add up.
"""

# %% guess
guess("transposed_by_hand")

# %% [markdown]
r"""
There are two kinds of padding:

- `"valid"` keeps every copy whole: $h \cdot s + \max(k - s, 0)$ rows.
- `"same"` keeps $h \cdot s$ rows, as if a convolution with `"same"` and this stride had made the
  small map from the large one. What would lie in that convolution's frame is cut off.

You have done the work already. Which matrix, with one row for each pixel of the small map, must go
into `col2im`? Its rows are copies of the kernels, each multiplied by a pixel. That is one matrix
product.

Note the shape of the kernels: $(k_h, k_w, F, C)$. The layer runs a convolution backward, so
filters and channels have changed places.
"""

# %% [markdown]
r"""
### Exercise 4: the transposed convolution
"""


# %% exercise="conv2d_transpose"
def conv2d_transpose(x, kernels, bias, strides=(1, 1), padding="valid"):
    """What Keras's ``Conv2DTranspose`` computes: every pixel lays down a copy of the kernel.

    Parameters
    ----------
    x : array, shape (N, h, w, C)
        Small maps.
    kernels : array, shape (kh, kw, F, C)
        Note the order: filters before channels.
    bias : array, shape (F,)
    strides : (down, right)
        How far apart the copies lie.
    padding : "valid" or "same"

    Returns
    -------
    array, shape (N, H, W, F)
        "same": H = h * down. "valid": H = h * down + max(kh - down, 0). W likewise.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if channels disagree (the message
    contains ``kernels``), or if there is not one bias for each filter (it contains ``bias``),
    for strides below 1 (``strides``), and for an unknown padding (``padding``).

    >>> x, kernels = np.array([[[[2.0], [3.0]]]]), np.array([[[[1.0]], [[10.0]]]])
    >>> conv2d_transpose(x, kernels, np.zeros(1))[0, :, :, 0]
    array([[ 2., 23., 30.]])
    >>> conv2d_transpose(x, kernels, np.zeros(1), (1, 2))[0, :, :, 0]
    array([[ 2., 20.,  3., 30.]])
    """
    ### BEGIN SOLUTION
    pictures, height, width, channels = x.shape
    kh, kw, filters, _ = kernels.shape
    down, right = strides
    height, width = height * down, width * right
    if padding == "valid":
        height, width = height + max(kh - down, 0), width + max(kw - right, 0)
    copies = x.reshape(-1, channels) @ kernels.reshape(-1, channels).T
    shape = (pictures, height, width, filters)
    return col2im(copies, shape, (kh, kw), strides, padding) + bias
    ### END SOLUTION


# %% [markdown]
r"""
Chelsea at 24 × 24, enlarged three times by two different kernels. The first is a flat 3 × 3 square.
The second is a 5 × 5 pyramid. **Guess** what each one does to a single pixel.
"""

# %%
if ready(col2im) and ready(conv2d_transpose):
    small = photo("chelsea", size=24, gray=True)[None, :, :, None]
    pyramid = np.minimum(np.arange(1, 6), np.arange(5, 0, -1)) / 3
    smooth = np.outer(pyramid, pyramid)[:, :, None, None]
    flat, no_bias = np.ones((3, 3, 1, 1)), np.zeros(1)
    figures.photos(
        small[0, :, :, 0],
        conv2d_transpose(small, flat, no_bias, (3, 3), "same")[0, :, :, 0],
        conv2d_transpose(small, smooth, no_bias, (3, 3), "same")[0, :, :, 0],
        titles=["24 × 24", "flat 3 × 3 kernel", "pyramid 5 × 5"],
        shades="gray",
        alt="A small cat; the same, three times as large, in squares; and once more, blurred.",
    ).show()

# %% [markdown]
r"""
The flat kernel copies every pixel into a square. The pyramid lets neighbors fade into each other.
A network learns the kernel that it needs.

> **A well-known trap: the checkerboard.** Take a kernel of ones with size 3 and stride 2, and a
> picture that is the same gray everywhere.
"""

# %% guess
guess("gray_through_ones")

# %%
if ready(col2im) and ready(conv2d_transpose):
    gray, no_bias = np.ones((1, 4, 4, 1)), np.zeros(1)
    figures.numbers(
        conv2d_transpose(gray, np.ones((3, 3, 1, 1)), no_bias, (2, 2))[0, :, :, 0],
        conv2d_transpose(gray, np.ones((4, 4, 1, 1)), no_bias, (2, 2))[0, :, :, 0],
        titles=["kernel 3, stride 2", "kernel 4, stride 2"],
    ).show()

# %% [markdown]
r"""
Where two copies overlap, the sum is larger. If the stride does not divide the kernel's size, some
pixels get more copies than others, in a regular pattern. Many generated pictures show it. Choose a
kernel size that the stride divides, and only the border is uneven.

> **"Deconvolution" is a wrong name.** Some texts use it for this layer. A deconvolution would
> undo a convolution: get the sharp picture back from the blurred one. This layer gives the
> *shape* back, and nothing else. Convolve and transpose with the same kernel, and see:
"""

# %%
if ready(conv2d_im2col) and ready(conv2d_transpose):
    blur, no_bias = np.ones((3, 3, 1, 1)) / 9, np.zeros(1)
    face = photo("chelsea", size=64, gray=True)[None, :, :, None]
    blurred = conv2d_im2col(face, blur, no_bias)
    back = conv2d_transpose(blurred, blur, no_bias)
    figures.photos(
        face[0, :, :, 0],
        blurred[0, :, :, 0],
        back[0, :, :, 0],
        titles=["64 × 64", "convolved, 62 × 62", "and transposed, 64 × 64"],
        shades="gray",
        alt="The cat; the cat blurred; the cat blurred twice, with a dark border.",
    ).show()

# %% [markdown]
r"""
The shape is back, the sharpness is not. It is blurred twice.
"""

# %% [markdown]
r"""
## 6. Fewer multiplications

So far you have computed every product of chapter 1. The next two layers leave most of them out.

**A window of one pixel.** A 1 × 1 convolution, also called **pointwise**, looks at one pixel in
all its channels, and mixes them. No patch has to be cut out: `im2col` would only copy the
picture. At every pixel, $C$ numbers go in and $F$ come out, always by the same matrix.

**An example by hand.** One pixel $(1, 2)$, three filters whose weights are
$\begin{bmatrix} 1 & 0 & 2 \\ 0 & 1 & -1 \end{bmatrix}$ (a row for each channel, a column for each
filter), bias $(0, 5, 1)$. Result: $(1,\; 2 + 5,\; 2 - 2 + 1) = (1, 7, 1)$.
"""

# %% [markdown]
r"""
### Exercise 5: one pixel at a time
"""


# %% exercise="conv1x1"
def conv1x1(x, kernels, bias):
    """A convolution whose window is one pixel.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    kernels : array, shape (1, 1, C, F)
    bias : array, shape (F,)

    Returns
    -------
    array, shape (N, H, W, F)
        A new array.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the window is larger than one pixel
    or channels disagree (the message contains ``kernels``), or if there is not one bias for
    each filter (it contains ``bias``).

    >>> kernels = np.array([[[[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]]])
    >>> conv1x1(np.array([[[[1.0, 2.0]]]]), kernels, np.array([0.0, 5.0, 1.0]))
    array([[[[1., 7., 1.]]]])
    """
    ### BEGIN SOLUTION
    return x @ kernels[0, 0] + bias
    ### END SOLUTION


# %% [markdown]
r"""
Colors are channels, so a 1 × 1 layer can change the colors of a photograph. Here are three
filters that give it the brown of old photographs, and one filter that asks "how green?".
"""

# %%
if ready(conv1x1):
    sepia = np.array([[0.39, 0.35, 0.27], [0.77, 0.69, 0.53], [0.19, 0.17, 0.13]])
    greenness = np.array([[-0.5], [1.0], [-0.5]])
    coffee = photo("coffee", size=96)[None] / 255
    old = conv1x1(coffee, sepia[None, None], np.zeros(3)).clip(0, 1)
    green = conv1x1(coffee, greenness[None, None], np.zeros(1))
    figures.photos(
        coffee[0],
        old[0],
        green[0, :, :, 0],
        titles=["photograph", "three filters: sepia", "one filter: how green?"],
        alt="A cup of coffee; the same in brown tones; a map that is deep red on the red cup, pale "
        "on the white rim, and hardly anywhere blue.",
    ).show()

# %% [markdown]
r"""
Blue would be green, and red is the opposite of green. Nothing is green in this photograph, so the
map is red nearly everywhere, most of all where the cup is red.

**Each channel by itself.** An ordinary filter looks at all channels at once. A **depthwise**
layer gives each channel its own $M$ filters, and sums only over the window. $C$ channels give $C
\cdot M$ maps. They come channel by channel: map $c \cdot M + m$ is filter $m$ on channel $c$.

$$\text{out}_{n,i,j,\,cM+m} = \text{bias}_{cM+m} + \sum_{a,\,b}
x_{n,\,i \cdot s_h + a,\,j \cdot s_w + b,\,c} \cdot \text{kernels}_{a,b,c,m}$$
"""

# %% guess
guess("depthwise_maps")

# %% [markdown]
r"""
**An example by hand.** One pixel, channels $(1, 2)$, window 1 × 1, two filters per channel: channel
0 has weights $1, -1$; channel 1 has $10, -10$. The maps are $1, -1, 20, -20$.
"""

# %% [markdown]
r"""
### Exercise 6: each channel by itself
"""


# %% exercise="depthwise_conv2d"
def depthwise_conv2d(x, kernels, bias, strides=(1, 1), padding="valid"):
    """What Keras's ``DepthwiseConv2D`` computes: each channel has filters of its own.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    kernels : array, shape (kh, kw, C, M)
        M filters for each channel.
    bias : array, shape (C * M,)
    strides : (down, right)
        Keras wants both equal. Yours need not.
    padding : "valid" or "same"

    Returns
    -------
    array, shape (N, rows, columns, C * M)
        Map ``c * M + m`` is filter m on channel c.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if channels disagree (the message
    contains ``kernels``), or if there are not C * M biases (it contains ``bias``); otherwise as
    from ``layout``.

    >>> kernels = np.array([[[[1.0, -1.0], [10.0, -10.0]]]])
    >>> depthwise_conv2d(np.array([[[[1.0, 2.0]]]]), kernels, np.zeros(4))
    array([[[[  1.,  -1.,  20., -20.]]]])
    """
    ### BEGIN SOLUTION
    kh, kw, channels, multiplier = kernels.shape
    maps = channels * multiplier
    (rows, columns), _ = layout(x.shape, (kh, kw), strides, padding)
    patches = im2col(x, (kh, kw), strides, padding).reshape(-1, kh, kw, channels, 1)
    summed = (patches * kernels).sum(axis=(1, 2))
    return summed.reshape(len(x), rows, columns, maps) + bias
    ### END SOLUTION


# %% [markdown]
r"""
One thing is missing: nothing mixes the channels any more. But a 1 × 1 layer does exactly that.
Put a depthwise layer and a 1 × 1 layer one after the other, and you have a **separable
convolution**: first look around in each channel, then mix the channels.

What does it save on a map of 56 × 56?
"""

# %% guess
guess("saved_by_separating")

# %%
pixels, channels, filters = 56 * 56, 128, 128
ordinary = pixels * 3 * 3 * channels * filters
depthwise, mixing = pixels * 3 * 3 * channels, pixels * channels * filters
print(f"ordinary:          {ordinary:>12,}")
print(f"depthwise + 1 × 1: {depthwise + mixing:>12,}  = {depthwise:,} + {mixing:,}")
print(f"{ordinary / (depthwise + mixing):.1f} times fewer")

# %% [markdown]
r"""
About $k_h \cdot k_w$ times fewer. Networks for phones (MobileNet and its relatives) are made of
such pairs. The pair cannot do everything that the ordinary layer can: all filters must share the
same result of the depthwise layer. In practice little accuracy is lost (A. Howard et al., 2017).
"""

# %% [markdown]
r"""
## 7. Fourier: large kernels at the same price

Products of 9 numbers are cheap. What about a kernel of 31 × 31? Every place takes 961 products for
each channel.

There is another way. The **Fourier transform** writes a picture as a sum of waves. And waves have
a remarkable property: slide a kernel over a wave, and you get the same wave, only stronger or
weaker and shifted. So for waves a convolution is *one multiplication per wave*, whatever the
kernel's size:

$$\text{spectrum of the result} \;=\; \text{spectrum of the picture} \;\times\;
\overline{\text{spectrum of the kernel}}$$

The line on top is the complex conjugate. Without it you get the flipped convolution of
mathematics. With it you get ours.

**Around the edge.** The transform treats the picture as if it went around: right of the last
column comes the first again. A kernel that hangs over the right border meets the left side of the
picture. Such places are wrong for us. Which places are right?

**An example by hand.** One row: $1, 2, 4$. Kernel: $1, -1$. The Fourier way gives $1 - 2,\; 2 -
4,\; 4 - 1$. The last one went around the edge. The first $3 - 2 + 1 = 2$ are what you want: a
`"valid"` result is the corner at the top left, of $H - k_h + 1$ rows and $W - k_w + 1$ columns.
"""

# %%
row, kernel = np.array([1.0, 2.0, 4.0]), np.array([1.0, -1.0])
spectrum = np.fft.fft(row) * np.fft.fft(kernel, n=3).conj()
print("spectrum of the row:", np.fft.fft(row).round(2))
print("result:             ", np.fft.ifft(spectrum).real.round(6))
print("np.correlate:       ", np.correlate(row, kernel, mode="valid"))

# %% [markdown]
r"""
`np.fft.fft2(x, s=(H, W), axes=...)` does the same in two dimensions. `s` is the size to which it
first fills up with zeros, and `axes` says which two axes are rows and columns. `np.fft.ifft2`
goes back and gives complex numbers whose imaginary parts are 0, up to rounding. (`rfft2` and
`irfft2` do half the work, because the pictures are real.)

What to do with the other axes? At every wave, the $C$ channels must meet the $F$ filters and be
summed over the channels. You know what that is. `@` multiplies the *last two* axes of its arrays
as matrices, and goes through all axes before them.
"""

# %% [markdown]
r"""
### Exercise 7: through the spectrum
"""


# %% exercise="conv2d_fft"
def conv2d_fft(x, kernels, bias):
    """``Conv2D`` with padding "valid" and stride 1, by Fourier transforms.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    kernels : array, shape (kh, kw, C, F)
    bias : array, shape (F,)

    Returns
    -------
    array, shape (N, H - kh + 1, W - kw + 1, F)
        Real numbers.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` as in ``conv2d_im2col``: the message
    contains ``kernels`` or ``bias``.

    >>> x, kernels = np.array([[[[1.0], [2.0], [4.0]]]]), np.array([[[[1.0]], [[-1.0]]]])
    >>> conv2d_fft(x, kernels, np.zeros(1)).round(9)
    array([[[[-1.],
             [-2.]]]])
    """
    ### BEGIN SOLUTION
    (rows, columns), _ = layout(x.shape, kernels.shape[:2])
    size = x.shape[1:3]
    pictures = np.fft.rfft2(x, axes=(1, 2))
    waves = np.fft.rfft2(kernels, s=size, axes=(0, 1)).conj()
    spectrum = (pictures[:, :, :, None, :] @ waves)[:, :, :, 0, :]
    maps = np.fft.irfft2(spectrum, s=size, axes=(1, 2))[:, :rows, :columns]
    return maps + bias
    ### END SOLUTION


# %% [markdown]
r"""
Which waves is Chelsea made of? The picture on the right shows how strong each wave is, the slow
ones (low **frequencies**) in the middle. The other two show what a blur, and a difference of
neighbors, do to the waves: white waves pass, black ones are stopped.
"""

# %%
gray = photo("chelsea", size=96, gray=True)


def waves(kernel):
    """How strong each wave comes through, from 0 to 1, slow waves in the middle."""
    strength = np.abs(np.fft.fftshift(np.fft.fft2(kernel, s=(96, 96))))
    return strength / strength.max()


figures.photos(
    waves(np.ones((7, 7))),
    waves(np.array([[-1, 1]])),
    np.log1p(300 * waves(gray - gray.mean())) / np.log(301),
    titles=["7 × 7 blur", "right minus left", "Chelsea (logarithm)"],
    shades="gray",
    counted=False,
    alt="Left: a bright spot in the middle, slow waves pass. Middle: black upright stripe in the "
    "middle, waves along the row pass. Right: the cat's spectrum, brightest in the middle.",
).show()

# %% [markdown]
r"""
A blur lets slow waves pass and stops fast ones. An edge detector does the opposite, in its
direction. This is chapter 1's "sum 1" and "sum 0" again: the sum of the weights is what happens
to the slowest wave of all, the flat picture.
"""

# %% [markdown]
r"""
## 8. The race

Now the race, on this computer: the loop, your matrix product, your Fourier way, and Keras, which
runs in a separate process. The pictures grow from 16 to 128 pixels.

**Guess first.** Who wins at 16 × 16? Who at 128 × 128? How far is your best from Keras?

The cell takes about half a minute, most of it for the loop and for starting TensorFlow.
"""

# %%
if ready(im2col) and ready(conv2d_im2col) and ready(conv2d_fft):
    racers = {"loop": conv2d_loop, "im2col": conv2d_im2col, "FFT": conv2d_fft}
    growing = speed.pictures(16, 32, 64, 128)
    times = speed.contest(racers, growing)
    speed.bars(times, growing).show()

# %% [markdown]
r"""
The axis is logarithmic: every step to the right is ten times as long. Your matrix product beats
the loop by a large factor, and it comes close to Keras. On small pictures it may even win,
because calling Keras itself takes time. (Is a bar strangely long? Other programs on your computer
also need the processor. Run the cell again.)

And now let the *kernel* grow, on a picture of 64 × 64. **Guess:** from which size on does Fourier
win against im2col?
"""

# %%
if ready(im2col) and ready(conv2d_im2col) and ready(conv2d_fft):
    growing = speed.kernels(3, 7, 15, 31)
    racers = {"im2col": conv2d_im2col, "FFT": conv2d_fft}
    speed.bars(speed.contest(racers, growing), growing).show()

# %% [markdown]
r"""
The Fourier way does not depend on the size of the kernel. Its time stays nearly the same, while
the matrix grows with every tap. Why do networks not always use it? Because their kernels are
usually 3 × 3. Where kernels are large, as with sound or in astronomy, the Fourier way is common.

What can a library still do better? It can keep patches in the processor's small, fast memory (the
cache) and never write the whole matrix down, it uses every core, and for 3 × 3 kernels a method
of Winograd's saves more than half of the multiplications. On a graphics card the same matrix
products run far faster again. But the idea is the one that you wrote.
"""

# %% [markdown]
r"""
## 9. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: back to the picture

Every window of 2 × 2 in a picture of 3 × 3 sends four ones back. So the middle should get 4, the
corners 1. **What does the box put there?**
"""

# %%
broken_col2im = box("col2im")
back = broken_col2im(np.ones((4, 4)), (1, 3, 3, 1), (2, 2))
figures.numbers(back[0, :, :, 0], titles=["what the box gives back"]).show()

# %%
broken_col2im


# %% exercise="expose_col2im"
def expose_col2im():
    """Name the mistake in ``broken_col2im``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (cols, x_shape, size, strides, padding)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 10 numbers in all; more than 64 are not tried.
        The numbers in tuples count, too.
    """
    ### BEGIN SOLUTION
    cols = np.array([[0.0, -1.0], [1.0, 0.0]])
    return "overwrites-overlap", (cols, (1, 3, 1, 1), (2, 1))
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: one filter for each channel

One pixel with the channels 1 and 10, and two filters for each: times 1 and times 2. So the four
maps should hold 1, 2, 10 and 20. **What is their order in the second box?**
"""

# %%
broken_depthwise_conv2d = box("depthwise_conv2d")
pixel = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
twice = np.array([[1.0, 2.0], [1.0, 2.0]]).reshape(1, 1, 2, 2)
print(broken_depthwise_conv2d(pixel, twice, np.zeros(4))[0, 0, 0])

# %%
broken_depthwise_conv2d


# %% exercise="expose_depthwise_conv2d"
def expose_depthwise_conv2d():
    """Name the mistake in ``broken_depthwise_conv2d``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, kernels, bias, strides, padding)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 10 numbers in all; more than 64 are not tried.
        The numbers in tuples count, too.
    """
    ### BEGIN SOLUTION
    pixel = np.array([1.0, 0.0]).reshape(1, 1, 1, 2)
    kernels = np.array([[0.0, 1.0], [0.0, 0.0]]).reshape(1, 1, 2, 2)
    return "multiplier-order", (pixel, kernels, np.zeros(4))
    ### END SOLUTION


# %% [markdown]
r"""
## 10. What you have built

- `im2col` and `conv2d_im2col`: a layer as one matrix product.
- `col2im` and `conv2d_transpose`: from small maps back to large ones.
- `conv1x1` and `depthwise_conv2d`: the two halves of a layer, each far cheaper than the whole.
- `conv2d_fft`: a large kernel at the price of a small one.

### Questions

Think first, then open the answer.

<details><summary>im2col copies every pixel up to nine times. Why is it faster all the
same?</summary>

Copying is cheap, and it happens in nine large pieces. In return there is one matrix product, in
which the processor multiplies many numbers at once, and which reads numbers that lie side by side
in memory.

</details>

<details><summary>Is col2im(im2col(x)) equal to x?</summary>

No. Each pixel comes back multiplied by the number of windows that saw it: up to $k_h \cdot k_w$
times in the middle, once in the corner. Only where windows do not overlap, and leave no gap, is
it the same picture.

</details>

<details><summary>A 1 × 1 layer from 256 channels to 64, then 3 × 3 from 64 to 64, then 1 × 1 from
64 to 256. Why would anybody build that?</summary>

It is the bottleneck of a ResNet. The expensive 3 × 3 layer works on 64 channels, not 256. Per
pixel: $256 \cdot 64 + 9 \cdot 64 \cdot 64 + 64 \cdot 256 = 69{,}632$ multiplications, while a
single 3 × 3 layer from 256 to 256 channels takes $9 \cdot 256 \cdot 256 = 589{,}824$.

</details>

<details><summary>What does conv2d_fft give if you forget to cut off the last rows and
columns?</summary>

Places where the kernel goes around the edge: the right border of the picture meets the left one.
It is the right answer to a different question: **circular** padding, as on a picture drawn on a
doughnut.

</details>

<details><summary>Which layer's backward pass is conv2d_transpose?</summary>

That of an ordinary convolution. Chapter 5's gradient for the picture adds a copy of the kernel
for every cell of the map, multiplied by the gradient there. And the other way around: the gradient
of a transposed convolution is an ordinary one.

</details>

### Next

You have written, by hand, the operations of a convolutional network, forward and backward, slow
and fast. Whatever a library does from now on, you know what it must compute. But all of them can
be right, and the network still does not learn. In
[chapter 14](../ch14_training/ch14_training.ipynb) you find out why, and what helps.

### Read on

- K. Chellapilla, S. Puri, P. Simard, *High Performance Convolutional Neural Networks for Document
  Processing*, IWFHR 2006: im2col.
- A. Lavin, S. Gray, *Fast Algorithms for Convolutional Neural Networks*, CVPR 2016,
  [arXiv:1509.09308](https://arxiv.org/abs/1509.09308): Winograd's method.
- A. G. Howard et al., *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
  Applications*, 2017, [arXiv:1704.04861](https://arxiv.org/abs/1704.04861): depthwise and 1 × 1,
  one after the other.
- A. Odena, V. Dumoulin, C. Olah, *Deconvolution and Checkerboard Artifacts*, [Distill,
  2016](https://distill.pub/2016/deconv-checkerboard/).
- M. Mathieu, M. Henaff, Y. LeCun, *Fast Training of Convolutional Networks through FFTs*, ICLR
  2014, [arXiv:1312.5851](https://arxiv.org/abs/1312.5851).

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
