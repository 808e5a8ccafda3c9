"""Real masters on the rig (`tests.chaos`): how long until another serves, and until all agents are back."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, alone, at_most
from tests.chaos.rig import Plan, Rig
from tests.chaos.scenarios import Blow, Failover, fail_over

_SESSION_SECONDS = 4.0
#: Agents, and how long they may take to be back once another master serves (reliability.md R1).
_CROWDS = ((100, 5.0), (1000, 30.0))
_PAUSE_SECONDS = 2.0


def figures(size: Size) -> Iterator[Figure]:
    told: dict[Blow, list[Failover]] = {blow: [] for blow in Blow}
    for usual, limit_seconds in _CROWDS:
        agents = size.of(usual, least=4)
        backs = []
        for blow, failover in _fail_over(agents, size.rounds):
            told[blow].append(failover)
            backs.append(failover.agents_back)
        yield alone(f"failover.serving_to_{agents}_agents_back", "s", backs, at_most(limit_seconds))
    for blow in Blow:
        served = [failover.serving for failover in told[blow]]
        if served:
            limit = at_most(blow.limit_seconds(_SESSION_SECONDS))
            yield alone(
                f"failover.leader_{blow}_to_serving.{_SESSION_SECONDS:g}s_session", "s", served, limit
            )


def _fail_over(agents: int, rounds: int) -> Iterator[tuple[Blow, Failover]]:
    plan = Plan(agents=0, light_agents=agents, tasks_per_second=0.0, session_seconds=_SESSION_SECONDS)
    with Rig(plan) as rig:
        rig.start()
        for number in range(rounds):
            rig.hold(_PAUSE_SECONDS)
            blow = list(Blow)[number % len(Blow)]
            yield blow, fail_over(rig, blow)
