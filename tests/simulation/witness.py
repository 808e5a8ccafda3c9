"""Sees every message of a simulated cluster, and objects to what must never happen.

The rules are those of reliability.md §2, by their numbers. What an actor can see of itself it asserts in its
own `check_invariants`; here is what only shows between several of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.simulation import SimulatedNode, Simulation
from transport.envelope import Envelope
from transport.messages.checkpointing import StreamAcknowledge, StreamAdvanced, UpdateStreamed
from transport.messages.launching import RunTask, RunTaskGroup, StatusUpdate
from transport.messages.membership import AgentRegistered, AgentReregistered, ShutdownAgent
from transport.messages.operating import (
    DeactivateAgentRequest,
    DrainAgentRequest,
    MarkAgentGoneRequest,
    OperatorAnswer,
    ReactivateAgentRequest,
)
from transport.messages.registry import (
    AdmitAgent,
    ApplyToRegistry,
    MarkAgentReachable,
    RegistryApplied,
    RegistryRecovered,
    RemoveAdmittedAgent,
)
from transport.messages.scheduling import ResourceOffers, Subscribe, Subscribed
from transport.pid import Pid
from transport.records.offer import Offer
from transport.records.task_status import TaskState, TaskStatus

_State = TaskState

#: How far a task is; it never goes back. Equal states may follow each other where health is told.
_RANK = {
    _State.TASK_STAGING: 0,
    _State.TASK_STARTING: 1,
    _State.TASK_RUNNING: 2,
    _State.TASK_KILLING: 3,
    _State.TASK_FINISHED: 4,
    _State.TASK_FAILED: 4,
    _State.TASK_KILLED: 4,
    _State.TASK_ERROR: 4,
    _State.TASK_DROPPED: 4,
    _State.TASK_LOST: 4,
    _State.TASK_GONE: 4,
}
#: What is over for certain; the other terminal states may turn out to be a mistake (I9).
CERTAIN = (_State.TASK_FINISHED, _State.TASK_FAILED, _State.TASK_KILLED, _State.TASK_ERROR)
#: How long a message may be under way: as long as a node is paused or cut off.
_UNDER_WAY_SECONDS = 45.0


def _owner(scheduler: Pid, message: Subscribe) -> str:
    """Frameworks have nodes of their own, but those that speak HTTP: they are known by their names."""
    return message.framework.name if scheduler.name.startswith("http-") else scheduler.host


class Witness:
    """Watches one cluster from its beginning."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._watched: dict[type, Callable[[SimulatedNode, Envelope, Any], None]] = {
            StatusUpdate: self._sent,
            UpdateStreamed: self._streamed,
            StreamAcknowledge: self._acknowledging,
            StreamAdvanced: self._acknowledged,
            ResourceOffers: self._offered,
            Subscribe: self._asked,
            Subscribed: self._subscribed,
            AgentRegistered: self._registered,
            AgentReregistered: self._registered,
            ApplyToRegistry: self._applying,
            RegistryApplied: self._applied,
            RegistryRecovered: self._recovered,
            MarkAgentGoneRequest: self._marking_gone,
            DrainAgentRequest: self._withdrawing,
            DeactivateAgentRequest: self._withdrawing,
            ReactivateAgentRequest: self._reactivating,
            RunTask: self._run,
            RunTaskGroup: self._run,
            OperatorAnswer: self._answered,
            ShutdownAgent: self._shut_down,
        }
        #: By scheduler and task, the updates of its agent's stream, each once.
        self.told: dict[tuple[str, str], list[TaskStatus]] = {}
        self._sending: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._sent_before: set[bytes] = set()
        self._answered_for: set[bytes] = set()
        self._done: dict[bytes, int] = {}
        #: By framework and task, the updates that an agent has let an executor forget.
        self.promised: dict[tuple[str, str], list[tuple[TaskState, bytes]]] = {}
        self._offers: dict[str, Offer] = {}
        self._hosts: dict[str, str] = {}
        self._frameworks: dict[str, str] = {}
        self._asking: dict[str, str | None] = {}
        #: Whose scheduler an actor is.
        self._owners: dict[Pid, str] = {}
        self._pending: dict[int, str] = {}
        self.admitted: set[str] = set()
        self._leaving: dict[int, str] = {}
        self.gone: set[str] = set()
        self.shut_down: list[str] = []
        #: Agents that left for good, or whose place another took.
        self._removed: set[str] = set()
        self._withdrawals: dict[int, str] = {}
        #: Agents that are to get no tasks, and since when no launch can be under way any more.
        self._withdrawn: dict[str, float] = {}
        sim.observe(self._see)

    def _see(self, node: SimulatedNode, envelope: Envelope) -> None:
        watched = self._watched.get(type(envelope.message))
        if watched is not None:
            watched(node, envelope, envelope.message)

    # Tasks.

    def tell(self, scheduler: str, status: TaskStatus) -> None:
        """A scheduler's handler is told of a task."""
        key = (scheduler, status.task_id.value)
        if status.uuid is None:
            return
        stream = self.told.setdefault(key, [])
        if stream:
            assert _RANK[stream[-1].state] <= _RANK[status.state], (
                f"I10: {key}: {status.state.value} after {stream[-1].state.value}"
            )
            assert _RANK[stream[-1].state] < 4, (
                f"I9: {key}: {status.state.value} after {stream[-1].state.value}"
            )
        stream.append(status)

    def _sent(self, node: SimulatedNode, envelope: Envelope, message: StatusUpdate) -> None:
        uuid = message.status.uuid
        assert uuid is not None, f"I12: {message.status.task_id.value}: an update of an agent without uuid"
        key = (message.framework_id, message.status.task_id.value)
        sender = envelope.sender.incarnation
        acknowledged_by = self._done.get(uuid)
        assert acknowledged_by is None or sender <= acknowledged_by, f"I13: {key}: sent again after its ack"
        before = self._sending.get(key)
        if uuid in self._sent_before:
            return  # the network, or the agent, repeats it
        self._sent_before.add(uuid)
        if before is not None and before[0] == sender:
            assert before[1] in self._answered_for, f"I12: {key}: the next before the last was acknowledged"
        self._sending[key] = (sender, uuid)

    def _streamed(self, node: SimulatedNode, envelope: Envelope, message: UpdateStreamed) -> None:
        status = message.status
        if message.accepted and status.source is TaskStatus.Source.SOURCE_EXECUTOR:
            assert status.uuid is not None
            promised = self.promised.setdefault((message.framework_id, message.task_id), [])
            promised.append((status.state, status.uuid))

    def _acknowledging(self, node: SimulatedNode, envelope: Envelope, message: StreamAcknowledge) -> None:
        self._answered_for.add(message.uuid)

    def _acknowledged(self, node: SimulatedNode, envelope: Envelope, message: StreamAdvanced) -> None:
        assert message.status.uuid is not None
        self._done[message.status.uuid] = envelope.sender.incarnation

    # Offers, frameworks.

    def _offered(self, node: SimulatedNode, envelope: Envelope, message: ResourceOffers) -> None:
        for offer in message.offers:
            known = self._offers.setdefault(offer.id.value, offer)
            assert known == offer, f"I23: {offer.id.value}: two offers of one id"
            assert offer.agent_id.value in self.admitted, f"I21: {offer.agent_id.value} offered, not admitted"

    def _asked(self, node: SimulatedNode, envelope: Envelope, message: Subscribe) -> None:
        given = message.framework.id
        owner = self._owners[envelope.sender] = _owner(envelope.sender, message)
        self._asking[owner] = None if given is None or not given.value else given.value

    def _subscribed(self, node: SimulatedNode, envelope: Envelope, message: Subscribed) -> None:
        asker = self._owners[envelope.to]
        owner = self._frameworks.setdefault(message.framework_id, asker)
        assert owner == asker, f"I23: {message.framework_id}: given to {owner} and {asker}"
        asked = self._asking.get(asker)
        assert asked in (None, message.framework_id), f"I25: asked for {asked}, is {message.framework_id}"

    # Agents, and what of them is durable.

    def _registered(
        self, node: SimulatedNode, envelope: Envelope, message: AgentRegistered | AgentReregistered
    ) -> None:
        agent_id = message.agent_id
        host = self._hosts.setdefault(agent_id, node.name)
        assert host == node.name, f"I23: {agent_id}: given to {host} and {node.name}"
        assert agent_id in self.admitted, f"I21: {agent_id}: registered before that was durable"
        assert agent_id not in self.gone, f"I22: {agent_id}: is gone, and registered"

    def _applying(self, node: SimulatedNode, envelope: Envelope, message: ApplyToRegistry) -> None:
        operation = message.operation
        if isinstance(operation, AdmitAgent | MarkAgentReachable):
            assert operation.info.id is not None
            self._pending[message.request_id] = operation.info.id.value
        elif isinstance(operation, RemoveAdmittedAgent):
            self._removed.add(operation.agent_id)

    def _applied(self, node: SimulatedNode, envelope: Envelope, message: RegistryApplied) -> None:
        agent_id = self._pending.pop(message.request_id, None)
        if agent_id is not None and message.error is None:
            self.admitted.add(agent_id)

    def _recovered(self, node: SimulatedNode, envelope: Envelope, message: RegistryRecovered) -> None:
        self._pending.clear()
        registry = message.registry
        admitted = registry.slaves.slaves if registry.slaves is not None else ()
        names = [one.info.id.value for one in admitted if one.info.id is not None]
        gone = registry.gone.slaves if registry.gone is not None else ()
        away = registry.unreachable.slaves if registry.unreachable is not None else ()
        known = {*names, *self._removed, *(one.id.value for one in gone), *(one.id.value for one in away)}
        lost = sorted(agent_id for agent_id in self._hosts if agent_id not in known)
        assert not lost, f"I21: {lost} had registered, and the new master does not know them"
        forgotten = sorted(self.gone - {one.id.value for one in gone})
        assert not forgotten, f"I22: {forgotten} are gone, and the new master does not know it"
        self.admitted |= set(names)

    def _marking_gone(self, node: SimulatedNode, envelope: Envelope, message: MarkAgentGoneRequest) -> None:
        self._leaving[message.request_id] = message.agent_id

    def _answered(self, node: SimulatedNode, envelope: Envelope, message: OperatorAnswer) -> None:
        agent_id = self._leaving.pop(message.request_id, None)
        if agent_id is not None and message.status == 200:
            self.gone.add(agent_id)
        agent_id = self._withdrawals.pop(message.request_id, None)
        if agent_id is not None and message.status == 200:
            self._withdrawn[agent_id] = self._sim.now + _UNDER_WAY_SECONDS

    def _withdrawing(
        self, node: SimulatedNode, envelope: Envelope, message: DrainAgentRequest | DeactivateAgentRequest
    ) -> None:
        self._withdrawals[message.request_id] = message.agent_id

    def _reactivating(self, node: SimulatedNode, envelope: Envelope, message: ReactivateAgentRequest) -> None:
        self._withdrawn.pop(message.agent_id, None)

    def _run(self, node: SimulatedNode, envelope: Envelope, message: RunTask | RunTaskGroup) -> None:
        task = message.task if isinstance(message, RunTask) else message.group.tasks[0]
        since = self._withdrawn.get(task.agent_id.value, self._sim.now)
        assert self._sim.now <= since, f"I28: {task.task_id.value}: launched on a withdrawn agent"

    def _shut_down(self, node: SimulatedNode, envelope: Envelope, message: ShutdownAgent) -> None:
        self.shut_down.append(node.name)
