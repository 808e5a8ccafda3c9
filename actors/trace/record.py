"""From what the ring holds to what people read: an entry becomes a `TraceRecord`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol

from actors.trace.summary import summarize, text, type_name
from actors.trace.tracer import Entry
from transport.messages.tracing import TraceFilter, TraceRecord
from transport.pid import Pid


def render(entry: Entry, node: str, offset: float) -> TraceRecord:
    """Tell an entry noted at `node`, where `offset` added to monotonic seconds gives those of the epoch."""
    envelope = entry.envelope
    return TraceRecord(
        kind=entry.kind,
        node=node,
        trace=envelope.trace,
        span=envelope.span,
        parent=envelope.parent,
        sender=_actor(envelope.sender),
        to=_actor(envelope.to),
        type=text(type_name(envelope.message)),
        sent=_wall(envelope.sent, offset),
        started=_wall(entry.started, offset),
        ended=_wall(entry.ended, offset),
        reason=text(entry.reason),
        fields=summarize(envelope.message),
    )


class Selection(NamedTuple):
    """The records that are wanted, of the first entries of a reading."""

    records: tuple[TraceRecord, ...]
    #: How many entries were looked at.
    looked_at: int


def select(entries: Sequence[Entry], wanted: TraceFilter, node: str, offset: float, limit: int) -> Selection:
    """Render the entries that are wanted, `limit` at most; others are told apart before, where possible."""
    records: list[TraceRecord] = []
    rendered = looked_at = 0
    for entry in entries:
        if rendered == limit:
            break
        looked_at += 1
        if _entry_may_fit(entry, wanted):
            rendered += 1
            record = render(entry, node, offset)
            if not wanted.mention or mentions(record, wanted.mention):
                records.append(record)
    return Selection(tuple(records), looked_at)


def fits(record: TraceRecord, wanted: TraceFilter) -> bool:
    """Whether a record is wanted; one that stands for missing records always is."""
    if record.kind == "missed":
        return True
    return _may_fit(wanted, record.trace, record.type, (record.sender, record.to)) and (
        not wanted.mention or mentions(record, wanted.mention)
    )


def missed_record(node: str, count: int, wall: float) -> TraceRecord:
    """Stands where `count` records are missing."""
    return TraceRecord(kind="missed", node=node, started=wall, ended=wall, missed=count)


class Said(Protocol):
    """What a record, and a step of a merged trace, tell of one message."""

    @property
    def trace(self) -> int: ...  # noqa: D102
    @property
    def sender(self) -> str: ...  # noqa: D102
    @property
    def to(self) -> str: ...  # noqa: D102
    @property
    def fields(self) -> dict[str, Any]: ...  # noqa: D102


def mentions(said: Said, identifier: str) -> bool:
    """Whether an id occurs: as a whole string in the message, as one of its actors, or as the trace's id."""
    for actor in (said.sender, said.to):
        if identifier in (actor, actor.partition("@")[0]):
            return True
    return hexadecimal(said.trace) == identifier.lower() or _holds(said.fields, identifier)


def hexadecimal(trace: int) -> str:
    """A trace's or span's id as people see it: 16 digits."""
    return f"{trace:016x}"


def parse_hexadecimal(written: str) -> int | None:
    """The id that `hexadecimal` has written, or None when it is something else."""
    try:
        return int(written, 16) if len(written) == 16 else None
    except ValueError:
        return None


def _entry_may_fit(entry: Entry, wanted: TraceFilter) -> bool:
    envelope = entry.envelope
    actors = map(str, (envelope.sender, envelope.to))
    return _may_fit(wanted, envelope.trace, type_name(envelope.message), actors)


def _may_fit(wanted: TraceFilter, trace: int, type_name: str, actors: Iterable[str]) -> bool:
    """Whether all but the mention is as wanted."""
    if wanted.traces and trace not in wanted.traces:
        return False
    if wanted.types and not _matches(type_name, wanted.types):
        return False
    return not wanted.actors or any(
        _matches(spelling, wanted.actors) for actor in actors for spelling in (actor, actor.partition("@")[0])
    )


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _holds(value: Any, identifier: str) -> bool:
    if isinstance(value, str):
        return value == identifier
    if isinstance(value, Mapping):
        return any(_holds(item, identifier) for item in value.values())
    return isinstance(value, list) and any(_holds(item, identifier) for item in value)


def _actor(pid: Pid) -> str:
    return text(str(pid))


def _wall(monotonic: float, offset: float) -> float:
    return monotonic + offset if monotonic else 0.0
