"""Which offers may be accepted together."""

from __future__ import annotations

import pytest

from actors.master.offer import OfferEntry
from actors.master.validation.offers import offers_error
from transport.records.ids import AgentID, FrameworkID, OfferID
from transport.records.offer import Offer
from transport.records.resources import Resources


def offer(offer_id: str, framework_id: str = "f", agent_id: str = "a", role: str = "r") -> OfferEntry:
    record = Offer(
        id=OfferID(value=offer_id),
        framework_id=FrameworkID(value=framework_id),
        agent_id=AgentID(value=agent_id),
        hostname="host",
    )
    return OfferEntry(
        offer_id, framework_id, agent_id, role, Resources.parse("cpus:1").allocate(role), record
    )


OFFERS = {
    one.offer_id: one
    for one in (
        offer("o1"),
        offer("o2"),
        offer("foreign", framework_id="g"),
        offer("elsewhere", agent_id="b"),
        offer("other role", role="s"),
        offer("all wrong", agent_id="b", role="s"),
    )
}


def test_offers_of_one_agent_to_one_role_may_be_used_together() -> None:
    assert offers_error(("o1",), OFFERS, "f") is None
    assert offers_error(("o1", "o2"), OFFERS, "f") is None


@pytest.mark.parametrize(
    ("offer_ids", "told"),
    [
        ((), "no offers specified"),
        (("o1", "o2", "o1"), "offer o1 is listed twice"),
        (("o1", "o9"), "offer o9 is not valid any more"),
        (("o1", "foreign"), "offer foreign was not made to framework f"),
        (("o1", "other role"), "offers o1 and other role are for different roles"),
        (("o1", "elsewhere"), "offers o1 and elsewhere are of different agents"),
    ],
)
def test_offers_that_do_not_go_together_are_refused(offer_ids: tuple[str, ...], told: str) -> None:
    assert offers_error(offer_ids, OFFERS, "f") == told


@pytest.mark.parametrize(
    ("offer_ids", "told"),
    [
        (("o9", "o9"), "twice"),
        (("foreign", "o9"), "foreign was not made"),
        (("o1", "other role", "o9"), "o9 is not valid"),
        (("o1", "all wrong"), "different roles"),
    ],
)
def test_of_several_faults_the_first_in_mesos_order_is_told(offer_ids: tuple[str, ...], told: str) -> None:
    error = offers_error(offer_ids, OFFERS, "f")
    assert error is not None
    assert told in error
