"""Replays what ever failed: see seeds.txt, and add to it whatever a longer run finds."""

import importlib
from pathlib import Path

import pytest

from actors.simulation.replay import check

SEEDS = Path(__file__).with_name("seeds.txt")


def failures() -> list[tuple[str, int]]:
    """The scenarios and seeds of the file; a line without its reason is refused."""
    found = []
    for line in SEEDS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        place, _, reason = line.partition("  # ")
        assert reason, f"{line}: must be module:scenario seed  # why"
        scenario, seed = place.split()
        found.append((scenario, int(seed)))
    return found


@pytest.mark.parametrize(("scenario", "seed"), failures())
def test_what_failed_once_goes_well(scenario: str, seed: int) -> None:
    module, _, name = scenario.partition(":")
    check(getattr(importlib.import_module(module), name), [seed])
