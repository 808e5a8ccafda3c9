from __future__ import annotations

from tests.benchmarks.failover.returns import figures
from tests.benchmarks.figure import Size


def test_the_return_of_a_cluster_is_measured() -> None:
    measured = {figure.figure: figure.value for figure in figures(Size(rounds=1, scale=0.05))}
    assert set(measured) == {
        "failover.50_agents_5000_tasks.longest_turn_of_master",
        "failover.50_agents_5000_tasks.longest_turn_of_allocator",
        "failover.50_agents_5000_tasks.master_is_busy",
    }
    assert all(value is not None for value in measured.values())
