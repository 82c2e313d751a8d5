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
# Chapter 4: A whole network

Cat or dog?

You have convolutions, ReLU and pooling. They turn a picture into many small maps. But a map is
not an answer. In this chapter you write what is still missing, and then you put everything
together: a network that was trained on 2,800 pictures, run by plain NumPy that you can read line
by line. You write the new functions. Those of chapters 1 to 3 are your own where you have written
them, and the course's where you have not. At the end the network says about real pictures what
Keras says, up to rounding.

On the way you learn to count what a network costs, before you build it.

You need what chapters 1 to 3 taught, and about two and a half hours.

Run the next three cells first.
"""

# %% setup=true
import math

import matplotlib.pyplot as plt
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures, palette
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch04_network import demo
from cnnlab.course.figures import composition, diagrams
from cnnlab.course.guesses import guess
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs, load_network

start("ch04_network")

# %% [markdown]
r"""
The next cell imports finished functions from those chapters: `relu`, `conv2d` (stride 1, `"same"`
padding), `max_pool2d` (2 × 2 windows) and `trace_shapes`. Your functions may call them: your
checks know the same ones. So you can work on this chapter even if you skipped one of the others.
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch04_network import conv2d, max_pool2d, pair, relu, trace_shapes

# %% [markdown]
r"""
Did `check` give your own functions of those chapters full marks? Then they run from here on. Where
one of them is slow, it runs on one picture, and the course's goes on. In a check the course's
stand in, so your points do not depend on it.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

relu = own(relu, "ch01")
conv2d = own(conv2d, "ch02", padding="same")
max_pool2d = own(max_pool2d, "ch03")
trace_shapes = own(trace_shapes, "ch03")
whose_code()

# %% [markdown]
r"""
## 1. What is still missing

Here are the pictures that this chapter is about. They have 32 × 32 pixels, so they are coarse.
Can *you* tell the cats from the dogs?
"""

# %%
cats_dogs = load_cats_dogs()
pictures, labels = cats_dogs.test
figures.photos(
    *pictures[[3, 28, 8, 9, 18, 13]],
    alt="Six coarse color pictures of 32 by 32 pixels, of cats and of dogs.",
).show()

# %%
print([cats_dogs.classes[label] for label in labels[[3, 28, 8, 9, 18, 13]]])

# %% [markdown]
r"""
And this is the network. Read it from left to right: every box is what comes out of one layer, and
the numbers above it are its shape. **Where does the picture stop being a picture?**
"""

# %%
layers = [
    ("conv", 16, 3),  # 16 filters of 3 × 3, then ReLU
    ("max_pool", 2),
    ("conv", 32, 3),
    ("max_pool", 2),
    ("conv", 32, 3),
    ("max_pool", 2),
    ("flatten",),
    ("dense", 64),
    ("dense", 1),
]
diagrams.stack((32, 32, 3), layers).show()

# %% [markdown]
r"""
You know the blue and green boxes. **Flatten** is where the picture ends: after it there are no
rows and columns any more, only 512 numbers. Two **dense** layers turn them into 64 numbers, and
these into a single one. That one says how sure the network is that it sees a dog.

The article that this course follows calls the left part *feature extraction* and the right part
*classification*. (You will also read **backbone** and **head**.) That is a helpful way to think.
But nobody tells the network where the one ends and the other begins: all its layers are trained
together, for the last number only.

Why several convolutions, one after the other? Because large things are made of small ones. The
idea, as a drawing:
"""

# %%
composition.from_edges_to_parts().show()

# %% [markdown]
r"""
The first layer finds edges: short lines in some direction. A later layer looks at the *maps* of the
edges, so it can find parts: a rising and a falling line that meet in a tip, as in an ear. A still
later one looks at the maps of the parts: two ears above two eyes above a nose. This is called
**composition**, or a hierarchy of features. Nobody tells the network what an ear is, so what it
really finds is seldom so neat. In chapters 10 and 11 you look.
"""

# %% [markdown]
r"""
## 2. Flatten

A dense layer takes one row of numbers, a **vector**, for each picture. A stack of maps has shape
$(N, H, W, C)$. So the three axes $H, W, C$ must become one.

This picture has two rows, two columns and two channels.

$$\text{channel 0} = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} \qquad
\text{channel 1} = \begin{bmatrix} 10 & 20 \\ 30 & 40 \end{bmatrix}$$
"""

# %% guess
guess("order_of_flatten")

# %% [markdown]
r"""
As a formula, the number at row $i$, column $j$, channel $c$ goes to place

