"""Chapter 15's folders, splits and answers as learners write them, right and wrong."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.course.ops.evaluation import split
from cnnlab.datasets import folders

KEYS = recorded("ch15_your_photographs")


def named(exercise, function, name):
    result = judge_function(KEYS[exercise], function)
    assert (result.diagnosis, result.passed) == ([name], False)
    assert result.score < result.max_score


def right(exercise, function):
    result = judge_function(KEYS[exercise], function)
    assert (result.score, result.passed) == (result.max_score, True), result.message
    return result


# load_folder


def loader(square=None, upright=True, hidden=False, order=None, names=sorted, mode="RGB", stop=()):
    """A folder read with `os`, as texts, with one thing of the learner's own."""

    def cut(image, size):
        w, h = image.size
        s = min(w, h)
        x, y = int((w - s) / 2), int((h - s) / 2)
        return image.crop((x, y, x + s, y + s)).resize((size, size), Image.BILINEAR)

    def load_folder(folder, size, rng):
        folder = str(folder)
        kinds = [k for k in os.listdir(folder) if Path(folder, k).is_dir() and k[0] != "."]  # noqa: PTH208
        kinds = names(kinds)
        found, skipped = [], []
        for kind in kinds:
            for name in os.listdir(f"{folder}/{kind}"):  # noqa: PTH208
                path = f"{folder}/{kind}/{name}"
                if name.startswith(".") and not hidden:
                    skipped.append(path)
                    continue
                try:
                    with Image.open(path) as image:
                        image.load()
                        image = ImageOps.exif_transpose(image) if upright else image
                        image = image.convert(mode) if mode else image
                    found.append((np.array((square or cut)(image, size)), kinds.index(kind)))
                except stop:
                    raise
                except Exception:
                    skipped.append(path)
        if order is None:
            found = [found[i] for i in rng.permutation(len(found))]
        images, labels = zip(*found, strict=True)
        return np.array(images), list(labels), kinds, skipped

    return load_folder


def read_by_keras(folder, size, rng):
    """Keras reads and cuts; EXIF is read beside it."""
    from keras import utils

    classes = tuple(sorted(p.name for p in folder.glob("[!.]*") if p.is_dir()))
    files = [p for p in sorted(folder.glob("*/*")) if p.parent.name in classes]
    rng.shuffle(files)
    x, y, left_out = [], [], set()
    for path in files:
        try:
            if path.name.startswith("."):
                raise OSError("hidden")
            with Image.open(path) as image:
                turn = image.getexif().get(0x0112, 1)
            pixels = utils.img_to_array(utils.load_img(path), dtype="uint8")
            pixels = np.rot90(pixels, {1: 0, 3: 2, 6: 3, 8: 1}[turn])
            n = min(pixels.shape[:2])
            top, left = ((m - n) // 2 for m in pixels.shape[:2])
            middle = utils.array_to_img(pixels[top : top + n, left : left + n], scale=False)
            x.append(np.asarray(middle.resize((size, size), Image.BILINEAR)))
            y.append(classes.index(path.parent.name))
        except (OSError, UnidentifiedImageError):
            left_out.add(path)
    return np.stack(x), np.asarray(y, np.int32), classes, sorted(left_out)


@pytest.mark.parametrize(
    "function",
    [loader(), pytest.param(read_by_keras, marks=[pytest.mark.slow]), folders.load_folder],
)
def test_folders_are_read_in_many_ways(function):
    right("load_folder", function)


@pytest.mark.parametrize(
    "square",
    [
        lambda image, size: ImageOps.fit(image, (size, size), Image.BILINEAR),
        lambda image, size: image.resize(
            (size, size),
            Image.BILINEAR,
            (
                (image.width - min(image.size)) // 2,
                (image.height - min(image.size)) // 2,
                (image.width - min(image.size)) // 2 + min(image.size),
                (image.height - min(image.size)) // 2 + min(image.size),
            ),
        ),
    ],
)
def test_pillows_own_ways_to_a_square_are_right_and_remarked(square):
    result = right("load_folder", loader(square))
    assert any("near the border" in remark for remark in result.remarks)


def halves(image, size):
    """Cut in the middle, then scaled with Pillow's usual filter, which is bicubic."""
    n = min(image.size)
    left, top = ((m - n) // 2 for m in image.size)
    return image.crop((left, top, left + n, top + n)).resize((size, size))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (loader(lambda i, n: i.resize((n, n), Image.BILINEAR)), "stretches"),
        (loader(lambda i, n: i.resize((n, n))), "stretches"),
        (loader(halves), "other-filter"),
        (loader(upright=False), "exif-ignored"),
        (loader(hidden=True), "hidden-files"),
        (loader(order="as they lie there"), "not-shuffled"),
        (loader(names=lambda kinds: sorted(kinds, reverse=True)), "labels-by-file-order"),
        (loader(stop=OSError), "stops-at-broken"),
    ],
)
def test_mistakes_with_folders_are_named(function, name):
    named("load_folder", function, name)


