"""What archive and update streams promise, with a fault at every point at which there can be one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from actors.simulation import Simulation
from actors.simulation.disk import Operation
from actors.simulation.replay import placements, prepare, run, seeds
from actors.simulation.simulation import Harm
from tests.actors.agent.kept import (
    FRAMEWORK_ID,
    RUN,
    SAVES,
    Host,
    agent,
    executor,
    framework,
    status,
    task,
    update,
)
from transport.messages.agent_state import AgentCheckpoint, TaskCheckpoint
from transport.messages.checkpointing import (
    Archive,
    Archived,
    MakeSandbox,
    RecoverUpdates,
    SaveAgent,
    SaveCompletion,
    SaveDrain,
    SaveResources,
    SendUpdates,
    StreamAcknowledge,
    StreamAdvanced,
    UpdateStreamed,
)
from transport.messages.launching import StatusUpdate
from transport.records.agent import DrainConfig
from transport.records.task_status import TaskState, TaskStatus

_STATES = (TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_FINISHED)
_UPDATES = tuple(status(f"u{number}".encode(), state) for number, state in enumerate(_STATES))


class Errand:
    """An agent that does one thing after another, again after each fault, and checks what it finds then."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._host = Host(sim)
        self._archived: list[str] = []
        self._streamed: list[bytes | None] = []
        self._advanced: list[bytes | None] = []

    def run(self) -> None:
        self._archive("agent", Archive(1, (SaveAgent(agent()),)))
        self._archive("run", Archive(2, (MakeSandbox(FRAMEWORK_ID, "e1", RUN), *SAVES)))
        self._archive("resources", Archive(3, (SaveResources(agent().resources), SaveDrain(DrainConfig()))))
        self._host.tell("updates", SendUpdates(self._host.probe.pid))
        for told in _UPDATES:
            self._until(update(told), _holds(self._streamed, told))
        for told in _UPDATES:
            acknowledge = StreamAcknowledge(FRAMEWORK_ID, "t1", told.uuid or b"")
            self._until(acknowledge, _holds(self._advanced, told))
        self._archive("completion", Archive(4, (SaveCompletion(FRAMEWORK_ID, "e1", RUN),)))
        self._host.node.crash()
        self._recover()
        assert self._sent() == []

    def _archive(self, name: str, request: Archive) -> None:
        def done() -> bool:
            told = [
                answer for answer in self._host.answers(Archived) if answer.request_id == request.request_id
            ]
            if told and told[-1].error is not None:
                assert "sandbox" in told[-1].error  # the one thing that may fail and leave the rest well
                self._host.probe.received.remove(told[-1])
                self._host.tell("archive", request)
                return False
            return bool(told)

        self._until(request, done, to="archive")
        self._archived.append(name)

    def _until(self, message: object, done: Callable[[], bool], to: str = "updates") -> None:
        """Tell it, and again after each fault, until it is done."""
        while True:
            if self._host.node.up:
                self._host.tell(to, message)
            self._sim.run_until(lambda: self._hears(done) or not self._host.node.up)
            if done():
                return
            self._recover()
            if done():
                return

    def _hears(self, done: Callable[[], bool]) -> bool:
        self._listen()
        return done()

    def _listen(self) -> None:
        self._streamed += [
            answer.status.uuid
            for answer in self._host.answers(UpdateStreamed)
            if answer.accepted and answer.status.uuid not in self._streamed
        ]
        self._advanced += [
            answer.status.uuid
            for answer in self._host.answers(StreamAdvanced)
            if answer.status.uuid not in self._advanced
        ]
        order = [told.uuid for told in _UPDATES]
        sent = [order.index(uuid) for uuid in self._sent()]
        assert sent == sorted(sent), "a master saw updates out of order"

    def _sent(self) -> list[bytes | None]:
        return [told.status.uuid for told in self._host.answers(StatusUpdate)]

    def _recover(self) -> None:
        """Start again until recovery itself meets no fault, and check what it found."""
        while True:
            if not self._host.node.up:
                self._host.node.restart()
            answer = self._host.try_recover()
            if answer is not None:
                break
        assert answer.error is None
        self._check(answer.checkpoint)
        self._host.tell("updates", RecoverUpdates(answer.checkpoint))
        self._host.tell("updates", SendUpdates(self._host.probe.pid))
        self._sim.run(0.1)
        if not self._host.node.up:
            self._recover()
            return
        self._listen()
        assert not set(self._sent()) & set(self._advanced), "an acknowledged update is sent again"
        left = [uuid for uuid in self._streamed if uuid not in self._advanced]
        assert self._sent() == left[:1], "what is not acknowledged is not sent"

    def _check(self, checkpoint: AgentCheckpoint) -> None:
        """Nothing that was answered is lost."""
        if "agent" in self._archived:
            assert checkpoint.info == agent()
        if "resources" in self._archived:
            assert checkpoint.resources == agent().resources
            assert checkpoint.drain_config == DrainConfig()
        if "completion" in self._archived:
            assert checkpoint.frameworks == ()
        elif "run" in self._archived and checkpoint.frameworks:
            (found,) = checkpoint.frameworks
            (ran,) = found.executors
            assert (found.info, ran.info) == (framework(), executor())
            assert ran.run is not None
            assert ran.run.container_id == RUN
            self._check_task(*ran.run.tasks)
        elif "run" in self._archived:
            assert len(self._advanced) == len(_UPDATES)  # its completion was under way

    def _check_task(self, found: TaskCheckpoint) -> None:
        assert found.task == task()
        uuids = [told.uuid for told in found.updates]
        assert uuids[: len(self._streamed)] == self._streamed
        assert uuids == [told.uuid for told in _UPDATES][: len(uuids)]
        assert len(self._advanced) <= found.acknowledged <= len(self._advanced) + 1
        # The agent's own books are gone too: it goes on from what it found.
        self._streamed[:], self._advanced[:] = uuids, uuids[: found.acknowledged]


def _holds(uuids: list[bytes | None], told: TaskStatus) -> Callable[[], bool]:
    return lambda: told.uuid in uuids


def errand(sim: Simulation) -> None:
    Errand(sim).run()


@pytest.mark.parametrize(
    "harm",
    ["kill", "error", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))],
    ids=["kill", "EIO", "ENOSPC"],
)
def test_nothing_is_lost_or_said_twice_whatever_fails_wherever(harm: Harm) -> None:
    points = {place.point for place in placements(errand, 3, harm, most=4)}
    assert {"disk.sync.before", "disk.rename.after", "agent.archive.after_flush"} <= points
    assert {"disk.append.after", "agent.updates.before_sync", "agent.updates.after_sync"} <= points


@pytest.mark.parametrize("seed", seeds(5))  # each tears what was not synced in another way
def test_nothing_is_lost_or_said_twice_wherever_the_power_fails(seed: int) -> None:
    assert sum(1 for _ in placements(errand, seed, "crash", most=4)) > 50


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("operation", ["write", "append", "sync", "sync_folder", "rename"])
def test_a_disk_that_does_things_by_half_loses_nothing(operation: Operation, number: int) -> None:
    for nth in range(1, 7):

        def failing(sim: Simulation, nth: int = nth) -> None:
            errand = Errand(sim)
            errand._host.node.disk.fail(operation, nth=nth, error=number)
            errand.run()

        sim = run(failing, prepare(failing, nth))
        assert sim.crashes or operation == "write"
