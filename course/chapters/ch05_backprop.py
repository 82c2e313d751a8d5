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
# Chapter 5: The way back

Where do the numbers in a kernel come from?

So far they were given, or you made them up. Now they will be *learned*, and you write everything
that this takes: ten short functions. At the end a network that begins with random numbers learns to
tell cats from dogs, in less than a minute, and every gradient in it is yours. Its learning curve
will match that of Keras, step for step.

**This chapter is optional.** The article that this course follows says that training is "more
mathematically involved" and leaves it out. Chapters 6 to 12 let Keras do it, and you can go there
right away. But no other chapter shows so well what a network is.

You need chapters 1 to 4, or at least what they are about: convolution, ReLU, max pooling, dense
layers. You need to know what a slope is. About three hours.

Run the next three cells first.
"""

# %% setup=true
import math

import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch05_backprop import demo
from cnnlab.course.figures import gradients
from cnnlab.course.guesses import guess
from cnnlab.course.training.by_hand import Recipe, keras_curve, start_params, train
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs

start("ch05_backprop")

# %% [markdown]
r"""
These are the functions of the **forward pass**, finished, from the earlier chapters: the way from
the pictures to the answer. Your own functions may call them: your checks know the same ones. This
chapter is about the **backward pass**.
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch05_backprop import conv2d, dense, max_pool2d, relu, same_padding, softmax

# %% [markdown]
r"""
Did `check` give your own functions of those chapters full marks? Then they run from here on, and
your network learns with them. Where one of them is slow, it runs on one picture, and the course's
goes on. In a check the course's stand in, so your points do not depend on it.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

same_padding = own(same_padding, "ch02")
conv2d = own(conv2d, "ch02")
relu = own(relu, "ch01")
max_pool2d = own(max_pool2d, "ch03")
dense = own(dense, "ch04")
softmax = own(softmax, "ch04")
whose_code()

# %% [markdown]
r"""
## 1. Which way is downhill?

A network gives an answer, and we know the right one. A number says how bad the answer was: the
**loss**. Large is bad, 0 is perfect. How it is computed comes later. For now: all the numbers of
the network go in, and one number comes out.

To learn is to change the network's numbers so that the loss falls. So for *every* number we need
to know: if I make it a little larger, does the loss grow or fall, and how fast? These slopes
together are called the **gradient**.

**A question.** You have a function and no formula. How do you find out how steep it is at $x = 3$?
"""

# %%
x = np.linspace(-1, 4, 51)
figures.curve(x, x**2, xlabel="x", ylabel="loss").show()

# %% [markdown]
r"""
By trying. Go a little to the right, go a little to the left, and see how much the loss changes
between the two:

$$\frac{\partial f}{\partial x_i} \approx
\frac{f(\dots, x_i + \varepsilon, \dots) - f(\dots, x_i - \varepsilon, \dots)}{2\,\varepsilon}$$

The other numbers stay as they are. These are **central differences**.

**An example by hand.** $f(x) = x^2$, $x = 3$, $\varepsilon = 0.1$. Then $(3.1^2 - 2.9^2) / 0.2 =
(9.61 - 8.41) / 0.2 = 6$. From school you know that the slope is $2x = 6$. And if you look only to
the right?
"""

# %% guess
guess("slope_from_one_side")

# %% [markdown]
r"""
### Exercise 1: slopes by trying out
"""


# %% exercise="numerical_gradient"
def numerical_gradient(f, x, eps=1e-5):
    """How fast f grows with each number of x, by central differences.

    Parameters
    ----------
    f : function
        Takes an array of x's shape and gives one number.
    x : array, any shape
    eps : number above 0
        Each number is moved this far to the right, and this far to the left.

    Returns
    -------
    array, x's shape, float64
        Always float64, and all the work is done in float64. ``x`` itself is afterward what it
        was before.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``eps`` is 0 or below. The message
    contains the word ``eps``.

    >>> numerical_gradient(lambda x: x[0] ** 2 + 10 * x[1], np.array([3.0, 5.0])).round(6)
    array([ 6., 10.])
    """
    ### BEGIN SOLUTION
    point = np.array(x, dtype=np.float64)
    slopes_found = np.zeros(point.shape)
    for place in np.ndindex(point.shape):
        before = point[place]
        point[place] = before + eps
        above = f(point)
        point[place] = before - eps
        below = f(point)
        point[place] = before
        slopes_found[place] = (above - below) / (2 * eps)
    return slopes_found
    ### END SOLUTION


# %% [markdown]
r"""
How small should the step be? "As small as possible", one would think. Here is the error of your
slope of $e^x$ at 1, for steps from 1 down to a millionth of a millionth.
"""

# %% guess
guess("left_end_of_the_error")

# %%
if ready(numerical_gradient):
    steps = 10.0 ** np.arange(-12, 0.5, 0.5)
    exp = np.array([1.0])
    central = [numerical_gradient(lambda x: np.exp(x[0]), exp, eps)[0] for eps in steps]
    one_sided = [(np.exp(1 + eps) - np.exp(1)) / eps for eps in steps]
    single = np.float32(1)
    coarse = [
        float(np.exp(single + np.float32(eps)) - np.exp(single - np.float32(eps))) / (2 * eps)
        for eps in steps
    ]
    runs = {"one side only": one_sided, "yours: both sides": central, "float32": coarse}
    gradients.step_sizes(steps, {n: np.abs(np.array(v) - np.e) for n, v in runs.items()}).show()

# %% [markdown]
r"""
A float has 16 digits. Two values that are equal in the first 12 leave 4 digits when you subtract
them. So there is a best step, about $10^{-5}$ for central differences. In `float32`, with its 7
digits, the same step gives a slope that is off by half a percent. That is why all the work is
done in `float64`.

