from actors.process import Process
from actors.simulation import SimulatedNode, Simulation
from tests.actors.simulation.players import Note, Perform, Player, fail
from transport.pid import Pid


def player_on(node: SimulatedNode) -> Player:
    return node.process("player", Player)


def boot(node: SimulatedNode) -> None:
    node.spawn(Player, "player")


class Careful(Player):
    """Appends what it is told to a file, and syncs it now and then."""

    def initialize(self) -> None:
        if "log" in self.system.disk.list(""):
            self.events.extend(self.system.disk.read("log"))

    def note(self, sender: Pid, message: Note) -> None:
        disk = self.system.disk
        disk.append("log", bytes([message.number]))
        if message.number == 2:
            disk.sync("log")
            disk.sync_folder("")


def boot_careful(node: SimulatedNode) -> None:
    node.spawn(Careful, "player")


def test_a_node_without_power_loses_everything_but_what_was_synced() -> None:
    kept = set()
    for seed in range(40):
        sim = Simulation(seed)
        node = sim.node("n", boot_careful)
        for number in (1, 2, 3):
            node.send(node.pid_of("player"), node.pid_of("player"), Note(number))
        sim.run(0.1)
        finalized = player_on(node)
        sim.crash(node)
        assert (node.up, node.has_power) == (False, False)
        sim.run(1.0)
        sim.restart(node)
        sim.run(0.1)
        assert "finalize" not in finalized.events
        kept.add(tuple(player_on(node).numbers))
    assert {(1, 2), (1, 2, 3)} <= kept <= {(1, 2), (1, 2, 0), (1, 2, 3)}


def test_a_killed_process_loses_nothing_that_it_wrote() -> None:
    for seed in range(20):
        sim = Simulation(seed)
        node = sim.node("n", boot_careful)
        for number in (1, 3):
            node.send(node.pid_of("player"), node.pid_of("player"), Note(number))
        sim.run(0.1)
        node.kill_process()
        node.restart()
        sim.run(0.1)
        assert player_on(node).numbers == [1, 3]


def test_each_life_has_other_incarnations_and_another_course_of_chance() -> None:
    node = Simulation(1).node("n", boot)
    first = (node.incarnation, player_on(node).pid.incarnation, node.rng.random())
    node.kill_process()
    node.restart()
    second = (node.incarnation, player_on(node).pid.incarnation, node.rng.random())
    assert all(before != after for before, after in zip(first, second, strict=True))


def test_a_reboot_sets_the_monotonic_clock_back_and_a_mere_kill_does_not() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    before = node.now()
    node.kill_process()
    node.restart()
    assert node.now() == before
    node.crash()
    node.restart()
    assert node.now() != before


def test_timers_and_messages_of_a_former_life_are_gone() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    fired: list[str] = []
    old = player_on(node)
    node.send(old.pid, old.pid, Perform(lambda me: me.delay(1.0, fired.append, "timer")))
    sim.run(0.1)
    node.send(old.pid, node.pid_of("player"), Note(1))
    node.kill_process()
    node.restart()
    sim.run(2.0)
    assert (fired, player_on(node).numbers) == ([], [])


def test_a_paused_node_takes_no_turns_and_catches_up_later() -> None:
    sim = Simulation(1)
    node, other = sim.node("n", boot), sim.node("other").probe()
    player = player_on(node)
    fired: list[float] = []
    other.link(player.pid)
    node.send(player.pid, player.pid, Perform(lambda me: me.delay(1.0, lambda: fired.append(sim.now))))
    sim.run(0.5)
    sim.pause(node)
    for number in range(10):
        other.send(player.pid, Note(number))
    sim.run(5.0)
    assert (fired, player.numbers) == ([], [])
    sim.resume(node)
    sim.run(0.1)
    assert player.numbers == list(range(10))
    assert len(fired) == 1
    assert fired[0] > 5.5


def test_the_turn_in_which_a_node_is_paused_ends_but_what_it_sends_leaves_late() -> None:
    sim = Simulation(1)
    node, other = sim.node("n", boot), sim.node("other").probe()
    player = player_on(node)

    def stop_and_send(me: Process) -> None:
        me.system.fault("stop")
        me.send(other.pid, Note(1))

    other.link(player.pid)
    sim.run(1.0)
    sim.arm("stop", action="pause")
    node.send(player.pid, player.pid, Perform(stop_and_send))
    sim.run(3.0)
    assert (node.paused, other.received) == (True, [])
    sim.resume(node)
    sim.run(0.1)
    assert other.received == [Note(1)]


def test_a_slow_node_takes_longer_for_each_turn() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    node.turn_seconds = 1.0
    for number in range(100):
        node.send(node.pid_of("player"), node.pid_of("player"), Note(number))
    sim.run(20.0)
    assert 25 < len(player_on(node).numbers) < 60


def test_a_slow_clock_makes_timers_late_and_a_fast_one_early() -> None:
    sim = Simulation(1)
    nodes = [sim.node(name, boot) for name in ("slow", "fast")]
    fired: dict[str, float] = {}
    for node in nodes:
        pid = node.pid_of("player")
        node.send(
            pid, pid, Perform(lambda me: me.delay(10.0, lambda: fired.setdefault(me.pid.host, sim.now)))
        )
    sim.run(5.0)
    nodes[0].drift(0.5)
    nodes[1].drift(2.0)
    started = [node.now() for node in nodes]
    sim.run(20.0)
    assert 14.9 < fired["slow"] < 15.1
    assert 7.4 < fired["fast"] < 7.6
    assert [round(node.now() - before, 3) for node, before in zip(nodes, started, strict=True)] == [
        10.0,
        40.0,
    ]


def test_a_node_that_loses_power_in_a_turn_does_nothing_more_in_it() -> None:
    sim = Simulation(1)
    node, other = sim.node("n", boot), sim.node("other").probe()
    player = player_on(node)
    reached: list[str] = []

    def write_and_send(me: Process) -> None:
        try:
            me.system.disk.write("a", b"1")
            reached.append("after the write")
        except Exception:  # noqa: BLE001  as careless code does
            reached.append("caught")
        finally:
            me.send(other.pid, Note(1))
            me.system.disk.write("b", b"1")
            reached.append("after the clean-up")

    sim.arm("disk.write.before", action="crash")
    node.send(player.pid, player.pid, Perform(write_and_send))
    sim.run(1.0)
    assert (node.up, reached, other.received) == (False, [], [])
    node.restart()
    sim.run(1.0)
    assert node.disk.list("") == ()
    node.disk.write("a", b"1")


def test_an_actor_can_be_killed_alone() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    watcher = node.probe("watcher")
    pid = player_on(node).pid
    watcher.link(pid)
    node.kill("player")
    sim.run(0.1)
    assert watcher.gone == [pid]
    assert [crash.pid for crash in sim.crashes] == [pid]


def test_recovery_makes_a_node_whole() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    node.turn_seconds = 10.0
    node.drift(2.0)
    node.disk.fail("write")
    node.crash()
    node.recover()
    assert node.up
    assert node.turn_seconds < 0.001
    assert abs(node.clock.rate - 1.0) < 0.001
    node.disk.write("a", b"")
    sim.pause(node)
    node.recover()
    assert not node.paused


def test_falling_twice_is_falling_once() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    node.crash()
    node.crash()
    node.kill_process()
    node.pause()
    node.resume()
    node.stop()
    sim.run(10.0)
    assert (node.up, node.lost_power) == (False, True)


def test_a_crash_of_an_actor_is_none_of_the_node() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    node.send(node.pid_of("player"), node.pid_of("player"), Perform(fail))
    sim.run(1.0)
    assert node.up
