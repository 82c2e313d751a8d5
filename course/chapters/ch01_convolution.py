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
# Chapter 1: Convolution

How can a computer find the ear of a cat?

In this chapter you write the one operation that answers, from the first multiplication on.
You write five short functions. At the end your own code draws the outlines of a real cat,
sharpens her whiskers, and computes what a layer of a neural network computes.

You need some Python, some NumPy, and about two hours. You do not need to know anything about
convolution.

**Words and formulas.** Every term of the field is explained where it first occurs, and once more
in the [glossary](../pages/glossary.ipynb). The [formula sheet](../pages/formulas.ipynb) collects
what you will compute. Every chapter links to both at its end.

**Guess first.** Wherever a cell says `guess(...)`, it asks you something. Write down what you think
before you read on: you remember best what has surprised you. Nothing is graded, and nothing waits
for your answer.

**How an exercise works.** You find a function with a description and no body. Replace the line
`raise NotImplementedError()` by your code, run the cell (Shift+Enter), then run the cell
`check(...)` below it. It says what is right and what is not right yet. Stuck? `hint(conv_step)`
gives one hint at a time. `solution(conv_step)` shows one way to do it.

Run the next cell first.
"""

# %% setup=true
import matplotlib.pyplot as plt
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures, ops, palette
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch01_convolution import demo
from cnnlab.course.figures import architecture, volumes
from cnnlab.course.guesses import guess
from cnnlab.datasets.load import photo

start("ch01_convolution")

# %% [markdown]
r"""
**Where this leads.** Here is a whole network, the one that you will have built by the end of
chapter 4. A picture goes in on the left, an answer comes out on the right, and each box is what
one step makes of the box before it. In this chapter you build the blue ones. You need not
understand it yet: look at how the picture gets smaller from step to step, and come back when you
are lost.
"""

# %%
architecture.network(photo("chelsea", size=64)).show()

# %% [markdown]
r"""
## 1. A picture is numbers

This is Chelsea. What does the computer see?
"""

# %%
cat = photo("chelsea", size=96, gray=True)
eye = cat[32:40, 26:34]
figures.photos(
    cat,
    eye,
    titles=["Chelsea, 96 × 96", "her right eye, 8 × 8 pixels"],
    alt="Left: a cat's face in shades of gray. Right: eight by eight large gray squares.",
).show()

# %%
figures.numbers(
    (100 * eye).round(),
    titles=["the same 8 × 8 pixels: 0 is black, 100 is white"],
    shades="gray",
).show()

# %% [markdown]
r"""
It sees a table of numbers, nothing else. No number in it says "eye".

A color picture is three such tables: red, green and blue. They are called **channels**. We write
its shape as $(H, W, C)$: height, width, channels. Rows are counted downwards, columns to the
right.

An ordinary neural network is built of **neurons**, also called **units**. A neuron multiplies
each of its inputs by a **weight** of its own, adds everything up, and hands the sum on. The
weights are what the network learns.

You could connect every pixel to every neuron. What would that take?
"""

# %% guess
guess("weights_of_one_neuron")

# %% [markdown]
r"""
And if the cat moves one pixel to the right, every one of these weights meets another pixel.
All that was learned about ears on the left is lost for ears on the right.

Two ideas help:

1. **Look at a small place.** To see whether there is an edge, a 3 × 3 patch is enough.
2. **Look for the same thing everywhere.** An edge is an edge, wherever it is. So use the *same*
   nine weights at every place.

Small place, same weights everywhere: that is convolution. The field calls the first idea **local
connectivity** and the second **parameter sharing** (or weight sharing).

These two ideas are from the 1980s. They became famous in 2012, when AlexNet, a convolutional
network with eight layers that learn, won the ImageNet competition by a wide margin. Three years
later ResNet had 152 layers. Chapter 9 tells what happened in between.
"""

# %% [markdown]
r"""
## 2. One step

Here is a tiny picture of zeros and ones, and a small table of weights. The table is called a
**kernel** or **filter**. Both names mean the same thing.
"""

# %%
tiny = np.array(
    [
        [1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 1, 1],
        [0, 0, 1, 1, 0],
        [0, 1, 1, 0, 0],
    ]
)
cross = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
figures.numbers(tiny, cross, titles=["picture", "kernel"], marked=(0, 0, 3, 3)).show()

# %% [markdown]
r"""
Lay the kernel on the top left corner of the picture, on the framed patch. Work out on paper what
comes out of this step.
"""

# %% guess
guess("first_step")

# %%
figures.step(tiny[:3, :3], cross).show()

# %% [markdown]
r"""
The patch under the kernel is called the **receptive field**: it is all that this one result sees
of the picture.