So we are done? One function finds all gradients of any network. **Count first.** It takes two
passes through the network for *each* of its numbers. Think of VGG16, the network of chapter 9.
"""

# %% guess
guess("years_for_one_step")

# %% [markdown]
r"""
We need all slopes for about the price of *one* pass. There is a way, and your slow function still
has a use: it tells us whether the fast one is right.
"""

# %% [markdown]
r"""
## 2. The idea: every layer answers one question

A network is a chain. Each layer takes numbers in and gives numbers out, and the loss is at the
end. Go through the chain backward, and ask every layer the same question:

> *You gave out some numbers. I tell you how fast the loss grows with each of them. How fast does
> it grow with each of the numbers that you took in?*

What the layer is told is called `dout`, the gradient of the loss with respect to its output. It
has the shape of the output. What it answers is `dx`, with the shape of its input. That is the
`dout` of the layer before.

$$\text{picture} \;\rightleftarrows\; \text{conv} \;\rightleftarrows\; \text{ReLU}
\;\rightleftarrows\; \text{pool} \;\rightleftarrows\; \text{dense} \;\rightleftarrows\;
\text{loss}$$

This is the **chain rule**: slopes multiply. If $y$ grows 3 times as fast as $x$, and the loss
grows 5 times as fast as $y$, then the loss grows 15 times as fast as $x$. The method is called
**backpropagation**. No layer needs to know the others. It needs `dout`, and what it received in
the forward pass.
"""

# %% [markdown]
r"""
### ReLU, backward

ReLU first, because it does so little. Look at its curve.
"""

# %%
z = np.linspace(-3, 3, 61)
figures.curve(z, relu(z), xlabel="z", ylabel="relu(z)").show()

# %% guess
guess("slopes_of_relu")

# %% [markdown]
r"""
So a gradient passes where something came out, and nowhere else:

$$dz_i = \begin{cases} dout_i & \text{where } z_i > 0 \\ 0 & \text{elsewhere} \end{cases}$$

Exactly at 0 there is a corner, and no slope. TensorFlow takes 0 there, and so do we.
"""

# %% guess
guess("through_relu")

# %% [markdown]
r"""
### Exercise 2: back through ReLU
"""


# %% exercise="relu_backward"
def relu_backward(dout, z):
    """The gradient passes where z is above 0, and stops everywhere else.

    Parameters
    ----------
    dout : array
        How fast the loss grows with each number that came out.
    z : array, the shape of ``dout``
        What went into the ReLU.

    Returns
    -------
    array, the shape of ``z``
        A new array; the arguments stay unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the shapes differ. The message
    contains the word ``dout``.

    >>> relu_backward(np.array([5.0, 5.0, -5.0]), np.array([-1.0, 0.0, 2.0]))
    array([ 0.,  0., -5.])
    """
    ### BEGIN SOLUTION
    return dout * (z > 0)
    ### END SOLUTION


# %% [markdown]
r"""
Chelsea's outlines go through a ReLU. Every cell of the result gets the gradient 1. **Where does it
come through?**
"""

# %%
cat = photo("chelsea", size=96, gray=True)[None, :, :, None]  # one picture, one channel
right_minus_left = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])[:, :, None, None] / 1.0
if ready(relu_backward):
    outlines = conv2d(cat, right_minus_left, np.zeros(1))
    open_cells = relu_backward(np.ones_like(outlines), outlines)
    figures.photos(
        outlines[0, :, :, 0],
        open_cells[0, :, :, 0],
        titles=["what went in", "where the gradient passes"],
        alt="Left: the cat's outlines, blue where it gets brighter, red where it gets darker. "
        "Right: white exactly where the left is blue, black elsewhere.",
    ).show()
    print(f"{open_cells.mean():.0%} of the cells are open")

# %% [markdown]
r"""
Where a ReLU is shut, no gradient passes, so nothing is learned through it from this picture. And
a unit that is shut for *every* picture no longer learns. It is called a **dead ReLU**.
"""

# %% [markdown]
r"""
## 3. Dense, backward

Begin with one unit and one input: $y = x w + b$.
"""

# %% guess
guess("three_slopes")

# %% [markdown]
r"""
These three slopes are all you need. The rest is adding up:

- An *input* feeds all units. What it gets back is the **sum over the units**.
- A *weight* serves all pictures of the batch. It gets the **sum over the pictures**. So does the
  bias.

$$dx_{n,i} = \sum_u dout_{n,u}\, w_{i,u} \qquad
dw_{i,u} = \sum_n x_{n,i}\, dout_{n,u} \qquad
db_u = \sum_n dout_{n,u}$$

Always a sum, never a mean. If the loss is a mean over the batch, the loss itself divides, and
`dout` is small already.

