"""What every system promises to processes: on threads, on an event loop's thread, and simulated."""

import gc
import math
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol

import pytest

from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.simulation import SimulatedNode, Simulation
from actors.stage import LoopStage
from actors.supervisor import SUPERVISOR
from actors.system import Log, Restart, System, Timer
from tests.actors.running_loop import RunningLoop, StagedSystem
from tests.actors.simulation.players import Alarm, Echo, Note, Perform, Player, fail
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid

BOUND = 100
DEADLINE_SECONDS = 20.0
NOBODY = Restart(intensity=0)
AT_ONCE = Restart(intensity=3, period_seconds=60.0, backoff_seconds=0.0)


class Host(System, Protocol):
    """A system with what a test asks it beyond what processes may."""

    def pid_of(self, name: str) -> Pid: ...

    def actors(self) -> tuple[ActorStatus, ...]: ...


class Rig(Protocol):
    """Makes systems of one kind that reach each other, and lets time go by."""

    def host(self) -> Host: ...

    def wait(self, condition: Callable[[], object]) -> None: ...

    def failure(self, host: Host) -> str | None: ...

    def close(self) -> None: ...


class SimulatedRig:
    def __init__(self) -> None:
        self._sim = Simulation(7)

    def host(self) -> Host:
        return self._sim.node(f"n{len(self._sim.nodes)}", mailbox_bound=BOUND)

    def wait(self, condition: Callable[[], object]) -> None:
        self._sim.run_until(condition, DEADLINE_SECONDS)

    def failure(self, host: Host) -> str | None:
        assert isinstance(host, SimulatedNode)
        self._sim.run_until(lambda: not host.up, DEADLINE_SECONDS)
        return host.failure

    def close(self) -> None:
        pass


class Silent:
    """The log of actors that crash on purpose."""

    def debug(self, event: str, **values: object) -> None: ...

    info = warning = error = debug