A real picture has channels, so the patch has shape $(k_h, k_w, C)$, and the kernel has the same
shape. One more number is added at the end, the **bias**. This is what a neuron does, with the
patch as its input. The whole step is

$$s = b + \sum_{i=0}^{k_h - 1} \sum_{j=0}^{k_w - 1} \sum_{c=0}^{C - 1}
\text{patch}_{i,j,c} \cdot \text{kernel}_{i,j,c}$$

**An example by hand.** One row, two columns, one channel: the patch holds 2 and 5, the kernel
holds 3 and −1, the bias is 10. Then $s = 10 + 2 \cdot 3 + 5 \cdot (-1) = 11$.
"""

# %% [markdown]
r"""
**A trap, before you start.** A photograph stores every number in one byte, from 0 to 255
(`uint8`).
"""

# %% guess
guess("sum_in_one_byte")

# %%
a, b = np.array([200], dtype=np.uint8), np.array([100], dtype=np.uint8)
print(a + b)
print(1.0 * a + 1.0 * b)

# %% [markdown]
r"""
NumPy does not complain. So turn bytes into floats before you multiply. `1.0 * x` does that:
`uint8` becomes `float64`, and `float32` stays `float32`. The result is a new array, so the
caller's array stays as it was. In exercise 1 both arrays may hold bytes.

**What comes in, and what does not.** Your functions are given NumPy arrays of floats, and bytes
where an exercise says so. A library would do more: take lists, keep `float32`, and refuse with an
error what does not fit. You need not, and it is worth no points. But `check` looks, and tells you
what it saw under *beyond the exercise*.
"""

# %% [markdown]
r"""
### Exercise 1: one step
"""


# %% exercise="conv_step"
def conv_step(patch, kernel, bias):
    """One step of a convolution: multiply place by place, add everything up, add the bias.

    Parameters
    ----------
    patch : array, shape (kh, kw, C)
        The receptive field: rows, columns, channels. Floats, or bytes (uint8) as in a photograph.
    kernel : array, shape (kh, kw, C)
        One filter. Floats or bytes, too.
    bias : number

    Returns
    -------
    float
        One plain number. It may be negative.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``patch`` and ``kernel`` have
    different shapes. The message contains the word ``kernel``.

    >>> conv_step(np.array([[[2.0], [5.0]]]), np.array([[[3.0], [-1.0]]]), 10.0)
    11.0
    """
    ### BEGIN SOLUTION
    total = 0.0
    rows, columns, channels = patch.shape
    for i in range(rows):
        for j in range(columns):
            for c in range(channels):
                total += 1.0 * patch[i, j, c] * kernel[i, j, c]
    return float(total + bias)
    ### END SOLUTION


# %% [markdown]
r"""
Does it work on a real photograph? Here is a kernel that subtracts the left side of its receptive
field from the right side, and two patches of Chelsea. (For now there is one channel. `[...,
None]` adds that axis: `(3, 3)` becomes `(3, 3, 1)`.)
"""

# %%
right_minus_left = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
nose, cheek = cat[36:39, 42:45], cat[70:73, 40:43]
figures.numbers(
    (100 * nose).round(),
    (100 * cheek).round(),
    right_minus_left,
    titles=["edge of the nose", "cheek", "kernel"],
    shades=["gray", "gray", "signs"],
).show()

# %% guess
guess("brighter_patch")

# %%
if ready(conv_step):
    for name, patch in {"edge of the nose": nose, "cheek": cheek}.items():
        s = conv_step(patch[..., None], right_minus_left[..., None], 0.0)
        print(f"{name}: {s:+.2f}")

# %% [markdown]
r"""
The kernel is small, yet it answers a question: *does it get brighter from left to right here?* A
large positive result means yes, a negative one means that it gets darker. A result near 0 means
no change.

