"""The read model of a master's node: what changed in the books, what is asked of it, and who watches.

The view asks the master for what changed, which is told in portions; a portion holds what each object is by
then, or None for one that is not there any more. So only a view that is told at once learns in which order
things happened.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from transport.message import DomesticMessage
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainInfo
from transport.records.framework import FrameworkInfo
from transport.records.master import MasterInfo
from transport.records.offer import InverseOffer, Offer
from transport.records.offer_constraints import OfferConstraints
from transport.records.operation import Operation
from transport.records.resources import Resources
from transport.records.task import Task

# --- what is told of objects; times are seconds since the Unix epoch ---


class AgentFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A registered agent."""

    info: AgentInfo
    pid: Pid
    connected: bool
    deactivated: bool
    version: str
    capabilities: tuple[AgentInfo.Capability.Type, ...]
    total: Resources
    registered_at: float
    reregistered_at: float | None
    drain: DrainInfo | None
    drain_started_at: float | None


class FrameworkFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A framework."""

    info: FrameworkInfo
    roles: tuple[str, ...]
    #: None until it subscribes with this master.
    pid: Pid | None
    connected: bool
    recovered: bool
    registered_at: float
    reregistered_at: float | None
    unregistered_at: float | None
    constraints: OfferConstraints


class TaskFact(msgspec.Struct, frozen=True, gc=False):
    """A task on a registered agent, and what it holds there."""

    record: Task
    holding: Resources


class CompletedTasksFact(msgspec.Struct, frozen=True, gc=False):
    """Tasks of a framework that ended, the first of which has this number; older than `forgotten` is none."""

    first: int
    tasks: tuple[Task, ...]
    forgotten: int


class OfferFact(msgspec.Struct, frozen=True, gc=False):
    """An outstanding offer, and the resources in it, allocated to its role."""

    role: str
    resources: Resources
    record: Offer


class InverseOfferFact(msgspec.Struct, frozen=True, gc=False):
    """An outstanding inverse offer."""

    framework_id: str
    record: InverseOffer


class OperationFact(msgspec.Struct, frozen=True, gc=False):
    """An operation that is kept, and what it holds of its agent."""

    record: Operation
    holding: Resources


# --- the view and the master ---


class TellChanges(DomesticMessage):
    """Tell what changed until now; said again until it is answered.

    `heard` is how many portions the view has of this reign: one that has none knows nothing. One that
    `watches` is told what changes as soon as it does from now on.
    """

    number: int
    heard: int = 0
    watches: bool = False


class ChangesTold(DomesticMessage):
    """The keys of what changed, and what is there by now.

    If it is `settled`, nothing else changed. `answers` is the number of the question of which all has been
    told by this, if there is one.
    """

    info: MasterInfo
    elected_at: float
    facts: tuple[tuple[tuple[object, ...], object], ...]
    settled: bool = False
    answers: int | None = None


# --- readers and the view ---


class ReadView(DomesticMessage):
    """Show the cluster as of now: what of it, in which form, and what is said more exactly."""

    what: str
    form: int
    arguments: Mapping[str, str] = {}


class ViewRead(DomesticMessage):
    """What was asked for, in pieces; as long as the version is the same it is the same."""

    version: str
    pieces: tuple[bytes, ...]


class ViewRefused(DomesticMessage):
    """What was asked for is not valid, or not there: `status` is as in HTTP."""

    status: int
    message: str


class WatchView(DomesticMessage):
    """Show the sender the cluster as of now, and then each event, in that form."""

    form: int


class ViewEvent(DomesticMessage):
    """One event, in pieces."""

    pieces: tuple[bytes, ...]


class ViewWatchOver(DomesticMessage):
    """No further events are shown."""

    reason: str
