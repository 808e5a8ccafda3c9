from __future__ import annotations

import math

import pytest

from actors.master.flags import MasterFlags
from actors.master.quotas import quota_error, weights_error
from tests.actors.master.county import OPERATOR, County, registry
from tests.actors.master.town import State, framework_info
from transport.messages import allocation
from transport.messages.operating import UpdateQuotasRequest, UpdateWeightsRequest
from transport.messages.registry import UpdateQuotas, UpdateWeights
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.role import WeightInfo
from transport.records.value import Value


def quota(
    role: str, *, guarantees: dict[str, float] | None = None, limits: dict[str, float] | None = None
) -> QuotaConfig:
    def scalars(amounts: dict[str, float] | None) -> dict[str, Value.Scalar]:
        return {name: Value.Scalar(value=each) for name, each in (amounts or {}).items()}

    return QuotaConfig(role=role, guarantees=scalars(guarantees), limits=scalars(limits))


def ask(county: County, *configs: QuotaConfig, force: bool = False) -> None:
    county.quotas.update(OPERATOR, UpdateQuotasRequest(1, configs, force))


# --- quotas ---


def test_a_quota_is_told_to_the_allocator_once_it_is_durable() -> None:
    county = County()
    county.join()
    county.world.forget()
    config = quota("dev", guarantees={"cpus": 1}, limits={"cpus": 2})
    ask(county, config)
    assert not county.world.allocated
    assert county.world.commit() == UpdateQuotas((config,))
    assert county.world.allocated == [allocation.SetQuota(config)]
    assert county.answers() == [(200, "")]
    assert county.quotas.quotas == {"dev": config}


def test_a_quota_is_taken_away_by_an_empty_one() -> None:
    county = County(prompt=True)
    county.join()
    ask(county, quota("dev", guarantees={"cpus": 1}))
    ask(county, quota("dev"))
    assert county.world.allocated[-1] == allocation.SetQuota(quota("dev"))
    assert not county.quotas.quotas


def test_quotas_and_weights_survive_a_failover_and_are_told_before_agents_are_expected() -> None:
    config = quota("dev", limits={"cpus": 2})
    weight = Registry.Weight(info=WeightInfo(role="dev", weight=2.0))
    county = County(prompt=True)
    county.recover(registry(quota_configs=(config,), weights=(weight,)))
    assert county.world.allocated == [allocation.SetWeights({"dev": 2.0}), allocation.SetQuota(config)]
    assert county.quotas.weights == {"dev": 2.0}


def test_guarantees_above_what_there_is_must_be_forced() -> None:
    county = County(prompt=True)
    county.join()
    ask(county, quota("dev", guarantees={"cpus": 3}))
    ask(county, quota("ops", guarantees={"cpus": 2}))
    status, text = county.answers()[-1]
    assert status == 400
    assert text == (
        "quota: all guarantees of cpus together, 5, are above what the cluster has, 4; force to ignore that"
    )
    ask(county, quota("ops", guarantees={"cpus": 2}), force=True)
    assert county.answers()[-1] == (200, "")


def test_the_quota_that_is_replaced_does_not_count() -> None:
    county = County(prompt=True)
    county.join()
    ask(county, quota("dev", guarantees={"cpus": 3}))
    ask(county, quota("dev", guarantees={"cpus": 4}))
    assert county.answers() == [(200, "")] * 2


def test_a_limit_below_what_is_used_must_be_forced() -> None:
    county = County(prompt=True)
    framework, _, offer = county.stall(role="dev/web")
    county.offers.take(offer)
    agent = county.cluster.agents["m1-S0"]
    task = county.task(framework, agent, state=State.TASK_RUNNING)
    task.holding = task.holding.unallocate().allocate("dev/web")
    ask(county, quota("dev", limits={"cpus": 0.5}))
    assert county.answers() == [
        (400, "role 'dev': the limit of cpus, 0.5, is below what it uses, 1; force to ignore that")
    ]
    ask(county, quota("dev", limits={"cpus": 0.5}), force=True)
    ask(county, quota("dev", limits={"cpus": 1}))
    assert county.answers()[1:] == [(200, "")] * 2


def test_offers_that_a_limit_may_forbid_are_taken_back() -> None:
    county = County(prompt=True)
    _, _, offer = county.stall(role="dev")
    ask(county, quota("ops", limits={"cpus": 1}))
    assert offer.offer_id in county.cluster.offers
    ask(county, quota("dev", limits={"cpus": 1}))
    assert not county.cluster.offers


def test_offers_that_stand_in_the_way_of_a_guarantee_are_taken_back() -> None:
    county = County(prompt=True)
    framework, agent = county.framework(role="dev"), county.capable_agent("cpus:4;mem:4096")
    first = county.offer(framework, agent, "cpus:2", "dev")
    second = county.offer(framework, agent, "cpus:2", "dev")
    ask(county, quota("ops", guarantees={"cpus": 1}))
    assert list(county.cluster.offers) == [second.offer_id]
    assert first.offer_id not in county.cluster.offers


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        (quota("*"), "default role"),
        (quota("a/b"), "top-level"),
        (quota(""), "role"),
        (quota("-a"), "role"),
        (quota("a", guarantees={"cpus": 2}, limits={"cpus": 1}), "must not be above"),
        (quota("a", limits={"cpus": -1}), "negative"),
        (quota("a", guarantees={"cpus": math.inf}), "finite"),
        (quota("a", limits={"mem": math.nan}), "finite"),
        (quota("b"), "--roles"),
    ],
)
def test_a_quota_that_breaks_a_rule_is_refused(config: QuotaConfig, rule: str) -> None:
    error = quota_error((config,), ("a", "a/b"))
    assert error is not None
    assert rule in error


def test_a_role_is_given_once() -> None:
    assert quota_error((quota("a"), quota("a"))) == "role 'a': must not be given more than once"
    assert quota_error((quota("a"), quota("b"))) is None


def test_of_several_quotas_one_that_is_wrong_refuses_all() -> None:
    county = County(prompt=True)
    ask(county, quota("a"), quota("b/c"))
    assert county.answers()[0][0] == 400
    assert not county.world.operations


# --- weights ---


def test_weights_are_told_to_the_allocator_once_they_are_durable() -> None:
    county = County()
    county.quotas.weigh(OPERATOR, UpdateWeightsRequest(4, {"dev": 2.5}))
    assert not county.world.allocated
    assert county.world.commit() == UpdateWeights({"dev": 2.5})
    assert county.world.allocated == [allocation.SetWeights({"dev": 2.5})]
    assert county.answers() == [(200, "")]


def test_offers_are_shared_out_anew_when_they_concern_somebody() -> None:
    county = County(prompt=True)
    county.stall(role="dev")
    county.quotas.weigh(OPERATOR, UpdateWeightsRequest(4, {"ops": 2.0}))
    assert county.cluster.offers
    county.quotas.weigh(OPERATOR, UpdateWeightsRequest(4, {"dev": 2.0}))
    assert not county.cluster.offers


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_must_be_more_than_nothing(weight: float) -> None:
    assert weights_error({"a": weight}) == "role 'a': weight must be more than 0"


def test_a_role_that_is_not_among_the_masters_has_no_weight() -> None:
    county = County(MasterFlags(roles="a,b"), prompt=True)
    county.subscribe(framework_info())
    county.quotas.weigh(OPERATOR, UpdateWeightsRequest(4, {"c": 1.0}))
    assert county.answers() == [(400, "role 'c': is not among the master's --roles")]
    assert weights_error({"*": 1.0}, ("a",)) is None
