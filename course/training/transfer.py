"""What VGG16 knows of cats and dogs, though nobody ever taught it the difference.

Its convolutional base is frozen; only a linear probe is trained, on the mean of each of its 512
last maps. That is transfer learning in its plainest form.

    python -m cnnlab.course.training.transfer --work FOLDER [--photographs FOLDER]

computes the features of the embedded pictures, and of a folder of photographs where one is named,
then trains probes and writes ``datasets/histories/ch09_transfer.json`` and the features of the
embedded pictures, ``datasets/weights/ch09_features.npz``. Ten to thirty minutes on two cores;
what is done stands in ``--work``, and a killed run goes on from there.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.pretrained import as_batch, load_any_classifier, load_vgg16
from cnnlab.course.networks.vgg import vgg_preprocess
from cnnlab.course.training.histories import headline, load_histories
from cnnlab.datasets.load import FOLDER, embedded, photo, photo_names
from cnnlab.datasets.photographs import PARTS
from cnnlab.datasets.pictures import load_cats_dogs

Floats = NDArray[np.floating]
Labels = NDArray[np.integer]
Labelled = dict[str, tuple[Floats, Labels]]
"""Part → features, shape (N, D), and labels, shape (N,)."""

RECORD = "histories/ch09_transfer.json"
FEATURES = "weights/ch09_features.npz"
STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 1.0)
"""Of the penalty; the best on the validation pictures is taken."""
COUNTS = (5, 10, 20, 50, 100, 200, 500, 1000, 1400)
"""Pictures of each class that the probes of the learning curve are trained with."""
SEEDS = 5
PHOTOGRAPHS_SIDE = 112
EMBEDDED_SIDE = 64
CHUNK = 100


# The frozen base


def maps_to_features(maps: Floats) -> Floats:
    """The mean of each map: (N, h, w, C) becomes (N, C)."""
    return maps.mean(axis=(1, 2))


def features_of(base: Any, pictures: NDArray[np.uint8], side: int, batch: int = 20) -> Floats:
    """What a frozen base says of pictures.

    Parameters
    ----------
    base : keras.Model
        Takes what `vgg_preprocess` gives, answers with maps.
    pictures : ndarray, shape (N, H, W, 3)
        Red, green, blue from 0 to 255.
    side : int
        Rows and columns that the pictures are brought to.

    Returns
    -------
    ndarray, shape (N, C), float32
    """
    found = []
    for start in range(0, len(pictures), batch):
        some = np.stack([_resized(p, side) for p in pictures[start : start + batch]])
        found.append(maps_to_features(np.asarray(base.predict_on_batch(vgg_preprocess(some)))))
    return np.concatenate(found)


def _resized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    from PIL import Image

    if picture.shape[:2] == (side, side):
        return picture
    image = Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(image)


# The probe


@dataclass(frozen=True)
class Probe:
    """A linear probe: one weight for each feature, and a bias.

    Parameters
    ----------
    weights : ndarray, shape (D,)
    bias : float
    """

    weights: Floats
    bias: float

    def predict(self, features: Floats) -> Floats:
        """The probability of class 1 for each row of ``features``, shape (N,)."""
        from cnnlab.course.ops.network import sigmoid

        return sigmoid(features @ self.weights + self.bias)

    def accuracy(self, features: Floats, labels: Labels) -> float:
        """The share of pictures, 0 to 1, that are on the right side of 0.5."""
        return float(np.mean((self.predict(features) > 0.5) == labels))


def fit_probe(
    features: Floats,
    labels: Labels,
    strength: float = 100.0,
    steps: int = 25,
    first: Probe | None = None,
) -> Probe:
    """Logistic regression on standardised features, by Newton's method.

    The problem is convex: there is one best probe, and no seed, rate or epoch to choose.

    Parameters
    ----------
    features : ndarray, shape (N, D)
    labels : ndarray, shape (N,)
        0 and 1.
    strength : float
        How much large weights cost: half of it times the sum of their squares is added to the
        sum of the cross-entropies.
    steps : int
        At most.
    first : Probe, optional
        Where to begin: one for nearly the same problem saves steps.

    Examples
    --------
    >>> probe = fit_probe(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1]), 0.1)
    >>> probe.accuracy(np.array([[-1.0], [4.0]]), np.array([0, 1]))
    1.0
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    x = np.column_stack([(features - mean) / spread, np.ones(len(features))]).astype(np.float64)
    cost = np.r_[np.full(features.shape[1], strength), 1e-6]
    w = np.zeros(x.shape[1])
    if first is not None:
        w = np.r_[first.weights * spread, first.bias + first.weights @ mean]
    for _ in range(steps):
        p = Probe(w, 0.0).predict(x)
        gradient = x.T @ (p - labels) + cost * w
        curvature = (x.T * (p * (1 - p))) @ x + np.diag(cost)
        step = np.linalg.solve(curvature, gradient)
        w = w - step
        if np.abs(step).max() < 1e-5:
            break
    weights = w[:-1] / spread
    return Probe(weights, float(w[-1] - weights @ mean))


