"""Primes are counted rightly whatever becomes of messages and workers."""

from __future__ import annotations

import pytest

from actors.node.control import NODE
from actors.simulation import Faults, SimulatedNode, Simulation
from actors.system import Restart
from frameworks.examples.primes import (
    AskProgress,
    CountPrimes,
    Foreman,
    Ledger,
    PrimesCounted,
    Progress,
    Worker,
    count_primes,
)
from transport.messages.node import StopNode
from transport.pid import Pid

BELOW = 10_000
PRIMES = 1_229
ANNA, BEN = Pid("anna", "h", 1), Pid("ben", "h", 1)


@pytest.mark.parametrize(
    ("start", "stop", "primes"),
    [(0, 0, 0), (0, 2, 0), (0, 3, 1), (2, 3, 1), (3, 2, 0), (8, 11, 0), (10, 20, 4), (0, 100_000, 9_592)],
)
def test_primes_in_a_range_are_counted(start: int, stop: int, primes: int) -> None:
    assert count_primes(start, stop) == primes


@pytest.mark.parametrize("step", [10, 7, 100, 997])
def test_ranges_add_up(step: int) -> None:
    assert sum(count_primes(start, min(start + step, BELOW)) for start in range(0, BELOW, step)) == PRIMES


def test_every_range_is_handed_out_once_and_a_worker_has_one_at_a_time() -> None:
    ledger = Ledger(below=25, ranges=3)
    assert ledger.hire(ANNA) == CountPrimes(0, 9)
    assert ledger.hire(ANNA) is None
    assert ledger.hire(BEN) == CountPrimes(9, 18)
    assert ledger.counted(ANNA, PrimesCounted(0, 4))
    assert ledger.hire(ANNA) == CountPrimes(18, 25)
    assert not ledger.done


def test_a_result_that_comes_twice_counts_once() -> None:
    ledger = Ledger(below=9, ranges=1)
    ledger.hire(ANNA)
    assert ledger.counted(ANNA, PrimesCounted(0, 4))
    assert not ledger.counted(ANNA, PrimesCounted(0, 4))
    assert ledger.done
    assert ledger.progress == (1, 1, 4)


def test_the_range_of_a_lost_worker_goes_to_another() -> None:
    ledger = Ledger(below=20, ranges=2)
    first = ledger.hire(ANNA)
    assert first is not None
    assert ledger.awaits(ANNA, first)
    ledger.lose(ANNA)
    assert not ledger.awaits(ANNA, first)
    assert ledger.hire(BEN) == first


def test_a_lost_worker_whose_result_comes_late_spares_others_the_work() -> None:
    ledger = Ledger(below=20, ranges=2)
    ledger.hire(ANNA)
    ledger.lose(ANNA)
    assert ledger.counted(ANNA, PrimesCounted(0, 4))
    assert ledger.hire(BEN) == CountPrimes(10, 20)


def works(node: SimulatedNode) -> None:
    node.spawn(Worker, "worker", restart=Restart(intensity=1000))


def cluster(simulation: Simulation, workers: int = 3) -> SimulatedNode:
    """Nodes with a worker each, and one with the foreman."""
    pids = tuple(simulation.node(f"w{number}", works).pid_of("worker") for number in range(workers))
    return simulation.node(
        "office", lambda node: node.spawn(lambda: Foreman(pids, below=BELOW, ranges=40), "foreman")
    )


def total(office: SimulatedNode) -> int | None:
    """What the foreman ended with, once it has told its node to stop."""
    ledger = office.process("foreman", Foreman)._ledger
    return ledger.progress[2] if ledger.done else None


@pytest.mark.parametrize("seed", range(10))
def test_the_total_is_right_though_messages_are_lost_and_doubled_and_workers_crash(seed: int) -> None:
    simulation = Simulation(seed, faults=Faults(loss=0.3, duplicate=0.2, reorder=0.2))
    office = cluster(simulation)
    w0, w1, _ = (simulation.nodes[number] for number in range(3))
    simulation.run(1.5)
    w0.kill("worker")
    simulation.run(1.5)
    w1.crash()
    simulation.run(3.0)
    w1.restart()
    simulation.run_until(lambda: total(office) is not None, timeout_seconds=600)
    assert total(office) == PRIMES


def test_a_worker_that_never_comes_back_is_not_needed() -> None:
    simulation = Simulation(0)
    office = cluster(simulation, workers=2)
    simulation.nodes[0].crash()
    simulation.run_until(lambda: total(office) is not None)
    assert total(office) == PRIMES


def test_work_waits_while_all_workers_are_gone() -> None:
    simulation = Simulation(0)
    office = cluster(simulation, workers=1)
    (worker, _) = simulation.nodes
    worker.crash()
    simulation.run(30)
    assert total(office) is None
    worker.restart()
    simulation.run_until(lambda: total(office) is not None)
    assert total(office) == PRIMES


def test_the_foreman_ends_its_node_when_all_is_counted() -> None:
    simulation = Simulation(0)
    office = cluster(simulation)
    office.probe(NODE)
    assert simulation.wait_for(StopNode, to=NODE) == StopNode()
    assert total(office) == PRIMES


def test_the_foreman_tells_how_far_it_is() -> None:
    simulation = Simulation(0)
    office = cluster(simulation)
    probe = office.probe()
    simulation.run_until(lambda: total(office) is not None)
    probe.send(office.pid_of("foreman"), AskProgress())
    simulation.run_until(lambda: probe.received)
    (progress,) = probe.received
    assert isinstance(progress, Progress)
    assert (progress.ranges, progress.counted, progress.primes) == (40, 40, PRIMES)
    assert sum(progress.shares.values()) == 40
    assert min(progress.shares.values()) > 0
