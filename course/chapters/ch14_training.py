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
# Chapter 14: Why training fails

A network that does not learn says nothing. There is no error and no warning. The loss is a number,
and it does not fall, or it falls and the answers are wrong. Much of the work with neural networks
is finding out why, and the article has no section on it.

This chapter is about the ways in which training fails, and how one *sees* them. You write what
keeps a deep network alive: the right random numbers at the start, batch normalization, the steps
of Adam, a shortcut around two layers. You find a learning rate without guessing, and you decide
when to stop. At the end you get five trainings, of which four went wrong, and say what is wrong
with each from its curves alone.

You need chapters 5 and 6: what a gradient is, what a loss curve is. About two and a half hours.
Keras is not needed; your functions are compared with recorded answers of Keras, made on a CPU.

Run the next three cells first.
"""

# %% setup=true
import math

import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch14_training import demo
from cnnlab.course.figures import gradients, training_signs
from cnnlab.course.guesses import guess
from cnnlab.course.training import dense_stack
from cnnlab.course.training.dense_stack import Setting, Tools
from cnnlab.course.training.histories import load_histories

start("ch14_training")

# %% [markdown]
r"""
These are finished functions from earlier chapters. Your own functions may call them: your checks
know the same ones.
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch14_training import conv2d, relu, same_padding, smooth

# %% [markdown]
r"""
Did `check` give your own functions of those chapters full marks? Then they run from here on: your
`smooth` of chapter 6 helps to find a rate, and your convolution goes through twenty blocks. Where
one of them is slow, it runs on one picture, and the course's goes on. In a check the course's stand
in, so your points do not depend on it.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

relu = own(relu, "ch01")
same_padding = own(same_padding, "ch02")
conv2d = own(conv2d, "ch02")
smooth = own(smooth, "ch06")
whose_code()

# %% [markdown]
r"""
## 1. Can it overfit one batch?

Before anything else, there is a test that takes a second. Take *one* batch, and train on it alone,
again and again. A network with thousands of weights must be able to memorize 32 pictures. If it
cannot, something is broken, and more pictures will not mend it.

The network of this chapter is small enough to train while you wait. It looks at pictures of 8 × 8
pixels with noisy stripes, and says whether they lean to the left or to the right. It has dense
layers with ReLU, and everything in it is plain NumPy.

The network knows nothing yet. (Chapter 5: the loss of a picture is minus the logarithm of the
share of the true class.)
"""

# %% guess
guess("loss_before_the_first_step")

# %%
run = dense_stack.train(Setting(one_batch=True, rate=0.1))
print(f"two equal shares: {np.log(2):.3f}")
print(f"before the first step: {run.losses[0]:.3f}, after {len(run.losses)}: {run.losses[-1]:.3f}")

# %% [markdown]
r"""
The first loss is near $\log 2$, as it should be: a fresh network has no opinion. **That is the
first thing to look at in any training.** With $k$ classes it is $\log k$. A first loss that is
far above it says that the network is *sure* of wrong answers before it has learned anything: the
weights or the pictures are too large.

Then the loss of the one batch goes down to almost nothing. So forward pass, backward pass and step
fit together. The test has a limit, too: **would it have noticed that the labels were dealt out at
random?**
"""

# %%
run = dense_stack.train(Setting(one_batch=True, rate=0.1, shuffled=True, steps=200))
print(f"wrong labels: from {run.losses[0]:.3f} to {run.losses[-1]:.3f}")

# %% [markdown]
r"""
No. A network memorizes wrong labels as well as right ones; it only takes longer. One batch shows
that the machine runs, not that it is told the truth.
"""

# %% [markdown]
r"""
## 2. The first weights

Chapter 5 began "with random numbers". How large should they be? Try it. A picture of 100 numbers
goes through 30 layers with 100 units each, with ReLU after each of them. The weights are normal
random numbers, with a standard deviation of 0.1, of 0.14 or of 0.2.
"""

# %% guess
guess("left_after_thirty_layers")


# %%
def sizes_by_layer(draw, layers=30, width=100):
    """The root mean square of what each layer hands on; draw(shape, rng) gives its weights."""
    rng = np.random.default_rng(0)
    x, sizes = rng.normal(size=(200, width)), []
    for _ in range(layers):
        x = relu(x @ draw((width, width), rng))
        sizes.append(np.sqrt(np.mean(x**2)))
    return sizes


spreads = {
    f"std {std}": sizes_by_layer(lambda shape, rng, std=std: rng.normal(0, std, shape))
    for std in (0.1, 0.14, 0.2)
}
training_signs.layers(spreads, "size of the answers").show()

# %% [markdown]
r"""
Every layer multiplies the size by about the same factor. A factor of 0.7 leaves nothing after 30
layers, a factor of 1.4 makes the numbers explode, and only a narrow band in between keeps them. The
gradients on the way back meet the same weights and suffer the same fate: **vanishing gradients**
and **exploding gradients**.

