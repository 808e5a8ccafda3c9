"""Containers of operators on a real agent: within tasks of frameworks, and across a restart."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.executor import whereabouts
from tests.actors.agent.http import calls
from tests.actors.agent.http.house import Client, Input
from tests.integration.masters import wait_until
from tests.integration.one_agent import OneAgent, one_agent
from transport.pid import Address
from transport.records.agent_call import Call
from transport.records.agent_response import Response

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneAgent]:
    with one_agent(tmp_path_factory.mktemp("agent")) as running:
        yield running


class Execution:
    """A framework of its own that runs one thing, and ends with the `with` block."""

    def __init__(self, cluster: OneAgent, kind: str, what: object) -> None:
        command = (sys.executable, "-m", "actors.cli.pion", "execute", f"--master={cluster.master}")
        self._process = subprocess.Popen(
            (*command, "--checkpoint", f"--{kind}={json.dumps(what)}"), cwd=_ROOT, stdout=subprocess.DEVNULL
        )

    def __enter__(self) -> None:
        """It goes on."""

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def task(name: str, command: str, **others: Any) -> dict[str, Any]:
    resources = [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}}]
    return {
        "name": name,
        "task_id": {"value": name},
        "agent_id": {"value": ""},
        "resources": resources,
        "command": {"value": command},
        **others,
    }


def client(cluster: OneAgent) -> Client:
    return Client(Address("127.0.0.1", cluster.port))


def listed(agent: Client) -> list[str]:
    """The ids of all containers."""
    status, _ = agent.post(Call(type=Call.Type.GET_STATE))
    if status != 200:
        return []
    answer = agent.ask(calls.containers(nested=True, standalone=True)).get_containers
    assert answer is not None
    return [calls.text(one.container_id) for one in answer.containers]


def container_of(agent: Client, executor_id: str) -> str:
    """The container of an executor, once its tasks run."""
    found: list[str] = []

    def look() -> bool:
        status, state = agent.get("/state")
        for framework in state["frameworks"] if status == 200 else ():
            for executor in framework["executors"]:
                if executor["id"] == executor_id and executor["tasks"]:
                    running = all(one["state"] == "TASK_RUNNING" for one in executor["tasks"])
                    found[:] = [executor["container"]] if running else []
        return bool(found)

    wait_until(look, lambda: f"{executor_id} runs its tasks")
    return found[0]


def ended(agent: Client, container_id: str) -> Response.WaitContainer:
    answer = agent.ask(calls.wait(container_id)).wait_container
    assert answer is not None
    return answer


def test_containers_go_on_while_the_agent_is_restarted_and_sessions_end(cluster: OneAgent) -> None:
    agent = client(cluster)
    terminal = {"type": "MESOS", "tty_info": {"window_size": {"rows": 30, "columns": 90}}}
    script = "stty size; while read line; do echo got $line; done"
    with Execution(cluster, "task", task("talks", script, container=terminal)):
        parent = container_of(agent, "talks")
        inner, session = f"{parent}.inner", f"{parent}.session"
        assert agent.post(calls.launch(inner, "pwd; sleep 1000"))[0] == 200
        assert agent.post(calls.launch("alone", "pwd; sleep 1000"))[0] == 200
        with agent.stream(calls.session(session, "echo begun; sleep 1000")) as stream:
            stream.read_until(b"begun")
            assert sorted(listed(agent)) == sorted([parent, inner, session, "alone"])
            cluster.restart()
        left = sorted([parent, inner, "alone"])
        wait_until(lambda: sorted(listed(agent)) == left, lambda: f"these are left: {left}, {listed(agent)}")
        assert ended(agent, session).exit_status == signal.SIGKILL

        with agent.stream(calls.attach_output(parent)) as stream, Input(agent.address) as given:
            given.attach(parent)
            given.write(b"me\n")
            stream.read_until(b"got me")
            assert given.end() == (200, b"")
        (sandbox,) = cluster.sandboxes("talks")
        assert (sandbox / "stdout").read_bytes().startswith(b"30 90\r\n")
        assert (sandbox / "containers/inner/stdout").read_text() == f"{sandbox}/containers/inner\n"
        for name in (inner, "alone"):
            assert agent.post(calls.kill(name, signal.SIGTERM))[0] == 200
            assert ended(agent, name).exit_status == signal.SIGTERM
        assert agent.post(calls.remove("alone"))[0] == 200
        assert not (cluster.folder / "agent/containers/alone").exists()
    wait_until(lambda: parent not in listed(agent), lambda: "the task ended with its framework")
    assert agent.post(calls.wait(inner))[0] == 404


def test_when_the_executor_node_is_killed_all_goes_on_but_what_operators_had_in_tasks(
    cluster: OneAgent,
) -> None:
    agent = client(cluster)
    with Execution(cluster, "task", task("stays", "sleep 1000")):
        parent = container_of(agent, "stays")
        for name in (f"{parent}.inner", "alone"):
            assert agent.post(calls.launch(name, "sleep 1000"))[0] == 200
        with agent.stream(calls.session(f"{parent}.session", "echo begun; sleep 1000")) as stream:
            stream.read_until(b"begun")
            node = whereabouts.process(cluster.folder / "run")
            assert node is not None
            os.kill(node, signal.SIGKILL)
            with pytest.raises((ConnectionError, http.client.IncompleteRead)):
                stream.output()
        left = sorted([parent, "alone"])
        wait_until(lambda: sorted(listed(agent)) == left, lambda: f"these are left: {left}, {listed(agent)}")
        assert agent.post(calls.kill("alone", signal.SIGTERM))[0] == 200
        wait_until(lambda: listed(agent) == [parent], lambda: f"only the task is left: {listed(agent)}")
        again = f"{parent}.again"
        wait_until(lambda: agent.post(calls.launch(again, "true"))[0] in (200, 202), lambda: "it is launched")
        assert ended(agent, again).exit_status == 0
        with agent.stream(calls.session(f"{parent}.anew", "echo begun")) as stream:
            assert stream.output() == (b"begun\n", b"")


def test_a_session_within_a_task_of_a_group_is_where_that_task_is(cluster: OneAgent) -> None:
    agent = client(cluster)
    environment = {"variables": [{"name": "COLOUR", "value": "blue"}]}
    command = {"value": "sleep 1000", "environment": environment}
    group = {"tasks": [{**task("pod", ""), "command": command}]}
    with Execution(cluster, "task_group", group):
        executor_id = wait_for_group(agent)
        parent = container_of(agent, executor_id)
        (inner,) = [one for one in listed(agent) if one.startswith(f"{parent}.")]
        with agent.stream(calls.session(f"{inner}.shell", "pwd; echo $COLOUR")) as stream:
            directory, colour = stream.output()[0].decode().splitlines()
        (sandbox,) = cluster.sandboxes(executor_id)
        assert directory == f"{sandbox}/containers/{inner.rpartition('.')[2]}"
        assert colour == "blue"
        assert ended(agent, f"{inner}.shell").exit_status == 0
        assert agent.post(calls.launch(f"{parent}.beside", "sleep 1000"))[0] == 200
        assert f"{parent}.beside" in listed(agent)
    wait_until(lambda: not listed(agent), lambda: f"all ended with the framework: {listed(agent)}")


def wait_for_group(agent: Client) -> str:
    """The id of the executor that runs the task `pod`."""
    found: list[str] = []

    def look() -> bool:
        frameworks = agent.get("/state")[1]["frameworks"]
        found[:] = [
            executor["id"]
            for framework in frameworks
            for executor in framework["executors"]
            if any(one["id"] == "pod" for one in executor["tasks"])
        ]
        return bool(found)

    wait_until(look, lambda: "the group is there")
    return found[0]
