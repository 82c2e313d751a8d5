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
# Chapter 15: Your own photographs

So far the course has chosen the pictures. Now you do. Take photographs of two or more things that
you would like a network to tell apart: your two cats, three kinds of mushrooms, a tidy desk and
yours. Ten of each are enough to begin with. At the end there is a page that you can show: what
your network can do, where it is wrong, and why.

Nothing in this chapter is new mathematics. It is about **honesty**. With pictures of your own,
nobody has cleaned the data before you, and nobody has divided it. Most numbers that people report
about their own small networks are too good, and they do not know it. You will.

You need chapters 6, 9 and 12, and about two hours. The base's weights are fetched once, 64 MB.
Without a network connection the small VGG that comes with the course takes its place. And without
a folder of your own, the chapter goes on with a folder of small pictures of cats and dogs.

Everything happens on your computer. Your photographs are sent nowhere.

Run the next three cells first. Keras takes a moment to load.
"""

# %% setup=true
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from cnnlab.autograder import box, check, hint, solution, start
from cnnlab.course import figures
from cnnlab.course.demos import ready
from cnnlab.course.demos.ch15_your_photographs import Answers, demo
from cnnlab.course.figures import heatmaps, showcase
from cnnlab.course.figures.calibration import reliability
from cnnlab.course.guesses import guess
from cnnlab.course.networks import explain, heads
from cnnlab.course.networks.pretrained import load_vgg
from cnnlab.course.networks.quiet import keras
from cnnlab.course.ops.calibration import expected_calibration_error
from cnnlab.course.ops.evaluation import split
from cnnlab.course.ops.scenes import find_scenes
from cnnlab.datasets.folders import example_folder

import tensorflow as tf  # isort: skip  after `quiet`, which keeps it quiet

start("ch15_your_photographs")

# %% [markdown]
r"""
One function from chapter 9, which you may use in your own:
"""

# %% setup=true prelude=true
from cnnlab.course.given.ch15_your_photographs import vgg_preprocess

# %% [markdown]
r"""
Did `check` give your own `split` (chapter 6), `vgg_preprocess` (chapter 9) and `grad_cam` (chapter
12) full marks? Then they run from here on, and the page at the end is made by your own code. In a
check the course's stand in, so your points do not depend on it.
"""

# %% setup=true
from cnnlab.autograder import own, whose_code

split = own(split, "ch06")
vgg_preprocess = own(vgg_preprocess, "ch09")
grad_cam = own(explain.grad_cam, "ch12")
whose_code()

# %% [markdown]
r"""
## 1. A folder

Make a folder, and in it one folder for each class, named as the class. Put your photographs there,
as they come from the camera:

    photographs/
        mushrooms/   IMG_0412.jpg  IMG_0413.jpg  …
        toadstools/  IMG_0377.jpg  …

Write where it is into `FOLDER`. With `None` you get the course's folder.
"""

# %%
FOLDER = None  # or, for example, "/home/ada/photographs"
SIDE = 64 if FOLDER is None else 128

folder = Path(FOLDER or example_folder(Path(tempfile.mkdtemp()) / "animals"))
for each in sorted(folder.iterdir()):
    if each.is_dir():
        print(f"{each.name}: {len(list(each.iterdir()))} files")

# %% [markdown]
r"""
Files from a camera are not yet what a network takes. Look at what can go wrong:

- **They are not square.** A network takes a batch, so all pictures must have the same shape.
  Squeezing a wide picture makes every cat fat. Better: cut the largest square out of the middle,
  then scale that.
- **They lie on their side.** A camera that was turned stores the picture as its sensor saw it, and
  a note beside it, in the file's **EXIF** data: "turn me". Programs that show pictures obey the
  note. `Image.open` does not.
- **They are not all RGB.** Some are gray, some have a fourth channel for transparency.
- **They are no pictures at all.** Systems leave hidden files behind, such as `.DS_Store`, and a
  download may have broken off. Such a file must not stop you. But do not drop it silently
  either: whoever counts the pictures later should know what is missing.

