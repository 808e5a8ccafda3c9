from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from actors.master.allocator.drf_sorter import DrfSorter
from actors.master.allocator.lanes import Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.portion import Portions
from actors.master.allocator.sorter import Client
from actors.master.allocator.totals import Totals
from tests.actors.master.allocator.factories import resources


class Sorted:
    """A sorter over a cluster of some size, whose clients take all offers."""

    def __init__(self, cluster: str = "cpus:100;mem:100") -> None:
        lanes = Lanes()
        self.totals = Totals(lanes)
        self.portions = Portions(lanes, Minimum.parse(""))
        self.sorter: DrfSorter[str] = DrfSorter(self.totals)
        self.clients: dict[str, Client[str]] = {}
        self.grow(cluster)

    def grow(self, text: str) -> None:
        self.totals.add(self.portions.of(resources(text)).counted)

    def add(self, *paths: str) -> None:
        for path in paths:
            client = self.clients[path] = self.sorter.add(path, "framework", path)
            self.sorter.set_mask(client, 1 << len(self.clients))

    def give(self, path: str, text: str) -> None:
        self.sorter.allocated(self.clients[path], self.portions.of(resources(text)), "agent")

    def take(self, path: str, text: str) -> None:
        self.sorter.released(self.clients[path], self.portions.of(resources(text)), "agent")

    @property
    def order(self) -> list[str]:
        return [client.subject for client in self.sorter.order(-1, "")]


def test_the_smallest_dominant_share_comes_first() -> None:
    cluster = Sorted()
    cluster.add("a", "b", "c")
    cluster.give("a", "cpus:10;mem:1")
    cluster.give("b", "cpus:1;mem:20")
    cluster.give("c", "cpus:5;mem:5")

    assert cluster.order == ["c", "a", "b"]
    assert cluster.sorter.share(cluster.clients["b"]) == Fraction(1, 5)


def test_what_is_released_counts_no_more() -> None:
    cluster = Sorted()
    cluster.add("a", "b")
    cluster.give("a", "cpus:10")
    cluster.give("b", "cpus:5")
    cluster.take("a", "cpus:10")

    assert cluster.order == ["a", "b"]


def test_of_equal_shares_the_one_that_was_served_less_comes_first_then_the_path_decides() -> None:
    cluster = Sorted()
    cluster.add("b", "a", "c")
    cluster.give("a", "cpus:2")
    cluster.give("b", "cpus:1")
    cluster.give("b", "cpus:1")
    cluster.give("c", "cpus:2")

    assert cluster.order == ["a", "c", "b"]


def test_shares_that_floats_cannot_tell_apart_are_told_apart() -> None:
    cluster = Sorted("cpus:9000000000000")
    for _ in range(9):
        cluster.grow("cpus:9000000000000")
    cluster.add("a", "b")
    for _ in range(4):
        cluster.give("a", "cpus:9000000000000")
        cluster.give("b", "cpus:9000000000000")
    cluster.give("a", "cpus:0.002")
    cluster.give("b", "cpus:0.001")

    a, b = (cluster.sorter.share(cluster.clients[path]) for path in "ab")
    assert float(a) == float(b)
    assert cluster.order == ["b", "a"]


def test_a_share_is_divided_by_the_weight() -> None:
    cluster = Sorted()
    cluster.add("heavy", "light")
    cluster.sorter.set_weight("heavy", Fraction("2.5"))
    cluster.give("heavy", "cpus:10")
    cluster.give("light", "cpus:5")

    assert cluster.order == ["heavy", "light"]
    cluster.sorter.set_weight("heavy", Fraction(1))
    assert cluster.order == ["light", "heavy"]


def test_a_path_is_ordered_by_all_below_it() -> None:
    cluster = Sorted()
    cluster.add("a/x", "a/y", "b/z")
    cluster.give("a/x", "cpus:10")
    cluster.give("b/z", "cpus:5")

    assert cluster.order == ["b/z", "a/y", "a/x"]


def test_a_client_above_others_is_a_leaf_beside_them() -> None:
    cluster = Sorted()
    cluster.add("a", "a/x", "b")
    cluster.give("a/x", "cpus:3")
    cluster.give("b", "cpus:2")
    cluster.give("a", "cpus:1")

    assert cluster.order == ["b", "a", "a/x"]
    assert role_of(cluster.clients["a"]).path == "a/."
    cluster.take("a/x", "cpus:3")
    cluster.sorter.remove(cluster.clients["a/x"])
    assert cluster.order == ["a", "b"]
    assert role_of(cluster.clients["a"]).path == "a"