**An example by hand.** One picture, $x = [3]$, weights $[10, 100]$, $dout = [1, 2]$. Then
$dw = [3, 6]$ and $db = [1, 2]$.
"""

# %% guess
guess("back_to_the_input")

# %% [markdown]
r"""
### Exercise 3: back through a dense layer
"""


# %% exercise="dense_backward"
def dense_backward(dout, x, weights):
    """Back through ``x @ weights + bias``.

    Parameters
    ----------
    dout : array, shape (N, units)
        How fast the loss grows with each number that came out.
    x : array, shape (N, n)
        What went in: picture, input.
    weights : array, shape (n, units)

    Returns
    -------
    dx : array, shape (N, n)
    dw : array, shape (n, units)
    db : array, shape (units,)
        Three new arrays, in this order.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the weights do not fit x (its
    message contains the word ``weights``), or if ``dout`` has not the shape (N, units) (the
    word ``dout``).

    >>> dout, x, weights = np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([[10.0, 100.0]])
    >>> dx, dw, db = dense_backward(dout, x, weights)
    >>> dx, dw, db
    (array([[210.]]), array([[3., 6.]]), array([1., 2.]))
    """
    ### BEGIN SOLUTION
    return dout @ weights.T, x.T @ dout, dout.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
r"""
Is it right? Ask your slow function. It needs a loss, one number. Any loss will do: for example,
multiply each output by a fixed number, and add everything up. How fast does that loss grow with
each output? By just those fixed numbers. So they are `dout`.
"""

# %%
rng = np.random.default_rng(0)
if ready(numerical_gradient) and ready(dense_backward):
    x, weights, bias, dout = (rng.normal(size=s) for s in ((4, 6), (6, 3), (3,), (4, 3)))
    by_formula = dense_backward(dout, x, weights)
    by_trying = (
        numerical_gradient(lambda x: np.sum(dout * dense(x, weights, bias)), x),
        numerical_gradient(lambda w: np.sum(dout * dense(x, w, bias)), weights),
        numerical_gradient(lambda b: np.sum(dout * dense(x, weights, b)), bias),
    )
    pairs = zip(by_formula, by_trying, strict=True)
    gradients.gradient_check(dict(zip(("dx", "dw", "db"), pairs, strict=True))).show()

# %% [markdown]
r"""
This is a **gradient check**, and everybody who writes a layer should make one. On the left, every
number is a point, and the points lie on the diagonal. On the right, you see how far apart the two
ways are: a billionth or less. If a formula is wrong, the difference is usually millions of times
larger, so there is no doubt.
"""

# %% [markdown]
r"""
## 4. Max pooling, backward

The window gives its largest number. What if another one grows a little?
"""

# %% guess
guess("second_largest")

# %% [markdown]
r"""
Only the winner counts. So the whole gradient of a window goes to the cell that won, and the
others get 0.
"""

# %%
window = np.array([[1, 4, 2, 0], [3, 2, 5, 9]])
figures.numbers(
    window,
    np.array([[4, 9]]),
    np.array([[10, 20]]),
    np.array([[0, 10, 0, 0], [0, 0, 0, 20]]),
    titles=["x", "out: the largest", "dout", "dx"],
    signs="→ →",
    marked=(0, 0, 2, 2),
).show()

# %% [markdown]
r"""
Two rules are still missing.

- **Ties.** Two cells are equal and both are the largest. One gets everything: the first in row
  order, left to right, then down. It hardly matters which, but we need one rule.
- **Overlap.** With a stride below the window's size, windows share cells. One cell may win in
  several windows. Then it gets the gradients of all of them: they **add up**. This holds
  everywhere in the backward pass: *what was used twice gets its gradient twice.*
"""

# %% guess
guess("overlapping_windows")

# %% [markdown]
r"""
### Exercise 4: back through max pooling
"""


# %% exercise="max_pool2d_backward"
def max_pool2d_backward(dout, x, size, strides=None):
    """Each window hands its gradient to its largest cell.

    Parameters
    ----------
    dout : array, shape (N, oh, ow, C)
        How fast the loss grows with each number that came out.
    x : array, shape (N, H, W, C)
        What went into the pooling, which has ``padding="valid"``.
    size : (int, int)
        Height and width of a window.
    strides : (int, int), optional
        Down the rows, along the columns. Where left out: as large as the window.

    Returns
    -------
    array, shape (N, H, W, C)
        A new array. On a tie the first largest cell in row order gets everything. Where windows
        overlap, gradients add up.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the window does not fit into the
    pictures (``size``), a stride is below 1 (``strides``), or ``dout`` has not the shape that
    the pooling gives (``dout``). The message contains the argument's name.

    >>> dout, x = np.array([[[[10.0], [1.0]]]]), np.array([[[[1.0], [5.0], [3.0]]]])
    >>> max_pool2d_backward(dout, x, (1, 2), (1, 1)).ravel()
    array([ 0., 11.,  0.])
    """
    ### BEGIN SOLUTION
    (h, w), (down, right) = size, size if strides is None else strides
    pictures, oh, ow, channels = dout.shape
    dx = np.zeros_like(x)
    for i, j in np.ndindex(oh, ow):
        rows, columns = slice(i * down, i * down + h), slice(j * right, j * right + w)
        window = x[:, rows, columns].reshape(pictures, h * w, channels)
        winner = window.argmax(axis=1)[:, None]  # the first one, for each picture and channel
        is_winner = np.arange(h * w)[None, :, None] == winner
        share = is_winner * dout[:, i, j][:, None]
        dx[:, rows, columns] += share.reshape(pictures, h, w, channels)
    return dx
    ### END SOLUTION


# %% [markdown]
r"""
Chelsea again, pooled with windows of 4 × 4. Which of her pixels decide what comes out? Send a 1
into every pooled cell, and look where they arrive.
"""

# %%
if ready(max_pool2d_backward):
    small = cat[:, :48, 24:72]
    winners = max_pool2d_backward(np.ones((1, 12, 12, 1)), small, (4, 4))
    figures.photos(
        small[0, :, :, 0],
        winners[0, :, :, 0],
        titles=["48 × 48 pixels", "the 144 that count"],
        alt="Left: the upper half of the cat's face. Right: scattered white dots on black, one in "
        "each square of 4 by 4 pixels, mostly where the fur is bright.",
    ).show()
    print(f"{np.mean(winners > 0):.1%} of the pixels get a gradient")

# %% [markdown]
r"""
One pixel in sixteen. The others could change a little, and the result would stay the same. This
makes pooling tolerant, and it is also what pooling loses.
"""

# %% [markdown]
r"""
## 5. Convolution, backward

