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
# Chapter 2: Stride, padding and dilation

In chapter 1 you slid a window over a picture, one pixel at a time, and the map came out a little
smaller than the picture. Three questions were left open.

- Must the map shrink? (**padding**)
- Must the window take every pixel? (**stride**)
- Must the window's cells lie side by side? (**dilation**)

You answer them in four short functions. The last one is a whole layer again, and this time it
does what `Conv2D` does in every network that you will meet.

You need chapter 1 and about an hour and a half. Stuck? `hint(output_size)` gives one hint at a
time, `solution(output_size)` shows one way to do it.

Run the next cell first.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch02_stride_padding import demo
from cnnlab.course.figures import sliding_window
from cnnlab.course.figures.sliding_window import walk
from cnnlab.course.guesses import guess
from cnnlab.datasets.load import photo

start("ch02_stride_padding")

# %% [markdown]
r"""
## 1. The map shrinks

A 3 × 3 window has no room to stand with its middle on the border. So each layer loses a row at the
top and one at the bottom, a column on the left and one on the right.
"""

# %% guess
guess("layers_until_no_room")

# %%
size, layers = 32, 0
while size >= 3:
    size, layers = size - 2, layers + 1
print(f"after {layers} layers the map is {size} × {size}, and the window does not fit any more")

# %% [markdown]
r"""
Many networks have fifty layers and more.

There is a second loss, and it is easily overlooked. Count how many windows see each pixel.
"""

# %% guess
guess("windows_that_see_the_middle")

# %%
seen_by = np.zeros((5, 7))
for i in range(3):
    for j in range(5):
        seen_by[i : i + 3, j : j + 3] += 1
figures.numbers(seen_by, titles=["how many windows see each pixel"]).show()

# %% [markdown]
r"""
A corner is seen only once. Whatever lies at the border of a photograph counts for little.

A frame of zeros around the picture helps against both. Before we lay one, let us see how a window
walks.
"""

# %% [markdown]
r"""
## 2. Larger steps: stride

So far the window moved by one pixel. It may take larger steps. The length of a step is called the
**stride**.

Rows and columns work in the same way, each for itself. So look at one row of the picture: the
cells are called a, b, c …, and the window is three cells wide.
"""

# %% guess
guess("places_on_eight_cells")

# %%
sliding_window.picture(
    walk(7, 3, stride=2),
    walk(8, 3, stride=2),
    titles=["7 cells, stride 2", "8 cells, stride 2"],
).show()

# %% [markdown]
r"""
On seven cells and on eight there are equally many places. On eight the window would need one more
cell for another step, so no window ever sees the last cell, h. It is hatched in the figure.

With $n$ cells, a window of $k$ cells and stride $s$, the number of places is

$$\text{places} = \left\lfloor \frac{n - k}{s} \right\rfloor + 1$$

In words: after the first place, $n - k$ cells are left to walk; count how many whole steps that
is; and do not forget the first place. The brackets $\lfloor\;\rfloor$ round down.
"""

# %% guess
guess("places_by_the_formula")

# %% [markdown]
r"""
Why would anybody skip pixels? With stride 2 in both directions the map has a quarter of the
cells. The next layer has a quarter of the work, and each cell stands for a larger piece of the
picture. Making a map smaller like this is called **downsampling**.
"""

# %% [markdown]
r"""
## 3. A frame of zeros: padding

Lay zeros at both ends, and the window can also stand half outside. This is called **padding**,
here **zero padding**. Keras has two kinds, and so will you:

- `"valid"`: no frame. The window stays on valid pixels.
- `"same"`: a frame just wide enough for $\lceil n / s \rceil$ places. With stride 1 these are $n$:
  the *same* number as cells. The brackets $\lceil\;\rceil$ round up.
"""

# %%
sliding_window.picture(
    walk(6, 3),
    walk(6, 3, padding="same"),
    walk(6, 3, stride=2, padding="same"),
    titles=['"valid"', '"same"', '"same", stride 2'],
).show()