> **Where the article is wrong: it is not a matrix product.** The article that this course follows
> (Arden Dertat, *Applied Deep Learning, Part 4*, 2017) writes: "At every location, we do
> element-wise matrix multiplication". Element-wise is right. A matrix multiplication is something
> else: it pairs rows with columns. NumPy has an operator for each. Compare them.
"""

# %%
patch = tiny[:3, :3]
print("element-wise, summed:  ", np.sum(patch * cross))
print("matrix product, summed:", np.sum(patch @ cross))

# %% [markdown]
r"""
> **What the article leaves out: the bias.** Its sums have none. Give a filter a completely black
> patch, and see what it can answer.
"""

# %%
if ready(conv_step):
    dark = np.zeros((3, 3, 1))
    kernel = np.random.default_rng(0).normal(size=(3, 3, 1))
    print("without bias:", conv_step(dark, kernel, 0.0), " whatever the kernel holds")
    print("bias -0.5:   ", conv_step(dark, kernel, -0.5))

# %% [markdown]
r"""
Without a bias every filter must answer 0 to a black patch. With one it can set its own threshold:
"count only what is brighter than 0.5". Every filter of a Keras `Conv2D` has a bias unless you
switch it off.
"""

# %% [markdown]
r"""
## 3. Slide it: the feature map

One step gives the answer for one place. Now slide the kernel over the picture, one pixel at a
time, and write every answer where it belongs.
"""

# %% guess
guess("places_of_the_kernel")

# %%
feature_map = ops.correlate2d(tiny, cross)  # the course's own; you write yours in exercise 2
figures.numbers(
    tiny, cross, feature_map, titles=["picture", "kernel", "feature map"], signs="∗="
).show()

# %% [markdown]
r"""
You know the first of these answers. Together they are called a **feature map**, or **activation
map**: a map of where the picture has what the kernel looks for. Each number in it is an
**activation**.

For a picture of shape $(H, W)$ and a kernel of shape $(k_h, k_w)$ the map has shape
$(H - k_h + 1,\; W - k_w + 1)$, and

$$\text{out}_{i,j} = \sum_{a=0}^{k_h - 1} \sum_{b=0}^{k_w - 1}
\text{image}_{i+a,\,j+b} \cdot \text{kernel}_{a,b}$$

Read it as a sentence: to fill row $i$, column $j$ of the map, put the kernel's top left corner on
row $i$, column $j$ of the picture, and take one step.

**An example by hand.**

$$\begin{bmatrix} 1 & 0 & 2 \\ 3 & 1 & 0 \\ 0 & 2 & 1 \end{bmatrix} \ast
\begin{bmatrix} 1 & 2 \\ 0 & -1 \end{bmatrix} =
\begin{bmatrix} 0 & 4 \\ 3 & 0 \end{bmatrix}$$

The 4 stands in row 0, column 1. Which four numbers of the picture made it?
"""

# %% [markdown]
r"""
### Exercise 2: slide one kernel over one picture
"""


# %% exercise="correlate2d"
def correlate2d(image, kernel):
    """Slide a kernel over a picture: one step at every place where it fits.

    Parameters
    ----------
    image : array, shape (H, W)
        Rows, columns.
    kernel : array, shape (kh, kw)
        Not always square.

    Returns
    -------
    array, shape (H - kh + 1, W - kw + 1)
        A new array of floats. The arguments stay unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the kernel is taller or wider than
    the image. The message contains the word ``kernel``.

    >>> image = np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    >>> correlate2d(image, np.array([[1.0, 2.0], [0.0, -1.0]]))
    array([[0., 4.],
           [3., 0.]])
    """
    ### BEGIN SOLUTION
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
    return out
    ### END SOLUTION


# %% [markdown]
r"""
Now all of Chelsea at once, with the kernel that asks "brighter to the right?". **Before you run
it:** where do you expect strong answers, and where none?
"""

# %%
if ready(correlate2d):
    edges = correlate2d(cat, right_minus_left)
    figures.photos(
        cat,
        edges,
        titles=["picture, 96 × 96", "feature map, 94 × 94"],
        alt="Left: the cat. Right: her outlines. Blue where it gets brighter to the right, "
        "red where it gets darker, white where nothing changes.",
    ).show()

# %% [markdown]
r"""
You see outlines where light and dark areas meet, and almost nothing on even fur. Nobody told the
kernel about cats. It compares left and right, at 94 × 94 = 8,836 places, with the same nine
weights.

### Play with it

The demo below runs *your* `correlate2d`. Choose a kernel, or type your own numbers into it. Drag
the framed receptive field, or press Tab until it is framed and move it with the arrow keys. The
feature map is hatched where the field has not been yet; *Fill all* computes the rest.

Try to find out:

