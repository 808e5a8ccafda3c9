"""Replays what ever failed: see seeds.txt, and add to it whatever a longer run finds."""

from pathlib import Path

import pytest

from tests.simulation.paxos.schedule import Schedule

SEEDS = Path(__file__).with_name("seeds.txt")


def failures() -> list[int]:
    """The seeds of the file; a line without its reason is refused."""
    found = []
    for line in SEEDS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            seed, _, reason = line.partition("  # ")
            assert reason, f"{line}: must be seed  # why"
            found.append(int(seed))
    return found


@pytest.mark.parametrize("seed", failures())
def test_what_failed_once_goes_well(seed: int) -> None:
    Schedule(seed).run()