def best_probe(parts: Labelled, chosen: NDArray[np.integer] | None = None) -> tuple[Probe, float]:
    """The probe whose strength serves the validation pictures best, and that strength.

    Parameters
    ----------
    chosen : ndarray of int, optional
        Which of the training pictures to take; all without it.
    """
    x, y = parts["train"]
    if chosen is not None:
        x, y = x[chosen], y[chosen]
    probes: list[tuple[Probe, float]] = []
    for strength in STRENGTHS:  # from the easiest problem to the hardest
        first = probes[-1][0] if probes else None
        probes.append((fit_probe(x, y, strength, first=first), strength))
    return max(probes, key=lambda pair: pair[0].accuracy(*parts["validation"]))


def draw(labels: Labels, count: int, rng: np.random.Generator) -> NDArray[np.integer]:
    """``count`` places of each class, drawn without repetition."""
    return np.concatenate(
        [rng.choice(np.flatnonzero(labels == c), count, replace=False) for c in (0, 1)]
    )


def learning_curve(parts: Labelled, counts: Sequence[int] = COUNTS) -> list[dict[str, Any]]:
    """Test accuracy by the number of training pictures of each class, for several draws."""
    labels = parts["train"][1]
    most = int(min(np.bincount(labels)))
    rows = []
    for count in [n for n in counts if n <= most]:
        draws = 1 if count == most else SEEDS  # everything can be drawn in one way only
        rngs = (np.random.default_rng([seed, count]) for seed in range(draws))
        probes = [best_probe(parts, draw(labels, count, rng)) for rng in rngs]
        rows.append(
            {
                "per_class": count,
                "test": [round(probe.accuracy(*parts["test"]), 4) for probe, _ in probes],
                "strength": [strength for _, strength in probes],
            }
        )
    return rows


# What comes with the course


def load_features() -> Labelled:
    """VGG16's features of the embedded pictures, as the record's run computed them.

    Returns
    -------
    dict
        ``"train"``, ``"validation"``, ``"test"`` → features, shape (N, 512), float32, and labels.
        Their square roots are stored in 256 steps of each feature's largest.
    """
    found = {}
    labels = load_cats_dogs(source="embedded")
    with np.load(embedded(FEATURES)) as file:
        for part in PARTS:
            roots = file[part].astype(np.float32) * file["top"] / 255
            found[part] = roots**2, getattr(labels, part).y.astype(np.int64)
    return found


def packed(parts: Labelled) -> dict[str, NDArray[Any]]:
    """Features as they are stored: see `load_features`."""
    roots = {part: np.sqrt(x) for part, (x, _) in parts.items()}
    top = np.maximum(roots["train"].max(axis=0), 1e-6).astype(np.float32)
    steps = {p: np.rint(np.clip(r / top, 0, 1) * 255).astype(np.uint8) for p, r in roots.items()}
    return {**steps, "top": top}


class Trained(NamedTuple):
    """What training from nothing reached: condition, mean test accuracy, pictures of each class."""

    condition: str
    test: float
    per_class: int