- Which kernel leaves the picture as it is?
- Nine times the same weight: what happens to the whiskers? Why should the weight be 1/9?
- Where are the answers of "vertical edges" near 0, although the picture is not black there?
"""

# %%
demo(correlate2d)

# %% [markdown]
r"""
> **A word to be careful with: convolution.** In mathematics, a convolution first turns the kernel
> upside down and left to right: it **flips** it. What you wrote does not flip it. Its proper name
> is **cross-correlation**, and it is what Keras, PyTorch and the other libraries compute in a
> layer that they call convolution. You can see the difference with a picture that has a single 1.
"""

# %%
dot = np.zeros((5, 5))
dot[2, 2] = 1
ramp = np.arange(1, 10).reshape(3, 3)
if ready(correlate2d):
    figures.numbers(
        ramp,
        correlate2d(dot, ramp),
        correlate2d(dot, ramp[::-1, ::-1]),
        titles=["kernel", "cross-correlation", "convolution"],
    ).show()

# %% [markdown]
r"""
For a single 1, cross-correlation gives the kernel turned by half a turn. True convolution gives
the kernel as it is. NumPy has both, in one dimension:
"""

# %%
print("np.correlate:", np.correlate([0, 0, 1, 0, 0], [1, 2, 3], mode="valid"))
print("np.convolve: ", np.convolve([0, 0, 1, 0, 0], [1, 2, 3], mode="valid"))

# %% [markdown]
r"""
Does it matter? Not for a network: it learns its kernels, turned or not. It matters as soon as you
write a kernel yourself, or take one from one program to another. In this course "convolution"
means what Keras means: the kernel is *not* turned.
"""

# %% [markdown]
r"""
## 4. Color, many filters, many pictures

Three things are still missing for a real layer.

**Color.** A picture has $C$ channels, and each filter has as many: it is not a square but a box.
It slides down and to the right only. At every place it takes *one* step over all channels, so it
gives *one* number.
"""

# %% guess
guess("map_of_one_filter")

# %%
figures.blocks(
    [(32, 32, 3), (5, 5, 3), (28, 28, 1)],
    labels=["picture", "one filter", "one feature map"],
    signs="∗=",
).show()

# %% [markdown]
r"""
Watch it: the window reaches through all three channels, and every stop sends a single number to
the map. (Only 16 of the stops are shown. Hold the pointer over the picture to stop it.)
"""

# %%
from_left_to_right = np.tile(np.array([-1, -1, 0, 1, 1])[:, None], (5, 1, 3))
volumes.window(photo("chelsea", size=32) / 255, from_left_to_right).show()

# %% [markdown]
r"""
**Many filters.** One filter looks for one thing. A layer has $F$ of them, and stacks their maps
like the pages of a book. Map number $f$ is the answer of filter number $f$. With two filters it
looks like this:
"""

# %%
volumes.stacking((32, 32, 3), (5, 5)).show()

# %% [markdown]
r"""
And with ten. The number of channels is also called the **depth**.
"""

# %%
figures.blocks(
    [(32, 32, 3), (5, 5, 3, 10), (28, 28, 10)],
    labels=["picture", "ten filters", "ten feature maps"],
    signs="∗=",
).show()

# %% [markdown]
r"""
**Many pictures.** A network works on a **batch** of $N$ pictures at once. Each picture is treated
on its own.

So the shapes, in the order that Keras uses, are

| what | shape | axes |
|---|---|---|
| pictures `x` | $(N, H, W, C)$ | picture, row, column, channel |
| filters `kernels` | $(k_h, k_w, C, F)$ | row, column, channel, filter |
| `bias` | $(F,)$ | one number for each filter |
| result | $(N,\; H - k_h + 1,\; W - k_w + 1,\; F)$ | picture, row, column, filter |

and the whole layer is

$$\text{out}_{n,i,j,f} = \text{bias}_f + \sum_{a,\,b,\,c}
x_{n,\,i+a,\,j+b,\,c} \cdot \text{kernels}_{a,b,c,f}$$

**An example by hand.** One picture, 2 × 2, two channels. One filter, 1 × 2, two channels. Bias 1.

$$x_{\text{channel 0}} = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} \quad
x_{\text{channel 1}} = \begin{bmatrix} 0 & 1 \\ 1 & 0 \end{bmatrix} \qquad
k_{\text{channel 0}} = \begin{bmatrix} 1 & 1 \end{bmatrix} \quad
k_{\text{channel 1}} = \begin{bmatrix} 2 & 0 \end{bmatrix}$$

