"""The yardsticks: Docker's command, Docker's SDK in eight threads, and runc, without Pion."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker

from tests import dockerd

_DEADLINE_SECONDS = 120.0
_numbers = itertools.count()
#: Given to every container here, so that all can be found.
_LABEL = "pion.benchmark"


def docker_run(socket: str, image: str, *command: str) -> float:
    """Seconds that `docker run -d` takes, in the network of the host; the container is removed."""
    words = ("docker", f"--host=unix://{socket}", "run", "--detach", "--network=host", image, *command)
    begin = time.perf_counter()
    ran = subprocess.run(words, check=True, capture_output=True, text=True, timeout=_DEADLINE_SECONDS)
    seconds = time.perf_counter() - begin
    with contextlib.closing(dockerd.client(socket)) as client:
        client.remove_container(ran.stdout.strip(), force=True)
    return seconds


def remove_containers(socket: str, image: str) -> None:
    """Remove what is left of an image's containers, which an agent keeps for a while."""
    with contextlib.closing(dockerd.client(socket)) as client:
        for container in client.containers(all=True, filters={"ancestor": image}):
            # Somebody may be about to do the same.
            with contextlib.suppress(docker.errors.APIError):
                client.remove_container(container["Id"], force=True)


class Threads:
    """Creates and starts containers by the SDK, each thread with a client of its own."""

    def __init__(self, socket: str, image: str, threads: int = 8) -> None:
        self._socket = socket
        self._image = image
        self._threads = threads

    def rate(self, containers: int, *command: str) -> float:
        """Containers started a second; they are removed."""
        shares = [len(range(number, containers, self._threads)) for number in range(self._threads)]
        with ThreadPoolExecutor(self._threads) as pool:
            begin = time.perf_counter()
            ids = [one for ids in pool.map(lambda share: self._start(share, command), shares) for one in ids]
            seconds = time.perf_counter() - begin
        with contextlib.closing(dockerd.client(self._socket)) as client:
            for container in ids:
                client.remove_container(container, force=True)
        return len(ids) / seconds

    def _start(self, containers: int, command: tuple[str, ...]) -> list[str]:
        made = []
        with contextlib.closing(dockerd.client(self._socket)) as client:
            host: Any = client.create_host_config(network_mode="host")
            for _ in range(containers):
                created = client.create_container(
                    self._image, list(command), host_config=host, labels={_LABEL: "bare"}
                )
                client.start(created["Id"])
                made.append(created["Id"])
        return made


class Runc:
    """A bundle of a busybox that is run with namespaces for processes and mounts, and control groups."""

    def __init__(self, folder: Path) -> None:
        self._bundle = folder / "bundle"
        self._state = folder / "state"
        self._group = f"/pion-benchmark-{folder.name}"

    def __enter__(self) -> Self:
        root = self._bundle / "rootfs"
        root.mkdir(parents=True)
        # A tar file that tests make themselves.
        subprocess.run(["tar", "-x", "-C", root], input=dockerd.busybox_root(), check=True)
        subprocess.run(["runc", "spec", f"--bundle={self._bundle}"], check=True)
        path = self._bundle / "config.json"
        spec = json.loads(path.read_text())
        spec["process"] |= {"terminal": False, "args": ["true"]}
        spec["linux"] |= {
            "namespaces": [{"type": "pid"}, {"type": "mount"}],
            "cgroupsPath": self._group,
            "resources": {
                "memory": {"limit": 64 * 2**20},
                "cpu": {"shares": 102},
                "pids": {"limit": 1024},
            },
        }
        del spec["hostname"]
        spec["mounts"] = [one for one in spec["mounts"] if one["type"] in {"proc", "tmpfs"}]
        path.write_text(json.dumps(spec))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for group in Path("/sys/fs/cgroup").glob(f"*{self._group}"):
            with contextlib.suppress(OSError):
                group.rmdir()

    def run(self) -> float:
        """Seconds from the command to its end."""
        name = f"pion-benchmark-{next(_numbers)}"
        begin = time.perf_counter()
        subprocess.run(
            ["runc", f"--root={self._state}", "run", f"--bundle={self._bundle}", name],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=_DEADLINE_SECONDS,
        )
        return time.perf_counter() - begin
