from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.executor.meter import METER, Meter
from actors.simulation import Simulation
from containerizers.containerizer import Usage
from transport.messages.containing import (
    ContainersMeasured,
    ContainerUsage,
    DisksMeasured,
    DiskUsage,
    MeasureContainers,
    VolumeUsage,
)


def test_what_containers_use_is_told_anew_or_as_it_was_within_half_a_second() -> None:
    sim = Simulation(1)
    node = sim.node("executors")
    measured: list[float] = []

    def measure() -> dict[str, Usage]:
        measured.append(sim.now)
        return {"one": Usage(process=7, processes=len(measured), memory_bytes=5)}

    node.spawn(lambda: Meter(measure), METER)
    asker = node.probe("asker")
    asked = iter(range(10))

    def ask(*, anew: bool) -> ContainersMeasured:
        asker.send(node.pid_of(METER), MeasureContainers(anew))
        sim.run(0.01)
        assert len(asker.received) == next(asked) + 1
        answer = asker.received[-1]
        assert isinstance(answer, ContainersMeasured)
        return answer

    first = ask(anew=False)
    assert first.usages == {"one": ContainerUsage(process=7, processes=1, memory_bytes=5)}
    assert ask(anew=False) == first
    assert ask(anew=True).usages["one"].processes == 2
    assert ask(anew=False).usages["one"].processes == 2
    sim.run(0.6)
    assert ask(anew=False).usages["one"].processes == 3
    assert len(measured) == 3


class House:
    """A meter on a node of its own, and whoever asks it."""

    def __init__(self, measure: Callable[[], Mapping[str, Usage]]) -> None:
        self.sim = Simulation(1)
        node = self.sim.node("executors")
        self.meter = node.pid_of(METER)
        node.spawn(lambda: Meter(measure), METER)
        self.asker = node.probe("asker")

    def ask(self, *before: DisksMeasured) -> Mapping[str, ContainerUsage]:
        for message in (*before, MeasureContainers()):
            self.asker.send(self.meter, message)
        self.sim.run(0.1)
        answer = self.asker.received[-1]
        assert isinstance(answer, ContainersMeasured)
        return answer.usages


def test_what_is_on_the_disk_is_told_with_what_a_container_uses() -> None:
    volume = VolumeUsage(persistence_id="data", limit_bytes=8, used_bytes=4)
    disks = DisksMeasured(
        {
            "one": DiskUsage(limit_bytes=10, used_bytes=5, volumes=(volume,)),
            "pod": DiskUsage(limit_bytes=20, used_bytes=6),
            "gone": DiskUsage(limit_bytes=30, used_bytes=7),
        }
    )
    house = House(lambda: {"one": Usage(process=7), "pod.a": Usage(process=8), "free": Usage(process=9)})
    assert house.ask(disks) == {
        "pod": ContainerUsage(disk_bytes=6, disk_limit_bytes=20),
        "one": ContainerUsage(process=7, disk_bytes=5, disk_limit_bytes=10, volumes=(volume,)),
        "pod.a": ContainerUsage(process=8),
        "free": ContainerUsage(process=9),
    }
    assert house.ask(DisksMeasured({}))["one"] == ContainerUsage(process=7)


def test_what_cannot_be_measured_just_now_is_told_as_it_was() -> None:
    answers: list[Mapping[str, Usage] | OSError] = [
        OSError(24, "Too many open files"),
        {"one": Usage(process=7)},
    ]
    answers.append(answers[0])

    def measure() -> Mapping[str, Usage]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    house = House(measure)
    assert house.ask() == {}
    assert house.ask() == house.ask() == {"one": ContainerUsage(process=7)}
    assert answers == []