Which spread is right? One output adds up $n$ products of an input and a weight. $n$ is called
**fan-in**. If the weights have mean 0 and variance $s^2$, the sum has the variance

$$n \cdot s^2 \cdot \text{mean}(x^2)$$

ReLU then throws away the negative half, and with it half of the mean square. So the size stays what
it was if $n \cdot s^2 / 2 = 1$:

$$s = \sqrt{\frac{2}{\text{fan-in}}}$$

This is **He initialization**. For 100 inputs it is $\sqrt{2/100} = 0.14$. Biases begin with 0.

**An example by hand.** A convolution has kernels of shape $(3, 3, 2, 16)$. How many products does
one output add up, and what is the standard deviation? Think first.

<details><summary>Answer</summary>

A window of 3 × 3 with 2 channels: fan-in 18, so $s = \sqrt{2/18} = 1/3$. The 16 filters do not
count: each has a sum of its own.

</details>
"""

# %% [markdown]
r"""
### Exercise 1: the first weights
"""


# %% exercise="he_normal"
def he_normal(shape, rng):
    """Random first weights for a layer with ReLU.

    Parameters
    ----------
    shape : tuple of int
        (kh, kw, C, F) of a convolution, or (n, units) of a dense layer.
    rng : numpy Generator
        Where chance comes from.

    Returns
    -------
    array, shape ``shape``
        Normal numbers with mean 0 and the standard deviation √(2 / fan-in); fan-in is kh · kw · C,
        or n.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``shape`` has fewer than two sizes,
    or one below 1. The message contains the word ``shape``.

    >>> he_normal((3, 3, 2, 16), np.random.default_rng(0)).shape
    (3, 3, 2, 16)
    """
    ### BEGIN SOLUTION
    fan_in = math.prod(shape[:-1])
    return rng.normal(0, math.sqrt(2 / fan_in), shape)
    ### END SOLUTION


# %% [markdown]
r"""
Any draw is as good as another, so your weights are judged by their mean, their spread and their
form. Now the 30 layers again, with yours. **Which size do you expect in the last layer?**
"""

# %%
if ready(he_normal):
    training_signs.layers(
        spreads | {"yours": sizes_by_layer(he_normal)}, "size of the answers"
    ).show()

# %% [markdown]
r"""
And if a unit begins so badly that it never answers? Chapter 5 called it a **dead ReLU**: its slope
is 0 for every picture, so nothing ever changes it. One way to get a whole network of them is a bias
that begins far below 0. Another is one step that is much too long.
"""

# %%
dead = dense_stack.train(Setting(bias=-5.0, rate=0.1))
alive = dense_stack.train(Setting(rate=0.1))
for name, run in {"biases from 0": alive, "biases from -5": dead}.items():
    print(f"{name}: {run.silent:.0%} silent units, loss {run.losses[-1]:.3f}")

# %% [markdown]
r"""
## 3. Batch normalization

Good first weights hold at the first step. After that the weights move, and the sizes may drift.
**Batch normalization** does not hope: it *makes* each channel have mean 0 and standard deviation 1,
in every step, in every layer. Chapter 7 described it; now you write it.

For each channel $c$, mean and variance run over all pictures, rows and columns of the batch:

$$\hat{x} = \frac{x - \text{mean}_c}{\sqrt{\text{variance}_c + \text{eps}}} \qquad
\text{out} = \gamma_c \, \hat{x} + \beta_c$$

Details that matter:

- **The variance** has the number of values below the line, not one less. It is the mean of
  $(x - \text{mean})^2$, NumPy's own way.
- **eps** is a small number that keeps the division safe. It is added to the variance, *below* the
  root.
- **$\gamma$ and $\beta$** are learned, one for each channel. They begin with 1 and 0. With them
  the next layer can have any mean and spread that it likes; only now they are two plain numbers
  that are easy to learn.

**An example by hand.** One channel, two pictures of one pixel: 1 and 5. Eps is 0, $\gamma = 10$,
$\beta = 1$. What comes out? Think first.

<details><summary>Answer</summary>

The mean is 3, the variance is $(4 + 4)/2 = 4$, so $\hat{x}$ is $-1$ and $1$. Out comes $-9$ and
$11$. (With one less below the line, the variance would be 8.)

