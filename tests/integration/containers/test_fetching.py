"""What a task's files are to it: there before it begins, or the reason that it never does."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests import dockerd
from tests.containerizers.fetcher.rig import tar
from tests.containerizers.fetcher.servers import WebServer, ok
from tests.integration.containers.hand import Household, docker
from tests.integration.masters import wait_until
from transport.records.command import CommandInfo
from transport.records.task_status import TaskState

URI = CommandInfo.URI


@pytest.mark.parametrize("kind", ["linux", "docker"])
def test_a_task_finds_its_files(kind: str, agent: Household, tmp_path: Path) -> None:
    (tmp_path / "tool").write_text('#!/bin/sh\ncat "$@"\n')
    container = docker(dockerd.busybox()) if kind == "docker" else None
    with WebServer({"/data.tgz": ok(tar(("in/data", b"found"), packing="gz"))}) as server:
        for name in ("one", "two"):
            wanted = (
                URI(value=f"file://{tmp_path}/tool", executable=True),
                URI(value=server.url("/data.tgz"), cache=True),
            )
            command = 'cd "$MESOS_SANDBOX" && test "$(./tool in/data)" = found'
            agent.run(f"fetch-{kind}-{name}", command, container, uris=wanted)
            agent.until(f"fetch-{kind}-{name}", TaskState.TASK_FINISHED)
        assert server.count("/data.tgz") == 1


def test_a_task_that_is_killed_while_its_files_come_is_killed(agent: Household) -> None:
    with WebServer({}) as server:

        def hang(_connection: socket.socket) -> None:
            server.over.wait(60.0)

        server.answers["/slow"] = hang
        agent.run("fetch-slow", "true", uris=[URI(value=server.url("/slow"))])
        wait_until(lambda: server.count("/slow"), lambda: "a download begins")
        agent.kill("fetch-slow")
        agent.until("fetch-slow", TaskState.TASK_KILLED)
