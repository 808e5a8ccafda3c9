"""Calls of operators that are nearly right: like those that work, but for what chance puts in.

The same seed gives the same calls. Words and numbers are those that mean something where they stand, as often
as not, so that a call gets past the first rule that it could break.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from tests.actors.master.county import quota
from tests.actors.master.http import wishes
from tests.transport.records.any_record import any_record
from tests.transport.records.samples import dynamic, ranges, scalar, static, volume
from transport.record import Record
from transport.records.duration import Duration
from transport.records.ids import AgentID, FrameworkID
from transport.records.machine import MachineID
from transport.records.master_call import Call
from transport.records.resource import Resource
from transport.records.value import Value
from transport.schema import Field, fields_of

_Record = TypeVar("_Record", bound=Record)

_CPU: Final = scalar("cpus", 1, (dynamic("a"),))
_DISK: Final = scalar("disk", 100, (dynamic("a"),))
_REFINED: Final = scalar("cpus", 1, (dynamic("a"), dynamic("a/x")))
_VOLUME: Final = volume("v", 100)
_RESOURCES: Final = (_CPU, _DISK, _VOLUME, _REFINED, scalar("cpus", 1), ranges("ports", (31000, 31001)))

#: What may stand in a field of that name.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "role": ("a", "b", "a/x", "*", "", "-", "a//b", "\b"),
    "hostname": ("agent1", "AGENT1", "elsewhere", "", "ü"),
    "ip": ("10.0.0.1", "10.0.0.256", "::1", "", "x"),
    "name": ("cpus", "mem", "disk", "ports", "gpus", "gold", ""),
    "id": ("v", "w", "../v", "", "x" * 300),
    "container_path": ("data", "/data", "a/b", "..", ""),
    "principal": ("ops", ""),
    "key": ("k", ""),
}
_NUMBERS: Final = (
    *(0.0, 1.0, 1.0, 2.0, 50.0, 100.0, 150.0, 0.5, -1.0, -0.0, 0.0001, 0.0005),
    *(1e9, 1e12, 2.0**40, 2.0**63, 1e308, 5e-324, math.inf),
)
_TIMES: Final = (0, 1, -1, 10**9, 10**18, 2**63 - 1, -(2**63))


def any_wish(rng: Random, agent_id: str, framework_id: str) -> Call:
    """A call of any type that writes."""
    wish = rng.choice(_proper(AgentID(value=agent_id), FrameworkID(value=framework_id)))
    assert wish.type is not None
    field = wish.type.value.lower()
    body: Record = getattr(wish, field)
    if rng.random() < 0.05:
        return replace(wish, **{field: any_record(rng, type(body))})
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        body = _changed(rng, body)
    return replace(wish, **{field: body})


def _proper(agent_id: AgentID, framework_id: FrameworkID) -> tuple[Call, ...]:
    """Calls that could succeed, each type once at least."""
    agent, other = agent_id, AgentID(value="nobody")
    return (
        wishes.reserve(agent, _CPU),
        wishes.reserve(agent, _DISK),
        wishes.reserve(agent, _REFINED),
        wishes.reserve(agent, _CPU, source=(scalar("cpus", 1, (dynamic("b"),)),)),
        wishes.reserve(agent, scalar("cpus", 1, (dynamic("b"),)), source=(_CPU,)),
        wishes.reserve(agent, scalar("mem", 1, (static("a"), dynamic("a/x")))),
        wishes.reserve(agent, replace(ranges("ports", (31000, 31009)), reservations=(dynamic("a"),))),
        wishes.unreserve(agent, _CPU),
        wishes.unreserve(agent, _DISK),
        wishes.unreserve(agent, _REFINED),
        wishes.create(agent, _VOLUME),
        wishes.create(agent, volume("w", 1, shared=True)),
        wishes.destroy(agent, _VOLUME),
        wishes.destroy(agent, volume("w", 1, shared=True)),
        wishes.grow(agent, _VOLUME, scalar("disk", 50, (dynamic("a"),))),
        wishes.shrink(agent, volume("v", 150), 50),
        wishes.plan("agent1", "elsewhere"),
        wishes.plan(),
        wishes.start("elsewhere"),
        wishes.stop("elsewhere"),
        wishes.stop("agent1"),
        wishes.drain(other, Duration(seconds=1)),
        wishes.drain(agent, Duration(seconds=1)),
        wishes.deactivate(agent),
        wishes.reactivate(agent),
        wishes.reactivate(agent),
        wishes.mark_gone(other),
        wishes.update_quota(quota("a", guarantees={"cpus": 1}, limits={"cpus": 2})),
        wishes.update_quota(quota("*", limits={"cpus": 2}), quota("b"), force=True),
        wishes.set_quota("b", scalar("mem", 10)),
        wishes.remove_quota("a"),
        wishes.remove_quota("b"),
        wishes.weigh(("a", 2.0), ("a/x", 0.5)),
        wishes.tear_down("nobody"),
        wishes.tear_down(framework_id.value),
    )


def _changed(rng: Random, record: _Record) -> _Record:
    """The record with one thing in it, at whatever depth, as chance wants it."""
    fields = fields_of(type(record))
    if not fields:
        return record
    field = rng.choice(fields)
    return replace(record, **{field.name: _other(rng, record, field)})


def _other(rng: Random, record: Record, field: Field) -> Any:
    value = getattr(record, field.name)
    if field.label == "repeated":
        return _other_elements(rng, record, field, value)
    if field.label == "map":
        return {name: Value.Scalar(value=rng.choice(_NUMBERS)) for name in _some(rng, _WORDS["name"])}
    if field.label == "optional" and value is not None and rng.random() < 0.2:
        return None
    return _other_value(rng, record, field, value)


def _other_elements(rng: Random, record: Record, field: Field, values: tuple[Any, ...]) -> tuple[Any, ...]:
    chance = rng.random()
    if not values or chance < 0.2:
        return (*values, _other_value(rng, record, field, None))
    place = rng.randrange(len(values))
    if chance < 0.3:
        return values[:place] + values[place + 1 :]
    if chance < 0.4:
        return (*values, values[place])
    return (*values[:place], _other_value(rng, record, field, values[place]), *values[place + 1 :])


def _other_value(rng: Random, record: Record, field: Field, value: Any) -> Any:
    if field.declared is not None and issubclass(field.declared, Record):
        if isinstance(value, Record):
            return _changed(rng, value)
        return _made(rng, field.declared)
    if field.declared is not None:
        return rng.choice(tuple(field.declared))
    if field.type_name == "double":
        return rng.choice(_NUMBERS)
    if field.type_name == "bool":
        return rng.random() < 0.5
    if field.type_name == "string":
        return rng.choice(_WORDS.get(field.name, ("", "a", "x" * 300)))
    return _integer(rng, field.type_name)


def _made(rng: Random, kind: type[Record]) -> Record:
    if kind is Resource and rng.random() < 0.8:
        return rng.choice(_RESOURCES)
    if kind is MachineID:
        return MachineID(hostname=rng.choice(_WORDS["hostname"]))
    return any_record(rng, kind, 1)


def _integer(rng: Random, type_name: str) -> int:
    chosen = rng.choice(_TIMES)
    if type_name == "int32":
        return chosen % 2**31
    return abs(chosen) if type_name.startswith("uint") else chosen


def _some(rng: Random, words: tuple[str, ...]) -> list[str]:
    return rng.sample(words, rng.randint(0, 2))
