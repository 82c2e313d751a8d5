"""An honest split of photographs that belong together: one scene never falls into two parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, require
from cnnlab.course.ops.evaluation import Places, check_fractions


def honest_split(
    labels: ArrayLike,
    groups: ArrayLike,
    fractions: Sequence[float],
    rng: np.random.Generator,
) -> tuple[Places, ...]:
    """Deal whole groups into parts, so that every part has about its share of every class.

    Parameters
    ----------
    labels : array_like, shape (N,)
        The class of each picture.
    groups : array_like, shape (N,)
        Which scene it belongs to; a group may hold several classes.
    fractions : sequence of float
        One for each part; they add up to 1.
    rng : numpy.random.Generator
        Decides in which order the groups are dealt.

    Returns
    -------
    tuple of ndarray of int
        Places in ``labels`` for each part, in rising order.

    Raises
    ------
    ValueError
        ``fractions`` hold a negative number or do not add up to 1; or there are not as many
        ``groups`` as labels.

    Notes
    -----
    The order is random, but large groups go first. Each goes to the part that lacks most of the
    classes in it. Where no group mixes classes, no part has more or less of a class than its
    share by as much as the largest group.

    Examples
    --------
    >>> parts = honest_split([0, 0, 0, 1, 1, 1], [7, 7, 8, 9, 9, 5], [0.5, 0.5],
    ...                      np.random.default_rng(0))
    >>> sorted(part.tolist() for part in parts)
    [[0, 1, 3, 4], [2, 5]]
    """
    check_fractions(fractions)
    counts, members = group_counts(labels, groups)
    owner = deal(counts, fractions, rng)
    return tuple(np.flatnonzero(owner[members] == part) for part in range(len(fractions)))


def group_counts(labels: ArrayLike, groups: ArrayLike) -> tuple[Array, Places]:
    """How many pictures of each class a group has, and the group of each picture.

    Parameters
    ----------
    labels : array_like, shape (N,)
    groups : array_like, shape (N,)

    Returns
    -------
    counts : ndarray of int, shape (groups, classes)
    members : ndarray of int, shape (N,)
        The row of ``counts`` that a picture belongs to.

    Raises
    ------
    ValueError
        ``groups`` has another length than ``labels``.

    Examples
    --------
    >>> counts, members = group_counts([0, 1, 1], ["b", "a", "b"])
    >>> counts.tolist(), members.tolist()
    ([[0, 1], [1, 1]], [1, 0, 1])
    """
    kinds, label = np.unique(np.asarray(labels), return_inverse=True)
    scenes, members = np.unique(np.asarray(groups), return_inverse=True)
    require(len(members) == len(label), "groups", f"must be {len(label)}", len(members))
    counts = np.zeros((len(scenes), len(kinds)), np.int64)
    np.add.at(counts, (members, label), 1)
    return counts, members


def deal(counts: Array, fractions: Sequence[float], rng: np.random.Generator) -> Places:
    """The part that each group goes to, shape (groups,).

    Parameters
    ----------
    counts : ndarray of int, shape (groups, classes)
    fractions : sequence of float
        One for each part.
    rng : numpy.random.Generator
        Decides the order of equally large groups.
    """
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    lacking = np.outer(fractions, counts.sum(axis=0)).astype(float)
    owner = np.zeros(len(counts), np.int64)
    for group in order:
        owner[group] = np.argmax(lacking @ counts[group])
        lacking[owner[group]] -= counts[group]
    return owner