$$(i \cdot W + j) \cdot C + c$$
"""

# %% guess
guess("place_after_flatten")

# %% [markdown]
r"""
### Exercise 1: flatten
"""


# %% exercise="flatten"
def flatten(x):
    """All numbers of each picture in one row, place by place, the channels of a place together.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        A batch: picture, row, column, channel.

    Returns
    -------
    array, shape (N, H * W * C)
        ``x`` stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes. The
    message contains the word ``x``.

    >>> flatten(np.array([[[[1, 10], [2, 20]], [[3, 30], [4, 40]]]]))
    array([[ 1, 10,  2, 20,  3, 30,  4, 40]])
    """
    ### BEGIN SOLUTION
    return x.reshape(len(x), -1)
    ### END SOLUTION


# %% [markdown]
r"""
Here is one of the cats as a row.
"""

# %% guess
guess("numbers_of_one_cat")

# %%
if ready(flatten):
    row = flatten(pictures[:1])
    print(row.shape)
    print("first six numbers:", row[0, :6], "(red, green, blue; red, green, blue)")
    print("top left pixels:  ", pictures[0, 0, 0], pictures[0, 0, 1])

# %% [markdown]
r"""
Two pixels of which one lies *below* the other are neighbors in the picture. In the row they are
far apart.
"""

# %% guess
guess("pixel_below")

# %% guess
guess("dense_and_neighbors")

# %% [markdown]
r"""
## 3. From a number to a probability

The last layer gives one number for each picture, and it may be anything: −7, 0.2, 31. Such a
number is called a **logit**. We would like to read it as a probability: near 1 for "surely a
dog", near 0 for "surely a cat", and 0.5 for "no idea". The **sigmoid** does that:

$$\text{sigmoid}(z) = \frac{1}{1 + e^{-z}}$$
"""

# %%
z = np.linspace(-6, 6, 121)
figures.curve(z, 1 / (1 + np.exp(-z)), xlabel="z", ylabel="sigmoid(z)").show()

# %% [markdown]
r"""
**An example by hand.** sigmoid(0) is $\tfrac{1}{1+1} = 0.5$.
"""

# %% guess
guess("sigmoid_of_log_3")

# %% [markdown]
r"""
**A trap.** The formula is short, and so is the code. What does it do for a large $z$? Here are two
ways to write the same formula. Run them on ±1000.
"""

# %%
large = np.array([-1000.0, 1000.0])
print("1 / (1 + exp(-z)):      ", 1 / (1 + np.exp(-large)))
print("exp(z) / (1 + exp(z)):  ", np.exp(large) / (1 + np.exp(large)))

# %% [markdown]
r"""
NumPy warns about an overflow, and the second line even gives `nan`: "not a number". $e^{1000}$ has
435 digits, far more than a float can hold, so it becomes `inf`; and `inf / inf` is undefined. A
single `nan` in a network spreads to everything that is computed with it.

`exp` of a *negative* number is never a problem: it is between 0 and 1. So write the formula so
that only such an `exp` is computed:

$$\text{sigmoid}(z) = \frac{1}{1 + e^{-|z|}} \;\text{ for } z \ge 0 \qquad
\text{sigmoid}(z) = \frac{e^{-|z|}}{1 + e^{-|z|}} \;\text{ for } z < 0$$

(Multiply the numerator and the denominator on the left by $e^{z}$: for $z < 0$ you get the
fraction on the right.)
"""

# %% [markdown]
r"""
### Exercise 2: sigmoid
"""


# %% exercise="sigmoid"
def sigmoid(z):
    """1 / (1 + exp(-z)), right and without a warning for every z up to 10,000 and beyond.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of ``z``
        A new array.

    >>> sigmoid(np.array([-10000.0, 0.0, 10000.0]))
    array([0. , 0.5, 1. ])
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)
    ### END SOLUTION


# %% [markdown]
r"""
### More than two classes: softmax

With one number you can tell cat from dog. For cat, dog and horse you need three, one for each, and
three probabilities that add up to 1. **Softmax** makes them: take `exp` of each number, so that
all are positive, and divide by their sum.

$$\text{softmax}(z)_k = \frac{e^{z_k}}{\sum_m e^{z_m}}$$

**An example by hand.** What is softmax of $[\log 1, \log 3]$? The exps are 1 and 3, their sum is 4,
so $[0.25,\ 0.75]$. Compare that with your sigmoid(log 3). With two classes, softmax of $[0, z]$
*is* the sigmoid.

The same trap is here, and there is an elegant way out.
"""

# %% guess
guess("subtracting_from_all")

# %% [markdown]
r"""
So subtract the largest: then every exponent is 0 or negative.
"""

# %% [markdown]
r"""
### Exercise 3: softmax
"""


