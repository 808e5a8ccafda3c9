"""What an agent has after operations ended as they did, and what of it is free."""

from __future__ import annotations

import pytest

from tests.actors.master.market import AGENT, create, destroy, grow, named, reserve, unreserve
from tests.actors.master.scene import CPU, DISK, FIRST, GROWN, SECOND, VOLUME, Scene, State, of
from tests.transport.records.samples import scalar, volume
from transport.messages.allocation import ConvertAllocated, RecoverResources, UpdateAgent
from transport.messages.launching import (
    AcknowledgeOperationUpdate,
)
from transport.messages.scheduling import (
    RescindOffer,
)
from transport.records.resource_conversion import conversion_of
from transport.records.resources import Resources

FAILURES = [
    State.OPERATION_FAILED,
    State.OPERATION_ERROR,
    State.OPERATION_DROPPED,
    State.OPERATION_GONE_BY_OPERATOR,
]


def test_a_speculative_operation_that_is_done_changes_nothing_more() -> None:
    scene = Scene()
    uuid = scene.start(named(reserve(CPU)))
    total = scene.agent.total
    scene.applied(uuid)
    assert scene.agent.total == total
    assert scene.world.allocated == []


@pytest.mark.parametrize("state", FAILURES)
def test_a_speculative_operation_that_fails_is_taken_back(state: State) -> None:
    scene = Scene()
    before = scene.agent.total
    uuid = scene.start(named(reserve(CPU)))
    assert scene.agent.total != before
    harmed = scene.make_offer(Resources([CPU]))
    kept = scene.make_offer(Resources([scalar("cpus", 1)]))
    scene.applied(uuid, state)
    assert scene.agent.total == before
    assert scene.world.told_of(scene.framework.pid or scene.agent.pid, RescindOffer) == [
        RescindOffer(harmed.offer_id)
    ]
    assert scene.world.allocated == [
        RecoverResources(scene.framework.id, AGENT, of(CPU)),
        UpdateAgent(AGENT, scene.agent.info, total=before),
    ]
    assert list(scene.market.cluster.offers) == [kept.offer_id]


def test_a_resized_volume_is_free_once_the_agent_has_done_it() -> None:
    scene = Scene()
    uuid = scene.start(named(grow(VOLUME, DISK)))
    scene.applied(uuid)
    conversion = conversion_of(scene.agent.operations[uuid].record.info)
    assert scene.agent.total == Resources([GROWN]) + Resources.parse("cpus:4;mem:1024")
    assert scene.world.allocated == [
        ConvertAllocated(scene.framework.id, AGENT, "a", (conversion,)),
        RecoverResources(scene.framework.id, AGENT, of(GROWN)),
    ]
    assert not scene.agent.operations[uuid].holding


@pytest.mark.parametrize("state", FAILURES)
def test_a_volume_that_was_not_resized_is_free_as_it_was(state: State) -> None:
    scene = Scene()
    before = scene.agent.total
    uuid = scene.start(named(grow(VOLUME, DISK)))
    scene.applied(uuid, state)
    assert scene.agent.total == before
    assert scene.world.allocated == [RecoverResources(scene.framework.id, AGENT, of(VOLUME, DISK))]


def test_a_status_that_does_not_end_the_operation_frees_nothing() -> None:
    scene = Scene()
    uuid = scene.start(named(grow(VOLUME, DISK)))
    scene.applied(uuid, State.OPERATION_RECOVERING)
    assert scene.world.allocated == []
    assert scene.agent.operations[uuid].holding
    scene.applied(uuid, State.OPERATION_FINISHED, SECOND)
    assert len(scene.world.allocated) == 2


def test_an_operation_of_a_framework_that_is_gone_changes_the_total_alone() -> None:
    scene = Scene()
    uuid = scene.start(named(grow(VOLUME, DISK)))
    scene.market.frameworks.remove(scene.framework, "test")
    scene.world.forget()
    scene.applied(uuid)
    assert scene.world.allocated == [UpdateAgent(AGENT, scene.agent.info, total=scene.agent.total)]
    assert scene.agent.total.contains(Resources([GROWN]))
    assert scene.acknowledged() == [AcknowledgeOperationUpdate(uuid, FIRST)]
    assert not scene.agent.operations


# --- operations that build on each other ---


def test_what_was_made_of_what_did_not_come_about_is_taken_back_too() -> None:
    scene = Scene()
    before = scene.agent.total
    reserved, unreserved = scene.start_all(reserve(CPU), unreserve(CPU))
    scene.applied(reserved, State.OPERATION_DROPPED)
    assert scene.agent.total == before
    scene.applied(unreserved, State.OPERATION_DROPPED, SECOND)
    assert scene.agent.total == before
    assert scene.world.asked(UpdateAgent)[-1].total == before


def test_what_cannot_be_taken_back_yet_is_when_the_agent_has_told_of_all() -> None:
    scene = Scene()
    before = scene.agent.total
    made = volume("w", 10)
    created, destroyed = scene.start_all(create(made), destroy(made))
    scene.applied(created, State.OPERATION_DROPPED)
    assert scene.agent.total == before
    scene.applied(destroyed, State.OPERATION_DROPPED, SECOND)
    assert scene.agent.total == before


def test_what_is_done_with_what_the_books_lack_is_held_until_they_have_it() -> None:
    scene = Scene()
    total = scene.agent.total
    (uuid,) = scene.start_all(named(grow(VOLUME, DISK)))
    scene.agent.total = total - Resources([DISK])
    scene.agent.doubtful = Resources([DISK])
    scene.applied(uuid)
    assert scene.world.asked(RecoverResources) == []
    scene.agent.total = total
    scene.market.operations.agent_returned(scene.agent, ())
    assert scene.world.asked(RecoverResources) == [
        RecoverResources(scene.framework.id, AGENT, of(VOLUME, DISK))
    ]


def test_what_a_lost_agent_owed_does_not_matter_when_it_is_back() -> None:
    scene = Scene()
    made = volume("w", 10)
    created, _ = scene.start_all(create(made), destroy(made))
    scene.applied(created, State.OPERATION_DROPPED)
    scene.market.operations.agent_lost(scene.agent, gone=False)
    total = scene.agent.total
    scene.world.forget()
    scene.market.operations.agent_returned(scene.agent, ())
    assert scene.agent.total == total
    assert scene.world.allocated == []