Now the most important part. It is no harder than what you have done, if you look at *one* output
cell at a time.

One output cell is one step of chapter 1: a patch times a filter, plus a bias. That is a dense
layer with a single unit! You know its backward pass. The cell hands

- to the **patch**: `dout` at this cell, times the filter;
- to the **filter**: `dout` at this cell, times the patch;
- to the **bias**: `dout` at this cell.

And then? Pixels lie in many patches, and the filter is used at every place. *What was used twice
gets its gradient twice.* So all cells add their parts.

$$dx_{n,\,is_h+a,\,js_w+b,\,c} \mathrel{+}= \sum_f dout_{n,i,j,f} \; k_{a,b,c,f}$$

$$dk_{a,b,c,f} \mathrel{+}= \sum_n x_{n,\,is_h+a,\,js_w+b,\,c} \; dout_{n,i,j,f}
\qquad
db_f = \sum_{n,i,j} dout_{n,i,j,f}$$

**An example by hand.** One row, $x = [1, 2, 3]$, the kernel is $[10, 100]$, and $dout = [1, 1]$.

- First cell: $[10, 100]$ goes to the pixels 0 and 1. Second cell: $[10, 100]$ goes to the pixels 1
  and 2. Together $dx = [10, 110, 100]$.
- First cell: the patch $[1, 2]$ goes to the kernel. Second cell: the patch $[2, 3]$. Together
  $dk = [3, 5]$.
- $db = 1 + 1 = 2$.

You write these three one by one, first without padding. The fourth function puts them together.
"""

# %% [markdown]
r"""
### Exercise 5: back to the bias

The easiest of the three. A bias is added at every place of every picture, so it gets back the sum
of all that flows to its filter.
"""


# %% exercise="bias_gradient"
def bias_gradient(dout):
    """How fast the loss grows with each bias of a convolution.

    Parameters
    ----------
    dout : array, shape (N, oh, ow, F)
        How fast the loss grows with each number that came out.

    Returns
    -------
    array, shape (F,)

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``dout`` does not have four axes. The
    message contains the word ``dout``.

    >>> bias_gradient(np.array([[[[1.0, 10.0], [2.0, 20.0]]]]))
    array([ 3., 30.])
    """
    ### BEGIN SOLUTION
    return dout.sum(axis=(0, 1, 2))
    ### END SOLUTION


# %% [markdown]
r"""
### Exercise 6: back to the kernels

You need a loop over the places $(i, j)$ of the output. The patches of all pictures at this place
have the shape $(N, k_h, k_w, C)$, and `dout[:, i, j]` has the shape $(N, F)$. Over pictures,
channels and filters NumPy can loop for you (`np.tensordot` or `np.einsum`, or `@` after a reshape).
More loops are right too, but then your training at the end of the chapter is slow.
"""


# %% exercise="kernel_gradient"
def kernel_gradient(dout, x, size, strides=(1, 1)):
    """How fast the loss grows with each number in the kernels of a convolution without padding.

    Parameters
    ----------
    dout : array, shape (N, oh, ow, F)
        How fast the loss grows with each number that came out.
    x : array, shape (N, H, W, C)
        What went in.
    size : (int, int)
        Height and width of the kernels, kh and kw.
    strides : (int, int)
        Down the rows, along the columns.

    Returns
    -------
    array, shape (kh, kw, C, F)
        Every place of every picture adds its part.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if a stride is below 1 (``strides``), or
    ``dout`` does not have a number for each picture and each place of the window (``dout``). The
    message contains the argument's name.

    >>> dout, x = np.array([[[[1.0], [1.0]]]]), np.array([[[[1.0], [2.0], [3.0]]]])
    >>> kernel_gradient(dout, x, (1, 2)).ravel()
    array([3., 5.])
    """
    ### BEGIN SOLUTION
    (kh, kw), (down, right) = size, strides
    dk = np.zeros((kh, kw, x.shape[3], dout.shape[3]), x.dtype)
    for i, j in np.ndindex(dout.shape[1:3]):
        patches = x[:, i * down : i * down + kh, j * right : j * right + kw]
        dk += np.tensordot(patches, dout[:, i, j], axes=(0, 0))
    return dk
    ### END SOLUTION


# %% [markdown]
r"""
What is `dk` good for? It says how to change the kernel so that a chosen place answers more. Put a 1
into `dout` at the eye on the left of the picture, and nowhere else.
"""

# %% guess
guess("gradient_of_a_kernel")

# %%
if ready(kernel_gradient):
    dout = np.zeros((1, 72, 72, 1))
    dout[0, 25, 20, 0] = 1
    dk = kernel_gradient(dout, cat, (25, 25))
    figures.photos(
        cat[0, :, :, 0],
        dk[:, :, 0, 0],
        titles=["Chelsea", "dk, 25 × 25"],
        alt="Left: the cat. Right: her eye, cut out of the picture.",
    ).show()

# %% [markdown]
r"""
To answer more to an eye, a kernel must become more like an eye. That is how a kernel learns: it
becomes a little more like the patches on which it should answer more, and a little less like
those on which it should answer less.
"""

# %% [markdown]
r"""
### Exercise 7: back to the pixels

