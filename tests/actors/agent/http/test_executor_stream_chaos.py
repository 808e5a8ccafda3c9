"""Executors over HTTP whose connections break, and whose agents die, at any time."""

from __future__ import annotations

import pytest

from actors.simulation import Plan
from tests.actors.agent.http.play import HttpPlay


def survive(seed: int, plan: Plan) -> HttpPlay:
    play = HttpPlay(seed, tasks=40)
    play.stage.sim.chaos(plan)
    play.stage.run(20.0)
    play.stage.sim.quiet()
    play.finish()
    play.check()
    return play


def test_connections_that_break_lose_no_task_and_run_none_twice() -> None:
    for seed in range(10):
        play = survive(seed, Plan())
        assert {*play.runs.values()} == {1}
        assert {tuple(ends) for ends in play.master.ends.values()} == {("FINISHED",)}


@pytest.mark.parametrize("seed", range(15))
def test_nor_do_agents_that_die_and_messages_that_get_lost_or_come_twice(seed: int) -> None:
    survive(
        seed,
        Plan(
            kill_seconds=3.0,
            strike_seconds=3.0,
            disconnect_seconds=2.0,
            weather_seconds=2.0,
            spared=("leader", "hosts"),
        ),
    )
