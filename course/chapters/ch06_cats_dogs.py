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
# Chapter 6: Cats and dogs

Today a network learns, and you watch it learn too much.

You will build the article's network in Keras: 14 lines, five million numbers. On pictures that it
has trained with, it hardly ever takes a cat for a dog. On new pictures it often does. It has not
understood what a cat is; it has **memorized** its pictures. That is called **overfitting**, and
it is *the* problem of this field. Its opposite, being right on new pictures too, is
**generalization**. This chapter is about seeing the difference: honest data, honest curves,
honest numbers. Chapters 7 and 8 are about what helps.

From here on Keras does the forward and the backward pass. You know what is inside: you have
written it. You need the ideas of chapters 1 to 4, and about two hours. Chapter 5 is not needed.

Run the next cell first. It loads Keras, and that takes a moment.
"""

# %% setup=true
import math

import matplotlib.pyplot as plt
import numpy as np

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures, palette
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch06_cats_dogs import demo
from cnnlab.course.figures import curves, diagrams, mistakes
from cnnlab.course.guesses import guess
from cnnlab.course.networks.quiet import keras
from cnnlab.course.ops.network import predict
from cnnlab.course.training.cats_dogs import live_run
from cnnlab.course.training.histories import headline, load_histories
from cnnlab.datasets.pictures import load_cats_dogs, load_network

start("ch06_cats_dogs")

# %% [markdown]
r"""
## 1. Honest data

You want to know whether a network can tell cats from dogs. So you show it pictures and count.
**Which pictures?** Not those that it has trained with: a student who has seen the exam beforehand
proves nothing.

So the pictures are divided into three parts before anything else happens:

- **training**: the network learns from these;
- **validation**: with these *you* choose. How long to train? How many filters? Which network?
- **test**: with these you measure, once, at the very end.
"""

# %% guess
guess("best_of_twenty")

# %% [markdown]
r"""
That is why there is a third part. If you choose with the test pictures, you have no test any
more. **Choosing the epoch on the test set is cheating**, even if nobody notices.
"""

# %%
data = load_cats_dogs()
for name in ("train", "validation", "test"):
    part = getattr(data, name)
    cats, dogs = np.bincount(part.y)
    print(f"{name:11} {len(part.x):5,} pictures: {cats:5,} cats, {dogs:5,} dogs")
figures.photos(
    *data.train.x[:8],
    titles=[data.classes[label] for label in data.train.y[:8]],
    alt="Eight coarse color photographs of 32 by 32 pixels: cats and dogs in turn.",
).show()

# %% [markdown]
r"""
Here the pictures are already divided. How is it done?

**Think of a pack of cards.** Shuffle, and deal: what goes to one part is gone for the others.
Every card ends up somewhere. And there are two packs, cats and dogs, dealt one after the other.
With a single pack, chance would decide how many cats get into the test. Dealing each class by
itself is called a **stratified** split.

