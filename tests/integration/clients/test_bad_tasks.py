"""What a framework may not ask for (reliability.md §3.4): it is told so, and nothing of it is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import SCHEDULER, Event, Framework, scalar, task
from tests.integration.clients.speech import Stream, ask, call
from tests.integration.masters import wait_until

#: Names that no role may have.
ROLES = ("../x", "*/x", "-x", ".", "a b", "a\bb", "/x", "x/", "a//b", "a/../b")
#: Ids that no task may have: they become names of folders.
IDS = ("a" * 256, ".", "..", "a/b", "a\nb", "a\0b", "a\\b", "", "\x7f")
#: Amounts that nobody has.
AMOUNTS: dict[str, Event] = {
    "huge": scalar("cpus", 1e308),
    "negative": scalar("cpus", -1),
    "tiny": scalar("cpus", 0.0001),
    "mem": scalar("mem", 2**63),
    "nameless": scalar("", 1),
    "backwards": {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31002, "end": 31001}]}},
    "no value": {"name": "cpus", "type": "SCALAR"},
}
_ESCAPING = "../../etc"


def ends_with_an_error(stream: Stream) -> bool:
    """Whether the next event is one, and the last."""
    events = iter(stream)
    return next(events)["type"] == "ERROR" and not list(events)


@pytest.fixture
def framework(local: Local) -> Iterator[Framework]:
    with Framework(local.master, name="bad", failover_timeout=0) as framework:
        yield framework


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_not_be_is_answered_by_an_error_and_the_end(local: Local, role: str) -> None:
    info = {"user": "u", "name": "n", "roles": [role], "capabilities": [{"type": "MULTI_ROLE"}]}
    with Stream(
        local.master, {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}, SCHEDULER
    ) as stream:
        assert stream.response.status == 200
        assert ends_with_an_error(stream)


def test_calls_of_a_stream_that_is_not_theirs_are_refused(framework: Framework) -> None:
    kill = {"type": "KILL", "framework_id": {"value": framework.id}, "kill": {"task_id": {"value": "t"}}}
    acknowledge = {"agent_id": {"value": "a"}, "task_id": {"value": "t"}, "uuid": "AAAAAAAAAAAAAAAAAAAAAA=="}
    told = {"type": "ACKNOWLEDGE", "framework_id": {"value": framework.id}, "acknowledge": acknowledge}
    for body in (kill, told):
        assert call(framework.master, body, SCHEDULER).status == 400
        stale = {"Mesos-Stream-Id": "00000000-0000-0000-0000-000000000000"}
        assert call(framework.master, body, SCHEDULER, headers=stale).status == 400
    assert framework.call("ACKNOWLEDGE", {**acknowledge, "uuid": "AAAA"}).status == 400
    assert framework.call("KILL", {"task_id": {"value": "t"}}).status == 202


def test_another_subscription_takes_over_and_the_first_is_told(local: Local) -> None:
    info = {"user": "root", "name": "twice", "failover_timeout": 60}
    with Framework(local.master, **info) as first:
        again = {"framework_info": {**info, "id": {"value": first.id}}}
        body = {"type": "SUBSCRIBE", "framework_id": {"value": first.id}, "subscribe": again}
        with Stream(local.master, body, SCHEDULER) as second:
            assert second.event("SUBSCRIBED")["subscribed"]["framework_id"]["value"] == first.id
            assert "failed over" in first.next("ERROR")["error"]["message"].lower()
            assert not list(first.stream)
            assert first.call("REVIVE").status == 400
            first.stream, old = second, first.stream
            old.close()
            assert first.call("REVIVE").status == 202


def test_each_task_that_is_not_valid_is_an_error_and_the_others_run(framework: Framework) -> None:
    bad = {f"amount {name}": task(f"amount {name}", "true") for name in AMOUNTS}
    for name, amount in AMOUNTS.items():
        bad[f"amount {name}"]["resources"] = [amount]
    bad |= {f"id {number}": {**task(id_, "true")} for number, id_ in enumerate(IDS)}
    bad["too much"] = {**task("too much", "true"), "resources": [scalar("cpus", 1_000)]}
    bad["neither"] = {name: value for name, value in task("neither", "x").items() if name != "command"}
    bad["grace"] = task("grace", "true", kill_policy={"grace_period": {"nanoseconds": -1}})
    good = task("good", "true")
    twice = [task("twice", "true"), task("twice", "true")]
    assert framework.accept(framework.offer(), [*bad.values(), *twice, good]).status == 202
    wanted = {one["task_id"]["value"] for one in bad.values()}
    framework.reaches("good", "TASK_FINISHED")
    framework.reaches("twice", "TASK_FINISHED")
    for id_ in wanted:
        status = framework.reaches(id_, "TASK_ERROR")
        assert (status["source"], status["reason"]) == ("SOURCE_MASTER", "REASON_TASK_INVALID"), status
        assert status["message"]
    assert [one["state"] for one in framework.statuses("twice")].count("TASK_ERROR") == 1


def test_an_executor_that_says_something_else_under_its_id_is_an_error(framework: Framework) -> None:
    def own(name: str, command: str) -> Event:
        made = task(name, "x")
        del made["command"]
        resources = [scalar("cpus", 0.1), scalar("mem", 32)]
        id_ = {"value": "same"}
        executor = {"executor_id": id_, "command": {"value": command}, "resources": resources}
        return {**made, "executor": executor}

    tasks = [own("first", "sleep 600"), own("second", "sleep 700")]
    assert framework.accept(framework.offer(), tasks).status == 202
    status = framework.reaches("second", "TASK_ERROR")
    assert status["reason"] == "REASON_TASK_INVALID"


def test_an_offer_of_another_framework_launches_nothing(framework: Framework, local: Local) -> None:
    offer = framework.offer()
    with Framework(local.master, name="thief") as thief:
        assert thief.accept(offer, [task("stolen", "true")]).status == 202
        status = thief.reaches("stolen", "TASK_LOST")
        assert status["reason"] == "REASON_INVALID_OFFERS"
    assert framework.accept(offer, [task("rightful", "true")]).status == 202
    framework.reaches("rightful", "TASK_FINISHED")


def test_a_volume_whose_name_leads_out_of_its_folder_is_not_made(framework: Framework, local: Local) -> None:
    offer = framework.offer()
    (agent_id,) = {offer["agent_id"]["value"]}
    reserved = {"type": "DYNAMIC", "role": "r"}
    volume: dict[str, Any] = {
        "name": "disk",
        "type": "SCALAR",
        "scalar": {"value": 1},
        "reservations": [reserved],
        "disk": {
            "persistence": {"id": _ESCAPING},
            "volume": {"container_path": "data", "mode": "RW"},
        },
    }
    content = {"agent_id": {"value": agent_id}, "volumes": [volume]}
    answer = call(local.master, {"type": "CREATE_VOLUMES", "create_volumes": content})
    assert answer.status == 400, answer
    form = f"slaveId={agent_id}&volumes={json.dumps([volume])}".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(local.master, "POST", "/create-volumes", form, kind).status == 400
    create = {"type": "CREATE", "create": {"volumes": [volume]}}
    accept = {"offer_ids": [offer["id"]], "operations": [create], "filters": {"refuse_seconds": 0}}
    assert framework.call("ACCEPT", accept).status == 202
    again = framework.offer()
    assert not [one for one in again["resources"] if "disk" in one]


def test_a_framework_whose_client_is_gone_is_removed_after_its_time(local: Local) -> None:
    framework = Framework(local.master, name="gone", failover_timeout=0)
    framework.stream.close()

    def completed() -> bool:
        told = json.loads(ask(local.master, "GET", "/frameworks").body)
        return framework.id in [one["id"] for one in told["completed_frameworks"]]

    wait_until(completed, lambda: "the framework is completed")
    again = {"framework_info": {"user": "root", "name": "gone", "id": {"value": framework.id}}}
    body = {"type": "SUBSCRIBE", "framework_id": {"value": framework.id}, "subscribe": again}
    with Stream(local.master, body, SCHEDULER) as stream:
        assert ends_with_an_error(stream)
