"""Whatever a client posts, no actor crashes, and the books agree with themselves after each turn."""

from actors.simulation import Simulation
from actors.simulation.replay import check, seeds
from frameworks.testing import SimulatedCluster
from tests.simulation.http.door import DOOR, Door
from tests.simulation.http.heckler import Heckler

_SECONDS = 40.0
#: Taken, refused, and said to be unknown here.
_ANSWERS = {202, 400, 403, 501}


def heckle(sim: Simulation) -> None:
    cluster = SimulatedCluster(sim=sim, agents=2, beside=lambda node: node.spawn(Door, DOOR, vital=True))
    cluster.wait_until_registered()
    heckler = Heckler(sim.seed, cluster.master_pid)
    sim.node("heckler").spawn(lambda: heckler, "heckler")
    sim.run(_SECONDS)
    assert not sim.crashes
    assert heckler.answers.keys() <= _ANSWERS, heckler.answers
    assert heckler.answers[202] > 10


def test_calls_that_are_nearly_right_are_taken_or_refused_and_crash_nobody() -> None:
    check(heckle, seeds(4))