How many cards? A part with the fraction $f$ gets $\lfloor f \cdot n \rfloor$ of a class with $n$
examples. Rounding down leaves a few examples over. These go to the first part, the training.
"""

# %% guess
guess("parts_of_a_split")

# %% [markdown]
r"""
You do not move pictures. You deal their *places* (indices): 0 for the first picture, 1 for the
second.
"""

# %% [markdown]
r"""
### Exercise 1: split
"""


# %% exercise="split"
def split(labels, fractions, rng):
    """Deal every example into one of several parts, each class by its share.

    Parameters
    ----------
    labels : array of int, shape (N,)
        The class of each example. There may be more than two, with any numbers.
    fractions : sequence of float
        One for each part; they add up to 1. Of a class with n examples a part gets
        floor(fraction * n), and the first part what is left over.
    rng : np.random.Generator
        All your randomness comes from here: ``rng.permutation`` shuffles.

    Returns
    -------
    tuple of int arrays
        One array for each part: places in ``labels``, in any order. Every place is in exactly
        one part.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``fractions`` do not add up to 1, a
    rounding error aside, or hold a negative number. The message contains the word
    ``fractions``.

    >>> labels = np.array([0] * 7 + [1] * 9)
    >>> [len(part) for part in split(labels, (0.5, 0.25, 0.25), np.random.default_rng(0))]
    [10, 3, 3]
    """
    ### BEGIN SOLUTION
    parts = [[] for _ in fractions]
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        end = len(places)
        for part, fraction in zip(parts[1:], fractions[1:], strict=True):
            size = math.floor(fraction * len(places))
            part.extend(places[end - size : end])
            end -= size
        parts[0].extend(places[:end])
    return tuple(np.array(part, dtype=int) for part in parts)
    ### END SOLUTION


# %% [markdown]
r"""
Deal the 2,800 training pictures once more: 60 % to train with, 20 % to choose with, 20 % to
measure with. Each part should be half cats, half dogs, and no picture should be there twice.
"""

# %%
if ready(split):
    parts = split(data.train.y, (0.6, 0.2, 0.2), np.random.default_rng(0))
    for name, places in zip(("train", "validation", "test"), parts, strict=True):
        print(f"{name:11} {len(places):5,} pictures, {data.train.y[places].mean():.1%} dogs")
    print("different pictures in all:", len(np.unique(np.concatenate(parts))))

# %% [markdown]
r"""
**Even then one thing can go wrong.** Pictures from the web have twins: the same photograph,
cropped or mirrored. If one twin is used for training and the other for the test, the test is no
test. This is called **data leakage**. The pictures of this course were compared with each other,
and twins across parts were left out. A shuffled split would not have noticed.
"""

# %% [markdown]
r"""
## 2. The network

This is the article's network, drawn for its own pictures of 150 × 150 pixels. Four times the same
block; each halves the maps. Then one long row of numbers, and three dense layers.
"""

# %%
article = [
    *[("conv", 32, 3), ("max_pool", 2), ("conv", 64, 3), ("max_pool", 2)],
    *[("conv", 128, 3), ("max_pool", 2), ("conv", 128, 3), ("max_pool", 2)],
    *[("flatten",), ("dropout", 0.5), ("dense", 512), ("dense", 256), ("dense", 1)],
]
diagrams.stack((150, 150, 3), article, rows=2).show()

# %% [markdown]
r"""
| layer | what to say about it | 150 × 150 × 3 becomes |
|---|---|---|
| convolution | 32 filters of 3 × 3, `"same"`, ReLU | 150 × 150 × 32 |
| max pooling | 2 × 2 | 75 × 75 × 32 |
| convolution | 64 filters of 3 × 3, `"same"`, ReLU | 75 × 75 × 64 |
| max pooling | 2 × 2 | 37 × 37 × 64 |
| convolution | 128 filters of 3 × 3, `"same"`, ReLU | 37 × 37 × 128 |
| max pooling | 2 × 2 | 18 × 18 × 128 |
| convolution | 128 filters of 3 × 3, `"same"`, ReLU | 18 × 18 × 128 |
| max pooling | 2 × 2 | 9 × 9 × 128 |
| flatten | | 10368 |
| dropout | rate 0.5 | 10368 |
| dense | 512 units, ReLU | 512 |
| dense | 256 units, ReLU | 256 |
| dense | 1 unit, sigmoid | 1 |

**Dropout** is new. While the network trains, it sets about half of the numbers to 0, different
ones each time. At all other times it does nothing. Chapter 7 explains it; here, take it as it is.
"""

# %% guess
guess("largest_layer")

# %% [markdown]
r"""
In Keras a network that is one layer after the other is a `keras.Sequential`. It takes a list; the
first entry says what comes in, and it has no batch axis. A smaller example, for another purpose:
"""

# %%
example = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(8, 5, activation="tanh"),
        keras.layers.AveragePooling2D(3),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
example.summary()

# %% [markdown]
r"""
### Exercise 2: the network in Keras

