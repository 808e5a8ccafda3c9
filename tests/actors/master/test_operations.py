"""Operations under way: what agents make of them, and who is told."""

from __future__ import annotations

import pytest

from actors.master.framework import FrameworkState
from actors.metrics import Registry
from tests.actors.master.market import AGENT, create, grow, named, reserve, shrink
from tests.actors.master.scene import CPU, DISK, FIRST, GROWN, SECOND, VOLUME, Scene, State, of
from tests.transport.records.samples import scalar
from transport.messages.allocation import RecoverResources, UpdateAgent
from transport.messages.launching import (
    AcknowledgeOperationUpdate,
    ApplyOperation,
    ReconcileAgentOperations,
)
from transport.messages.scheduling import (
    OperationReference,
    ReconcileOperations,
)
from transport.records.ids import UUID, AgentID, OperationID
from transport.records.resources import Resources


def test_an_operation_is_sent_with_the_agents_resource_version_and_kept_as_pending() -> None:
    scene = Scene()
    scene.agent.resource_version = b"v" * 16
    scene.market.accept(scene.framework, scene.offer, named(reserve(CPU)))
    (applied,) = scene.world.told_of(scene.agent.pid, ApplyOperation)
    assert len(applied.operation_uuid) == 16
    assert applied.resource_version == b"v" * 16
    assert applied.framework_id == scene.framework.id
    (entry,) = scene.agent.operations.values()
    assert entry.record.latest_status.state is State.OPERATION_PENDING
    assert scene.framework.operations == {"o": entry}


def test_what_is_told_twice_is_booked_once_and_passed_on_twice() -> None:
    scene = Scene()
    uuid = scene.start(named(shrink(VOLUME, 5)))
    scene.applied(uuid)
    booked = len(scene.world.allocated)
    scene.applied(uuid)
    scene.applied(uuid, State.OPERATION_FAILED, SECOND)
    assert len(scene.world.allocated) == booked
    assert [one.state for one in scene.market.feedback()] == [
        State.OPERATION_FINISHED,
        State.OPERATION_FINISHED,
        State.OPERATION_FAILED,
    ]


# --- who is told ---


def test_operation_update_contains_agent_id() -> None:
    """As in Mesos' OperationUpdateContainsAgentID."""
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    scene.applied(uuid)
    (status,) = scene.market.feedback()
    assert status.agent_id == AgentID(value=AGENT)
    assert status.operation_id == OperationID(value="o")
    assert status.uuid == UUID(value=FIRST)


def test_retry_operation_status_update() -> None:
    """As in Mesos' RetryOperationStatusUpdate: what is not acknowledged is told again and again."""
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    for _ in range(3):
        scene.applied(uuid)
    assert len(scene.market.feedback()) == 3
    assert scene.acknowledged() == []


def test_cleanup_acknowledged_terminal_operation() -> None:
    """As in Mesos' CleanupAcknowledgedTerminalOperation."""
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    scene.applied(uuid)
    scene.acknowledge()
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(uuid, FIRST)]
    assert not scene.agent.operations
    assert not scene.framework.operations


def test_an_acknowledgement_that_was_lost_is_given_again_by_the_master() -> None:
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    scene.applied(uuid)
    scene.acknowledge()
    scene.applied(uuid)
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(uuid, FIRST)] * 2
    assert len(scene.market.feedback()) == 1


def test_the_acknowledgement_of_an_earlier_status_does_not_forget_the_operation() -> None:
    scene = Scene()
    uuid = scene.start(named(grow(VOLUME, DISK)))
    scene.applied(uuid, State.OPERATION_RECOVERING)
    scene.applied(uuid, State.OPERATION_FINISHED, SECOND)
    scene.acknowledge(FIRST)
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(uuid, FIRST)]
    assert uuid in scene.agent.operations
    scene.acknowledge(SECOND)
    assert not scene.agent.operations


@pytest.mark.parametrize(
    ("uuid", "operation_id", "agent_id", "connected"),
    [
        (SECOND, "o", AGENT, True),
        (FIRST, "p", AGENT, True),
        (FIRST, "o", "m1-S9", True),
        (FIRST, "o", AGENT, False),
    ],
)
def test_acknowledgements_of_nothing_that_was_sent_are_dropped(
    uuid: bytes, operation_id: str, agent_id: str, connected: bool
) -> None:
    scene = Scene()
    scene.applied(scene.start(named(reserve(CPU))))
    scene.agent.connected = connected
    scene.acknowledge(uuid, operation_id, agent_id)
    assert scene.acknowledged() == []
    assert len(scene.agent.operations) == 1


