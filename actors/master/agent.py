"""An agent as the master keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from actors.master.changes import Changes, Entry, Key, Shelf
from actors.master.offer import InverseOfferEntry, OfferEntry
from actors.master.operation import OperationEntry
from actors.master.task import TaskEntry
from actors.system import Timer
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainInfo
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.resources import Resources
from transport.records.time_info import Unavailability


class AgentEntry(Entry):
    """An agent that is registered. Times are seconds since the Unix epoch."""

    shown: ClassVar[frozenset[str]] = frozenset(
        {
            "capabilities",
            "connected",
            "deactivated",
            "drain",
            "drain_started_at",
            "info",
            "pid",
            "registered_at",
            "reregistered_at",
            "total",
            "version",
        }
    )

    def __init__(
        self,
        info: AgentInfo,
        pid: Pid,
        *,
        total: Resources,
        version: str = "",
        capabilities: tuple[AgentInfo.Capability.Type, ...] = (),
        resource_version: bytes | None = None,
        registered_at: float = 0.0,
    ) -> None:
        super().__init__()
        assert info.id is not None
        self.id = info.id.value
        self.info = info
        self.pid = pid
        self.total = total
        self.version = version
        self.capabilities = capabilities
        self.resource_version = resource_version
        self.registered_at = registered_at
        self.reregistered_at: float | None = None
        #: Whether its link holds; without, it has until the re-registration deadline.
        self.connected = True
        #: Ends the wait for a disconnected agent.
        self.deadline: Timer | None = None
        self.deactivated = False
        self.drain: DrainInfo | None = None
        #: When this master first knew that it is drained.
        self.drain_started_at: float | None = None
        self.unavailability: Unavailability | None = None
        #: By framework id and task id, in order of launch.
        self.tasks: dict[tuple[str, str], TaskEntry] = {}
        #: By framework id and executor id: custom and default executors.
        self.executors: Shelf[tuple[str, str], ExecutorInfo] = Shelf("executor", self.id)
        self.offers: dict[str, OfferEntry] = {}
        self.inverse_offers: dict[str, InverseOfferEntry] = {}
        #: By framework id: how frameworks answered inverse offers since the unavailability is what it is.
        self.inverse_answers: dict[str, InverseOfferStatus] = {}
        self.operations: Shelf[bytes, OperationEntry] = Shelf("operation", self.id)
        #: What operations did not make after all, and somebody may have been promised: the agent refuses it.
        self.doubtful = Resources()
        #: By framework id and task id: kills to be sent again when it is connected, and how gracefully.
        self.pending_kills: dict[tuple[str, str], KillPolicy | None] = {}

    def attach(self, changes: Changes, key: Key) -> None:
        """Note changes there from now on."""
        super().attach(changes, key)
        self.executors.attach(changes)
        self.operations.attach(changes)

    def detach(self) -> None:
        """It is in the books no more, and what is on it neither."""
        self.executors.detach()
        self.operations.detach()
        super().detach()

    def withdraw(self, drain: DrainInfo | None, now: float) -> None:
        """It is deactivated, and drained if that is said."""
        if drain is None:
            self.drain_started_at = None
        elif self.drain_started_at is None:
            self.drain_started_at = now
        self.deactivated, self.drain = True, drain

    @property
    def active(self) -> bool:
        """Whether its resources may be offered."""
        return self.connected and not self.deactivated

    def capable(self, capability: AgentInfo.Capability.Type) -> bool:
        """Whether it said so."""
        return capability in self.capabilities

    def executors_of(self, framework_id: str) -> tuple[ExecutorInfo, ...]:
        """The framework's executors on it."""
        return tuple(executor for (owner, _), executor in self.executors.items() if owner == framework_id)

    @property
    def used(self) -> dict[str, Resources]:
        """What tasks, executors and unfinished operations hold, by framework id."""
        used: dict[str, Resources] = {}
        for framework_id, resources in self._holdings():
            used[framework_id] = used.get(framework_id, Resources()) + resources
        return used

    @property
    def offered(self) -> Resources:
        """What outstanding offers hold."""
        offered = Resources()
        for offer in self.offers.values():
            offered += offer.resources
        return offered

    def _holdings(self) -> Iterator[tuple[str, Resources]]:
        for (framework_id, _), task in self.tasks.items():
            yield framework_id, task.holding
        for (framework_id, _), executor in self.executors.items():
            yield framework_id, Resources(executor.resources)
        for operation in self.operations.values():
            if operation.record.framework_id is not None:
                yield operation.record.framework_id.value, operation.holding
