"""The allocator's actor, in simulation: when it runs, and what it tells the master."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.master.allocator.gauges import AllocatorMetrics
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.simulation import Probe, Simulation
from tests.actors.master.allocator.factories import ALL, framework_info, resources
from tests.transport.records.samples import dynamic
from transport.messages import allocation
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.ids import FrameworkID
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters
from transport.records.quota import QuotaConfig
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo, Unavailability
from transport.records.value import Value

AWAY = Unavailability(start=TimeInfo(nanoseconds=1))


class Cluster:
    """A master in the hand of the test, and the allocator's actor."""

    def __init__(self) -> None:
        self.sim = Simulation(seed=1)
        node = self.sim.node("master")
        self.master: Probe = node.probe("master")
        self.metrics = AllocatorMetrics()
        self.allocator: Pid = node.spawn(
            lambda: AllocatorProcess(HierarchicalAllocator(), self.master.pid, metrics=self.metrics),
            "allocator",
        )
        self.sim.run(0.1)

    def tell(self, message: object) -> None:
        self.master.send(self.allocator, message)

    def add_agent(self, name: str, text: str = "cpus:4;mem:64") -> None:
        self.tell(allocation.AddAgent(name, AgentInfo(hostname=name), ALL, resources(text)))

    def add_framework(self, name: str) -> None:
        self.tell(allocation.AddFramework(name, framework_info(name)))

    def recover(self, framework: str, agent: str, text: str, filters: Filters | None = None) -> None:
        given = resources(text).allocate(framework)
        self.tell(allocation.RecoverResources(framework, agent, given, filters))

    def offered(self) -> list[tuple[str, str, Resources]]:
        """Framework, agent and resources of all offers since the last question."""
        offers = [
            (framework, agent, given.unallocate())
            for message in self.master.received
            if isinstance(message, allocation.MakeOffers)
            for framework, roles in message.offers.items()
            for agents in roles.values()
            for agent, given in agents.items()
        ]
        self.master.received.clear()
        return offers

    def seconds_until(self, happened: Callable[[], object], timeout_seconds: float = 60.0) -> float:
        begin = self.sim.now
        self.sim.run_until(happened, timeout_seconds)
        return self.sim.now - begin


def offered_to(name: str) -> Cluster:
    """A cluster where this framework has been offered all of the agent `one`."""
    cluster = Cluster()
    cluster.add_framework(name)
    cluster.add_agent("one")
    cluster.sim.run_until(lambda: cluster.master.received)
    assert cluster.offered() == [(name, "one", resources("cpus:4;mem:64"))]
    return cluster


def test_a_new_agent_is_offered_without_waiting_for_the_batch() -> None:
    cluster = Cluster()
    cluster.add_framework("f")
    cluster.sim.run(0.1)
    cluster.add_agent("one")

    assert cluster.seconds_until(lambda: cluster.master.received) < 0.01


def test_what_is_freed_is_offered_to_others_within_fifty_milliseconds() -> None:
    cluster = offered_to("f")
    cluster.add_framework("g")
    cluster.sim.run(0.03)
    cluster.recover("f", "one", "cpus:4;mem:64", Filters(refuse_seconds=60.0))

    assert cluster.seconds_until(lambda: cluster.master.received) < 0.05
    assert cluster.offered() == [("g", "one", resources("cpus:4;mem:64"))]


def test_who_declines_for_no_time_is_asked_again_soon_and_then_ever_later() -> None:
    cluster = offered_to("f")
    pauses = []
    for _ in range(12):
        begin = cluster.sim.now
        cluster.recover("f", "one", "cpus:4;mem:64", Filters(refuse_seconds=0.0))
        cluster.sim.run_until(lambda: cluster.master.received)
        cluster.offered()
        pauses.append(cluster.sim.now - begin)

    assert pauses[0] < 0.05
    assert all(pause < 1.01 for pause in pauses)
    assert sum(pauses[6:]) > 3.0


def test_who_uses_what_it_is_offered_never_waits_longer() -> None:
    cluster = offered_to("f")
    for _ in range(12):
        begin = cluster.sim.now
        cluster.recover("f", "one", "cpus:3;mem:32", Filters(refuse_seconds=0.0))
        cluster.recover("f", "one", "cpus:1;mem:32", None)
        cluster.sim.run_until(lambda: cluster.master.received)
        assert cluster.offered() == [("f", "one", resources("cpus:4;mem:64"))]
        assert cluster.sim.now - begin < 0.06


def test_a_flood_of_events_makes_few_runs() -> None:
    cluster = Cluster()
    cluster.add_framework("f")
    for number in range(200):
        cluster.add_agent(f"agent{number}")
        cluster.sim.run(0.001)
    cluster.sim.run(0.1)

    assert len(cluster.offered()) == 200
    assert cluster.metrics.allocation_runs.value < 15


def test_a_refusal_ends_with_a_batch() -> None:
    cluster = offered_to("f")
    cluster.recover("f", "one", "cpus:4;mem:64", Filters(refuse_seconds=3.0))

    assert 3.0 <= cluster.seconds_until(lambda: cluster.master.received) < 4.1


def test_nothing_is_sent_when_there_is_nothing_to_offer() -> None:
    cluster = offered_to("f")
    cluster.sim.run(5.0)

    assert cluster.master.received == []
    assert cluster.metrics.allocation_runs.value >= 5


