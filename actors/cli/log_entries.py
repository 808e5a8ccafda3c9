"""What stands at the positions of a log, for people and for programs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from actors.cli.table import json
from actors.log import entry
from actors.log.holdings import Holdings
from actors.master.registrar import archive
from actors.state.variable import Variable
from transport import json_v1
from transport.messages.replication import Ballot, Kind

#: The variable that the registrar keeps.
_REGISTRY: Final = "registry"


class Position(NamedTuple):
    """One position and what it holds."""

    position: int
    ballot: Ballot
    #: Known to be chosen.
    chosen: bool
    kind: Kind
    #: In one line.
    summary: str
    #: Of a position that holds one: the variable and its name.
    name: str = ""
    variable: Variable | None = None


def held(holdings: Holdings, begin: int, end: int | None) -> Iterator[Position]:
    """All that is held from one position to another, or to the end."""
    last = holdings.end if end is None else min(end, holdings.end)
    for position in range(max(begin, holdings.begin), last + 1):
        accepted = holdings.get(position)
        if accepted is None:
            continue
        action = accepted.action
        one = Position(position, accepted.ballot, accepted.learned, action.kind, action.kind)
        if action.kind is Kind.TRUNCATE:
            one = one._replace(summary=f"TRUNCATE: all before {action.to} is given up")
        elif action.kind is Kind.APPEND:
            one = _with_content(one, action.content)
        yield one


def plain(position: Position, with_value: bool) -> dict[str, object]:
    """The same for a program."""
    told: dict[str, object] = {
        "position": position.position,
        "ballot": position.ballot,
        "chosen": position.chosen,
        "kind": position.kind,
        "summary": position.summary,
    }
    if position.variable is not None:
        told["name"] = position.name
        told["version"] = _version(position.variable)
        told["size_bytes"] = len(position.variable.value)
        if with_value:
            told["value"] = _value(position.name, position.variable)
    return told


def text(position: Position) -> str:
    """The value of the variable as JSON; empty where there is none."""
    return "" if position.variable is None else json(_value(position.name, position.variable))


def _with_content(one: Position, content: bytes) -> Position:
    try:
        name, variable = entry.decode(content)
    except entry.EntryError as error:
        return one._replace(summary=f"APPEND: {len(content)} bytes, {error}")
    summary = f"SNAPSHOT of {name}, version {_version(variable)}, {len(variable.value):,} bytes"
    if len(content) < len(variable.value):
        summary += f", {len(content):,} here"
    return one._replace(summary=summary, name=name, variable=variable)


def _version(variable: Variable) -> str:
    return str(uuid.UUID(bytes=variable.version)) if len(variable.version) == 16 else variable.version.hex()


def _value(name: str, variable: Variable) -> object:
    """The registry with its fields' names; anything else as it is, in base64."""
    if name == _REGISTRY:
        try:
            stored = archive.read(variable.value)
        except archive.RegistryError as error:
            return {"error": str(error)}
        told = {field: getattr(stored, field) for field in stored.__struct_fields__}
        return {**told, "registry": msgspec.json.decode(json_v1.encode(stored.registry))}
    return variable.value