The same loop, the other way: begin with zeros of the picture's shape, and add to each patch what
its place hands back, which is `dout` times the filter, summed over the filters. The picture itself
is not needed, only its shape.
"""


# %% exercise="input_gradient"
def input_gradient(dout, kernels, x_shape, strides=(1, 1)):
    """How fast the loss grows with each number that went into a convolution without padding.

    Parameters
    ----------
    dout : array, shape (N, oh, ow, F)
        How fast the loss grows with each number that came out.
    kernels : array, shape (kh, kw, C, F)
    x_shape : (N, H, W, C)
        The shape of what went in.
    strides : (int, int)
        Down the rows, along the columns.

    Returns
    -------
    array, shape (N, H, W, C)
        Pixels that lie in several patches get the sum, and those that lie in none get 0.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if a stride is below 1 (``strides``), or
    ``dout`` does not have a number for each picture and each place of the window (``dout``). The
    message contains the argument's name.

    >>> dout, kernels = np.array([[[[1.0], [1.0]]]]), np.array([[[[10.0]], [[100.0]]]])
    >>> input_gradient(dout, kernels, (1, 1, 3, 1)).ravel()
    array([ 10., 110., 100.])
    """
    ### BEGIN SOLUTION
    (kh, kw), (down, right) = kernels.shape[:2], strides
    dx = np.zeros(x_shape, dout.dtype)
    for i, j in np.ndindex(dout.shape[1:3]):
        given = np.tensordot(dout[:, i, j], kernels, axes=(1, 3))  # (N, kh, kw, C)
        dx[:, i * down : i * down + kh, j * right : j * right + kw] += given
    return dx
    ### END SOLUTION


# %% [markdown]
r"""
### Exercise 8: back through the whole layer

Now put the three together, and add padding. With `"same"`, lay the frame of zeros around $x$ first,
as in chapter 2. Then the framed picture goes through a convolution without padding, and for that
you have everything. Cut the frame off `dx` at the end: what flows into the frame is lost, because
its zeros are fixed.
"""


# %% exercise="conv2d_backward"
def conv2d_backward(dout, x, kernels, strides=(1, 1), padding="valid"):
    """Back through a convolution layer.

    Parameters
    ----------
    dout : array, shape (N, oh, ow, F)
        How fast the loss grows with each number that came out.
    x : array, shape (N, H, W, C)
        What went in.
    kernels : array, shape (kh, kw, C, F)
    strides : (int, int)
        Down the rows, along the columns.
    padding : "valid" or "same"
        As in chapter 2; ``same_padding(n, k, stride)`` from above may help.

    Returns
    -------
    dx : array, shape (N, H, W, C)
    dk : array, shape (kh, kw, C, F)
    db : array, shape (F,)
        Three new arrays, in this order.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the kernels do not fit into the
    pictures or have another number of channels (``kernels``), a stride is below 1
    (``strides``), the padding is unknown (``padding``), or ``dout`` has not the shape that the
    convolution gives (``dout``). The message contains the argument's name.

    >>> dout, x = np.array([[[[1.0], [1.0]]]]), np.array([[[[1.0], [2.0], [3.0]]]])
    >>> dx, dk, db = conv2d_backward(dout, x, np.array([[[[10.0]], [[100.0]]]]))
    >>> dx.ravel(), dk.ravel(), db
    (array([ 10., 110., 100.]), array([3., 5.]), array([2.]))
    """
    ### BEGIN SOLUTION
    (height, width), (kh, kw), (down, right) = x.shape[1:3], kernels.shape[:2], strides
    top = bottom = left = behind = 0
    if padding != "valid":
        top, bottom = same_padding(height, kh, down)
        left, behind = same_padding(width, kw, right)
    framed = np.pad(x, ((0, 0), (top, bottom), (left, behind), (0, 0)))
    dk = kernel_gradient(dout, framed, (kh, kw), strides)
    dframed = input_gradient(dout, kernels, framed.shape, strides)
    dx = dframed[:, top : top + height, left : left + width]
    return dx, dk, bias_gradient(dout)
    ### END SOLUTION


# %% [markdown]
r"""
The same gradient check, this time with strides and padding, so that nothing can hide:
"""

# %%
rng = np.random.default_rng(1)
if ready(numerical_gradient) and ready(conv2d_backward):
    how = {"strides": (2, 1), "padding": "same"}
    x, kernels, bias = (rng.normal(size=s) for s in ((2, 6, 5, 2), (3, 2, 2, 3), (3,)))
    dout = rng.normal(size=conv2d(x, kernels, bias, **how).shape)
    by_formula = conv2d_backward(dout, x, kernels, **how)
    by_trying = (
        numerical_gradient(lambda x: np.sum(dout * conv2d(x, kernels, bias, **how)), x),
        numerical_gradient(lambda k: np.sum(dout * conv2d(x, k, bias, **how)), kernels),
        numerical_gradient(lambda b: np.sum(dout * conv2d(x, kernels, b, **how)), bias),
    )
    pairs = zip(by_formula, by_trying, strict=True)
    gradients.gradient_check(dict(zip(("dx", "dk", "db"), pairs, strict=True))).show()

# %% [markdown]
r"""
### Play with it

The demo runs *your* three functions, one after the other. The top row is the forward pass:
picture, convolution, ReLU, pooling. Click a cell of the last map, or move there with the arrow
keys. The bottom row shows from right to left where its gradient flows.

Try to find out:

