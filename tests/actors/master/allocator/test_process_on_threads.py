"""The allocator's actor on the threaded system, as it runs for real."""

from __future__ import annotations

from queue import SimpleQueue

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.actors.master.allocator.factories import ALL, framework_info, resources
from transport.messages import allocation
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.offer import Filters

DEADLINE_SECONDS = 20


class Master(Process):
    """Starts an allocator, and declines what it is given to offer to `f`."""

    def __init__(self, offered_to: SimpleQueue[str]) -> None:
        self._offered_to = offered_to

    def initialize(self) -> None:
        allocator = self.spawn(lambda: AllocatorProcess(HierarchicalAllocator(), self.pid), "allocator")
        for name in ("f", "g"):
            self.send(allocator, allocation.AddFramework(name, framework_info(name)))
        agent = AgentInfo(hostname="one")
        self.send(allocator, allocation.AddAgent("one", agent, ALL, resources("cpus:4;mem:64")))

    @handles(allocation.MakeOffers)
    def offer(self, sender: Pid, message: allocation.MakeOffers) -> None:
        for framework, roles in message.offers.items():
            self._offered_to.put(framework)
            if framework == "f":
                given = roles["f"]["one"]
                filters = Filters(refuse_seconds=60.0)
                self.send(sender, allocation.RecoverResources("f", "one", given, filters))


def test_what_one_declines_is_offered_to_the_other() -> None:
    offered_to: SimpleQueue[str] = SimpleQueue()
    system = PykkaSystem()
    system.start()
    try:
        system.spawn(lambda: Master(offered_to), "master")
        first, second = (offered_to.get(timeout=DEADLINE_SECONDS) for _ in range(2))
    finally:
        system.stop()

    assert (first, second) == ("f", "g")
