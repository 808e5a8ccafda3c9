from __future__ import annotations

import asyncio
from collections.abc import Mapping

from actors.agent.figures import Figures
from actors.metrics import Registry


class Node:
    """An executor node in the hand of a test."""

    def __init__(self) -> None:
        self.values: Mapping[str, float] = {}
        self.asked = 0
        self.now = 100.0

    async def ask(self) -> Mapping[str, float]:
        self.asked += 1
        return self.values


def test_what_the_node_counts_of_containers_is_shown_among_the_metrics_of_the_agent() -> None:
    registry, node = Registry(), Node()
    figures = Figures(registry, node.ask, lambda: node.now)
    before = registry.snapshot()
    assert before["containerizer/mesos/container_destroy_errors"] == 0
    assert before["containerizer/fetcher/task_fetches_succeeded"] == 0
    node.values = {
        "containerizer/mesos/container_destroy_errors": 2.0,
        "containerizer/docker/image_pull_ms/p50": 7.5,
        "node/actors": 12.0,
    }
    asyncio.run(figures.refresh())
    after = registry.snapshot()
    assert after["containerizer/mesos/container_destroy_errors"] == 2
    assert after["containerizer/docker/image_pull_ms/p50"] == 7.5
    assert "node/actors" not in after
    assert 'containerizer{name="docker/image_pull_ms/p50"} 7.5' in registry.prometheus()
    node.now += 1.0
    node.values = {"containerizer/mesos/container_destroy_errors": 3.0}
    asyncio.run(figures.refresh())
    assert registry.snapshot() == {**before, "containerizer/mesos/container_destroy_errors": 3}


def test_figures_of_a_node_that_does_not_answer_stay_as_they_were() -> None:
    registry, node = Registry(), Node()
    figures = Figures(registry, node.ask, lambda: node.now)
    node.values = {"containerizer/new": 3.0}
    asyncio.run(figures.refresh())
    node.now += 1.0
    node.values = {}
    asyncio.run(figures.refresh())
    assert registry.snapshot()["containerizer/new"] == 3
    assert node.asked == 2


def test_who_asks_again_at_once_is_told_the_same() -> None:
    registry, node = Registry(), Node()
    figures = Figures(registry, node.ask, lambda: node.now)
    for pause, asked in ((0.0, 1), (0.4, 1), (0.2, 2)):
        node.now += pause
        asyncio.run(figures.refresh())
        assert node.asked == asked