def test_an_operation_without_id_is_acknowledged_by_the_master() -> None:
    scene = Scene()
    uuid = scene.start(reserve(CPU))
    scene.applied(uuid)
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(uuid, FIRST)]
    assert not scene.agent.operations
    assert scene.market.feedback() == []


def test_nothing_is_acknowledged_for_a_framework_that_is_away() -> None:
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    scene.framework.state = FrameworkState.DISCONNECTED
    scene.applied(uuid)
    assert scene.acknowledged() == []
    assert scene.market.feedback() == []
    assert uuid in scene.agent.operations


def test_dropped_operation_status_update() -> None:
    """As in Mesos' DroppedOperationStatusUpdate: the agent knows no more of it than its uuid."""
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    scene.applied(uuid, State.OPERATION_DROPPED)
    (status,) = scene.market.feedback()
    assert status.state is State.OPERATION_DROPPED
    assert status.operation_id == OperationID(value="o")
    scene.acknowledge()
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(uuid, FIRST)]


# --- agents come and go ---


@pytest.mark.parametrize(
    ("gone", "state"), [(False, State.OPERATION_UNREACHABLE), (True, State.OPERATION_GONE_BY_OPERATOR)]
)
def test_frameworks_are_told_of_operations_on_agents_that_are_lost(gone: bool, state: State) -> None:
    scene = Scene()
    scene.start(named(grow(VOLUME, DISK)))
    scene.market.operations.agent_lost(scene.agent, gone=gone)
    (status,) = scene.market.feedback()
    assert (status.state, status.agent_id, status.uuid) == (state, AgentID(value=AGENT), None)
    assert not scene.agent.operations
    assert not scene.framework.operations


def test_frameworks_are_not_told_again_of_what_was_over() -> None:
    scene = Scene()
    scene.applied(scene.start(named(reserve(CPU))))
    scene.world.forget()
    scene.market.operations.agent_lost(scene.agent, gone=True)
    assert scene.market.feedback() == []
    assert not scene.framework.operations


def test_an_agent_that_is_back_is_asked_about_operations_that_it_does_not_tell() -> None:
    scene = Scene()
    before = scene.agent.total
    uuid = scene.start(named(reserve(CPU)))
    scene.agent.total = before
    scene.market.operations.agent_returned(scene.agent, ())
    assert scene.world.told(scene.agent.pid) == []
    scene.market.operations.ask(scene.agent, ())
    assert scene.world.told(scene.agent.pid) == [ReconcileAgentOperations((uuid,))]
    scene.applied(uuid, State.OPERATION_DROPPED)
    assert scene.agent.total == before
    assert scene.world.allocated == []
    assert [one.state for one in scene.market.feedback()] == [State.OPERATION_DROPPED]


def test_an_operation_that_reached_the_agent_after_it_told_its_total_is_booked_when_it_is_done() -> None:
    scene = Scene()
    before = scene.agent.total
    uuid = scene.start(named(reserve(CPU)))
    changed = scene.agent.total
    scene.agent.total = before
    scene.market.operations.agent_returned(scene.agent, ())
    scene.applied(uuid)
    assert scene.agent.total == changed
    assert scene.world.allocated == [UpdateAgent(AGENT, scene.agent.info, total=changed)]


def test_what_an_agent_tells_to_be_done_is_in_its_total() -> None:
    scene = Scene()
    operation = named(grow(VOLUME, DISK))
    uuid = scene.start(operation)
    scene.agent.total = Resources([GROWN]) + Resources.parse("cpus:4;mem:1024")
    told = [scene.told(uuid, State.OPERATION_FINISHED, operation)]
    scene.market.operations.agent_returned(scene.agent, told)
    total = scene.agent.total
    assert scene.world.allocated == [RecoverResources(scene.framework.id, AGENT, of(VOLUME, DISK))]
    scene.applied(uuid)
    assert scene.agent.total == total
    assert len(scene.world.allocated) == 1
    assert [one.state for one in scene.market.feedback()] == [State.OPERATION_FINISHED]
    scene.market.operations.ask(scene.agent, told)
    assert scene.world.told_of(scene.agent.pid, ReconcileAgentOperations) == []


