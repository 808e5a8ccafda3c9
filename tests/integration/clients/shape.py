"""The shape of JSON values: what stands at each path, all members of a list taken together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

#: Texts that say what kind of thing something is, and nothing about this one.
_ENUMERATED = re.compile(r"[A-Z]+(_[A-Z]+)*|\*|")
#: What may stand where a kind is expected.
_FITS = {"integer": {"integer"}, "number": {"integer", "number"}}


class Place:
    """What was found at one path."""

    def __init__(self) -> None:
        self.count = 0
        self.kinds: Counter[str] = Counter()
        self.values: set[object] = set()

    @property
    def stable(self) -> bool:
        """Whether its values say nothing of one recording alone."""
        return all(
            isinstance(value, bool) or (isinstance(value, str) and _ENUMERATED.fullmatch(value))
            for value in self.values
        )


Shape = dict[str, Place]


def shape_of(value: Any) -> Shape:
    """Paths such as `tasks[].id`; a list's members are at `[]`."""
    found: Shape = {}
    _look(value, "", found)
    return found


def differences(wanted: Shape, found: Shape) -> Iterator[str]:
    """How the second differs from the first, path by path; what is within a difference is not told again."""
    told: list[str] = []
    for path, place in wanted.items():
        if _within(path, told):
            continue
        if path not in found:
            told.append(path)
            yield f"{path} is missing"
        else:
            yield from _place_differs(path, place, found[path], _rare(path, wanted), _rare(path, found))
    for path in found:
        if path not in wanted and not _within(path, told):
            told.append(path)
            yield f"{path} is added"


def _look(value: Any, path: str, found: Shape) -> None:
    place = found.setdefault(path, Place())
    place.count += 1
    place.kinds[_kind(value)] += 1
    if isinstance(value, dict):
        for name, inner in value.items():
            _look(inner, f"{path}.{name}" if path else name, found)
    elif isinstance(value, list):
        for inner in value:
            _look(inner, f"{path}[]", found)
    else:
        place.values.add(value)


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "list", str: "text", bool: "truth value", int: "integer", float: "number"}
    return kinds.get(type(value), "null")


def _place_differs(path: str, wanted: Place, found: Place, rare: bool, now_rare: bool) -> Iterator[str]:
    allowed = set().union(*(_FITS.get(kind, {kind}) for kind in wanted.kinds))
    if not set(found.kinds) <= allowed:
        yield f"{path} is {' or '.join(sorted(found.kinds))}, not {' or '.join(sorted(wanted.kinds))}"
    elif wanted.stable and wanted.values and found.values != wanted.values:
        yield f"{path} is {_list(found.values)}, not {_list(wanted.values)}"
    if now_rare and not rare:
        yield f"{path} is not everywhere"


def _rare(path: str, shape: Shape) -> bool:
    """Whether some of the objects that could have it do not."""
    if path.endswith("[]") or not path:
        return False
    parent = path.rpartition(".")[0]
    return shape[path].count < shape[parent].kinds["object"]


def _within(path: str, others: list[str]) -> bool:
    return any(path.startswith((f"{other}.", f"{other}[")) for other in others)


def _list(values: set[object]) -> str:
    return " or ".join(sorted(repr(value) for value in values))
