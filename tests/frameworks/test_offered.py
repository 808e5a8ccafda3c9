"""Tasks take their resources from offers."""

from __future__ import annotations

import pytest

from frameworks.offered import Offered, command_task
from transport.records.command import CommandInfo
from transport.records.ids import AgentID, FrameworkID, OfferID
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resources import Resources


def make_offer(text: str, role: str | None = None) -> Offer:
    resources = Resources.parse(text)
    return Offer(
        id=OfferID(value="o"),
        framework_id=FrameworkID(value="f"),
        agent_id=AgentID(value="a"),
        hostname="h",
        resources=tuple(resources if role is None else resources.allocate(role)),
        allocation_info=None if role is None else Resource.AllocationInfo(role=role),
    )


def test_an_offer_is_used_up() -> None:
    offered, half = Offered(make_offer("cpus:2;mem:64")), Resources.parse("cpus:1")
    assert offered.holds(half)
    assert Resources(offered.take(half)) == half
    assert Resources(offered.take(half)) == half
    assert not offered.holds(half)
    assert offered.remaining == Resources.parse("mem:64")
    with pytest.raises(ValueError, match=r"cpus.*is wanted of an offer that has mem.* left"):
        offered.take(half)


def test_resources_are_taken_as_they_were_offered() -> None:
    offered = Offered(make_offer("cpus:2;cpus(web):1", role="web"))
    taken = Resources(offered.take(Resources.parse("cpus:3")))
    assert taken == Resources.parse("cpus:2;cpus(web):1").allocate("web")
    assert not offered.remaining


def test_what_is_reserved_is_used_first() -> None:
    offered = Offered(make_offer("cpus:2;cpus(web):1;mem:64", role="web"))
    wanted = Resources.parse("cpus:1;mem:32")
    assert Resources(offered.take(wanted)) == Resources.parse("cpus(web):1;mem:32").allocate("web")
    assert Resources(offered.take(wanted)) == wanted.allocate("web")
    assert not offered.holds(wanted)


def test_a_command_is_for_the_shell_or_as_it_is_described() -> None:
    offered = Offered(make_offer("cpus:2"))
    argv = CommandInfo(shell=False, value="true")
    tasks = [command_task("t", offered, Resources.parse("cpus:1"), command) for command in ("true", argv)]
    assert [task.command for task in tasks] == [CommandInfo(value="true"), argv]
    assert {task.agent_id.value for task in tasks} == {"a"}
    assert not offered.remaining
