"""What the master shows of each framework: `master/frameworks/<name>/<id>/…` (mesos-metrics.tsv)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, TypeVar
from urllib.parse import quote

from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from actors.metrics import Metrics, Sample, metric
from transport.records.enumeration import Enumeration
from transport.records.offer import Offer
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event
from transport.records.task_status import TaskState

K = TypeVar("K", bound=Enumeration)
_ACTIVE = tuple(state for state in TaskState if not state.terminal)
_TERMINAL = tuple(state for state in TaskState if state.terminal)


class FrameworkFigures:
    """A figure of each framework that is not over, counted or as it is now; any thread may read it."""

    #: Most of them count; Prometheus has one kind for all.
    kind: ClassVar[str] = "untyped"

    def __init__(self, name: str, help: str) -> None:  # noqa: A002
        self.name = name
        self.help = help
        self.cluster: Cluster | None = None

    def flat(self) -> Iterator[tuple[str, float]]:
        """Each figure under Mesos' name."""
        for framework in self._frameworks():
            prefix = f"{self.name}/{quote(framework.info.name, safe='')}/{framework.id}"
            for name, value in _figures(framework):
                yield f"{prefix}/{name}", value

    def samples(self) -> Iterator[Sample]:
        """Each figure with its labels."""
        for framework in self._frameworks():
            labels = {"framework_name": framework.info.name, "framework_id": framework.id}
            for name, value in _figures(framework):
                yield {**labels, "figure": name}, value

    def _frameworks(self) -> tuple[FrameworkEntry, ...]:
        return () if self.cluster is None else tuple(self.cluster.frameworks.values())


class PrincipalFigures(FrameworkFigures):
    """Messages of all frameworks of a principal; none waits, so all that came were processed."""

    kind: ClassVar[str] = "counter"

    def flat(self) -> Iterator[tuple[str, float]]:
        """Each count under Mesos' names."""
        for principal, count in self._counts().items():
            yield f"{self.name}/{principal}/messages_received", count
            yield f"{self.name}/{principal}/messages_processed", count

    def samples(self) -> Iterator[Sample]:
        """Each count with its principal."""
        for principal, count in self._counts().items():
            yield {"principal": principal}, count

    def _counts(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for framework in self._frameworks():
            principal = framework.info.principal
            if principal:
                called = sum(tuple(framework.tally.calls.values()))
                counts[principal] = counts.get(principal, 0) + called
        return counts


class FrameworkMetrics(Metrics):
    """The metrics of all frameworks."""

    frameworks: FrameworkFigures = metric(
        FrameworkFigures, "master/frameworks", "What each framework did, and what became of it."
    )

    principals: PrincipalFigures = metric(
        PrincipalFigures, "frameworks", "Messages of the frameworks of each principal."
    )

    def read_from(self, cluster: Cluster, *, of_each: bool = True) -> None:
        """Read them from these books; `of_each`: those of single frameworks, too."""
        self.principals.cluster = cluster
        if of_each:
            self.frameworks.cluster = cluster


def _figures(framework: FrameworkEntry) -> Iterator[tuple[str, float]]:
    tally = framework.tally
    yield "subscribed", float(framework.connected)
    yield from _counts("calls", Call.Type, tally.calls)
    yield from _counts("events", Event.Type, tally.events)
    yield from _counts("operations", Offer.Operation.Type, tally.operations)
    states: dict[TaskState, int] = {}
    for task in tuple(framework.tasks.values()):
        states[task.record.state] = states.get(task.record.state, 0) + 1
    states[TaskState.TASK_UNREACHABLE] = len(framework.unreachable_tasks)
    yield from _members("tasks/active", _ACTIVE, states)
    yield from _members("tasks/terminal", _TERMINAL, tally.task_ends)
    yield "offers/sent", tally.offers_sent
    yield "offers/accepted", tally.offers_accepted
    yield "offers/declined", tally.offers_declined
    yield "offers/rescinded", tally.offers_rescinded
    for role in framework.roles:
        yield f"roles/{role}/suppressed", float(role in framework.suppressed_roles)


def _counts(name: str, kinds: Iterable[K], counts: Mapping[K, int]) -> Iterator[tuple[str, float]]:
    yield name, sum(tuple(counts.values()))
    yield from _members(name, kinds, counts)


def _members(name: str, kinds: Iterable[K], counts: Mapping[K, int]) -> Iterator[tuple[str, float]]:
    for kind in kinds:
        if kind.value != "UNKNOWN":
            yield f"{name}/{kind.value.lower()}", counts.get(kind, 0)