Top: $1 + (1 + 2) + (0 + 0) = 4$. Bottom: $1 + (3 + 4) + (2 + 0) = 10$. The result has shape
$(1, 2, 1, 1)$.
"""

# %% [markdown]
r"""
### Exercise 3: a whole layer
"""


# %% exercise="conv2d"
def conv2d(x, kernels, bias):
    """What a Keras ``Conv2D`` layer with ``padding="valid"`` computes, without an activation.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        A batch of pictures: picture, row, column, channel.
    kernels : array, shape (kh, kw, C, F)
        The filters: row, column, channel, filter.
    bias : array, shape (F,)
        One number for each filter.

    Returns
    -------
    array, shape (N, H - kh + 1, W - kw + 1, F)
        A new array of floats. The arguments stay unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the kernels are taller or wider than
    the pictures, or have another number of channels (its message contains the word
    ``kernels``), or if ``bias`` has not exactly one number for each filter (the word ``bias``).

    >>> x = np.array([[[[1.0, 0.0], [2.0, 1.0]], [[3.0, 1.0], [4.0, 0.0]]]])
    >>> kernels = np.array([[[[1.0], [2.0]], [[1.0], [0.0]]]])
    >>> conv2d(x, kernels, np.array([1.0])).ravel()
    array([ 4., 10.])
    """
    ### BEGIN SOLUTION
    pictures, height, width, _ = x.shape
    kh, kw, _, filters = kernels.shape
    out = np.zeros((pictures, height - kh + 1, width - kw + 1, filters))
    for n, i, j, f in np.ndindex(out.shape):
        patch = x[n, i : i + kh, j : j + kw]
        out[n, i, j, f] = np.sum(patch * kernels[:, :, :, f]) + bias[f]
    return out
    ### END SOLUTION


# %% [markdown]
r"""
Four filters on the color photograph, all in one call. The first two you know. The third and
fourth look at color. The fourth is called "blue against the rest".
"""

# %% guess
guess("bluest_place")

# %%
batch = photo("chelsea", size=64)[None] / 255  # (1, 64, 64, 3), from 0 to 1
filters = np.zeros((3, 3, 3, 4))
filters[:, :, :, 0] = right_minus_left[..., None] / 3
filters[:, :, :, 1] = right_minus_left.T[..., None] / 3
filters[:, :, :, 2] = np.array([1, -1, 0]) / 9
filters[:, :, :, 3] = np.array([-1, -1, 2]) / 9
if ready(conv2d):
    maps = conv2d(batch, filters, np.zeros(4))
    print(batch.shape, "→", maps.shape)
    figures.photos(
        *np.moveaxis(maps[0], -1, 0),
        titles=["left to right", "top to bottom", "red minus green", "blue against the rest"],
        alt="Four feature maps of the cat: upright outlines; level outlines; more red than green "
        "in all the fur; less blue than the rest nearly everywhere, the least on the nose.",
    ).show()

# %% [markdown]
r"""
Fur and nose are reddish, so the fourth map is negative there. It rises to about 0 where red,
green and blue are in balance: in the eyes. A filter that sees all channels can ask about color.
No filter on a gray picture can.

### How many numbers does a layer learn?
"""

# %% guess
guess("numbers_to_learn")

# %% [markdown]
r"""
The numbers that a layer learns, weights and biases together, are called **parameters**. The size
of the picture plays no role: the same filters serve a picture of 32 × 32 and one of 4000 × 3000.
Compare that with the weights of the single neuron above. This is what parameter sharing saves.

The article has a map of 32 × 32 × 10 for this layer, and yours has 28 × 28 × 10. Both are right.
The article first lays a frame of zeros around the picture, so that the map keeps its size. This
is called `"same"` padding, and it is the subject of chapter 2. Here is a first look:
"""

# %%
if ready(conv2d):
    small = photo("chelsea", size=32)[None] / 255
    ten = np.random.default_rng(0).normal(size=(5, 5, 3, 10))
    framed = np.pad(small, ((0, 0), (2, 2), (2, 2), (0, 0)))
    print("as it is:               ", conv2d(small, ten, np.zeros(10)).shape)
    print("with a frame of 2 zeros:", conv2d(framed, ten, np.zeros(10)).shape)

# %% [markdown]
r"""
### And how much work is it?

> **Where the article is too quick: "superhuman accuracy" and "any device".** It says that such
> models achieve the first and run on the second. Count for yourself what VGG16 costs, the network
> of chapter 9. Every number of a feature map takes one step, and every step takes
> $k_h \cdot k_w \cdot C$ multiplications.
"""

# %%
vgg16 = [  # (height and width of the map, channels in, filters): all kernels are 3 × 3
    *[(224, 3, 64), (224, 64, 64), (112, 64, 128), (112, 128, 128)],
    *[(56, 128, 256), (56, 256, 256), (56, 256, 256)],
    *[(28, 256, 512), (28, 512, 512), (28, 512, 512)],
    *[(14, 512, 512), (14, 512, 512), (14, 512, 512)],
]
dense = [(25088, 4096), (4096, 4096), (4096, 1000)]  # (inputs, outputs) of the last three layers
steps = sum(size * size * 3 * 3 * c * f for size, c, f in vgg16)
total = steps + sum(i * o for i, o in dense)
print(f"{total:,} multiplications for one picture")
print(f"of these in convolutions: {steps / total:.1%}")
print(f"on a chip that does a billion per second: {total / 1e9:.1f} seconds a picture")

# %% [markdown]
r"""
15.5 billion, for one picture. A good phone can do that. A doorbell with a camera cannot, and its
battery would not last. Smaller networks exist because this number matters.

