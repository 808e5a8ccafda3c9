from __future__ import annotations

from actors.executor.meter import METER, Meter
from actors.simulation import Simulation
from containerizers.containerizer import Usage
from transport.messages.containing import ContainersMeasured, ContainerUsage, MeasureContainers


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
