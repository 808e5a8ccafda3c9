from __future__ import annotations

from actors.agent.http.porter import PORTER, Porter
from actors.simulation import Probe, Simulation
from transport.message import Message
from transport.messages.containing import (
    ContainersListed,
    ContainersMeasured,
    ListContainers,
    MeasureContainers,
)
from transport.messages.lodging import GuestAnswer, GuestEnded, SignalGuest
from transport.messages.node import NodeMetricsRead


class Scene:
    """A porter, and actors of an executor node."""

    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.porter = Porter()
        self.sim.node("agent").spawn(lambda: self.porter, PORTER)
        self.node = self.sim.node("executors", restart_seconds=None)
        self.guests, self.meter = self.node.probe("guests"), self.node.probe("meter")
        self.sim.run(0.1)

    def begin(self, heard: list[Message | None]) -> int:
        number = self.porter.begin(
            self.node.pid_of("guests"), lambda number: SignalGuest(number, "c", 9), heard.append
        )
        self.sim.run(0.1)
        return number

    def say(self, probe: Probe, *messages: Message) -> None:
        for message in messages:
            probe.send(self.porter.pid, message)
        self.sim.run(0.1)


def test_conversations_are_told_apart_by_their_numbers() -> None:
    scene = Scene()
    one: list[Message | None] = []
    two: list[Message | None] = []
    first, second = scene.begin(one), scene.begin(two)
    assert scene.guests.received == [SignalGuest(first, "c", 9), SignalGuest(second, "c", 9)]
    scene.say(scene.guests, GuestAnswer(second, 404), GuestAnswer(first), GuestEnded(first, 9))
    assert one == [GuestAnswer(first), GuestEnded(first, 9)]
    assert two == [GuestAnswer(second, 404)]


def test_a_conversation_that_was_ended_is_not_heard_any_more() -> None:
    scene = Scene()
    heard: list[Message | None] = []
    number = scene.begin(heard)
    scene.porter.end(number)
    scene.porter.end(number)
    scene.porter.say(number, SignalGuest(number, "c", 15))
    scene.say(scene.guests, GuestAnswer(number))
    assert heard == []
    assert scene.guests.received == [SignalGuest(number, "c", 9)]


def test_all_who_speak_with_a_node_that_is_gone_hear_of_it_once() -> None:
    scene = Scene()
    heard: list[Message | None] = []
    measured: list[Message | None] = []
    numbers = [scene.begin(heard), scene.begin(heard)]
    meter = scene.node.pid_of("meter")
    scene.porter.ask(meter, MeasureContainers(), ContainersMeasured, measured.append)
    scene.porter.ask(meter, ListContainers(), ContainersListed, measured.append)
    scene.node.crash()
    scene.sim.run(30.0)
    assert (heard, measured) == ([None, None], [None, None])
    for number in numbers:
        scene.porter.end(number)


def test_who_speaks_with_nobody_hears_of_that_too() -> None:
    scene = Scene()
    scene.node.crash()
    scene.sim.run(30.0)
    heard: list[Message | None] = []
    scene.begin(heard)
    scene.sim.run(30.0)
    assert heard == [None]


def test_what_is_asked_without_a_number_is_answered_in_order_each_kind_by_itself() -> None:
    scene = Scene()
    heard: list[tuple[str, Message | None]] = []
    meter = scene.node.pid_of("meter")
    questions = MeasureContainers(True), ListContainers(), MeasureContainers(False)
    scene.porter.ask(meter, questions[0], ContainersMeasured, lambda one: heard.append(("first", one)))
    scene.porter.ask(meter, questions[1], ContainersListed, lambda one: heard.append(("list", one)))
    scene.porter.ask(meter, questions[2], ContainersMeasured, lambda one: heard.append(("second", one)))
    scene.sim.run(0.1)
    assert tuple(scene.meter.received) == questions
    answers = ContainersMeasured({}, 1.0), ContainersMeasured({}, 2.0), ContainersListed(())
    scene.say(scene.meter, *answers, ContainersMeasured({}, 3.0), NodeMetricsRead({}))
    assert heard == [("first", answers[0]), ("second", answers[1]), ("list", answers[2])]