- Which of the four cells of a pooling window gets the gradient?
- Can you find a pooled cell whose gradient never reaches the picture? Why does it stop?
- The pattern in the picture is the kernel, as it is. And if several cells are chosen at once?
- Set the stride to 2. Which pixels get less than the others, or nothing?
"""

# %%
demo(conv2d_backward, relu_backward, max_pool2d_backward)

# %% [markdown]
r"""
> **A word that you will read elsewhere: "the flipped kernel".** Books say that the gradient of a
> convolution is a convolution with the kernel turned by half a turn. That is the same sum in a
> different order. You go from output cells to pixels, and the kernel stays as it is. If you go
> from pixel to pixel instead, and *collect* what comes in, you meet the taps in reverse order.
> Look at one row:
"""

# %%
if ready(conv2d_backward):
    dout, kernel = np.array([1.0, 2, 3]), np.array([10.0, 100])
    dx, _, _ = conv2d_backward(
        dout[None, None, :, None], np.zeros((1, 1, 4, 1)), kernel[None, :, None, None]
    )
    print("your dx:                       ", dx.ravel())
    print("np.convolve, which flips:      ", np.convolve(dout, kernel))
    print("np.correlate, flipped by hand: ", np.correlate(dout, kernel[::-1], mode="full"))

# %% [markdown]
r"""
## 6. Downhill

The gradient points to where the loss grows. We want the loss to fall, so we go the other way. How
far? That depends on a number, the **learning rate**:

$$p \leftarrow p - \text{rate} \cdot g$$

**An example by hand.** $p = [1, 2]$, $g = [10, -10]$, rate 0.1. Then the new $p$ is $[0, 3]$.

The method is called **stochastic gradient descent**, SGD: stochastic because each step looks at a
small random batch of pictures (a **mini-batch**), not at all of them.
"""

# %% [markdown]
r"""
### Exercise 9: one step
"""


# %% exercise="sgd_step"
def sgd_step(params, grads, rate):
    """A step downhill for every array of parameters.

    Parameters
    ----------
    params : list of arrays
        Shapes may differ from one to the next.
    grads : list of arrays
        As many as ``params``, each with the shape of its partner.
    rate : number
        The learning rate.

    Returns
    -------
    list of arrays
        A new list with new arrays; ``params`` stays as it is.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``grads`` has another length, or an
    array of another shape than its partner. The message contains the word ``grads``.

    >>> sgd_step([np.array([1.0, 2.0])], [np.array([10.0, -10.0])], 0.1)
    [array([0., 3.])]
    """
    ### BEGIN SOLUTION
    return [p - rate * g for p, g in zip(params, grads, strict=True)]
    ### END SOLUTION


# %% [markdown]
r"""
Twelve steps on $w^2$ from $w = -3$, with three learning rates.
"""

# %% guess
guess("rate_that_arrives")

# %%
if ready(sgd_step):
    paths = {}
    for rate in (0.03, 0.3, 0.98):
        w = [np.array([-3.0])]
        for _ in range(12):
            w.append(sgd_step([w[-1]], [2 * w[-1]], rate)[0])
        paths[f"rate {rate}"] = np.ravel(w)
    gradients.descent(np.square, paths, span=(-3.4, 3.4)).show()

# %% [markdown]
r"""
Too small, and you hardly move. Too large, and you jump from slope to slope. Here a rate just
above 1 would climb *up*, further with each step. There is no formula for the right one. One tries
several.
"""

# %% [markdown]
r"""
## 7. One whole step of training

You have all the parts. The network is small:

$$\text{pictures} \to \text{conv} \to \text{ReLU} \to \text{max pool } 2 \times 2 \to
\text{flatten} \to \text{dense} \to \text{softmax} \to \text{loss}$$

The loss is **cross-entropy**. Softmax gives each class a share. The loss of a picture is minus the
logarithm of the share that the *true* class got. Share 1: loss 0. Share ½: loss 0.69. Share 0.01:
loss 4.6. The loss of a batch is the **mean** over its pictures:

$$\text{loss} = -\frac{1}{N} \sum_n \log s_{n,\,y_n}$$

**A question.** How fast does this grow with the numbers $z$ that go *into* the softmax? It takes a
page of algebra, and then nearly everything cancels:

$$dz_{n,c} = \frac{s_{n,c} - [c = y_n]}{N}$$

The share, minus 1 at the true class, divided by the number of pictures. In words: *how much too
large the share of each wrong class is, and how much too small that of the right one.* You need
not believe it. You have a function that can check it.
"""

# %%
if ready(numerical_gradient):
    z, y = np.array([[2.0, 1.0, -1.0], [0.0, 0.5, 3.0]]), np.array([0, 1])
    n = np.arange(2)
    print(numerical_gradient(lambda z: -np.mean(np.log(softmax(z)[n, y])), z).round(4))
    print(((softmax(z) - np.eye(3)[y]) / 2).round(4))

# %% [markdown]
r"""
**An example by hand.** Two classes, one picture, $z = [0, 0]$, and the truth is class 1. The shares
are $[½, ½]$, the loss is $\log 2 = 0.693$, and $dz = [½, -½]$.

So a step is:

1. The forward pass. Keep what each layer received.
2. The loss, and the first gradient, $dz$.
3. The backward pass, through dense, flatten, pool, ReLU, conv. (Flatten only changed the shape.
   What undoes that?)