def test_an_outcome_that_the_agent_forgot_before_it_was_acknowledged_is_asked_for_again() -> None:
    scene = Scene()
    before = scene.agent.total
    uuid = scene.start(named(reserve(CPU)))
    scene.applied(uuid)
    scene.agent.total = before
    scene.market.operations.agent_returned(scene.agent, ())
    scene.market.operations.ask(scene.agent, ())
    assert scene.world.told_of(scene.agent.pid, ReconcileAgentOperations) == [
        ReconcileAgentOperations((uuid,))
    ]
    scene.applied(uuid, State.OPERATION_DROPPED, SECOND)
    assert [one.state for one in scene.market.feedback()] == [
        State.OPERATION_FINISHED,
        State.OPERATION_DROPPED,
    ]
    assert scene.agent.total == before
    assert scene.world.allocated == []
    scene.acknowledge(SECOND)
    assert not scene.agent.operations


def test_unacked_agent_operation_after_master_failover() -> None:
    """As in Mesos' UnackedAgentOperationAfterMasterFailover: another master hears of it from the agent."""
    scene = Scene()
    told = scene.told(b"u" * 16, State.OPERATION_FINISHED, named(create(VOLUME)))
    scene.market.operations.agent_returned(scene.agent, [told])
    assert list(scene.framework.operations) == ["o"]
    assert scene.world.allocated == []
    scene.applied(b"u" * 16)
    scene.acknowledge()
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(b"u" * 16, FIRST)]
    assert not scene.agent.operations


def test_a_framework_that_subscribes_after_its_agent_is_back_is_told_all_the_same() -> None:
    scene = Scene()
    told = scene.told(b"u" * 16, State.OPERATION_FINISHED, named(create(VOLUME)))
    cluster = scene.market.cluster
    cluster.remove_offer(scene.offer)
    del cluster.frameworks[scene.framework.id]
    scene.market.operations.agent_returned(scene.agent, [told])
    scene.applied(b"u" * 16)
    assert scene.acknowledged() == []
    scene.framework.operations.clear()
    cluster.add_framework(scene.framework)
    assert list(scene.framework.operations) == ["o"]
    scene.applied(b"u" * 16)
    scene.acknowledge()
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(b"u" * 16, FIRST)]


def test_agent_pending_operation_after_master_failover() -> None:
    """As in Mesos' AgentPendingOperationAfterMasterFailover: what it needs is charged to its framework."""
    scene = Scene()
    scene.market.cluster.remove_offer(scene.offer)
    uuid = scene.start_elsewhere(named(grow(VOLUME, DISK)))
    assert scene.agent.used == {scene.framework.id: of(VOLUME, DISK)}
    scene.applied(uuid)
    assert scene.agent.used.get(scene.framework.id, Resources()) == Resources()


def test_what_an_agent_tells_and_cannot_be_costs_nothing() -> None:
    scene = Scene()
    scene.market.cluster.remove_offer(scene.offer)
    uuid = scene.start_elsewhere(named(shrink(VOLUME, 50)))
    assert scene.agent.used.get(scene.framework.id, Resources()) == Resources()
    total = scene.agent.total
    scene.applied(uuid)
    assert scene.agent.total == total


# --- reconciliation ---


def test_frameworks_ask_for_the_latest_states() -> None:
    scene = Scene()
    scene.applied(scene.start(named(reserve(CPU))))
    scene.world.forget()
    asked = (OperationReference(operation_id="o"), OperationReference(operation_id="p", agent_id=AGENT))
    scene.market.operations.reconcile(scene.framework, ReconcileOperations(scene.framework.id, asked))
    known, unknown = scene.market.feedback()
    assert (known.state, known.uuid) == (State.OPERATION_FINISHED, None)
    assert (unknown.state, unknown.uuid) == (State.OPERATION_UNKNOWN, None)


# --- metrics ---


def test_operations_are_counted_under_mesos_names() -> None:
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    registry = Registry()
    registry.add(scene.market.metrics)

    def shown() -> dict[str, float]:
        return {name: value for name, value in registry.snapshot().items() if "operation" in name and value}

    assert shown() == {"master/operations/total": 1, "master/operations/pending": 1}
    scene.applied(uuid)
    scene.acknowledge(SECOND)
    scene.acknowledge()
    scene.applied(uuid)
    refused = named(reserve(scalar("cpus", 1)), "p")
    scene.market.accept(scene.framework, scene.make_offer(Resources.parse("cpus:1")), refused)
    assert shown() == {
        "master/operations/finished": 1,
        "master/operations/error": 1,
        "master/valid_operation_status_updates": 1,
        "master/invalid_operation_status_updates": 1,
        "master/valid_operation_status_update_acknowledgements": 1,
        "master/invalid_operation_status_update_acknowledgements": 1,
    }
