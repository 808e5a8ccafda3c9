"""Which resources one task may use together."""

from __future__ import annotations

from msgspec.structs import replace

from actors.master.validation.resources import (
    combination_error,
    fit,
    overlap_error,
    repeated_volume_error,
    revocability_error,
)
from tests.transport.records.samples import dynamic, on_disk, scalar, volume
from transport.records.resource import Resource
from transport.records.resources import Resources

parse = Resources.parse
REVOCABLE = replace(scalar("cpus", 1), revocable=Resource.RevocableInfo())


def test_two_volumes_of_one_role_must_not_have_the_same_persistence_id() -> None:
    twice = "resources: the persistence id 'v' is there twice for role 'a'"
    assert repeated_volume_error(Resources([volume("v", 1), volume("v", 2)])) == twice
    assert repeated_volume_error(Resources([volume("v", 1), volume("v", 1, "elsewhere")])) == twice
    assert repeated_volume_error(Resources([volume("v", 1), volume("w", 1)])) is None


def test_volumes_of_different_roles_may_have_the_same_persistence_id() -> None:
    other = scalar("disk", 1, (dynamic("b"),), on_disk("v"))
    assert repeated_volume_error(Resources([volume("v", 1), other])) is None


def test_a_shared_volume_may_be_there_several_times() -> None:
    shared = volume("v", 1, shared=True)
    assert repeated_volume_error(Resources([shared, shared])) is None


def test_one_name_must_not_be_revocable_in_part() -> None:
    mixed = Resources([REVOCABLE, scalar("cpus", 1), scalar("mem", 32)])
    assert revocability_error(mixed) == "resources: cpus must not be revocable in part"
    assert combination_error(mixed) is not None
    assert revocability_error(Resources([REVOCABLE, scalar("mem", 32)])) is None
    assert combination_error(parse("cpus:1;mem:32")) is None


def test_a_task_and_its_executor_must_not_use_the_same_ports_or_words() -> None:
    ports = overlap_error(parse("cpus:1;ports:[1-5]"), parse("cpus:1;ports:[5-6]"))
    assert ports == "resources: the task and its executor must not use the same ports"
    assert overlap_error(parse("zones:{a,b}"), parse("zones:{b}")) is not None
    assert overlap_error(parse("cpus:1;ports:[1-4];zones:{a}"), parse("cpus:1;ports:[5-6];zones:{b}")) is None


def test_parts_fit_when_they_can_all_be_taken_at_once() -> None:
    available = parse("cpus:2;ports:[1-4]")
    assert fit([parse("cpus:1;ports:[1-2]"), parse("cpus:1;ports:[3-4]")], available)
    assert not fit([parse("cpus:1"), parse("cpus:1.5")], available)
    assert not fit([parse("ports:[1-2]"), parse("ports:[2-3]")], available)


def test_a_shared_volume_fits_any_number_of_times() -> None:
    shared = Resources([volume("v", 1, shared=True)])
    assert fit([shared, shared, shared], shared + parse("cpus:1"))
