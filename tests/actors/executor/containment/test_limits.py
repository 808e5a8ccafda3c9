from __future__ import annotations

import math

import pytest

from actors.executor.containment.limits import limits_of
from transport.messages.container_spec import Limits
from transport.records.resources import Resources
from transport.records.value import Value

MIB = 2**20


def limits(resources: str, caps_cpus: bool = False, **given: float) -> Limits:
    scalars = {name: Value.Scalar(value=value) for name, value in given.items()}
    return limits_of(tuple(Resources.parse(resources)), scalars, caps_cpus=caps_cpus)


def test_what_was_given_is_what_may_be_used() -> None:
    assert limits("cpus:0.5;cpus:0.25;mem:64;disk:10;ports:[80-80,8000-8001]") == Limits(
        cpus=0.75,
        memory_bytes=64 * MIB,
        memory_limit_bytes=64 * MIB,
        disk_bytes=10 * MIB,
        ports=((80, 80), (8000, 8001)),
    )


def test_what_was_not_given_is_not_limited_but_for_ports() -> None:
    assert limits("") == Limits(ports=())


def test_nothing_has_less_memory_than_it_takes_to_start() -> None:
    assert limits("mem:1").memory_limit_bytes == 32 * MIB


def test_cpus_are_a_limit_where_the_agent_says_so() -> None:
    assert limits("cpus:0.5", caps_cpus=True).cpus_limit == 0.5


def test_a_task_may_have_higher_limits_of_its_own() -> None:
    found = limits("cpus:0.5;mem:64", caps_cpus=True, cpus=2.0, mem=128.0)
    assert (found.cpus, found.cpus_limit) == (0.5, 2.0)
    assert (found.memory_bytes, found.memory_limit_bytes) == (64 * MIB, 128 * MIB)


def test_an_infinite_limit_is_none() -> None:
    found = limits("cpus:0.5;mem:64", caps_cpus=True, cpus=math.inf, mem=math.inf)
    assert (found.cpus_limit, found.memory_limit_bytes) == (None, None)


@pytest.mark.parametrize("value", [0.25, 0.0, -1.0, math.nan])
def test_a_limit_below_what_is_asked_for_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"limits.cpus: .* must not be less than what is asked for"):
        limits("cpus:0.5", cpus=value)
