"""`pion image` on a real dockerd: what it makes runs as a task."""

from __future__ import annotations

import contextlib
import os

import pytest

from actors.cli.pion import main
from tests import dockerd
from tests.integration.containers.hand import Household, docker
from transport.records.task_status import TaskState


def test_an_image_of_a_busybox_is_made_and_runs(agent: Household, capsys: pytest.CaptureFixture[str]) -> None:
    socket, name = dockerd.docker_socket(), f"pion-test/image:{os.getpid()}"
    assert main(("image", name, f"--docker_socket={socket}")) == 0
    assert capsys.readouterr().out.startswith(f"made {name}, sha256:")
    try:
        agent.run("image", "id -un; which httpd nc && test -w /tmp", docker(name))
        agent.until("image", TaskState.TASK_FINISHED)
        assert agent.house.stdout("image").startswith("root\n")
    finally:
        with contextlib.closing(dockerd.client(socket)) as client:
            client.remove_image(name, force=True)
