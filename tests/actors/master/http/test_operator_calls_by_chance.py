"""Thousands of calls that are nearly right: both forms are answered alike, and the master stands."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec
import pytest

from frameworks.scheduler import Scheduler
from frameworks.testing import SimulatedCluster
from tests.actors.master.http.office import Office
from tests.actors.master.http.whims import any_wish
from tests.actors.master.town import Capability, framework_info
from transport.http.media_type import Encoding
from transport.messages.operating import OperatorAnswer
from transport.pid import Pid
from transport.records.offer import Offer

_STATUSES = (200, 202, 400, 404, 409, 503)


class Idler(Scheduler):
    """Takes every offer into its hand, and lays it down a little later."""

    def __init__(self, detector: Pid) -> None:
        refining, sharing = Capability.RESERVATION_REFINEMENT, Capability.SHARED_RESOURCES
        super().__init__(framework_info(None, refining, sharing, roles=("a", "b", "*")), detector)

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            self.delay(1.0, self.decline, (offer,), 0.0)


def office(seed: int, encoding: Encoding) -> Office:
    resources = "mem(a):100;disk:1000;ports:[31000-32000]"
    cluster = SimulatedCluster(seed, mem=1024.0, resources=resources)
    cluster.wait_until_registered()
    for number in range(3):
        cluster.start(Idler, f"framework{number}")
    cluster.sim.run(2.0)
    return Office(cluster, encoding)


def put_calls(seed: int, encoding: Encoding, calls: int) -> tuple[list[int], Office]:
    """By which statuses they are answered, and the office afterwards."""
    at, rng = office(seed, encoding), Random(seed)
    statuses = []
    for _ in range(calls):
        master = at.cluster.master.cluster
        agent_id = rng.choice((*master.agents, *master.agents, *master.agents, "nobody"))
        framework_id = rng.choice((*master.frameworks, *["nobody"] * 20))
        wish = any_wish(rng, agent_id, framework_id)
        status, text = at.call(wish)
        assert status in _STATUSES, (wish, status, text)
        assert (status >= 300) == bool(text), (wish, status, text)
        statuses.append(status)
        if rng.random() < 0.1:
            at.sim.run(1.0)
    return statuses, at


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_calls_that_are_nearly_right_are_answered_alike_in_both_forms(seed: int) -> None:
    statuses, at = put_calls(seed, Encoding.JSON, 300)
    again, other = put_calls(seed, Encoding.PROTOBUF, 300)
    assert statuses == again
    assert granted(at) == granted(other)
    assert at.sim.crashes == other.sim.crashes == ()
    counted = Counter(statuses)
    assert min(counted[status] for status in (200, 202, 400)) > 5


@pytest.mark.parametrize("seed", range(2))
def test_of_many_calls_at_once_each_is_answered_once(seed: int) -> None:
    at, rng = office(seed, Encoding.JSON), Random(seed)
    crowd, sent = at.cluster.master_node.probe("crowd"), []
    for _ in range(40):
        cluster = at.cluster.master.cluster
        agent_ids, framework_ids = (*cluster.agents, *cluster.gone, "nobody"), (*cluster.frameworks, "nobody")
        wishes = (any_wish(rng, rng.choice(agent_ids), rng.choice(framework_ids)) for _ in range(8))
        for message in at.messages(*wishes):
            crowd.send(at.cluster.master_pid, message)
            sent.append(message)
        at.sim.run(rng.choice((0.0, 0.0, 0.001, 0.01, 0.1)))
    at.sim.run(20.0)
    assert at.sim.crashes == ()
    asked = Counter(msgspec.structs.asdict(one)["request_id"] for one in sent)
    answered = Counter(one.request_id for one in crowd.received if isinstance(one, OperatorAnswer))
    assert answered == asked
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("seed", range(2))
def test_what_was_granted_survives_a_failover(seed: int) -> None:
    _, at = put_calls(seed, Encoding.JSON, 100)
    before = granted(at)
    at.cluster.master_node.crash()
    at.cluster.master_node.start()
    at.sim.run_until(lambda: reigns(at))
    assert granted(at) == before


def reigns(at: Office) -> bool:
    try:
        return at.cluster.master.reigns
    except LookupError:
        return False


def granted(at: Office) -> tuple[object, ...]:
    """What is in the registry because an operator wanted it."""
    master = at.cluster.master
    machines = master.agents.members.machines
    return (
        dict(master.quotas.quotas),
        dict(master.quotas.weights),
        machines.schedule,
        tuple(machines),
        dict(master.agents.members.withdrawn),
        dict(master.cluster.gone),
    )
