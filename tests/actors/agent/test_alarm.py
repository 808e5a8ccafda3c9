from __future__ import annotations

from actors.agent.alarm import Alarm
from actors.process import Process
from actors.simulation import Simulation


class Sleeper(Process):
    def __init__(self) -> None:
        self.alarm = Alarm(self, self._wake)
        self.rings: list[float] = []

    def _wake(self) -> None:
        self.rings.append(round(self.system.now()))


def sleeper() -> tuple[Simulation, Sleeper, float]:
    sim = Simulation(1)
    node = sim.node("host", lambda node: node.spawn(Sleeper, "sleeper"))
    sim.run(1.0)
    process = node.process("sleeper", Sleeper)
    return sim, process, process.system.now()


def test_it_rings_once_when_its_time_has_come() -> None:
    sim, process, start = sleeper()
    process.alarm.set(start + 10.0)
    assert process.alarm.is_set
    sim.run(100.0)
    assert process.rings == [round(start + 10.0)]
    assert not process.alarm.is_set


def test_an_earlier_time_counts_and_a_later_one_lets_it_ring_too_early() -> None:
    sim, process, start = sleeper()
    process.alarm.set(start + 50.0)
    process.alarm.set(start + 20.0)
    process.alarm.set(start + 80.0)
    sim.run(200.0)
    assert process.rings == [round(start + 20.0)]


def test_it_can_be_turned_off() -> None:
    sim, process, start = sleeper()
    process.alarm.set(start + 10.0)
    process.alarm.set(None)
    assert not process.alarm.is_set
    sim.run(100.0)
    assert process.rings == []


def test_a_time_that_is_over_rings_at_once() -> None:
    sim, process, start = sleeper()
    process.alarm.set(start - 5.0)
    sim.run(0.1)
    assert process.rings == [round(start)]