Any way of building it is fine: a list, a loop with `model.add`, or the functional style. Your
check compares the layers, the shapes of the weights, and what the network answers with weights
that the check puts in.
"""


# %% exercise="build_cnn"
def build_cnn(input_shape):
    """The article's network for cats and dogs, as in the table above.

    Parameters
    ----------
    input_shape : (H, W, C)
        Rows, columns and channels of a picture, without the batch; H and W from 16 on. The
        pictures will come with values from 0 to 1.

    Returns
    -------
    keras.Model
        Not compiled. 5,681,345 parameters for (150, 150, 3), and 635,073 for (32, 32, 3).
    """
    ### BEGIN SOLUTION
    layers = [keras.Input(input_shape)]
    for filters in (32, 64, 128, 128):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(2))
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.5)]
    layers += [keras.layers.Dense(512, activation="relu")]
    layers += [keras.layers.Dense(256, activation="relu")]
    layers += [keras.layers.Dense(1, activation="sigmoid")]
    return keras.Sequential(layers)
    ### END SOLUTION


# %% [markdown]
r"""
Your network for our pictures of 32 × 32 is far smaller. Where have five million parameters gone?
"""

# %% guess
guess("dense_parameters_at_32")

# %%
if ready(build_cnn):
    model = build_cnn((32, 32, 3))
    model.summary()

# %% [markdown]
r"""
The convolutions have as many as before: a kernel does not depend on the size of the picture. But
now four poolings leave only 2 × 2 × 128 numbers for the first dense layer.
"""

# %% [markdown]
r"""
## 3. What is a bad answer?

The network says 0.9, and it is a dog. Good. It says 0.9, and it is a cat. Bad. How bad, as a
number?

The usual choice is the **cross-entropy**: minus the logarithm of the probability that the network
gave to what was true. For a dog that is $-\log p$, for a cat $-\log(1 - p)$.

**An example by hand.** What does an answer of 0.9 cost for a dog? $-\log 0.9 = 0.105$. And what
for a cat?
"""

# %% guess
guess("price_of_a_wrong_answer")

# %% [markdown]
r"""
And pure guessing, 0.5 for all? $-\log 0.5 = 0.693$. Remember that number: a network whose loss is
higher would do better to guess.
"""

# %%
p = np.linspace(0.005, 0.995, 199)
plt.figure(figsize=(5.6, 2.9))
plt.plot(p, -np.log(p), color=palette.ORANGE, lw=2.5, label="a dog")
plt.plot(p, -np.log(1 - p), color=palette.BLUE, lw=2.5, ls="--", label="a cat")
plt.axhline(np.log(2), color="0.6", lw=1, ls=":", label="guessing")
plt.xlabel("what the network says: 0 is cat, 1 is dog")
plt.ylabel("loss")
plt.legend(frameon=False)
plt.show()

# %% [markdown]
r"""
Look at the far ends: being wrong and *sure* is punished without limit.

Before a Keras model can train, it must be told three things, all by name or as objects:

- the **optimizer**: how it walks downhill. Ours is **Adam**. It takes gradient steps as in
  chapter 5, with a step length of its own for every single weight. In one line, the **learning
  rate**: too small, and nothing happens; too large, and the loss jumps up and down. Adam's usual
  0.001 is right for now.
- the **loss**: binary cross-entropy, for two classes and one probability.
- the **metrics**: what to count on the way, for people to read. Ours is the accuracy.

