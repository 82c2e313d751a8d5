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
# Chapter 7: Dropout

A network with half a million numbers looks at two thousand pictures. It could learn what a cat
is. It could also memorize the two thousand pictures, and nothing in its training says which.

What keeps a network from memorizing is called **regularization**. This chapter is about the
strangest kind: in every training step, switch off a part of the network at random. You write it,
forward and backward. You see why one small factor in it matters, and what it does on real
pictures. At the end you leave it switched *on* after the training, and ask a network how sure it
is.

You need what chapter 4 taught, and about an hour and a half. Only the last part needs Keras; your
checks never do.

Run the next cell first.
"""

# %% setup=true
import math

import matplotlib.pyplot as plt
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures, palette
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch07_dropout import demo
from cnnlab.course.figures import curves, uncertainty
from cnnlab.course.guesses import guess
from cnnlab.course.networks import split_cnn
from cnnlab.course.training.histories import gain, headline, load_histories
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs, load_network

start("ch07_dropout")

# %% [markdown]
r"""
## 1. Memorizing

This is the network of the article, trained on 2,000 of our cats and dogs, with nothing to keep it
from overfitting. It was trained several times, from different seeds; lines are means, bands one
standard deviation. The dashed lines show what it reaches on the pictures that it learns from, the
solid lines what it reaches on others.

**Before you read on:** in which epoch would you have stopped?
"""

# %%
histories = load_histories()
curves.training(histories, ["plain"]).show()

# %% [markdown]
r"""
On its own pictures it gets better and better, until it makes no mistake. On new pictures it soon
stops getting better, and its loss *rises*: it is wrong as often as before, and more and more sure
of its wrong answers.

Where does that come from? The network has enough room to store a small detail of each picture:
this cat lies on a red sofa, that dog has a fence behind it. Some **nodes** (the neurons, or
units, of the earlier chapters) specialize in such details, and other nodes come to rely on them.
This is called **co-adaptation**.

**So what if no node could be relied on?**
"""

# %% [markdown]
r"""
## 2. Switching nodes off

**Dropout** does this. In every training step, every node of a layer is switched off with a
probability, the **rate**: it hands on 0, whatever it computed. All edges into it and out of it
have no effect in this step. In the next step, new nodes are drawn.

**Think of an office** in which everybody tosses a coin each morning: heads, you work; tails, you
stay at home. Nobody can leave a task to one colleague, because that colleague may not be there
tomorrow. Soon everybody knows enough of everything, and the work gets done with any half of the
people. On the day when everybody comes, it goes best of all.

It is the same with nodes. No node can count on any other to be there. What it learns has to be
useful together with very different nodes, and a detail that only helps together with ten others
is of little use.

There is another way to see it. A layer of $n$ nodes has $2^n$ thinned networks in it. Every step
trains one of them for a moment, and all of them share their weights. At the end, the full network
works like an average over all of them: an **ensemble**.

**An example by hand.** In a layer of 512 nodes there are $2^{512}$ thinned networks, a number with
155 digits.
"""

# %% guess
guess("nodes_switched_off")

# %% [markdown]
r"""
> **A trap in the words.** In Keras, and here, the rate is the share that is *dropped*. Some
> papers and libraries call $p$ what is *kept*. At 0.5 nobody notices the difference.
"""

# %% [markdown]
r"""
### The factor that the article leaves out

Once the training is over, all nodes stay on. The article says so, and says no more. But look at
the next layer.
"""

# %% guess
guess("sum_in_training")

# %% [markdown]
r"""
The next layer learned with small sums, and now it gets larger ones. From there on, every layer
gets numbers that are too large.

The remedy is a factor. In training the survivors are made larger, so that the average stays what
it was:

$$\text{out} = \frac{x \cdot \text{mask}}{1 - \text{rate}} \qquad
\text{mask} = 1 \text{ with probability } 1 - \text{rate, else } 0$$

