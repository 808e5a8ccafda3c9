from __future__ import annotations

from actors.master.allocator.quota import Quota
from actors.master.clearance import Clearance
from actors.master.framework import FrameworkEntry
from actors.master.offer import OfferEntry
from tests.actors.master.county import County
from tests.actors.master.town import State
from transport.records.resources import Resources


class Fair:
    """An agent, frameworks in roles, and offers to them."""

    def __init__(self, resources: str = "cpus:8;mem:1024;ports:[1-9]") -> None:
        self.county = County(prompt=True)
        self.agent = self.county.capable_agent(resources)
        self.framework: FrameworkEntry = self.county.framework(role="dev")

    def offer(self, role: str, resources: str) -> OfferEntry:
        return self.county.offer(self.framework, self.agent, resources, role)

    def use(self, role: str, resources: str) -> None:
        task = self.county.task(self.framework, self.agent, f"t-{role}", state=State.TASK_RUNNING)
        task.holding = Resources.parse(resources).allocate(role)

    def obstacles(self, **quotas: Quota) -> list[OfferEntry]:
        return list(Clearance(self.county.cluster, quotas).obstacles())


def test_a_role_keeps_the_offers_that_its_limit_has_room_for() -> None:
    fair = Fair()
    fair.use("dev/web", "cpus:1")
    first, second, third = (fair.offer("dev/web", "cpus:1") for _ in range(3))
    other, ports = fair.offer("ops", "cpus:1"), fair.offer("dev", "ports:[1-9]")
    assert fair.obstacles(dev=Quota({}, {"cpus": 4000})) == []
    assert fair.obstacles(dev=Quota({}, {"cpus": 2500})) == [first, second]
    assert fair.obstacles(dev=Quota({}, {"cpus": 0})) == [first, second, third]
    assert fair.obstacles(ops=Quota({}, {"cpus": 0, "ports": 0})) == [other]
    assert ports not in fair.obstacles(dev=Quota({}, {"cpus": 0}))


def test_a_guarantee_takes_back_what_is_lacking_and_no_more() -> None:
    fair = Fair("cpus:4;mem:1024")
    first, second = fair.offer("dev", "cpus:1;mem:512"), fair.offer("dev", "cpus:2")
    assert fair.obstacles(ops=Quota({"cpus": 1000})) == []
    assert fair.obstacles(ops=Quota({"cpus": 1500})) == [first]
    assert fair.obstacles(ops=Quota({"cpus": 4000})) == [first, second]
    assert fair.obstacles(ops=Quota({"gold": 4000})) == []


def test_what_a_role_has_and_is_offered_itself_is_left_to_it() -> None:
    fair = Fair("cpus:4")
    fair.use("ops", "cpus:1")
    own, other = fair.offer("ops/x", "cpus:1"), fair.offer("dev", "cpus:2")
    assert fair.obstacles(ops=Quota({"cpus": 1000})) == []
    assert fair.obstacles(ops=Quota({"cpus": 2000})) == [other]
    assert own not in fair.obstacles(ops=Quota({"cpus": 4000}))


def test_what_a_limit_takes_back_serves_guarantees() -> None:
    fair = Fair("cpus:4")
    limited, other = fair.offer("dev", "cpus:2"), fair.offer("qa", "cpus:2")
    quotas = {"dev": Quota({}, {"cpus": 0}), "ops": Quota({"cpus": 2000})}
    assert fair.obstacles(**quotas) == [limited]
    assert fair.obstacles(**(quotas | {"ops": Quota({"cpus": 3000})})) == [limited, other]


def test_reservations_and_what_may_be_taken_back_anyway_do_not_count() -> None:
    fair = Fair("cpus(dev):2;cpus:2")
    fair.offer("dev", "cpus(dev):2")
    unreserved = fair.offer("dev", "cpus:1")
    assert fair.obstacles(dev=Quota({}, {"cpus": 3000})) == []
    assert fair.obstacles(dev=Quota({}, {"cpus": 2000})) == [unreserved]
