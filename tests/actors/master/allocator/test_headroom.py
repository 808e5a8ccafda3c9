from __future__ import annotations

from actors.master.allocator.headroom import Headroom
from actors.master.allocator.lanes import Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.portion import Portions
from actors.master.allocator.quota import NO_QUOTA, Quota
from actors.master.allocator.role import Role, RoleTree
from tests.actors.master.allocator.factories import resources


class Quotas:
    """Roles of a cluster with so much free in it."""

    def __init__(self, free: str = "cpus:10;mem:1000") -> None:
        minimum = Minimum.parse("cpus:0.01|mem:32")
        lanes = Lanes()
        self.lanes = lanes
        self.portions = Portions(lanes, minimum)
        self.headroom = Headroom(lanes, minimum)
        self.roles = RoleTree()
        self.headroom.free = self.portions.of(resources(free)).free

    def set(self, path: str, guarantees: dict[str, int], limits: dict[str, int] | None = None) -> Role:
        role = self.roles.get(path)
        self.headroom.set_quota(role, Quota(guarantees, limits or {}))
        return role

    def allocate(self, path: str, text: str) -> None:
        packed = self.portions.of(resources(text)).free
        self.headroom.free -= packed
        self.headroom.consume(self.roles.get(path), packed)

    def room(self, path: str, text: str, *, guaranteed: bool = False) -> dict[str, int]:
        return dict(
            self.headroom.room(self.roles.get(path), self.portions.of(resources(text)), guaranteed=guaranteed)
        )


def test_without_quotas_there_is_room_for_everything() -> None:
    assert Quotas().room("role", "cpus:4;mem:64") == {}


def test_a_limit_bounds_what_the_role_and_all_below_it_consume() -> None:
    quotas = Quotas()
    quotas.set("a", {}, {"cpus": 3000})
    quotas.allocate("a/b", "cpus:2")

    assert quotas.room("a/c", "cpus:4;mem:64") == {"cpus": 1000}
    assert quotas.room("a/c", "cpus:1") == {}
    assert quotas.room("other", "cpus:4") == {}


def test_of_several_limits_the_narrowest_counts() -> None:
    quotas = Quotas()
    quotas.set("a", {}, {"cpus": 3000})
    quotas.set("a/b", {}, {"cpus": 2000, "mem": 0})

    assert quotas.room("a/b", "cpus:4;mem:64") == {"cpus": 2000, "mem": 0}


def test_what_is_guaranteed_is_kept_from_others() -> None:
    quotas = Quotas()
    quotas.set("a", {"cpus": 8000})

    assert quotas.headroom.required == {"cpus": 8000}
    assert quotas.room("other", "cpus:4;mem:64") == {"cpus": 2000}
    quotas.allocate("a", "cpus:5")
    assert quotas.room("other", "cpus:4") == {"cpus": 2000}
    quotas.allocate("a", "cpus:4")
    assert quotas.headroom.required == {}


def test_a_guarantee_of_what_nobody_has_makes_no_sum_longer() -> None:
    quotas = Quotas()
    quotas.set("a", {f"odd{number}": 1000 for number in range(100)}, {"odder": 0})
    quotas.allocate("a", "cpus:1")
    assert quotas.room("other", "cpus:4;mem:64") == {}
    assert quotas.headroom.surplus("odd1") == 0
    assert list(quotas.lanes.shifts) == ["cpus", "mem"]


def test_the_role_itself_may_take_its_guarantee_and_what_nobody_is_guaranteed() -> None:
    quotas = Quotas()
    quotas.set("a", {"cpus": 2000})
    quotas.set("b", {"cpus": 7000})

    assert quotas.room("a", "cpus:9", guaranteed=True) == {"cpus": 3000}
    assert quotas.room("b", "cpus:9", guaranteed=True) == {"cpus": 8000}


def test_a_guarantee_is_served_even_when_more_is_guaranteed_than_there_is() -> None:
    quotas = Quotas()
    quotas.set("a", {"cpus": 8000})
    quotas.set("b", {"cpus": 8000})

    assert quotas.room("a", "cpus:9", guaranteed=True) == {"cpus": 8000}
    assert quotas.room("other", "cpus:9") == {"cpus": 0}


def test_guarantees_below_a_role_are_part_of_its_own() -> None:
    quotas = Quotas()
    above = quotas.set("a", {"cpus": 6000})
    quotas.set("a/b", {"cpus": 4000})

    assert quotas.headroom.required == {"cpus": 6000}
    assert above.credit("cpus") == 2000
    assert quotas.roles.get("a/b").credit("cpus") == 6000
    quotas.set("a/c", {"cpus": 5000})
    assert quotas.headroom.required == {"cpus": 9000}


def test_only_roles_with_credit_and_their_subscribers_are_marked() -> None:
    quotas = Quotas()
    role = quotas.roles.get("a/b")
    quotas.set("a", {"cpus": 1000})
    for node in role.lineage:
        node.bits |= 4
    quotas.headroom.subscribed(role, 4)
    assert quotas.headroom.with_credit.bits == 4

    quotas.allocate("a/b", "cpus:1")

    assert quotas.headroom.with_credit.bits == 0


def test_a_role_whose_limits_leave_less_than_the_least_offer_is_exhausted() -> None:
    quotas = Quotas()
    role = quotas.roles.get("a")
    role.bits = 2
    quotas.set("a", {}, {"cpus": 1000, "mem": 64000})
    assert quotas.headroom.exhausted.bits == 0

    quotas.allocate("a", "cpus:1;mem:33")

    assert quotas.headroom.exhausted.bits == 2
    quotas.headroom.set_quota(role, NO_QUOTA)
    assert quotas.headroom.exhausted.bits == 0
    assert not quotas.headroom.has_quotas