**A trap.** A loss may be told `from_logits=True`. A *logit* is the number before the sigmoid. Is
this right for your network? It ends in a sigmoid, so its answers are probabilities. Keras happens
to notice, and works with the right numbers. But the declaration is wrong, and other libraries
would apply the sigmoid twice, without a warning.
"""

# %% [markdown]
r"""
### Exercise 3: compile
"""


# %% exercise="compile_cnn"
def compile_cnn(model):
    """Prepare a model with one sigmoid unit for training: Adam, binary cross-entropy, accuracy.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    keras.Model
        The same model, compiled.
    """
    ### BEGIN SOLUTION
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
    ### END SOLUTION


# %% [markdown]
r"""
Now let it learn. An **epoch** is one pass through all training pictures. Two epochs take some
seconds; set `EPOCHS` to more if you like.
"""

# %% guess
guess("first_accuracy")

# %%
EPOCHS = 2
if ready(build_cnn) and ready(compile_cnn):
    keras.utils.set_random_seed(0)
    model = compile_cnn(build_cnn((32, 32, 3)))
    model.fit(
        data.train.x / np.float32(255),
        data.train.y,
        batch_size=32,
        epochs=EPOCHS,
        validation_data=(data.validation.x / np.float32(255), data.validation.y),
        verbose=2,  # a line for each epoch
    )

# %% [markdown]
r"""
`val_accuracy` is what it reaches on the validation pictures: already a little better than tossing
a coin. What would happen in many more epochs?

## 4. Memorizing

We have trained it for you, several times, each time from other random numbers, and recorded what
happened. The numbers are in `datasets/histories`, together with the settings and the time that it
took.
"""

# %%
histories = load_histories()
first = histories["dropout"][0]
about = first.about
print(f"{about['settings']['pictures']:,} training pictures, {len(first.loss)} epochs,")
print(f"{sum(about['seconds']):.0f} seconds for one run on: {about['device']}")
print({condition: f"{len(runs)} runs" for condition, runs in histories.items()})

# %% [markdown]
r"""
Here is the network that you built, with its dropout: the mean over the runs, and how far they
spread. Dashed is what it does on its training pictures, solid what it does on the validation
pictures. **Where would you have stopped?**
"""

# %%
curves.training(histories, ["dropout"]).show()

# %% [markdown]
r"""
The dashed loss falls and falls. The solid one falls, turns, and climbs. From there on the network
gets better at its own pictures and *worse* at new ones.

Why worse? It could simply stay as good as it was. Look at what the loss punishes: being wrong and
sure. A network that memorizes becomes sure of everything. The accuracy stays where it is, but the
errors become confident errors. You will see some of them at the end.

**What can you do?** *Early stopping*, in one line: watch the validation loss while training, stop
when it has not fallen for some epochs, and go back to the weights of the best one.

Would you like to train it yourself for longer? Set `LIVE = True`: it repeats the beginning of the
first recorded run, with the same seed: ten epochs, or fewer, so that it ends within three
minutes. Do your numbers match the recorded ones?
"""

# %%
LIVE = False
if LIVE:
    for point in live_run("dropout", seed=first.seed, seconds=150):
        print(
            f"epoch {point.number:2}: validation loss {point.live.val_loss:.3f}, "
            f"recorded {point.recorded.val_loss:.3f}"
        )

# %% [markdown]
r"""
## 5. Smooth curves

A single run is noisy. Here is its validation loss. **In which epoch is it lowest, and do you
believe that?**
"""

# %%
plt.figure(figsize=(7.4, 2.8))
plt.plot(first.val_loss, color=palette.VALIDATION, marker="o", markersize=3, lw=1)
plt.xlabel("epoch, counted from 0")
plt.ylabel("validation loss")
plt.show()
print("lowest in epoch", int(np.argmin(first.val_loss)))

# %% [markdown]
r"""
An epoch may be lucky. We want to know when the *trend* turns. So average over the last epochs,
and give recent ones more weight than old ones:

$$m_t = w \cdot m_{t-1} + (1 - w) \cdot v_t \qquad m_0 = 0$$

The weight $w$ says how much of the old average is kept: 0.8 is usual. This is an **exponential
moving average**. Many tools that draw training curves use it, and so does Adam.