"Superhuman" comes from one test: naming the object in a clear photograph, out of 1000 names. The
comparison was with two trained people (Russakovsky et al., 2015; see "Read on"). Turn the
picture, or add a little noise, and people stay good while networks may not. In chapters 8 and 12
you see this for yourself.
"""

# %% [markdown]
r"""
## 5. ReLU

Is it worth putting one convolution after the other?
"""

# %% guess
guess("two_convolutions")

# %% [markdown]
r"""
Look at two kernels, one after the other, and at one larger kernel made from the two.
"""

# %%
blur = np.ones((3, 3)) / 9
if ready(correlate2d):
    one_by_one = correlate2d(correlate2d(cat, blur), right_minus_left)
    combined = correlate2d(np.pad(blur, 2), right_minus_left[::-1, ::-1])
    at_once = correlate2d(cat, combined)
    print("one 5 × 5 kernel instead of two 3 × 3:", combined.shape)
    print("largest difference:", np.abs(one_by_one - at_once).max().round(12))

# %% [markdown]
r"""
Two steps of multiplying and adding are again one step of multiplying and adding. Such a step is
called **linear**. You could stack a hundred linear layers and still have a single one.

Something must come between them that is *not* linear: an **activation function**, also called a
**nonlinearity**. The simplest choice that works well is the **rectified linear unit**, ReLU:

$$\text{relu}(z) = \max(z, 0)$$

Negative numbers become 0, all others stay. In words: "Report what you found. If you found the
opposite, report nothing."

**An example by hand.** What becomes of $[-2,\; 0.5,\; 0,\; 3]$? Answer: $[0,\; 0.5,\; 0,\; 3]$.
"""

# %%
z = np.linspace(-3, 3, 61)
figures.curve(z, ops.relu(z), xlabel="z", ylabel="relu(z)").show()

# %% [markdown]
r"""
### Exercise 4: ReLU
"""


# %% exercise="relu"
def relu(z):
    """Zero for negative numbers, the number itself for all others.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of ``z``
        A new array; ``z`` stays unchanged.

    >>> relu(np.array([-2, 0.5, 0, 3]))
    array([0. , 0.5, 0. , 3. ])
    """
    ### BEGIN SOLUTION
    return np.where(z > 0, z, 0)
    ### END SOLUTION


# %% [markdown]
r"""
Here are the outlines of Chelsea before and after.
"""

# %% guess
guess("lost_half_of_the_outlines")

# %%
if ready(correlate2d) and ready(relu):
    edges = correlate2d(cat, right_minus_left)
    figures.photos(
        edges,
        relu(edges),
        relu(-edges),
        titles=["map", "relu(map)", "relu(−map)"],
        shades="signs",
        alt="The cat's outlines: first all of them, then only where it gets brighter to the "
        "right, then only where it gets darker.",
    ).show()

# %% [markdown]
r"""
How much is left? Here are the same two maps as a histogram, gray before and blue after. The
negative side is gone: all of it now stands in one tall bar at 0.
"""

# %%
if ready(correlate2d) and ready(relu):
    fig, ax = plt.subplots(figsize=(6, 2.6))
    bins = np.linspace(-1.5, 1.5, 61)
    ax.hist(edges.ravel(), bins, color="0.75", label="map")
    ax.hist(relu(edges).ravel(), bins, histtype="step", color=palette.BLUE, label="relu(map)")
    ax.set(xlabel="value", ylabel="number of cells", yscale="log")
    ax.legend()
    plt.show()
    print(f"exactly 0: {np.mean(edges == 0):.0%} before, {np.mean(relu(edges) == 0):.0%} after")

# %% [markdown]
r"""
> **Where the article is wrong: the ReLU is not part of the convolution.** It says that "any type
> of convolution involves a relu operation". A network does need something between its
> convolutions, as you have just seen. But it is a choice that you make, and no part of a
> convolution: `Conv2D(10, 5)` in Keras is linear, `Conv2D(10, 5, activation="relu")` is not. Your
> own `conv2d` shows it, because it gives negative numbers.
"""

# %%
if ready(conv2d) and ready(relu):
    maps = conv2d(batch, filters, np.zeros(4))
    print(f"smallest value, conv2d alone: {maps.min():+.2f}")
    print(f"smallest value, relu(conv2d): {relu(maps).min():+.2f}")

# %% [markdown]
r"""
## 6. Make your own kernels

