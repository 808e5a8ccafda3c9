"""Tables and JSON: how commands print what they were told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from transport.pid import Address, Pid


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns under headings; numbers stand at the right of their column."""
    kept = list(rows)
    lines = [tuple(headings), *(tuple(map(str, row)) for row in kept)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [isinstance(cell, int | float) for cell in kept[0]] if kept else [False] * len(widths)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at_right else cell.ljust(width)
            for cell, width, at_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def json(value: object) -> str:
    """The same for programs: addresses and pids as text, records with their fields' names."""
    return msgspec.json.format(msgspec.json.encode(_plain(value)), indent=2).decode()


def seconds(value: float) -> str:
    """A length of time in the form that reads best: `0.8 ms`, `12 s`, `3 h 5 min`."""
    if value < 1:
        return f"{value * 1000:.3g} ms"
    if value < 60:
        return f"{value:.3g} s"
    minutes, rest = divmod(int(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def _plain(value: Any) -> Any:
    if isinstance(value, Address | Pid):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