**An example by hand.** All values are 1, and $w = 0.8$. What is $m_1$? $0.8 \cdot 0 + 0.2 \cdot 1 =
0.2$. And $m_2$?
"""

# %% guess
guess("second_average")

# %% [markdown]
r"""
It starts at 0, and 0 was none of our values. After $t$ values, the real ones have the share $1 -
w^t$ of the whole weight, and the start has the rest. So divide by that share (**bias
correction**):

$$\text{smooth}_t = \frac{m_t}{1 - w^t}$$

**Check it:** $0.2 / (1 - 0.8) = 1$, and $1 - w^2 = 0.36$ is your $m_2$.

Why not simply start at the first value? Then this one value counts far more than any other,
although the first epoch says the least about the later ones.
"""

# %% [markdown]
r"""
### Exercise 4: smooth
"""


# %% exercise="smooth"
def smooth(values, weight=0.8):
    """An exponential moving average that does not lean toward its beginning.

    Parameters
    ----------
    values : array or list, shape (n,)
        Keras keeps a history as a list. May be empty.
    weight : float
        How much of the old average is kept: from 0 up to, but not including, 1.

    Returns
    -------
    array, shape (n,)

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``weight`` is below 0, or 1 and
    more. The message contains the word ``weight``.

    >>> smooth(np.array([1.0, 3.0]), weight=0.5).round(3)
    array([1.   , 2.333])
    """
    ### BEGIN SOLUTION
    smoothed, m = np.zeros(len(values)), 0.0
    for t in range(1, len(values) + 1):
        m = weight * m + (1 - weight) * values[t - 1]
        smoothed[t - 1] = m / (1 - weight**t)
    return smoothed
    ### END SOLUTION


# %%
if ready(smooth):
    plt.figure(figsize=(7.4, 2.8))
    plt.plot(first.val_loss, color="0.75", label="as measured")
    for weight, color in ((0.5, palette.SKY), (0.8, palette.ORANGE), (0.95, palette.GREEN)):
        plt.plot(smooth(first.val_loss, weight), color=color, lw=2, label=f"weight {weight}")
    plt.xlabel("epoch, counted from 0")
    plt.ylabel("validation loss")
    plt.legend(frameon=False, ncols=2)
    plt.show()

# %% [markdown]
r"""
The larger the weight, the smoother the curve.
"""

# %% guess
guess("price_of_smoothness")

# %% [markdown]
r"""
### Exercise 5: where does it turn?

**An example by hand.** A loss of 4, 3, 0.5, 3, 1.5, 1.5, 1.5. The raw minimum is in epoch 2. Would
you stop there? In the smoothed curve that one lucky epoch hardly shows, and the lowest value is
at the end.
"""


# %% exercise="overfit_epoch"
def overfit_epoch(val_loss):
    """The epoch after which the network only memorizes.

    Parameters
    ----------
    val_loss : array or list, shape (epochs,)

    Returns
    -------
    int
        Counted from 0: where ``smooth(val_loss)`` is lowest, the first one of several.

    >>> overfit_epoch(np.array([4.0, 2.0, 1.0, 8.0, 8.0, 8.0]))
    2
    """
    ### BEGIN SOLUTION
    return int(np.argmin(smooth(val_loss)))
    ### END SOLUTION


# %%
if ready(smooth) and ready(overfit_epoch):
    print("epoch in which the smooth validation loss is lowest, for each run:")
    for condition, runs in histories.items():
        epochs = [overfit_epoch(run.val_loss) for run in runs]
        print(f"  {condition:13} {epochs} of {len(runs[0].val_loss)}")

# %% [markdown]
r"""
These are four ways to train the same network with the same budget. *plain* has no dropout.
*Augmentation* varies every training picture a little each time it is shown; that is chapter 8.
**Which of the four can train longest before it only memorizes?**

### Play with it

Drag the epoch: at first you see only the beginning of a run, as if you were sitting beside it
while it trains. The smoothing and the marker are *your* two functions.

