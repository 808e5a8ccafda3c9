"""What can go wrong on the rig: each fault is chosen by chance, applied, held for a while, and healed."""

from __future__ import annotations

import contextlib
import math
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.chaos.network import Cut, Host, Way
from tests.chaos.rig import Rig
from tests.chaos.unit import Unit

Heal = Callable[[], None]
_FLAP_SECONDS = 1.0
_VOTE_SECONDS = 30.0
_WRITE_SECONDS = 2.0
#: How long after a disk has room again a daemon may still end for want of it.
_LAST_ERROR_SECONDS = 5.0


class Fault(NamedTuple):
    """A fault that was applied."""

    what: str
    heal: Heal
    #: Called again and again while it is held.
    tick: Callable[[], None] = lambda: None


Make = Callable[[Rig, random.Random], Fault]


def _nothing() -> None:
    """What is killed is started again without our doing."""


def _leader(rig: Rig, chance: random.Random) -> Unit:
    """The leader, or any master while there is none."""
    return rig.leader() or chance.choice(rig.masters)


def _standbys(rig: Rig, chance: random.Random) -> list[Unit]:
    leader = _leader(rig, chance)
    return [unit for unit in rig.masters if unit is not leader]


def _zookeepers(rig: Rig) -> list[Host]:
    return [host for name, host in rig.hosts.items() if name.startswith("zk")]


def _hosts(units: Sequence[Unit]) -> list[Host]:
    return [unit.host for unit in units]


# --- processes that die ---


def _killing(*units: Unit) -> Fault:
    for unit in units:
        unit.kill()
    return Fault(f"kill {units}", _nothing)


def kill_leader(rig: Rig, chance: random.Random) -> Fault:
    return _killing(_leader(rig, chance))


def terminate_leader(rig: Rig, chance: random.Random) -> Fault:
    leader = _leader(rig, chance)
    leader.finish()
    return Fault(f"terminate {leader}", _nothing)


def kill_standby(rig: Rig, chance: random.Random) -> Fault:
    return _killing(chance.choice(_standbys(rig, chance)))


def kill_two_masters(rig: Rig, chance: random.Random) -> Fault:
    return _killing(*chance.sample(rig.masters, 2))


def kill_all_masters(rig: Rig, chance: random.Random) -> Fault:
    return _killing(*rig.masters)


def take_a_master_away(rig: Rig, chance: random.Random) -> Fault:
    master = chance.choice(rig.masters)
    master.kill(hold=True)
    return Fault(f"without {master}", master.start)


def kill_agent(rig: Rig, chance: random.Random) -> Fault:
    return _killing(chance.choice(rig.agents))


def kill_all_agents(rig: Rig, chance: random.Random) -> Fault:
    return _killing(*rig.agents)


def kill_agent_and_leader(rig: Rig, chance: random.Random) -> Fault:
    return _killing(chance.choice(rig.agents), _leader(rig, chance))


