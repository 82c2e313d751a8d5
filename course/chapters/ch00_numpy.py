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
# Chapter 0: A NumPy warm-up

Which four things must you know of NumPy to write a convolutional network?

This chapter shows them in ten minutes: arithmetic between arrays of different shapes, an axis of
length 1, a walk over all places of an array, and sums over axes that have names. You use each of
them once. Everything later is built from them.

Do you know broadcasting, `[..., None]`, `np.ndindex` and `np.einsum`? Then do the four exercises
without reading, or go straight to [chapter 1](../ch01_convolution/ch01_convolution.ipynb).

**Guess first.** A cell that says `guess(...)` asks you something. Write down what you think before
you read on. Nothing is graded, and nothing waits for your answer.

**How an exercise works.** You find a function with a description and no body. Replace the line
`raise NotImplementedError()` by your code, run the cell (Shift+Enter), then run the cell
`check(...)` below it. It says what is right and what is not right yet. Stuck?
`hint(scale_channels)` gives one hint at a time. `solution(scale_channels)` shows one way to do
it.

Run the next cell first.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.guesses import guess
from cnnlab.datasets.load import photo

start("ch00_numpy")

# %% [markdown]
r"""
## 1. Shapes that do not match

A color picture is an array of shape $(H, W, C)$: rows, columns, channels. This one has three
channels: red, green and blue.
"""

# %%
cat = photo("chelsea", size=96)
cat.shape

# %% [markdown]
r"""
You want it a little warmer: more red, less blue. Three numbers say so, one for each channel.
"""

# %%
gains = np.array([1.2, 1.0, 0.6])
gains.shape

# %% guess
guess("axis_that_meets")

# %% [markdown]
r"""
NumPy has one rule for this. It is called **broadcasting**:

1. Write both shapes with their *right* ends together. Where an axis is missing on the left,
   put 1.
2. Two lengths fit if they are equal, or if one of them is 1.
3. Along an axis of length 1, the array is used again and again.

| array | shape | seen as |
|---|---|---|
| picture | (96, 96, 3) | (96, 96, 3) |
| gains | (3,) | (1, 1, 3) |

Nothing is copied in memory. NumPy only reads the same three numbers again.
"""

# %% [markdown]
r"""
### Exercise 1: scale_channels

Multiply every channel of a picture by its own gain:

$$\text{out}[i, j, c] = \text{picture}[i, j, c] \cdot \text{gains}[c]$$

One pixel $(2, 3, 4)$ and the gains $(10, 1, 0)$ give $(20, 3, 0)$.
"""


# %% exercise="scale_channels"
def scale_channels(picture, gains):
    """Multiply every channel by its own gain.

    Parameters
    ----------
    picture : array, shape (H, W, C)
    gains : array, shape (C,)

    Returns
    -------
    array, shape (H, W, C)

    >>> scale_channels(np.array([[[2.0, 3.0, 4.0]]]), np.array([10.0, 1.0, 0.0]))
    array([[[20.,  3.,  0.]]])
    """
    ### BEGIN SOLUTION
    return picture * gains
    ### END SOLUTION


# %% [markdown]
r"""
Once it works, look at what it does. What happens with the gains `[0, 1, 0]`? Change them and run
again.
"""

# %%
try:
    warm = np.clip(scale_channels(cat, np.array([1.2, 1.0, 0.6])), 0, 1)
    figures.photos(
        cat,
        warm,
        titles=["as it is", "more red, less blue"],
        alt="A cat twice. The right picture is warmer: its grays are orange.",
    ).show()
except NotImplementedError:
    print("Write scale_channels first, then run this cell again.")

# %% [markdown]
r"""
## 2. An axis of length 1

Now two vectors, one of length 2 and one of length 3. Use the rule above.
"""

# %% guess
guess("two_times_three")

# %%
try:
    np.array([10, 20]) * np.array([1, 2, 3])
except ValueError as error:
    print(f"ValueError: {error}")

# %% [markdown]
r"""
The lengths 2 and 3 meet, and neither is 1. So you say what you mean: the first vector shall stand
*upright*, as a column. Indexing with `None` adds an axis of length 1 at that place.
"""

# %%
upright = np.array([10, 20])[:, None]
print("shape", upright.shape)
print(upright)

# %% [markdown]
r"""
You will meet three forms of it:

| code | shape of a `v` with shape (5,) | shape of an `x` with shape (4, 5) |
|---|---|---|
| `v[:, None]`, `x[:, None]` | (5, 1) | (4, 1, 5) |
| `v[None]`, `x[None]` | (1, 5) | (1, 4, 5): a batch of one |
| `v[..., None]`, `x[..., None]` | (5, 1) | (4, 5, 1): one channel |

The three dots stand for all axes that are not written.
"""

# %% [markdown]
r"""
### Exercise 2: outer_table

A times table: one vector runs down the side, the other one across the top.

$$\text{out}[i, j] = \text{down}[i] \cdot \text{across}[j]$$
"""


# %% exercise="outer_table"
def outer_table(down, across):
    """Multiply every number of one vector by every number of another.

    Parameters
    ----------
    down : array, shape (n,)
    across : array, shape (m,)

    Returns
    -------
    array, shape (n, m)

    >>> outer_table(np.array([10.0, 20.0]), np.array([1.0, 2.0, 3.0]))
    array([[10., 20., 30.],
           [20., 40., 60.]])
    """
    ### BEGIN SOLUTION
    return down[:, None] * across
    ### END SOLUTION


# %% [markdown]
r"""
## 3. Every place, one after another

Most of this course is arithmetic with whole arrays. But sometimes you want to stand at one place
and look around. `np.ndindex` leads you to every place of a shape, in the order in which you read.
"""