Then nothing at all needs to be done later. That is called *inverted* dropout, and it is what
Keras does. (The first paper on dropout did it the other way around: nothing in training, and all
weights times $1 - \text{rate}$ afterward. That works too. What does not work is to do neither.)
"""

# %% guess
guess("one_survivor")

# %% [markdown]
r"""
Three details:

- **Every number is drawn separately:** for every picture of the batch, and every node. Ten
  numbers at a rate of 0.3 lose three *on average*, but not every time.
- **Chance comes from `rng`,** the generator that the function gets. Draw with
  `rng.random(shape)`: numbers from 0 to 1, all equally likely. With the same seed you get the
  same masks, and can repeat an experiment.
- **A rate of 1** drops everything. What would the formula divide by?
"""

# %% guess
guess("exactly_three")

# %% [markdown]
r"""
### Exercise 1: dropout
"""


# %% exercise="dropout"
def dropout(x, rate, rng, training=True):
    """Inverted dropout, as a Keras ``Dropout`` layer does it.

    Parameters
    ----------
    x : array, any shape
        What a layer hands on; the first axis counts the pictures.
    rate : float
        With which probability each number is dropped, from 0 to 1.
    rng : numpy Generator
        Where chance comes from: ``rng.random(shape)``. Not touched outside of training.
    training : bool
        If False, nothing is dropped and nothing is scaled.

    Returns
    -------
    (array, array of bool), both of the shape of ``x``
        The result, and the mask: True where a number was kept. A rate of 1 gives zeros. ``x``
        stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``rate`` is below 0 or above 1. The
    message contains the word ``rate``.

    >>> out, mask = dropout(np.array([3.0, -2.0, 5.0, 1.0]), 0, np.random.default_rng(0))
    >>> out, mask
    (array([ 3., -2.,  5.,  1.]), array([ True,  True,  True,  True]))
    """
    ### BEGIN SOLUTION
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= rate
    if rate == 1:
        return np.zeros_like(x), mask
    return x * mask / (1 - rate), mask
    ### END SOLUTION


# %% [markdown]
r"""
How can chance be graded? Your function is called many times, with several rates and shapes, and
its masks are counted: the share that survives, whether two pictures, two calls, two rows have
anything in common. The limits are so wide that a right function fails less than once in a million
times, and yet a wrong one fails.

Here are three draws of the same row of ones.
"""

# %% guess
guess("possible_numbers")

# %%
if ready(dropout):
    rng = np.random.default_rng(7)
    rows = np.concatenate([dropout(np.ones((1, 12)), 0.75, rng)[0] for _ in range(3)])
    figures.numbers(rows, titles=["three draws at a rate of 0.75"]).show()
    many, _ = dropout(np.ones((100_000, 12)), 0.75, rng)
    print(f"mean of these: {rows.mean():.3f}, mean of 1,200,000 numbers: {many.mean():.3f}")

# %% [markdown]
r"""
### Play with it

On the left a full network, on the right the same one after *your* dropout in both hidden layers.
The bars show what arrives at the output on average, with your factor, and with the mask alone.

- Move the rate: nodes vanish, and all their edges with them. What do the survivors do?
- At a rate of 0.5, why does the mask alone leave a *quarter*?
- Untick *training*. What is left to do?
"""

# %%
demo(dropout)

# %% [markdown]
r"""
### In a real network