</details>
"""

# %% [markdown]
r"""
### Exercise 2: batch normalization in training
"""


# %% exercise="batch_norm"
def batch_norm(x, gamma, beta, eps=1e-3):
    """Batch normalization as a Keras ``BatchNormalization`` layer does it in training.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        What a layer hands on: picture, row, column, channel.
    gamma, beta : array, shape (C,)
        Scale and shift of each channel.
    eps : float
        Is added to the variance.

    Returns
    -------
    out : array, shape (N, H, W, C)
    mean, variance : array, shape (C,)
        Of each channel of x, over the whole batch.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes, or
    ``gamma`` or ``beta`` not C numbers. The message contains the argument's name.

    >>> x = np.array([1.0, 5.0]).reshape(2, 1, 1, 1)
    >>> out, mean, variance = batch_norm(x, np.array([10.0]), np.array([1.0]), eps=0)
    >>> out.ravel(), mean, variance
    (array([-9., 11.]), array([3.]), array([4.]))
    """
    ### BEGIN SOLUTION
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    normal = (x - mean) / np.sqrt(variance + eps)
    return gamma * normal + beta, mean, variance
    ### END SOLUTION


# %% [markdown]
r"""
Weights that begin three times too small make four layers blind: in section 2 you saw why.
"""

# %% guess
guess("start_three_times_too_small")

# %%
if ready(batch_norm):
    tools = Tools(batch_norm=batch_norm)
    runs = {
        "without": dense_stack.train(Setting(init=0.3, steps=100)),
        "with your batch_norm": dense_stack.train(
            Setting(init=0.3, steps=100, batch_norm=True), tools
        ),
    }
    training_signs.losses({name: run.losses for name, run in runs.items()}).show()

# %% [markdown]
r"""
### One picture alone

In training, the answer about a picture depends on which other pictures are in its batch. After the
training it must not: the same cat should get the same answer, alone or in company. **And what would
`batch_norm` make of one picture of a single pixel?** The mean is the pixel itself, so nothing is
left of it.

So during the training the layer collects a **moving average** of all the means and variances that
it meets, and uses *these* afterward:

$$\text{moving} \leftarrow \text{momentum} \cdot \text{moving} + (1 - \text{momentum}) \cdot
\text{batch}$$

It is the same average that forgets as in chapter 6's `smooth`. Here the weight is called
**momentum**. Keras takes 0.99, begins with mean 0 and variance 1, and does not correct for the
beginning.

**An example by hand.** The moving mean is 0, every batch has mean 10. With a momentum of 0.99, what
is it after one step? About how many steps does it need to come near 10? Think first.

<details><summary>Answer</summary>

0.1 after one step. The share that is still missing is $0.99^t$: after 100 steps about a third,
after 500 steps less than a hundredth. A short training with Keras's momentum can be excellent in
training and useless when it is measured. That is a classic.

</details>
"""

# %% [markdown]
r"""
### Exercise 3: after the training
"""


# %% exercise="batch_norm_at_test"
def batch_norm_at_test(x, gamma, beta, mean, variance, eps=1e-3):
    """Batch normalization with statistics that were collected before.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    gamma, beta : array, shape (C,)
        Scale and shift of each channel.
    mean, variance : array, shape (C,)
        The moving ones.
    eps : float
        Is added to the variance.

    Returns
    -------
    array, shape (N, H, W, C)

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes, or one
    of the others not C numbers. The message contains the argument's name.

    >>> five = np.full((1, 1, 1, 1), 5.0)
    >>> gamma, beta, mean, variance = np.array([[2.0], [1.0], [3.0], [4.0]])
    >>> batch_norm_at_test(five, gamma, beta, mean, variance, eps=0)
    array([[[[3.]]]])
    """
    ### BEGIN SOLUTION
    return gamma * (x - mean) / np.sqrt(variance + eps) + beta
    ### END SOLUTION


# %% [markdown]
r"""
### Exercise 4: the moving average
"""


# %% exercise="update_moving"
def update_moving(moving, batch, momentum=0.99):
    """A moving average, one batch later.

    Parameters
    ----------
    moving : array, shape (C,)
        The average so far.
    batch : array, shape (C,)
        The mean, or the variance, of this batch.
    momentum : float
        The share of the old average, from 0 to 1.

    Returns
    -------
    array, shape (C,)
        A new array; ``moving`` stays as it is.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if the shapes differ (its message
    contains the word ``batch``), or ``momentum`` is not from 0 to 1 (the word ``momentum``).

    >>> update_moving(np.array([10.0]), np.array([20.0]), momentum=0.75)
    array([12.5])
    """
    ### BEGIN SOLUTION
    return momentum * moving + (1 - momentum) * batch
    ### END SOLUTION


# %% [markdown]
r"""
How long does the average need? A channel has mean 10 in every batch, and the average begins with 0.
"""

# %% guess
guess("batches_for_the_average")

# %%
if ready(update_moving):
    lines = {}
    for momentum in (0.5, 0.9, 0.99):
        moving = [np.zeros(1)]
        for _ in range(200):
            moving.append(update_moving(moving[-1], np.array([10.0]), momentum))
        lines[f"momentum {momentum}"] = np.maximum(np.abs(10 - np.ravel(moving)), 1e-4)
    training_signs.layers(lines, "how far the average is off", along="batch").show()

# %% [markdown]
r"""
Each line is straight, because the scale goes in powers of ten: every batch takes away the same
share of what is missing. (What is smaller than 0.0001 is drawn as 0.0001.) With Keras's momentum
the average is still off by more than 1 at the right end.

