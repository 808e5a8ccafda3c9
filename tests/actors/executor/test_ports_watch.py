from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.executor.containerizer import CONTAINERIZER
from actors.executor.gauges import PortsMetrics
from actors.executor.ports_watch import PORTS_WATCH, PortsSettings, PortsWatch, Ranges
from actors.simulation import Probe, Simulation
from containerizers.ports import Listening, Stranger
from transport.messages.container_spec import Limits
from transport.messages.containing import (
    ContainersListed,
    Limitation,
    LimitContainer,
    ListContainers,
    ListedContainer,
)


class Host:
    """Who listens, in the hand of a test."""

    def __init__(self, *strangers: Stranger, **ports: tuple[int, ...]) -> None:
        self.ports = ports
        self.strangers = strangers
        self.error: OSError | None = None

    def look(self, counts: Callable[[int], bool], concerns: Callable[[int], bool]) -> Listening:
        if self.error is not None:
            raise self.error
        found = {name.replace("_", "."): tuple(filter(counts, some)) for name, some in self.ports.items()}
        return Listening(
            {name: some for name, some in found.items() if some},
            tuple(one for one in self.strangers if concerns(one.port)),
        )


class House:
    """An executor node with nothing but the watch, and a probe in place of the containerizer."""

    def __init__(self, host: Host, **settings: object) -> None:
        self.sim = Simulation(1)
        node = self.sim.node("executors")
        self.containerizer: Probe = node.probe(CONTAINERIZER)
        self.metrics = PortsMetrics()
        self.watch = node.pid_of(PORTS_WATCH)
        watch = PortsWatch(
            host.look,
            PortsSettings(**settings),  # type: ignore[arg-type]
            self.metrics,
            lambda: ((32768, 39999), (50000, 60999)),
        )
        node.spawn(lambda: watch, PORTS_WATCH)

    def round(self, *listed: tuple[ListedContainer, ...]) -> list[LimitContainer]:
        """Which limits are found exceeded where that is there, the first time and the next."""
        self.containerizer.received.clear()
        for containers in listed:
            self.sim.run_until(lambda: ListContainers() in self.containerizer.received)
            self.containerizer.received.clear()
            self.containerizer.send(self.watch, ContainersListed(containers))
            self.sim.run(1.0)
        assert ListContainers() not in self.containerizer.received
        return [one for one in self.containerizer.received if isinstance(one, LimitContainer)]

    def told(self, event: str) -> list[Mapping[str, object]]:
        """What the log has of an event."""
        return [line.values for line in self.sim.log if line.event == event]


def container(name: str, *ports: tuple[int, int]) -> ListedContainer:
    return ListedContainer(container_id=name, limits=Limits(ports=ports))


def limit(name: str, ports: Ranges, shown: str, used: int) -> LimitContainer:
    message = f"Container {name} is listening on unallocated port(s): {shown}"
    return LimitContainer(name, Limitation(kind="ports", message=message, used=used, ports=ports))


def test_a_container_on_ports_that_it_was_not_given_is_told_to_the_containerizer_in_the_words_of_mesos() -> (
    None
):
    house = House(Host(one=(80, 8080, 8081, 31000), two=(31001,)), enforces=True)
    listed = (container("one", (31000, 31000)), container("two", (31000, 31009)))
    assert house.round(listed, listed) == [limit("one", ((80, 80), (8080, 8081)), "[80-80, 8080-8081]", 3)]
    assert house.metrics.unallocated.value == 1
    assert house.round(listed, listed) == [limit("one", ((80, 80), (8080, 8081)), "[80-80, 8080-8081]", 3)]
    assert house.metrics.unallocated.value == 1


def test_where_ports_are_not_enforced_it_is_counted_alone() -> None:
    house = House(Host(one=(80,)))
    listed = (container("one"),)
    assert house.round(listed, listed) == []
    assert house.metrics.unallocated.value == 1


