"""Scalars counted in thousandths: integers inside, numbers and text only at the edges.

Mesos promises three decimal digits (mesos-protocol.md §9.3), so 0.0004 is 0 and 0.0005 is 0.001.
"""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_SMALLEST_NORMAL = 2.0**-1022


def to_thousandths(value: float) -> int:
    """The nearest count of thousandths, halves away from zero; raises ValueError unless finite."""
    if not math.isfinite(value):
        raise ValueError(f"scalar {value}: must be finite")
    if value == int(value):
        return int(value) * 1000
    scaled = value * 1000
    whole = int(scaled)
    rest = scaled - whole  # exact: both lie between the same two powers of two
    if rest >= 0.5:
        return whole + 1
    return whole - 1 if rest <= -0.5 else whole


def from_thousandths(thousandths: int) -> float:
    """The number nearest to so many thousandths."""
    return thousandths / 1000


def format_thousandths(thousandths: int) -> str:
    """Write as a decimal without needless zeros: `4`, `0.5`, `-1.025`."""
    whole, rest = divmod(abs(thousandths), 1000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{whole}.{rest:03}".rstrip("0") if rest else f"{sign}{whole}"


def parse_scalar(text: str) -> float | None:
    """Read a scalar of the text grammar (§9.1), or None where `text` is no number.

    Raises ValueError for a number that no scalar may be: infinite, negative, or too small to be exact.
    """
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"scalar {text}: must be finite")
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"scalar {text}: must be finite")
    if value < 0:
        raise ValueError(f"scalar {text}: must not be negative")
    if 0 < value < _SMALLEST_NORMAL:
        raise ValueError(f"scalar {text}: must not be subnormal")
    return value