Now chapter 4's trained network. Its convolutions turn each picture into a row of 512 numbers. Put
your dropout there, in front of the dense layers, and ask for answers on 500 test pictures. Half
of them are dogs.
"""

# %% guess
guess("without_the_factor")

# %%
cats_dogs = load_cats_dogs()
pictures, labels = cats_dogs.test
if ready(dropout):
    rows, rng = split_cnn.features(pictures[:500]), np.random.default_rng(0)
    rates = np.arange(0, 0.95, 0.1)
    dogs = {"with the factor": [], "mask alone": []}
    correct = {name: [] for name in dogs}
    for rate in rates:
        out, mask = dropout(rows, rate, rng)
        for name, thinned in {"with the factor": out, "mask alone": rows * mask}.items():
            says_dog = split_cnn.answers(thinned) > 0.5
            dogs[name].append(says_dog.mean())
            correct[name].append((says_dog == labels[:500]).mean())
    fig, panels = plt.subplots(1, 2, figsize=(8.4, 2.9), sharex=True, layout="constrained")
    for ax, shown, title in zip(panels, (dogs, correct), ("says dog", "is right"), strict=True):
        for (name, shares), style in zip(shown.items(), ("-o", "--s"), strict=True):
            color = palette.BLUE if style == "-o" else palette.ORANGE
            ax.plot(rates, shares, style, label=name, color=color)
        ax.set(xlabel="rate", title=title, ylim=(0, 1))
        ax.grid(color="0.92")
    panels[0].legend()
    plt.show()

# %% [markdown]
r"""
Notice two things.

Without the factor the sums shrink with the rate, and the balance tips: more and more dogs are
called cats. With it, the answers stay balanced.

And the network hardly gets worse. With half of its 512 numbers gone, it is right nearly as often
as before. It was trained with a dropout of 0.3, so it could never rely on a few of them.

**Where does dropout belong?** The article says: at inputs or hidden nodes, never at the output.
An output that is switched off gives no answer, and nothing to learn from. The cats-and-dogs
network of chapter 6 has it in one place, between flatten and the first dense layer: that is where
most of its weights are.
"""

# %% [markdown]
r"""
## 3. The backward pass

In training, gradients flow back through the same layer (chapter 5).

Dropout multiplies each number by 0 or by $1 / (1 - \text{rate})$. Such a function has a simple
slope: 0, or $1 / (1 - \text{rate})$. So a dropped node learns nothing in this step, and the mask
that was drawn in the forward pass has to be kept for the backward pass.
"""

# %% guess
guess("gradient_through_the_mask")

# %% [markdown]
r"""
### Exercise 2: the gradient of dropout
"""


# %% exercise="dropout_backward"
def dropout_backward(dout, mask, rate):
    """The gradient with respect to the x of ``dropout``.

    Parameters
    ----------
    dout : array, any shape
        The gradient with respect to its out.
    mask : array of bool, the shape of ``dout``
        The mask that it drew.
    rate : float
        The rate that it was drawn with, from 0 to 1.

    Returns
    -------
    array, the shape of ``dout``
        Zeros for a rate of 1.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``mask`` does not have the shape of
    ``dout``, or ``rate`` is not from 0 to 1. The message contains the argument's name.

    >>> dropout_backward(np.array([1.0, 10.0]), np.array([False, True]), 0.75)
    array([ 0., 40.])
    """
    ### BEGIN SOLUTION
    if rate == 1:
        return np.zeros_like(dout)
    return dout * mask / (1 - rate)
    ### END SOLUTION


# %% [markdown]
r"""
Chapter 5's test: nudge each number a little, and see what happens to the sum. A generator with
the same seed draws the same mask again, so the function does not change under the nudges.
"""

# %%
if ready(dropout) and ready(dropout_backward):
    x, rate, eps = np.array([3.0, -2.0, 5.0, 1.0, 4.0, -1.0]), 0.6, 1e-5
    weights = np.array([1.0, 10.0, 100.0, 2.0, 20.0, 200.0])

    def total(x):
        return np.sum(weights * dropout(x, rate, np.random.default_rng(4))[0])

    _, mask = dropout(x, rate, np.random.default_rng(4))
    nudges = eps * np.eye(6)
    print("by nudging:", np.round([(total(x + n) - total(x - n)) / (2 * eps) for n in nudges], 6))
    print("by formula:", dropout_backward(weights, mask, rate))

# %% [markdown]
r"""
## 4. Whole maps