def kill_executor_node(rig: Rig, chance: random.Random) -> Fault:
    agent = chance.choice(rig.agents)
    if (process := rig.executor_node(agent)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return Fault(f"kill executor node of {agent}", _nothing)


def kill_framework(rig: Rig, chance: random.Random) -> Fault:
    return _killing(rig.load)


def kill_framework_and_leader(rig: Rig, chance: random.Random) -> Fault:
    return _killing(rig.load, _leader(rig, chance))


# --- processes that hang ---


def _stopping(*units: Unit) -> Fault:
    for unit in units:
        unit.stop()

    def heal() -> None:
        for unit in units:
            unit.resume()

    return Fault(f"stop {units}", heal)


def stop_leader(rig: Rig, chance: random.Random) -> Fault:
    return _stopping(_leader(rig, chance))


def stop_standby(rig: Rig, chance: random.Random) -> Fault:
    return _stopping(chance.choice(_standbys(rig, chance)))


def stop_all_masters(rig: Rig, chance: random.Random) -> Fault:
    return _stopping(*rig.masters)


def stop_agent(rig: Rig, chance: random.Random) -> Fault:
    return _stopping(chance.choice(rig.agents))


def stop_framework(rig: Rig, chance: random.Random) -> Fault:
    return _stopping(rig.load)


# --- ZooKeepers ---


def kill_zookeeper(rig: Rig, chance: random.Random) -> Fault:
    server = chance.choice(rig.zookeepers.servers)
    server.kill()
    return Fault(f"kill ZooKeeper {server.address}", rig.zookeepers.start)


def kill_leading_zookeeper(rig: Rig, chance: random.Random) -> Fault:
    server = rig.zookeepers.leader()
    server.kill()
    return Fault(f"kill leading ZooKeeper {server.address}", rig.zookeepers.start)


def kill_all_zookeepers(rig: Rig, chance: random.Random) -> Fault:
    rig.zookeepers.kill()
    return Fault("kill all ZooKeepers", rig.zookeepers.start)


def stop_all_zookeepers(rig: Rig, chance: random.Random) -> Fault:
    rig.signal_all_zookeepers(signal.SIGSTOP)
    return Fault("stop all ZooKeepers", lambda: rig.signal_all_zookeepers(signal.SIGCONT))


def wipe_zookeepers(rig: Rig, chance: random.Random) -> Fault:
    """Nothing of the elections before is known any more, and counting begins anew."""
    rig.zookeepers.kill()
    for server in rig.zookeepers.servers:
        server.wipe()
    return Fault("wipe all ZooKeepers", rig.zookeepers.start)


# --- links ---


def _cutting(what: str, host: Host, others: Sequence[Host], chance: random.Random) -> Fault:
    way = chance.choice(list(Way))
    cut = Cut(host, [other for other in others if other is not host], way)
    cut.apply()
    return Fault(f"{way} between {host} and {what}", cut.heal)


def cut_leader_from_zookeepers(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("ZooKeepers", _leader(rig, chance).host, _zookeepers(rig), chance)


def cut_leader_from_masters(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("masters", _leader(rig, chance).host, _hosts(rig.masters), chance)


def cut_leader_from_one_master(rig: Rig, chance: random.Random) -> Fault:
    other = chance.choice(_standbys(rig, chance))
    return _cutting(other.name, _leader(rig, chance).host, [other.host], chance)


def cut_leader_from_agents(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("agents", _leader(rig, chance).host, _hosts(rig.agents), chance)


def cut_leader_off(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("everybody", _leader(rig, chance).host, list(rig.hosts.values()), chance)


def cut_agent_off(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("everybody", chance.choice(rig.agents).host, list(rig.hosts.values()), chance)


def cut_agent_from_masters(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("masters", chance.choice(rig.agents).host, _hosts(rig.masters), chance)


def cut_agent_from_zookeepers(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("ZooKeepers", chance.choice(rig.agents).host, _zookeepers(rig), chance)


def cut_framework_from_masters(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("masters", rig.load.host, _hosts(rig.masters), chance)


def cut_zookeeper_off(rig: Rig, chance: random.Random) -> Fault:
    return _cutting("everybody", chance.choice(_zookeepers(rig)), list(rig.hosts.values()), chance)


def flap(rig: Rig, chance: random.Random) -> Fault:
    """A link that comes and goes every second."""
    host = _leader(rig, chance).host
    what, others = chance.choice(
        [
            ("agents", _hosts(rig.agents)),
            ("masters", _hosts(rig.masters)),
            ("ZooKeepers", _zookeepers(rig)),
            ("everybody", list(rig.hosts.values())),
        ]
    )
    way = chance.choice((Way.DROP, Way.RESET))
    cut = Cut(host, [other for other in others if other is not host], way)

    def tick() -> None:
        if int(time.monotonic() / _FLAP_SECONDS) % 2:
            cut.apply()
        else:
            cut.heal()

    return Fault(f"flapping {way} between {host} and {what}", cut.heal, tick)


# --- disks ---


def fill_disk_of_leader(rig: Rig, chance: random.Random) -> Fault:
    """To the last byte; only where masters have disks of their own."""
    leader = _leader(rig, chance)
    path = rig.folder / leader.name / "ballast"
    with path.open("wb", buffering=0) as ballast:
        for size in (65536, 4096, 512):
            with contextlib.suppress(OSError):
                while True:
                    ballast.write(bytes(size))
            # The file system keeps some back until it has found a place for what was written.
            os.fsync(ballast.fileno())
    leader.may_end_until = math.inf

    def heal() -> None:
        path.unlink()
        leader.may_end_until = time.monotonic() + _LAST_ERROR_SECONDS

    return Fault(f"fill the disk of {leader}", heal)


def lose_disk(rig: Rig, chance: random.Random) -> Fault:
    """A master comes back with an empty disk."""
    master = chance.choice(rig.masters)
    master.kill(hold=True)
    shutil.rmtree(_log(rig, master))
    return Fault(f"lose the disk of {master}", master.start)


def set_disk_back(rig: Rig, chance: random.Random) -> Fault:
    """A master comes back with what was on its disk some time ago."""
    master = chance.choice(rig.masters)
    former = rig.folder / f"{master.name}.former"
    shutil.rmtree(former, ignore_errors=True)
    master.kill(hold=True)
    shutil.copytree(_log(rig, master), former)
    master.start()
    # It must have accepted something that it does not remember afterwards.
    with contextlib.suppress(TimeoutError):
        rig.wait_for(rig.all_replicas_vote, _VOTE_SECONDS)
    rig.hold(_WRITE_SECONDS)

    def heal() -> None:
        master.kill(hold=True)
        shutil.rmtree(_log(rig, master))
        shutil.copytree(former, _log(rig, master))
        master.start()

    return Fault(f"set the disk of {master} back", heal)


def flip_bits(rig: Rig, chance: random.Random) -> Fault:
    """A master comes back with three bits of its log changed."""
    master = chance.choice(rig.masters)
    master.kill(hold=True)
    for path in chance.choices(sorted(_log(rig, master).iterdir()), k=3):
        content = bytearray(path.read_bytes())
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(content)
    return Fault(f"flip bits on the disk of {master}", master.start)


def _log(rig: Rig, master: Unit) -> Path:
    return rig.folder / master.name / "replicated_log"


KILLS: tuple[Make, ...] = (
    kill_leader,
    terminate_leader,
    kill_standby,
    kill_two_masters,
    kill_all_masters,
    take_a_master_away,
    kill_agent,
    kill_all_agents,
    kill_agent_and_leader,
    kill_executor_node,
    kill_framework,
    kill_framework_and_leader,
)
STOPS: tuple[Make, ...] = (
    stop_leader,
    stop_standby,
    stop_all_masters,
    stop_agent,
    stop_framework,
)
ZOOKEEPERS: tuple[Make, ...] = (
    kill_zookeeper,
    kill_leading_zookeeper,
    kill_all_zookeepers,
    stop_all_zookeepers,
    wipe_zookeepers,
)
CUTS: tuple[Make, ...] = (
    cut_leader_from_zookeepers,
    cut_leader_from_masters,
    cut_leader_from_one_master,
    cut_leader_from_agents,
    cut_leader_off,
    cut_agent_off,
    cut_agent_from_masters,
    cut_agent_from_zookeepers,
    cut_framework_from_masters,
    cut_zookeeper_off,
    flap,
)
#: Of these one at a time: a majority of the disks must be sound.
DISKS: tuple[Make, ...] = (
    fill_disk_of_leader,
    lose_disk,
    set_disk_back,
    flip_bits,
)