## 4. Adam

Chapter 5's step was `p - rate * g`. One rate for all weights, and the length of the step grows with
the gradient. In a deep network the gradients of the first layers may be a thousand times smaller
than those of the last. **Which rate is right then?**

**Adam** makes the length of the step nearly independent of the size of the gradient. It keeps two
averages that forget, for every single weight: $m$ of the gradient and $v$ of its square.

$$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$

Both begin with 0, so at first they are too small. You know the remedy from `smooth`: divide by
$1 - \beta^t$ after $t$ steps.

$$\hat{m} = \frac{m}{1 - \beta_1^t} \qquad \hat{v} = \frac{v}{1 - \beta_2^t} \qquad
p \leftarrow p - \text{rate} \cdot \frac{\hat{m}}{\sqrt{\hat{v}} + \text{eps}}$$

$t$ counts the steps from 1. The corrected numbers are used for this step alone; the next step gets
$m$ and $v$ as they are.

**An example by hand.** The first step, $g = 1000$, rate 0.1. How far does the weight move? And for
$g = -0.001$? Think first.

<details><summary>Answer</summary>

In the first step $\hat{m} = g$ and $\hat{v} = g^2$, so the fraction is the sign of $g$: the weight
moves by 0.1 down, and by 0.1 up. A million times smaller, and the same step.

</details>

