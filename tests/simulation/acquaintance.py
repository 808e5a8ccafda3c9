"""Everyone knows who lives: actors that link each other, whatever becomes of them and the network."""

from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.system import Restart
from transport.message import Message
from transport.pid import Pid

NAMES = ("a", "b", "c", "d")


class Hello(Message):
    pass


class Acquaintance(Process):
    """Greets its like on all nodes again and again, and keeps a link to each that greets it."""

    def __init__(self) -> None:
        self.known: dict[Pid, None] = {}

    def initialize(self) -> None:
        self.every(1.0, self._greet)

    def _greet(self) -> None:
        for name in NAMES:
            self.send(Pid("acquaintance", name, 5050), Hello())

    @handles(Hello)
    def hello(self, sender: Pid, message: Hello) -> None:
        if sender not in self.known:
            self.known[sender] = None
            self.link(sender)

    def exited(self, pid: Pid) -> None:
        del self.known[pid]  # once for each link: a second time would be a KeyError


def boot(node: SimulatedNode) -> None:
    node.spawn(Acquaintance, "acquaintance", restart=Restart(), vital=True)


def stay_acquainted(sim: Simulation) -> None:
    """Nobody is told `exited` twice, and after the faults everyone knows the living and them alone."""
    nodes = [sim.node(name, boot, restart_seconds=1.0) for name in NAMES]
    sim.chaos()
    sim.run(60.0)
    sim.quiet()

    def everyone_knows_the_living() -> bool:
        everyone = [node.process("acquaintance", Acquaintance) for node in nodes]
        living = {one.pid for one in everyone}
        return all(one.known.keys() == living for one in everyone)

    sim.run_until(everyone_knows_the_living, timeout_seconds=60.0)
    sim.run(60.0)
    assert everyone_knows_the_living(), "somebody was lost for no reason"
    assert not [crash for crash in sim.crashes if isinstance(crash.error, KeyError)]