def test_who_is_given_the_port_meanwhile_is_innocent() -> None:
    house = House(Host(one=(31000,)), enforces=True)
    assert house.round((container("one"),), (container("one", (31000, 31000)),)) == []
    assert house.metrics.unallocated.value == 0


def test_who_gave_the_port_back_meanwhile_is_innocent_and_so_is_who_is_gone() -> None:
    house = House(Host(one=(31000,), two=(80,)), enforces=True)
    listed = (container("one", (31000, 31000)), container("two"))
    assert house.round(listed, (container("one"),)) == []


def test_containers_that_are_held_to_no_ports_may_listen_on_any() -> None:
    house = House(Host(one=(80,), other=(80,)), enforces=True)
    assert house.round((ListedContainer(container_id="one", limits=Limits(cpus=1.0)),)) == []


def test_a_nested_container_has_the_ports_of_the_one_around_it_unless_it_has_its_own() -> None:
    host = Host(pod_a=(31000,), pod_b=(31001, 31002), pod_c=(31000,))
    house = House(host, enforces=True)
    listed = (
        container("pod", (31000, 31001)),
        ListedContainer(container_id="pod.a"),
        container("pod.c", (31009, 31009)),
    )
    assert house.round(listed, listed) == [
        limit("pod", ((31002, 31002),), "[31002-31002]", 1),
        limit("pod.c", ((31000, 31000),), "[31000-31000]", 1),
    ]


def test_only_ports_that_the_agent_offers_may_be_made_to_count() -> None:
    settings = {"agent_ports": ((31000, 31009),), "agent_range_only": True, "enforces": True}
    house = House(Host(one=(80, 31000, 31005)), **settings)
    listed = (container("one", (31000, 31000)),)
    assert house.round(listed, listed) == [limit("one", ((31005, 31005),), "[31005-31005]", 1)]


def test_only_ports_of_an_isolated_range_may_be_made_to_count() -> None:
    house = House(Host(one=(80, 9000)), isolated_ports=((9000, 9999),), enforces=True)
    listed = (container("one"),)
    assert house.round(listed, listed) == [limit("one", ((9000, 9000),), "[9000-9000]", 1)]


def test_offered_ports_that_others_listen_on_are_told_once_unless_they_are_given_to_a_container() -> None:
    # What listens for a container of Docker's with a network of its own is a process of dockerd.
    host = Host(Stranger(31000, 7, "docker-proxy"), Stranger(31001, 8, "nc"), Stranger(31001, 9, "nc"))
    house = House(host, agent_ports=((31000, 31009),))
    for _ in range(2):
        house.round((container("one", (31000, 31000)),))
        assert house.metrics.taken.read() == 1
    told = house.told("offered port is taken by another process")
    assert [values["process"] for values in told] == [8, 9]
    host.strangers = ()
    house.round(())
    assert house.metrics.taken.read() == 0


def test_a_containerizer_that_does_not_answer_is_asked_again() -> None:
    house = House(Host(one=(80,)), enforces=True)
    listed = (container("one"),)
    house.sim.run_until(lambda: house.containerizer.received)
    house.containerizer.send(house.watch, ContainersListed(listed))
    house.sim.run(1.0)
    assert [one.container_id for one in house.round(listed, listed)] == ["one"]


def test_a_host_that_cannot_be_looked_at_just_now_is_looked_at_again() -> None:
    host = Host(one=(80,))
    house = House(host, enforces=True)
    listed = (container("one"),)
    host.error = OSError(24, "Too many open files")
    assert house.round(listed) == []
    host.error = None
    assert [one.container_id for one in house.round(listed, listed)] == ["one"]


def test_offered_ports_that_the_kernel_gives_to_connections_are_told() -> None:
    event = "offered ports may be taken by connections"
    house = House(Host(), agent_ports=((31000, 32767), (39000, 51000), (60999, 61000)))
    house.round(())
    assert [values["ports"] for values in house.told(event)] == ["[39000-39999, 50000-51000, 60999-60999]"]
    assert House(Host(), agent_ports=((31000, 32767),)).told(event) == []
