from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from actors.agent.http import reads, state_v0
from tests.actors.agent.http import calls
from tests.actors.agent.http.house import TASK, House, house
from tests.actors.agent.http.readings import agent_read, executor
from transport.http.exchange import Request, show
from transport.messages.containing import ContainersMeasured, ContainerUsage, ListedContainer

STATE = {
    "version": str,
    "build_date": str,
    "build_time": float,
    "build_user": str,
    "start_time": float,
    "id": str,
    "pid": str,
    "hostname": str,
    "capabilities": list,
    "resources": dict,
    "reserved_resources": dict,
    "unreserved_resources": dict,
    "reserved_resources_full": dict,
    "unreserved_resources_full": list,
    "reserved_resources_allocated": dict,
    "unreserved_resources_allocated": dict,
    "resource_providers": list,
    "attributes": dict,
    "master_hostname": str,
    "flags": dict,
    "frameworks": list,
    "completed_frameworks": list,
}
FRAMEWORK = {
    "id": str,
    "name": str,
    "user": str,
    "failover_timeout": float,
    "checkpoint": bool,
    "hostname": str,
    "principal": str,
    "role": str,
    "executors": list,
    "completed_executors": list,
}
EXECUTOR = {
    "id": str,
    "name": str,
    "source": str,
    "container": str,
    "directory": str,
    "resources": dict,
    "role": str,
    "tasks": list,
    "queued_tasks": list,
    "completed_tasks": list,
}
QUEUED = {"id": str, "name": str, "slave_id": str, "resources": dict, "role": str, "command": dict}
STATISTICS = {
    "timestamp": float,
    "processes": int,
    "threads": int,
    "cpus_user_time_secs": float,
    "cpus_system_time_secs": float,
    "cpus_limit": float,
    "mem_limit_bytes": int,
    "mem_rss_bytes": int,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file."""
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def as_told(value: object) -> Any:
    """As a client reads it."""
    body = show(Request(method="GET", target="/"), value).body
    assert isinstance(body, bytes)
    return json.loads(body)


def state() -> Any:
    return as_told(
        state_v0.state(agent_read("container-1", "/sandbox", None), "10.0.0.9", {"ip": "10.0.0.9"})
    )


def kinds(value: dict[str, object]) -> dict[str, type]:
    return {name: type(one) for name, one in value.items()}


def test_the_state_has_the_keys_and_types_of_mesos() -> None:
    found = state()
    assert kinds(found) == STATE
    (framework,) = found["frameworks"]
    assert kinds(framework) == FRAMEWORK
    (executor,) = framework["executors"]
    assert kinds(executor) == EXECUTOR
    (queued,) = executor["queued_tasks"]
    assert kinds(queued) == QUEUED


def test_the_state_tells_where_the_agent_is_and_what_it_has() -> None:
    found = state()
    assert (found["pid"], found["id"]) == ("slave(1)@10.0.0.9:5051", "agent-1")
    assert (found["hostname"], found["master_hostname"]) == ("host", "10.0.0.1")
    assert found["attributes"] == {"rack": "a"}
    assert found["resources"] == {
        "cpus": 4.0,
        "gpus": 0.0,
        "mem": 1024.0,
        "disk": 64.0,
        "ports": "[31000-31009]",
    }
    assert found["reserved_resources"] == {"web": {"cpus": 0.0, "gpus": 0.0, "mem": 0.0, "disk": 64.0}}
    assert found["unreserved_resources"]["disk"] == 0.0
    assert found["unreserved_resources_allocated"] == {"cpus": 0.2, "gpus": 0.0, "mem": 64.0, "disk": 0.0}
    assert [one["name"] for one in found["reserved_resources_full"]["web"]] == ["disk"]


def test_an_executor_is_shown_with_its_sandbox_and_with_what_its_tasks_were_given() -> None:
    found = state()["frameworks"][0]["executors"][0]
    assert (found["container"], found["directory"]) == ("container-1", "/sandbox")
    assert found["resources"] == {"cpus": 0.3, "gpus": 0.0, "mem": 96.0, "disk": 0.0}
    assert [one["id"] for one in found["tasks"]] == ["now"]
    assert [one["id"] for one in found["queued_tasks"]] == ["late"]
    assert [one["id"] for one in found["completed_tasks"]] == ["past", "gone"]
    assert found["tasks"][0]["labels"] == [{"key": "tier", "value": "web"}]


def test_what_is_over_is_shown_apart() -> None:
    found = state()
    assert [one["id"] for one in found["frameworks"][0]["completed_executors"]] == ["zero"]
    assert [one["name"] for one in found["completed_frameworks"]] == ["other"]


def test_what_a_container_uses_is_what_all_in_it_use_together() -> None:
    read = agent_read("container-1", "/sandbox", None)
    usages = {
        "container-1": ContainerUsage(process=7, processes=1, threads=2, user_seconds=1.0, memory_bytes=10),
        "container-1.a": ContainerUsage(
            process=8, processes=3, threads=3, system_seconds=0.5, memory_bytes=5
        ),
        "container-10": ContainerUsage(process=9, processes=1, threads=1),
    }
    (container,) = reads.containers(read, ContainersMeasured(usages, 12.5), "10.0.0.9")
    found = as_told(state_v0.statistics(container, "source"))
    assert kinds(found["statistics"]) == STATISTICS
    assert found == {
        "executor_id": "one",
        "executor_name": "Command Executor (one)",
        "framework_id": "framework-1",
        "source": "source",
        "statistics": {
            "timestamp": 12.5,
            "processes": 4,
            "threads": 5,
            "cpus_user_time_secs": 1.0,
            "cpus_system_time_secs": 0.5,
            "cpus_limit": 0.3,
            "mem_limit_bytes": 96 * 2**20,
            "mem_rss_bytes": 15,
        },
    }


def test_containers_are_listed_and_chosen(home: House) -> None:
    status, found = home.get("/containers")
    assert status == 200
    (container,) = found
    assert container["container_id"] == TASK
    assert container["status"] == {
        "container_id": {"value": TASK},
        "executor_pid": home.executor.process,
    }
    assert container["statistics"]["mem_rss_bytes"] > 0
    assert home.get(f"/containers?container_id={TASK}&framework_id=framework-1")[1] != []
    assert home.get("/containers?container_id=other") == (200, [])
    assert home.get("/containers.json")[0] == 200


def test_statistics_are_told_and_wrapped_if_that_is_wanted(home: House) -> None:
    status, found = home.get("/monitor/statistics.json")
    assert (status, [one["executor_id"] for one in found]) == (200, ["one"])
    assert kinds(found[0]["statistics"]) == STATISTICS
    status, text = home.get("/monitor/statistics?jsonp=show")
    assert (status, text.startswith("show([{")) == (200, True)
    assert home.get("/state?jsonp=a(b")[0] == 400


def test_nested_and_standalone_containers_are_listed_if_that_is_wanted(home: House) -> None:
    for call in (
        calls.launch_nested(f"{TASK}.inner", "exec sleep 1000"),
        calls.launch("alone", "exec sleep 1000"),
    ):
        assert home.post(call)[0] == 200
    assert [one["container_id"] for one in home.get("/containers")[1]] == [TASK]
    nested = home.get("/containers?show_nested=true")[1]
    assert [one["container_id"] for one in nested] == [TASK, "inner"]
    assert nested[1]["status"]["container_id"]["parent"] == {"value": TASK}
    assert (nested[1]["executor_id"], nested[1]["statistics"]["processes"]) == ("one", 1)
    every = home.get("/containers?show_nested=true&show_standalone=true")[1]
    assert [one["container_id"] for one in every] == [TASK, "inner", "alone"]
    assert "executor_id" not in every[2]
    assert home.get("/containers?show_standalone=true&framework_id=other") == (200, [])


def test_operations_that_are_under_way_are_told(home: House) -> None:
    assert home.get("/containerizer/debug") == (200, {"pending": []})
    listed = (
        ListedContainer(container_id="begins", is_launching=True),
        ListedContainer(container_id="runs", process=7),
        ListedContainer(container_id="runs.ends", process=8, is_ending=True),
        ListedContainer(container_id="group"),
    )
    read = agent_read(TASK, "/sandbox", None)
    (framework,) = read.frameworks
    starting = (executor("two", "starts", starts=True),)
    read = replace(read, frameworks=(replace(framework, executors=starting),))
    assert as_told(state_v0.pending(read, listed)) == {
        "pending": [
            {"operation": "launch", "args": {"containerId": {"value": "starts"}}},
            {"operation": "launch", "args": {"containerId": {"value": "begins"}}},
            {"operation": "destroy", "args": {"containerId": {"value": "ends", "parent": {"value": "runs"}}}},
        ]
    }