class PykkaRig:
    def __init__(self) -> None:
        self._systems: list[PykkaSystem] = []

    def host(self) -> Host:
        return self._start(PykkaSystem)

    def _start(self, kind: type[PykkaSystem]) -> PykkaSystem:
        system = kind(bind=Address("127.0.0.1", 0), logger=self._log, mailbox_bound=BOUND)
        system.start()
        self._systems.append(system)
        return system

    def wait(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def failure(self, host: Host) -> str | None:
        assert isinstance(host, PykkaSystem)
        return host.wait()

    def close(self) -> None:
        for system in self._systems:
            system.stop()

    def _log(self, _pid: Pid) -> Log:
        return Silent()


class StagedRig(PykkaRig):
    """All systems share the thread of one event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = RunningLoop()

    def host(self) -> Host:
        StagedSystem.everybodys_stage = LoopStage(self._loop.call_soon)
        return self._start(StagedSystem)

    def close(self) -> None:
        super().close()
        self._loop.stop()


RIGS: dict[str, Callable[[], Rig]] = {
    "simulation": SimulatedRig,
    "pykka": PykkaRig,
    "event loop": StagedRig,
}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = RIGS[request.param]()
    yield rig
    rig.close()


@pytest.fixture
def host(rig: Rig) -> Host:
    return rig.host()


def spawn(host: Host, name: str = "player", *, restart: Restart = NOBODY, vital: bool = False) -> Player:
    """Spawn a player and return the process, whose successors write to the same list of events."""
    made: list[Player] = []

    def make() -> Player:
        player = Player()
        if made:
            player.events = made[0].events
        made.append(player)
        return player

    host.spawn(make, name, restart=restart, vital=vital)
    return made[0]


def tell(host: Host, to: Player, action: Callable[[Player], object]) -> None:
    """Have a player do something in a turn of its own."""
    host.send(to.pid, to.pid.whoever(), Perform(action))


def send_all(me: Player, to: Pid, messages: Iterable[object]) -> None:
    for message in messages:
        me.send(to, message)


def names(host: Host) -> list[str]:
    return [status.pid.name for status in host.actors()]


# Turns and messages.


def test_initialize_is_the_first_turn(rig: Rig, host: Host) -> None:
    player = spawn(host)
    host.send(player.pid, player.pid, Note(1))
    rig.wait(lambda: player.numbers)
    assert player.events == ["initialize", 1]


def test_not_even_an_urgent_message_comes_before_initialize(rig: Rig, host: Host) -> None:
    player = spawn(host)

    def spawn_and_alarm(me: Player) -> None:
        child = spawn(host, "child")
        me.send(child.pid, Alarm(1))
        me.events.append(child.events)

    tell(host, player, spawn_and_alarm)
    rig.wait(lambda: len(player.events) == 2 and player.events[1] == ["initialize", -1])


def test_messages_from_one_actor_to_another_arrive_in_order(rig: Rig, host: Host) -> None:
    sender, receiver = spawn(host, "sender"), spawn(host, "receiver")
    count = BOUND - 1  # fits the mailbox with the receiver's first turn
    tell(host, sender, lambda me: send_all(me, receiver.pid, map(Note, range(count))))
    rig.wait(lambda: len(receiver.numbers) == count)
    assert receiver.numbers == list(range(count))


def test_an_urgent_message_overtakes_what_waits(rig: Rig, host: Host) -> None:
    player = spawn(host)
    tell(host, player, lambda me: send_all(me, me.pid, [Note(1), Note(2), Alarm(3), Alarm(4)]))
    rig.wait(lambda: len(player.numbers) == 4)
    assert player.numbers == [-3, -4, 1, 2]


def test_a_reply_reaches_the_sender(rig: Rig, host: Host) -> None:
    echo, probe = spawn(host, "echo"), spawn(host, "probe")
    host.send(probe.pid, echo.pid, Note(1))
    host.send(probe.pid, host.pid_of("echo"), Perform(lambda me: me.send(probe.pid, Note(2))))
    rig.wait(lambda: probe.numbers)
    assert (echo.numbers, probe.numbers) == ([1], [2])


def test_a_message_that_nobody_handles_harms_nobody(rig: Rig, host: Host) -> None:
    player = spawn(host)
    host.send(player.pid, player.pid, {"unknown": True})
    host.send(player.pid, player.pid, Note(1))
    rig.wait(lambda: player.numbers)


def test_a_full_mailbox_refuses_messages_and_tells_a_sender_that_linked_it(rig: Rig, host: Host) -> None:
    player = spawn(host)

    def flood(me: Player) -> None:
        me.link(me.pid)
        send_all(me, me.pid, map(Note, range(BOUND + 3)))

    tell(host, player, flood)
    rig.wait(lambda: player.pid in player.events)
    rig.wait(lambda: len(player.numbers) == BOUND)
    assert player.numbers == list(range(BOUND))
    assert player.events.count(player.pid) == 1
    assert [status.overflows for status in host.actors() if status.pid == player.pid] == [3]


def test_urgent_messages_and_signals_pass_a_full_mailbox(rig: Rig, host: Host) -> None:
    player = spawn(host)

    def flood(me: Player) -> None:
        send_all(me, me.pid, map(Note, range(BOUND + 3)))
        me.send(me.pid, Alarm(7))
        me.link(host.pid_of("nobody"))

    tell(host, player, flood)
    rig.wait(lambda: host.pid_of("nobody") in player.events)
    assert player.numbers == [-7, *range(BOUND)]


# Timers.


def test_a_timer_fires_as_a_turn_no_sooner_than_asked_for(rig: Rig, host: Host) -> None:
    player = spawn(host)
    times: list[float] = []

    def set_timer(me: Player) -> None:
        times.append(host.now())
        me.delay(0.02, lambda: times.append(host.now()))

    tell(host, player, set_timer)
    rig.wait(lambda: len(times) == 2)
    assert times[1] - times[0] >= 0.02


def test_timers_fire_in_the_order_of_their_times(rig: Rig, host: Host) -> None:
    player = spawn(host)
    fired: list[str] = []

    def set_timers(me: Player) -> None:
        me.delay(0.2, fired.append, "late")
        me.delay(0.0, fired.append, "soon")

    tell(host, player, set_timers)
    rig.wait(lambda: len(fired) == 2)
    assert fired == ["soon", "late"]


def test_a_pause_that_is_no_number_is_refused_and_stops_nobodys_timers(rig: Rig, host: Host) -> None:
    player, other = spawn(host), spawn(host, "other")
    fired: list[str] = []
    tell(host, player, lambda me: me.delay(math.nan, fired.append, "never"))
    tell(host, other, lambda me: me.every(math.nan, fired.append, "never"))
    rig.wait(lambda: not {"player", "other"} & set(names(host)))
    third = spawn(host, "third")
    tell(host, third, lambda me: me.delay(0.0, fired.append, "soon"))
    rig.wait(lambda: fired)
    assert fired == ["soon"]


def test_a_cancelled_timer_never_fires(rig: Rig, host: Host) -> None:
    player = spawn(host)
    fired: list[str] = []

    def set_timers(me: Player) -> None:
        me.delay(0.01, fired.append, "cancelled").cancel()
        me.delay(0.05, fired.append, "kept")

    tell(host, player, set_timers)
    rig.wait(lambda: fired)
    assert fired == ["kept"]


def test_a_periodic_timer_fires_until_it_is_cancelled(rig: Rig, host: Host) -> None:
    player = spawn(host)
    fired: list[str] = []
    timers: list[Timer] = []

    def tick() -> None:
        fired.append("tick")
        if len(fired) == 3:
            timers[0].cancel()
            player.delay(0.05, fired.append, "end")

    tell(host, player, lambda me: timers.append(me.every(0.005, tick)))
    rig.wait(lambda: "end" in fired)
    assert fired == ["tick", "tick", "tick", "end"]


def test_the_timer_of_a_dead_actor_does_not_fire_in_its_successor(rig: Rig, host: Host) -> None:
    player = spawn(host, restart=AT_ONCE)
    fired: list[str] = []

    def set_timer_and_die(me: Player) -> None:
        me.delay(0.01, fired.append, "of the dead")
        raise RuntimeError

    tell(host, player, set_timer_and_die)
    rig.wait(lambda: player.events.count("initialize") == 2)
    other = spawn(host, "other")
    tell(host, other, lambda me: me.delay(0.05, fired.append, "of the living"))
    rig.wait(lambda: fired)
    assert fired == ["of the living"]


# Ends and successors.


def test_a_terminated_actor_finalizes_and_takes_no_further_message(rig: Rig, host: Host) -> None:
    player, watcher = spawn(host), spawn(host, "watcher")

    def go(me: Player) -> None:
        me.send(me.pid, Note(1))
        me.terminate()

    tell(host, watcher, lambda me: me.link(player.pid))
    tell(host, player, go)
    rig.wait(lambda: player.pid in watcher.events)
    assert player.events == ["initialize", "finalize"]
    assert "player" not in names(host)


def test_an_actor_may_end_another(rig: Rig, host: Host) -> None:
    player, other = spawn(host), spawn(host, "other")
    tell(host, other, lambda me: me.terminate(player.pid))
    rig.wait(lambda: "finalize" in player.events)
    rig.wait(lambda: "player" not in names(host))
    assert "other" in names(host)


@pytest.mark.parametrize("turn", ["message", "timer", "initialize", "finalize", "exited"])
def test_a_crash_in_any_turn_ends_the_actor_and_is_told_to_the_linked(
    rig: Rig, host: Host, turn: str
) -> None:
    watcher, player = spawn(host, "watcher"), spawn(host)

    class Fragile(Player):
        def initialize(self) -> None:
            watcher.link(self.pid)
            if turn == "initialize":
                fail(self)
            if turn == "timer":
                self.delay(0.0, fail, self)
            if turn == "exited":
                self.link(host.pid_of("nobody"))
            if turn == "finalize":
                self.terminate()

        def finalize(self) -> None:
            fail(self)

        def exited(self, pid: Pid) -> None:
            fail(self)

    fragile = host.spawn(Fragile, "fragile")
    if turn == "message":
        host.send(player.pid, fragile, Perform(fail))
    rig.wait(lambda: fragile in watcher.events)
    rig.wait(lambda: "fragile" not in names(host))
    assert watcher.events.count(fragile) == 1


def test_a_turn_that_would_end_the_interpreter_ends_its_actor_alone(rig: Rig, host: Host) -> None:
    player, other = spawn(host), spawn(host, "other")

    def leave(_me: Player) -> None:
        raise SystemExit

    tell(host, player, leave)
    rig.wait(lambda: "player" not in names(host))
    tell(host, other, lambda me: me.send(me.pid, Note(1)))
    rig.wait(lambda: other.numbers)


def test_exited_comes_after_everything_that_the_dead_sent(rig: Rig, host: Host) -> None:
    watcher, player = spawn(host, "watcher"), spawn(host)
    tell(host, watcher, lambda me: me.link(player.pid))

    def send_and_die(me: Player) -> None:
        send_all(me, watcher.pid, map(Note, range(10)))
        raise RuntimeError

    tell(host, watcher, lambda me: me.send(player.pid, Perform(send_and_die)))
    rig.wait(lambda: player.pid in watcher.events)
    assert watcher.events == ["initialize", *range(10), player.pid]


def test_a_crashed_actor_gets_a_successor_of_another_incarnation(rig: Rig, host: Host) -> None:
    player = spawn(host, restart=AT_ONCE)
    tell(host, player, fail)
    rig.wait(lambda: player.events.count("initialize") == 2)
    host.send(player.pid, player.pid, Note(1))
    host.send(player.pid, host.pid_of("player"), Note(2))
    rig.wait(lambda: player.numbers)
    assert player.numbers == [2]
    (status,) = (status for status in host.actors() if status.pid.name == "player")
    assert (status.crashes, status.pid.incarnation > player.pid.incarnation) == (1, True)


def test_what_waited_for_a_crashed_actor_does_not_reach_its_successor(rig: Rig, host: Host) -> None:
    player = spawn(host, restart=AT_ONCE)

    def queue_and_die(me: Player) -> None:
        me.send(me.pid.whoever(), Note(1))
        raise RuntimeError

    tell(host, player, queue_and_die)
    rig.wait(lambda: player.events.count("initialize") == 2)
    host.send(player.pid, host.pid_of("player"), Note(2))
    rig.wait(lambda: player.numbers)
    assert player.numbers == [2]


def test_an_actor_that_crashes_too_often_is_given_up(rig: Rig, host: Host) -> None:
    player = spawn(host, restart=AT_ONCE)
    for crashes in range(1, 5):
        rig.wait(partial(lambda count: player.events.count("initialize") == count, crashes))
        tell(host, player, fail)
    rig.wait(lambda: "player" not in names(host))
    assert player.events == ["initialize"] * 4


def test_a_process_that_cannot_be_made_again_counts_as_a_crash(rig: Rig, host: Host) -> None:
    made: list[Player] = []

    def make() -> Process:
        if made:
            made.append(made[0])
            raise RuntimeError
        made.append(Player())
        return made[0]

    host.spawn(make, "player", restart=AT_ONCE)
    tell(host, made[0], fail)
    rig.wait(lambda: len(made) == 4)
    assert "player" not in names(host)


def test_an_actor_told_to_end_gets_no_successor_though_its_last_turn_crashes(rig: Rig, host: Host) -> None:
    player = spawn(host, restart=AT_ONCE, vital=True)

    def end_and_crash(me: Player) -> None:
        me.terminate()
        raise RuntimeError

    tell(host, player, end_and_crash)
    rig.wait(lambda: "player" not in names(host))
    await_restart_of_another(rig, host)
    assert player.events == ["initialize"]


@pytest.mark.parametrize("event", ["ended", "name given away"])
def test_a_successor_does_not_start_if_it_is_not_wanted_any_more_when_it_is_made(
    rig: Rig, host: Host, event: str
) -> None:
    made: list[Player] = []

    def make() -> Player:
        made.append(Player())
        if len(made) == 2 and event == "ended":
            host.terminate(host.pid_of("player"))
        elif len(made) == 2:
            spawn(host, restart=AT_ONCE)
        return made[-1]

    host.spawn(make, "player", restart=AT_ONCE)
    tell(host, made[0], fail)
    rig.wait(lambda: len(made) == 2)
    await_restart_of_another(rig, host)
    assert made[1].events == []
    assert ("player" in names(host)) == (event == "name given away")


def await_restart_of_another(rig: Rig, host: Host) -> None:
    """Wait until the supervisor has dealt with all crashes before."""
    other = spawn(host, "other", restart=AT_ONCE)
    tell(host, other, fail)
    rig.wait(lambda: other.events.count("initialize") == 2)


def test_what_a_name_may_is_said_by_its_latest_spawn(rig: Rig, host: Host) -> None:
    given_up = spawn(host)
    tell(host, given_up, fail)
    rig.wait(lambda: "player" not in names(host))
    player = spawn(host, restart=AT_ONCE)
    tell(host, player, fail)
    rig.wait(lambda: player.events.count("initialize") == 2)


def test_nothing_is_kept_of_an_actor_that_was_terminated(rig: Rig, host: Host) -> None:
    kept = weakref.WeakSet[Player]()

    def make(again: Player) -> Player:
        return again

    def spawn_and_end() -> None:
        player = Player()
        kept.add(player)
        host.terminate(host.spawn(partial(make, player), "player", restart=AT_ONCE))

    def forgotten() -> bool:
        gc.collect()
        return not kept

    spawn_and_end()
    rig.wait(lambda: "player" not in names(host))
    rig.wait(forgotten)


def test_a_vital_actor_that_may_not_be_restarted_ends_the_daemon(rig: Rig, host: Host) -> None:
    player = spawn(host, vital=True)
    tell(host, player, fail)
    assert "player" in (rig.failure(host) or "")


def test_every_node_has_a_supervisor(host: Host) -> None:
    assert SUPERVISOR in names(host)


# Links.


def test_a_link_to_nobody_ends_at_once(rig: Rig, host: Host) -> None:
    watcher = spawn(host)
    tell(host, watcher, lambda me: me.link(host.pid_of("nobody")))
    rig.wait(lambda: host.pid_of("nobody") in watcher.events)


def test_a_link_to_a_dead_incarnation_ends_at_once(rig: Rig, host: Host) -> None:
    player, watcher = spawn(host, restart=AT_ONCE), spawn(host, "watcher")
    tell(host, player, fail)
    rig.wait(lambda: player.events.count("initialize") == 2)
    tell(host, watcher, lambda me: me.link(player.pid))
    rig.wait(lambda: player.pid in watcher.events)


def test_exited_names_the_pid_that_was_linked_and_comes_once_for_each(rig: Rig, host: Host) -> None:
    player, watcher = spawn(host), spawn(host, "watcher")
    whoever = host.pid_of("player")

    def link(me: Player) -> None:
        for pid in (player.pid, player.pid, whoever):
            me.link(pid)

    tell(host, watcher, link)
    tell(host, watcher, lambda me: me.terminate(player.pid))
    rig.wait(lambda: {player.pid, whoever} <= set(watcher.events))
    tell(host, watcher, lambda me: me.send(me.pid, Note(1)))
    rig.wait(lambda: watcher.numbers)
    assert watcher.events == ["initialize", player.pid, whoever, 1]


def test_a_link_taken_back_reports_nothing(rig: Rig, host: Host) -> None:
    player, watcher = spawn(host), spawn(host, "watcher")

    def link_and_unlink(me: Player) -> None:
        me.link(player.pid)
        me.unlink(player.pid)
        me.terminate(player.pid)

    tell(host, watcher, link_and_unlink)
    rig.wait(lambda: "player" not in names(host))
    host.send(watcher.pid, watcher.pid, Note(1))
    rig.wait(lambda: watcher.numbers)
    assert watcher.events == ["initialize", 1]


def test_an_exited_that_is_queued_is_dropped_with_its_link(rig: Rig, host: Host) -> None:
    watcher = spawn(host)
    nobody = host.pid_of("nobody")

    def link_and_unlink(me: Player) -> None:
        me.link(nobody)
        me.unlink(nobody)
        me.send(me.pid, Note(1))

    tell(host, watcher, link_and_unlink)
    rig.wait(lambda: watcher.numbers)
    assert watcher.events == ["initialize", 1]


# Spawning.


def test_a_name_is_borne_by_one_actor_at_a_time(rig: Rig, host: Host) -> None:
    player = spawn(host)
    with pytest.raises(ValueError, match="taken"):
        host.spawn(Player, "player")
    host.terminate(player.pid)
    rig.wait(lambda: "player" not in names(host))
    host.spawn(Player, "player")


@pytest.mark.parametrize("name", ["", "with blank", "a@b", "a/b", "x" * 256])
def test_a_malformed_name_is_refused(host: Host, name: str) -> None:
    with pytest.raises(ValueError, match="actor name"):
        host.spawn(Player, name)


def test_what_making_a_process_raises_goes_to_the_spawner(host: Host) -> None:
    def make() -> Process:
        raise RuntimeError("cannot be made")

    with pytest.raises(RuntimeError, match="cannot be made"):
        host.spawn(make, "player")
    assert "player" not in names(host)


def test_a_process_spawns_others(rig: Rig, host: Host) -> None:
    player = spawn(host)
    tell(host, player, lambda me: me.send(me.spawn(Player, "child"), Note(1)))
    rig.wait(lambda: "child" in names(host))


# Between nodes.


def test_messages_between_nodes_arrive_in_order(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    sender, receiver = spawn(here, "sender"), spawn(there, "receiver")
    count = BOUND // 2  # fits the mailbox however late the receiver runs
    tell(here, sender, lambda me: send_all(me, receiver.pid, map(Note, range(count))))
    rig.wait(lambda: len(receiver.numbers) == count)
    assert receiver.numbers == list(range(count))


def test_a_reply_crosses_back(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    probe, echo = Answered(), spawn(there, "echo")
    here.spawn(lambda: probe, "probe")
    here.send(probe.pid, echo.pid, Echo("hallo"))
    rig.wait(lambda: probe.events)
    assert probe.events == ["hallo"]


class Answered(Player):
    """Keeps what was said to it, instead of answering."""

    def initialize(self) -> None:
        pass

    def echo(self, sender: Pid, message: Echo) -> None:
        self.events.append(message.text)


def test_a_message_that_cannot_be_encoded_is_refused_to_its_sender(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    receiver = spawn(there)
    sender = spawn(here, "sender")
    with pytest.raises(TypeError):
        here.send(sender.pid, receiver.pid, Perform(fail))


def test_a_message_to_a_dead_incarnation_on_another_node_is_dropped(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    sender, receiver = spawn(here, "sender"), spawn(there, restart=AT_ONCE)
    tell(there, receiver, fail)
    rig.wait(lambda: receiver.events.count("initialize") == 2)
    here.send(sender.pid, receiver.pid, Note(1))
    here.send(sender.pid, there.pid_of("player"), Note(2))
    rig.wait(lambda: receiver.numbers)
    assert receiver.numbers == [2]


@pytest.mark.parametrize("end", ["crash", "terminate"])
def test_the_end_of_an_actor_on_another_node_is_told_after_what_it_sent(rig: Rig, end: str) -> None:
    here, there = rig.host(), rig.host()
    watcher, player = spawn(here, "watcher"), spawn(there)
    tell(here, watcher, lambda me: me.link(player.pid))
    tell(here, watcher, lambda me: me.send(player.pid, Note(0)))
    rig.wait(lambda: player.numbers)  # so the link is known there

    def send_and_go(me: Player) -> None:
        send_all(me, watcher.pid, map(Note, range(10)))
        if end == "crash":
            raise RuntimeError
        me.terminate()

    tell(there, player, send_and_go)
    rig.wait(lambda: player.pid in watcher.events)
    assert watcher.events == ["initialize", *range(10), player.pid]


def test_a_link_to_nobody_on_another_node_ends(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    watcher = spawn(here)
    nobody = there.pid_of("nobody")
    tell(here, watcher, lambda me: me.link(nobody))
    rig.wait(lambda: nobody in watcher.events)


def test_a_link_to_another_node_can_be_taken_back(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    watcher, player = spawn(here, "watcher"), spawn(there)

    def link_and_unlink(me: Player) -> None:
        me.link(player.pid)
        me.unlink(player.pid)
        me.send(player.pid, Note(1))

    tell(here, watcher, link_and_unlink)
    rig.wait(lambda: player.numbers)
    tell(there, player, Player.terminate)
    rig.wait(lambda: "player" not in names(there))
    here.send(watcher.pid, watcher.pid, Note(2))
    rig.wait(lambda: watcher.numbers)
    assert watcher.events == ["initialize", 2]


# The epoch of the newest leader.


def test_the_epoch_begins_at_0_and_is_what_was_set_last(host: Host) -> None:
    told = [host.epoch]
    for epoch in (7, 3):
        host.epoch = epoch
        told.append(host.epoch)
    assert told == [0, 7, 3]


def test_a_message_from_another_node_raises_the_epoch_before_it_is_handled(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    sender, receiver = spawn(here, "sender"), spawn(there)
    here.epoch = 7
    here.send(sender.pid, receiver.pid, Note(1))
    rig.wait(lambda: receiver.numbers)
    assert there.epoch == 7


def test_a_message_from_a_node_that_knows_of_no_newer_leader_leaves_the_epoch(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    sender, receiver = spawn(here, "sender"), spawn(there)
    here.epoch, there.epoch = 7, 8
    here.send(sender.pid, receiver.pid, Note(1))
    rig.wait(lambda: receiver.numbers)
    assert (here.epoch, there.epoch) == (7, 8)


def test_a_link_from_another_node_raises_the_epoch_too(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    watcher, player = spawn(here, "watcher"), spawn(there)
    here.epoch = 7
    tell(here, watcher, lambda me: me.link(player.pid))
    rig.wait(lambda: there.epoch == 7)


def test_why_a_node_cannot_be_reached_is_known_and_nothing_is_wrong_with_one_that_answers(rig: Rig) -> None:
    here, there = rig.host(), rig.host()
    sender, echo = Answered(), spawn(there, "echo")
    here.spawn(lambda: sender, "sender")
    # Nobody listens at port 1.
    nobody = Pid("nobody", "127.0.0.1", 1)
    here.link(sender.pid, nobody)
    here.send(sender.pid, echo.pid, Echo("hallo"))
    rig.wait(lambda: sender.events and here.trouble(nobody.address))
    assert here.trouble(there.pid_of("echo").address) == ""
