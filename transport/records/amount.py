"""How much there is of one resource: thousandths, ranges of integers, or words.

The type of an amount is given by the identity it belongs to, so both operands are of one type; where there
is nothing, an amount is falsy.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from transport.records import ranges

#: `int` thousandths (or copies, of a resource that is given whole), `ranges.Ranges`, or `frozenset[str]`.
Amount: TypeAlias = Any


def add(mine: Amount, other: Amount) -> Amount:
    """What is in either; thousandths are summed."""
    if type(other) is int:
        return mine + other
    return ranges.union(mine, other) if type(other) is tuple else mine | other


def subtract(mine: Amount, other: Amount) -> Amount:
    """What remains where as much as there is of `other` is taken away."""
    if type(other) is int:
        return mine - other if mine > other else 0
    return ranges.difference(mine, other) if type(other) is tuple else mine - other


def contains(mine: Amount, other: Amount) -> bool:
    """Whether all of `other` is there."""
    return ranges.contains(mine, other) if type(other) is tuple else bool(mine >= other)


def common(mine: Amount, other: Amount) -> Amount:
    """What is in both; of thousandths the fewer."""
    if type(other) is int:
        return min(mine, other)
    return ranges.intersection(mine, other) if type(other) is tuple else mine & other


def quantity(mine: Amount) -> int:
    """In thousandths, an integer or a word counting as one whole."""
    if type(mine) is int:
        return mine
    return 1000 * (ranges.count(mine) if type(mine) is tuple else len(mine))