# %% exercise="softmax"
def softmax(z):
    """Positive shares that add up to 1 over the last axis.

    Right and without a warning for all numbers up to 10,000 and beyond.

    Parameters
    ----------
    z : array, shape (..., K)
        One number for each of K classes, on the last axis; any axes before it.

    Returns
    -------
    array, the shape of ``z``
        A new array.

    >>> softmax(np.array([[0.0, 0.0], [10000.0, 10000.0]]))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    ### BEGIN SOLUTION
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% [markdown]
r"""
What does softmax do with two classes, and what with a single one?
"""

# %% guess
guess("softmax_of_one_class")

# %%
if ready(softmax) and ready(sigmoid):
    three, two = np.array([2.0, 1.0, -1.0]), np.array([0.0, 1.5])
    print("three classes:        ", softmax(three).round(3))
    print("two, [0, z]:          ", softmax(two)[1].round(6))
    print("sigmoid(z):           ", sigmoid(two)[1].round(6))
    print("one class, three rows:", softmax(np.array([[-7.0], [0.2], [31.0]])).ravel())

# %% [markdown]
r"""
A network that ends in `Dense(1, activation="softmax")` therefore says "dog" to every picture, and
never learns. Nothing warns you. One unit needs a sigmoid.
"""

# %% [markdown]
r"""
## 4. The dense layer

In a dense layer, also called *fully connected*, every output unit looks at *every* input. These
units are the neurons of chapter 1. Unit $u$ has one weight for each input $i$, and a bias:

$$\text{out}_{n,u} = \text{activation}\Big(\text{bias}_u + \sum_{i} x_{n,i} \cdot
\text{weights}_{i,u}\Big)$$

| what | shape | axes |
|---|---|---|
| inputs `x` | $(N, n)$ | picture, input |
| `weights` | $(n, \text{units})$ | input, unit |
| `bias` | $(\text{units},)$ | one number for each unit |
| result | $(N, \text{units})$ | picture, unit |

In chapter 1 the matrix product was wrong. **And here?** Look at the sum: a row of `x` meets a
column of `weights`. That *is* a matrix product, and NumPy writes it `x @ weights`.

**An example by hand.** One picture with inputs $[1, 2]$, two units, no activation:

$$[1,\ 2] \begin{bmatrix} 3 & 0 \\ -1 & 4 \end{bmatrix} + [10,\ 20]
= [10 + 3 - 2,\ 20 + 0 + 8] = [11,\ 28]$$
"""

# %% [markdown]
r"""
### Exercise 4: the dense layer
"""


# %% exercise="dense"
def dense(x, weights, bias, activation=None):
    """What a Keras ``Dense`` layer computes.

    Parameters
    ----------
    x : array, shape (N, n)
        One row of numbers for each picture.
    weights : array, shape (n, units)
        ``weights[i, u]`` leads from input i to unit u.
    bias : array, shape (units,)
    activation : None, "relu", "sigmoid" or "softmax"
        What is done to the sums; None leaves them as they are.

    Returns
    -------
    array, shape (N, units)
        A new array; the arguments stay unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``weights`` has not one row for each
    input, ``bias`` not one number for each unit, or ``activation`` is something else. The
    message contains the argument's name.

    >>> weights = np.array([[3.0, 0.0], [-1.0, 4.0]])
    >>> dense(np.array([[1.0, 2.0]]), weights, np.array([10.0, 20.0]))
    array([[11., 28.]])
    """
    ### BEGIN SOLUTION
    sums = x @ weights + bias
    if activation == "relu":
        return np.maximum(sums, 0)
    if activation == "sigmoid":
        return sigmoid(sums)
    if activation == "softmax":
        return softmax(sums)
    return sums
    ### END SOLUTION


# %% [markdown]
r"""
Can a single dense unit tell cats from dogs, without any convolution? Its weights are a picture
too: 32 × 32 × 3 numbers. Let us choose them without learning: the average dog minus the average
cat, over all training pictures.
"""

# %%
train = cats_dogs.train.x / 255
average_cat = train[cats_dogs.train.y == 0].mean(axis=0)
average_dog = train[cats_dogs.train.y == 1].mean(axis=0)
template = average_dog - average_cat
figures.photos(
    average_cat,
    average_dog,
    template.mean(axis=-1),
    titles=["average cat", "average dog", "dog minus cat (brightness)"],
    alt="Two nearly equal brown clouds, and their difference: the average dog is a little brighter "
    "in the middle and darker in the corners.",
).show()

# %% guess
guess("right_by_a_template")

# %%
if ready(flatten) and ready(dense):
    middle = ((average_cat + average_dog) / 2).reshape(1, -1)
    weights = template.reshape(-1, 1)
    threshold = -(middle @ weights)[0]  # 0 halfway between the two averages
    sums = dense(flatten(pictures / 255), weights, threshold)
    share = np.mean((sums[:, 0] > 0) == labels)
    print(f"{share:.1%} of {len(labels)} test pictures are right")

# %% [markdown]
r"""
Cats and dogs stand anywhere, look in all directions, and have many colors. An average of them is
a brown cloud. A dense layer on pixels compares brightness at fixed places, and that is not what
makes a cat.

