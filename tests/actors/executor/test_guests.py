from __future__ import annotations

import signal
from collections.abc import Mapping

import pytest

from actors.executor.consoles import CONSOLES
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.guests import GUESTS, Guests
from actors.executor.sandboxes import SANDBOXES, NestedSandboxes
from actors.process import Process, handles
from actors.simulation import Probe, SimulatedNode, Simulation
from actors.system import Restart
from containerizers.containerizer import Broken, Notify
from containerizers.fake import Course, Delay, FakeContainerizer, FakeKernel
from containerizers.spec import Spec
from transport.messages.attaching import DismissConsole
from transport.messages.container_spec import ContainerSpec
from transport.messages.containing import LaunchContainer
from transport.messages.lodging import (
    EndSession,
    GuestAnswer,
    GuestEnded,
    LaunchGuest,
    RemoveGuest,
    SignalGuest,
    StopWaiting,
    WaitForGuest,
)
from transport.pid import Pid

COURSES = {
    "short": Course(seconds=10.0, status=3 << 8),
    "endless": Course(),
    "bad": Course(error="no such program"),
}


class Dismissals(Process):
    """Stands in for the consoles."""

    def __init__(self, dismissed: list[str]) -> None:
        self._dismissed = dismissed

    @handles(DismissConsole)
    def dismiss(self, sender: Pid, message: DismissConsole) -> None:
        self._dismissed.append(message.container_id)


class Place:
    """An executor node with guests, an agent's client of it, and an executor that has a container `task`."""

    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.specs: list[Spec] = []
        self.sandboxes: list[tuple[str, str, str | None]] = []
        self.removed: list[tuple[str, str]] = []
        self.dismissed: list[str] = []
        self.error: str | None = None
        self.kernel = FakeKernel(lambda: self.sim.now)
        self.node = self.sim.node("executors", self._boot)
        self.agent = self.sim.node("agent", restart_seconds=None)
        self.client = self.agent.probe("porter")
        self.executor = self.node.probe("executor-task")
        self.requests = 0
        spec = ContainerSpec(
            arguments=("endless",), directory="/", environment={"A": "task's", "PION_A": "b"}
        )
        self.executor.send(self.node.pid_of(CONTAINERIZER), LaunchContainer("task", spec))
        self.sim.run(0.1)

    def _boot(self, node: SimulatedNode) -> None:
        node.spawn(lambda: ContainerizerProcess(self._make), CONTAINERIZER, restart=Restart(), vital=True)
        node.spawn(lambda: Dismissals(self.dismissed), CONSOLES)
        node.spawn(lambda: NestedSandboxes(self._make_sandbox, self._remove_sandbox), SANDBOXES)
        node.spawn(Guests, GUESTS, restart=Restart(), vital=True)

    def _make(self, notify: Notify, delay: Delay) -> FakeContainerizer:
        self.notify = notify
        return FakeContainerizer(notify, delay, self._course, self.kernel)

    def _course(self, spec: Spec) -> Course:
        self.specs.append(spec)
        return COURSES[spec.arguments[0]]

    def _make_sandbox(
        self, sandbox: str, name: str, task_id: str | None, user: str | None, shared: Mapping[str, str]
    ) -> None:
        assert (task_id, shared) == (None, {"mine": "yours"})
        if self.error is not None:
            raise OSError(self.error)
        self.sandboxes.append((sandbox, name, user))

    def _remove_sandbox(self, sandbox: str, name: str) -> None:
        if self.error is not None:
            raise OSError(self.error)
        self.removed.append((sandbox, name))

    def tell(self, message: object, client: Probe | None = None) -> None:
        (client or self.client).send(self.node.pid_of(GUESTS), message)
        self.sim.run(0.1)

    def heard(self, client: Probe | None = None) -> list[object]:
        found = list((client or self.client).received)
        (client or self.client).received.clear()
        return found

    def launch(
        self,
        container_id: str,
        program: str = "endless",
        *,
        is_session: bool = False,
        host: Pid | None = None,
        client: Probe | None = None,
    ) -> list[object]:
        """What a launch is answered."""
        self.requests += 1
        spec = ContainerSpec(arguments=(program,), directory="/", environment={"B": "own"}, user="nobody")
        message = LaunchGuest(
            self.requests,
            container_id,
            spec,
            "" if is_session else "/around",
            {"mine": "yours"},
            is_session=is_session,
            inherits=is_session,
            host=host,
        )
        self.tell(message, client)
        return self.heard(client)

    def runs(self) -> list[str]:
        self.kernel.sweep()
        return sorted(self.kernel.running)

    def status(self, answers: list[object]) -> int:
        (answer,) = answers
        assert isinstance(answer, GuestAnswer)
        return answer.status


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_guest_gets_a_sandbox_and_is_launched_in_the_container_around_it(place: Place) -> None:
    assert place.launch("task.a") == [GuestAnswer(1)]
    assert place.sandboxes == [("/around", "a", "nobody")]
    assert place.runs() == ["task", "task.a"]
    assert place.specs[-1].environment == {"B": "own"}


