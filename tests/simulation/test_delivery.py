import itertools

import pytest

from actors.simulation import SimulatedNode, Simulation, SimulationFailure
from actors.simulation.replay import check, placements, run, seeds
from tests.simulation.delivery import (
    ForgetfulLedger,
    HastyLedger,
    Ledger,
    TrustingLedger,
    deliver,
    deliver_undisturbed,
)


def test_parcels_arrive_once_each_whatever_happens() -> None:
    check(deliver, seeds(10_000))


@pytest.mark.parametrize("ledger_type", [HastyLedger, TrustingLedger, ForgetfulLedger])
def test_a_planted_bug_is_found(ledger_type: type[Ledger]) -> None:
    def flawed(sim: Simulation) -> None:
        deliver(sim, ledger_type)

    with pytest.raises(SimulationFailure, match="does not hold"):
        check(flawed, range(1000))


def power_cut(node: SimulatedNode) -> None:
    node.crash()
    node.restart_after(1.0)


def test_a_power_cut_at_any_step_loses_nothing() -> None:
    places = list(placements(deliver_undisturbed, 1, power_cut))
    steps = itertools.product(("append", "rename", "sync", "sync_folder", "write"), ("after", "before"))
    assert sorted({place.point for place in places}) == [f"disk.{step}.{when}" for step, when in steps]


def test_faults_placed_at_every_step_find_a_planted_bug_in_a_few_runs() -> None:
    def flawed(sim: Simulation) -> None:
        deliver_undisturbed(sim, HastyLedger)

    with pytest.raises(SimulationFailure, match="no_parcel_with_a_receipt_is_lost") as failure:
        list(placements(flawed, 1, power_cut))
    assert "disk.sync.before on receiver" in str(failure.value)


def test_the_same_seed_gives_the_same_course() -> None:
    digests = [run(deliver, Simulation(seed)).digest() for seed in (1, 2, 1, 2)]
    assert digests[:2] == digests[2:]
    assert digests[0] != digests[1]
