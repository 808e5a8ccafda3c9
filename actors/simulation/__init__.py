"""Whole clusters of actors on one thread and in virtual time, with faults, from one seed.

The process classes are the very ones that `actors.pykka_system` runs; nothing in them knows the difference.
A test of two of them, under faults of all kinds::

    from actors.simulation import Faults, Simulation
    from frameworks.examples.ping import Pinger, Ponger

    def test_every_ping_is_answered_in_the_end() -> None:
        sim = Simulation(seed=7, faults=Faults(loss=0.3))
        there = sim.node("there", lambda node: node.spawn(Ponger, "ponger"))
        here = sim.node("here", lambda node: node.spawn(lambda: Pinger(there.pid_of("ponger")), "pinger"))
        sim.chaos()
        sim.run(60.0)
        sim.quiet()
        sim.run_until(lambda: here.process("pinger", Pinger).answered == 10)

*What happens is a function of the seed.* There is one thread and one heap of events (`agenda`); chance
comes from generators seeded by name (`world`), one for each use, so that a node more or a fault less does
not change what the others draw. Time passes only from event to event: a simulated hour of waiting costs
nothing. A turn is an event, a random moment of microseconds after the one before, so the turns of different
actors interleave in every way that threads could bring about. `history` notes every turn, and two runs
are equal if their digests are.

*A node* (`node`) implements `actors.system.System` on a `machine` with clocks that are never quite right,
a disk that forgets what was not synced (`disk`, `platter`), and an end of each connection. Its actors
(`actor`) are spawned by its `boot` function, again after each restart. `probe()` gives a test an actor
in its hand.

*The network* (`network`, `connection`) behaves as the real router's: in order, at most once, connections
that break with what is under way, `exited` for the links across them, silence noticed after as long. `Faults`
make it worse. Messages go through the real codec unless told otherwise.

*Faults* come in three ways: placed by hand (`crash`, `pause`, `partition`, `cut`, `disk.fail`, …), armed at
named points of the code (`arm`, and `replay.placements` for all of them in turn), and at random (`chaos`,
by a `Plan` or as the seed draws). A run has two phases: faults, during which nothing bad may happen, then
`quiet()`, after which what is wanted must come about.

*What must hold* is said by a process's own `check_invariants`, called after each of its turns, by functions
given to `always`, called after every turn, and by `run_until` and `wait_for` with their time-outs. What does
not hold raises SimulationFailure, which tells the seed, the time, the last turns, and the command that runs
it all again (`replay`). Seeds that failed once are kept for ever: see tests/simulation/seeds.txt of Pion.

*ZooKeeper* (`zookeeper`) is a node like any other, to be partitioned, stopped and wiped, with sessions,
ephemeral nodes and watches; the actor "zookeeper" by which masters and agents talk to it is the real one.

*Single messages* are picked by type, sender, receiver and content: `drop`, `hold`, `wait_for` (`filters`).
"""

from actors.simulation.disk import SimulatedDisk
from actors.simulation.failure import SimulationFailure
from actors.simulation.faults import Faults
from actors.simulation.node import SimulatedNode
from actors.simulation.plan import Plan
from actors.simulation.probe import Probe
from actors.simulation.simulation import Simulation

__all__ = ["Faults", "Plan", "Probe", "SimulatedDisk", "SimulatedNode", "Simulation", "SimulationFailure"]
