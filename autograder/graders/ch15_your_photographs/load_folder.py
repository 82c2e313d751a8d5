"""Chapter 15's folder of pictures, written by the driver, read by the learner.

Some facts are statistical: another generator must give another order, and the classes must be
mixed. A right function breaks one of them where two generators shuffle 20 pictures alike, or one
leaves each class in a row: fewer than 1 in a hundred million submissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch15_your_photographs._folder_mistakes import (
    BILINEAR,
    FILTERS,
    boxed,
    counted,
    counted_from_one,
    cut_with,
    fitted,
    from_corner,
    listed_labels,
    listed_names,
    padded,
    small_window,
    sorted_labels,
    steps,
    stretched,
)
from cnnlab.autograder.graders.ch15_your_photographs._folders import (
    File,
    class_of,
    facts,
    file,
    files,
    is_hidden,
    is_readable,
    on_disk,
    picture,
    smooth_picture,
    stated,
    written,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.autograder.sandbox.drivers import ch15
from cnnlab.course.ops import Array

Rng = np.random.Generator

JPEG_TERMS = 70_000
"""So many roundings of a number near 255 are two gray levels: what decoders of JPEG differ by."""
ANIMALS = ("owl", "cat", "newt", "bee")
BROKEN: dict[str, Any] = {"kind": "text"}


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, size: int, given: list[File], title: str, asks: str = "", **more: Any
    ) -> Probe:
        seeds = [int(seed) for seed in rng.choice(1000, 2, replace=False)]
        told = {
            "files": given,
            "seeds": [*seeds, seeds[0]] if asks == "draws" else seeds[:1],
            "asks": asks or rung,
            "text": rung == "robust",
        }
        return Probe(rung, ("animals", size), title=title, given=told, **more)

    def some(shapes: list[tuple[int, int]], count: int = 2) -> list[File]:
        names = [f"{kind}/{i}.png" for i in range(count) for kind in ANIMALS]
        return files(rng, names, shapes)

    wide, tall = [(8, 14), (8, 19)], [(13, 8), (18, 8)]
    yield probe("shape", 8, some([(8, 8), (12, 12)]), "eight pictures of four classes")
    yield probe("by-hand", 8, some([(8, 8)]), "they have the right size", "images")
    yield probe("by-hand", 8, some(wide), "wider than high: cut only", "images")
    yield probe("by-hand", 8, some(tall), "higher than wide: cut only", "images")
    yield probe("labels", 4, some([(6, 6), (6, 8)], 3), "four folders", "labels")
    yield probe("labels", 4, files(rng, [f"{c}/a.png" for c in "zxy"], [(5, 5)]), "three", "labels")
    yield probe("structure", 6, some([(12, 20), (22, 15)]), "cut, then made smaller", "images")
    yield probe("structure", 12, some([(5, 8), (7, 6)]), "cut, then made larger", "images")
    yield probe("structure", 8, _turned(rng), "the camera was turned", "images")
    yield probe("structure", 8, _modes(rng), "gray and transparent ones", "images")
    yield probe("draws", 4, some([(4, 4)], 5), "twenty pictures", "draws")
    yield from _incomplete(rng, probe)
    jpegs = [_jpeg(rng, f"{c}/{i}.jpg", i) for i in range(2) for c in ("day", "night")]
    yield probe("reference", 16, jpegs, "JPEGs", "images", terms=JPEG_TERMS)
    turned = [each | {"turned": t} for each, t in zip(jpegs, (6, 3, 8, 1), strict=True)]
    yield probe("reference", 16, turned, "JPEGs, turned", "images", terms=JPEG_TERMS)
    yield probe("robust", 4, some([(4, 4)]), "the folder as a text", "images")


def _incomplete(rng: Rng, probe: Callable[..., Probe]) -> Iterator[Probe]:
    """Folders in which not everything is a picture."""

    def good() -> list[File]:
        return files(rng, ["cat/1.png", "dog/1.png", "dog/2.png"], [(6, 6)])

    spare = picture(rng, (6, 6), (0, 0, 240))
    seen = file("dog/.2.png", spare)
    yield probe("left-out", 4, [*good(), seen], "a hidden picture", "left out")
    store = file("cat/.DS_Store", **BROKEN)
    yield probe("left-out", 4, [*good(), store], "a hidden file of the system", "left out")
    below = file(".cache/1.png", spare)
    yield probe("left-out", 4, [*good(), below], "a hidden folder", "left out")
    text = file("cat/notes.txt", **BROKEN)
    yield probe("left-out", 4, [*good(), text], "a text among them", "left out")
    beside = file("notes.txt", **BROKEN)
    yield probe("left-out", 4, [*good(), beside], "a text beside the folders", "left out")
    half = _jpeg(rng, "dog/0.jpg", 1) | {"kept": 0.6}
    yield probe("left-out", 4, [*good(), half], "half a JPEG", "left out")
    empty = file("cat/2.png", spare) | {"kept": 0.0}
    yield probe(
        "left-out", 4, [*good(), empty, seen], "an empty file, and a hidden one", "left out"
    )


def _turned(rng: Rng) -> list[File]:
    names = ("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    plain = files(rng, names, [(8, 13), (8, 8), (12, 8)])
    return [each | {"turned": turn} for each, turn in zip(plain, (6, 8, 3, 6), strict=True)]


def _modes(rng: Rng) -> list[File]:
    plain = files(rng, ("a/1.png", "a/2.png", "b/1.png"), [(8, 10), (11, 8)])
    gray = np.repeat(plain[0]["pixels"][..., :1] // 2, 3, axis=-1)
    return [
        plain[0] | {"pixels": gray, "mode": "L"},
        plain[1] | {"mode": "RGBA"},
        plain[2],
    ]


def _jpeg(rng: Rng, name: str, row: int) -> File:
    color = {"cat": (40, 90, 150), "dog": (60, 200, 90), "day": (190, 120, 60)}
    red, green, blue = color.get(class_of(file(name)), (70, 60, 170))
    shape = (32, 44) if row else (40, 32)
    return file(name, smooth_picture(rng, shape, (red + 15 * row, green, blue)), kind="JPEG")


# The reference: files are read and scaled by Keras; EXIF and cutting are NumPy's


def keras_folder(folder: str, size: int, given: dict[str, Any]) -> Any:
    """What must come out. Keras reads and scales; nothing here knows of EXIF or of Pillow's crop."""
    from keras import utils

    good = [each for each in given["files"] if is_readable(each) and not is_hidden(each)]
    good.sort(key=lambda each: each["name"])
    found = []
    with TemporaryDirectory() as place:
        for each in good:
            ch15.write(Path(place), on_disk(each))
            stored = utils.img_to_array(utils.load_img(str(Path(place, each["name"]))))
            square = _middle(_upright(stored, each["turned"]))
            utils.save_img(str(Path(place, "square.png")), square, scale=False)
            scaled = utils.load_img(
                str(Path(place, "square.png")), target_size=(size, size), interpolation="bilinear"
            )
            found.append(utils.img_to_array(scaled, dtype="uint8"))
    if given["asks"] == "shape":
        return {"images": np.stack(found), "labels": np.zeros(len(found), np.int64)}
    return stated(given["asks"], given["files"], np.stack(found))