def test_files_that_nobody_can_read_end_the_call_by_pillows_error(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(b"no picture")
    with pytest.raises(OSError, match="identify"):
        loader(stop=OSError)(tmp_path, 4, np.random.default_rng(0))


# honest_split


def by_dictionary(labels, groups, fractions, rng):
    """Groups in a dictionary; each goes where the squared distance to the goal falls most."""
    members = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    keys = sorted(members)
    rng.shuffle(keys)
    keys.sort(key=lambda g: len(members[g]), reverse=True)
    kinds = sorted(set(labels))
    goal = {(p, c): f * list(labels).count(c) for p, f in enumerate(fractions) for c in kinds}
    parts = [[] for _ in fractions]
    for key in keys:
        held = {c: sum(labels[i] == c for i in members[key]) for c in kinds}

        def gain(p, held=held):
            return sum(goal[p, c] ** 2 - (goal[p, c] - held[c]) ** 2 for c in kinds)

        best = max(range(len(parts)), key=gain)
        parts[best] += members[key]
        for c in kinds:
            goal[best, c] -= held[c]
    return [np.array(part, int) for part in parts]


def by_usual_class(labels, groups, fractions, rng):
    """Groups of one usual class are dealt among themselves, to whom lacks most pictures of it."""
    labels, groups = np.asarray(labels), np.asarray(groups)
    parts = [[] for _ in fractions]
    usual = {}
    for group in np.unique(groups):
        kinds, counts = np.unique(labels[groups == group], return_counts=True)
        usual.setdefault(kinds[np.argmax(counts)], []).append(group)
    for kind, own in usual.items():
        lack = [f * np.sum(labels == kind) for f in fractions]
        for group in rng.permutation(own):
            places = np.flatnonzero(groups == group)
            p = int(np.argmax(lack))
            parts[p].extend(places)
            lack[p] -= np.sum(labels[places] == kind)
    return tuple(np.array(part, int) for part in parts)


@pytest.mark.parametrize("function", [by_dictionary, by_usual_class])
def test_groups_are_dealt_in_many_ways(function):
    right("honest_split", function)


def without_groups(labels, groups, fractions, rng):
    return split(labels, fractions, rng)


def groups_alone(labels, groups, fractions, rng):
    kinds = rng.permutation(np.unique(groups))
    ends = (np.cumsum(fractions)[:-1] * len(kinds)).astype(int)
    return tuple(np.flatnonzero(np.isin(groups, part)) for part in np.split(kinds, ends))


def class_by_class(labels, groups, fractions, rng):
    parts = [[] for _ in fractions]
    for kind in np.unique(labels):
        lack = [f * np.sum(labels == kind) for f in fractions]
        for group in rng.permutation(np.unique(groups[labels == kind])):
            places = np.flatnonzero((groups == group) & (labels == kind))
            p = int(np.argmax(lack))
            parts[p].extend(places)
            lack[p] -= len(places)
    return tuple(np.array(part, int) for part in parts)


def seeded(labels, groups, fractions, rng):
    return by_usual_class(labels, groups, fractions, np.random.default_rng(42))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (without_groups, "group-leaks"),
        (class_by_class, "group-leaks"),
        (groups_alone, "not-stratified"),
        (seeded, "reseeds"),
    ],
)
def test_mistakes_with_groups_are_named(function, name):
    named("honest_split", function, name)


# worst_mistakes and calibration


def worst_by_sorting_pairs(labels, probabilities, k):
    wrong = [
        (-max(row), i)
        for i, (row, y) in enumerate(zip(probabilities, labels, strict=True))
        if list(row).index(max(row)) != y
    ]
    return [i for _, i in sorted(wrong)[:k]]


def worst_by_masking(labels, probabilities, k):
    p = np.asarray(probabilities)
    wrong = p.argmax(1) != np.asarray(labels)
    sure = np.where(wrong, p.max(1), -np.inf)
    return np.lexsort((np.arange(len(p)), -sure))[: min(k, wrong.sum())]


@pytest.mark.parametrize("function", [worst_by_sorting_pairs, worst_by_masking])
def test_the_worst_mistakes_are_found_in_many_ways(function):
    right("worst_mistakes", function)


def surest_right(labels, probabilities, k):
    return np.argsort(-probabilities.max(1), kind="stable")[:k]


def among_mistakes(labels, probabilities, k):
    wrong = probabilities.argmax(1) != labels
    return np.argsort(-probabilities[wrong].max(1), kind="stable")[:k]


