"""How what an agent says of itself may change at a restart."""

from __future__ import annotations

from typing import Literal

import pytest
from msgspec.structs import replace

from actors.agent.reconfiguration import change_error, grown
from tests.actors.agent.kept import volume
from tests.actors.agent.stage import agent_info
from transport.records.agent import AgentInfo
from transport.records.domain import DomainInfo
from transport.records.resources import Resources
from transport.records.value import Attribute, Value

Policy = Literal["equal", "additive"]
BOTH: tuple[Policy, ...] = ("equal", "additive")
REGION = DomainInfo.FaultDomain.RegionInfo(name="here")
ZONE = DomainInfo.FaultDomain.ZoneInfo(name="a")
DOMAIN = DomainInfo(fault_domain=DomainInfo.FaultDomain(region=REGION, zone=ZONE))


def text(name: str, value: str) -> Attribute:
    return Attribute(name=name, type=Value.Type.TEXT, text=Value.Text(value=value))


def ranges(*pairs: tuple[int, int]) -> Attribute:
    found = tuple(Value.Range(begin=begin, end=end) for begin, end in pairs)
    return Attribute(name="range", type=Value.Type.RANGES, ranges=Value.Ranges(range=found))


BEFORE = agent_info("cpus:4;mem:64", attributes=(text("rack", "a"), ranges((1, 5))))


@pytest.mark.parametrize("policy", BOTH)
def test_the_same_description_is_always_right(policy: Policy) -> None:
    assert change_error(BEFORE, BEFORE, policy) is None
    mixed = replace(BEFORE, attributes=BEFORE.attributes[::-1], resources=BEFORE.resources[::-1])
    assert change_error(BEFORE, mixed, policy) is None


@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize(
    ("after", "named"),
    [
        (replace(BEFORE, hostname="other"), "host"),
        (replace(BEFORE, port=1), "port"),
        (agent_info("cpus:3;mem:64", attributes=BEFORE.attributes), "resources"),
        (agent_info("cpus:4;disk:64", attributes=BEFORE.attributes), "resources"),
        (replace(BEFORE, attributes=(text("rack", "b"), ranges((1, 5)))), "rack"),
        (replace(BEFORE, attributes=(text("rack", "a"),)), "range"),
        (replace(BEFORE, attributes=(text("rack", "a"), ranges((2, 5)))), "range"),
    ],
)
def test_what_may_never_change(policy: Policy, after: AgentInfo, named: str) -> None:
    error = change_error(BEFORE, after, policy)
    assert error is not None
    assert named in error or (policy == "equal" and "attributes" in error)


@pytest.mark.parametrize(
    "after",
    [
        agent_info("cpus:8;mem:64", attributes=BEFORE.attributes),
        agent_info("cpus:4;mem:64;gpus:1", attributes=BEFORE.attributes),
        replace(BEFORE, attributes=(*BEFORE.attributes, text("zone", "1"))),
        replace(BEFORE, attributes=(text("rack", "a"), ranges((0, 9)))),
        replace(BEFORE, domain=DOMAIN),
    ],
)
def test_what_may_be_added_where_that_is_allowed(after: AgentInfo) -> None:
    assert change_error(BEFORE, after, "additive") is None
    assert change_error(BEFORE, after, "equal") is not None


@pytest.mark.parametrize("policy", BOTH)
def test_a_domain_stays(policy: Policy) -> None:
    assert change_error(replace(BEFORE, domain=DOMAIN), BEFORE, policy) == "the domain is another"


def test_what_is_added_comes_to_what_operations_made() -> None:
    before, after = agent_info("cpus:4;disk:100"), agent_info("cpus:8;disk:100")
    total = Resources.parse("cpus:4;disk:36") + Resources([volume()])
    assert grown(total, before, after) == Resources.parse("cpus:8;disk:36") + Resources([volume()])
    assert grown(total, before, before) == total