Now a layer of convolution. Its maps are pictures.
"""

# %% guess
guess("pixels_dropped")

# %%
cat = photo("chelsea", size=128)
one_map = split_cnn.maps(cat[None], blocks=1)[0, :, :, 7]
if ready(dropout):
    holes = one_map * dropout(one_map, 0.4, np.random.default_rng(1))[1]
    figures.photos(
        cat,
        *(np.clip(shown / np.percentile(one_map, 98), 0, 1) for shown in (one_map, holes)),
        titles=["the picture", "one feature map", "40 % of its pixels dropped"],
        alt="A cat; one of its feature maps; and the same map with holes, still easy to recognize.",
    ).show()

# %% [markdown]
r"""
The cat is still there, because what a lost pixel said, its neighbors say too. The next
layer can see that as well as you. So ordinary dropout has little effect between convolutions.
There is a stronger kind: **spatial dropout** drops a map as a whole, or keeps it as a whole. In
Keras it is called `SpatialDropout2D`.

So there are fewer draws: not one for each of $N \cdot H \cdot W \cdot C$ numbers, but one for
each map of each picture.
"""

# %% guess
guess("draws_for_maps")

# %% [markdown]
r"""
### Exercise 3: spatial dropout
"""


# %% exercise="spatial_dropout2d"
def spatial_dropout2d(x, rate, rng, training=True):
    """Drop whole maps, as a Keras ``SpatialDropout2D`` layer does.

    Parameters
    ----------
    x : array, shape (N, H, W, C)
        A batch: picture, row, column, channel.
    rate : float
        With which probability a map is dropped, from 0 to 1. Kept maps grow as in ``dropout``.
    rng : numpy Generator
        Where chance comes from. Not touched outside of training.
    training : bool
        If False, nothing is dropped and nothing is scaled.

    Returns
    -------
    array, shape (N, H, W, C)
        ``x`` stays unchanged.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``x`` does not have four axes, or
    ``rate`` is not from 0 to 1. The message contains the argument's name.

    >>> out = spatial_dropout2d(np.ones((2, 4, 4, 3)), 0.5, np.random.default_rng(0))
    >>> bool((out == out[:, :1, :1]).all()), set(out.ravel().tolist()) <= {0.0, 2.0}
    (True, True)
    """
    ### BEGIN SOLUTION
    maps = np.ones((x.shape[0], 1, 1, x.shape[3]))
    factors, _ = dropout(maps, rate, rng, training)
    return x * factors
    ### END SOLUTION


# %% [markdown]
r"""
Six of the sixteen maps that the network makes of Chelsea, before and after. Look at the survivors,
which are brighter. Then change the seed, and run it again.
"""

# %%
if ready(spatial_dropout2d) and ready(dropout):
    seen = split_cnn.maps(cat[None], blocks=1)[..., [0, 1, 3, 7, 8, 14]]
    thinned = spatial_dropout2d(seen, 0.5, np.random.default_rng(2))
    brightest = 2 * np.percentile(seen, 98, axis=(1, 2))[0]
    for name, maps in {"before": seen, "after": thinned}.items():
        shown = np.clip(maps[0] / brightest, 0, 1)
        alt = f"Six feature maps of a cat {name} spatial dropout."
        titles = [name, *[""] * 5]
        figures.photos(*np.moveaxis(shown, -1, 0), titles=titles, shades="gray", alt=alt).show()

# %% guess
guess("brighter_survivors")

# %% [markdown]
r"""
## 5. Does it help?

Back to the network of section 1. Here is the same network, from the same starting weights, with
the same pictures in the same order; the only difference is one dropout layer of 0.5 after
flatten.
"""

# %%
curves.training(histories, ["plain", "dropout"]).show()

# %%
for name in ("plain", "dropout"):
    own = np.mean([run.about["train_accuracy"] for run in histories[name]])
    reached = headline(histories)[name]
    print(f"{name:8} {reached.runs} runs; after the last epoch: own pictures {own:.1%}, ", end="")
    print(f"validation {reached.final.mean:.1%}, test {reached.test.mean:.1%}")
points = gain(histories, before="plain", after="dropout")
print(f"by dropout: validation {points.final.mean:+.1f} ± {points.final.std:.1f} points, ", end="")
print(f"test {points.test.mean:+.1f} ± {points.test.std:.1f} (mean and spread over the seeds)")

# %% [markdown]
r"""
Read the numbers with care.