def trained_best(experiment: str = "embedded32") -> Trained | None:
    """The best of chapters 6 to 8 and its test accuracy; None where no run is recorded.

    The best is chosen on the validation pictures: choosing it by its test would be cheating.
    """
    try:
        histories = load_histories(experiment)
    except ValueError:
        return None
    lines = headline(histories)
    best = max(lines, key=lambda condition: lines[condition].final.mean)
    pictures = histories[best][0].about["settings"]["pictures"]
    words = {"plain": "no help", "both": "dropout and augmentation"}
    return Trained(words.get(best, best), lines[best].test.mean, pictures // 2)


def load_transfer() -> dict[str, Any]:
    """The record: learning curves of both kinds of pictures, and where they come from."""
    record: dict[str, Any] = json.loads(embedded(RECORD).read_text(encoding="utf-8"))
    return record


# The run


def _computed(base: Any, part: str, x: NDArray[np.uint8], side: int, work: Path) -> Floats:
    """Features of one part, chunk by chunk; what a killed run has left is taken up."""
    done = []
    for start in range(0, len(x), CHUNK):
        path = work / f"{part}_{side}_{start:05d}.npy"
        if not path.exists():
            began = time.perf_counter()
            features = features_of(base, x[start : start + CHUNK], side)
            with path.with_suffix(".half").open("wb") as half:
                np.save(half, features)
            path.with_suffix(".half").replace(path)
            print(f"{path.stem}: {time.perf_counter() - began:.1f} s", flush=True)
        done.append(np.load(path))
    return np.concatenate(done)


def extract(base: Any, source: str | Path, side: int, work: Path) -> Labelled:
    """Features of all three parts of a source of `load_cats_dogs`."""
    size = None if source == "embedded" else side
    cats_dogs = load_cats_dogs(size, source)
    label = "embedded" if source == "embedded" else "photographs"
    parts = {part: getattr(cats_dogs, part) for part in PARTS}
    return {
        part: (_computed(base, f"{label}_{part}", p.x, side, work), p.y.astype(np.int64))
        for part, p in parts.items()
    }


def report(parts: Labelled, side: int, work: Path) -> dict[str, Any]:
    """One source's entry in the record: minutes, so it is kept in ``work`` by its features."""
    digest = hashlib.sha256(b"".join(x.tobytes() for x, _ in parts.values())).hexdigest()
    path = work / f"report_{digest[:12]}.json"
    if not path.exists():
        probe, strength = best_probe(parts)
        entry = {
            "side": side,
            "counts": {part: len(y) for part, (_, y) in parts.items()},
            "strength": strength,
            "accuracy": {part: round(probe.accuracy(*parts[part]), 4) for part in parts},
            "curve": learning_curve(parts),
        }
        path.write_text(json.dumps(entry), encoding="utf-8")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def five_best() -> dict[str, Any]:
    """What a classifier says of the course's photographs: its title, names and probabilities."""
    model, names, title, size = load_any_classifier()
    answers = {}
    for name in photo_names():
        p = np.asarray(model.predict_on_batch(as_batch(photo(name), size)))[0]
        best = np.argsort(-p, kind="stable")[:5]
        answers[name] = [[names[i], round(float(p[i]), 4)] for i in best]
    return {"network": title, "answers": answers}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="where a killed run goes on")
    parser.add_argument("--photographs", type=Path, help="a folder that load_cats_dogs takes")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    base, began = load_vgg16(), time.perf_counter()
    sources = {"embedded": extract(base, "embedded", EMBEDDED_SIDE, given.work)}
    if given.photographs:
        real = extract(base, given.photographs, PHOTOGRAPHS_SIDE, given.work)
        sources["photographs"] = real
    sides = {"embedded": EMBEDDED_SIDE, "photographs": PHOTOGRAPHS_SIDE}
    found = {name: report(parts, sides[name], given.work) for name, parts in sources.items()}
    about = {
        "what": "a linear probe on the means of VGG16's 512 last maps (block5_pool), cats and dogs",
        "made_by": "python -m cnnlab.course.training.transfer",
        "date": datetime.date.today().isoformat(),
        "device": "CPU",
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("numpy", "keras", "tensorflow")},
        "seconds": round(time.perf_counter() - began),
        "five_best": five_best(),
        **found,
    }
    (given.out / RECORD).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    np.savez_compressed(given.out / FEATURES, **packed(sources["embedded"]))  # type: ignore[arg-type]
    for name in (RECORD, FEATURES):
        print(f"{name} {hashlib.sha256((given.out / name).read_bytes()).hexdigest()}")
    for name, entry in found.items():
        print(f"{name}: {entry['accuracy']}")


if __name__ == "__main__":
    main()
