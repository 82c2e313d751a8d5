"""Chapter 10's demo: every layer and channel of a network on a photograph.

``demo(feature_maps, model)`` takes the maps out with the learner's own function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, pixels
from cnnlab.course.networks.lookup import layer_of
from cnnlab.course.networks.pretrained import as_batch
from cnnlab.course.ops import feature_maps, require
from cnnlab.datasets.load import did_you_mean, photo, photo_names

SIDE = 224
"""Pixels of the photograph's side, as the network gets it."""
TILE = 56
"""Pixels of a small map's side."""
TILES = 64
"""Small maps on one page of the sheet."""


@dataclass(frozen=True)
class Setting:
    """Where the menus stand."""

    photo: str = "chelsea"
    layer: str = "block1_conv1"
    channel: int = 0


def small(pictures: NDArray[np.uint8], side: int = TILE) -> NDArray[np.uint8]:
    """Pictures brought to one size by taking the nearest pixel.

    Parameters
    ----------
    pictures : ndarray, shape (n, h, w)

    Returns
    -------
    ndarray, shape (n, side, side)

    Examples
    --------
    >>> small(np.array([[[1, 2], [3, 4]]], np.uint8), 4)[0, :, 0]
    array([1, 1, 3, 3], dtype=uint8)
    """
    down, across = (np.arange(side) * n // side for n in pictures.shape[1:])
    return pictures[:, down[:, None], across]


def sheet(feature_map: NDArray[Any], first: int) -> NDArray[np.uint8]:
    """Up to 64 channels as small pictures, from channel ``first`` on: (n, 56, 56).

    A channel that is 0 nearly everywhere is shown black: in a sheet of maps, silence is dark.
    """
    chosen = np.moveaxis(feature_map[0, :, :, first : first + TILES], -1, 0)
    return small(np.stack([shaded(channel) for channel in chosen]))


def shaded(channel: NDArray[Any]) -> NDArray[np.uint8]:
    """One channel as grey levels; of one that is 0 nearly everywhere, what is not 0 is white."""
    if not np.percentile(channel, [feature_maps.LOW, feature_maps.HIGH]).any():
        return np.where(channel > 0, 255, 0).astype(np.uint8)
    return feature_maps.to_picture(channel)


def sentence(feature_map: NDArray[Any], channel: int) -> str:
    """What is known about one channel, in words.

    Examples
    --------
    >>> sentence(np.array([[[[0.0, 4.0], [0.0, 0.0]]]]), 1)
    'Channel 1 of 2, 1 × 2 cells: 50% are 0, the mean is 2, the largest 4. Rank 1 of 2.'
    """
    plane = feature_map[0, :, :, channel]
    height, width, count = feature_map.shape[1:]
    rank = feature_maps.strongest(feature_map, count).index(channel) + 1
    return (
        f"Channel {channel} of {count}, {height} × {width} cells: {np.mean(plane == 0):.0%} are 0, "
        f"the mean is {plane.mean():.3g}, the largest {plane.max():.3g}. Rank {rank} of {count}."
    )


def course_maps(model: Any, image: NDArray[Any], names: list[str]) -> dict[str, NDArray[Any]]:
    """What the learner's function should give.

    Raises
    ------
    ValueError
        The model has no layer of one of the names.
    """
    import keras

    outputs = {name: layer_of(model, name, "names").output for name in names}
    found = keras.Model(model.input, outputs)(image[None])
    return {name: np.asarray(found[name]) for name in names}


def asked(
    function: Callable[..., Any], model: Any, image: NDArray[Any], names: list[str]
) -> tuple[dict[str, NDArray[Any]], str]:
    """The maps by the learner's function where they can be shown, and what they should know."""
    right = course_maps(model, image, names)
    name = getattr(function, "__name__", "function")
    instead = "You see the course's maps."
    if is_stub(function):
        return right, (
            f"Your {name} is not written yet. {instead} Write it, then run this cell again."
        )
    try:
        found = function(model, image.copy(), list(names))
        theirs = {n: np.asarray(found[n], dtype=float) for n in names}
    except Exception as error:  # whatever a learner's code may raise
        return right, f"Your {name} raised {type(error).__name__}: {error}. {instead}"
    for n in names:
        if theirs[n].shape != right[n].shape:
            shape = theirs[n].shape
            return right, f"Your {name} gave shape {shape} for {n}, not {right[n].shape}. {instead}"
        if not np.allclose(theirs[n], right[n], rtol=1e-3, atol=1e-3):
            return theirs, f"Your maps of {n} are not what the layer hands on. You see your maps."
    return theirs, ""


class FeatureMapsDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``shown`` is the setting that the pictures belong
    to, which may be an older one. ``photograph`` is (224, 224, 3), ``tiles``
    (n, 56, 56) and ``large`` (h, w), all uint8 and row after row.
    """

    _esm = page("ch10_feature_maps.js")
    _css = page("ch10_feature_maps.css")

    photos: traitlets.List[Any] = traitlets.List().tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    counts: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    tile = traitlets.Int(TILE).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    photograph = traitlets.Bytes().tag(sync=True)
    first = traitlets.Int(0).tag(sync=True)
    tiles = traitlets.Bytes().tag(sync=True)
    large = traitlets.Bytes().tag(sync=True)
    large_shape: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, function: Callable[..., Any], model: Any, **values: Any) -> None:
        self._function, self._model = function, model
        self._maps: dict[str, dict[str, NDArray[Any]]] = {}
        self._said: dict[str, str] = {}
        names = [la.name for la in model.layers if "conv" in la.name or "pool" in la.name]
        require(bool(names), "model", "must have layers named conv or pool", model.name)
        counts = {name: int(model.get_layer(name).output.shape[-1]) for name in names}
        super().__init__(photos=photo_names(), layers=names, counts=counts)
        self.setting = asdict(self.checked(values))
        self._update()
        self.observe(self._update, names=["setting"])

    def checked(self, values: Mapping[str, Any]) -> Setting:
        """A setting as it came from the page. Raises ValueError for an unknown name or channel."""
        setting = Setting(**values)
        for name, known in (("photo", self.photos), ("layer", self.layers)):
            if getattr(setting, name) not in known:
                given = getattr(setting, name)
                guess = did_you_mean(given, known)
                raise ValueError(f"{name} must be one of {known}. Received: {given!r}.{guess}")
        count = self.counts[setting.layer]
        if type(setting.channel) is not int or not 0 <= setting.channel < count:
            raise ValueError(
                f"channel must be from 0 to {count - 1}. Received: {setting.channel!r}"
            )
        return setting

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return asdict(self.checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def maps_of(self, name: str) -> dict[str, NDArray[Any]]:
        """All layers' maps for a photograph, computed once."""
        if name not in self._maps:
            image = as_batch(photo(name), (SIDE, SIDE))[0]
            found = asked(self._function, self._model, image, list(self.layers))
            self._maps[name], self._said[name] = found
        return self._maps[name]

    def _update(self, change: Any = None) -> None:
        setting = Setting(**self.setting)
        found = self.maps_of(setting.photo)[setting.layer]
        first = setting.channel // TILES * TILES
        large = shaded(found[0, :, :, setting.channel])
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.shown = asdict(setting)
            self.photograph = photo(setting.photo, size=SIDE).tobytes()
            self.tiles = sheet(found, first).tobytes()
            self.first = first
            self.large = large.tobytes()
            self.large_shape = list(large.shape)
            self.sentence = sentence(found, setting.channel)
            self.message = self._said[setting.photo]

    def still(self) -> tuple[str, list[Panel]]:
        shown = np.frombuffer(self.photograph, np.uint8).reshape(SIDE, SIDE, 3)
        tiles = np.frombuffer(self.tiles, np.uint8).reshape(-1, TILE, TILE)[:8]
        sheet = np.concatenate([np.pad(tile, 2, constant_values=255) for tile in tiles], axis=1)
        large = np.frombuffer(self.large, np.uint8).reshape(self.large_shape)
        large = large[:: max(1, len(large) // 75), :: max(1, len(large) // 75)]
        panels = [
            pixels("photograph", shown[::3, ::3], 200),
            pixels(f"channel {self.setting['channel']}", large, 200),
            pixels(f"feature maps of {self.setting['layer']}", sheet, 60 * len(tiles)),
        ]
        return "A photograph, and feature maps of it.", panels


def demo(function: Callable[..., Any], model: Any) -> FeatureMapsDemo:
    """The demo of chapter 10, with the learner's ``feature_maps``.

    Parameters
    ----------
    function : callable
        model, image, names → dict of maps.
    model : keras.Model
        With VGG16's layer names; it takes photographs of 224×224.

    Raises
    ------
    ValueError
        No layer of the model is named conv or pool.
    """
    return FeatureMapsDemo(function, model)