def test_a_session_inherits_the_environment_of_the_container_around_it(place: Place) -> None:
    assert place.launch("task.s", is_session=True) == [GuestAnswer(1)]
    assert place.sandboxes == []
    environment = dict(place.specs[-1].environment)
    assert environment.pop("PATH")
    assert environment == {"A": "task's", "B": "own"}


def test_a_standalone_guest_needs_nothing_around_it(place: Place) -> None:
    assert place.launch("alone") == [GuestAnswer(1)]
    assert place.launch("alone.inner") == [GuestAnswer(2)]
    assert place.runs() == ["alone", "alone.inner", "task"]


def test_who_launches_again_is_told_so_while_it_runs_and_afterwards(place: Place) -> None:
    place.launch("task.a", "short")
    assert place.status(place.launch("task.a", "short")) == 202
    place.sim.run(20.0)
    assert place.runs() == ["task"]
    assert place.status(place.launch("task.a", "short")) == 202
    assert place.runs() == ["task"]


@pytest.mark.parametrize("container_id", ["nobody.a", "task.nobody.a"])
def test_nothing_is_launched_in_what_is_not_there(place: Place, container_id: str) -> None:
    assert place.status(place.launch(container_id)) == 404
    assert place.sandboxes == []


def test_what_cannot_be_launched_is_refused_and_forgotten(place: Place) -> None:
    assert place.status(place.launch("a b")) == 400
    assert place.launch("task.a", "bad") == [GuestAnswer(2, 400, "no such program")]
    place.error = "the disk is full"
    assert place.launch("task.a") == [GuestAnswer(3, 400, "sandbox a: the disk is full")]
    place.error = None
    assert place.launch("task.a") == [GuestAnswer(4)]


def test_an_end_is_told_to_all_who_wait_and_to_those_who_ask_later(place: Place) -> None:
    place.launch("task.a", "short")
    place.tell(WaitForGuest(10, "task.a"))
    place.tell(WaitForGuest(11, "task.a"))
    assert place.heard() == [GuestAnswer(10, 202), GuestAnswer(11, 202)]
    place.tell(StopWaiting(11, "task.a"))
    place.sim.run(20.0)
    assert place.heard() == [GuestEnded(10, 3 << 8)]
    place.tell(WaitForGuest(12, "task.a"))
    assert place.heard() == [GuestAnswer(12, 202), GuestEnded(12, 3 << 8)]


def test_containers_of_others_can_be_waited_for_and_signalled(place: Place) -> None:
    place.tell(WaitForGuest(1, "task"))
    assert place.heard() == [GuestAnswer(1, 202)]
    place.tell(SignalGuest(2, "task", signal.SIGTERM))
    assert place.heard() == [GuestAnswer(2), GuestEnded(1, signal.SIGTERM)]


def test_nobody_waits_for_or_signals_what_is_not_there(place: Place) -> None:
    place.tell(WaitForGuest(1, "nobody"))
    place.tell(SignalGuest(2, "nobody", 9))
    assert [one.status for one in place.heard() if isinstance(one, GuestAnswer)] == [404, 404]


def test_a_guest_is_removed_once_it_has_ended(place: Place) -> None:
    place.launch("task.a")
    place.tell(RemoveGuest(1, "task.a", "/around"))
    assert place.status(place.heard()) == 409
    place.tell(RemoveGuest(2, "task", "/around"))
    assert place.status(place.heard()) == 409
    place.tell(SignalGuest(3, "task.a", 9))
    place.heard()
    place.tell(RemoveGuest(4, "task.a", "/around"))
    assert place.heard() == [GuestAnswer(4)]
    assert place.removed == [("/around", "a")]
    place.tell(WaitForGuest(5, "task.a"))
    assert place.status(place.heard()) == 404
    place.error = "busy"
    place.tell(RemoveGuest(6, "task.a", "/around"))
    assert place.heard() == [GuestAnswer(6, 409, "sandbox a: busy")]


