"""The arithmetic of resources: what an agent has, and what one task takes of it."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator

from tests.benchmarks.figure import Figure, Size, alone, at_most
from transport.records.resources import Resources

AGENT = Resources.parse("cpus:16;mem:65536;disk:200000;ports:[31000-32000];cpus(web):4")
TASK = Resources.parse("cpus:0.5;mem:512;disk:1000;ports:[31100-31101]")
CALLS = 20_000


def figures(size: Size) -> Iterator[Figure]:
    rest = AGENT - TASK
    operations: dict[str, Callable[[], object]] = {
        "add a task's to an agent's": lambda: rest + TASK,
        "subtract a task's from an agent's": lambda: AGENT - TASK,
        "does an agent's contain a task's": lambda: AGENT.contains(TASK),
        "add an agent's to an agent's": lambda: AGENT + AGENT,
        "does an agent's contain an agent's": lambda: AGENT.contains(AGENT),
    }
    calls = size.of(CALLS, 100)
    for name, operation in operations.items():
        rounds = [timeit.timeit(operation, number=calls) / calls * 1e6 for _ in range(2 * size.rounds + 1)]
        yield alone(f"resources: {name}", "us", rounds, at_most(3))