- With dropout the dashed line is *measured with nodes switched off*, so it is lower than what the
  full network could do. Compare the printed accuracy on its own pictures instead: that is
  measured without dropout.
- Dropout slows the memorizing: the loss on new pictures rises later and less steeply.
- It does not stop it. At the end nearly all of the training pictures are right, and many new ones
  are not: this **generalization gap** is still there.
- The change in accuracy is small, and it differs from seed to seed: from single runs, you could
  report a gain or a loss.

**Dropout alone does not save this network.** It cannot tell the network anything that is not in
its 2,000 pictures: what a cat looks like from a little further left, or in the mirror. That is
chapter 8.

> **Where the article is too quick: 2 %.** It says that even state-of-the-art models "get a 2%
> accuracy boost just by adding dropout", and gives no source. Our three pairs of runs give +2.1 ±
> 1.5 points on the test pictures, and no gain on the validation pictures: the cell above prints
> both. So 2 would be possible here, and so would 0. There is no such constant. How much it helps
> depends on the network, on where the layer is, and above all on how many pictures there are.

Would you like to see it happen? Set `LIVE = True`: the first epochs are trained again, here, and
match the recorded ones. That takes up to three minutes, and imports Keras.
"""

# %%
LIVE = False
if LIVE:
    from cnnlab.course.networks import quiet  # imports Keras without its greetings
    from cnnlab.course.training.cats_dogs import live_run

    for point in live_run("dropout", seed=0, epochs=8, seconds=150):
        print(
            f"epoch {point.number}: validation accuracy {point.live.val_accuracy:.3f} live, "
            f"{point.recorded.val_accuracy:.3f} recorded"
        )

# %% [markdown]
r"""
### In two paragraphs: weight decay and batch normalization

The oldest regularization is **weight decay**, also called **L2 regularization**: every step makes
all weights a little smaller, so that only those stay large that are needed again and again. In
Keras it is a setting of the optimizer or of a layer.

The article names another remedy and does not explain it. **Batch normalization** is a layer that
brings each channel to mean 0 and standard deviation 1, over the pictures and places of the
current batch, and then lets two learned numbers per channel scale and shift it. Networks with it
train faster and tolerate larger learning rates. It also has a small effect like dropout: the mean
depends on which other pictures happen to be in the batch, so every picture is a little noisy. And
like dropout it behaves differently outside of training, where it uses averages that it collected
during training. So `training=False` matters there as well: a model that is very good in training
and useless afterward may have this one flag wrong. Many modern convnets have batch normalization
after every convolution, and dropout, if at all, only before the last layer.
"""

# %% [markdown]
r"""
## 6. Ask more than once

After the training, dropout is off, and the network gives one answer to a picture, always the
same. **What if you leave it on?** Then every call asks another thinned network. If they all
agree, the answer does not depend on single nodes. If they disagree, it does.

That is called **Monte-Carlo dropout**: ask the same picture many times, with dropout on, and take
the mean of the answers as the answer, and their standard deviation as a measure of doubt:

$$\text{mean} = \frac{1}{T} \sum_{t=1}^{T} p_t \qquad
\text{std} = \sqrt{\frac{1}{T} \sum_{t=1}^{T} (p_t - \text{mean})^2}$$