- Begin at the left and drag slowly. Stop where *you* would stop. Then look at the rest. Were you
  right?
- Compare *plain* and *both*. What happens to the gap between training and validation?
- Raise the weight to 0.95. How many epochs late is the marker now?"""

# %%
demo(smooth, overfit_epoch, histories)

# %% [markdown]
r"""
## 6. Points and percent

The article reports 73 % on the validation pictures without augmentation and 81 % with it. People
say that this is better by 8 %, or by 11 %, and often mix them up. So use clear words:

- **percentage points**: of 100 pictures, 8 more are right. $100 \cdot (0.81 - 0.73) = 8$.
- **percent**: how many more are right, compared with what was right *before*.
"""

# %% guess
guess("gain_in_percent")

# %% [markdown]
r"""
And from the other side: of 27 errors, 8 are gone. That is 30 % fewer errors. Somebody who sells
networks can choose among three true numbers. So always say what you compare with.
"""

# %% guess
guess("errors_gone")

# %% [markdown]
r"""
### Exercise 6: gain
"""


# %% exercise="accuracy_gain"
def accuracy_gain(before, after):
    """By how much an accuracy grew, in percentage points and in percent of what it was.

    Parameters
    ----------
    before, after : float
        Shares of right answers, above 0 and up to 1.

    Returns
    -------
    (points, percent)
        Two floats, not rounded; below 0 where ``after`` is the smaller one.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if ``before`` or ``after`` is 0,
    negative or above 1 (percent, for example). The message contains the word ``before`` or
    ``after``.

    >>> points, percent = accuracy_gain(0.73, 0.81)
    >>> round(points, 6), round(percent, 2)
    (8.0, 10.96)
    """
    ### BEGIN SOLUTION
    points = 100 * (after - before)
    return points, points / before
    ### END SOLUTION


# %% [markdown]
r"""
Here are our own numbers for the article's two networks, after the last epoch, each the mean over
the runs. Dropout is in both, as in the article.
"""

# %%
reached = {condition: line.final for condition, line in headline(histories).items()}
for condition, accuracy in reached.items():
    print(f"{condition:13} {accuracy.mean:6.1%} ± {accuracy.std:.1%}")
if ready(accuracy_gain):
    points, percent = accuracy_gain(reached["dropout"].mean, reached["both"].mean)
    print(f"augmentation: {points:+.1f} points, {percent:+.1f} %")
    points, percent = accuracy_gain(reached["plain"].mean, reached["dropout"].mean)
    print(f"dropout:      {points:+.1f} points, {percent:+.1f} %")

# %% [markdown]
r"""
The ± is the spread between runs that differ only in their random numbers. **A gain that is no
larger than that is no gain yet.** That is why one run of each is not enough.

> **Where the article is too quick.** Its 73 % and 81 % come from one run each, and its second
> network was not only shown varied pictures: its code also trains it for 60 epochs in place of
> 20, with 100 steps in each. Its figure shows 50 of them: two and a half times as many steps, and
> with batches of 32 pictures in place of 20, four times as many pictures. Which of the two
> helped? From its numbers nobody can tell. Ours have equal pictures, equal steps, and several
> seeds."""

# %% [markdown]
r"""
## 7. Who is taken for whom

Three of four answers are right: is the network equally bad at cats and at dogs? One number cannot
tell. A **confusion matrix** can:

| | says cat | says dog |
|---|---|---|
| **is a cat** | right | wrong |
| **is a dog** | wrong | right |

Rows are the truth, columns the answers. Cat is class 0 and comes first.

