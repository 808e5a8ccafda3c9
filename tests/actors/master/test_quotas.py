from __future__ import annotations

import pytest

from actors.master.flags import MasterFlags
from tests.actors.master.county import OPERATOR, County, quota, registry
from tests.actors.master.town import State, framework_info
from tests.transport.records.samples import scalar
from transport.messages import allocation
from transport.messages.operating import (
    QuotasRead,
    ReadQuotas,
    ReadWeights,
    RemoveQuotaRequest,
    SetQuotaRequest,
    UpdateQuotasRequest,
    UpdateWeightsRequest,
    WeightsRead,
)
from transport.messages.registry import UpdateQuotas, UpdateWeights
from transport.records.quota import QuotaConfig, QuotaRequest
from transport.records.registry import Registry
from transport.records.resource import Resource
from transport.records.role import WeightInfo


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


def test_only_as_many_offers_are_taken_back_as_a_limit_forbids() -> None:
    county = County(prompt=True)
    framework, agent = county.framework(role="dev/web"), county.capable_agent("cpus:4;mem:4096")
    offers = [county.offer(framework, agent, "cpus:1;mem:512", "dev/web") for _ in range(3)]
    useful = county.offer(framework, agent, "mem:512", "dev/web")
    ask(county, quota("dev", limits={"cpus": 2}))
    assert list(county.cluster.offers) == [offers[1].offer_id, offers[2].offer_id, useful.offer_id]


def test_offers_that_stand_in_the_way_of_a_guarantee_are_taken_back() -> None:
    county = County(prompt=True)
    framework, agent = county.framework(role="dev"), county.capable_agent("cpus:4;mem:4096")
    first = county.offer(framework, agent, "cpus:2", "dev")
    second = county.offer(framework, agent, "cpus:2", "dev")
    ask(county, quota("ops", guarantees={"cpus": 1}))
    assert list(county.cluster.offers) == [second.offer_id]
    assert first.offer_id not in county.cluster.offers


def test_several_requests_at_once_cannot_promise_more_together_than_there_is() -> None:
    county = County()
    county.join()
    for number in range(1_000):
        request = UpdateQuotasRequest(number, (quota(f"r{number}", guarantees={"cpus": 1}),))
        county.quotas.update(OPERATOR, request)
    county.world.commit_all()
    assert sorted(county.quotas.quotas) == ["r0", "r1", "r2", "r3"]
    statuses = [status for status, _ in county.answers()]
    assert (statuses.count(200), statuses.count(400)) == (4, 996)


def test_of_several_quotas_one_that_is_wrong_refuses_all() -> None:
    county = County(prompt=True)
    ask(county, quota("a"), quota("b/c"))
    assert county.answers()[0][0] == 400
    assert not county.world.operations


def test_all_quotas_and_all_weights_have_to_fit_into_the_registry() -> None:
    county = County()
    long = "x" * 1000
    for number in range(4):
        roles = [f"{long}{number}-{index}" for index in range(300)]
        ask(county, *(quota(role, limits={"cpus": 1}) for role in roles))
        county.quotas.weigh(OPERATOR, UpdateWeightsRequest(2, dict.fromkeys(roles, 2.0)))
    reasons = [text for status, text in county.answers() if status == 400]
    assert [text.partition(":")[0] for text in reasons] == ["quotas", "weights"]
    assert all("all together must not have more than" in text for text in reasons)


def test_quotas_are_read_as_they_are_durable() -> None:
    county = County()
    county.join()
    config = quota("dev", guarantees={"cpus": 1})
    ask(county, config)
    county.quotas.read(OPERATOR, ReadQuotas(5))
    county.world.commit()
    county.quotas.read(OPERATOR, ReadQuotas(6))
    assert county.world.told_of(OPERATOR, QuotasRead) == [QuotasRead(5, ()), QuotasRead(6, (config,))]


# --- the older way ---


def older(role: str | None, *guarantee: Resource, force: bool = False) -> SetQuotaRequest:
    return SetQuotaRequest(1, QuotaRequest(role=role, guarantee=guarantee, force=force))


def test_what_is_guaranteed_in_the_older_way_is_the_limit_too() -> None:
    county = County(prompt=True)
    county.join()
    county.quotas.set(OPERATOR, older("dev", scalar("cpus", 1)))
    assert county.answers() == [(200, "")]
    assert county.quotas.quotas == {"dev": quota("dev", guarantees={"cpus": 1}, limits={"cpus": 1})}


def test_a_quota_is_set_once_and_removed_once() -> None:
    county = County()
    county.join()
    for _ in range(2):
        county.quotas.set(OPERATOR, older("dev", scalar("cpus", 1)))
    assert county.answers() == [
        (400, "role 'dev': has a quota already; remove it, or use UPDATE_QUOTA"),
    ]
    for _ in range(2):
        county.quotas.remove(OPERATOR, RemoveQuotaRequest(2, "dev"))
    assert county.answers()[1:] == [(400, "role 'dev': has no quota")]
    county.world.commit_all()
    assert county.answers()[2:] == [(200, "")] * 2
    assert not county.quotas.quotas


def test_what_is_guaranteed_in_the_older_way_must_be_there_too() -> None:
    county = County(prompt=True)
    county.join()
    county.quotas.set(OPERATOR, older("dev", scalar("cpus", 5)))
    ((status, text),) = county.answers()
    assert (status, "force" in text) == (409, True)
    county.quotas.set(OPERATOR, older("dev", scalar("cpus", 5), force=True))
    assert county.answers()[1:] == [(200, "")]


@pytest.mark.parametrize("role", [None, "a/b", "-a", "ops"])
def test_a_wrong_role_is_given_no_quota_in_the_older_way(role: str | None) -> None:
    county = County(MasterFlags(roles="dev"), prompt=True)
    county.quotas.set(OPERATOR, older(role, scalar("cpus", 1)))
    assert [status for status, _ in county.answers()] == [400]
    assert not county.world.operations


# --- weights ---


def test_weights_are_read_as_they_are_durable() -> None:
    county = County()
    county.quotas.weigh(OPERATOR, UpdateWeightsRequest(4, {"dev": 2.5}))
    county.quotas.read_weights(OPERATOR, ReadWeights(5))
    county.world.commit()
    county.quotas.read_weights(OPERATOR, ReadWeights(6))
    assert county.world.told_of(OPERATOR, WeightsRead) == [WeightsRead(5, {}), WeightsRead(6, {"dev": 2.5})]


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


def test_a_role_that_is_not_among_the_masters_has_no_weight() -> None:
    county = County(MasterFlags(roles="a,b"), prompt=True)
    county.subscribe(framework_info())
    county.quotas.weigh(OPERATOR, UpdateWeightsRequest(4, {"c": 1.0}))
    assert county.answers() == [(400, "role 'c': is not among the master's --roles")]
