"""Operations on the agent's resources."""

from __future__ import annotations

from msgspec.structs import replace

from tests.actors.agent.kept import volume
from tests.actors.agent.stage import AGENT_ID, FRAMEWORK_ID, Stage, agent_info, framework, resources, task
from transport.messages.checkpointing import Archive, RemoveVolumes, SaveResources
from transport.messages.launching import (
    AcknowledgeOperationUpdate,
    ApplyOperation,
    OperationApplied,
    ReconcileAgentOperations,
    RunTask,
)
from transport.messages.membership import RegisterAgent, ShutdownAgent
from transport.records.ids import OperationID
from transport.records.offer import Offer
from transport.records.operation import OperationState
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.value import Value

_Operation = Offer.Operation
_Type = Offer.Operation.Type
DISK = replace(volume(), disk=None)


def reserve(*reserved: Resource) -> Offer.Operation:
    return _Operation(
        type=_Type.RESERVE,
        id=OperationID(value="reserve"),
        reserve=_Operation.Reserve(resources=reserved),
    )


def create(*volumes: Resource) -> Offer.Operation:
    return _Operation(type=_Type.CREATE, create=_Operation.Create(volumes=volumes))


def destroy(*volumes: Resource) -> Offer.Operation:
    return _Operation(type=_Type.DESTROY, destroy=_Operation.Destroy(volumes=volumes))


def apply(stage: Stage, operation: Offer.Operation, uuid: bytes = b"one") -> None:
    stage.tell(ApplyOperation(operation, uuid, FRAMEWORK_ID))


def applied(stage: Stage) -> list[OperationApplied]:
    return stage.heard(OperationApplied)


def states(stage: Stage) -> list[OperationState]:
    return [message.status.state for message in applied(stage)]


def allocated(resource: Resource) -> Resource:
    (found,) = Resources([resource]).allocate("web")
    return found


def with_volume() -> Stage:
    stage = Stage()
    apply(stage, reserve(DISK), b"reserve")
    apply(stage, create(volume()), b"create")
    return stage


def test_an_operation_changes_the_total_and_is_told_once_it_is_durable() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    apply(stage, reserve(allocated(DISK)))
    assert stage.agent.books.total.reserved("web") == Resources([DISK])
    assert applied(stage) == []
    (envelope,) = hold.held
    assert isinstance(envelope.message, Archive)
    assert [type(save) for save in envelope.message.saves] == [SaveResources]
    hold.release()
    stage.run()
    (message,) = applied(stage)
    assert message.operation_uuid == b"one"
    assert message.framework_id == FRAMEWORK_ID
    assert message.status.state is OperationState.OPERATION_FINISHED
    assert message.status.converted_resources == (DISK,)
    assert message.status.operation_id == OperationID(value="reserve")


def test_an_update_on_an_operation_names_the_agent() -> None:
    stage = Stage()
    apply(stage, reserve(DISK))
    (message,) = applied(stage)
    assert message.agent_id == AGENT_ID
    assert message.status.agent_id is not None
    assert message.status.agent_id.value == AGENT_ID


def test_an_operation_that_is_said_twice_is_done_once() -> None:
    stage = Stage()
    apply(stage, reserve(DISK))
    apply(stage, reserve(DISK))
    assert stage.agent.books.total.reserved("web").scalar_quantities["disk"] == 64_000
    assert applied(stage)[0].status == applied(stage)[-1].status


def test_an_operation_on_what_is_not_there_is_dropped() -> None:
    stage = Stage()
    apply(stage, create(volume()))
    assert states(stage) == [OperationState.OPERATION_DROPPED]
    assert "not on this agent" in (applied(stage)[0].status.message or "")


def test_an_operation_on_what_a_task_uses_is_dropped() -> None:
    stage = Stage()
    stage.run_task(task(needs="disk:1000"))
    apply(stage, reserve(DISK))
    assert states(stage) == [OperationState.OPERATION_DROPPED]


def test_an_update_on_an_operation_is_repeated_until_it_is_acknowledged() -> None:
    stage = Stage()
    apply(stage, reserve(DISK))
    status = applied(stage)[0].status
    assert status.uuid is not None
    stage.tell(AcknowledgeOperationUpdate(b"one", b"another"))
    stage.run(35.0)
    assert [message.status for message in applied(stage)] == [status] * 3
    stage.tell(AcknowledgeOperationUpdate(b"one", status.uuid.value))
    stage.run(1000.0)
    assert len(applied(stage)) == 3
    assert not stage.agent.books.operations