**An example by hand.** A picture has 14 columns and 8 rows. The square has 8 of each. How many
columns are cut off on the left? $\lfloor (14 - 8) / 2 \rfloor = 3$. And of 19 columns?
"""

# %% guess
guess("columns_cut_off")

# %% [markdown]
r"""
**A question.** The labels should be 0, 1, 2, … in the order of the classes. In which order does
your computer list the folders? On some systems by name, on others by the time at which they were
made. So sort the names yourself, or your network will learn "cat" on one computer and say "dog"
on another.

Pillow does each step for one file: `Image.open(path)`, `ImageOps.exif_transpose(image)`,
`image.convert("RGB")`, `image.crop((left, top, right, bottom))`, and
`image.resize((columns, rows), Image.Resampling.BILINEAR)`. It raises `OSError` for a file that it
cannot read. A broken picture may open well and fail only when its pixels are needed. `image.size`
is (columns, rows), the other way around than an array's shape.
"""

# %% [markdown]
r"""
### Exercise 1: load_folder
"""


# %% exercise="load_folder"
def load_folder(folder, size, rng):
    """The pictures of a folder that holds a folder for each class.

    Parameters
    ----------
    folder : Path
        ``folder.iterdir()`` gives what is in it. Hidden folders are no classes.
    size : int
        Rows and columns of the result.
    rng : np.random.Generator
        Draws the order of the pictures.

    Returns
    -------
    images : array, shape (N, size, size, 3), uint8
        Upright and RGB; the square in the middle, scaled with Pillow's BILINEAR.
    labels : array of int, shape (N,)
        Places in ``names``.
    names : list of str
        The classes' folders, sorted.
    skipped : list of Path
        Files in these folders that are hidden (their name begins with a dot), or that Pillow
        cannot read.

    Notes
    -----
    Beyond the exercise, for no points: ``folder`` may also be a text.
    """
    ### BEGIN SOLUTION
    names = sorted(f.name for f in folder.iterdir() if f.is_dir() and f.name[0] != ".")
    images, labels, skipped = [], [], []
    for label, name in enumerate(names):
        for path in sorted((folder / name).iterdir()):
            if path.name[0] == ".":
                skipped.append(path)
                continue
            try:
                picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            except OSError:
                skipped.append(path)
                continue
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            square = picture.crop((left, top, left + side, top + side))
            images.append(np.asarray(square.resize((size, size), Image.Resampling.BILINEAR)))
            labels.append(label)
    order = rng.permutation(len(images))
    return np.stack(images)[order], np.array(labels)[order], names, skipped
    ### END SOLUTION


# %%
if ready(load_folder):
    images, labels, names, skipped = load_folder(folder, SIDE, np.random.default_rng(0))
    print("pictures:", images.shape, "   classes:", names)
    print("of each:", np.bincount(labels), "   left out:", [Path(each).name for each in skipped])
    figures.photos(
        *images[:8],
        titles=[names[label] for label in labels[:8]],
        alt="The first eight pictures of the folder, with the names of their classes.",
    ).show()

# %% [markdown]
r"""
Look at them. Is the middle of the picture what you meant? Is everything upright?
"""

# %% [markdown]
r"""
## 2. An honest split

Nobody takes one photograph of a mushroom. You take four, from nearly the same place, and keep all
of them. That is a **burst**, and its pictures are **near-duplicates**.

What does that mean for a test? Guess before you go on.
"""

# %% guess
guess("twins_in_the_training")

# %% [markdown]
r"""
And with your photographs? The next cell groups them by how they look: it makes each of them tiny
and gray, and calls two of them one **scene** where these tiny pictures nearly agree. Then it
counts.
"""

# %%
if ready(load_folder):
    scenes = find_scenes(images)
    print(f"{len(images)} pictures, but only {scenes.max() + 1} scenes")
    train, test = split(labels, (0.7, 0.3), np.random.default_rng(0))
    twins = np.isin(scenes[test], scenes[train])
    print(f"test pictures with a twin among the training pictures: {twins.sum()} of {len(test)}")
    largest = np.flatnonzero(scenes == np.bincount(scenes).argmax())[:6]
    figures.photos(
        *images[largest],
        counted=False,
        alt="The pictures of the largest scene; they look nearly alike.",
    ).show()

# %% [markdown]
r"""
A test picture that has a twin in the training asks the network: "do you remember?" You wanted to
ask: "have you understood?" In chapter 6 this was called **data leakage**. A shuffled split does
not prevent it. It causes it.