What if it did not see pixels, but maps that say "ear here", "fur there"? That is what the
convolutions before it are for.
"""

# %% [markdown]
r"""
## 5. What does it cost? Count before you build

A network has two kinds of cost:

- **Parameters** are the numbers that it must learn. They need memory, and data to learn them
  from.
- **Multiply-accumulates**, MACs for short, are the work for one picture: a multiplication, and
  the addition that goes with it. (Many papers count FLOPs, floating-point operations: about two
  for each MAC.)
"""

# %% guess
guess("most_parameters")

# %% guess
guess("most_work")

# %% [markdown]
r"""
We describe a network by a list of tuples, as in chapter 3:

| layer | means |
|---|---|
| `("conv", filters, k)` | stride 1, `"same"` padding, dilation 1 |
| `("conv", filters, k, stride, padding, dilation)` | all spelled out; the end may be left out |
| `("max_pool", k)`, `("max_pool", k, stride)` | the stride is k where it is left out; no padding |
| `("global_average_pool",)` | one number for each map |
| `("flatten",)`, `("dropout", rate)` | neither learns anything |
| `("dense", units)` | works on the last axis |

`k` and `stride` are one number or a pair `(down, across)`. A shape leaves the batch out:
`(32, 32, 3)`, or `(512,)` after flatten.

In such a list each layer changes the shape that the next one gets. `trace_shapes` of chapter 3
knows these shapes. You have had it since the beginning of this chapter, together with `pair`,
which turns 3 into (3, 3):
"""

# %%
for layer, shape in zip(layers, trace_shapes((32, 32, 3), layers), strict=True):
    print(f"{layer!s:18} → {shape}")

# %% [markdown]
r"""
**Parameters.** One filter of a convolution is a box of $k_h \times k_w \times C$ weights and has
one bias. A dense unit has one weight for each input and one bias.

$$\text{conv: } (k_h \cdot k_w \cdot C + 1) \cdot F \qquad \text{dense: } (n + 1) \cdot
\text{units} \qquad \text{all others: } 0$$

**An example by hand.** Ten filters of 5 × 5 on a picture of 32 × 32 × 3: $(5 \cdot 5 \cdot 3 + 1)
\cdot 10 = 760$, as in chapter 1. The size of the picture plays no role.
"""

# %% [markdown]
r"""
### Exercise 5: count the parameters
"""


# %% exercise="count_parameters"
def count_parameters(input_shape, layers):
    """How many numbers each layer learns, as Keras's ``model.summary()`` lists them.

    Parameters
    ----------
    input_shape : tuple
        ``(H, W, C)`` or ``(n,)``, without the batch.
    layers : list of tuple
        As in the table above. All of them fit onto each other.

    Returns
    -------
    list of int
        One count for each layer.

    >>> count_parameters((32, 32, 3), [("conv", 10, 5), ("max_pool", 2), ("flatten",)])
    [760, 0, 0]
    """
    ### BEGIN SOLUTION
    counts, shape = [], input_shape
    for layer, after in zip(layers, trace_shapes(input_shape, layers), strict=True):
        count = 0
        if layer[0] == "conv":
            kh, kw = pair(layer[2])
            count = (kh * kw * shape[-1] + 1) * layer[1]
        elif layer[0] == "dense":
            count = (shape[-1] + 1) * layer[1]
        counts.append(count)
        shape = after
    return counts
    ### END SOLUTION


# %% [markdown]
r"""
**Multiply-accumulates.** Each *number of the result* costs one step: $k_h \cdot k_w \cdot C$ MACs
for a convolution, $n$ for a dense unit. So multiply by the numbers in the result:

$$\text{conv: } \underbrace{H_{\text{out}} \cdot W_{\text{out}}}_{\text{places}} \cdot
k_h \cdot k_w \cdot C \cdot F \qquad \text{dense: } n \cdot \text{units}$$

In other words: every weight is used once at every place of the map that *comes out*. We count taps
that meet padding as well, because the usual code multiplies them by 0, and do not count the bias.
A dense layer on three axes, without a flatten before it, works at every place too.