def scalars(**values: float) -> dict[str, Value.Scalar]:
    return {name: Value.Scalar(value=value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("closing", "opening"),
    [
        (allocation.DeactivateAgent("one"), allocation.ActivateAgent("one")),
        (allocation.DeactivateFramework("f"), allocation.ActivateFramework("f")),
        (allocation.SuppressOffers("f"), allocation.ReviveOffers("f", ("f",))),
        (allocation.PauseAllocation(), allocation.ResumeAllocation()),
        (allocation.SetWhitelist(()), allocation.SetWhitelist()),
        (
            allocation.SetQuota(QuotaConfig(role="f", limits=scalars(cpus=0.0, mem=0.0))),
            allocation.SetQuota(QuotaConfig(role="f")),
        ),
        (
            allocation.UpdateFramework("f", framework_info("f"), suppressed_roles=("f",)),
            allocation.UpdateFramework("f", framework_info("f")),
        ),
    ],
)
def test_what_closes_offers_closes_them_and_what_opens_them_brings_one(
    closing: object, opening: object
) -> None:
    cluster = offered_to("f")
    cluster.tell(closing)
    cluster.recover("f", "one", "cpus:4;mem:64")
    cluster.sim.run(2.0)
    assert cluster.offered() == []

    cluster.tell(opening)

    assert cluster.seconds_until(lambda: cluster.master.received) < 0.05
    assert cluster.offered() == [("f", "one", resources("cpus:4;mem:64"))]


def test_a_removed_frameworks_resources_go_to_others_and_a_removed_agent_to_nobody() -> None:
    cluster = offered_to("f")
    cluster.add_framework("g")
    cluster.tell(allocation.RemoveFramework("f"))
    cluster.sim.run(0.1)
    assert cluster.offered() == [("g", "one", resources("cpus:4;mem:64"))]

    cluster.tell(allocation.RemoveAgent("one"))
    cluster.recover("g", "one", "cpus:4;mem:64")
    cluster.sim.run(2.0)

    assert cluster.offered() == []


def test_an_agent_that_grew_is_offered() -> None:
    cluster = offered_to("f")
    cluster.tell(allocation.UpdateAgent("one", AgentInfo(hostname="one"), ALL, resources("cpus:6;mem:64")))
    cluster.sim.run(0.1)

    assert cluster.offered() == [("f", "one", resources("cpus:2"))]


def test_weights_count_in_the_next_run() -> None:
    cluster = offered_to("f")
    cluster.add_framework("g")
    cluster.add_agent("two", "cpus:1;mem:64")
    cluster.sim.run(0.1)
    assert [framework for framework, *_rest in cluster.offered()] == ["g"]
    cluster.tell(allocation.SetWeights({"f": 100.0}))
    cluster.add_agent("three", "cpus:1;mem:64")
    cluster.sim.run(0.1)

    assert [framework for framework, *_rest in cluster.offered()] == ["f"]


def test_operations_change_what_is_held_and_what_is_available() -> None:
    cluster = offered_to("f")
    cpus = resources("cpus:4").allocate("f")
    reserved = cpus.push_reservation(dynamic("f"))
    cluster.tell(allocation.ConvertAllocated("f", "one", "f", (ResourceConversion(cpus, reserved),)))
    held = resources("mem:64").allocate("f") + reserved
    cluster.tell(allocation.RecoverResources("f", "one", held, Filters(refuse_seconds=1e6)))
    back = ResourceConversion(reserved.unallocate(), resources("cpus:4"))
    for request_id in (7, 8):
        cluster.tell(allocation.ConvertAvailable(request_id, "one", (back,)))
    cluster.sim.run(0.1)

    answers = [each for each in cluster.master.received if isinstance(each, allocation.AvailableConverted)]
    assert [answer.request_id for answer in answers] == [7, 8]
    assert answers[0].error is None
    assert answers[1].error is not None
    assert "is not available" in answers[1].error


def test_inverse_offers_are_made_and_answers_noted() -> None:
    cluster = offered_to("f")
    cluster.tell(allocation.SetUnavailability("one", AWAY))
    cluster.sim.run(0.1)
    (message,) = cluster.master.received
    assert message == allocation.MakeOffers({}, {"f": {"one": AWAY}})
    cluster.master.received.clear()
    status = InverseOfferStatus(
        status=InverseOfferStatus.Status.DECLINE,
        framework_id=FrameworkID(value="f"),
        timestamp=TimeInfo(nanoseconds=0),
    )
    cluster.tell(allocation.AnswerInverseOffer("one", "f", status, Filters(refuse_seconds=10.0)))

    assert 10.0 <= cluster.seconds_until(lambda: cluster.master.received) < 11.1


def test_after_a_failover_offers_wait_for_the_agents() -> None:
    cluster = Cluster()
    cluster.add_framework("f")
    cluster.tell(allocation.SetQuota(QuotaConfig(role="f", guarantees=scalars(cpus=1.0))))
    cluster.tell(allocation.ExpectAgents(3))
    cluster.add_agent("one")
    cluster.sim.run(100.0)
    assert cluster.offered() == []

    assert 490.0 < cluster.seconds_until(lambda: cluster.master.received, timeout_seconds=600.0) < 502.0


def test_it_says_why_an_agent_is_not_offered() -> None:
    cluster = offered_to("f")
    cluster.recover("f", "one", "cpus:4;mem:64", Filters(refuse_seconds=60.0))
    cluster.tell(allocation.ExplainOffers(1, "one", "f", "f"))
    cluster.tell(allocation.ExplainOffers(2, "one", "nobody", "f"))
    cluster.sim.run(0.1)

    refused, unknown = cluster.master.received
    assert isinstance(refused, allocation.OffersExplained)
    ((rule, detail, seconds),) = refused.reasons
    assert (rule, detail) == ("refused", "the framework refused cpus:4; mem:64")
    assert seconds is not None
    assert 59.0 < seconds <= 60.0
    assert unknown == allocation.OffersExplained(2, (("unknown", "'nobody' is not there", None),))
