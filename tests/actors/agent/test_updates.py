from __future__ import annotations

from actors.simulation import Simulation
from tests.actors.agent.kept import FRAMEWORK_ID, SAVES, Host, status, update
from transport.messages.checkpointing import (
    RecoverUpdates,
    SendUpdates,
    StreamAcknowledge,
    StreamAdvanced,
    UpdateStreamed,
)
from transport.messages.launching import StatusUpdate
from transport.records.task_status import TaskState


def test_an_update_is_kept_then_sent_and_repeated_until_it_is_acknowledged() -> None:
    sim = Simulation(1)
    host = Host(sim)
    host.tell("updates", SendUpdates(host.probe.pid))
    host.tell("updates", update(status()))
    assert sim.wait_for(UpdateStreamed).accepted
    sim.run(100.0)
    assert len(host.answers(StatusUpdate)) == 4  # after 0, 10, 30 and 70 seconds
    host.tell("updates", StreamAcknowledge(FRAMEWORK_ID, "t1", b"u1"))
    assert sim.wait_for(StreamAdvanced) == StreamAdvanced(FRAMEWORK_ID, "t1", status(), over=False)
    sim.run(1000.0)
    assert len(host.answers(StatusUpdate)) == 4


def test_after_a_crash_what_is_not_acknowledged_is_sent_and_what_is_is_not() -> None:
    sim = Simulation(1)
    host = Host(sim)
    host.admit()
    host.archive(*SAVES)
    host.tell("updates", SendUpdates(host.probe.pid))
    for told in (status(b"u1"), status(b"u2", TaskState.TASK_FINISHED)):
        host.tell("updates", update(told))
    host.tell("updates", StreamAcknowledge(FRAMEWORK_ID, "t1", b"u1"))
    sim.wait_for(StreamAdvanced)
    checkpoint = host.recovered()
    host.tell("updates", RecoverUpdates(checkpoint))
    host.tell("updates", SendUpdates(host.probe.pid))
    sim.run(1.0)
    (sent,) = host.answers(StatusUpdate)
    assert isinstance(sent, StatusUpdate)
    assert sent.status.uuid == b"u2"
    assert sent.latest_state is TaskState.TASK_FINISHED