So deal **whole scenes**: all pictures of one go to the same part. If you know better than the tiny
gray pictures what belongs together (the same person, the same day, the same tree), make `scenes`
yourself: one number for each picture. Scenes may hold more than one class: the sofa with the cat,
and the same sofa with the dog. It is the sofa that would leak.

And each part should have its share of each class, as before. With single pictures that was easy.
With scenes of different sizes it will not come out exactly. How near can it come?

**Think of boxes that you fill with bags.** Write down what each part *lacks* of each class: first
its whole share. Take the bags one by one, the large ones first, because small ones can still fill
gaps at the end. Give each to the part that lacks most of what is in it, and subtract.

**An example by hand.** Two parts, fractions 0.5 and 0.5. There are 6 cats and 4 dogs, so each part
lacks 3 cats and 2 dogs. A bag of 3 cats comes first. Both parts lack equally much: it goes to the
first, which now lacks 0 cats and 2 dogs. Then comes a bag with 2 cats and 1 dog. What speaks for
the first part? $2 \cdot 0 + 1 \cdot 2 = 2$. And for the second? $2 \cdot 3 + 1 \cdot 2 = 8$. So it
goes to the second. Now there is 1 cat left, and there are 3 dogs. Where does the next bag go?
"""

# %% guess
guess("where_the_bag_goes")

# %% [markdown]
r"""
In this way no part is ever off by more than the largest bag, as long as bags do not mix classes.
Any other way that keeps the promise below is just as right.
"""

# %% [markdown]
r"""
### Exercise 2: honest_split
"""


# %% exercise="honest_split"
def honest_split(labels, groups, fractions, rng):
    """Deal whole groups of pictures into parts, each with about its share of every class.

    Parameters
    ----------
    labels : array of int, shape (N,)
        The class of each picture; any numbers.
    groups : array of int, shape (N,)
        The scene of each picture; any numbers. A scene may hold several classes.
    fractions : sequence of float
        One for each part; they add up to 1.
    rng : np.random.Generator
        All your randomness comes from here.

    Returns
    -------
    tuple of int arrays
        One array for each part: places in ``labels``, in any order. Every place is in exactly
        one part, and no group is in two. What a part holds of a class differs from its fraction
        of that class by no more than the size of the largest group.

    Notes
    -----
    Beyond the exercise, for no points: lists, and texts as groups; a ``ValueError`` if
    ``fractions`` do not add up to 1 or hold a negative number, or if ``groups`` are not as many
    as labels. The message contains the word ``fractions`` or ``groups``.

    >>> labels, groups = np.array([0, 0, 0, 0]), np.array([5, 5, 8, 8])
    >>> sorted(len(p) for p in honest_split(labels, groups, (0.5, 0.5), np.random.default_rng(0)))
    [2, 2]
    """
    ### BEGIN SOLUTION
    classes, scenes = np.unique(labels), rng.permutation(np.unique(groups))
    held = np.array([[np.sum(labels[groups == s] == c) for c in classes] for s in scenes])
    lacks = np.outer(fractions, held.sum(axis=0))
    parts = [[] for _ in fractions]
    for i in np.argsort(-held.sum(axis=1)):
        part = np.argmax(lacks @ held[i])
        lacks[part] -= held[i]
        parts[part].extend(np.flatnonzero(groups == scenes[i]))
    return tuple(np.array(part, dtype=int) for part in parts)
    ### END SOLUTION


# %%
if ready(load_folder) and ready(honest_split):
    train, test = honest_split(labels, scenes, (0.7, 0.3), np.random.default_rng(0))
    twins = np.isin(scenes[test], scenes[train])
    print(f"{len(train)} pictures to train with, {len(test)} for the test")
    print("of each class:", np.bincount(labels[train]), "and", np.bincount(labels[test]))
    print("test pictures with a twin among the training pictures:", twins.sum())

# %% [markdown]
r"""
There are only two parts here, not three. A third one is for choosing: how long to train, which
network. You will choose nothing by looking at results, so you need none. The moment you try a
second base because the first was not good enough, you do.
"""

# %% [markdown]
r"""
## 3. A frozen base