def upside_down(labels, probabilities, k):
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(probabilities[wrong].max(1), kind="stable")][:k]


def surest_first_then_wrong(labels, probabilities, k):
    surest = np.argsort(-probabilities.max(1), kind="stable")[:k]
    return surest[probabilities[surest].argmax(1) != labels[surest]]


def by_truth(labels, probabilities, k):
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(probabilities[wrong, labels[wrong]], kind="stable")][:k]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (surest_right, "most-confident-right"),
        (among_mistakes, "places-among-mistakes"),
        (upside_down, "least-confident"),
        (by_truth, "by-the-truth"),
        (surest_first_then_wrong, "k-before-the-mistakes"),
    ],
)
def test_mistakes_with_mistakes_are_named(function, name):
    named("worst_mistakes", function, name)


def calibrated_by_hand(labels, probabilities, bins=10):
    inside = [[] for _ in range(bins)]
    for y, row in zip(labels, probabilities, strict=True):
        p = max(row)
        inside[min(int(p * bins), bins - 1)].append((p, list(row).index(p) == y))
    confidence = [float(np.mean([p for p, _ in b])) if b else float("nan") for b in inside]
    accuracy = [sum(ok for _, ok in b) / len(b) if b else float("nan") for b in inside]
    return confidence, accuracy, [len(b) for b in inside]


def calibrated_by_digitize(labels, probabilities, bins=10):
    sure = np.max(probabilities, axis=-1)
    ok = np.equal(np.argmax(probabilities, axis=-1), labels)
    where = np.clip(np.digitize(sure, np.linspace(0, 1, bins + 1)) - 1, 0, bins - 1)
    masks = [where == b for b in range(bins)]
    with np.errstate(invalid="ignore"):
        means = [
            np.array([np.sum(v[m]) for m in masks]) / [m.sum() for m in masks] for v in (sure, ok)
        ]
    return means[0], means[1], np.array([m.sum() for m in masks])


@pytest.mark.parametrize("function", [calibrated_by_hand, calibrated_by_digitize])
def test_calibration_is_computed_in_many_ways(function):
    right("calibration", function)


def zeros_where_empty(labels, probabilities, bins=10):
    return tuple(np.nan_to_num(row) for row in calibrated_by_digitize(labels, probabilities, bins))


def without_the_last(labels, probabilities, bins=10):
    sure, ok = probabilities.max(1), probabilities.argmax(1) == labels
    rows = np.full((3, bins), np.nan)
    for b in range(bins):
        inside = (sure >= b / bins) & (sure < (b + 1) / bins)
        rows[2, b] = inside.sum()
        if inside.any():
            rows[:2, b] = sure[inside].mean(), ok[inside].mean()
    return rows[0], rows[1], rows[2].astype(int)


@pytest.mark.parametrize(
    ("function", "name"),
    [(zeros_where_empty, "empty-bins-as-zero"), (without_the_last, "probability-one-lost")],
)
def test_mistakes_with_bins_are_named(function, name):
    named("calibration", function, name)


# The course's own folder


def test_the_course_brings_a_folder_as_it_comes_from_a_camera(tmp_path):
    folder = folders.example_folder(tmp_path / "animals")
    images, labels, names, skipped = folders.load_folder(folder, 32, np.random.default_rng(0))
    assert (images.shape, names) == ((240, 32, 32, 3), ["cat", "dog"])
    assert np.bincount(labels).tolist() == [120, 120]
    assert sorted(path.name for path in skipped) == [".DS_Store", "dog_broken.png"]
    again, *_ = folders.load_folder(folder, 32, np.random.default_rng(0))
    np.testing.assert_array_equal(images, again)
    shutil.rmtree(folder / "cat")
    shutil.rmtree(folder / "dog")
    with pytest.raises(ValueError, match="folder must hold"):
        folders.load_folder(folder, 32, np.random.default_rng(0))
    with pytest.raises(ValueError, match="folder must be"):
        folders.load_folder(Path(tmp_path / "nowhere"), 32, np.random.default_rng(0))


def test_a_jpeg_is_read_as_tensorflow_reads_it(tmp_path):
    import tensorflow as tf

    y, x = np.mgrid[:40, :64]
    pixels = np.stack([2 * y + x, 200 - 2 * x, 90 + y], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.jpg", quality=95, subsampling=0)
    body = (tmp_path / "one.jpg").read_bytes()
    theirs = tf.io.decode_jpeg(body, dct_method="INTEGER_ACCURATE").numpy().astype(int)
    ours = folders.square(tmp_path / "one.jpg", 40)
    assert ours is not None
    assert np.abs(ours - theirs[:, 12:52]).max() <= 2