> **Two forms.** Keras computes
>
> $$p - \text{rate} \, \frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t} \, \frac{m}{\sqrt{v} + \text{eps}}$$
>
> That is the same, but for where eps is added: to the plain root, or to the corrected one. With eps
> at $10^{-7}$ nobody sees it. Both are right here.
"""

# %% [markdown]
r"""
### Exercise 5: a step of Adam
"""


# %% exercise="adam_step"
def adam_step(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
    """One step of Adam for one array of parameters.

    Parameters
    ----------
    param : array, any shape
    grad : array, the shape of ``param``
        How fast the loss grows with each number of it.
    m, v : array, the shape of ``param``
        The averages of the gradient and of its square so far; before the first step, zeros.
    t : int
        The number of this step, from 1.
    rate, beta1, beta2, eps : float

    Returns
    -------
    param, m, v : array, the shape of ``param``
        Three new arrays, in this order; the old ones stay as they are.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if an array has another shape than
    ``param`` (its message contains the array's name), or ``t`` is below 1 (the word ``t``).

    >>> zeros = np.zeros(2)
    >>> grad = np.array([1000.0, -0.001])
    >>> param, m, v = adam_step(np.array([1.0, 1.0]), grad, zeros, zeros, t=1, rate=0.1)
    >>> param.round(3)
    array([0.9, 1.1])
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    corrected_m, corrected_v = m / (1 - beta1**t), v / (1 - beta2**t)
    return param - rate * corrected_m / (np.sqrt(corrected_v) + eps), m, v
    ### END SOLUTION


# %% [markdown]
r"""
A loss with two weights, of which one matters a thousand times as much as the other: $\text{loss}
= a^2 + 1000\, b^2$. Plain steps with rate 0.0009, and your Adam with rate 0.1. (Plain steps
explode at a rate of 0.001: do you see why?) Both begin at $a = b = 3$. The curve below shows the
part of $a$ alone.
"""

# %% guess
guess("after_sixty_plain_steps")

# %%
if ready(adam_step):
    steepness = np.array([1.0, 1000.0])
    plain, adam, m, v = [np.array([3.0, 3.0])], [np.array([3.0, 3.0])], np.zeros(2), np.zeros(2)
    for t in range(1, 61):
        plain.append(plain[-1] - 0.0009 * 2 * steepness * plain[-1])
        new, m, v = adam_step(adam[-1], 2 * steepness * adam[-1], m, v, t, rate=0.1)
        adam.append(new)
    paths = {"plain steps": np.array(plain)[:, 0], "your Adam": np.array(adam)[:, 0]}
    gradients.descent(np.square, paths, span=(-3.4, 3.4), along="a").show()
    print(
        f"a: {plain[-1][0]:.3f} and {adam[-1][0]:.3f}; b: {plain[-1][1]:.3f} and {adam[-1][1]:.3f}"
    )

# %% [markdown]
r"""
Plain steps must be short because of $b$, and so $a$ hardly moves. Adam gives every weight its own
length. It has a price: near the goal it overshoots, because $m$ remembers the old direction.
"""

# %% [markdown]
r"""
## 5. A way around

In 2015, Kaiming He and others trained plain networks of 20 and of 56 layers on CIFAR-10. The deeper
one was *worse*, and not because it overfitted: its error on the training pictures was higher, too.
**How can that be?** The deeper network could copy the shallower one, and let the other layers do
nothing. But "doing nothing" is hard to learn for a layer with ReLU and random weights.

A **residual block** makes it easy. What goes in is added to what comes out:

$$\text{out} = \text{ReLU}\bigl(x + \text{conv}_2(\text{ReLU}(\text{conv}_1(x)))\bigr)$$

If the kernels are 0, the block hands $x$ on (what is above 0 of it). Each block only has to learn
what should be *different*. And on the way back, the gradient has a way around all the weights.

Note where the ReLUs are. The second one comes after the sum: a block must be able to take something
away from $x$, too.

**An example by hand.** $x = 3$, all kernels are 1 × 1 with one channel: $k_1 = 2$, $b_1 = -1$,
$k_2 = -1$, $b_2 = 0$. What comes out? Think first.

<details><summary>Answer</summary>

$2 \cdot 3 - 1 = 5$, the ReLU leaves it; $-1 \cdot 5 = -5$; $3 - 5 = -2$; the last ReLU makes it 0.

</details>
"""

# %% [markdown]
r"""
### Exercise 6: a residual block
"""


# %% exercise="residual_block"
def residual_block(x, kernels1, bias1, kernels2, bias2):
    """Two convolutions beside a shortcut.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
    kernels1 : array, shape (kh, kw, C, F)
    bias1 : array, shape (F,)
    kernels2 : array, shape (kh, kw, F, C)
        The window may have another size than that of ``kernels1``.
    bias2 : array, shape (C,)
        Both convolutions have stride 1 and ``"same"`` padding.

    Returns
    -------
    array, shape (N, H, W, C)

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if an array does not fit. The message
    contains its name.

    >>> x = np.full((1, 1, 1, 1), 3.0)
    >>> one = np.ones((1, 1, 1, 1))
    >>> residual_block(x, 2 * one, np.array([-1.0]), -one, np.array([4.0]))
    array([[[[2.]]]])
    """
    ### BEGIN SOLUTION
    inner = relu(conv2d(x, kernels1, bias1, padding="same"))
    return relu(x + conv2d(inner, kernels2, bias2, padding="same"))
    ### END SOLUTION


# %% [markdown]
r"""
Twenty blocks, one after the other, with small random kernels. In one stack they are yours; in the
other, the same convolutions without the way around.
"""

# %% guess
guess("left_after_twenty_blocks")

# %%
if ready(residual_block):
    rng = np.random.default_rng(3)
    x = with_shortcut = without = relu(rng.normal(size=(4, 8, 8, 3)))
    sizes = {"with your shortcut": [], "without": []}
    for _ in range(20):
        k1, k2 = 0.1 * rng.normal(size=(2, 3, 3, 3, 3))
        with_shortcut = residual_block(with_shortcut, k1, np.zeros(3), k2, np.zeros(3))
        without = relu(conv2d(without, k1, np.zeros(3), padding="same"))
        without = relu(conv2d(without, k2, np.zeros(3), padding="same"))
        for name, maps in zip(sizes, (with_shortcut, without), strict=True):
            sizes[name].append(np.sqrt(np.mean(maps**2)))
    training_signs.layers(sizes, "size of the maps").show()

# %% [markdown]
r"""
(What is smaller than $10^{-12}$ is drawn as $10^{-12}$: nothing is left of it.)

And backward? Here are the gradients of a network with 16 layers, before its first step. Its weights
begin at half of He's spread. **Which layers would learn nothing?**
"""

# %%
deep = {
    name: dense_stack.train(Setting(depth=16, init=0.5, shortcut=shortcut, steps=1)).gradients
    for name, shortcut in {"without shortcuts": False, "with shortcuts": True}.items()
}
training_signs.layers(deep, "size of the gradient").show()

# %% [markdown]
r"""
Without shortcuts the first layers get almost no gradient: they are deaf, whatever the rate. With
shortcuts all layers hear nearly the same.

> **Shortcuts alone are not enough.** With the full He spread every block *adds* a signal as large
> as its input, so the sizes double and double again: change `init=0.5` to `init=1` above, and
> look at the curve with shortcuts. That is why ResNets have batch normalization inside each
> block.
"""

# %% [markdown]
r"""
## 6. Which rate?

The learning rate is the number that decides most, and nobody can compute it. But one can *measure*
it, in a single short training. Begin with a rate that is much too small, let it grow by the same
factor in every step, and write down the loss:

- far too small: nothing happens, the loss is flat;
- good: it falls;
- too large: it flies up.

The best rate is not where the loss is lowest. There it is about to turn. It is where the loss
*falls most steeply*.

The rates grow by a factor, so their *logarithms* grow by equal steps: the slope is measured over
$\log(\text{rate})$. And since each loss belongs to another batch, the curve is noisy: smooth it
first, with chapter 6's `smooth` at its weight of 0.8.

`np.gradient(y, x)` gives the slope of y over x at each place, from its two neighbors (at the ends,
from one).

**An example by hand.** After smoothing, the losses at the rates 0.001, 0.01, 0.1, 1 and 10 are 4,
4, 2, 1, 6. At which rate is the loss lowest, and at which does it fall most steeply? Think first.

<details><summary>Answer</summary>

It is lowest at 1. The two neighbors of 0.01 differ by $2 - 4 = -2$, those of 0.1 by $1 - 4 = -3$,
those of 1 by $6 - 2 = +4$. So it is 0.1.

</details>
"""

# %% [markdown]
r"""
### Exercise 7: read a sweep
"""


# %% exercise="best_rate"
def best_rate(rates, losses):
    """The rate at which the loss of a sweep falls most steeply.

    Parameters
    ----------
    rates : array, shape (n,)
        Each larger than the one before by the same factor.
    losses : array, shape (n,)
        The loss that was measured with each.

    Returns
    -------
    float
        Of the rates, the first with the lowest slope: that of ``np.gradient`` of the smoothed
        losses over the logarithms of the rates.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if there are fewer than two rates (its
    message contains the word ``rates``), or not as many losses (the word ``losses``).

    >>> best_rate(np.array([0.01, 0.1, 1.0, 10.0]), np.array([3.0, 2.5, 0.5, 9.0]))
    0.1
    """
    ### BEGIN SOLUTION
    slopes = np.gradient(smooth(losses), np.log(rates))
    return float(rates[np.argmin(slopes)])
    ### END SOLUTION


# %% [markdown]
r"""
A sweep of our network: up to 100 steps, with rates from 0.0001 to 10. It ends where the loss is
twice what it was at first: from there on it only jumps. **How far apart are the rate of the
steepest place and that of the lowest loss?**
"""

# %%
rates = np.geomspace(1e-4, 10, 100)
losses = dense_stack.sweep(rates, Setting())
rates = rates[: len(losses)]
if ready(best_rate):
    steepest = best_rate(rates, losses)
    lowest = float(rates[np.argmin(smooth(losses))])
    marks = {"steepest": steepest, "lowest loss": lowest}
    training_signs.sweep(rates, losses, smooth(losses), marks).show()

# %% [markdown]
r"""
They are close together: between a very good rate and one that ruins everything there is not much
room. So take the steepest place, or somewhat less, since the smooth curve lags behind. Here are
trainings with that rate, a hundredth of it, and four times as much.
"""

# %% guess
guess("four_times_the_best_rate")

# %%
if ready(best_rate):
    runs = {
        f"{name}, {rate:.2g}": dense_stack.train(Setting(rate=rate, steps=150)).losses
        for name, rate in {
            "a hundredth": steepest / 100,
            "the steepest": steepest,
            "four times as much": 4 * steepest,
        }.items()
    }
    training_signs.losses(runs).show()

# %% [markdown]
r"""
> **When the answer is one of the first rates,** do not believe it. There `smooth` has only a few
> values to average, and one lucky batch makes a steep place. Sweep again with another seed.
"""

# %% [markdown]
r"""
## 7. When to stop

Chapter 6 looked at a finished curve and said in which epoch overfitting began. **Early stopping**
decides while the training runs, when nobody knows what comes next. The rule:

- Remember the epoch with the lowest validation loss so far. Only a *lower* loss is a new one; an
  equal loss is not.
- If **patience** epochs in a row bring no new minimum, stop. The last of them is the last epoch.
- Keep the weights of the *best* epoch, not those of the last.

**An example by hand.** The losses are 5, 3, 4, 4.5, 2 and patience is 2. When does it stop, and
which epoch does it keep? Epochs are counted from 0. Think first.

<details><summary>Answer</summary>

The minimum is in epoch 1. Epochs 2 and 3 bring nothing, so it stops in epoch 3 and keeps epoch 1.
It never sees the 2 that comes next: with a patience of 3 it would have.

</details>
"""

# %% [markdown]
r"""
### Exercise 8: early stopping
"""


# %% exercise="early_stop"
def early_stop(val_loss, patience):
    """Where early stopping ends a training, and which epoch it keeps.

    Parameters
    ----------
    val_loss : array, shape (epochs,)
        The validation loss after each epoch, if the training went on to its end.
    patience : int
        How many epochs in a row may bring no new minimum: 1 or more.

    Returns
    -------
    stop : int
        The last epoch that is trained, counted from 0; the last of all if nothing stops it.
    best : int
        The first epoch with the lowest loss up to there.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if there is no epoch (its message
    contains the word ``val_loss``), or ``patience`` is below 1 (the word ``patience``).

    >>> early_stop(np.array([5.0, 3.0, 4.0, 4.5, 2.0]), patience=2)
    (3, 1)
    >>> early_stop(np.array([5.0, 3.0, 4.0, 4.5, 2.0]), patience=3)
    (4, 4)
    """
    ### BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(val_loss):
        if loss < val_loss[best]:
            best = epoch
        if epoch - best == patience:
            return epoch, best
    return len(val_loss) - 1, best
    ### END SOLUTION


# %% [markdown]
r"""
Now on a real curve: the network of the article on our cats and dogs, recorded in chapter 6.
"""

# %% guess
guess("patience_of_ten")

# %%
if ready(early_stop):
    val_loss = load_histories()["plain"][0].val_loss
    ends = {f"patience {p}": early_stop(val_loss, p) for p in (1, 3, 10)}
    training_signs.stops(val_loss, ends).show()
    for name, (stop, best) in ends.items():
        print(
            f"{name}: stops in epoch {stop}, keeps epoch {best} with a loss of {val_loss[best]:.3f}"
        )

# %% [markdown]
r"""
Patience 1 ends at the first bump. The longest patience finds nothing better than the one in the
middle; it only trains longer. There is no right patience: it has to be longer than the bumps of
*your* curve.
"""

# %% [markdown]
r"""
## 8. Play with it, then say what is wrong

The network of this chapter, live: every change trains it anew, with *your* `he_normal`,
`batch_norm` and `adam_step`. On the left is its loss, on the right how large the gradient is in
each hidden layer before the first step.

- Tick *one batch*. Can it overfit it? Which rates make it fail?
- Set the first weights to a tenth, with eight layers. Look at the gradients. Then tick *shortcuts*;
  then *batch norm* in place of it.
- Find a rate at which plain steps fail and Adam does not. And one for the opposite.

Below are **five trainings**. One is well. One has a network of dead ReLUs, one exploded, one was
trained with labels that were shuffled by accident, and one was fed pixels from 0 to 255 that
should have been rescaled. You see their curves alone: the loss on the training batches, and on
new pictures. **Say which is which.** What does the *first* loss say? Does the loss fall? Do both
curves fall together?
"""

# %%
demo(he_normal, batch_norm, adam_step)

# %% [markdown]
r"""
## 9. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: a step of Adam

The same gradient of 1, five steps long, with a rate of 0.1. Each step should be 0.1 long, and $m$
should grow slowly: 0.1, 0.19, 0.271 and so on. **What do you see in the box?**
"""

# %%
broken_adam_step = box("adam_step")
param, m, v = np.ones(1), np.zeros(1), np.zeros(1)
for t in range(1, 6):
    param, m, v = broken_adam_step(param, np.ones(1), m, v, t, 0.1)
    print(f"step {t}: param {param[0]:.3f}, m {m[0]:.3f}, v {v[0]:.3f}")

# %%
broken_adam_step


# %% exercise="expose_adam_step"
def expose_adam_step():
    """Name the mistake in ``broken_adam_step``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (param, grad, m, v, t, rate, beta1, beta2, eps)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. The last ones may be left out. Full marks for at most 6 numbers in all; more
        than 64 are not tried. The numbers beside the arrays count, too.
    """
    ### BEGIN SOLUTION
    one = np.ones(1)
    return "correction-kept", (np.zeros(1), one, one, one, 2, 0.0)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: when to stop

A loss that falls, with a small rise here and there, and a patience of 2. There are never two epochs
in a row without a new minimum, so nothing should stop this training before epoch 7, its last one.
**Where does the box stop?**
"""

# %%
broken_early_stop = box("early_stop")
falling = np.array([5.0, 4.0, 4.5, 3.0, 3.5, 2.0, 2.5, 1.0])
stop, best = broken_early_stop(falling, 2)
print(f"stops in epoch {stop}, keeps epoch {best}")

# %%
broken_early_stop


# %% exercise="expose_early_stop"
def expose_early_stop():
    """Name the mistake in ``broken_early_stop``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (val_loss, patience)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 6 numbers in all; more than 64 are not tried.
        Patience counts, too.
    """
    ### BEGIN SOLUTION
    return "count-never-reset", (np.array([2.0, 3.0, 1.0, 2.0, 0.0]), 2)
    ### END SOLUTION


# %% [markdown]
r"""
## 10. What you have built

- `he_normal`: first weights that keep a signal as large as it is.
- `batch_norm`, `batch_norm_at_test`, `update_moving`: one layer with two lives.
- `adam_step`: a step for every weight.
- `residual_block`: a way around.
- `best_rate` and `early_stop`: two decisions that need no luck.

### When a training fails

In this order:

1. Look at the pictures and labels that really go *into* the network, after all rescaling and
   shuffling. Most faults are found here.
2. Is the first loss $\log k$?
3. Can it overfit one batch?
4. Does every layer get a gradient? How many units are silent?
5. Sweep the rate.
6. Only then: more pictures, more layers, regularization.

| what you see | what it may be |
|---|---|
| the first loss is far above $\log k$ | pictures not rescaled, first weights too large |
| flat at $\log k$ from the first step | dead ReLUs, vanishing gradients, a rate far too small |
| the loss flies up, then nan | the rate is too large, exploding gradients |
| own loss falls slowly, new loss rises above $\log k$ | labels that do not belong to the pictures |
| own loss falls, new loss turns | overfitting: chapters 6 to 8 |
| good in training, bad when measured | dropout or batch norm in the wrong mode |

### Questions

Think first, then open the answer.

<details><summary>A convolution is followed by batch normalization. Does it need a bias?</summary>

No. The mean of the channel is subtracted, and the bias with it; β takes its place. Many networks
leave it out: <code>use_bias=False</code>.

</details>

<details><summary>Does batch normalization make the spread of the first weights
unimportant?</summary>

Nearly, for what comes out: weights that are ten times larger give the same result after it (but
for eps). But their gradients are ten times smaller, so the same rate makes a much smaller
relative step.

</details>

<details><summary>A batch holds only cats, the next one only dogs. What does batch normalization
do?</summary>

It takes away from each batch what its pictures have in common, so the difference between cats and
dogs is subtracted before the next layer sees it. In training this network is good at telling cats
from cats. Shuffle.

</details>

<details><summary>Why does Adam's eps matter although it is so small?</summary>

Where a weight has had almost no gradient for a long time, √v is as small as eps, and without it a
tiny gradient would make a full step. With a larger eps such weights move more like plain gradient
descent.

</details>

<details><summary>You restore the best epoch of 100 by the validation loss, and report that loss. Is
it honest?</summary>

No. It is the luckiest of 100 numbers. Report what the kept weights do on the test pictures, once.

</details>

### Next

Until now the course has chosen the pictures.
[Chapter 15](../ch15_your_photographs/ch15_your_photographs.ipynb) begins with a folder of your own
photographs. Its question is how good a small network really is, and who may say so.

### Read on

- X. Glorot, Y. Bengio, *Understanding the Difficulty of Training Deep Feedforward Neural Networks*,
  AISTATS 2010: how signals and gradients vanish, layer by layer.
- K. He, X. Zhang, S. Ren, J. Sun, *Delving Deep into Rectifiers*, ICCV 2015,
  [arXiv:1502.01852](https://arxiv.org/abs/1502.01852): the first weights of this chapter.
- K. He, X. Zhang, S. Ren, J. Sun, *Deep Residual Learning for Image Recognition*, CVPR 2016,
  [arXiv:1512.03385](https://arxiv.org/abs/1512.03385): residual blocks.
- D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015,
  [arXiv:1412.6980](https://arxiv.org/abs/1412.6980).
- L. N. Smith, *Cyclical Learning Rates for Training Neural Networks*, WACV 2017,
  [arXiv:1506.01186](https://arxiv.org/abs/1506.01186): the sweep of rates.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
