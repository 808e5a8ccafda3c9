from __future__ import annotations

import pytest

from actors.master.consumption import capacity, consumed, free, top_of
from tests.actors.master.county import ELSEWHERE, HERE, County
from tests.actors.master.town import framework_info
from transport.records.quantities import Quantities
from transport.records.resources import Resources


@pytest.mark.parametrize(
    ("role", "top"), [("a", "a"), ("a/b", "a"), ("a/b/c", "a"), ("ab", "ab"), ("*", "*")]
)
def test_a_role_counts_to_the_one_at_the_top(role: str, top: str) -> None:
    assert top_of(role) == top


def test_capacity_is_what_all_agents_have() -> None:
    county = County(prompt=True)
    county.join(HERE, "host0", "cpus:4;mem:100")
    county.join(ELSEWHERE, "host1", "cpus(dev):2;disk:5")
    assert capacity(county.cluster) == Quantities.parse("cpus:6;mem:100;disk:5")


def test_a_role_consumes_its_reservations_and_what_it_is_allocated_besides() -> None:
    county = County(prompt=True)
    agent = county.join(HERE, "host0", "cpus(dev/web):2;cpus(ops):1;cpus:4;mem:100")
    framework = county.subscribe(framework_info(roles=("dev/web",)))
    task = county.task(framework, agent, resources="mem:10")
    task.holding = Resources.parse("cpus(dev/web):1;mem:10").allocate("dev/web")
    assert consumed(county.cluster, ("dev", "ops", "web")) == {
        "dev": Quantities.parse("cpus:2;mem:10"),
        "ops": Quantities.parse("cpus:1"),
        "web": Quantities(),
    }


def test_what_is_used_or_offered_is_not_free() -> None:
    county = County(prompt=True)
    agent = county.join(HERE, "host0", "cpus:4;mem:2000;cpus(dev):1")
    framework = county.subscribe(framework_info())
    county.task(framework, agent, resources="cpus:1;mem:512")
    county.offer(framework, agent, "cpus:2")
    assert free(county.cluster) == Quantities.parse("cpus:1;mem:1488")
