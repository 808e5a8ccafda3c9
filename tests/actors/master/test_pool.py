"""What an ACCEPT has left while its operations are performed."""

from __future__ import annotations

import pytest

from actors.master.pool import Pool
from tests.actors.master.market import create, destroy, reserve
from tests.transport.records.samples import dynamic, scalar, volume
from transport.records.quantities import InsufficientError
from transport.records.resource_conversion import ResourceConversion, conversion_of
from transport.records.resources import Resources

parse = Resources.parse
RESERVED = scalar("cpus", 1, (dynamic("a"),))
DISK = Resources([scalar("disk", 10, (dynamic("a"),))])
SHARED = volume("v", 10, shared=True)


def test_what_is_not_used_is_declined() -> None:
    pool = Pool(parse("cpus:4;mem:1024"))
    assert pool.remainder() == (parse("cpus:4;mem:1024"), Resources())
    pool.take(parse("cpus:1;mem:1024"))
    assert pool.available == parse("cpus:3")
    assert pool.remainder() == (parse("cpus:3"), Resources())
    assert pool.conversions == []


def test_what_is_not_there_cannot_be_taken() -> None:
    pool = Pool(parse("cpus:1"))
    with pytest.raises(InsufficientError):
        pool.take(parse("cpus:2"))
    assert pool.available == parse("cpus:1")


def test_what_operations_make_can_be_used_and_is_given_back_apart() -> None:
    pool = Pool(parse("cpus:4"))
    conversion = conversion_of(reserve(RESERVED))
    pool.convert(conversion)
    assert pool.available == parse("cpus:3") + Resources([RESERVED])
    assert pool.remainder() == (parse("cpus:3"), Resources([RESERVED]))
    assert pool.conversions == [conversion]
    pool.take(Resources([RESERVED]))
    assert pool.remainder() == (parse("cpus:3"), Resources())


def test_an_operation_on_what_is_not_there_changes_nothing() -> None:
    pool = Pool(parse("cpus:0.5"))
    with pytest.raises(InsufficientError):
        pool.convert(conversion_of(reserve(RESERVED)))
    assert pool.remainder() == (parse("cpus:0.5"), Resources())
    assert pool.conversions == []


def test_a_shared_volume_is_taken_as_often_as_it_is_used_and_the_allocator_told_so() -> None:
    shared = Resources([SHARED])
    pool = Pool(shared + parse("cpus:1"))
    pool.take(shared)
    assert pool.available == shared + parse("cpus:1")
    assert pool.conversions == []
    pool.take(shared)
    assert pool.conversions == [ResourceConversion(Resources(), shared)]
    assert pool.remainder() == (parse("cpus:1"), Resources())


def test_a_shared_volume_that_was_just_made_can_be_used_twice() -> None:
    pool = Pool(DISK)
    pool.convert(conversion_of(create(SHARED)))
    pool.take(Resources([SHARED]))
    pool.take(Resources([SHARED]))
    assert pool.available == Resources([SHARED])
    assert pool.remainder() == (Resources(), Resources())


def test_a_shared_volume_that_was_destroyed_cannot_be_used() -> None:
    pool = Pool(Resources([SHARED]))
    pool.convert(conversion_of(destroy(SHARED)))
    assert pool.available == DISK


def test_a_shared_volume_of_which_there_is_another_copy_is_not_destroyed() -> None:
    pool = Pool(Resources([SHARED, SHARED]))
    with pytest.raises(ValueError, match="is shared with others that still use it"):
        pool.convert(conversion_of(destroy(SHARED)))
    assert pool.remainder() == (Resources([SHARED, SHARED]), Resources())