def _upright(stored: Array, turned: int) -> Array:
    """By EXIF's definition: what row and column 0 of the file are in the scene."""
    if turned == 6:  # row 0 is the right side, column 0 the top
        return stored.transpose(1, 0, 2)[:, ::-1]
    if turned == 8:  # row 0 is the left side, column 0 the bottom
        return stored.transpose(1, 0, 2)[::-1]
    return stored[::-1, ::-1] if turned == 3 else stored


def _middle(pixels: Array) -> Array:
    side = min(pixels.shape[:2])
    top, left = ((n - side) // 2 for n in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


_STRETCHES = "Your pictures are stretched: a wide one was pressed into a square. What must be cut off before you scale it?"
_CORNER = "You cut the square from the upper left corner. People put what matters in the middle. Where must the square begin, if the picture is wider than high?"
_FILE_ORDER = "Your labels follow the order in which files or folders were found. Another computer lists them in another order. What gives the same numbers everywhere?"
_HIDDEN = "You read hidden files, too. Their names begin with a dot, and systems leave them in folders unasked. What should happen to them?"
_LISTED = "What you leave out is not in your list of skipped files. Nobody will find out that it is missing. Where can you note it down?"
_FILTER = "You scale with another filter than bilinear. The numbers come out a little different. Which filter does the exercise name, and how is it passed on?"
_SHAPES = "Some of your pictures have no three colors. Gray and transparent files have another number of channels. What makes all of them alike?"

EXERCISE = Exercise(
    name="load_folder",
    points={
        "shape": 0.5,
        "by-hand": 1.5,
        "labels": 1.5,
        "structure": 2,
        "left-out": 2,
        "draws": 0.75,
        "reference": 0.75,
    },
    probes=probes,
    keras_reference=keras_folder,
    numpy_op=steps,
    driver="ch15.folder",
    sent=written,
    simulated=True,
    describe=facts,
    evidence=1,  # whole pictures, or sentences that are true of the whole folder
    variants=tuple(
        Twist(
            name,
            with_mistake(cut=cut),
            "Your pictures differ from ours by a few gray levels near the border: Pillow looks "
            "a little beyond the square, or cuts at half a pixel. Both are fine. Where would you see a difference?",
        )
        for name, cut in (("scaled-in-a-box", boxed), ("fitted", fitted))
    ),
    twists=(
        *(Twist("stretches", with_mistake(cut=stretched(f)), _STRETCHES) for f in FILTERS.values()),
        *(
            Twist("cuts-from-the-corner", with_mistake(cut=from_corner(f)), _CORNER)
            for f in FILTERS.values()
        ),
        Twist(
            "cuts-before-scaling",
            with_mistake(cut=small_window),
            "You cut a window of the final size, so most of a large photograph is lost. First take the largest square, then scale it. How large is that?",
        ),
        Twist(
            "adds-bars",
            with_mistake(cut=padded),
            "Your pictures have black bars. The network would see them as a thing. Cut the long side instead: how much is left over?",
        ),
        *(
            Twist("other-filter", with_mistake(cut=cut_with(f)), _FILTER)
            for f in FILTERS.values()
            if f != BILINEAR
        ),
        Twist(
            "exif-ignored",
            with_mistake(upright=False),
            "Photographs that were taken with a turned camera lie on their side. The file says how to turn them. Which function of ImageOps does that?",
        ),
        Twist("not-rgb", with_mistake(mode=""), _SHAPES),
        *(
            Twist("labels-by-file-order", with_mistake(label=label), _FILE_ORDER)
            for label in (listed_names, listed_labels, sorted_labels, counted)
        ),
        Twist(
            "labels-from-one",
            with_mistake(label=counted_from_one),
            "Your labels begin with 1. A label is a place in names. What is the place of the first name?",
        ),
        Twist(
            "shuffled-apart",
            with_mistake(apart=True),
            "The pictures were shuffled and their labels were not, so they no longer belong together. How can one order serve both?",
        ),
        Twist("hidden-files", with_mistake(hidden="read"), _HIDDEN),
        Twist("hidden-files", with_mistake(hidden="read", hidden_folders=True), _HIDDEN),
        Twist(
            "hidden-folders",
            with_mistake(hidden_folders=True),
            "A hidden folder became a class. Systems and notebooks make such folders by themselves. How do you tell them from classes?",
        ),
        *(
            Twist(
                "stops-at-broken",
                with_mistake(broken="stops", hidden=hidden),
                "One broken file stops everything. Among a thousand photographs there is always one. What can you do with the error that Pillow raises?",
            )
            for hidden in ("skipped", "dropped")
        ),
        *(
            Twist("skipped-not-listed", with_mistake(hidden=hidden, broken=broken), _LISTED)
            for hidden, broken in (
                ("dropped", "dropped"),
                ("dropped", "skipped"),
                ("skipped", "dropped"),
            )
        ),
        Twist(
            "not-shuffled",
            with_mistake(order=lambda n, rng: np.arange(n)),
            "Your pictures come in the order of the folders: first all of one class, then all of the next. Let rng choose the order.",
        ),
        Twist(
            "reseeds",
            with_mistake(generator=lambda seed: np.random.default_rng(0)),
            "Your order is the same for every generator. Draw from rng itself, and make no generator of your own.",
        ),
        Twist(
            "generator-ignored",
            with_mistake(generator=lambda seed: np.random.default_rng()),
            "The same generator gives another order each time. Draw from rng alone, so that a run can be repeated.",
        ),
    ),
    hints=(
        "Do it as you would by hand: open one folder after the other, take one file after the other, make it a square, and write down what you left out. What do you know about a picture when you know its folder?",
        "Path.iterdir gives what is in a folder. Image.open, ImageOps.exif_transpose, convert, crop and resize each do one step for one file. In which order?",
        "A file that is no picture makes Pillow raise OSError: when it is opened, or only when its pixels are read. Which steps must stand inside the try?",
    ),
    rung_hints={
        "shape": "Four things come back: pictures (N, size, size, 3), a label for each, the names, and what was skipped. What does your function return?",
        "by-hand": "These pictures need no scaling. A picture of 8 rows and 14 columns loses three columns on the left. How do you get this 3?",
        "labels": "names is sorted, and a label is a place in names. What does your label depend on?",
        "structure": "Cut first, then scale with the filter BILINEAR. Some files say how to turn them, some are gray. Which step is missing?",
        "left-out": "Hidden files and broken ones are left out, and they are listed in skipped. Look at one of these files: what does your function do with it?",
        "draws": "One permutation from rng orders pictures and labels alike. Where do you draw it?",
        "reference": "JPEGs may differ by two gray levels. What is different about these?",
        "robust": "A folder may come as a text, too. What makes a Path of it?",
    },
)