# %% [markdown]
r"""
The gray cells are the frame. Look at the one on the right: it has a zero on one side only. You
will find out why in exercise 2. First, count.
"""

# %% guess
guess("same_at_stride_3")

# %% [markdown]
r"""
## 4. Taps that are spread out: dilation

One more idea. The cells that a kernel multiplies are called its **taps**. They need not lie side
by side. With **dilation** $d$, each tap lies $d$ cells after the one before, and the cells in
between are skipped. (Such a layer is also called an *atrous* convolution.)
"""

# %% guess
guess("reach_of_three_taps")

# %%
sliding_window.picture(
    walk(8, 3),
    walk(8, 3, dilation=2),
    walk(8, 3, dilation=3),
    titles=["dilation 1", "dilation 2", "dilation 3"],
).show()

# %% [markdown]
r"""
(With dilation 3 there are only two places left on eight cells, and nothing sees c and f.) Between
three taps there are two gaps, and each gap is $d$ long. So the window's **reach** is

$$r = d \cdot (k - 1) + 1$$

Wherever a formula asks how much room the window takes, use $r$ where $k$ stood before. The window
sees further, and still has three weights to learn.

Use dilation with stride 1: Keras refuses layers in which both are larger than 1.
"""

# %% guess
guess("places_with_dilation")

# %% [markdown]
r"""
### Exercise 1: how many places?
"""


