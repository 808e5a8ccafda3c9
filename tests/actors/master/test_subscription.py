from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.subscription import SubscriptionRules, change_error, returning
from tests.actors.master.town import Capability, framework_info
from transport.records.framework import FrameworkInfo, OfferFilters
from transport.records.offer_constraints import AttributeConstraint, OfferConstraints
from transport.records.value import Value

RULES = SubscriptionRules()


def error(info: FrameworkInfo, *suppressed: str, constraints: OfferConstraints | None = None) -> str:
    found = RULES.error(info, suppressed, constraints)
    assert found is not None
    return found


def filters(**quantities: float) -> OfferFilters:
    each = OfferFilters.ResourceQuantities(
        quantities={name: Value.Scalar(value=value) for name, value in quantities.items()}
    )
    return OfferFilters(min_allocatable_resources=OfferFilters.MinAllocatableResources(quantities=(each,)))


def matching(role: str, regex: str) -> OfferConstraints:
    demand = AttributeConstraint(
        selector=AttributeConstraint.Selector(attribute_name="rack"),
        predicate=AttributeConstraint.Predicate(
            text_matches=AttributeConstraint.Predicate.TextMatches(regex=regex)
        ),
    )
    group = OfferConstraints.RoleConstraints.Group(attribute_constraints=(demand,))
    return OfferConstraints(role_constraints={role: OfferConstraints.RoleConstraints(groups=(group,))})


@pytest.mark.parametrize(
    "info",
    [
        framework_info(),
        framework_info("some-id", role="web"),
        framework_info(roles=("a", "b/c")),
        framework_info(None, Capability.MULTI_ROLE),
        framework_info(failover_timeout=3600.0 * 24 * 365),
        replace(framework_info(), offer_filters={"*": filters(cpus=0.5)}),
    ],
)
def test_frameworks_of_all_proper_kinds_may_subscribe(info: FrameworkInfo) -> None:
    assert RULES.error(info) is None


@pytest.mark.parametrize(
    ("info", "field"),
    [
        (framework_info(role="a", roles=("b",)), "framework_info.role:"),
        (framework_info(roles=("a", "b", "a")), "framework_info.roles: 'a'"),
        (replace(framework_info(), roles=("a",)), "framework_info.roles: must be empty"),
        (framework_info(role="a//b"), "role 'a//b'"),
        (framework_info(roles=("a", "..")), "role '..'"),
        (framework_info("a/b"), "framework_info.id"),
        (framework_info(".."), "framework_info.id"),
        (framework_info("x" * 256), "framework_info.id"),
        (framework_info(failover_timeout=1.7976931348623157e308), "failover_timeout"),
        (framework_info(failover_timeout=float("nan")), "failover_timeout"),
        (framework_info(failover_timeout=float("inf")), "failover_timeout"),
        (framework_info(failover_timeout=1e10), "failover_timeout"),
        (replace(framework_info(), offer_filters={"-a": filters(cpus=1)}), "offer_filters"),
        (replace(framework_info(), offer_filters={"*": filters(cpus=-1)}), "offer_filters"),
        (replace(framework_info(), offer_filters={"*": filters()}), "offer_filters"),
    ],
)
def test_what_is_wrong_with_a_framework_is_named(info: FrameworkInfo, field: str) -> None:
    assert field in error(info)


def test_a_list_of_roles_keeps_others_out_but_never_the_star() -> None:
    rules = SubscriptionRules(["web"])
    assert rules.error(framework_info(role="web")) is None
    assert rules.error(framework_info()) is None
    assert rules.error(framework_info(roles=("web", "db"))) == "role 'db': is not among the master's --roles"


def test_root_is_let_in_unless_it_is_not() -> None:
    info = framework_info(user="root")
    assert RULES.error(info) is None
    assert "root" in (SubscriptionRules(root_submissions=False).error(info) or "")


def test_only_own_roles_are_suppressed() -> None:
    assert RULES.error(framework_info(roles=("a", "b")), ("b",)) is None
    assert "suppressed_roles: 'c'" in error(framework_info(roles=("a", "b")), "c")


def test_constraints_are_for_own_roles_and_must_compile() -> None:
    info = framework_info(roles=("a",))
    assert RULES.error(info, (), matching("a", "r[0-9]+")) is None
    assert "offer_constraints: 'b'" in error(info, constraints=matching("b", "r"))
    assert "offer_constraints: role 'a'" in error(info, constraints=matching("a", "(unclosed"))
    empty = OfferConstraints(role_constraints={"a": OfferConstraints.RoleConstraints()})
    assert "must have a group" in error(info, constraints=empty)


def test_who_comes_back_stays_the_same_user_and_checkpoints_as_before() -> None:
    old = replace(framework_info("f", user="alice"), checkpoint=True)
    new = replace(framework_info("f", user="mallory", role="web"), checkpoint=False)
    assert returning(old, new) == replace(new, user="alice", checkpoint=True)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"principal": "q"}, "principal"), ({"user": "root"}, "user"), ({"checkpoint": True}, "checkpoint")],
)
def test_what_cannot_be_changed_is_named(changed: dict[str, object], field: str) -> None:
    info = framework_info("f", principal="p")
    assert f"framework_info.{field}: cannot be changed" in (
        change_error(info, replace(info, **changed)) or ""
    )
    assert change_error(info, replace(info, name="another")) is None


def test_what_a_framework_says_of_itself_goes_with_each_of_its_tasks_and_must_be_short() -> None:
    assert error(replace(framework_info(), name="x" * 1024**2)).startswith(
        "framework_info: must have at most"
    )
    assert RULES.error(replace(framework_info(), name="x" * 1_000_000)) is None
