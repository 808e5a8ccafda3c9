"""Durations and byte counts as Mesos writes them: `15secs`, `32MB` (mesos-protocol.md §1.2)."""

from __future__ import annotations

import re
from typing import Self

import msgspec

from transport.durations import UNITS_NANOSECONDS, parse_nanoseconds

_BYTES = {"TB": 2**40, "GB": 2**30, "MB": 2**20, "KB": 2**10, "B": 1}

_AMOUNT = re.compile(r"([0-9]+)([A-Z]+)")
_LONGEST = 2**63


class Duration(msgspec.Struct, frozen=True, order=True):
    """A span of time, to the nanosecond."""

    nanoseconds: int

    @classmethod
    def of(cls, seconds: float) -> Self:
        """The duration of that many seconds, rounded to a nanosecond."""
        return cls(round(seconds * 10**9))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number and a unit, as in `1.5mins`; raises ValueError naming the rule."""
        return cls(parse_nanoseconds(text))

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return self.nanoseconds / 10**9

    def __str__(self) -> str:
        """Print as Mesos does: in the largest unit that it fills, or the next if it is whole there."""
        length = abs(self.nanoseconds)
        units = list(UNITS_NANOSECONDS.items())
        place = next((index for index, (_, unit) in enumerate(units) if length >= unit), len(units) - 1)
        if length % units[place][1] and not length % units[place + 1][1]:
            place += 1
        name, unit = units[place]
        return f"{self.nanoseconds / unit:.15g}{name}"


class Bytes(msgspec.Struct, frozen=True, order=True):
    """An amount of memory or disk."""

    bytes: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a whole number and a unit of 1024s, as in `32MB`; raises ValueError naming the rule."""
        match = _AMOUNT.fullmatch(text)
        if match is None or match[2] not in _BYTES:
            raise ValueError(
                f"bytes {text!r}: must be a whole number and a unit (B, KB, MB, GB or TB), as in 32MB"
            )
        amount = int(match[1]) * _BYTES[match[2]]
        if amount >= 2 * _LONGEST:
            raise ValueError(f"bytes {text!r}: must be less than 16777216TB")
        return cls(amount)

    def __str__(self) -> str:
        """Print in the largest unit that loses nothing."""
        name, unit = next((name, unit) for name, unit in _BYTES.items() if self.bytes % unit == 0)
        return f"{self.bytes // unit}{name}" if self.bytes else "0B"
