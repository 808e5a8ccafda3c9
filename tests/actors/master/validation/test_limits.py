"""What tasks may use beyond their resources."""

from __future__ import annotations

import pytest

from actors.master.validation.limits import limits_error
from tests.actors.master.market import Market
from transport.records.resources import Resources
from transport.records.value import Value

RESOURCES = Resources.parse("cpus:1;mem:64")


def error_of(**limits: float) -> str | None:
    agent = Market().capable_agent()
    return limits_error({name: Value.Scalar(value=limit) for name, limit in limits.items()}, RESOURCES, agent)


def test_limits_at_or_above_what_is_requested_are_fine() -> None:
    assert error_of() is None
    assert error_of(cpus=1, mem=128) is None
    assert error_of(cpus=float("inf"), mem=float("inf")) is None


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"disk": 1.0}, "limits: only cpus and mem can be limited, not disk"),
        ({"cpus": 0.5}, "limits: cpus must not be less than the 1 that the task requests"),
        ({"mem": 63.9}, "limits: mem must not be less than the 64"),
        ({"mem": float("nan")}, "limits: mem must be a number"),
    ],
)
def test_the_rule_that_a_limit_breaks_is_told(limits: dict[str, float], told: str) -> None:
    error = error_of(**limits)
    assert error is not None
    assert error.startswith(told)


def test_an_agent_that_cannot_limit_tasks_gets_none_with_limits() -> None:
    agent = Market().agent()
    told = "limits: agent m1-S0 cannot limit tasks beyond their resources"
    assert limits_error({"cpus": Value.Scalar(value=2)}, RESOURCES, agent) == told
    assert limits_error({}, RESOURCES, agent) is None
