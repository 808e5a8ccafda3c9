from __future__ import annotations

import pytest

from actors.master.consumption import capacity, consumed, free, is_below
from tests.actors.master.county import ELSEWHERE, HERE, County
from tests.actors.master.town import framework_info
from transport.records.quantities import Quantities
from transport.records.resources import Resources


@pytest.mark.parametrize(
    ("role", "top", "below"),
    [("a", "a", True), ("a/b", "a", True), ("ab", "a", False), ("a", "a/b", False)],
)
def test_a_role_is_below_itself_and_what_it_stands_under(role: str, top: str, *, below: bool) -> None:
    assert is_below(role, top) is below


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
    assert consumed(county.cluster, "dev") == Quantities.parse("cpus:2;mem:10")
    assert consumed(county.cluster, "ops") == Quantities.parse("cpus:1")
    assert not consumed(county.cluster, "web")


def test_what_is_used_or_offered_is_not_free() -> None:
    county = County(prompt=True)
    agent = county.join(HERE, "host0", "cpus:4;mem:2000;cpus(dev):1")
    framework = county.subscribe(framework_info())
    county.task(framework, agent, resources="cpus:1;mem:512")
    county.offer(framework, agent, "cpus:2")
    assert free(county.cluster) == Quantities.parse("cpus:1;mem:1488")
