"""The session that the golden files were recorded from, on a cluster of ours (see the README beside them)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import Event, Framework, task
from tests.integration.clients.speech import ask, call
from tests.integration.masters import wait_until
from transport.pid import Address

_NAME = "golden"
_INFO = {
    "name": _NAME,
    "role": "*",
    "checkpoint": True,
    "failover_timeout": 60,
    "principal": "gold",
    "webui_url": "http://example.org/golden",
    "labels": {"labels": [{"key": "k", "value": "v"}]},
}
_PORT = {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 31000}]}}
_DISCOVERY = {
    "visibility": "EXTERNAL",
    "name": "web",
    "environment": "prod",
    "ports": {"ports": [{"number": 8080, "name": "http", "protocol": "tcp"}]},
}
_HEALTH_CHECK = {
    "type": "COMMAND",
    "command": {"value": "true"},
    "delay_seconds": 0,
    "interval_seconds": 5,
    "grace_period_seconds": 0,
}

_COMPLETED = 4

Recording = dict[str, Any]


def record(local: Local, wanted: list[str]) -> Recording:
    """What our daemons answer, under the names of the golden files; `wanted` are those."""
    with Framework(local.master, **_INFO) as framework:
        made = _session(framework)
        directory = _settled(local, framework)
        made["v1-master/LIST_FILES"] = _v1(local.master, "LIST_FILES", {"path": "/master/log"})
        content = {"path": "/master/log", "offset": 0, "length": 100}
        made["v1-master/READ_FILE"] = _v1(local.master, "READ_FILE", content)
        made["v1-agent/LIST_FILES"] = _v1(local.agent, "LIST_FILES", {"path": directory})
        content = {"path": f"{directory}/stdout", "offset": 0, "length": 100}
        made["v1-agent/READ_FILE"] = _v1(local.agent, "READ_FILE", content)
        for name in wanted:
            if name not in made and not name.startswith("stream/"):
                made[name] = _answer(local, name)
    return {**made, **_curl(local)}


def _tasks() -> list[Event]:
    run = task("golden-run", "echo hello; sleep 600", discovery=_DISCOVERY)
    run["resources"].append(_PORT)
    run["labels"] = {"labels": [{"key": "tier", "value": "web"}]}
    env = task("golden-env", "env | sort; sleep 0.1")
    env["command"]["environment"] = {"variables": [{"name": "FOO", "value": "bar"}]}
    return [
        run,
        task("golden-health", "sleep 600", health_check=_HEALTH_CHECK),
        env,
        task("golden-fail", "exit 3"),
        task("golden-kill", "sleep 600"),
        task("golden-ok", "true"),
    ]


def _session(framework: Framework) -> Recording:
    """Run the tasks; returns the events."""
    offered = framework.next("OFFERS")
    assert framework.accept(offered["offers"]["offers"][0], _tasks()).status == 202
    framework.reaches("golden-kill", "TASK_RUNNING")
    assert framework.call("KILL", {"task_id": {"value": "golden-kill"}}).status == 202
    ends = {"golden-env": "TASK_FINISHED", "golden-fail": "TASK_FAILED", "golden-kill": "TASK_KILLED"}
    for name, state in {**ends, "golden-ok": "TASK_FINISHED", "golden-run": "TASK_RUNNING"}.items():
        framework.reaches(name, state)
    if not any("healthy" in status for status in framework.statuses("golden-health")):
        framework.take(lambda event: event["type"] == "UPDATE" and "healthy" in event["update"]["status"])
    _one_offer(framework)
    told = {"updates/offer_event": offered}
    for event in framework.events:
        if event["type"] == "UPDATE":
            status = event["update"]["status"]
            name = f"updates/update_{status['task_id']['value']}_{status['state']}"
            told[name + ("_healthy" if "healthy" in status else "")] = event
    return told


def _one_offer(framework: Framework) -> None:
    """Give back what was offered in parts, until all of it is offered as one."""

    def offered() -> bool:
        events = (event for event in framework.events if event["type"] == "OFFERS")
        offers = [offer["id"] for event in events for offer in event["offers"]["offers"]]
        framework.call("DECLINE", {"offer_ids": offers, "filters": {"refuse_seconds": 0}})
        framework.take(lambda event: event["type"] == "OFFERS" and "ports" in repr(event))
        (mine,) = _v0(framework.master, f"frameworks?framework_id={framework.id}")["frameworks"]
        return len(mine["offers"]) == 1

    wait_until(offered, lambda: "one offer of all that is free")


def _settled(local: Local, framework: Framework) -> str:
    """Wait until all know what has ended; returns the sandbox of `golden-run`."""
    (told,) = (one for one in _v0(local.master, "frameworks")["frameworks"] if one["id"] == framework.id)

    def ended() -> bool:
        known = _v0(local.agent, "state")["frameworks"]
        mine = [one for one in known if one["id"] == framework.id]
        master = _v0(local.master, "frameworks")["frameworks"]
        theirs = [one for one in master if one["id"] == framework.id]
        return all(
            [
                sum(len(one["completed_executors"]) for one in mine) == _COMPLETED,
                sum(len(one["completed_tasks"]) for one in theirs) == _COMPLETED,
            ]
        )

    wait_until(ended, lambda: f"four tasks are completed: {told}")
    for one in _v0(local.agent, "state")["frameworks"]:
        for executor in one["executors"]:
            if executor["id"] == "golden-run":
                return str(executor["directory"])
    raise AssertionError("the agent does not know golden-run")


def _answer(local: Local, name: str) -> Any:
    folder, _, leaf = name.partition("/")
    address = local.agent if folder.endswith("agent") else local.master
    if folder.startswith("v1"):
        return _v1(address, leaf, {} if leaf == "GET_METRICS" else None)
    if leaf == "health.body":
        return ask(address, "GET", "/health").body.decode()
    path = leaf if leaf in ("state-summary",) else leaf.replace("_", "/")
    return _v0(address, {"registrar/registry": "registrar(1)/registry"}.get(path, path))


def _v0(address: Address, path: str) -> Any:
    answer = ask(address, "GET", f"/{quote(path, safe='/?=')}")
    return json.loads(answer.body) if answer.status == 200 else answer.text


def _v1(address: Address, kind: str, content: object = None) -> Any:
    body = {"type": kind} if content is None else {"type": kind, kind.lower(): content}
    answer = call(address, body)
    return json.loads(answer.body) if answer.status == 200 else answer.text


def _curl(local: Local) -> Recording:
    """The session of `stream/`."""
    made: Recording = {}
    with Framework(local.master, name="curl-golden", role="*") as framework:
        made["stream/subscribe.response"] = dict(framework.stream.response.getheaders())
        offer = framework.offer()
        made["stream/accept.response"] = framework.accept(offer, [task("sleep1", "sleep 0.1")])
        for state in ("TASK_RUNNING", "TASK_FINISHED"):
            framework.reaches("sleep1", state)
        again = framework.offer()
        made["stream/decline.response"] = framework.call(
            "DECLINE", {"offer_ids": [again["id"]], "filters": {"refuse_seconds": 5.0}}
        )
        made["stream/reconcile.response"] = framework.call("RECONCILE", {"tasks": []})
        made["stream/suppress.response"] = framework.call("SUPPRESS")
        made["stream/revive.response"] = framework.call("REVIVE")
        made["stream/stream.events"] = framework.events
        made["stream/teardown.response"] = framework.call("TEARDOWN")
    return made