4. One `sgd_step` for all four arrays of parameters.
"""

# %% [markdown]
r"""
### Exercise 10: train
"""


# %% exercise="train_step"
def train_step(params, x, y, rate):
    """One step of training: forward, backward, downhill.

    Parameters
    ----------
    params : list of four arrays
        kernels (kh, kw, C, F), bias (F,), weights (n, classes), bias (classes,). The convolution
        has stride 1 and ``"valid"`` padding, the pooling has 2 × 2 windows.
    x : array, shape (N, H, W, C)
        The batch's pictures.
    y : array of int, shape (N,)
        The true class of each: 0, 1, … classes − 1.
    rate : number
        The learning rate.

    Returns
    -------
    params : list of four arrays
        New ones; the old ones stay as they are.
    loss : float
        The mean cross-entropy of the batch, with the parameters that came *in*.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if there are not exactly four arrays
    (its message contains the word ``params``), or if ``y`` has another length than x, or a
    class that does not exist (the word ``y``).

    >>> params = [np.ones((1, 1, 1, 1)), np.zeros(1), np.zeros((1, 2)), np.zeros(2)]
    >>> new, loss = train_step(params, np.ones((1, 2, 2, 1)), np.array([1]), 1.0)
    >>> new[2], new[3], round(loss, 3)
    (array([[-0.5,  0.5]]), array([-0.5,  0.5]), 0.693)
    """
    ### BEGIN SOLUTION
    kernels, bias, weights, bias2 = params
    z = conv2d(x, kernels, bias)
    maps = relu(z)
    pooled = max_pool2d(maps)
    row = pooled.reshape(len(x), -1)
    shares = softmax(dense(row, weights, bias2))
    truth = np.eye(len(bias2))[y]
    loss = -np.mean(np.log(np.sum(shares * truth, axis=1)))
    drow, dweights, dbias2 = dense_backward((shares - truth) / len(x), row, weights)
    dmaps = max_pool2d_backward(drow.reshape(pooled.shape), maps, (2, 2))
    _, dkernels, dbias = conv2d_backward(relu_backward(dmaps, z), x, kernels)
    return sgd_step(params, [dkernels, dbias, dweights, dbias2], rate), float(loss)
    ### END SOLUTION


# %% [markdown]
r"""
The last gradient check, and the strictest: the *whole* network. A step with rate 1 takes exactly
one gradient away from each parameter. So `old - new` is your gradient, through all layers at once.
"""

# %%
rng = np.random.default_rng(2)
if ready(numerical_gradient) and ready(train_step):
    shapes = {"kernels": (3, 3, 2, 3), "bias": (3,), "weights": (12, 2), "bias 2": (2,)}
    old = [rng.normal(size=shape) / 2 for shape in shapes.values()]
    x, y = rng.normal(size=(4, 6, 6, 2)), np.array([0, 1, 1, 0])
    new, loss = train_step(old, x, y, 1.0)
    checks = {}
    for place, name in enumerate(shapes):

        def loss_with(p, place=place):
            return train_step([*old[:place], p, *old[place + 1 :]], x, y, 1.0)[1]

        checks[name] = old[place] - new[place], numerical_gradient(loss_with, old[place])
    gradients.gradient_check(checks).show()

# %% [markdown]
r"""
## 8. Cats and dogs

Now for real: 2,800 pictures of 32 × 32 pixels, half cats, half dogs. The network has eight filters
of 5 × 5 × 3, and begins with random numbers. How well does it do *before* the first step?
"""

# %%
data, recipe = load_cats_dogs(), Recipe()
params = start_params(recipe)
print(recipe)
print("parameters:", sum(p.size for p in params))
figures.photos(
    *data.train.x[:6],
    titles=[data.classes[label] for label in data.train.y[:6]],
    alt="Six coarse color photographs: cat, dog, cat, dog, cat, dog.",
).show()

# %%
x, y = data.train.x[:50] / np.float32(255) - np.float32(0.5), data.train.y[:50].astype(int)
if ready(train_step):
    _, loss = train_step(params, x, y, recipe.rate)
    print(f"loss of the first batch: {loss:.3f}, and pure guessing gives {np.log(2):.3f}")

# %% [markdown]
r"""
It guesses, of course. Let it learn: 280 steps, 50 pictures each. Every picture is seen five times.
"Right on new pictures" is measured on 1,000 pictures that it never trains with. The loop stops
after a minute, however far it got.
"""

# %%
run = None
if ready(train_step):
    run = train(train_step, data, recipe, seconds=60)

# %% [markdown]
r"""
Whose code was that? The card has a line for each function.
"""

# %%
whose_code(
    relu_backward,
    dense_backward,
    max_pool2d_backward,
    bias_gradient,
    kernel_gradient,
    input_gradient,
    conv2d_backward,
    sgd_step,
    train_step,
)

# %% [markdown]
r"""
**And Keras?** The same network was trained in Keras: from the same start, with the same pictures in
the same order. Its curve was recorded, and here it is together with yours.
"""

# %% guess
guess("your_curve_and_keras")

# %%
if run:
    keras = keras_curve()
    gradients.training(
        {"Keras": keras.losses, "your own code": run.losses},
        {"Keras": keras.accuracy, "your own code": run.accuracy},
        every=56,
    ).show()
    apart = np.abs(np.array(run.losses) - keras.losses[: len(run.losses)])
    print(f"largest difference in {len(apart)} steps: {apart.max():.1e}")

# %% [markdown]
r"""
Your loops do what Keras does, up to the rounding of `float32`. There is no secret left in it.

About two thirds right. That is not much, but it was 50 % a minute ago, there is only one layer of
convolution, and nobody told it what an ear is. More layers and better steps come in chapter 6.
The rules stay those that you wrote.

