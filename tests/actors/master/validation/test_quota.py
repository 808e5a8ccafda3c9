from __future__ import annotations

import math

import pytest

from actors.master.validation.quota import quota_error, requested_quota, weights_error
from tests.actors.master.county import quota
from tests.transport.records.samples import dynamic, on_disk, ranges, scalar
from transport.records.quota import QuotaConfig, QuotaRequest
from transport.records.resource import Resource
from transport.records.value import Value


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        (quota("a/b"), "top-level"),
        (quota(""), "role"),
        (quota("-a"), "role"),
        (quota("a", guarantees={"cpus": 2}, limits={"cpus": 1}), "must not be above"),
        (quota("a", limits={"cpus": -1}), "limits: resource 'cpus': scalar must not be negative"),
        (quota("a", guarantees={"cpus": math.inf}), "guarantees: resource 'cpus': scalar must be finite"),
        (quota("a", limits={"mem": math.nan}), "limits: resource 'mem': scalar must be finite"),
        (quota("a", limits={"cpus": 0.0001}), "counts as 0"),
        (quota("a", limits={"gpus": 0.5}), "whole number"),
        (quota("a", limits={"": 1}), "name must not be empty"),
        (quota("a", limits={"cpus": 1e15}), "must not be more than 1000000000000"),
        (quota("a", guarantees={"mem": 2.0**41}), "must not be more than 1099511627776"),
        (quota("b"), "--roles"),
    ],
)
def test_a_quota_that_breaks_a_rule_is_refused(config: QuotaConfig, rule: str) -> None:
    error = quota_error((config,), ("a", "a/b"))
    assert error is not None
    assert rule in error


def test_the_default_role_can_have_a_quota_and_as_much_as_counts_can_be_in_it() -> None:
    assert quota_error((quota("*", limits={"cpus": 1e12, "mem": 2.0**40, "gpus": 0}),), ("a",)) is None


def test_a_role_is_given_once() -> None:
    assert quota_error((quota("a"), quota("a"))) == "role 'a': must not be given more than once"
    assert quota_error((quota("a"), quota("b"))) is None


@pytest.mark.parametrize(
    ("guarantee", "rule"),
    [
        ((), "must not be empty"),
        ((scalar("cpus", 1), scalar("cpus", 2)), "more than once"),
        ((scalar("cpus", -1),), "negative"),
        ((ranges("ports", (1, 2)),), "must be a scalar"),
        ((scalar("cpus", 1, (dynamic("a"),)),), "neither reserved"),
        (
            (Resource(name="cpus", type=Value.Type.SCALAR, scalar=Value.Scalar(value=1), role="a"),),
            "reserved",
        ),
        ((scalar("disk", 1, (), on_disk(source=None)),), "no disk"),
    ],
)
def test_a_guarantee_of_the_older_way_names_plain_scalars(guarantee: tuple[Resource, ...], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        requested_quota(QuotaRequest(role="a", guarantee=guarantee))


def test_the_default_role_may_be_written_at_a_guarantee() -> None:
    plain = Resource(name="cpus", type=Value.Type.SCALAR, scalar=Value.Scalar(value=1), role="*")
    config = requested_quota(QuotaRequest(role="a", guarantee=(plain,)))
    assert config == quota("a", guarantees={"cpus": 1}, limits={"cpus": 1})


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_must_be_more_than_nothing(weight: float) -> None:
    assert weights_error({"a": weight}) == "role 'a': weight must be more than 0"


def test_the_default_role_has_a_weight_whatever_roles_there_are() -> None:
    assert weights_error({"*": 1.0}, ("a",)) is None
