from __future__ import annotations

import pytest

from actors.executor.consoles import CONSOLES, STALL_SECONDS, Consoles
from actors.executor.containerizer import CONTAINERIZER
from actors.process import Process, handles
from actors.simulation import Probe, Simulation
from containerizers import switchboard
from containerizers.containerizer import Broken
from transport.messages.attaching import (
    WINDOW_BYTES,
    Attached,
    AttachInput,
    AttachOutput,
    ConsoleInput,
    ConsoleOutput,
    Detach,
    Detached,
    DismissConsole,
    InputTaken,
    OutputTaken,
    ResizeConsole,
)
from transport.messages.containing import ContainerInspected, InspectContainer
from transport.pid import Pid


class Board:
    """A switchboard in the hand of a test: what it was told, in words."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.tell: switchboard.Tell = print

    def report_to(self, tell: switchboard.Tell) -> None:
        self.tell = tell

    def listen(self, container_id: str, size: int) -> None:
        self.told.append(("listen", container_id, size))

    def grant(self, container_id: str, size: int) -> None:
        self.told.append(("grant", container_id, size))

    def mute(self, container_id: str) -> None:
        self.told.append(("mute", container_id))

    def write(self, container_id: str, data: bytes) -> None:
        self.told.append(("write", container_id, data))

    def resize(self, container_id: str, rows: int, columns: int) -> None:
        self.told.append(("resize", container_id, rows, columns))


class Containerizer(Process):
    """Knows the container `plain`, which has no console."""

    @handles(InspectContainer)
    def inspect(self, sender: Pid, message: InspectContainer) -> None:
        self.send(sender, ContainerInspected(message.container_id, message.container_id == "plain"))


class Node:
    """An executor node with consoles, and two clients of another one."""

    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.board = Board()
        self.node = self.sim.node("executors")
        self.node.spawn(Containerizer, CONTAINERIZER)
        self.node.spawn(lambda: Consoles(self.board), CONSOLES)
        self.agent = self.sim.node("agent", restart_seconds=None)
        self.one, self.two = self.agent.probe("one"), self.agent.probe("two")
        self.sim.run(0.1)
        self.happens(switchboard.Opened("c"))

    def happens(self, *events: switchboard.Event) -> None:
        for event in events:
            self.board.tell(event)
        self.sim.run(0.1)

    def say(self, probe: Probe, *messages: object) -> None:
        for message in messages:
            probe.send(self.node.pid_of(CONSOLES), message)
        self.sim.run(0.1)

    def heard(self, probe: Probe) -> list[object]:
        found = list(probe.received)
        probe.received.clear()
        return found

    def told(self) -> list[tuple[object, ...]]:
        found, self.board.told = self.board.told, []
        return found


@pytest.fixture
def node() -> Node:
    return Node()


def test_who_attaches_is_sent_what_is_written_and_grants_more(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"))
    assert node.heard(node.one) == [Attached(1)]
    assert node.told() == [("listen", "c", WINDOW_BYTES)]
    node.happens(switchboard.Output("c", 1, b"out"), switchboard.Output("c", 2, b"err"))
    assert node.heard(node.one) == [ConsoleOutput(1, b"out"), ConsoleOutput(1, b"err", is_error=True)]
    node.say(node.one, OutputTaken(1, 6))
    assert node.told() == [("grant", "c", 6)]


def test_all_who_attach_are_sent_the_same_at_the_pace_of_the_slowest(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"))
    node.say(node.two, AttachOutput(7, "c"))
    node.told()
    node.happens(switchboard.Output("c", 1, b"hello"))
    assert node.heard(node.one)[-1] == ConsoleOutput(1, b"hello")
    assert node.heard(node.two)[-1] == ConsoleOutput(7, b"hello")
    node.say(node.one, OutputTaken(1, 5))
    assert node.told() == []
    node.say(node.two, Detach(7))
    assert node.told() == [("grant", "c", 5)]
    node.say(node.one, Detach(1))
    assert node.told() == [("mute", "c")]


def test_one_client_writes_and_another_when_that_has_left(node: Node) -> None:
    node.say(node.one, AttachInput(1, "c"), ConsoleInput(1, b"hi"), ResizeConsole(1, 2, 3))
    assert node.told() == [("write", "c", b"hi"), ("resize", "c", 2, 3)]
    node.happens(switchboard.InputTaken("c", 2))
    assert node.heard(node.one) == [Attached(1), InputTaken(1, 2)]
    node.say(node.two, AttachInput(1, "c"), ConsoleInput(1, b"no"))
    assert node.heard(node.two) == [Detached(1, 409, "somebody else is attached to the container's input")]
    node.say(node.one, Detach(1))
    node.say(node.two, AttachInput(2, "c"), ConsoleInput(2, b""))
    assert node.heard(node.two) == [Attached(2)]
    assert node.told() == [("write", "c", b"")]


def test_only_who_is_attached_to_the_input_writes(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"), ConsoleInput(1, b"no"), ResizeConsole(1, 2, 3))
    node.say(node.two, ConsoleInput(1, b"no"))
    assert node.told() == [("listen", "c", WINDOW_BYTES)]


def test_clients_that_are_gone_are_detached(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"), AttachInput(2, "c"))
    node.told()
    node.agent.crash()
    node.sim.run(30.0)
    assert node.told() == [("mute", "c")]


def test_the_end_of_a_container_is_told_to_all_who_are_attached(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"), AttachInput(2, "c"))
    node.heard(node.one)
    node.happens(switchboard.Output("c", 1, b"last"), switchboard.Closed("c"))
    assert node.heard(node.one) == [ConsoleOutput(1, b"last"), Detached(1), Detached(2)]
    node.say(node.one, AttachOutput(3, "c"))
    assert node.heard(node.one) == [Detached(3, 404, "container c cannot be found")]


def test_who_attaches_to_what_has_no_console_is_told_why(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "plain"))
    (answer,) = node.heard(node.one)
    assert isinstance(answer, Detached)
    assert (answer.status, "without a terminal" in answer.message) == (400, True)
    node.say(node.one, AttachInput(2, "nobody"))
    assert node.heard(node.one) == [Detached(2, 404, "container nobody cannot be found")]


def test_who_reads_nothing_and_holds_up_the_program_is_detached(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"))
    node.say(node.two, AttachOutput(2, "c"))
    node.happens(switchboard.Output("c", 1, b"x" * WINDOW_BYTES))
    node.say(node.two, OutputTaken(2, WINDOW_BYTES))
    node.told()
    node.sim.run(STALL_SECONDS + 5.0)
    last = node.heard(node.one)[-1]
    assert isinstance(last, Detached)
    assert last.status == 408
    assert node.told() == [("grant", "c", WINDOW_BYTES)]
    assert not any(isinstance(one, Detached) for one in node.heard(node.two))


def test_who_reads_slowly_stays(node: Node) -> None:
    node.say(node.one, AttachOutput(1, "c"))
    for _ in range(10):
        node.happens(switchboard.Output("c", 1, b"x" * WINDOW_BYTES))
        node.sim.run(STALL_SECONDS / 2)
        node.say(node.one, OutputTaken(1, WINDOW_BYTES))
    assert not any(isinstance(one, Detached) for one in node.heard(node.one))


def test_a_console_that_waits_for_nobody_is_let_go_of(node: Node) -> None:
    node.say(node.one, DismissConsole("c"), DismissConsole("nobody"))
    assert node.told() == [("mute", "c")]
    node.say(node.one, AttachOutput(1, "c"))
    node.told()
    node.say(node.one, DismissConsole("c"))
    assert node.told() == []


def test_a_switchboard_that_has_failed_ends_the_node(node: Node) -> None:
    node.board.tell(Broken("a bug"))
    node.sim.run(1.0)
    assert not node.node.up