**An example by hand.** The same ten filters of 5 × 5 on 32 × 32 × 3, `"same"` padding, stride 1:
$32 \cdot 32 \cdot 750 = 768{,}000$.
"""

# %% guess
guess("macs_at_stride_2")

# %% [markdown]
r"""
### Exercise 6: count the work
"""


# %% exercise="count_macs"
def count_macs(input_shape, layers):
    """How many multiply-accumulates each layer needs for one picture.

    Parameters
    ----------
    input_shape : tuple
        ``(H, W, C)`` or ``(n,)``, without the batch.
    layers : list of tuple
        As in the table above. All of them fit onto each other.

    Returns
    -------
    list of int
        One count for each layer. Pooling, flatten and dropout count 0. Your
        ``count_parameters`` may help: weights are parameters without biases.

    >>> count_macs((32, 32, 3), [("conv", 10, 5), ("max_pool", 2), ("flatten",)])
    [768000, 0, 0]
    """
    ### BEGIN SOLUTION
    counts = []
    parameters, shapes = count_parameters(input_shape, layers), trace_shapes(input_shape, layers)
    for layer, count, after in zip(layers, parameters, shapes, strict=True):
        if layer[0] in ("conv", "dense"):
            weights = count - layer[1]
            counts.append(weights * math.prod(after[:-1]))
        else:
            counts.append(0)
    return counts
    ### END SOLUTION


# %% [markdown]
r"""
Now look at where the parameters are, and where the work is.
"""

# %%
if ready(count_parameters) and ready(count_macs):
    shape = (32, 32, 3)
    diagrams.costs(
        layers,
        {
            "parameters": count_parameters(shape, layers),
            "multiply-accumulates": count_macs(shape, layers),
        },
    ).show()

# %% [markdown]
r"""
Two thirds of the parameters are in one dense layer, and it does almost no work. The convolutions
do the work and have few parameters, because the same small kernel is used at every place.

This is true for many networks that end in dense layers. Here is the article's own, for pictures
of 150 × 150: four convolutions, and then dense layers.
"""

# %%
article = [
    *[("conv", 32, 3), ("max_pool", 2), ("conv", 64, 3), ("max_pool", 2)],
    *[("conv", 128, 3), ("max_pool", 2), ("conv", 128, 3), ("max_pool", 2)],
    *[("flatten",), ("dropout", 0.5), ("dense", 512), ("dense", 256), ("dense", 1)],
]
if ready(count_parameters) and ready(count_macs):
    shape = (150, 150, 3)
    parameters, macs = count_parameters(shape, article), count_macs(shape, article)
    diagrams.costs(article, {"parameters": parameters, "multiply-accumulates": macs}).show()
    convolutions = sum(parameters[:8])
    print(f"{sum(parameters):,} parameters, {convolutions / sum(parameters):.0%} in convolutions")

# %% [markdown]
r"""
> **Where the article is too quick: pooling and the number of weights.** It says that halving
> height and width leaves a quarter of the weights. Pooling leaves a quarter of the *activations*,
> so the next convolution has a quarter of the work. Its weights stay as many as before. Only the
> first dense layer after a flatten gets fewer. Let your own functions show it:
"""

# %%
if ready(count_parameters) and ready(count_macs):
    end = [("conv", 32, 3), ("flatten",), ("dense", 64)]
    for name, start_of_it in {"without pooling": [], "with pooling": [("max_pool", 2)]}.items():
        tried = [("conv", 16, 3), *start_of_it, *end]
        weights, work = (f((32, 32, 3), tried) for f in (count_parameters, count_macs))
        print(f"{name:16} convolution: {weights[-3]:6,} parameters, {work[-3]:9,} MACs")
        print(f"{'':16} dense:       {weights[-1]:9,} parameters")

# %% [markdown]
r"""
### Play with it

Build a network layer by layer. Shapes, parameters and MACs follow at once; *your* two functions
do the counting. Try to find out:

- A stride of 2 in the first convolution: what does it do to the work, and what to the parameters?
- Put a global average pooling in place of flatten. Where have the parameters gone?
- Which is cheaper in parameters: one kernel of 5 × 5, or two layers of 3 × 3? And in work?
"""

# %%
demo(count_parameters, count_macs)

# %% [markdown]
r"""
## 6. Choose the hyperparameters

Weights are learned. But how many filters, how large, how many layers? These you choose. They are
called **hyperparameters**. The article gives the usual advice:

- **Kernel size:** 3 × 3, rarely 5 × 5 or more.
- **Number of filters:** grows with depth. The article says a power of two from 32 to 1024. Powers
  of two are a habit and suit the hardware, but nothing demands them.
- **Stride:** 1. **Padding:** `"same"`, so that only pooling changes the size.

**Why do filters grow with depth?** After each pooling the maps have a quarter of the places, so
twice the filters still cost less memory than before. And there is more to tell apart: the first
layer has to know a few edges and colors, the last one ears, paws and snouts.

More filters can learn more, but they can also **memorize** the training pictures. Chapters 6 to 8
are about that.

An engineer often starts from the other end: *this is what the device can do.* Then the question
is which network fits. Such a budget has two limits, and either may be the tight one.

