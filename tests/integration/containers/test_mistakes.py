"""Tasks that cannot be: each fails with a word on why, and nothing of it stays."""

from __future__ import annotations

import gzip
import io
import socket
import tarfile
from pathlib import Path

import pytest

from tests import dockerd
from tests.integration.containers.hand import Household, docker
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.task_status import TaskState, TaskStatus

_MEBIBYTE = 2**20


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("missing", "pion-test/none-of-that-name:1", "pion-test/none-of-that-name"),
        ("bad", "--privileged", "image"),
        ("worse", "a b;$(id)", "image"),
    ],
)
def test_an_image_that_cannot_be_had_is_told(name: str, image: str, words: str, agent: Household) -> None:
    agent.run(f"image-{name}", "true", docker(image))
    status = agent.until(f"image-{name}", TaskState.TASK_FAILED)
    assert words in (status.message or ""), status
    assert status.reason is TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED


def test_a_port_that_is_taken_is_told(agent: Household) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port = next(port for port in range(31000, 31100) if _bind(taken, port))
        taken.listen()
        mapping = ContainerInfo.DockerInfo.PortMapping(host_port=port, container_port=80)
        bridge = docker(dockerd.busybox(), bridge=(mapping,))
        agent.run("port", "sleep 1000", bridge, f"cpus:0.1;mem:64;ports:[{port}-{port}]")
        status = agent.until("port", TaskState.TASK_FAILED)
    assert "address already in use" in (status.message or ""), status


def _bind(one: socket.socket, port: int) -> bool:
    try:
        one.bind(("0.0.0.0", port))  # noqa: S104  as Docker would
    except OSError:
        return False
    return True


@pytest.mark.parametrize("kind", ["linux", "docker"])
def test_an_archive_that_grows_without_measure_is_stopped(
    kind: str, agent: Household, tmp_path: Path
) -> None:
    bomb = tmp_path / f"{kind}.tar.gz"
    bomb.write_bytes(_bomb(2**40))
    container = docker(dockerd.busybox()) if kind == "docker" else None
    agent.run(f"bomb-{kind}", "true", container, uris=[CommandInfo.URI(value=str(bomb))])
    status = agent.until(f"bomb-{kind}", TaskState.TASK_FAILED)
    assert status.reason is TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED, status
    assert bomb.name in (status.message or ""), status


def _bomb(size_bytes: int) -> bytes:
    """The begin of a tar file with one file of zeros, which are there for half a gigabyte."""
    entry = tarfile.TarInfo("zeros")
    entry.size = size_bytes
    zeros = gzip.compress(bytes(16 * _MEBIBYTE), compresslevel=1)
    head = io.BytesIO(entry.tobuf())
    return gzip.compress(head.getvalue()) + zeros * 32