A few dozen pictures cannot train fifteen million numbers. So you borrow them, as at the end of
chapter 9: VGG16's convolutions, trained on ImageNet, **frozen**. What it says of a picture is 512
maps; the average of each of them is one number. These numbers are the picture's **features**.

**A question.** Some layers do something else while they are trained. Dropout switches numbers off.
Batch normalization (chapter 7) measures the mean of the batch that it is given. What would happen
to the features of *one* picture, if the base ran as in training? They would depend on which other
pictures are in its batch. So tell Keras that this is not training: `base(x, training=False)`.

A base takes only so many pictures at once. The rest must wait, and none may be forgotten.
"""

# %% guess
guess("forgotten_pictures")

# %% [markdown]
r"""
### Exercise 3: frozen_features
"""


# %% exercise="frozen_features"
def frozen_features(base, images, batch=32):
    """What a frozen base says of pictures: the average of each of its maps.

    Parameters
    ----------
    base : keras.Model
        Takes what `vgg_preprocess` gives for a batch, and answers with maps (n, h, w, C). It may
        have layers that behave differently in training.
    images : array, shape (N, H, W, 3), uint8
        Red, green, blue from 0 to 255.
    batch : int
        So many pictures at most go through the base at once; 1 or more.

    Returns
    -------
    array, shape (N, C), float32

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` that contains the word ``batch`` if it
    is below 1.
    """
    ### BEGIN SOLUTION
    found = []
    for i in range(0, len(images), batch):
        maps = base(vgg_preprocess(images[i : i + batch]), training=False)
        found.append(np.mean(maps, axis=(1, 2)))
    return np.concatenate(found)
    ### END SOLUTION


# %%
base, which = load_vgg()
base.trainable = False
print("The base is", which)
if ready(load_folder) and ready(frozen_features):
    features = frozen_features(base, images)
    print("features:", features.shape)
    print(f"smallest mean of a feature: {features.mean(axis=0).min():.3f}")
    print(f"largest mean of a feature:  {features.mean(axis=0).max():.3f}")

# %% [markdown]
r"""
Every picture went through the base once. From here on everything is quick.

Look at the last two lines. The features live on very different scales. A feature that is a
thousand times larger than another is not a thousand times more important.
"""

# %% [markdown]
r"""
## 4. Your head

On the features sits a small network of your own, the **head**. It has two layers:

- `keras.layers.Normalization()`: subtracts each feature's mean and divides by its standard
  deviation. It has no weights to train; `adapt(features)` shows it the features, and it remembers
  their means and variances. It is chapter 8's `fit_standardizer`, as a layer. Why a layer? Because
  then the head takes *raw* features, and nobody can forget to standardize.
- `keras.layers.Dense(classes, activation="softmax", kernel_regularizer=…)`: one number for each
  class. There are hundreds of weights for each class and only a few dozen pictures. So large
  weights must cost something: **L2 regularization**, `keras.regularizers.L2(0.01)`.

**A question.** Which features may `adapt` see, those of all pictures? No: the training pictures'
alone, as in chapter 8. The function gets nothing else.

**Which loss?** The labels are whole numbers, 0, 1, 2. The loss `"categorical_crossentropy"` wants
a row for each label, `[0, 1, 0]` for class 1, a **one-hot** vector.
`"sparse_categorical_crossentropy"` takes the number itself.

Keras draws the first weights. Let `rng.integers` draw a whole number, and give it to
`keras.utils.set_random_seed`. Then you can repeat a run.
"""

# %% [markdown]
r"""
### Exercise 4: fit_head
"""


# %% exercise="fit_head"
def fit_head(features, labels, classes, rng):
    """Train a small classifier on features.

    Parameters
    ----------
    features : array, shape (N, D), float32
        As `frozen_features` gives them. Each has its own scale.
    labels : array of int, shape (N,)
        From 0 to ``classes - 1``.
    classes : int
    rng : np.random.Generator
        For your randomness.

    Returns
    -------
    keras.Model
        Takes features (n, D) as they are, and gives probabilities (n, classes). A Normalization
        layer, adapted to ``features``, then one Dense layer with softmax and an L2 penalty;
        trained until it is right for 95 of 100 new pictures, where the classes are far apart.

    Notes
    -----
    Beyond the exercise, for no points: a ``ValueError`` that contains the word ``labels`` if
    there are not as many as features.
    """
    ### BEGIN SOLUTION
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    scale = keras.layers.Normalization()
    scale.adapt(features)
    penalty = keras.regularizers.L2(0.01)
    last = keras.layers.Dense(classes, activation="softmax", kernel_regularizer=penalty)
    head = keras.Sequential([scale, last])
    head.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    head.fit(features, labels, epochs=30, verbose=0)
    return head
    ### END SOLUTION


# %% [markdown]
r"""
Which number would you tell a friend? The next cell makes two: one by a shuffled split, and one by
your honest one.
"""

# %% guess
guess("which_head_looks_better")

# %%
if all(map(ready, (load_folder, honest_split, frozen_features, fit_head))):
    shuffled = split(labels, (0.7, 0.3), np.random.default_rng(0))
    for kind, parts in {"shuffled": shuffled, "honest": (train, test)}.items():
        head = fit_head(features[parts[0]], labels[parts[0]], len(names), np.random.default_rng(0))
        right = [np.asarray(head(features[p])).argmax(axis=1) == labels[p] for p in parts]
        print(f"{kind:9} training {right[0].mean():4.0%}   test {right[1].mean():4.0%}")
    probabilities = np.asarray(head(features[test]))

# %% [markdown]
r"""
With the course's folder and VGG16 the honest number is clearly the lower one, by more than ten
points. The network is the same in both. Nothing became worse but the question, which became
harder: the one that you wanted to ask.

How sure is the number itself? The test holds some 70 pictures, but only two dozen scenes, and
pictures of one scene are mostly right or wrong together. So it may easily be off by 16 points up or
down. The page at the end says so, too.
"""

# %% [markdown]
r"""
## 5. The worst mistakes

Chapter 6 showed a wall of mistakes. Half an hour with it is still the best thing that you can do
for a network. Sort them by how *sure* the network was: a mistake at 0.51 is a coin toss, one at
0.99 is a misunderstanding.

The **answer** is the class with the largest probability, and that probability says how sure the
network was.

Try it by hand.
"""

# %% guess
guess("mistakes_in_order")

# %% [markdown]
r"""
### Exercise 5: worst_mistakes
"""


# %% exercise="worst_mistakes"
def worst_mistakes(labels, probabilities, k):
    """The wrong answers of which a network was most sure.

    Parameters
    ----------
    labels : array of int, shape (N,)
        What the pictures show.
    probabilities : array, shape (N, classes)
        The answer is the class with the largest one.
    k : int
        So many mistakes at most; fewer where there are fewer.

    Returns
    -------
    array of int, shape (at most k,)
        Places in ``labels``, the surest mistake first; of two equally sure ones, the lower place.

    Notes
    -----
    Beyond the exercise, for no points: lists; a ``ValueError`` that contains the word ``labels``,
    ``probabilities`` or ``k`` where these do not fit together, or k is negative.

    >>> p = np.array([[0.4, 0.6], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])
    >>> worst_mistakes(np.array([0, 1, 0, 1]), p, 2)
    array([2, 3])
    """
    ### BEGIN SOLUTION
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    sure = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-sure, kind="stable")[:k]]
    ### END SOLUTION


# %% [markdown]
r"""
And now ask *why*. The base and your head together are one network, and Grad-CAM (chapter 12) shows
which places speak for its answer. Of each scene you see one mistake.
"""

# %%
have_answers = all(
    map(ready, (load_folder, honest_split, frozen_features, fit_head, worst_mistakes))
)
if have_answers:
    network = heads.whole_model(base, head)
    worst = worst_mistakes(labels[test], probabilities, len(test))
    first = np.sort(np.unique(scenes[test][worst], return_index=True)[1])
    worst = worst[first][:6]  # one of each scene
    pictures, said = images[test][worst], probabilities[worst].argmax(axis=1)
    overlays = [
        heatmaps.overlay(
            picture,
            grad_cam(network, vgg_preprocess(picture), answer, explain.LATE[which]),
        )
        for picture, answer in zip(pictures, said, strict=True)
    ]
    shown = [each for pair in zip(pictures, overlays, strict=True) for each in pair]
    titles = [
        text
        for place, answer in zip(worst, said, strict=True)
        for text in (f"is {names[labels[test][place]]}", f"says {names[answer]}")
    ]
    for i in range(0, len(shown), 6):  # three mistakes in a row
        figures.photos(
            *shown[i : i + 6],
            titles=titles[i : i + 6],
            counted=False,
            alt="The worst mistakes; beside each, in blue, what speaks for the wrong answer.",
        ).show()
    print("rows: what it is; columns: what the network says; both in the order", names)
    print(showcase.confusion_table(labels[test], probabilities.argmax(axis=1), len(names)))

# %% [markdown]
r"""
Go through them one by one. Is the label right? Is the thing in the middle? Does the network look
at the thing, or at what usually stands beside it? If all your mushrooms were photographed in the
morning, you have built a network that tells the time.
"""

# %% [markdown]
r"""
## 6. May you believe it?

Your network says 0.9. How often is it right when it says so? In 90 of 100 cases, one would hope.
A network of which this is true is **calibrated**. Many are not: they have been trained until
every training picture was named with certainty, and certainty is what they have learned.

Test it. Put the test pictures into **bins** by how sure the network was: from 0 to 0.1, from 0.1
to 0.2, and so on. In each bin take two means: how sure was it (**confidence**), and how often was
it right (**accuracy**)? In an honest network the two agree. As a picture this is a **reliability
diagram**.

A top probability $p$ belongs to bin $\lfloor p \cdot \text{bins} \rfloor$.

**An example by hand.** Two bins. Two pictures of the classes 0 and 1, with (0.875, 0.125) and
(0.625, 0.375). Both top probabilities are in bin 1. Confidence: $(0.875 + 0.625) / 2 = 0.75$.
Accuracy: the first is right, the second wrong: 0.5. Count: 2. And bin 0? It is empty. Its
confidence is not 0, and its accuracy is not 0 either: nobody knows. NumPy's word for that is
`np.nan`.

**A trap.** Where does $p = 1$ belong?
"""

# %% guess
guess("bin_of_certainty")

# %% [markdown]
r"""
### Exercise 6: calibration
"""


# %% exercise="calibration"
def calibration(labels, probabilities, bins=10):
    """How sure a network was, and how often it was right, in bins of its certainty.

    Parameters
    ----------
    labels : array of int, shape (N,)
    probabilities : array, shape (N, classes)
        The answer is the class with the largest one, p; its bin is floor(p * bins), and the last
        bin for p = 1.
    bins : int
        1 or more; equally wide, from 0 to 1.

    Returns
    -------
    confidence : array, shape (bins,)
        The mean of p in each bin; NaN in an empty one.
    accuracy : array, shape (bins,)
        The share of right answers in each bin; NaN in an empty one.
    count : array of int, shape (bins,)
        Pictures in each bin.

    Notes
    -----
    Beyond the exercise, for no points: lists; a ``ValueError`` that contains the word ``labels``,
    ``probabilities`` or ``bins`` where these do not fit together, or bins is below 1.

    >>> confidence, accuracy, count = calibration(
    ...     np.array([0, 1]), np.array([[0.875, 0.125], [0.625, 0.375]]), bins=2)
    >>> confidence.tolist(), accuracy.tolist(), count.tolist()
    ([nan, 0.75], [nan, 0.5], [0, 2])
    """
    ### BEGIN SOLUTION
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((sure * bins).astype(int), bins - 1)
    means = np.full((2, bins), np.nan)
    count = np.bincount(place, minlength=bins)
    for i in np.flatnonzero(count):
        means[:, i] = sure[place == i].mean(), right[place == i].mean()
    return means[0], means[1], count
    ### END SOLUTION


# %%
have_answers = have_answers and ready(calibration)
if have_answers:
    bins = calibration(labels[test], probabilities)
    reliability(*bins).show()
    apart = 100 * expected_calibration_error(*bins)
    print(f"On average, confidence and accuracy are {apart:.0f} points apart.")

# %% [markdown]
r"""
A bar is as high as the share that was right, and its point stands where the network's mean
certainty is. In an honest network all points lie on the dashed line. The small bars below say how
many pictures are in each bin.

The number is called the **expected calibration error**: the distance in each bin, weighted by how
many pictures are in it. With few test pictures it is never 0, even for an honest network:
chance moves each bar.

### Play with it

Below is your own network. As long as something is missing, you see another: chapter 9's linear
probe on its test pictures of cats and dogs.

- Change the number of bins. With very many of them, the diagram gets wild. Why?
- Let it answer *only if it is sure*. How many pictures stay without an answer, and what do you
  gain? A network that may keep silent can be worth more than a better one that may not.
- Look at the worst mistakes. Would you have known?
"""

# %%
answers = Answers(names, images[test], labels[test], probabilities) if have_answers else None
demo(worst_mistakes, calibration, answers)

# %% [markdown]
r"""
## 7. Two bugs

Two boxes, as in chapter 1: each holds one of your functions, with one mistake in it. **Name the
mistake, and expose it** with an input on which it alone shows, of as few numbers as you can.
"""

# %% [markdown]
r"""
### Bug 1: the wall of mistakes

Three pictures of class 0, and all three are mistakes. The box puts them in an order. **Which one
should be first?** And how does the box do with two classes?
"""

# %%
broken_worst_mistakes = box("worst_mistakes")
three = np.array([[0.3, 0.6, 0.1], [0.1, 0.5, 0.4], [0.2, 0.1, 0.7]])
print("three classes:", broken_worst_mistakes(np.zeros(3), three, 3))
two = np.array([[0.4, 0.6], [0.1, 0.9], [0.3, 0.7]])
print("two classes:  ", broken_worst_mistakes(np.zeros(3), two, 3))

# %%
broken_worst_mistakes


# %% exercise="expose_worst_mistakes"
def expose_worst_mistakes():
    """Name the mistake in ``broken_worst_mistakes``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (labels, probabilities, k)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 9 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "by-the-truth", (np.array([0, 0]), np.array([[0.25, 0.75, 0], [0, 0.5, 0.5]]), 1)
    ### END SOLUTION


# %% [markdown]
r"""
### Bug 2: how sure, how right

Six pictures in four bins. The second box gives confidence, accuracy and count. **Check one line of
it by adding up.**
"""

# %%
broken_calibration = box("calibration")
sure = np.array([1, 0.8, 0.6, 1, 0.9, 0.7])
six = np.stack([sure, 1 - sure], axis=1)
for what in broken_calibration(np.array([0, 0, 1, 0, 1, 0]), six, 4):
    print(np.round(what, 3))

# %%
broken_calibration


# %% exercise="expose_calibration"
def expose_calibration():
    """Name the mistake in ``broken_calibration``, and give a small input on which it shows.

    Returns
    -------
    name : str
        One of the names on the box's list.
    arguments : tuple (labels, probabilities, bins)
        On them the box gives a wrong result, and every other mistake on the list would give the
        right one. Full marks for at most 4 numbers in all; more than 64 are not tried.
    """
    ### BEGIN SOLUTION
    return "probability-one-lost", (np.array([0]), np.array([[1.0, 0.0]]), 1)
    ### END SOLUTION


# %% [markdown]
r"""
## 8. A page to show

Here it comes together: what your network can do, how sure that is, what it confuses, whether it may
be believed, and where it looked when it was wrong.

**This page shows your photographs.** It is one file, `my_photographs.html`, beside this notebook.
The pictures in it are small copies of their pixels: place, time and camera from the EXIF data are
not in it. But what is *on* a photograph is. So before you give the file to anybody, look at each
picture in it. Is there a person who has not been asked?

Write one or two sentences of your own into `REMARK`: what is on the pictures, what you found out
from the worst mistakes, and what you would do next.
"""

# %%
TITLE = "Cats and dogs, by a borrowed network" if FOLDER is None else " or ".join(names) + "?"
REMARK = ""
if have_answers:
    learned = sum(int(np.prod(w.shape)) for w in head.trainable_weights)
    page = showcase.page(
        showcase.Showcase(
            title=TITLE,
            names=names,
            images=images[test],
            labels=labels[test],
            probabilities=probabilities,
            scenes=scenes[test],
            worst=worst,
            overlays=overlays,
            calibration=bins,
            facts=[
                f"{len(images)} pictures of {scenes.max() + 1} scenes; {len(train)} to train with, "
                f"{len(test)} for the test. No scene is in both.",
                f"A frozen {which}, and a head with {learned:,} learned numbers on its features.",
                f"{len(skipped)} files were left out: hidden, or no pictures.",
            ],
            remark=REMARK,
        )
    )
    path = Path("my_photographs.html")
    path.write_text(page, encoding="utf-8")
    print(f"{path.resolve().name}: {len(page) // 1024} KB. Open it in a browser.")

# %% [markdown]
r"""
## 9. What you have built

- `load_folder`: a folder from a camera becomes arrays, and nothing is dropped in silence.
- `honest_split`: whole scenes are dealt, so that the test asks the right question.
- `frozen_features`, `fit_head`: a borrowed network, and a head of your own.
- `worst_mistakes`: the ones to learn from.
- `calibration`: whether its certainty may be believed.

### Questions

Think first, then open the answer.

<details><summary>Your test accuracy is 95 of 100. A friend tries the network on photographs of
their own, and it is right in 70. What has happened?</summary>

Your test asks about *your* scenes, your camera, your light. Other scenes of the same kind are one
step further away, a friend's photographs another one. (This is called a **distribution shift**.)
Ask for pictures from others before you promise anything to others.

</details>

<details><summary>You look at the worst mistakes, remove three bad photographs from the test, and
measure again. Is the new number honest?</summary>

If the labels were wrong or nothing could be seen, and you would have removed them without knowing
the answer: yes. If you removed them *because* they were wrong: no. To be safe, look at all
pictures before you train.

</details>

<details><summary>All pictures of a class have the same watermark. Which number of this chapter
would tell you?</summary>

None: accuracy would be high, on an honest split, too, and calibration perfect. Only Grad-CAM would
show it, or a picture without the watermark. It is the snow of chapter 12.

</details>

<details><summary>The network is right in half of two classes, and says 0.5 every time. Is it
calibrated?</summary>

Perfectly, and it is useless. Calibration says whether certainty can be believed, not whether
there is any.

</details>

<details><summary>You have twenty photographs in all. What can you still say?</summary>

Six test pictures decide little: five right of six may mean nearly anything above a half. But you
can look at every single one. And you can repeat the whole split with several generators and take
the mean; that is called **cross-validation**.

</details>

### Does it know what a cat is?

The question came up in chapter 4, and it has come back ever since. Now it is a question about
*your* things, and you have what it takes to answer: an honest test, the worst mistakes, the places
where it looked, and a number that says whether to believe it. You will not be able to say yes. But
you will be able to say what it does, and how you know.

This is the end of the course, and the page is yours. Show it to somebody.

### Read on

- C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, *On Calibration of Modern Neural Networks*, ICML
  2017, [arXiv:1706.04599](https://arxiv.org/abs/1706.04599): reliability diagrams, and a cure.
- J. R. Zech et al., *Variable Generalization Performance of a Deep Learning Model to Detect
  Pneumonia in Chest Radiographs*, PLOS Medicine 15, 2018,
  [arXiv:1807.00431](https://arxiv.org/abs/1807.00431): a network that recognized the hospital.
- S. Kapoor, A. Narayanan, *Leakage and the Reproducibility Crisis in Machine-Learning-Based
  Science*, Patterns 4, 2023, [arXiv:2207.07048](https://arxiv.org/abs/2207.07048): how often a
  split was not honest.
- M. Mitchell et al., *Model Cards for Model Reporting*, FAT* 2019,
  [arXiv:1810.03993](https://arxiv.org/abs/1810.03993): what a page about a network should say.

[Glossary](../pages/glossary.ipynb) · [Formula sheet](../pages/formulas.ipynb)
"""