**An example by hand.** A budget of 1,000 parameters, and plenty of MACs: would a first convolution
with 32 filters of 3 × 3 on three channels fit? Answer: yes, $(27 + 1) \cdot 32 = 896$. But only 104
are left for everything else.
"""

# %% [markdown]
r"""
### Exercise 7: a network within a budget
"""


# %% exercise="choose_hyperparameters"
def choose_hyperparameters(budget):
    """A stack of layers for pictures of 32 × 32 × 3 that keeps to a budget.

    Many stacks are right. Yours must

    - have two convolutions or more; from one to the next the number of filters never falls,
      and the last has more than the first;
    - end with ``("dense", 1)``, and with the shape ``(1,)``;
    - cost no more parameters and no more multiply-accumulates than the budget allows;
    - use at least a fifth of one of the two, so that nothing is given away.

    Parameters
    ----------
    budget : dict
        ``{"parameters": int, "macs": int}``: from some 1,500 parameters and 200,000 MACs on.
        Both limits hold at once. Sometimes the one is tight, sometimes the other.

    Returns
    -------
    list of tuple
        Layers, as for ``count_parameters`` and ``count_macs``. Use these two.
    """
    ### BEGIN SOLUTION
    best = []
    for width in range(1, 1000):
        layers = []
        for filters in (width, 2 * width, 4 * width):
            layers += [("conv", filters, 3), ("max_pool", 2)]
        layers += [("global_average_pool",), ("dense", 1)]
        parameters = sum(count_parameters((32, 32, 3), layers))
        macs = sum(count_macs((32, 32, 3), layers))
        if parameters > budget["parameters"] or macs > budget["macs"]:
            return best
        best = layers
    return best
    ### END SOLUTION


# %% [markdown]
r"""
Your network for a small device. **Which of its two limits stopped it?**
"""

# %%
if ready(choose_hyperparameters) and ready(count_parameters) and ready(count_macs):
    budget = {"parameters": 20_000, "macs": 1_000_000}
    mine = choose_hyperparameters(budget)
    diagrams.stack((32, 32, 3), mine).show()
    for name, count in {"parameters": count_parameters, "macs": count_macs}.items():
        spent = sum(count((32, 32, 3), mine))
        print(f"{name:10} {spent:9,} of {budget[name]:9,}  ({spent / budget[name]:.0%})")

# %% [markdown]
r"""
## 7. The whole network, by hand

Here it is again, the network of section 1, and this time with numbers in it. It was trained in
Keras on the 2,800 training pictures; chapter 6 shows how. What came out of the training is a list
of ten arrays, in the order of Keras's `get_weights()`:
"""

# %%
network = load_network()
weights = network.weights
for i, array in enumerate(weights):
    print(f"weights[{i}]  {array.shape!s:16}  {'bias' if i % 2 else 'weights'}")
print(f"{sum(array.size for array in weights):,} numbers in all")

# %% [markdown]
r"""
The sixteen kernels of the first layer are small color pictures. Here are eight of them, with gray
for 0. Nobody designed them. **Do you see any that resemble a kernel of chapter 1?**
"""

# %%
kernels = np.moveaxis(weights[0], -1, 0)
spread = np.abs(kernels).max()
figures.photos(
    *(0.5 + 0.5 * kernels[:8] / spread),
    alt="Eight of the learned kernels as color squares of three by three: some change from one "
    "side to the other, some from one color to another.",
).show()

# %% [markdown]
r"""
Now the steps. Each line is one you have written, here or in an earlier chapter:

| step | arrays | shape after it |
|---|---|---|
| a picture, from 0 to 1 | | $(N, 32, 32, 3)$ |
| `conv2d`, ReLU, `max_pool2d` | `weights[0]`, `weights[1]` | $(N, 16, 16, 16)$ |
| `conv2d`, ReLU, `max_pool2d` | `weights[2]`, `weights[3]` | $(N, 8, 8, 32)$ |
| `conv2d`, ReLU, `max_pool2d` | `weights[4]`, `weights[5]` | $(N, 4, 4, 32)$ |
| `flatten` | | $(N, 512)$ |
| `dense`, ReLU | `weights[6]`, `weights[7]` | $(N, 64)$ |
| `dense`, sigmoid | `weights[8]`, `weights[9]` | $(N, 1)$ |