The network gives a probability, not an answer. The answer is dog where the probability is *above*
a threshold, usually 0.5. (Above, not equal: Keras's accuracy counts in the same way.)
"""

# %% guess
guess("confusion_by_hand")

# %% [markdown]
r"""
**A trap.** Keras answers with a column, shape $(N, 1)$; the labels are a row, shape $(N,)$.
"""

# %% guess
guess("column_and_row")

# %% [markdown]
r"""
### Exercise 7: confusion matrix
"""


# %% exercise="confusion_matrix"
def confusion_matrix(labels, probabilities, threshold=0.5):
    """How many pictures of each class were taken for each.

    Parameters
    ----------
    labels : array or list of int, shape (N,)
        0 or 1.
    probabilities : array or list, shape (N,) or (N, 1)
        Of class 1.
    threshold : float
        Above it, the answer is class 1.

    Returns
    -------
    array of int, shape (2, 2)
        Rows: what a picture shows. Columns: what the network says.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` if there are not as many labels as
    probabilities. The message contains the word ``labels`` or ``probabilities``.

    >>> labels = np.array([0, 0, 0, 1, 1, 1, 1])
    >>> confusion_matrix(labels, np.array([0.1, 0.8, 0.9, 0.7, 0.6, 0.95, 0.3]))
    array([[1, 2],
           [1, 3]])
    """
    ### BEGIN SOLUTION
    truth, answers = np.asarray(labels), np.ravel(probabilities) > threshold
    matrix = np.zeros((2, 2), dtype=int)
    for i in range(2):
        for j in range(2):
            matrix[i, j] = np.sum((truth == i) & (answers == j))
    return matrix
    ### END SOLUTION


# %% [markdown]
r"""
Now a fully trained network: that of chapter 4, small enough to run without Keras. It has seen
none of these 1,000 test pictures.
"""

# %%
network = load_network()
pictures, labels = data.test
probabilities = predict(pictures / np.float32(255), network.weights)
if ready(confusion_matrix):
    for threshold in (0.3, 0.5, 0.7):
        matrix = confusion_matrix(labels, probabilities, threshold)
        print(f"threshold {threshold}: {np.trace(matrix) / matrix.sum():.1%} right")
        print(matrix)

# %% [markdown]
r"""
Move the threshold, and cats that were taken for dogs become dogs that are taken for cats. **Which
threshold is right?** That depends on which mistake costs more. A cat door that lets a dog in is a
nuisance; one that locks the cat out is worse.

And now a wall of mistakes: those of which the network was most sure. Would *you* have known?
"""

# %%
mistakes.wall(pictures, probabilities, labels, data.classes).show()

# %% [markdown]
r"""
Look for patterns. The dogs that it takes for cats: what about their ears? The cats that it takes
for dogs: how many of them show their face? Is there a picture whose label *you* doubt? People
gave these labels, picture by picture, and people make mistakes too. (What the labels say is
called the **ground truth**, even so.)

Half an hour with the worst mistakes is time well spent. It gives you an idea of what your network
looks at, what is wrong with your data, and what to try next.

**And your own network?** It has trained for two epochs. What does it confuse?
"""

# %%
if ready(build_cnn) and ready(compile_cnn) and ready(confusion_matrix):
    answers = model.predict(data.validation.x / np.float32(255), verbose=0)
    print(confusion_matrix(data.validation.y, answers))

# %% [markdown]
r"""
Why the validation pictures, this time? Because you may go back now and train it for longer. As
long as you still want to change something, do not touch the test pictures.
"""

# %% [markdown]
r"""
## 8. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: a curve

A loss that falls, with some noise, and the curve that the box makes of it. It is smooth, and it
begins in the right place. **Where does it run after that?**
"""

# %%
broken_smooth = box("smooth")
epochs = np.arange(40)
loss = 0.4 + np.exp(-epochs / 12) + np.random.default_rng(0).normal(0, 0.06, 40)
fig, ax = plt.subplots(figsize=(6, 2.8))
ax.plot(epochs, loss, color="0.75", label="loss")
ax.plot(epochs, broken_smooth(loss), color=palette.BLUE, label="smoothed by the box")
ax.set(xlabel="epoch", ylim=(0, None))
ax.legend()
plt.show()

# %%
broken_smooth


# %% exercise="expose_smooth"
def expose_smooth():
    """Name the mistake in ``broken_smooth``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (values, weight)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 3 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "exponent-missing", (np.array([1.0, 1.0]), 0.5)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: a table

Ten pictures of cats (0) and five of dogs (1). One cat is taken for a dog, and two dogs for cats.
**Does the box's table say so?** Rows are what it is, columns what the network says.
"""

# %%
broken_confusion_matrix = box("confusion_matrix")
labels = np.array([0] * 10 + [1] * 5)
answers = np.array([0.1] * 9 + [0.8] + [0.9] * 3 + [0.2] * 2)
figures.numbers(broken_confusion_matrix(labels, answers), titles=["the box's table"]).show()

# %%
broken_confusion_matrix


# %% exercise="expose_confusion_matrix"
def expose_confusion_matrix():
    """Name the mistake in ``broken_confusion_matrix``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (labels, probabilities, threshold)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 4 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "transposed", (np.array([0, 0]), np.array([0.6, 0.2]))
    ### END SOLUTION


# %% [markdown]
r"""
## 9. What you have built

- `split`: parts that share nothing, each class by its share.
- `build_cnn`, `compile_cnn`: the article's network, ready to learn.
- `smooth`, `overfit_epoch`: what a curve says, and when to stop.
- `accuracy_gain`: points and percent.
- `confusion_matrix`: who is taken for whom.

### Questions

Think first, then open the answer.

<details><summary>The training loss is higher than the validation loss in the first epochs. Is the
network better on new pictures than on its own?</summary>

No. Keras reports the training loss as a mean over the epoch, while the network was still learning
and while dropout was switching off half of its numbers. The validation loss is measured at the
end of the epoch, with everything switched on.

</details>

<details><summary>Validation loss climbs, validation accuracy stays. How can that be?</summary>

Accuracy only asks on which side of 0.5 an answer lies. The loss also asks how far. Wrong answers
become more and more sure, so each costs more, though there are not more of them.

</details>

<details><summary>99 % of the pictures show cats. A network is right for 99 %. Is it
good?</summary>

It may say "cat" to everything. Its confusion matrix has an empty column, and shows it at once.

</details>

<details><summary>Would a smaller network overfit less?</summary>

Often, yes: it has less room (**capacity**) for memorizing. But it also has less room for learning
about cats. Chapters 7 and 8 keep the large network and make memorizing harder. What makes
memorizing harder is called **regularization**.

</details>

<details><summary>Why not simply collect more pictures?</summary>

Do it if you can: often nothing helps more. The next two chapters are for the case that you
cannot.

</details>

### Next

[Chapter 7](../ch07_dropout/ch07_dropout.ipynb) explains dropout: what it does to the numbers of a
layer, why half of them may vanish, and whether it saves a network that has too few pictures.

### Read on

- D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015,
  [arXiv:1412.6980](https://arxiv.org/abs/1412.6980): the optimizer, with its moving averages and
  their bias correction.
- C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, *Understanding Deep Learning Requires
  Rethinking Generalization*, ICLR 2017, [arXiv:1611.03530](https://arxiv.org/abs/1611.03530):
  networks can memorize even random labels.
- B. Recht, R. Roelofs, L. Schmidt, V. Shankar, *Do ImageNet Classifiers Generalize to ImageNet?*,
  ICML 2019, [arXiv:1902.10811](https://arxiv.org/abs/1902.10811): what is left of an accuracy on
  a fresh test set.
- B. Barz, J. Denzler, *Do We Train on Test Data? Purging CIFAR of Near-Duplicates*, Journal of
  Imaging 6, 2020, [arXiv:1902.00423](https://arxiv.org/abs/1902.00423): the twins in the pictures
  that you use here.
- L. Prechelt, *Early Stopping – But When?*, in *Neural Networks: Tricks of the Trade*, Springer,
  1998.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
