from __future__ import annotations

from actors.master.marks import Marks
from tests.actors.master.allocator.factories import ALL
from tests.transport.records.samples import dynamic, scalar, volume
from transport.messages.allocation import (
    ActivateAgent,
    AddAgent,
    ConvertAllocated,
    ConvertAvailable,
    MakeOffers,
    Mark,
    RecoverResources,
    RemoveAgent,
    UpdateAgent,
)
from transport.records.agent import AgentInfo
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources

TOTAL = Resources.parse("cpus:4")
INFO = AgentInfo(hostname="h")


def add(agent_id: str) -> AddAgent:
    return AddAgent(agent_id, INFO, ALL, TOTAL)


def decided(mark: int, *agent_ids: str) -> MakeOffers:
    return MakeOffers({"f": {"*": dict.fromkeys(agent_ids, TOTAL)}}, {}, mark)


def test_only_what_makes_decisions_void_is_marked() -> None:
    marks = Marks()
    assert marks.follow(add("a")) == Mark(1)
    assert marks.follow(UpdateAgent("a", INFO)) is None
    assert marks.follow(ActivateAgent("a")) is None
    assert marks.follow(UpdateAgent("a", INFO, total=TOTAL)) == Mark(2)


def test_a_decision_that_knows_everything_holds() -> None:
    marks = Marks()
    marks.follow(add("a"))
    assert marks.sift(decided(1, "a")) == (decided(1, "a"), [])


def test_what_was_decided_of_an_agent_before_it_was_added_again_is_void() -> None:
    marks = Marks()
    for message in (add("a"), add("b"), RemoveAgent("a"), add("a")):
        marks.follow(message)
    assert marks.sift(decided(2, "a", "b")) == (decided(2, "b"), [])
    assert marks.sift(decided(3, "a", "b")) == (decided(3, "a", "b"), [])


def test_what_was_decided_before_a_total_changed_goes_back() -> None:
    marks = Marks()
    for message in (add("a"), add("b"), UpdateAgent("a", INFO, total=TOTAL)):
        marks.follow(message)
    held, returned = marks.sift(decided(2, "a", "b"))
    assert held == decided(2, "b")
    assert returned == [RecoverResources("f", "a", TOTAL)]


def test_an_agent_that_was_added_and_changed_since_gets_nothing_back() -> None:
    marks = Marks()
    for message in (add("a"), RemoveAgent("a"), add("a"), UpdateAgent("a", INFO, total=TOTAL)):
        marks.follow(message)
    assert marks.sift(decided(1, "a")) == (MakeOffers({}, {}, 1), [])
    assert marks.sift(decided(2, "a"))[1] == [RecoverResources("f", "a", TOTAL)]


def test_a_shared_volume_may_be_destroyed_that_was_just_offered_to_somebody_else() -> None:
    marks = Marks()
    marks.follow(add("a"))
    shared, alone = (volume("v", 10, shared=one) for one in (True, False))
    disk = Resources([scalar("disk", 10, (dynamic("a"),))])
    lonely = (ResourceConversion(Resources([alone]), disk),)
    assert marks.follow(ConvertAllocated("f", "a", "r", lonely)) is None
    assert marks.follow(ConvertAvailable(1, "a", lonely)) is None
    destroyed = (ResourceConversion(Resources([shared]), disk),)
    assert marks.follow(ConvertAllocated("f", "a", "r", destroyed)) == Mark(2)
    assert marks.sift(decided(1, "a"))[1] == [RecoverResources("f", "a", TOTAL)]
    assert marks.follow(ConvertAvailable(1, "a", destroyed)) == Mark(3)
    assert marks.sift(decided(2, "a"))[1] == [RecoverResources("f", "a", TOTAL)]
