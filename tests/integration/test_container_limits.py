"""What containers have on the disk and which ports they listen on, enforced by a real agent."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.cli.children import Children
from tests.actors.agent.http.house import Client
from tests.actors.gateway.browser import fetch
from tests.integration.masters import wait_until
from tests.integration.one_agent import OneAgent
from transport.pid import Address

_ROOT = Path(__file__).parents[2]
_MIB = 2**20
_ISOLATION = "posix/cpu,posix/mem,disk/du,network/ports"
_FLAGS = (
    f"--isolation={_ISOLATION}",
    "--enforce_container_disk_quota",
    "--container_disk_watch_interval=300ms",
    "--enforce_container_ports",
    "--container_ports_watch_interval=300ms",
)
_LISTEN = (
    "import signal, socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
    "s.bind(('127.0.0.1', {port})); s.listen(); signal.pause()"
)


class Enforcing(OneAgent):
    """Its agent ends containers that use more than they may, and offers ports that no other test uses."""

    resources = "cpus:100;mem:100000;disk:1000;ports:[31250-31259]"

    def start(self, reregistration_seconds: int = 15, *flags: str) -> None:
        super().start(reregistration_seconds, *_FLAGS, *flags)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneAgent]:
    with Children(tmp_path_factory.mktemp("agent")) as children:
        running = Enforcing(children, tmp_path_factory.mktemp("cluster"))
        try:
            yield running
        finally:
            running.empty()


def task(name: str, command: str, **resources: object) -> dict[str, Any]:
    each: list[dict[str, Any]] = [
        {"name": kind, "type": "SCALAR", "scalar": {"value": amount}}
        for kind, amount in ({"cpus": 0.1, "mem": 32} | resources).items()
        if kind != "ports"
    ]
    if "ports" in resources:
        begin = resources["ports"]
        ports = {"range": [{"begin": begin, "end": begin}]}
        each.append({"name": "ports", "type": "RANGES", "ranges": ports})
    return {
        "name": name,
        "task_id": {"value": name},
        "agent_id": {"value": ""},
        "resources": each,
        "command": {"value": command},
    }


@contextlib.contextmanager
def executing(cluster: OneAgent, what: dict[str, Any], *flags: str) -> Iterator[subprocess.Popen[str]]:
    """A framework that runs a task, and ends with it or with the `with` block."""
    command = (sys.executable, "-m", "actors.cli.pion", "execute", f"--master={cluster.master}")
    with subprocess.Popen(
        (*command, "--checkpoint", f"--task={json.dumps(what)}", *flags),
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as framework:
        try:
            yield framework
        finally:
            framework.terminate()


def end_of(cluster: OneAgent, what: dict[str, Any], *flags: str) -> str:
    """What the framework prints of the last that it hears of a task."""
    with executing(cluster, what, *flags) as framework:
        return framework.communicate(timeout=60)[0].rpartition("Received status update ")[2]


def ask_master(cluster: OneAgent, path: str, call: object = None) -> Any:
    method, body = ("GET", None) if call is None else ("POST", json.dumps(call).encode())
    answer = fetch(Address.parse(cluster.master), path, method, body, {"Content-Type": "application/json"})
    assert answer.status in (200, 202), answer.body
    return json.loads(answer.body or b"null")


def get(cluster: OneAgent, path: str) -> Any:
    status, found = Client(Address("127.0.0.1", cluster.port)).get(path)
    assert status == 200
    return found


def test_a_task_with_more_on_the_disk_than_its_quota_fails_with_the_reason(cluster: OneAgent) -> None:
    told = end_of(cluster, task("hog", "head -c 12M /dev/zero > big; exec sleep 1000", disk=10))
    assert told.startswith("TASK_FAILED for task 'hog'")
    assert re.search(r"message: 'Disk usage \(12\d\d\dKB\) exceeds quota \(10MB\)'", told)
    assert "reason: REASON_CONTAINER_LIMITATION_DISK\n" in told


def test_a_persistent_volume_has_a_quota_of_its_own(cluster: OneAgent) -> None:
    (agent,) = ask_master(cluster, "/slaves")["slaves"]
    reservations = [{"type": "DYNAMIC", "role": "web", "principal": "p"}]
    disk = {"name": "disk", "type": "SCALAR", "scalar": {"value": 8}, "reservations": reservations}
    persistence = {"id": "data", "principal": "p"}
    volume = {
        **disk,
        "disk": {"persistence": persistence, "volume": {"container_path": "data", "mode": "RW"}},
    }
    for kind, what in (
        ("RESERVE_RESOURCES", {"resources": [disk]}),
        ("CREATE_VOLUMES", {"volumes": [volume]}),
    ):
        ask_master(
            cluster, "/api/v1", {"type": kind, kind.lower(): {"agent_id": {"value": agent["id"]}, **what}}
        )
    hog = task("filler", "head -c 9M /dev/zero > data/big; exec sleep 1000", disk=10)
    hog["resources"].append(volume)
    told = end_of(cluster, hog, "--role=web", "--principal=p")
    assert re.search(r"message: 'Disk usage \(92\d\dKB\) exceeds quota \(8MB\)'", told)
    assert "reason: REASON_CONTAINER_LIMITATION_DISK\n" in told


def test_what_a_task_has_on_the_disk_is_told_among_its_statistics(cluster: OneAgent) -> None:
    def told() -> list[Any]:
        found = [one["statistics"] for one in get(cluster, "/monitor/statistics")]
        return [one for one in found if one.get("disk_used_bytes", 0) >= 4 * _MIB]

    with executing(cluster, task("modest", "head -c 4M /dev/zero > some; exec sleep 1000", disk=10)):
        wait_until(told, lambda: "the sandbox is counted")
        (statistics,) = told()
    assert statistics["disk_limit_bytes"] == 10 * _MIB
    used = statistics["disk_used_bytes"]
    assert statistics["disk_statistics"] == [{"limit_bytes": 10 * _MIB, "used_bytes": used}]


def test_a_task_that_listens_on_a_port_of_others_fails_with_the_reason(cluster: OneAgent) -> None:
    listen = f'exec {sys.executable} -c "{_LISTEN.format(port=31255)}"'
    told = end_of(cluster, task("intruder", listen, ports=31250))
    assert told.startswith("TASK_FAILED for task 'intruder'")
    assert "is listening on unallocated port(s): [31255-31255]'" in told
    assert "reason: REASON_CONTAINER_LIMITATION\n" in told
    assert get(cluster, "/metrics/snapshot")["containerizer/ports/unallocated_found"] >= 1


def test_an_offered_port_that_something_else_took_is_counted(cluster: OneAgent) -> None:
    def taken(ports: int) -> bool:
        return bool(get(cluster, "/metrics/snapshot").get("containerizer/ports/offered_taken") == ports)

    wait_until(lambda: taken(0), lambda: "no port is taken")
    with socket.create_server(("127.0.0.1", 31256)):
        wait_until(lambda: taken(1), lambda: "a port is taken")
    wait_until(lambda: taken(0), lambda: "no port is taken any more")