# %% exercise="output_size"
def output_size(n, k, stride=1, padding="valid", dilation=1):
    """In how many places a window can stand along one axis.

    Parameters
    ----------
    n : int
        How many cells the axis has.
    k : int
        How many taps the kernel has along this axis.
    stride : int
        How many cells the window moves in one step.
    padding : str
        ``"valid"``: no frame. ``"same"``: a frame that makes room for ceil(n / stride) places.
    dilation : int
        How many cells one tap lies after the other.

    Returns
    -------
    int

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``stride``, ``dilation`` or ``k`` is
    below 1, if ``padding`` is another word, or if with ``"valid"`` the window reaches over more
    than ``n`` cells (then ``k`` is to blame). The message contains the name of the argument.

    >>> output_size(7, 3), output_size(7, 3, stride=2, padding="same")
    (5, 4)
    """
    ### BEGIN SOLUTION
    if padding == "same":
        return -(-n // stride)
    reach = dilation * (k - 1) + 1
    return (n - reach) // stride + 1
    ### END SOLUTION


# %% [markdown]
r"""
> **Where the article is too quick: `"same"` is not always the same size.** The article (Arden
> Dertat, *Applied Deep Learning, Part 4*, 2017) adds a frame, and "the dimensionality of the
> feature map matches the input". At stride 1 it does. Ask your function about a picture of 150 ×
> 150.
"""

# %%
if ready(output_size):
    for s in (1, 2, 3, 4):
        print(f"stride {s}: {output_size(150, 3, s, 'same'):3} places")

# %% [markdown]
r"""
With larger strides `"same"` means: *the size that the stride alone would give*, $n/s$ rounded up.
The kernel's size plays no role.
"""

# %% [markdown]
r"""
## 5. How many zeros, and on which side?

Here are three rows of cells with their `"same"` frames. **Before you read on:** what decides how
many zeros there are?
"""

# %%
sliding_window.picture(
    walk(5, 4, padding="same"),
    walk(5, 3, stride=2, padding="same"),
    walk(6, 3, stride=2, padding="same"),
    titles=["5 cells, k = 4", "5 cells, k = 3, stride 2", "6 cells, k = 3, stride 2"],
).show()

# %% [markdown]
r"""
Look at the *last* window. It starts after $(\text{places} - 1)$ steps and reaches over $r$ cells.
That is how many cells the walk needs. What the picture does not have must be added:

$$\text{zeros} = \max\bigl(0,\;(\text{places} - 1) \cdot s + r - n\bigr)$$

The zeros are divided between the two ends. If their number is odd, **the extra one goes after**:
to the right, or to the bottom. That is a convention of TensorFlow and Keras, not a law. In
PyTorch's `Conv2d(..., padding=1)` both sides get the same number, so a network that you move from
one library to the other may be off by one pixel.

**An example by hand.** $n = 5$, $k = 4$, stride 1: 5 places, $4 + 4 - 5 = 3$ zeros, so 1 before and
2 after. Compare with the figure.
"""

# %% guess
guess("zeros_before_and_after")

# %% [markdown]
r"""
Why the maximum with 0? Take $k = 1$ and stride 3 on six cells: two places, and the last one
begins at cell 3. Nothing is missing, and nothing must be taken away either.
"""

# %% [markdown]
r"""
### Exercise 2: the frame of "same"
"""


# %% exercise="same_padding"
def same_padding(n, k, stride=1, dilation=1):
    """How many zeros ``"same"`` lays before and after an axis. You may call `output_size`.

    Parameters
    ----------
    n, k, stride, dilation : int
        As in `output_size`.

    Returns
    -------
    tuple of two int
        Before, after. Never below 0; an odd zero goes after.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``stride``, ``dilation`` or ``k`` is
    below 1. The message contains the name.

    >>> same_padding(5, 3), same_padding(6, 3, stride=2)
    ((1, 1), (0, 1))
    """
    ### BEGIN SOLUTION
    places = output_size(n, k, stride, "same", dilation)
    last_tap = (places - 1) * stride + dilation * (k - 1)
    missing = max(last_tap + 1 - n, 0)
    return missing // 2, missing - missing // 2
    ### END SOLUTION


# %% [markdown]
r"""
Half a kernel on each side, $k // 2$: many people write that for `"same"`. When is it right?
"""

# %% guess
guess("half_a_kernel")

# %%
if ready(same_padding):
    for n, k, s in ((7, 3, 1), (6, 4, 1), (7, 3, 2), (6, 3, 2)):
        ours, half = same_padding(n, k, s), (k // 2, k // 2)
        verdict = "the same" if ours == half else "different"
        print(f"n = {n}, k = {k}, stride {s}: {ours}, half a kernel {half}: {verdict}")

# %% [markdown]
r"""
This is one reason why nearly all kernels are odd: then, at stride 1, the frame is the same on
both sides, and a cell of the map lies in the middle of what it sees.
"""

# %% [markdown]
r"""
## 6. Build the frame

Now for the numbers. A frame may have a different width on each of its four sides. What should it
contain? Here are two choices for the same picture, with one row above, none below, one column on
the left and two on the right:
"""

# %%
small = np.array([[3, 5, 1], [2, 8, 4]])
zeros = np.array([[0, 0, 0, 0, 0, 0], [0, 3, 5, 1, 0, 0], [0, 2, 8, 4, 0, 0]])
edge = np.array([[3, 3, 5, 1, 1, 1], [3, 3, 5, 1, 1, 1], [2, 2, 8, 4, 4, 4]])
figures.numbers(small, zeros, edge, titles=["picture", '"zeros"', '"edge"']).show()

# %% [markdown]
r"""
`"zeros"` puts nothing there. `"edge"` repeats the nearest pixel of the border, and in a corner the
corner pixel.

A batch has four axes.
"""

# %% guess
guess("axes_with_a_frame")

# %% [markdown]
r"""
### Exercise 3: a frame for a batch
"""


# %% exercise="pad2d"
def pad2d(x, pad_h, pad_w, mode="zeros"):
    """Lay a frame around every picture of a batch.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    pad_h : pair of int
        How many rows to add above and below.
    pad_w : pair of int
        How many columns to add on the left and on the right.
    mode : str
        ``"zeros"``, or ``"edge"``: the nearest pixel of the border.

    Returns
    -------
    array, shape (N, above + H + below, left + W + right, C)
        A new array; ``x`` stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` has not four axes, a pad is
    negative, or the mode is unknown. The message contains the name of the argument: ``x``,
    ``pad_h``, ``pad_w`` or ``mode``.

    >>> x = np.array([[[[3.0], [5.0]], [[2.0], [8.0]]]])
    >>> pad2d(x, (0, 0), (1, 2), mode="edge")[0, :, :, 0]
    array([[3., 3., 5., 5., 5.],
           [2., 2., 8., 8., 8.]])
    """
    ### BEGIN SOLUTION
    pictures, height, width, channels = x.shape
    (above, below), (left, right) = pad_h, pad_w
    if mode == "edge":
        rows = np.clip(np.arange(-above, height + below), 0, height - 1)
        columns = np.clip(np.arange(-left, width + right), 0, width - 1)
        return x[:, rows][:, :, columns]
    out = np.zeros((pictures, above + height + below, left + width + right, channels))
    out[:, above : above + height, left : left + width] = x
    return out
    ### END SOLUTION


# %% [markdown]
r"""
Both frames around Chelsea, in color, much too wide on purpose. **Which of the two looks more like
a picture that goes on?**
"""

# %%
batch = photo("chelsea", size=96)[None] / 255  # (1, 96, 96, 3), from 0 to 1
if ready(pad2d):
    figures.photos(
        pad2d(batch, (24, 24), (24, 24))[0],
        pad2d(batch, (24, 24), (24, 24), "edge")[0],
        titles=["zeros", "edge"],
        alt="The cat twice. Left in a black frame; right in a frame of colored streaks that "
        "run outwards from her border pixels.",
    ).show()

# %% [markdown]
r"""
> **Where the article is wrong: Keras does not repeat the edge.** In its section on the code the
> article says about Keras: "Same means we pad with the number on the edge". Here is a way to find
> out. Give a layer a picture that is all ones and a 3 × 3 kernel that is all ones: it then counts
> the ones under its window.
"""

# %% guess
guess("ones_under_the_corner")

# %%
if ready(pad2d):
    counts = []
    for mode in ("zeros", "edge"):
        framed = pad2d(np.ones((1, 4, 5, 1)), (1, 1), (1, 1), mode)[0, :, :, 0]
        counts.append([[framed[i : i + 3, j : j + 3].sum() for j in range(5)] for i in range(4)])
    figures.numbers(*counts, titles=["frame of zeros", "frame of edge pixels"]).show()

# %% [markdown]
r"""
And Keras? Here are two lines, with what they print:

```python
layer = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")
print(layer(np.ones((1, 4, 5, 1))).numpy()[0, :, :, 0])
# [[4. 6. 6. 6. 4.]
#  [6. 9. 9. 9. 6.]
#  [6. 9. 9. 9. 6.]
#  [4. 6. 6. 6. 4.]]
```

The corners say that the frame is made of zeros. The check of your next exercise compares your
function with Keras, so there it matters.
"""

# %% [markdown]
r"""
## 7. The whole layer

You have all the parts. With a framed picture $x'$, strides $(s_h, s_w)$ and dilation $(d_h, d_w)$
the layer is

$$\text{out}_{n,i,j,f} = \text{bias}_f + \sum_{a,\,b,\,c}
x'_{n,\;i \cdot s_h + a \cdot d_h,\;j \cdot s_w + b \cdot d_w,\;c} \cdot
\text{kernels}_{a,b,c,f}$$

In words: the window of row $i$, column $j$ begins $i$ steps down and $j$ steps to the right, and
inside it each tap lies $d$ cells after the one before.

Rows come first in every pair: `strides=(2, 1)` takes two rows down in one step, and one column to
the right.

**An example by hand.** One row of six pixels, one channel, one filter, bias 0, strides $(1, 2)$,
`"same"`:

$$x = \begin{bmatrix} 1 & 2 & 3 & 4 & 5 & 6 \end{bmatrix} \qquad
k = \begin{bmatrix} 1 & 0 & 2 \end{bmatrix}$$

Three places, and one zero, after the 6. So the result is $1 + 2 \cdot 3 = 7$, then
$3 + 2 \cdot 5 = 13$, then $5 + 2 \cdot 0 = 5$.
"""

# %% [markdown]
r"""
### Exercise 4: a whole layer, with everything
"""


# %% exercise="conv2d"
def conv2d(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    """What a Keras ``Conv2D`` layer computes, without an activation.

    You may call `output_size`, `same_padding` and `pad2d`.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    kernels : array, shape (kh, kw, C, F)
    bias : array, shape (F,)
    strides, dilation : pair of int
        Down the rows, along the columns. Never both above 1.
    padding : str
        ``"valid"``, or ``"same"``: a frame of zeros, as `same_padding` says.

    Returns
    -------
    array, shape (N, rows, columns, F)
        A new array, rows and columns as `output_size` says.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` with the name of the argument in the
    message. ``kernels``: they reach over more than the framed pictures, or have another number
    of channels than ``x``. ``bias``: not exactly one number for each filter. ``strides``,
    ``dilation``: a number below 1. ``padding``: another word.

    >>> x = np.array([[[[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]]])
    >>> kernels = np.array([[[[1.0]], [[0.0]], [[2.0]]]])
    >>> conv2d(x, kernels, np.zeros(1), strides=(1, 2), padding="same").ravel()
    array([ 7., 13.,  5.])
    """
    ### BEGIN SOLUTION
    kh, kw, _, filters = kernels.shape
    (sh, sw), (dh, dw) = strides, dilation
    if padding == "same":
        frame_h = same_padding(x.shape[1], kh, sh, dh)
        frame_w = same_padding(x.shape[2], kw, sw, dw)
        x = pad2d(x, frame_h, frame_w)
    rows = output_size(x.shape[1], kh, sh, "valid", dh)
    columns = output_size(x.shape[2], kw, sw, "valid", dw)
    reach_h, reach_w = dh * (kh - 1) + 1, dw * (kw - 1) + 1
    out = np.zeros((len(x), rows, columns, filters))
    for i in range(rows):
        for j in range(columns):
            top, left = i * sh, j * sw
            taps = x[:, top : top + reach_h : dh, left : left + reach_w : dw]
            out[:, i, j] = np.einsum("nabc,abcf->nf", taps, kernels) + bias
    return out
    ### END SOLUTION


# %% [markdown]
r"""
Chelsea's outlines at stride 1, 2 and 4. **Guess:** how large is each map, and can you still tell
that it is a cat?
"""

# %%
right_minus_left = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
cat = photo("chelsea", size=96, gray=True)[None, :, :, None]
if ready(conv2d):
    edges, no_bias = right_minus_left[:, :, None, None], np.zeros(1)
    maps = {s: conv2d(cat, edges, no_bias, (s, s), "same")[0, :, :, 0] for s in (1, 2, 4)}
    figures.photos(
        *maps.values(),
        titles=[f"stride {s}: {m.shape[0]} × {m.shape[1]}" for s, m in maps.items()],
        alt="The cat's outlines three times, in coarser and coarser pixels. The first map has a "
        "blue line down the left border and a red one down the right, the second only the red "
        "one, the third none.",
    ).show()

# %% [markdown]
r"""
Each time three quarters of the cells are gone. Now look at the left and the right border. At
stride 1 there is a strong line on both, at stride 2 on the right alone, at stride 4 there is
none. (Every map has a color scale of its own, drawn below it. Where such a line is the strongest
answer, all others look paler beside it.)
"""

# %% guess
guess("lines_at_the_border")

# %% [markdown]
r"""
Your own function knows.
"""

# %%
if ready(same_padding):
    for s in (1, 2, 4):
        print(f"stride {s}: {same_padding(96, 3, s)} zeros on the left and on the right")

# %% [markdown]
r"""
Zeros are not *nothing*: they are black pixels, and the network sees an edge there. That can even
be useful: such an edge says that the border is near.

With your `pad2d` you can add the other frame, and run `"valid"` on it. The two lines are gone, so
the outlines need not look pale any more: read the two scales.
"""

# %%
if ready(conv2d) and ready(pad2d):
    framed = pad2d(cat, (1, 1), (1, 1), "edge")
    figures.photos(
        conv2d(cat, edges, no_bias, (1, 1), "same")[0, :, :, 0],
        conv2d(framed, edges, no_bias)[0, :, :, 0],
        titles=['"same": a frame of zeros', "a frame of edge pixels"],
        alt="The cat's outlines twice. Only on the left are there false lines at the left and "
        "right border.",
    ).show()

# %% [markdown]
r"""
And dilation: the same nine weights, spread further and further. **What will happen to thin lines,
and what to large shapes?**
"""

# %%
if ready(conv2d):
    spreads = (1, 3, 8)
    maps = [conv2d(cat, edges, no_bias, (1, 1), "same", (d, d))[0, 8:-8, 8:-8, 0] for d in spreads]
    figures.photos(
        *maps,
        titles=[f"dilation {d}: reach {2 * d + 1}" for d in spreads],
        alt="The cat's outlines three times: thin lines, then broad ones, then large patches "
        "of which each comes three times, one below the other.",
    ).show()

# %% [markdown]
r"""
The wider the reach, the larger the things that the kernel compares. It does not cost a single
weight more, and the map keeps its size. But there is a price. At dilation 8 everything shows
three times, one below the other: the three rows of taps lie so far apart that each of them finds
the eye at a different place.

### Play with it

The demo runs *your* `conv2d` on a small picture of Chelsea's eye. Frame cells are gray, and cells
that no window ever sees are hatched. Move the sliders; press Play to watch the window walk, or
put the focus on the picture and use the arrow keys.

Try to find out:

- Which settings leave hatched cells? Can that happen with `"same"`?
- With `"same"` and stride 1, make the kernel 4 rows high. Where does the extra row of zeros go?
- Find a setting with hatched cells *inside* the picture, not only at its end.
- Stride 2, three taps, `"same"`: make the picture one row higher, and one more. What happens to
  the frame?
"""

# %%
demo(conv2d)

# %% [markdown]
r"""
### What does a stride save?

A layer of 32 filters, 3 × 3, `"same"`, works on a color picture of 150 × 150.
"""

# %% guess
guess("work_saved_by_stride_2")

# %%
if ready(output_size):
    for s in (1, 2):
        side = output_size(150, 3, s, "same")
        print(f"stride {s}: {side} × {side} × 32 cells, {side * side * 32 * 27:,} multiplications")

# %% [markdown]
r"""
## 8. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: a frame

The box pads Chelsea, and this is what comes out. Nobody would complain. **Which frames has it not
been tried with?**
"""

# %%
broken_pad2d = box("pad2d")
figures.photos(
    broken_pad2d(photo("chelsea", size=96, gray=True)[None, :, :, None], (8, 8), (8, 8))[
        0, :, :, 0
    ],
    titles=["the box's frame of 8 and 8"],
    alt="The cat in a black frame that is equally wide on all four sides.",
).show()

# %%
broken_pad2d


# %% exercise="expose_pad2d"
def expose_pad2d():
    """Name the mistake in ``broken_pad2d``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, pad_h, pad_w, mode)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 5 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "axes-swapped", (np.zeros((1, 1, 1, 1)), (1, 1), (0, 0))
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: a layer

A single 1 in the picture copies the kernel, turned by half a turn. Here are a kernel of 3 × 3 and
one of 2 × 2 with `"same"`. **One of the two copies is out of place. Which one?**
"""

# %%
broken_conv2d = box("conv2d")
dot = np.zeros((1, 5, 5, 1))
dot[0, 2, 2] = 1
odd, even = np.arange(1.0, 10).reshape(3, 3), np.arange(1.0, 5).reshape(2, 2)
maps = [
    broken_conv2d(dot, kernel[:, :, None, None], np.zeros(1), (1, 1), "same")[0, :, :, 0]
    for kernel in (odd, even)
]
figures.numbers(dot[0, :, :, 0], *maps, titles=["picture", "kernel 3 × 3", "kernel 2 × 2"]).show()

# %%
broken_conv2d


# %% exercise="expose_conv2d"
def expose_conv2d():
    """Name the mistake in ``broken_conv2d``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, kernels, bias, strides, padding, dilation)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 6 numbers in all; more than 64 are not tried.
        The numbers in tuples count, too.
    """
    ### BEGIN SOLUTION
    pixel = np.ones((1, 1, 1, 1))
    kernels = np.array([1.0, 0.0]).reshape(2, 1, 1, 1)
    return "extra-before", (pixel, kernels, np.zeros(1), (1, 1), "same")
    ### END SOLUTION


# %% [markdown]
r"""
## 9. What you have built

- `output_size`: how many places there are, for any stride, padding and dilation.
- `same_padding`: how many zeros `"same"` needs, and on which side.
- `pad2d`: a frame around a whole batch.
- `conv2d`: the complete **forward pass** of `keras.layers.Conv2D`: from its input to its output.

### Questions

Think first, then open the answer.

<details><summary>A picture of 224 × 224 goes through five layers, each with stride 2 and "same".
How large is the last map?</summary>

Half each time: 112, 56, 28, 14, 7. Many networks end with a map of 7 × 7, and this is why.

</details>

<details><summary>Stride 2 with "valid": is that the same as stride 1, and then every second row and
column?</summary>

Yes, number for number. But the second way computes four times as much and throws three quarters
of it away.

</details>

<details><summary>And with "same"?</summary>

Not always. With $n = 6$ and $k = 3$ the frame is $(1, 1)$ at stride 1 and $(0, 1)$ at stride 2.
So the windows stand one cell apart from each other.

</details>

<details><summary>Three layers with three taps each, dilation 1, then 2, then 4. How many cells
does one cell of the last map see?</summary>

Every layer adds $d \cdot (k - 1)$: $1 + 2 + 4 + 8 = 15$. Without dilation it would be
$1 + 2 + 2 + 2 = 7$. Doubling the dilation from layer to layer is a cheap way to see far.

</details>

<details><summary>One layer with dilation 2 after the other: is there something that they never
compare?</summary>

Neighbors. With dilation 2 alone, a cell sees only every second cell, however many layers there
are: the even ones and the odd ones never meet. So networks mix several dilations.

</details>

<details><summary>Can a kernel be larger than the picture?</summary>

With `"valid"` it cannot. With `"same"` it can: the frame makes room, and most of the weights meet
zeros.

</details>

### Next

A stride throws places away without looking. There is a way to make a map smaller that looks first
and keeps what matters. It is called pooling, and [chapter 3](../ch03_pooling/ch03_pooling.ipynb)
is about it.

### Read on

- V. Dumoulin, F. Visin, *A Guide to Convolution Arithmetic for Deep Learning*, 2016,
  [arXiv:1603.07285](https://arxiv.org/abs/1603.07285): every formula of this chapter, with
  pictures.
- F. Yu, V. Koltun, *Multi-Scale Context Aggregation by Dilated Convolutions*, ICLR 2016,
  [arXiv:1511.07122](https://arxiv.org/abs/1511.07122): why one dilates.
- J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller, *Striving for Simplicity: The All
  Convolutional Net*, 2014, [arXiv:1412.6806](https://arxiv.org/abs/1412.6806): strides in place
  of pooling.
- M. A. Islam, S. Jia, N. D. B. Bruce, *How Much Position Information Do Convolutional Neural
  Networks Encode?*, ICLR 2020, [arXiv:2001.08248](https://arxiv.org/abs/2001.08248): what a
  network learns from its frame of zeros.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
