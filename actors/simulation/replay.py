"""Runs a scenario for many seeds, and again for the one that failed.

A scenario is a function that takes a `Simulation` and does with it what a test does::

    def lossy(sim: Simulation) -> None: ...

    def test_nothing_is_lost_for_good() -> None:
        check(lossy, seeds(50))

Where it fails, the report names the command that runs that very seed again. PION_SEED=17 in the
environment has `seeds` give 17 alone, PION_SEED_FACTOR=100 has it give a hundred times as many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from actors.simulation.failure import SimulationFailure
from actors.simulation.points import FaultPoint
from actors.simulation.simulation import Harm, Simulation

Scenario = Callable[[Simulation], object]

_SEED = "PION_SEED"
_FACTOR = "PION_SEED_FACTOR"


def seeds(count: int, first: int = 0) -> range:
    """So many seeds from `first` on, unless the environment says otherwise."""
    if _SEED in os.environ:
        first, count = _number(_SEED), 1
    return range(first, first + count * (_number(_FACTOR) if _FACTOR in os.environ else 1))


def check(scenario: Scenario, numbers: Iterable[int], **options: Any) -> None:
    """Run the scenario with each seed; `options` are those of `Simulation`."""
    for seed in numbers:
        run(scenario, prepare(scenario, seed, **options))


def prepare(scenario: Scenario, seed: int, **options: Any) -> Simulation:
    """The simulation in which to `run` the scenario with one seed."""
    sim = Simulation(seed, **options)
    sim.replay = _command(scenario, seed, options)
    return sim


def run(scenario: Scenario, sim: Simulation) -> Simulation:
    """Run the scenario; what it raises carries the report."""
    try:
        scenario(sim)
    except SimulationFailure:
        raise
    except Exception as error:
        error.add_note(sim.report("the scenario failed"))
        raise
    return sim


def placements(
    scenario: Scenario, seed: int, action: Harm, *, most: int = 3, **options: Any
) -> Iterator[FaultPoint]:
    """Run the scenario with the fault at every point that it passes, the first `most` times of each.

    A first run without faults finds the points; then each run has one fault. Gives the place of each after
    its run.
    """
    for point, node, times in run(scenario, prepare(scenario, seed, **options)).fault_points():
        for nth in range(1, min(times, most) + 1):
            sim = prepare(scenario, seed, **options)
            sim.replay += f", with {action} at pass {nth} of {point} on {node}"
            sim.arm(point, node=node, nth=nth, action=action)
            run(scenario, sim)
            yield FaultPoint(point, node, nth)


def _command(scenario: Scenario, seed: int, options: dict[str, Any]) -> str:
    """What a person types to run the scenario with that seed again."""
    name = getattr(scenario, "__qualname__", repr(scenario))
    # Tracing changes nothing of what happens; with other options only the caller can run it again.
    if "<" not in name and not options.keys() - {"trace"}:
        return f"python -m actors.simulation {scenario.__module__}:{name} --seed {seed}"
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return (
        f"{_SEED}={seed} python -m pytest '{test}'" if test else f"run {name} with seed {seed} and {options}"
    )


def _number(variable: str) -> int:
    value = os.environ[variable]
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"{variable}={value}: must be a whole number")
    return int(value)
