from __future__ import annotations

import pytest

from actors.master.allocator.minimum import Minimum
from transport.records.framework import OfferFilters
from transport.records.value import Value

DEFAULT = Minimum.parse("cpus:0.01|mem:32")


@pytest.mark.parametrize(
    ("thousandths", "is_met"),
    [({"cpus": 10}, True), ({"cpus": 9}, False), ({"mem": 32000}, True), ({"mem": 31999, "cpus": 9}, False)],
)
def test_one_alternative_must_be_satisfied(thousandths: dict[str, int], is_met: bool) -> None:
    assert DEFAULT.is_met(thousandths) is is_met


def test_without_alternatives_anything_will_do() -> None:
    assert Minimum.parse("").is_met({})


def test_an_alternative_may_name_several_resources() -> None:
    both = Minimum.parse("cpus:1;mem:32")

    assert both.is_met({"cpus": 1000, "mem": 32000})
    assert not both.is_met({"cpus": 1000})


def test_frameworks_may_ask_for_another() -> None:
    quantities = OfferFilters.ResourceQuantities(quantities={"gpus": Value.Scalar(value=1.0)})
    asked = OfferFilters.MinAllocatableResources(quantities=(quantities,))

    minimum = Minimum.of(OfferFilters(min_allocatable_resources=asked))

    assert minimum is not None
    assert str(minimum) == "gpus:1"
    assert Minimum.of(OfferFilters()) is None


def test_room_that_is_not_bounded_is_room_enough() -> None:
    assert DEFAULT.has_room({"cpus": 0})
    assert not DEFAULT.has_room({"cpus": 0, "mem": 0})


@pytest.mark.parametrize("text", ["cpus", "cpus:x", "cpus:1;cpus:2"])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        Minimum.parse(text)
