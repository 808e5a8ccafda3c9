"""Reservations in three formats, and the way between them."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from tests.transport.records.samples import any_resource, dynamic, scalar, static
from transport.records.reservation_format import downgrade, to_endpoint, upgrade
from transport.records.resource import Resource
from transport.records.resource_validation import resource_error

CPU = scalar("cpus", 1)
OPS = Resource.ReservationInfo(principal="ops")
PLAIN, STATIC, DYNAMIC = CPU, scalar("cpus", 1, (static("a"),)), scalar("cpus", 1, (dynamic("a", "ops"),))
REFINED = scalar("cpus", 1, (static("a"), dynamic("a/b")))


@pytest.mark.parametrize(
    ("stack", "old"),
    [
        (PLAIN, replace(CPU, role="*")),
        (STATIC, replace(CPU, role="a")),
        (DYNAMIC, replace(CPU, role="a", reservation=OPS)),
    ],
)
def test_a_reservation_of_one_level_has_an_older_form(stack: Resource, old: Resource) -> None:
    assert downgrade(stack) == old
    assert upgrade(old) == stack


def test_a_refined_reservation_has_none() -> None:
    with pytest.raises(ValueError, match="refined reservation"):
        downgrade(REFINED)


@pytest.mark.parametrize(
    ("stack", "shown"),
    [
        (PLAIN, replace(PLAIN, role="*")),
        (STATIC, replace(STATIC, role="a")),
        (DYNAMIC, replace(DYNAMIC, role="a", reservation=OPS)),
        (REFINED, REFINED),
    ],
)
def test_endpoints_show_both_forms_where_both_exist(stack: Resource, shown: Resource) -> None:
    assert to_endpoint(stack) == shown


def test_every_form_is_sound_and_leads_back_to_the_stack() -> None:
    rng = Random(18)
    for _ in range(1_000):
        resource = any_resource(rng)
        forms = [to_endpoint(resource)]
        if len(resource.reservations) < 2:
            forms.append(downgrade(resource))
        for form in forms:
            assert resource_error(form) is None
            assert upgrade(form) == resource
