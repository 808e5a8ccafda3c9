import textwrap
from collections.abc import Callable
from typing import Any

import pytest

import actors.simulation
from actors.process import Process, handles
from actors.simulation import Simulation, SimulationFailure
from tests.actors.simulation.players import Echo, Note, Perform, Player, fail
from transport.pid import Pid


class Chatter(Process):
    """Keeps a conversation going with its neighbours, at random."""

    def __init__(self, neighbours: list[Pid]) -> None:
        self._neighbours = neighbours

    def initialize(self) -> None:
        self.every(0.5, self._talk)

    def _talk(self) -> None:
        self.send(self.system.rng.choice(self._neighbours), Note(self.system.rng.randrange(1000)))

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        if message.number % 3:
            self.delay(self.system.rng.random(), self.send, sender, Note(message.number // 3))


def chatting(seed: int, *, use_codec: bool = True) -> Simulation:
    sim = Simulation(seed, use_codec=use_codec)
    pids = [Pid("chatter", name, 5050) for name in "abc"]
    for name in "abc":
        sim.node(name, lambda node: node.spawn(lambda: Chatter(pids), "chatter"))
    return sim


def test_the_same_seed_gives_the_same_history_under_chaos_and_another_seed_another() -> None:
    digests: dict[int, str] = {}
    for seed in range(200):
        for _ in range(2):
            sim = chatting(seed)
            sim.chaos()
            sim.run(4.0)
            sim.quiet()
            sim.run(2.0)
            assert digests.setdefault(seed, sim.digest()) == sim.digest()
    assert len(set(digests.values())) == 200


def test_reading_does_not_change_what_comes() -> None:
    undisturbed, watched = chatting(1), chatting(1)
    undisturbed.run(5.0)
    for _ in range(10):
        watched.run(0.5)
        list(watched.history)
        watched.digest()
        watched.fault_points()
        watched.report("")
    assert watched.digest() == undisturbed.digest()


def test_with_and_without_the_codec_the_same_turns_happen() -> None:
    with_codec, without = chatting(1), chatting(1, use_codec=False)
    for sim in (with_codec, without):
        sim.run(5.0)
    assert list(with_codec.history) == list(without.history)


def test_time_passes_by_as_much_as_asked_for() -> None:
    sim = chatting(1)
    sim.run(1.25)
    sim.run(0.25)
    assert sim.now == 1.5


def test_time_passes_even_where_nobody_ever_waits() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    echo = node.spawn(Player, "echo")
    other = node.spawn(Player, "other")
    node.send(echo, other, Echo("for ever"))
    sim.run(0.01)
    assert 500 < len(sim.history) < 3000


def test_running_until_something_is_true_stops_right_then() -> None:
    sim = chatting(1)
    sim.run_until(lambda: sim.now > 0.9)
    assert 0.9 < sim.now < 1.1
    turns = len(sim.history)
    sim.run_until(lambda: True)
    assert len(sim.history) == turns


def test_what_never_comes_true_fails_with_seed_time_turns_and_how_to_see_it_again() -> None:
    sim = chatting(17)

    def the_moon_is_blue() -> bool:
        return False

    with pytest.raises(SimulationFailure) as failure:
        sim.run_until(the_moon_is_blue, timeout_seconds=3.0)
    text = str(failure.value)
    assert text.startswith("the_moon_is_blue is not true after 3 s\nseed 17, after 3.000000 virtual seconds")
    assert "chatter@b  Note  from chatter@" in text
    assert text.endswith("to see it again: run the same code with Simulation(17)")


def test_a_condition_of_the_time_alone_is_met_though_nothing_happens() -> None:
    sim = Simulation(1)
    sim.run_until(lambda: sim.now >= 5.0, timeout_seconds=5.0)


def test_stepping_runs_one_event_and_says_when_there_is_none() -> None:
    sim = Simulation(1)
    sim.node("n").probe()
    steps = 0
    while sim.step():
        steps += 1
    assert steps == len(sim.history) == 2  # the supervisor's and the probe's first turns


def test_nobody_within_the_simulation_may_run_it() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    pid = node.spawn(Player, "player")
    node.send(pid, pid, Perform(lambda _me: sim.run(1.0)))
    sim.run(1.0)
    assert [str(crash.error) for crash in sim.crashes] == [
        "the simulation runs already: an actor or a check must not run it"
    ]


# Invariants.


class Ledger(Player):
    """Never holds more than two entries, or so it says."""

    def check_invariants(self) -> None:
        assert len(self.numbers) <= 2, f"{len(self.numbers)} entries"


def test_a_process_that_breaks_its_own_invariant_fails_the_run_in_that_very_turn() -> None:
    sim = Simulation(5)
    node = sim.node("n")
    pid = node.spawn(Ledger, "ledger")
    for number in range(10):
        node.send(pid, pid, Note(number))
    with pytest.raises(SimulationFailure, match=r"an invariant of ledger@n:5050 does not hold: .*3 entries"):
        sim.run(1.0)
    assert node.process("ledger", Ledger).numbers == [0, 1, 2]


def test_an_invariant_of_the_whole_is_checked_after_every_turn() -> None:
    sim = Simulation(5)
    nodes = [sim.node("one"), sim.node("other")]
    players = []
    for node in nodes:
        pid = node.spawn(Player, "player")
        players.append(node.process("player", Player))
        for number in range(10):
            node.send(pid, pid, Note(number))

    def never_five_in_all() -> None:
        assert sum(len(player.numbers) for player in players) < 5

    sim.always(never_five_in_all)
    with pytest.raises(SimulationFailure, match="never_five_in_all does not hold"):
        sim.run(1.0)
    assert sum(len(player.numbers) for player in players) == 5


def test_a_failed_assertion_in_a_turn_fails_the_run_and_another_error_does_not() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    pid = node.spawn(Player, "player")

    def assert_nonsense(_me: Process) -> None:
        raise AssertionError("two and two are five")

    node.send(pid, pid, Perform(assert_nonsense))
    with pytest.raises(SimulationFailure, match="crashed handling Perform: AssertionError: two and two are"):
        sim.run(1.0)


def test_every_crash_fails_the_run_if_so_wanted() -> None:
    sim = Simulation(1, fatal=(Exception,))
    node = sim.node("n")
    pid = node.spawn(Player, "player")
    node.send(pid, pid, Perform(fail))
    with pytest.raises(SimulationFailure, match="RuntimeError: told to"):
        sim.run(1.0)


def test_crashes_are_kept_with_their_place_and_shown_in_reports() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    pid = node.spawn(Player, "player")
    node.send(pid, pid, Perform(fail))
    sim.run(1.0)
    (crash,) = sim.crashes
    assert (crash.pid, crash.turn) == (pid, "Perform")
    assert "player@n  Perform: RuntimeError: told to (" in str(crash)
    assert str(crash) in sim.report("anything")


def test_what_actors_log_is_kept_in_order() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    pid = node.spawn(Player, "player")

    def write(me: Process) -> None:
        me.log.info("first", key="value")
        me.log.debug("second")

    node.send(pid, pid, Perform(write))
    node.send(pid, pid, "nonsense")
    sim.run(1.0)
    lines = [(line.level, line.event, dict(line.values)) for line in sim.log]
    assert lines[:2] == [("info", "first", {"key": "value"}), ("debug", "second", {})]
    assert [(level, event) for level, event, _ in lines[2:]] == [("warning", "message not handled")]
    assert "player@n  info  first  key=value" in sim.report("anything")


# The cluster.


def test_two_nodes_of_one_name_are_refused() -> None:
    sim = Simulation(1)
    sim.node("n")
    with pytest.raises(ValueError, match="node 'n': there is one of that name"):
        sim.node("n")


@pytest.mark.parametrize("harm", [Simulation.crash, Simulation.pause, Simulation.restart, Simulation.resume])
def test_harming_a_node_that_is_not_there_is_an_error(harm: Callable[[Simulation, str], None]) -> None:
    with pytest.raises(LookupError, match="there is no node 'nowhere'"):
        harm(Simulation(1), "nowhere")


def test_every_node_has_clocks_of_its_own() -> None:
    sim = Simulation(1)
    one, other = sim.node("one"), sim.node("other")
    started = one.now(), other.now()
    sim.run(1000.0)
    passed = one.now() - started[0], other.now() - started[1]
    assert passed[0] != passed[1]
    assert passed == pytest.approx((1000.0, 1000.0), abs=0.11)


def test_a_traced_run_has_a_trace_on_every_node() -> None:
    sim = Simulation(1, trace=True)
    here, there = sim.node("here"), sim.node("there")
    probe, pid = here.probe(), there.spawn(Player, "player")
    probe.send(pid, Echo("hallo"))
    sim.run(1.0)
    traces = set()
    for node in (here, there):
        assert node.tracer is not None
        for entry in node.tracer.read().entries:
            if type(entry.envelope.message) is Echo:
                traces.add((entry.kind, entry.envelope.trace))
    assert len({trace for _, trace in traces}) == 1
    assert {kind for kind, _ in traces} == {"sent", "handled"}


def test_the_example_of_the_package_runs() -> None:
    text = actors.simulation.__doc__ or ""
    _, _, rest = text.partition("::\n\n")
    example, _, _ = rest.partition("\n\n*")
    scope: dict[str, Any] = {}
    exec(textwrap.dedent(example), scope)  # noqa: S102  our own text
    scope["test_every_ping_is_answered_in_the_end"]()