What did the filters become? They began as noise, and after 280 small steps they are not far from
it yet:
"""

# %%
if run:

    def as_colors(kernels):
        return np.moveaxis(0.5 + kernels / (2 * np.abs(kernels).max()), -1, 0)

    for title, kernels in {"before": params[0], "after": run.params[0]}.items():
        figures.photos(
            *as_colors(kernels),
            titles=[f"{title}: filter {f}" for f in range(8)],
            alt=f"The eight filters {title} training, 5 by 5 colored squares each.",
            counted=False,
        ).show()

# %% [markdown]
r"""
A few more minutes would help, and so would a second layer. But look closely: no square has quite
the color that it had, and your `conv2d_backward` computed every one of these changes.
"""

# %% [markdown]
r"""
## 9. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: a gate

The ReLU let some numbers through, and now the gradient comes back. **Where does the box let it
through, and where should it?**
"""

# %%
broken_relu_backward = box("relu_backward")
z = np.array([[3.0, -1.0, 2.0, -2.0]])
dout = np.array([[1.0, 2.0, -3.0, -4.0]])
figures.numbers(
    z, dout, broken_relu_backward(dout, z), titles=["z", "dout", "the box's gradient"]
).show()

# %%
broken_relu_backward


# %% exercise="expose_relu_backward"
def expose_relu_backward():
    """Name the mistake in ``broken_relu_backward``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (dout, z)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "mask-from-dout", (np.array([-1.0]), np.array([1.0]))
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: a pool

A peak in the middle of a picture, pooled with windows of 3 × 3 that move by 1. All four windows
chose the peak, so all four gradients should arrive there. **How many do?**
"""

# %%
broken_max_pool2d_backward = box("max_pool2d_backward")
peak = np.zeros((1, 4, 4, 1))
peak[0, 1, 1] = 9
dout = np.arange(1.0, 5).reshape(1, 2, 2, 1)
back = broken_max_pool2d_backward(dout, peak, (3, 3), (1, 1))
tables = [array[0, :, :, 0] for array in (peak, dout, back)]
figures.numbers(*tables, titles=["picture", "dout", "the box's gradient"]).show()

# %%
broken_max_pool2d_backward


# %% exercise="expose_max_pool2d_backward"
def expose_max_pool2d_backward():
    """Name the mistake in ``broken_max_pool2d_backward``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (dout, x, size, strides)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 9 numbers in all; more than 64 are not tried.
        The numbers in tuples count, too.
    """
    ### BEGIN SOLUTION
    dout = np.array([1.0, 0.0]).reshape(1, 2, 1, 1)
    x = np.array([0.0, 1.0, -1.0]).reshape(1, 3, 1, 1)
    return "overlap-overwrites", (dout, x, (2, 1), (1, 1))
    ### END SOLUTION


# %% [markdown]
r"""
## 10. What you have built

- `numerical_gradient`: slow, simple, and the judge of all others.
- `relu_backward`, `dense_backward`, `max_pool2d_backward`, `conv2d_backward`: every layer's answer
  to one question. The last is made of `bias_gradient`, `kernel_gradient` and `input_gradient`.
- `sgd_step` and `train_step`: learning.

Your gradients were compared with those of TensorFlow, number by number. Libraries do the same as
you. They record in the forward pass what happened, so that they can go back by themselves. That
list is called a *tape*, and the method **automatic differentiation**.

### Questions

Think first, then open the answer.

<details><summary>One forward pass and one backward pass give all the slopes. How much more work is
the backward pass?</summary>

About twice as much: the forward pass of a layer is one big product, and its backward pass is two,
one for `dx` and one for `dk`. So a step costs about three passes, whether the network has a
thousand numbers or a billion. Your `numerical_gradient` would need two passes *for each number*.

</details>

<details><summary>Why must a layer remember what it was given?</summary>

Look at your functions: `x` is in all of them. `dk` is a sum of patches, ReLU and pooling need to
know which cells won. This is why training needs so much more memory than predicting.

</details>

<details><summary>All kernels and weights begin with 0. What happens?</summary>

Every filter gives the same result and gets the same gradient, so all filters stay equal forever.
Here it is worse: with weights 0 nothing flows back at all. So we begin with random numbers: this
is called **initialization**. Biases may begin with 0.

</details>

<details><summary>The kernels of the first layer are trained. Who needs the first layer's
<code>dx</code>?</summary>

Training does not: `train_step` throws it away. But it says which *pixels* the loss depends on. In
chapters 11 and 12 you use just that, to see what a network looks at.

</details>

<details><summary>Why is the loss a mean over the batch, and not a sum?</summary>

With a sum, twice as many pictures make a step about twice as long, and every batch size needs its
own learning rate.

</details>

### Next

You could train any network now. [Chapter 6](../ch06_cats_dogs/ch06_cats_dogs.ipynb) leaves the
backward pass to Keras, and asks what to do with a network that learns: how to know that it has
learned enough, or too much.

### Read on

- D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning Representations by Back-Propagating
  Errors*, Nature 323, 1986: the paper that made the method known.
- M. A. Nielsen, *Neural Networks and Deep Learning*, 2015, [free
  online](http://neuralnetworksanddeeplearning.com), chapter 2: backpropagation, formula by
  formula.
- A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind, *Automatic Differentiation in
  Machine Learning: a Survey*, JMLR 18, 2018,
  [arXiv:1502.05767](https://arxiv.org/abs/1502.05767): how libraries do it.
- K. He, X. Zhang, S. Ren, J. Sun, *Delving Deep into Rectifiers*, ICCV 2015,
  [arXiv:1502.01852](https://arxiv.org/abs/1502.01852): with which random numbers a network with
  ReLUs should begin.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