def test_guests_end_with_the_container_around_them_and_are_forgotten(place: Place) -> None:
    place.launch("task.a", "short")
    place.launch("task.b")
    place.launch("task.b.c")
    place.sim.run(20.0)
    place.tell(SignalGuest(1, "task", 9))
    place.sim.run(1.0)
    assert place.runs() == []
    place.heard()
    for container_id in ("task.a", "task.b", "task.b.c"):
        place.tell(WaitForGuest(2, container_id))
        assert place.status(place.heard()) == 404


def test_guests_end_with_the_executor_that_their_container_stands_for(place: Place) -> None:
    place.launch("group.a", host=place.executor.pid)
    assert "group.a" in place.runs()
    place.node.terminate(place.executor.pid)
    place.sim.run(1.0)
    assert place.runs() == []


def test_nothing_is_launched_for_an_executor_that_is_gone(place: Place) -> None:
    gone = Pid("executor-gone", *place.node.address, 12345)
    place.launch("group.a", host=gone)
    place.sim.run(1.0)
    assert place.runs() == ["task"]


def test_a_session_ends_when_its_client_says_so_and_no_other_does(place: Place) -> None:
    place.launch("task.s", is_session=True)
    other = place.agent.probe("other")
    place.tell(EndSession("task.s"), other)
    assert "task.s" in place.runs()
    place.tell(EndSession("task.s"))
    assert "task.s" not in place.runs()
    assert place.dismissed == ["task.s", "task.s"]
    place.tell(WaitForGuest(1, "task.s"))
    assert place.heard() == [GuestAnswer(1, 202), GuestEnded(1, signal.SIGKILL)]


def test_sessions_end_with_their_agent_and_other_guests_go_on(place: Place) -> None:
    place.launch("task.s", is_session=True)
    place.launch("task.a")
    place.launch("alone")
    place.agent.crash()
    place.sim.run(30.0)
    assert place.runs() == ["alone", "task", "task.a"]
    assert place.dismissed == ["task.s"]
    place.agent.restart()
    again = place.agent.probe("porter")
    place.tell(WaitForGuest(1, "task.a"), again)
    place.tell(SignalGuest(2, "task.a", 9), again)
    assert place.heard(again) == [GuestAnswer(1, 202), GuestAnswer(2), GuestEnded(1, 9)]


def test_guests_outlive_the_containerizer_that_launched_them(place: Place) -> None:
    place.launch("task.a")
    place.tell(WaitForGuest(1, "task.a"))
    place.tell(WaitForGuest(2, "task"))
    place.notify(Broken("a bug"))
    place.sim.run(2.0)
    assert "task.a" in place.runs()
    place.heard()
    place.tell(SignalGuest(3, "task.a", 9))
    place.sim.run(1.0)
    assert GuestEnded(1, None) in place.heard()  # its status is lost with its parent


def test_end_of_many_are_remembered_but_not_of_all(place: Place) -> None:
    for number in range(1_005):
        place.client.send(
            place.node.pid_of(GUESTS),
            LaunchGuest(
                number, f"g{number}", ContainerSpec(arguments=("short",), directory="/"), is_session=True
            ),
        )
    place.sim.run(30.0)
    place.heard()
    place.tell(WaitForGuest(1, "g0"))
    assert place.status(place.heard()) == 404
    place.tell(WaitForGuest(2, "g1004"))
    assert place.heard() == [GuestAnswer(2, 202), GuestEnded(2, 3 << 8)]


# After the death of the node.


def test_a_standalone_container_goes_on_after_the_death_of_its_node(place: Place) -> None:
    place.launch("alone")
    place.launch("task.a")
    place.node.kill_process()
    place.sim.run(1.0)
    place.node.restart()
    place.sim.run(1.0)
    assert place.status(place.launch("alone")) == 202
    place.tell(WaitForGuest(7, "alone"))
    place.heard()
    place.tell(SignalGuest(8, "alone", signal.SIGTERM))
    assert GuestEnded(7) in place.heard()
    place.sim.run(60.0)  # of what is nested in others nobody takes care any more
    assert place.runs() == []


def test_one_that_ended_with_nobody_there_to_see_it_has_ended(place: Place) -> None:
    place.launch("alone", "short")
    place.node.kill_process()
    place.sim.run(20.0)
    place.node.restart()
    place.sim.run(1.0)
    place.tell(WaitForGuest(7, "alone"))
    assert place.heard()[-1] == GuestEnded(7)
    place.node.kill_process()
    place.node.restart()
    place.sim.run(1.0)
    place.tell(WaitForGuest(8, "alone"))
    assert place.status(place.heard()) == 404


def test_one_that_cannot_be_kept_is_not_launched(place: Place) -> None:
    place.node.disk.fail("write", "guests/alone")
    assert place.status(place.launch("alone")) == 503
    assert "alone" not in place.runs()