# %% guess
guess("fourth_place")

# %%
for place in np.ndindex(2, 3):
    print(place, end="  ")

# %% [markdown]
r"""
Each place is a tuple `(row, column)`, and you can use it as an index as it is: `out[place]`. One
loop replaces two, and it works with any number of axes. `np.ndindex(out.shape)` takes a shape,
too.
"""

# %% [markdown]
r"""
### Exercise 3: steps_to

You stand on a table of cells. A step leads up, down, left or right. How many steps is it from
each cell to a given place? The place itself needs 0.

For 3 rows, 4 columns and the place $(1, 2)$:

$$\begin{matrix} 3 & 2 & 1 & 2 \\ 2 & 1 & 0 & 1 \\ 3 & 2 & 1 & 2 \end{matrix}$$
"""


# %% exercise="steps_to"
def steps_to(shape, place):
    """The number of steps from each cell of a table to a place.

    Parameters
    ----------
    shape : tuple of int, (height, width)
    place : tuple of int, (row, column)
        Both counted from 0.

    Returns
    -------
    array, shape (height, width)

    >>> steps_to((2, 3), (0, 1))
    array([[1., 0., 1.],
           [2., 1., 2.]])
    """
    ### BEGIN SOLUTION
    out = np.zeros(shape)
    for i, j in np.ndindex(out.shape):
        out[i, j] = abs(i - place[0]) + abs(j - place[1])
    return out
    ### END SOLUTION


# %% [markdown]
r"""
Sections 1 and 2 can do the same without a loop. Can you see how? In a network you will often
write the loop first, because it reads like the formula, and find the short form later. Chapter 13
measures how much faster the short form is.

## 4. Axes with names

A batch of pictures has four axes, $(N, H, W, C)$. A sum over "axis 3" is easy to get wrong. You
can name the axes instead. `np.einsum` takes their letters:

| text | meaning |
|---|---|
| `"hwc->c"` | add up over h and w: one number for each channel |
| `"hwc->hw"` | add up over c: one number for each pixel |
| `"i,j->ij"` | no letter is lost: all products, as in exercise 2 |
| `"ij,jk->ik"` | the matrix product: multiply where j meets j, add up over j |

The rule has two parts. Arrays that share a letter are multiplied where that letter is equal. A
letter that is missing after the arrow is summed over.
"""

# %% guess
guess("one_sum_for_each_pixel")

# %%
print(np.einsum("hwc->c", cat).shape, np.einsum("hwc->hw", cat).shape)

# %% [markdown]
r"""
### Exercise 4: mix_channels

A **mixture** is a weighted sum of the channels of one pixel. Make $F$ of them at every pixel of
every picture:

$$\text{out}[n, i, j, f] = \sum_{c} x[n, i, j, c] \cdot \text{weights}[c, f]$$

Gray is such a mixture of red, green and blue. One pixel $(1, 2)$ with the weights
$\begin{pmatrix} 1 & 0 \\ 10 & 3 \end{pmatrix}$ gives $(1 \cdot 1 + 2 \cdot 10,\;
1 \cdot 0 + 2 \cdot 3) = (21, 6)$.
"""


# %% exercise="mix_channels"
def mix_channels(x, weights):
    """Weighted sums of the channels, at every pixel.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    weights : array, shape (C, F)
        One column for each mixture.

    Returns
    -------
    array, shape (N, H, W, F)

    >>> mix_channels(np.array([[[[1.0, 2.0]]]]), np.array([[1.0, 0.0], [10.0, 3.0]]))
    array([[[[21.,  6.]]]])
    """
    ### BEGIN SOLUTION
    return np.einsum("nhwc,cf->nhwf", x, weights)
    ### END SOLUTION


# %% [markdown]
r"""
## What you have now

| you want | write |
|---|---|
| one number for each channel, at every pixel | broadcasting: right ends of the shapes meet |
| a column out of a vector, a batch of one | an axis of length 1: `v[:, None]`, `x[None]` |
| to stand at every place once | `np.ndindex` |
| to add up over an axis, whatever its number | `np.einsum` |

### Questions

<details><summary>A picture of shape (H, W) is to be multiplied by one gain for each of its
<em>rows</em>. Which shape must the gains have?</summary>

$(H, 1)$: then the right ends are 1 and W, and the left ends are H and H. So `picture *
gains[:, None]`.

</details>

<details><summary>Why is a picture of 3 × 3 pixels with 3 channels a bad test for your
code?</summary>

All its axes have the same length. A sum over the wrong axis still fits, and gives a wrong result
without any error. Test with lengths that all differ, as the checks of this course do.

</details>

<details><summary><code>x.sum(axis=(0, 1, 2))</code> of a batch: what is it as an
einsum?</summary>

`np.einsum("nhwc->c", x)`: one number for each channel.

</details>

### Next

[Chapter 1](../ch01_convolution/ch01_convolution.ipynb) finds the ear of a cat.

### Read on

- S. van der Walt, S. C. Colbert, G. Varoquaux, *The NumPy Array: A Structure for Efficient
  Numerical Computation*, Computing in Science & Engineering 13, 2011,
  [arXiv:1102.1523](https://arxiv.org/abs/1102.1523): how an array lies in memory, and why
  broadcasting copies nothing.
- C. R. Harris and others, *Array programming with NumPy*, Nature 585, 2020,
  [doi:10.1038/s41586-020-2649-2](https://doi.org/10.1038/s41586-020-2649-2): what NumPy is, by
  those who make it.
- N. P. Rougier, *From Python to NumPy*, 2017: how one thinks in whole arrays; free to read.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