A Keras model drops when it is called with `model(x, training=True)`; `model.predict(x)` never
does. What comes back is a tensor; `np.asarray` makes an array of it.
"""

# %% guess
guess("spread_of_three_passes")

# %% [markdown]
r"""
### Exercise 4: Monte-Carlo dropout
"""


# %% exercise="mc_predict"
def mc_predict(model, x, passes):
    """Mean and spread of a model's answers with its dropout switched on.

    Parameters
    ----------
    model : Keras model
        ``model(x, training=True)`` gives a tensor of shape (N, units).
    x : array, shape (N, ...)
        A batch of pictures.
    passes : int
        How often each picture is asked.

    Returns
    -------
    (array, array), shape (N, units) each
        The mean over the passes, and the standard deviation over the passes, with the number of
        passes below the fraction line (NumPy's own way).

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``passes`` is below 1. The message
    contains the word ``passes``.
    """
    ### BEGIN SOLUTION
    answers = np.stack([np.asarray(model(x, training=True)) for _ in range(passes)])
    return answers.mean(axis=0), answers.std(axis=0)
    ### END SOLUTION


# %% [markdown]
r"""
Now on real pictures. This is chapter 4's network as a Keras model, with the two dropout layers of
its training. The next cell imports Keras, which takes a moment, and asks 30 thinned networks
about each of 200 test pictures.
"""

# %%
if ready(mc_predict):
    from cnnlab.course.networks.cnn import small_cnn
    from cnnlab.course.networks.quiet import keras

    keras.utils.set_random_seed(0)  # so that you see the numbers of this text
    model = small_cnn(dropout=load_network().card["recipe"]["dropout"])
    model.set_weights(load_network().weights)
    asked, truth = pictures[:200], labels[:200]
    mean, std = (a[:, 0] for a in mc_predict(model, asked / np.float32(255), passes=30))
    doubtful, sure = np.argsort(-std)[:8], np.argsort(std)[:8]
    for chosen in (sure, doubtful):
        uncertainty.ranges(asked[chosen], mean[chosen], std[chosen], truth[chosen]).show()

# %% [markdown]
r"""
Above are the eight pictures on which the thinned networks agree best, below those on which they
agree least. The point is the mean, the bar one standard deviation to each side.

**Is doubt a good guide?** If it is, the answers with little doubt are right more often. There are
two kinds of doubt to compare: how much the thinned networks differ, and simply how near the mean
is to 0.5.
"""

# %%
if ready(mc_predict):
    right = (mean > 0.5) == truth
    near_half = -np.abs(mean - 0.5)
    shares = {
        "spread of the passes": uncertainty.quarters(std, right),
        "mean near 0.5": uncertainty.quarters(near_half, right),
    }
    uncertainty.by_quarter(shares).show()
    alone = np.asarray(model(asked / np.float32(255), training=False))[:, 0]
    print(f"right: {right.mean():.1%} by the mean of 30 passes, ", end="")
    print(f"{((alone > 0.5) == truth).mean():.1%} by the full network")

# %% [markdown]
r"""
Where the thinned networks agree, the answer can be trusted most. But in this network, with its
single output, the plain mean sorts the answers at least as well: an answer of 0.5 is doubtful in
any case. And the mean over thinned networks is hardly better than the full network. **The spread
says how much an answer depends on single nodes, and no more.** It is cheap to get, and it is not
the probability of being wrong.

### Does it know what a cat is?

Chapter 4 asked this question, and the network called a cup of coffee by one of the two names that
it knows. Perhaps its doubt would have told us? Here is Chelsea again, and two things that are
neither cat nor dog. **Guess:** on which of the three do the thinned networks disagree most?
"""

# %%
if ready(mc_predict):
    names = ("chelsea", "coffee", "brick")
    strangers = np.stack([photo(name, size=32) for name in names])
    mean, std = mc_predict(model, strangers / np.float32(255), passes=100)
    uncertainty.ranges(strangers, mean, std, columns=3).show()

# %% [markdown]
r"""
A cat, a cup of coffee and a brick wall: the spread does not show which of them are unlike
everything that the network has ever seen. A network that knew what a cat is would doubt about a
cup. This one answers about a cup as it answers about a cat.
"""

# %% [markdown]
r"""
## 7. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.

To make `dropout` a function that gives the same result every time, the first box brings its own
generator, which begins anew in each call: it takes `x`, `rate` and `training`.
"""

# %% [markdown]
r"""
### Bug 1: dropout

Sixty ones, at a rate of 0.2. So about a fifth of them should be gone. **How many are gone, and
how large are the others?**
"""

# %%
broken_dropout = box("dropout")
out, mask = broken_dropout(np.ones((6, 10)), 0.2)
figures.numbers(out, titles=["what the box makes of sixty ones, rate 0.2"]).show()

# %%
broken_dropout


# %% exercise="expose_dropout"
def expose_dropout():
    """Name the mistake in ``broken_dropout``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (x, rate, training)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 2 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "rate-is-keep-probability", (np.zeros(1), 0.9)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: the way back

A mask from the forward pass, at a rate of 0.5, and the gradient that comes back through the
second box. **Which cells get a gradient, and which should?**
"""

# %%
broken_dropout_backward = box("dropout_backward")
mask = np.array([[True, False, True], [False, True, False]])
dout = np.arange(1.0, 7).reshape(2, 3)
figures.numbers(
    mask.astype(int),
    dout,
    broken_dropout_backward(dout, mask, 0.5),
    titles=["mask", "dout", "the box's gradient"],
).show()

# %%
broken_dropout_backward


# %% exercise="expose_dropout_backward"
def expose_dropout_backward():
    """Name the mistake in ``broken_dropout_backward``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (dout, mask, rate)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "mask-missing", (np.ones(1), np.array([False]), 0.75)
    ### END SOLUTION


# %% [markdown]
r"""
## 8. What you have built

- `dropout`: inverted, with a separate draw for every number.
- `dropout_backward`: the same mask on the way back.
- `spatial_dropout2d`: whole maps at once.
- `mc_predict`: a network asked many times, and its doubt.

### Questions

Think first, then open the answer.

<details><summary>Can a network that trains with dropout have a lower loss on new pictures than on
its own?</summary>

Yes, early in the training it is common: the training loss is measured with nodes switched off,
the validation loss with all of them on. Other reasons are that the training loss is an average
over the epoch, while the weights were still getting better.

</details>

<details><summary>Your colleague writes a training loop by hand and calls <code>model(x)</code> in
it. What becomes of the dropout?</summary>

It is off: dropout is idle without <code>training=True</code>. There is no warning, and the
network overfits as if the layer were not there.

</details>

<details><summary>Two dropout layers of 0.5, one after the other. What is that?</summary>

One with a rate of 0.75: a number survives with probability ½ · ½, and grows by 2 · 2 = 4 = 1/(1 −
0.75).

</details>

<details><summary>Why not the same mask for a whole batch? It would be cheaper.</summary>

The gradient is an average over the batch. With masks of their own, 20 pictures try 20 thinned
networks in one step, and the average is steadier. With one mask, each step trains one thinned
network only, and the training is noisier.

</details>

<details><summary>A small network cannot even learn its training pictures. Should you add
dropout?</summary>

No. It underfits; dropout makes it smaller still. Dropout is for networks with more room than
pictures.

</details>

### Next

Dropout makes the network's task harder. [Chapter 8](../ch08_augmentation/ch08_augmentation.ipynb)
makes *more pictures*: mirrored, shifted, turned, with more and less contrast. The article's
second network was trained like that, and you will measure how much it helps.

### Read on

- N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, *Dropout: A Simple Way
  to Prevent Neural Networks from Overfitting*, JMLR 15, 2014: the paper, with many measurements.
- J. Tompson, R. Goroshin, A. Jain, Y. LeCun, C. Bregler, *Efficient Object Localization Using
  Convolutional Networks*, CVPR 2015, [arXiv:1411.4280](https://arxiv.org/abs/1411.4280): spatial
  dropout.
- S. Ioffe, C. Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing
  Internal Covariate Shift*, ICML 2015, [arXiv:1502.03167](https://arxiv.org/abs/1502.03167).
- Y. Gal, Z. Ghahramani, *Dropout as a Bayesian Approximation: Representing Model Uncertainty in
  Deep Learning*, ICML 2016, [arXiv:1506.02142](https://arxiv.org/abs/1506.02142): Monte-Carlo
  dropout.
- A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow*, O'Reilly, 2nd
  edition 2019, chapter 11: it also has an office that tosses coins.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
