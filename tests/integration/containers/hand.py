"""A framework in the hand of a test, on an agent that makes containers of every kind."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Iterator, Sequence

import msgspec

from actors.brief_log import BriefLog
from actors.process import handles
from actors.pykka_system import PykkaSystem
from frameworks.offered import Offered, command_task
from frameworks.scheduler import Scheduler
from tests.chaos.containers import traces
from tests.chaos.containers.house import House
from tests.chaos.containers.work import RIG_VARIABLE, TASK_VARIABLE
from tests.integration.masters import wait_until
from transport.message import DomesticMessage
from transport.pid import Address, Pid
from transport.records.check import KillPolicy
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.framework import FrameworkInfo
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo

_CAPABILITIES = (FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),)
_GRACE = KillPolicy(grace_period=DurationInfo(nanoseconds=10**9))


class Order(DomesticMessage):
    """Run a command; it may use so much."""

    name: str
    command: str
    container: ContainerInfo | None
    resources: str
    uris: tuple[CommandInfo.URI, ...]


class Kill(DomesticMessage):
    """Kill a task."""

    name: str


class Close(DomesticMessage):
    """End the framework and all that it runs."""


class Hand(Scheduler):
    """Launches what it is told, one task to an offer."""

    def __init__(self, master: str, run: str) -> None:
        super().__init__(
            FrameworkInfo(user="root", name="hand", checkpoint=True, capabilities=_CAPABILITIES), master
        )
        self._run = run
        self._orders: list[Order] = []
        self._offers: dict[str, Offer] = {}
        self.told: collections.defaultdict[str, list[TaskStatus]] = collections.defaultdict(list)
        self.is_closed = False

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self._offers |= {offer.id.value: offer for offer in offers}
        self._launch()

    def rescinded(self, offer_id: str) -> None:
        self._offers.pop(offer_id, None)

    def torn_down(self) -> None:
        self.is_closed = True

    def update(self, status: TaskStatus) -> None:
        if status.reason is not TaskStatus.Reason.REASON_RECONCILIATION:
            self.told[status.task_id.value].append(status)

    @handles(Order)
    def order(self, sender: Pid, message: Order) -> None:
        self._orders.append(message)
        self._launch()

    @handles(Kill)
    def kill_it(self, sender: Pid, message: Kill) -> None:
        self.kill(message.name)

    @handles(Close)
    def close(self, sender: Pid, message: Close) -> None:
        self.teardown()

    def _launch(self) -> None:
        for order in tuple(self._orders):
            wanted = Resources.parse(order.resources)
            fitting = (one for one in map(Offered, self._offers.values()) if one.holds(wanted))
            offered = next(fitting, None)
            if offered is None:
                return
            self._orders.remove(order)
            self._offers.pop(offered.offer.id.value)
            variables = {RIG_VARIABLE: self._run, TASK_VARIABLE: order.name}
            environment = Environment(
                variables=tuple(
                    Environment.Variable(name=name, value=value) for name, value in variables.items()
                )
            )
            command = CommandInfo(value=order.command, uris=order.uris, environment=environment)
            task = command_task(order.name, offered, wanted, command)
            task = msgspec.structs.replace(task, container=order.container, kill_policy=_GRACE)
            self.launch([offered.offer], [task], Filters(refuse_seconds=0.0))


class Household:
    """A master, an agent, and a framework that a test tells what to do."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._system = PykkaSystem(
            bind=Address("127.0.0.1", 0), logger=lambda pid: BriefLog(pid.name, "error"), network_log=_nothing
        )
        self._hand = Hand(house.master_address, house.run)
        self._system.start()
        self._pid = self._system.spawn(lambda: self._hand, "hand")

    def run(
        self,
        name: str,
        command: str,
        container: ContainerInfo | None = None,
        resources: str = "cpus:0.1;mem:64",
        uris: Sequence[CommandInfo.URI] = (),
    ) -> None:
        """Launch a task."""
        self._tell(Order(name, command, container, resources, tuple(uris)))

    def kill(self, name: str) -> None:
        self._tell(Kill(name))

    def states(self, name: str) -> list[TaskState]:
        return [status.state for status in self._hand.told[name]]

    def until(self, name: str, state: TaskState) -> TaskStatus:
        """Wait until that is told of a task; returns how."""
        found: list[TaskStatus] = []

        def look() -> bool:
            found[:] = [status for status in tuple(self._hand.told[name]) if status.state is state]
            return bool(found) or any(one.terminal for one in self.states(name))

        wait_until(look, lambda: f"{name} is {state.name}: {self._hand.told[name]}")
        assert found, f"{name} is {self._hand.told[name][-1]}"
        return found[0]

    def processes(self, name: str) -> list[int]:
        """Of a task, those that run."""
        return traces.processes(self.house.run).get(name, [])

    def close(self) -> None:
        self._tell(Close())
        wait_until(lambda: self._hand.is_closed, lambda: "the framework ends")
        self._system.stop(2.0)
        wait_until(lambda: not traces.processes(self.house.run), lambda: "its tasks are gone")

    def _tell(self, message: DomesticMessage) -> None:
        self._system.send(self._pid, self._pid, message)


@contextlib.contextmanager
def household(*flags: str) -> Iterator[Household]:
    """Leaves nothing behind; of a failure, the logs."""
    with House(flags) as house:
        one = Household(house)
        yield one
        one.close()
        house.empty()
        assert house.crashes() == []
        assert traces.cgroups(house.run) == []
        assert traces.mounts(house.folder) == []


def docker(
    image: str, *, bridge: tuple[ContainerInfo.DockerInfo.PortMapping, ...] | None = None
) -> ContainerInfo:
    """A container of Docker in the host's network, or in one of its own with ports that lead there."""
    network = ContainerInfo.DockerInfo.Network
    return ContainerInfo(
        type=ContainerInfo.Type.DOCKER,
        docker=ContainerInfo.DockerInfo(
            image=image,
            network=network.HOST if bridge is None else network.BRIDGE,
            port_mappings=bridge or (),
        ),
    )


def _nothing(*_: object, **__: object) -> None:
    pass
