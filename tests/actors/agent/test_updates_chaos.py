"""Many streams at once, with repetitions, wrong acknowledgements, masters that come and go, and crashes."""

from __future__ import annotations

import random

import pytest

from actors.simulation import Simulation
from actors.simulation.replay import check, seeds
from tests.actors.agent.kept import FRAMEWORK_ID, RUN, Host, executor, framework, status, task, update
from transport.messages.checkpointing import (
    HoldUpdates,
    RecoverUpdates,
    SaveExecutor,
    SaveFramework,
    SaveTask,
    SendUpdates,
    StreamAcknowledge,
    StreamAdvanced,
    UpdateStreamed,
)
from transport.messages.launching import StatusUpdate
from transport.records.task_status import TaskState, TaskStatus

_STATES = (TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_KILLING, TaskState.TASK_KILLED)
_TASKS = 5


def _uuid(number: int, step: int) -> bytes:
    return f"{number}-{step}".encode()


def _step(told: TaskStatus) -> int:
    return _STATES.index(told.state)


class Chaos:
    """Plays executors, agent, master and scheduler, and checks what reaches the master."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._rng = random.Random(sim.seed)
        self._host = Host(sim)
        #: By task: how many updates its executor may forget, and how many its scheduler acknowledged.
        self._safe = dict.fromkeys(map(str, range(_TASKS)), 0)
        self._acknowledged = dict(self._safe)
        #: How many are durably acknowledged, as far as the agent was told.
        self._advanced = dict(self._safe)
        self._heard = 0

    def run(self) -> None:
        self._host.admit()
        saves = (SaveTask("e1", RUN, task(name)) for name in self._safe)
        self._host.archive(SaveFramework(framework()), SaveExecutor(executor(), RUN), *saves)
        actions = (self._update, self._update, self._acknowledge, self._wrong, self._master, self._fail)
        weights = (6, 2, 6, 1, 1, 1)
        for _ in range(150):
            self._rng.choices(actions, weights)[0]()
            self._sim.run(self._rng.choice((0.0, 0.0, 0.001, 1.0, 15.0)))
            self._listen()
        self._finish()

    def _finish(self) -> None:
        """Without faults everything is delivered, acknowledged and over in the end."""
        self._host.tell("updates", SendUpdates(self._host.probe.pid))
        for _ in range(4 * len(_STATES)):
            for name in self._safe:
                self._put(name)
            self._sim.run(0.01)
            self._listen()
            for name in self._safe:
                self._acknowledge_latest(name)
            self._sim.run(0.01)
            self._listen()
        assert set(self._advanced.values()) == {len(_STATES)}
        checkpoint = self._host.recovered()
        for kept in checkpoint.frameworks[0].executors[0].run.tasks:  # type: ignore[union-attr]
            assert [told.uuid for told in kept.updates] == [
                _uuid(int(kept.task.task_id.value), step) for step in range(len(_STATES))
            ]
            assert kept.acknowledged == len(_STATES)

    # What happens.

    def _name(self) -> str:
        return self._rng.choice(list(self._safe))

    def _update(self) -> None:
        name = self._name()
        if self._safe[name] and self._rng.random() < 0.3:
            self._put(name, self._rng.randrange(self._safe[name]))  # again
        self._put(name)

    def _put(self, name: str, step: int | None = None) -> None:
        """An executor sends the first update that is not safe yet, or that one."""
        step = self._safe[name] if step is None else step
        if step < len(_STATES):
            self._host.tell("updates", update(status(_uuid(int(name), step), _STATES[step], name)))

    def _acknowledge(self) -> None:
        self._acknowledge_latest(self._name())

    def _acknowledge_latest(self, name: str) -> None:
        """A scheduler acknowledges the latest update that it got."""
        steps = [_step(told.status) for told in self._sent() if told.status.task_id.value == name]
        if steps:
            self._acknowledged[name] = max(self._acknowledged[name], steps[-1] + 1)
            uuid = _uuid(int(name), steps[-1])
            self._host.tell("updates", StreamAcknowledge(FRAMEWORK_ID, name, uuid))

    def _wrong(self) -> None:
        uuid = self._rng.choice((b"never", _uuid(0, 3), b""))
        name = self._rng.choice(("unknown", *list(self._safe)[1:]))
        self._host.tell("updates", StreamAcknowledge(FRAMEWORK_ID, name, uuid))

    def _master(self) -> None:
        pid = self._host.probe.pid
        self._host.tell("updates", self._rng.choice((HoldUpdates(), SendUpdates(pid), SendUpdates(pid))))

    def _fail(self) -> None:
        self._rng.choice((self._host.node.crash, self._host.node.kill_process))()
        self._listen()
        self._heard = 0
        self._host.node.restart()
        answer = self._host.recover()
        assert answer.error is None
        for kept in answer.checkpoint.frameworks[0].executors[0].run.tasks:  # type: ignore[union-attr]
            name = kept.task.task_id.value
            assert len(kept.updates) >= self._safe[name], "what was safe is lost"
            assert self._advanced[name] <= kept.acknowledged <= self._acknowledged[name]
            self._safe[name], self._advanced[name] = len(kept.updates), kept.acknowledged
        self._host.tell("updates", RecoverUpdates(answer.checkpoint))
        self._host.tell("updates", SendUpdates(self._host.probe.pid))

    # What is heard.

    def _sent(self) -> list[StatusUpdate]:
        return self._host.answers(StatusUpdate)

    def _listen(self) -> None:
        for message in self._host.probe.received[self._heard :]:
            if isinstance(message, StatusUpdate):
                self._check(message)
            elif isinstance(message, UpdateStreamed):
                assert message.accepted or self._advanced[message.task_id] == len(_STATES)
                step = _step(message.status)
                self._safe[message.task_id] = max(self._safe[message.task_id], step + 1)
            elif isinstance(message, StreamAdvanced):
                assert _step(message.status) == self._advanced[message.task_id]
                self._advanced[message.task_id] += 1
                assert message.over == (self._advanced[message.task_id] == len(_STATES))
        self._heard = len(self._host.probe.received)

    def _check(self, told: StatusUpdate) -> None:
        name, step = told.status.task_id.value, _step(told.status)
        assert told.status.uuid == _uuid(int(name), step)
        assert step <= self._acknowledged[name], "sent before the one before it was acknowledged"
        assert step >= self._advanced[name], "sent again after it was acknowledged"
        assert _STATES.index(told.latest_state) >= step


def chaos(sim: Simulation) -> None:
    Chaos(sim).run()


@pytest.mark.parametrize("first", [0, 10])
def test_every_update_arrives_in_order_until_it_is_acknowledged_and_never_after(first: int) -> None:
    check(chaos, seeds(10, first))