def test_operations_that_never_came_are_dropped_until_that_is_acknowledged() -> None:
    stage = Stage()
    apply(stage, reserve(DISK), b"known")
    stage.master.received.clear()
    stage.tell(ReconcileAgentOperations((b"known", b"unknown")))
    (message,) = applied(stage)
    assert message.operation_uuid == b"unknown"
    assert message.status.state is OperationState.OPERATION_DROPPED
    stage.tell(ReconcileAgentOperations((b"unknown",)))
    stage.run(10.0)
    dropped = [one for one in applied(stage) if one.operation_uuid == b"unknown"]
    assert len(dropped) == 2
    assert dropped[0] == dropped[1]


def test_what_operations_did_survives_a_restart_and_is_told_again() -> None:
    stage = with_volume()
    total = stage.agent.books.total
    stage.start_again()
    stage.master.received.clear()
    stage.detect()
    told = stage.reregister()
    assert Resources(told.resources) == total
    assert [one.uuid.value for one in told.operations] == [b"reserve", b"create"]
    assert states(stage) == [OperationState.OPERATION_FINISHED] * 2


def test_an_operation_that_was_acknowledged_is_not_told_after_a_restart() -> None:
    stage = Stage()
    apply(stage, reserve(DISK))
    status = applied(stage)[0].status
    assert status.uuid is not None
    stage.tell(AcknowledgeOperationUpdate(b"one", status.uuid.value))
    stage.start_again()
    stage.master.received.clear()
    stage.detect()
    assert stage.reregister().operations == ()
    assert stage.agent.books.total.reserved("web") == Resources([DISK])
    stage.run(60.0)
    assert applied(stage) == []


def test_a_volume_can_be_used_at_once_and_is_removed_when_it_is_destroyed() -> None:
    stage = with_volume()
    removed = []
    info = replace(task(), resources=(*resources("cpus:1"), allocated(volume())))
    stage.master.send(stage.pid, RunTask(framework(), info))
    stage.run()
    executor = stage.executor()
    apply(stage, destroy(volume()), b"too early")
    assert states(stage)[-1] is OperationState.OPERATION_DROPPED
    executor.update("FINISHED")
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    apply(stage, destroy(volume()), b"destroy")
    for envelope in hold.held:
        assert isinstance(envelope.message, Archive)
        removed += [save for save in envelope.message.saves if isinstance(save, RemoveVolumes)]
    assert removed == [RemoveVolumes((volume(),))]


def test_a_volume_whose_removal_was_cut_short_is_removed_after_the_restart() -> None:
    stage = with_volume()
    armed = stage.sim.arm("agent.volumes.removed", node=stage.node)
    apply(stage, destroy(volume()), b"destroy")
    assert armed.struck
    hold = stage.sim.hold(Archive, to=lambda pid: pid.name == "archive")
    stage.restart()
    stage.run()
    saves = [save for one in hold.held if isinstance(one.message, Archive) for save in one.message.saves]
    assert saves == [RemoveVolumes((volume(),))]


def test_what_operations_made_stays_while_the_agent_grows_again_and_again() -> None:
    stage = Stage(reconfiguration_policy="additive")
    apply(stage, reserve(DISK))
    for cpus in (5, 6, 6):
        stage.crash()
        stage.info = agent_info(f"cpus:{cpus};mem:4096;disk:1024;ports:[31000-31999]")
        stage.restart()
        stage.detect()
        told = Resources(stage.reregister().resources)
        assert told.scalar_quantities["cpus"] == cpus * 1000
        assert told.scalar_quantities["disk"] == 1024_000
        assert told.reserved("web") == Resources([DISK])


def test_volumes_outlive_the_agents_id() -> None:
    stage = with_volume()
    total = stage.agent.books.total
    stage.tell(ShutdownAgent("gone"))
    stage.start_again()
    stage.master.received.clear()
    stage.detect()
    stage.sim.run_until(lambda: stage.heard(RegisterAgent))
    assert Resources(stage.heard(RegisterAgent)[0].resources) == total
    assert not stage.agent.books.operations


def test_volumes_grow_and_shrink() -> None:
    stage = with_volume()
    apply(stage, reserve(replace(DISK, scalar=Value.Scalar(value=36.0))), b"more")
    more = replace(DISK, scalar=Value.Scalar(value=36.0))
    grow = _Operation(
        type=_Type.GROW_VOLUME, grow_volume=_Operation.GrowVolume(volume=volume(), addition=more)
    )
    apply(stage, grow, b"grow")
    grown = replace(volume(), scalar=Value.Scalar(value=100.0))
    assert stage.agent.books.total.persistent_volumes == Resources([grown])
    less = Value.Scalar(value=90.0)
    shrink = _Operation(
        type=_Type.SHRINK_VOLUME, shrink_volume=_Operation.ShrinkVolume(volume=grown, subtract=less)
    )
    apply(stage, shrink, b"shrink")
    shrunk = replace(volume(), scalar=Value.Scalar(value=10.0))
    assert stage.agent.books.total.persistent_volumes == Resources([shrunk])
    assert states(stage) == [OperationState.OPERATION_FINISHED] * 5
