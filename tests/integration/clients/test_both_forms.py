"""The whole operator API in JSON and in protobuf: calls have equal results (mesos-protocol.md §4)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.clients.both_forms import FORMS, RECORDIO, Api, Forms
from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import Framework, scalar, task
from tests.integration.masters import wait_until
from transport.records import agent_call, agent_response, master_call, master_response
from transport.records.master_event import Event
from transport.records.process_io import ProcessIO

Asked = Callable[..., Any]
#: What differs from one call to the next by itself, wherever it stands.
_VOLATILE = ("resource_statistics", "mtime")

_READS = (
    *("GET_HEALTH", "GET_FLAGS", "GET_VERSION", "GET_LOGGING_LEVEL"),
    *("GET_STATE", "GET_FRAMEWORKS", "GET_EXECUTORS", "GET_OPERATIONS", "GET_TASKS"),
)
_MASTER_READS = (
    *_READS,
    *("GET_AGENTS", "GET_ROLES", "GET_WEIGHTS", "GET_MASTER", "GET_QUOTA"),
    *("GET_MAINTENANCE_STATUS", "GET_MAINTENANCE_SCHEDULE"),
)
_AGENT_READS = (*_READS, "GET_CONTAINERS", "GET_AGENT", "GET_RESOURCE_PROVIDERS")

_ROLE = "forms"
_MACHINE = {"hostname": "elsewhere", "ip": "10.9.8.7"}
_WINDOW = {"machine_ids": [_MACHINE], "unavailability": {"start": {"nanoseconds": 4_000_000_000_000_000_000}}}


def reserved(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {**scalar(name, value), "reservations": [{"type": "DYNAMIC", "role": _ROLE}], **more}


def volume(megabytes: float) -> dict[str, Any]:
    place = {"container_path": "data", "mode": "RW"}
    return reserved("disk", megabytes, disk={"persistence": {"id": "kept"}, "volume": place})


class Story:
    """What was asked, and what came of it."""

    def __init__(self, ask: Asked) -> None:
        self._ask = ask
        self.told: list[tuple[str, int, Any]] = []

    def __call__(self, kind: str, content: object = None, status: int = 200) -> Any:
        """Ask; the status must be that one."""
        found, answer = self._ask(kind, content)
        assert found == status, (kind, content, found, answer)
        self.told.append((kind, found, steady(answer) if kind != "GET_METRICS" else None))
        return answer

    @property
    def kinds(self) -> set[str]:
        return {kind for kind, _, _ in self.told}


def steady(value: Any) -> Any:
    """The same without what differs by itself."""
    if isinstance(value, dict):
        return {name: steady(inner) for name, inner in value.items() if name not in _VOLATILE}
    if isinstance(value, list):
        return [steady(inner) for inner in value]
    return value


def reads(ask: Story) -> None:
    for kind in _MASTER_READS:
        ask(kind)
    ask("GET_METRICS", {"timeout": {"nanoseconds": 5_000_000_000}})


def daemon(ask: Story, log: str) -> None:
    """What both daemons answer."""
    ask("SET_LOGGING_LEVEL", {"level": 0, "duration": {"nanoseconds": 1}})
    ask("LIST_FILES", {"path": log}, 200 if log == "/master/log" else 404)
    ask("READ_FILE", {"path": "/master/../etc/passwd", "offset": 0, "length": 9}, 400)
    ask("UNKNOWN", status=501)


def refusals(ask: Story) -> None:
    nobody = {"value": "nobody"}
    ask("TEARDOWN", {"framework_id": nobody}, 400)
    ask("MARK_AGENT_GONE", {"agent_id": nobody}, 404)
    ask("REMOVE_QUOTA", {"role": "nobody"}, 400)
    ask("DRAIN_AGENT", {"agent_id": nobody}, 400)
    ask("START_MAINTENANCE", {"machines": [_MACHINE]}, 400)


def settled(ask: Asked) -> None:
    """Wait until no operation is under way."""

    def none_pending() -> bool:
        found = ask("GET_OPERATIONS")[1]["get_operations"].get("operations", [])
        return all(one["latest_status"]["state"] != "OPERATION_PENDING" for one in found)

    wait_until(none_pending, lambda: f"operations end: {ask('GET_OPERATIONS')}")


def resources(ask: Story, unseen: Asked, agent: dict[str, str]) -> None:
    """Reserve, make a volume of it, and take all back."""
    kept = [reserved("disk", 64), reserved("cpus", 0.5)]
    steps: list[tuple[str, dict[str, Any]]] = [
        ("RESERVE_RESOURCES", {"resources": kept}),
        ("CREATE_VOLUMES", {"volumes": [volume(32)]}),
        ("GROW_VOLUME", {"volume": volume(32), "addition": reserved("disk", 16)}),
        ("SHRINK_VOLUME", {"volume": volume(48), "subtract": {"value": 16}}),
        ("DESTROY_VOLUMES", {"volumes": [volume(32)]}),
        ("UNRESERVE_RESOURCES", {"resources": kept}),
    ]
    for kind, content in steps:
        ask(kind, {"agent_id": agent, **content}, 202)
        settled(unseen)
        ask("GET_AGENTS")


def shares(ask: Story) -> None:
    """Weights and quotas."""
    for weight in (2.5, 1.0):
        ask("UPDATE_WEIGHTS", {"weight_infos": [{"role": _ROLE, "weight": weight}]})
        ask("GET_WEIGHTS")
    limits: dict[str, Any] = {"guarantees": {"cpus": {"value": 1}}, "limits": {"cpus": {"value": 2}}}
    for config in ({"role": _ROLE, **limits}, {"role": _ROLE}):
        ask("UPDATE_QUOTA", {"quota_configs": [config]})
        ask("GET_QUOTA")
        ask("GET_ROLES")
    ask("SET_QUOTA", {"quota_request": {"role": _ROLE, "guarantee": [scalar("cpus", 1)]}})
    ask("GET_QUOTA")
    ask("REMOVE_QUOTA", {"role": _ROLE})


def maintenance(ask: Story, unseen: Asked, agent: dict[str, str]) -> None:
    """A machine elsewhere, and this agent."""
    ask("UPDATE_MAINTENANCE_SCHEDULE", {"schedule": {"windows": [_WINDOW]}})
    for kind in ("START_MAINTENANCE", "STOP_MAINTENANCE"):
        ask(kind, {"machines": [_MACHINE]})
        ask("GET_MAINTENANCE_STATUS")
        ask("GET_MAINTENANCE_SCHEDULE")
    ask("UPDATE_MAINTENANCE_SCHEDULE", {"schedule": {}})
    ask("DEACTIVATE_AGENT", {"agent_id": agent})
    ask("GET_AGENTS")
    ask("REACTIVATE_AGENT", {"agent_id": agent})
    ask("DRAIN_AGENT", {"agent_id": agent, "max_grace_period": {"seconds": 5}})
    wait_until(lambda: "'DRAINED'" in repr(unseen("GET_AGENTS")), lambda: f"{unseen('GET_AGENTS')}")
    ask("REACTIVATE_AGENT", {"agent_id": agent})
    ask("REACTIVATE_AGENT", {"agent_id": agent}, 400)


def story_of_a_master(local: Local, forms: Forms) -> Story:
    api = Api(local.master, master_call.Call, master_response.Response, forms)
    ask = Story(api.ask)
    (agent,) = (one["agent_info"]["id"] for one in api.ask("GET_AGENTS")[1]["get_agents"]["agents"])
    reads(ask)
    daemon(ask, "/master/log")
    resources(ask, api.ask, agent)
    shares(ask)
    maintenance(ask, api.ask, agent)
    refusals(ask)
    first = next(api.stream("SUBSCRIBE", None, Event))
    ask.told.append(("SUBSCRIBE", 200, steady(first)))
    return ask


def test_each_call_to_a_master_has_the_same_result_in_both_forms(local: Local) -> None:
    with Framework(local.master, name="kept", failover_timeout=60) as framework:
        framework.accept(framework.offer(), [task("quick", "true")])
        framework.reaches("quick", "TASK_FINISHED")
        framework.call("SUPPRESS")
        story_of_a_master(local, FORMS[0])
        stories = [story_of_a_master(local, forms) for forms in FORMS]
    assert stories[0].kinds == {kind.value for kind in master_call.Call.Type}
    for story in stories[1:]:
        assert story.told == stories[0].told


@pytest.fixture
def parent(local: Local) -> Iterator[dict[str, Any]]:
    """A container for others to be in."""
    parent = {"value": str(uuid.uuid4())}
    api = Api(local.agent, agent_call.Call, agent_response.Response, FORMS[0])
    size = [scalar("cpus", 0.1), scalar("mem", 32)]
    content = {"container_id": parent, "command": {"value": "sleep 600"}, "resources": size}
    assert api.ask("LAUNCH_CONTAINER", content) == (200, "")
    yield parent
    assert api.ask("KILL_CONTAINER", {"container_id": parent})[0] == 200
    assert api.ask("WAIT_CONTAINER", {"container_id": parent})[0] == 200


def containers(ask: Story, parent: dict[str, Any]) -> None:
    """Containers that end, by themselves and not."""
    for nested in ("", "NESTED_"):
        inner = {"parent": parent} if nested else {}
        for command, ends in (("exit 3", False), ("sleep 600", True)):
            id_ = {"container_id": {"value": str(uuid.uuid4()), **inner}}
            # Nested ones are of their parent's.
            size = {} if nested else {"resources": [scalar("cpus", 0.1), scalar("mem", 32)]}
            ask(f"LAUNCH_{nested}CONTAINER", {**id_, "command": {"value": command}, **size})
            if ends:
                ask(f"KILL_{nested}CONTAINER", {**id_, "signal": 15})
            ask(f"WAIT_{nested}CONTAINER", id_)
            ask(f"REMOVE_{nested}CONTAINER", id_)
            ask(f"WAIT_{nested}CONTAINER", {"container_id": {"value": "nobody", **inner}}, 404)


def written(told: Iterator[Any]) -> bytes:
    """What a container wrote to its stdout."""
    data = (one["data"] for one in told if one["type"] == "DATA")
    return b"".join(base64.b64decode(one["data"]) for one in data if one["type"] == "STDOUT")


def conversation(api: Api[Any, Any], parent: dict[str, Any]) -> bytes:
    """What a container says to whom attached first, and then to its input."""
    id_ = {"container_id": {"value": str(uuid.uuid4()), "parent": parent}}
    session = api.stream(
        "LAUNCH_NESTED_CONTAINER_SESSION",
        {**id_, "command": {"value": "echo ready; cat"}},
        ProcessIO,
        RECORDIO,
    )
    said = written(iter([next(one for one in session if one["type"] == "DATA")]))
    beside = api.stream("ATTACH_CONTAINER_OUTPUT", id_, ProcessIO, RECORDIO)
    steps = [
        {"type": "PROCESS_IO", "process_io": {"type": "DATA", "data": {"type": "STDIN", "data": data}}}
        for data in (base64.b64encode(b"hello\n").decode(), "")
    ]
    status, text = api.send("ATTACH_CONTAINER_INPUT", {"type": "CONTAINER_ID", **id_}, *steps)
    assert status == 200, text
    said += written(session)
    del beside
    return said


def story_of_an_agent(local: Local, forms: Forms, parent: dict[str, Any]) -> Story:
    api = Api(local.agent, agent_call.Call, agent_response.Response, forms)
    ask = Story(api.ask)
    for kind in _AGENT_READS:
        ask(kind)
    ask("GET_METRICS", {})
    ask("GET_CONTAINERS", {"show_nested": True, "show_standalone": True})
    daemon(ask, "/nowhere")
    containers(ask, parent)
    provider = {"type": "org.example", "name": "disks"}
    for kind in ("ADD", "UPDATE"):
        ask(f"{kind}_RESOURCE_PROVIDER_CONFIG", {"info": provider}, 501)
    ask("REMOVE_RESOURCE_PROVIDER_CONFIG", provider, 501)
    ask("MARK_RESOURCE_PROVIDER_GONE", {"resource_provider_id": {"value": "x"}}, 501)
    ask("PRUNE_IMAGES", status=501)
    said = conversation(api, parent)
    for kind in ("LAUNCH_NESTED_CONTAINER_SESSION", "ATTACH_CONTAINER_OUTPUT", "ATTACH_CONTAINER_INPUT"):
        ask.told.append((kind, 200, said))
    return ask


def test_each_call_to_an_agent_has_the_same_result_in_both_forms(
    local: Local, parent: dict[str, Any]
) -> None:
    stories = [story_of_an_agent(local, forms, parent) for forms in FORMS]
    assert stories[0].kinds == {kind.value for kind in agent_call.Call.Type}
    assert stories[0].told[-1][2] == b"ready\nhello\n"
    for story in stories[1:]:
        assert story.told == stories[0].told
