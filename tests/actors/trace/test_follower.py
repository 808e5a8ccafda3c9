from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from actors.process import Process, handles
from actors.simulation.node import SimulatedNode
from actors.simulation.simulation import Simulation
from actors.trace.follower import HOLD_SECONDS, RETRY_SECONDS, Follower
from actors.trace.recorder import FOLLOWERS, Recorder
from actors.trace.tracer import RECORDER
from tests.actors.trace.samples import Greet
from transport.messages.tracing import TraceFilter, TraceRecord
from transport.pid import Pid


class Listener(Process):
    @handles(Greet)
    def greet(self, sender: Pid, message: Greet) -> None:
        pass


class Notes:
    """What a follower passed on."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.missed_count = 0
        self.lost_hosts: list[str] = []
        self.reasons: list[str] = []

    def told(self, records: Sequence[TraceRecord]) -> None:
        self.names += [record.fields["name"] for record in records]

    def missed(self, recorder: Pid, count: int) -> None:
        self.missed_count += count

    def lost(self, recorder: Pid) -> None:
        self.lost_hosts.append(recorder.host)

    def refused(self, recorder: Pid, reason: str) -> None:
        self.reasons.append(reason)


def boot(node: SimulatedNode) -> None:
    tracer = node.tracer
    assert tracer is not None
    node.spawn(lambda: Recorder(tracer), RECORDER)
    node.spawn(Listener, "listener")


class Cluster:
    """Nodes `a` and `b` that are followed from a third one."""

    def __init__(self) -> None:
        self.simulation = Simulation(3, trace=True)
        self.nodes = {name: self.simulation.node(name, boot) for name in ("a", "b")}
        self.home = self.simulation.node("home")
        self.notes = self.follow("follower")
        self.simulation.run(1.0)

    def follow(self, name: str) -> Notes:
        notes = Notes()
        recorders = [Pid(RECORDER, host, 5050) for host in self.nodes]
        wanted = TraceFilter(types=("samples.Greet",))
        told, missed, lost, refused = notes.told, notes.missed, notes.lost, notes.refused
        make = partial(Follower, recorders, wanted, told=told, missed=missed, lost=lost, refused=refused)
        self.home.spawn(make, name)
        return notes

    def greet(self, host: str, name: str) -> None:
        listener = self.nodes[host].pid_of("listener")
        self.nodes[host].send(listener, listener, Greet(name))


def test_what_happens_on_all_nodes_is_told_in_order_of_time() -> None:
    cluster = Cluster()
    expected = []
    for number in range(40):
        cluster.greet("ab"[number % 2], str(number))
        # Longer than the wall clocks of simulated nodes differ, shorter than records are held back.
        cluster.simulation.run(0.12)
        expected.append(str(number))
    cluster.simulation.run(2 * HOLD_SECONDS + 0.5)
    assert cluster.notes.names == expected
    assert cluster.notes.missed_count == 0


def test_a_node_that_is_gone_is_told_once_and_followed_again_when_it_is_back() -> None:
    cluster = Cluster()
    cluster.nodes["a"].crash()
    cluster.simulation.run(60.0)
    assert cluster.notes.lost_hosts == ["a"]
    cluster.nodes["a"].restart()
    cluster.simulation.run(20 * RETRY_SECONDS)
    cluster.greet("a", "again")
    cluster.simulation.run(2.0)
    assert cluster.notes.names == ["again"]
    cluster.nodes["a"].crash()
    cluster.simulation.run(60.0)
    assert cluster.notes.lost_hosts == ["a", "a"]


def test_a_refusal_is_passed_on() -> None:
    cluster = Cluster()
    others = [cluster.follow(f"other-{number}") for number in range(FOLLOWERS)]
    cluster.simulation.run(1.0)
    reasons = [reason for notes in others for reason in notes.reasons]
    assert len(reasons) == 2  # one of each node
    assert "has 8 followers already" in reasons[0]
