from __future__ import annotations

import pytest

from actors.master.allocator.quota import NO_QUOTA, Quota
from transport.records.quota import QuotaConfig
from transport.records.value import Value


def test_it_is_read_from_the_record_and_a_limit_of_nothing_is_a_limit() -> None:
    config = QuotaConfig(
        role="role", guarantees={"cpus": Value.Scalar(value=0.5)}, limits={"mem": Value.Scalar(value=0.0)}
    )

    assert Quota.of(config) == Quota({"cpus": 500}, {"mem": 0})
    assert Quota.of(QuotaConfig(role="role")) == NO_QUOTA


@pytest.mark.parametrize(
    ("quota", "rule"),
    [
        (Quota({"cpus": 2000}, {"cpus": 1500}), "the guarantee of cpus, 2, must not be above its limit, 1.5"),
        (Quota({"cpus": -1}), "the guarantee of cpus must not be negative"),
        (Quota({}, {"mem": -1}), "the limit of mem must not be negative"),
        (Quota({}, {"gpus": 500}), "the limit of gpus must be a whole number"),
    ],
)
def test_the_rule_that_is_broken_is_named(quota: Quota, rule: str) -> None:
    assert quota.error() == f"quota: {rule}"


def test_a_guarantee_may_be_the_limit_or_have_none() -> None:
    assert Quota({"cpus": 2000, "mem": 5}, {"cpus": 2000}).error() is None