**An example by hand.** Let every kernel pass on what it meets (a 1 in the middle, zeros around it),
with one channel all the way and all biases 0. Three poolings of 8 × 8 pixels leave one number:
which one? Answer: the largest of the picture. If it is 1, and both dense weights are 1, the
network says $\text{sigmoid}(1) = 0.731$.
"""

# %% [markdown]
r"""
### Exercise 8: predict
"""


# %% exercise="predict"
def predict(x, weights):
    """What the trained network says about pictures, computed without Keras.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        Pictures, *already from 0 to 1*. Usually 32 × 32 × 3, but any size that three poolings
        leave something of.
    weights : list of ten arrays
        As in the table above; other numbers of filters and units are possible.

    Returns
    -------
    array, shape (N, 1)
        How sure the network is that each picture shows a dog: 0 is surely a cat, 1 surely a
        dog.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``weights`` does not hold ten arrays
    (its message contains the word ``weights``), or if the pictures have another number of
    channels than the first kernels (``x``).

    >>> middle = np.pad(np.ones((1, 1, 1, 1)), ((1, 1), (1, 1), (0, 0), (0, 0)))
    >>> weights = [middle, np.zeros(1)] * 3 + [np.ones((1, 1)), np.zeros(1)] * 2
    >>> predict(np.ones((1, 8, 8, 1)), weights).round(3)
    array([[0.731]])
    """
    ### BEGIN SOLUTION
    for i in (0, 2, 4):
        x = max_pool2d(relu(conv2d(x, weights[i], weights[i + 1])))
    x = dense(flatten(x), weights[6], weights[7], "relu")
    return dense(x, weights[8], weights[9], "sigmoid")
    ### END SOLUTION


# %% [markdown]
r"""
This is the moment. To run a trained network on new pictures is called **inference**. Keras's
answers for these sixteen pictures were recorded when the network was trained. A bar to the left
says cat, a bar to the right says dog.
"""

# %%
if ready(predict) and ready(flatten) and ready(dense):
    shown = pictures[network.examples]
    yours = predict(shown / np.float32(255), weights)
    both = {"Keras": network.keras, "you": yours}
    diagrams.verdicts(shown, both, labels[network.examples]).show()
    print("largest difference:", np.abs(yours - network.keras).max())

# %% [markdown]
r"""
Almost zero: float32 has about seven digits, and your code adds the products in a different order
than Keras. Apart from such rounding, you and Keras agree.

No deep-learning library was needed for these answers, only NumPy. Every number in them was
multiplied, added, cut off at 0, pooled and squeezed by code that you can read.

**And is the network any good?** You have 1,000 test pictures that it has never seen.
"""

# %% guess
guess("right_by_the_network")

# %%
if ready(predict) and ready(flatten) and ready(dense):
    everything = predict(pictures / np.float32(255), weights)[:, 0]
    right = (everything > 0.5) == labels
    print(f"{right.mean():.1%} of {len(labels)} test pictures are right, by your code")
    print(f"{network.card['accuracy']['test']:.1%} measured by Keras after the training")
    print(f"{network.card['accuracy']['train']:.1%} of the pictures that it was trained with")

# %% [markdown]
r"""
Whose code was that? The card has a line for each function.
"""

# %%
whose_code(flatten, sigmoid, dense, predict)

# %% [markdown]
r"""
Far better than the brown clouds, and far from perfect. It is a tiny network, the pictures are
coarse, and 2,800 are few. On new pictures it is right less often than on those that it was
trained with: it does not fully **generalize**. Where is it wrong although it is very sure?
"""

# %%
if ready(predict) and ready(flatten) and ready(dense):
    worst = np.argsort(-np.abs(everything - labels))[:8]
    diagrams.verdicts(pictures[worst], {"network": everything[worst]}, labels[worst]).show()

# %% [markdown]
r"""
Would you have known better? For some of them, surely.

What do sure and unsure look like over all pictures? If the network were always right and always
sure, all cats would stand on the far left and all dogs on the far right.
"""

# %%
if ready(predict) and ready(flatten) and ready(dense):
    fig, ax = plt.subplots(figsize=(6.4, 2.6))
    bins = np.linspace(0, 1, 21)
    ax.hist(everything[labels == 0], bins, color=palette.BLUE, alpha=0.65, label="cats")
    ax.hist(
        everything[labels == 1], bins, histtype="step", color=palette.ORANGE, lw=2, label="dogs"
    )
    ax.axvline(0.5, color="0.4", linewidth=1, linestyle=":")
    ax.set(xlabel="what the network says: 0 is cat, 1 is dog", ylabel="pictures")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
### Does it know what a cat is?

One last picture: Chelsea, from chapter 1, and some things that are neither cat nor dog.
"""

# %% guess
guess("cup_of_coffee")

# %%
if ready(predict) and ready(flatten) and ready(dense):
    strangers = np.stack([photo(name, size=32) for name in ("chelsea", "coffee", "brick")])
    said = predict(strangers / np.float32(255), weights)[:, 0]
    for name, p in zip(("Chelsea", "a cup of coffee", "a brick wall"), said, strict=True):
        print(f"{name:16} dog with probability {p:.2f}, cat with {1 - p:.2f}")

