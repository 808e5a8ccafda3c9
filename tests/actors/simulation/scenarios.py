"""Scenarios that the tests of `replay` run, here and in other processes."""

from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from tests.actors.simulation.players import Note
from transport.pid import Pid

NAMES = ("a", "b", "c")


class Gossip(Process):
    """Passes numbers round at random; its messages depend on chance, timers, links and the disk."""

    def initialize(self) -> None:
        self.every(0.3, self._talk)
        for name in NAMES:
            self.link(Pid("gossip", name, 5050))

    def exited(self, pid: Pid) -> None:
        self.delay(self.system.rng.random(), self.link, pid)

    def _talk(self) -> None:
        self.system.disk.append("said", b"x")
        to = Pid("gossip", self.system.rng.choice(NAMES), 5050)
        self.send(to, Note(self.system.disk.size("said")))

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        if message.number % 5:
            self.send(sender, Note(message.number - 1))


def boot(node: SimulatedNode) -> None:
    node.spawn(Gossip, "gossip")


def gossip(sim: Simulation) -> None:
    """Goes well."""
    for name in NAMES:
        sim.node(name, boot)
    sim.chaos()
    sim.run(20.0)
    sim.quiet()
    sim.run(20.0)


def unlucky_thirteen(sim: Simulation) -> None:
    """Goes wrong with every seed that 13 divides."""
    gossip(sim)
    assert sim.seed % 13, "what did you expect"


class Writer(Process):
    """Writes a file in three steps."""

    def initialize(self) -> None:
        disk = self.system.disk
        disk.write("a", b"1")
        self.system.fault("writer.written")
        disk.sync("a")
        disk.sync_folder("")


def boot_writer(node: SimulatedNode) -> None:
    node.spawn(Writer, "writer")


def write(sim: Simulation) -> None:
    """Boots again, until the file is there."""
    node = sim.node("n", boot_writer)
    sim.run(1.0)
    if not node.up:
        node.restart()
        sim.run(1.0)
    assert node.disk.read("a") == b"1"