So far the kernels were simply given. A network learns them. But you can also design some
yourself, and a few are so useful that everybody should know them. Ask what the *sum* of the nine
weights does:

- On a flat patch all nine pixels are equal. The answer is that brightness, times the sum of the
  weights.
- **Sum 1** keeps the brightness of the picture. Blurring and sharpening should do that.
- **Sum 0** answers 0 to everything flat. An edge detector should do that.

$$\text{on a flat patch of brightness } v:\quad
\sum_{a,b} v \cdot k_{a,b} = v \cdot \sum_{a,b} k_{a,b}$$

Try it on a small one.
"""

# %% guess
guess("side_weights")

# %% [markdown]
r"""
### Exercise 5: five goals
"""


# %% exercise="design_kernel"
def design_kernel(goal):
    """A 3 × 3 kernel that reaches a goal.

    Parameters
    ----------
    goal : str
        ``"identity"`` leaves every pixel as it is.
        ``"box_blur"`` replaces a pixel by the plain mean of its 3 × 3 neighborhood.
        ``"sharpen"`` makes a pixel differ more from its neighbors, and keeps flat areas as
        they are: the weights sum to 1, and the middle one is larger than 1.
        ``"vertical_edges"`` answers to upright lines: the brightness changes *along a row*.
        ``"horizontal_edges"`` answers to level lines: it changes *down a column*.
        Both edge kernels answer 0 to flat areas, and to edges of the other direction. Sign
        and size are up to you.

    Returns
    -------
    array, shape (3, 3)

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` for any other goal. The message
    contains the word ``goal``.

    >>> design_kernel("box_blur").sum().round(6)
    np.float64(1.0)
    """
    ### BEGIN SOLUTION
    kernels = {
        "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "box_blur": [[1 / 9, 1 / 9, 1 / 9]] * 3,
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "vertical_edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "horizontal_edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    }
    return np.array(kernels[goal])
    ### END SOLUTION


# %% [markdown]
r"""
All five at once, on a wall.
"""

# %% guess
guess("lines_of_mortar")

# %%
goals = ["identity", "box_blur", "sharpen", "vertical_edges", "horizontal_edges"]
if ready(conv2d) and ready(design_kernel):
    wall = photo("brick", size=96, gray=True)[None, :, :, None]
    kernels = np.stack([design_kernel(goal) for goal in goals], axis=-1)[:, :, None, :]
    maps = conv2d(wall, kernels, np.zeros(5))
    figures.photos(
        *np.moveaxis(maps[0], -1, 0),
        titles=goals,
        shades=["gray", "gray", "gray", "signs", "signs"],
        alt="Five pictures of a brick wall: as it is, blurred, sharpened, its upright lines, "
        "its level lines.",
    ).show()

# %% [markdown]
r"""
And Chelsea, through a small network of your own: four filters (each edge kernel and its
negative), then ReLU, then the sum of the four maps. Three of your five functions work together
here.
"""

# %%
if ready(conv2d) and ready(design_kernel) and ready(relu):
    upright, level = design_kernel("vertical_edges"), design_kernel("horizontal_edges")
    kernels = np.stack([upright, -upright, level, -level], axis=-1)[:, :, None, :]
    sketch = relu(conv2d(cat[None, :, :, None], kernels, np.zeros(4))).sum(axis=-1)[0]
    figures.photos(
        cat,
        -sketch.clip(max=2) + 2,
        titles=["Chelsea", "drawn by your code"],
        alt="Left: the cat. Right: a pencil drawing of the same cat, dark lines on white.",
    ).show()

# %% [markdown]
r"""
## 7. Two bugs

Some code runs, and is wrong. To find out why is a craft of its own. Each of the next two boxes
holds one of your functions, with one mistake in it. You can call a box as often as you like. You
cannot look inside.

- **Name the bug.** Every box shows a list of mistakes. One of them is in it.
- **Expose the bug.** Give an input on which the box is wrong, while every other mistake on the list
  would give the right result. Then it can be nothing else.

The smaller your input, the better. It must be written out in your function: the box itself is not
there when your work is graded.
"""

# %% [markdown]
r"""
### Bug 1: a feature map

This is what the box makes of Chelsea with the kernel that asks "brighter to the right?". The
outlines are all there. **What is wrong with them?** Compare with your own map in section 3.
"""

# %%
broken_correlate2d = box("correlate2d")
figures.photos(
    cat,
    broken_correlate2d(cat, right_minus_left),
    titles=["picture", "the box's feature map"],
    alt="Left: the cat. Right: her outlines, with red and blue in other places than before.",
).show()

# %%
broken_correlate2d


# %% exercise="expose_correlate2d"
def expose_correlate2d():
    """Name the mistake in ``broken_correlate2d``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (image, kernel)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 8 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    dot = np.array([[0.0, 0.0], [0.0, 1.0]])
    return "kernel-flipped", (dot, dot)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: an activation

Here is the ReLU of the second box, for inputs that are typical of a network at its beginning. It
looks right. **Which inputs are missing in this plot?**
"""

# %%
broken_relu = box("relu")
z = np.linspace(-1, 1, 41)
figures.curve(z, broken_relu(z), xlabel="z", ylabel="the box's relu(z)").show()

# %%
broken_relu


# %% exercise="expose_relu"
def expose_relu():
    """Name the mistake in ``broken_relu``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (z,)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 1 number in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "capped-at-one", (np.array([2.0]),)
    ### END SOLUTION


# %% [markdown]
r"""
## 8. What you have built

- `conv_step`: one receptive field, one filter, one number.
- `correlate2d`: the step at every place: a feature map.
- `conv2d`: all channels, all filters, all pictures. It gives the numbers of
  `keras.layers.Conv2D(F, (kh, kw))`, and your checks compared it with Keras.
- `relu`: the reason why a second layer adds something.
- `design_kernel`: kernels made by hand, of the kind that a network finds by learning.

### Questions

Think first, then open the answer.

<details><summary>Your map is smaller than your picture. What happens to the picture's
corner pixels?</summary>

A corner pixel lies in one receptive field only, a pixel in the middle in $k_h \cdot k_w$ of them.
So corners count less. Padding helps, and chapter 2 does it.

</details>

<details><summary>A layer takes maps with 64 channels and has 128 filters of 3 × 3. How many
parameters?</summary>

$3 \cdot 3 \cdot 64 \cdot 128 + 128 = 73{,}856$. Each filter is a box of 3 × 3 × 64.

</details>

<details><summary>What does a 1 × 1 filter do? It sees only a single pixel!</summary>

It sees a single pixel in *all* channels, and mixes them with its weights. "Red minus green" needs
no more than that. Chapter 13 makes use of it.

</details>

<details><summary>You shift the picture by one pixel to the right. What happens to the feature
map?</summary>

It shifts by one pixel to the right too, except at the border. The weights are the same
everywhere, so the answers move along with the picture. This is called *equivariance*, more
exactly translation equivariance. (*Invariance* would mean that the answer does not change at
all.)

</details>

<details><summary>Why not use the absolute value in place of ReLU? It is not linear
either.</summary>

You can. It says "there is an edge" and loses the direction. With ReLU a network can keep the
directions apart, in two maps, and add them where it does not care, as you did in your drawing.

</details>

### Next

The map shrinks with every layer, and your kernel visits every pixel, one by one. [Chapter
2](../ch02_stride_padding/ch02_stride_padding.ipynb) adds padding, strides and dilation: how to
keep the size, and how to move in larger steps.

### Read on

- A. Dertat, *Applied Deep Learning, Part 4: Convolutional Neural Networks*, Towards Data Science,
  2017: the article that this course follows.
- Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-Based Learning Applied to Document
  Recognition*, Proceedings of the IEEE 86, 1998: LeNet-5, and why weights are shared.
- A. Krizhevsky, I. Sutskever, G. Hinton, *ImageNet Classification with Deep Convolutional Neural
  Networks*, NeurIPS 2012: AlexNet.
- V. Dumoulin, F. Visin, *A Guide to Convolution Arithmetic for Deep Learning*, 2016,
  [arXiv:1603.07285](https://arxiv.org/abs/1603.07285): every kind of sliding window, drawn. It
  also goes with chapters 2 and 13.
- O. Russakovsky et al., *ImageNet Large Scale Visual Recognition Challenge*, International
  Journal of Computer Vision 115, 2015, [arXiv:1409.0575](https://arxiv.org/abs/1409.0575): the
  competition, and how people did in it.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