def role_of(client: Client[str]) -> Client[str]:
    assert client.parent is not None
    return client.parent


def test_many_odd_weights_make_no_endless_numbers() -> None:
    rng, cluster = Random(1), Sorted()
    weights = {f"r{number}": Fraction(str(rng.uniform(0.1, 10.0))) for number in range(300)}
    weights |= {"least": Fraction("5e-324"), "most": Fraction("1e308")}
    cluster.add(*weights)
    for path, weight in weights.items():
        cluster.sorter.set_weight(path, weight)
        cluster.give(path, "cpus:1")
    assert cluster.order == sorted(weights, key=lambda path: -weights[path])
    assert max(client.factor.bit_length() for client in cluster.clients.values()) < 5_000


def test_in_a_role_the_same_rules_hold_without_weights() -> None:
    cluster = Sorted()
    first, second = (cluster.sorter.add("role", name, name) for name in ("a", "b"))
    cluster.sorter.set_mask(first, 1)
    cluster.sorter.set_mask(second, 2)
    cluster.sorter.set_weight("a", Fraction(100))
    cluster.sorter.set_weight("role/a", Fraction(100))
    cluster.sorter.allocated(first, cluster.portions.of(resources("cpus:2")), "agent")
    cluster.sorter.allocated(second, cluster.portions.of(resources("cpus:1")), "agent")

    assert cluster.order == ["b", "a"]


def test_only_those_who_take_offers_are_in_the_order() -> None:
    cluster = Sorted()
    cluster.add("a", "b", "c/x")
    cluster.sorter.set_mask(cluster.clients["a"], 0)

    assert cluster.order == ["b", "c/x"]
    assert cluster.sorter.first(cluster.clients["a"].mask, "") is None
    wanted = cluster.sorter.first(cluster.clients["c/x"].mask, "")
    assert wanted is cluster.clients["c/x"]


def test_who_still_holds_something_cannot_be_removed() -> None:
    cluster = Sorted()
    cluster.add("a")
    cluster.give("a", "cpus:1")

    with pytest.raises(ValueError, match="'framework' still holds resources"):
        cluster.sorter.remove(cluster.clients["a"])
    with pytest.raises(ValueError, match="'framework' is in role 'a' already"):
        cluster.sorter.add("a", "framework", "a")


def test_kept_rankings_are_what_sorting_anew_would_give() -> None:
    """Clients, shares and totals change at random; the first and the order are right after each change."""
    for seed in range(40):
        rng = Random(seed)
        cluster = Sorted("cpus:50;mem:40;disk:30")
        cluster.add("a", "a/x", "a/y", "b", "c/1/2", "c/1/3", "d", "e", "f", "g")
        held: list[tuple[str, str]] = []
        for _ in range(60):
            change = rng.randrange(4)
            amounts = f"cpus:{rng.randrange(1, 9) / 4};mem:{rng.randrange(1, 9)}"
            if change == 0:
                cluster.grow(rng.choice(("cpus:1;mem:9", "cpus:8;disk:3", "gpus:1")))
            elif change == 1 and held:
                cluster.take(*held.pop(rng.randrange(len(held))))
            else:
                held.append((rng.choice(list(cluster.clients)), amounts))
                cluster.give(*held[-1])
            mask = rng.choice(
                (-1, rng.getrandbits(11), wanted := rng.getrandbits(11), wanted & rng.getrandbits(11))
            )
            fresh = [path for path in obvious_order(cluster) if cluster.clients[path].mask & mask]
            first = cluster.sorter.first(mask, "")
            assert ([first.subject] if first else []) == fresh[:1]
            if rng.random() < 0.3:
                assert [client.subject for client in cluster.sorter.order(mask, "")] == fresh


def obvious_order(cluster: Sorted) -> list[str]:
    def walk(node: Client[str]) -> list[str]:
        children = sorted(
            node.children.values(),
            key=lambda child: (cluster.sorter.share(child), child.allocations, child.path),
        )
        return [path for child in children for path in (walk(child) if child.children else [child.subject])]

    return walk(cluster.sorter.root)
