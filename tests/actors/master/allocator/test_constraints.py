from __future__ import annotations

import pytest

from actors.master.allocator.constraints import compile_constraints
from transport.records.agent import AgentInfo
from transport.records.domain import DomainInfo
from transport.records.offer_constraints import AttributeConstraint, OfferConstraints
from transport.records.value import Attribute, Value

Selector = AttributeConstraint.Selector
Predicate = AttributeConstraint.Predicate
Pseudo = Selector.PseudoattributeType
Role = OfferConstraints.RoleConstraints

RACK = Selector(attribute_name="rack")
EXISTS = Predicate(exists=Predicate.Exists())
NOT_EXISTS = Predicate(not_exists=Predicate.NotExists())
EQUALS = Predicate(text_equals=Predicate.TextEquals(value="r1"))
NOT_EQUALS = Predicate(text_not_equals=Predicate.TextNotEquals(value="r1"))
MATCHES = Predicate(text_matches=Predicate.TextMatches(regex="r[12]"))
NOT_MATCHES = Predicate(text_not_matches=Predicate.TextNotMatches(regex="r[12]"))

BARE = AgentInfo(hostname="host1")


def constraint(selector: Selector, predicate: Predicate) -> AttributeConstraint:
    return AttributeConstraint(selector=selector, predicate=predicate)


def of_role(*groups: tuple[AttributeConstraint, ...]) -> OfferConstraints:
    role = Role(groups=tuple(Role.Group(attribute_constraints=group) for group in groups))
    return OfferConstraints(role_constraints={"role": role})


def wants(agent: AgentInfo, *groups: tuple[AttributeConstraint, ...]) -> bool:
    return compile_constraints(of_role(*groups))["role"].wants(agent)


def in_rack(name: str) -> AgentInfo:
    rack = Attribute(name="rack", type=Value.Type.TEXT, text=Value.Text(value=name))
    return AgentInfo(hostname="host1", attributes=(rack,))


@pytest.mark.parametrize(
    ("predicate", "bare", "r1", "r2", "r3"),
    [
        (EXISTS, False, True, True, True),
        (NOT_EXISTS, True, False, False, False),
        (EQUALS, False, True, False, False),
        (NOT_EQUALS, True, False, True, True),
        (MATCHES, False, True, True, False),
        (NOT_MATCHES, True, False, False, True),
    ],
)
def test_each_predicate_on_a_missing_and_on_text_attributes(
    predicate: Predicate, bare: bool, r1: bool, r2: bool, r3: bool
) -> None:
    agents = (BARE, in_rack("r1"), in_rack("r2"), in_rack("r3"))

    assert [wants(agent, (constraint(RACK, predicate),)) for agent in agents] == [bare, r1, r2, r3]


@pytest.mark.parametrize("predicate", [EQUALS, NOT_EQUALS, MATCHES, NOT_MATCHES])
def test_an_attribute_that_is_no_text_satisfies_all_demands_on_text(predicate: Predicate) -> None:
    number = Attribute(name="rack", type=Value.Type.SCALAR, scalar=Value.Scalar(value=1.0))
    agent = AgentInfo(hostname="host1", attributes=(number,))

    assert wants(agent, (constraint(RACK, predicate),))
    assert not wants(agent, (constraint(RACK, NOT_EXISTS),))


def test_host_region_and_zone_can_be_asked_for() -> None:
    fault_domain = DomainInfo.FaultDomain(
        region=DomainInfo.FaultDomain.RegionInfo(name="r1"), zone=DomainInfo.FaultDomain.ZoneInfo(name="r3")
    )
    agent = AgentInfo(hostname="r2", domain=DomainInfo(fault_domain=fault_domain))

    assert wants(agent, (constraint(Selector(pseudoattribute_type=Pseudo.REGION), EQUALS),))
    assert not wants(agent, (constraint(Selector(pseudoattribute_type=Pseudo.ZONE), MATCHES),))
    assert wants(agent, (constraint(Selector(pseudoattribute_type=Pseudo.HOSTNAME), MATCHES),))
    assert not wants(BARE, (constraint(Selector(pseudoattribute_type=Pseudo.REGION), EXISTS),))


def test_all_of_a_group_and_one_of_the_groups_must_be_satisfied() -> None:
    both = (constraint(RACK, EXISTS), constraint(RACK, EQUALS))

    assert not wants(in_rack("r2"), both)
    assert wants(in_rack("r2"), both, (constraint(RACK, MATCHES),))


@pytest.mark.parametrize(
    ("constraints", "rule"),
    [
        (of_role(), "must have a group"),
        (of_role(()), "must have an attribute constraint"),
        (
            of_role((constraint(Selector(), EXISTS),)),
            "exactly one of attribute_name and pseudoattribute_type",
        ),
        (of_role((constraint(Selector(pseudoattribute_type=Pseudo.UNKNOWN), EXISTS),)), "is not known"),
        (of_role((constraint(RACK, Predicate()),)), "predicate: exactly one must be set"),
        (
            of_role((constraint(RACK, Predicate(text_matches=Predicate.TextMatches(regex="("))),)),
            "role 'role': regex",
        ),
    ],
)
def test_the_rule_that_is_broken_is_named(constraints: OfferConstraints, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        compile_constraints(constraints)
