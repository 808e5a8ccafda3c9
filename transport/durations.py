"""Spans of time as Mesos writes them: `15secs`, `1.5mins` (mesos-protocol.md §1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: By its name, the longest first.
UNITS_NANOSECONDS: Final[Mapping[str, int]] = {
    "weeks": 7 * 24 * 3600 * 10**9,
    "days": 24 * 3600 * 10**9,
    "hrs": 3600 * 10**9,
    "mins": 60 * 10**9,
    "secs": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}
_TEXT: Final = re.compile(r"(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))([a-z]+)")
#: No number is written with more digits; Python would take long to read it.
_MOST_CHARACTERS: Final = 60
_LONGEST: Final = 2**63


def parse_nanoseconds(text: str) -> int:
    """Read a number and a unit; raises ValueError naming the rule."""
    match = _TEXT.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if match is None or match[2] not in UNITS_NANOSECONDS:
        raise ValueError(
            f"duration {text[:_MOST_CHARACTERS]!r}: must be a number and a unit (ns, us, ms, secs, mins, "
            f"hrs, days or weeks), as in 15secs"
        )
    whole, _, fraction = match[1].partition(".")
    nanoseconds: int = int(whole + fraction or "0") * UNITS_NANOSECONDS[match[2]] // 10 ** len(fraction)
    if not -_LONGEST <= nanoseconds < _LONGEST:
        raise ValueError(f"duration {text!r}: must be shorter than 15250 weeks")
    return nanoseconds
