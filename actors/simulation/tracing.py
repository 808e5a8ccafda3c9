"""The traces of a simulated cluster, told like those of a real one (`actors.trace`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from actors.simulation.world import World
from actors.trace.diagram import draw
from actors.trace.files import TraceFiles
from actors.trace.merge import merge
from actors.trace.record import render
from actors.trace.story import tell
from actors.trace.tracer import COUNTER_BITS, Tracer
from transport.messages.tracing import TraceRecord

#: Messages that each node remembers.
_CAPACITY = 100_000


def make_tracer(world: World, node: str, index: int) -> Tracer:
    """A tracer that knows the true time, whatever its node's clocks say, and gives the same ids each run."""
    return Tracer(
        node, now=world.date, wall=world.date, capacity=_CAPACITY, span_base=(index + 1 << COUNTER_BITS) + 1
    )


def records(tracers: Iterable[Tracer]) -> list[TraceRecord]:
    """Everything that the tracers remember."""
    return [record for tracer in tracers for record in _records_of(tracer)]


def story(tracers: Iterable[Tracer], identifier: str, columns: int) -> str:
    """A diagram of all that has to do with an id, an actor or a trace; see `pion trace story`."""
    merged = merge(records(tracers))
    told = tell(merged, identifier)
    return draw(told.steps, title=f"story of {identifier}", notes=merged.notes, columns=columns)


def write(tracers: Iterable[Tracer], directory: Path) -> None:
    """Write trace files, to be looked at by `pion trace … --trace_dir`."""
    for tracer in tracers:
        files = TraceFiles(directory, tracer.node)
        files.append(_records_of(tracer))
        files.close()


def _records_of(tracer: Tracer) -> list[TraceRecord]:
    return [render(entry, tracer.node, tracer.offset) for entry in tracer.read(0, _CAPACITY).entries]
