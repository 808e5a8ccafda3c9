"""The real processes, on simulated machines with disks: masters' logs that are begun, broken and healed."""

from __future__ import annotations

import random
from collections.abc import Callable

from actors.log.process import FOLDER, REPLICA, ReplicaProcess
from actors.simulation import Faults
from actors.simulation.node import SimulatedNode
from tests.actors.log.ensemble import Ensemble, Reign
from transport.messages.registry import StateFetched, StateStored
from transport.messages.replication import Action

#: Within so many virtual seconds all replicas vote, once nothing is wrong any more.
FORM_SECONDS = 60.0
_REIGN_SECONDS = 60.0


class Court:
    """An ensemble, the writer that reigns, and what must be true of both at all times.

    One value is chosen at each position, whoever tells of it (I18). What is read at the beginning of a reign
    is the newest that was acknowledged before, or one that was being stored since.
    """

    def __init__(self, seed: int, size: int = 3, faults: Faults | None = None, *, start: bool = True) -> None:
        self.rng = random.Random(f"{seed}/court")
        self.ensemble = Ensemble(size, seed=seed, faults=faults, start=start)
        self.sim = self.ensemble.sim
        #: The greatest number that was stored, as far as anybody was told.
        self.acknowledged = 0
        self.reign: Reign | None = None
        self._epoch = 0
        self._asked = 0
        self._chosen: dict[int, Action] = {}
        self._looked: dict[ReplicaProcess, int] = {}
        self.sim.always(self.all_agree)

    def all_agree(self) -> None:
        """No two replicas know different values of one position."""
        for node in self.ensemble.nodes.values():
            if not node.up or (process := _replica_of(node)) is None:
                continue
            replica = process.replica
            for position in range(max(self._looked.get(process, 0) + 1, replica.begin), replica.learned + 1):
                held = replica.holdings.get(position)
                assert held is not None, f"I20: {node.name} has a hole at {position}"
                chosen = self._chosen.setdefault(position, held.action)
                assert chosen == held.action, f"I18: {position} is {chosen}, and {held.action} on {node.name}"
            self._looked[process] = replica.learned

    def form(self) -> None:
        """All replicas come to vote."""
        self.ensemble.wait_votes(timeout_seconds=FORM_SECONDS)

    def crown(self, host: str) -> None:
        """Somebody else reigns from now on; what it reads is as new as it must be."""
        least, self._epoch = self.acknowledged, self._epoch + 1
        self.reign = self.ensemble.lead(host, self._epoch)
        reign = self.reign
        reign.ask_fetch()
        self.sim.run_until(reign.answer, _REIGN_SECONDS)
        answer = reign.answer()
        assert isinstance(answer, StateFetched)
        number = int(answer.value or b"0")
        assert least <= number <= self._asked, f"I18: read {number}, and {least} was acknowledged"
        reign.version = answer.version

    def store(self, times: int = 1) -> None:
        """Have the writer store so many numbers more, each of which must be acknowledged."""
        reign = self.reign
        assert reign is not None
        for _ in range(times):
            self._asked += 1
            reign.ask_store(b"%d" % self._asked)
            self.sim.run_until(reign.answer, _REIGN_SECONDS)
            answer = reign.answer()
            assert isinstance(answer, StateStored)
            assert answer.version, "nobody else wrote"
            reign.version = answer.version
            self.acknowledged = self._asked

    def try_to_store(self) -> None:
        """Have the writer be at storing something, whatever becomes of it."""
        if self.reign is not None and self.reign.alive and self.reign.demoted is None:
            self._asked += 1
            self.reign.ask_store(b"%d" % self._asked)

    def other_than(self, host: str) -> str:
        """Another host."""
        return self.rng.choice([other for other in self.ensemble.hosts if other != host])


def _replica_of(node: SimulatedNode) -> ReplicaProcess | None:
    try:
        process = node.process(REPLICA, ReplicaProcess)
    except LookupError:
        return None
    # Before its first turn it has none.
    return process if hasattr(process, "replica") else None


# Courses; each takes a seed.