# %% [markdown]
r"""
It has no way to say "neither". The sigmoid splits the world into two, and the network was never
shown anything else. A probability of 0.9 means: *of the two things I know, I lean to this one*.
Keep that in mind whenever a network tells you how sure it is.

So does it know what a cat is? Not from this evidence. It knows something that mostly separates
our cat pictures from our dog pictures. This question comes back in chapters 7, 9, 11 and 12, each
time with a better tool.
"""

# %% [markdown]
r"""
## 8. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: shares

Three pictures, three classes. The box makes shares of the scores. Every number is between 0 and
1, and they add up to 1. **In which direction?**
"""

# %%
broken_softmax = box("softmax")
scores = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 1.0, 4.0]])
figures.numbers(
    scores, broken_softmax(scores).round(2), titles=["scores", "the box's shares"], signs="→"
).show()

# %%
broken_softmax


# %% exercise="expose_softmax"
def expose_softmax():
    """Name the mistake in ``broken_softmax``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (z,)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "wrong-axis", (np.zeros((2, 1)),)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: a layer

Here the second box gets one row with a single 1, and a table of weights. **Which numbers of the
table come out, and which should?**
"""

# %%
broken_dense = box("dense")
row, weights = np.array([[0.0, 1.0, 0.0]]), np.arange(1.0, 10).reshape(3, 3)
figures.numbers(
    row,
    weights,
    broken_dense(row, weights, np.zeros(3)),
    titles=["x", "weights", "the box's result"],
    signs="·=",
).show()

# %%
broken_dense


# %% exercise="expose_dense"
def expose_dense():
    """Name the mistake in ``broken_dense``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, weights, bias, activation)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 8 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    weights = np.array([[0.0, 1.0], [0.0, 0.0]])
    return "weights-transposed", (np.array([[1.0, 0.0]]), weights, np.zeros(2))
    ### END SOLUTION


# %% [markdown]
r"""
## 9. What you have built

- `flatten`: from maps to one row, in Keras's order.
- `sigmoid`, `softmax`: from any number to a probability, safe at any size.
- `dense`: every input to every unit.
- `count_parameters`, `count_macs`: what a network costs, before it exists.
- `choose_hyperparameters`: a network that fits its device.
- `predict`: a whole trained network, and it agrees with Keras.

### Questions

Think first, then open the answer.

<details><summary>Can this network take pictures of 64 × 64?</summary>

The convolutions can: their weights do not depend on the size. The first dense layer cannot. After
three poolings there would be 8 × 8 × 32 = 2048 numbers, and it has 512 rows of weights. With a
global average pooling in place of flatten, every size would do.

</details>

<details><summary>You leave out every ReLU. The network still runs. What has it become?</summary>

Convolutions and dense layers without anything between them merge into one, as chapter 1 showed.
Max pooling is not linear, so a little would be left. But much of what depth is good for is gone.

</details>

<details><summary>Two classes: one unit with a sigmoid, or two units with softmax?</summary>

They can say the same things. Softmax of $[z_0, z_1]$ gives class 1 the probability
$\text{sigmoid}(z_1 - z_0)$: only the difference counts, so the second unit has nothing to add.

</details>

<details><summary>Somebody flattened with channels first when training, and with channels last when
predicting. What happens?</summary>

No error: both give 512 numbers. But every number meets a weight that was learned for another one,
and the answers are worth nothing. Such mistakes are the worst, because there is no error message.

</details>

<details><summary>Are MACs the same as time?</summary>

No, only a good first guess. Data must also be moved, small layers keep a processor waiting, and
some shapes suit the hardware better than others. Chapter 13 measures it.

</details>

### Next

Once more the ten arrays were simply given. How does a network find them? [Chapter
5](../ch05_backprop/ch05_backprop.ipynb) computes, by hand, in which direction every single weight
has to move. If you would rather see a network learn first, go on with [chapter
6](../ch06_cats_dogs/ch06_cats_dogs.ipynb) and come back later.

### Read on

- Y. LeCun et al., *Backpropagation Applied to Handwritten Zip Code Recognition*, Neural
  Computation 1, 1989: a whole convolutional network, in its earliest form.
- I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, MIT Press, 2016, chapter 9, [free
  online](https://www.deeplearningbook.org/contents/convnets.html): convolutional networks, more
  formally.
- A. G. Howard et al., *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
  Applications*, 2017, [arXiv:1704.04861](https://arxiv.org/abs/1704.04861): networks made for a
  budget.
- C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, *On Calibration of Modern Neural Networks*, ICML
  2017, [arXiv:1706.04599](https://arxiv.org/abs/1706.04599): what a probability of a network is
  worth.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