def start_in_any_order(seed: int) -> None:
    """Masters start for the first time at any time, one late, and one is restarted in the midst of it."""
    rng = random.Random(f"{seed}/start")
    court = Court(
        seed,
        rng.choice((3, 3, 3, 5)),
        Faults(delay_seconds=(0.0, rng.choice((0.001, 0.1, 1.0))), loss=rng.choice((0.0, 0.1))),
        start=False,
    )
    ensemble = court.ensemble
    hosts = list(ensemble.hosts)
    rng.shuffle(hosts)
    for number, host in enumerate(hosts):
        ensemble.start(host)
        court.sim.run(rng.choice((0.0, 0.3, 3.0)) * rng.random())
        if number and rng.random() < 0.5:
            unlucky = ensemble.nodes[rng.choice(hosts[: number + 1])]
            unlucky.crash()
            court.sim.run(rng.random() * 2.0)
            unlucky.restart()
            ensemble.tell_members()
    court.form()
    court.crown(rng.choice(hosts))
    court.store(2)


def lose_a_disk(seed: int) -> None:
    """A disk is wiped, damaged or set back, again and again, and each time its replica comes to vote."""
    court = Court(seed)
    court.form()
    for _ in range(3):
        host = court.rng.choice(court.ensemble.hosts)
        court.crown(court.other_than(host))
        court.store(2)
        node = court.ensemble.nodes[host]
        harm = court.rng.choice((_wipe, _damage, _set_back))
        harm(court, node)
        court.try_to_store()
        court.sim.run(court.rng.random() * 2.0)
        node.restart()
        court.form()
        court.crown(host)
        court.store()


def lose_power_in_bad_weather(seed: int) -> None:
    """Masters lose power, all at once too, while writers come and go and the network is bad."""
    court = Court(seed, 3, Faults(delay_seconds=(0.0, 0.05), loss=0.05, duplicate=0.05, reorder=0.1))
    court.form()
    for _ in range(4):
        court.crown(court.rng.choice(court.ensemble.hosts))
        court.store(court.rng.randint(0, 3))
        court.try_to_store()
        court.sim.run(court.rng.random() * 0.1)
        count = court.rng.randint(1, len(court.ensemble.hosts))
        nodes = [court.ensemble.nodes[host] for host in court.rng.sample(court.ensemble.hosts, count)]
        for node in nodes:
            node.crash()
        for node in nodes:
            court.sim.run(court.rng.random())
            node.restart()
        court.ensemble.tell_members()
        court.form()


def change_the_group(seed: int) -> None:
    """Members leave the group and return, or are cut off; who writes goes on without them."""
    court = Court(seed)
    court.form()
    for _ in range(3):
        host = court.rng.choice(court.ensemble.hosts)
        others = [other for other in court.ensemble.hosts if other != host]
        cut_off = court.rng.random() < 0.5
        if cut_off:
            court.sim.partition([host])
        court.ensemble.set_members(others)
        court.crown(court.rng.choice(others))
        court.store(3)
        court.sim.heal()
        court.ensemble.set_members(court.ensemble.hosts)
        court.form()
        court.crown(host)
        court.store()


def _wipe(court: Court, node: SimulatedNode) -> None:
    node.crash()
    node.disk.wipe()


def _damage(court: Court, node: SimulatedNode) -> None:
    node.crash()
    files = [name for name in node.disk.list(FOLDER) if node.disk.size(f"{FOLDER}/{name}")]
    node.disk.flip_bit(f"{FOLDER}/{court.rng.choice(files)}")


def _set_back(court: Court, node: SimulatedNode) -> None:
    """To before something that the others have been reminded of since."""
    image = node.disk.snapshot()
    court.store(3)
    court.sim.run(10.0)
    node.crash()
    node.disk.restore(image)


#: How many seeds of each the test run takes.
COURSES: dict[Callable[[int], None], int] = {
    start_in_any_order: 100,
    lose_a_disk: 20,
    lose_power_in_bad_weather: 20,
    change_the_group: 20,
}
