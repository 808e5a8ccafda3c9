"""A dockerd for tests: that of the machine if it answers, else one that is started for all of them.

Nothing is downloaded: the image holds a busybox. Where there is no dockerd at all, tests fail and say so.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker

from tests.stopping import stop

_MACHINES_OWN = "/var/run/docker.sock"
_BUSYBOX = "/bin/busybox"
_VERSION = "1.41"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class Dockerd:
    """A dockerd of the tests' own, which shares nothing with another: must be stopped by whoever starts it.

    It has a network of its own, with a bridge of its own, unless it is to have the `hosts_network`. Raises
    RuntimeError, with the end of its log, when it does not come up.
    """

    def __init__(self, *options: str, hosts_network: bool = False) -> None:
        # Short: the paths of sockets below it may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="dockerd-"))
        self.socket = str(self.folder / "sock")
        #: What its containers are in, of all control groups.
        self._group = f"pion-{self.folder.name}"
        self._options = options
        self._hosts_network = hosts_network
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def process(self) -> int:
        """Its number."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, again if it was killed, and wait until it answers."""
        log = self.folder / "log"
        arguments = ["dockerd", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        arguments += ["--ip-masq=false", "--data-root", str(self.folder / "root"), "--exec-root"]
        arguments += [str(self.folder / "exec"), "--pidfile", str(self.folder / "pid")]
        arguments += ["--host", f"unix://{self.socket}", "--exec-opt", "native.cgroupdriver=cgroupfs"]
        arguments += ["--cgroup-parent", f"/{self._group}", *self._options]
        if not self._hosts_network:
            alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
            arguments = alone + arguments
        # Those of processes that nobody may have reaped yet: it would take them for running ones.
        for name in ("pid", "exec/containerd/containerd.pid"):
            (self.folder / name).unlink(missing_ok=True)
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        deadline = time.monotonic() + _START_SECONDS
        while not answers(self.socket):
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"dockerd does not start; it needs root, cgroups and a disk:\n{text}")
            time.sleep(0.05)

    def pause(self) -> None:
        """Have it hang."""
        stop(self.process)

    def resume(self) -> None:
        """Have it go on."""
        os.kill(self.process, signal.SIGCONT)

    def halt(self, number: int = signal.SIGTERM) -> None:
        """End it; by SIGTERM it ends its containers first, by SIGKILL they run on."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(_STOP_SECONDS)

    def stop(self) -> None:
        """End it with all its containers, and remove what it kept."""
        assert self._process is not None
        if self._process.poll() is None:
            self.resume()
            self._remove_containers()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.halt()
        for process in _started_from(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        for _ in range(2):
            for line in reversed(Path("/proc/mounts").read_text().splitlines()):
                if (place := line.split()[1]).startswith(f"{self.folder}/"):
                    subprocess.run(["umount", "-l", place], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        hierarchies = Path("/sys/fs/cgroup")
        for hierarchy in (hierarchies, *hierarchies.iterdir()):
            for group in sorted(hierarchy.glob(f"{self._group}/**/"), reverse=True):
                with contextlib.suppress(OSError):
                    group.rmdir()

    def _remove_containers(self) -> None:
        # Else it would wait long for those that take no notice of SIGTERM.
        with contextlib.suppress(docker.errors.DockerException, OSError), self._client() as one:
            for container in one.containers(all=True):
                one.remove_container(container["Id"], force=True)

    def _client(self) -> contextlib.closing[Any]:
        return contextlib.closing(client(self.socket))


def _started_from(folder: Path) -> Iterator[int]:
    """The containerd of a dockerd, and what supervises its containers."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and os.fsencode(f"{folder}/") in (entry / "cmdline").read_bytes():
                yield int(entry.name)


def answers(path: str) -> bool:
    """Whether a dockerd listens there."""
    try:
        # The client leaves a socket open that it could not connect.
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
    except OSError:
        return False
    with contextlib.closing(client(path)) as api:
        try:
            return bool(api.ping())
        except (docker.errors.DockerException, OSError):
            return False


def client(path: str, timeout_seconds: float = 30.0) -> Any:
    """Docker's own client of that dockerd; must be closed."""
    return docker.APIClient(f"unix://{path}", version=_VERSION, timeout=timeout_seconds)


@functools.cache
def docker_socket() -> str:
    """The socket of the dockerd that tests share; it is gone when they all have ended."""
    if answers(_MACHINES_OWN):
        return _MACHINES_OWN
    if shutil.which("dockerd") is None:
        raise RuntimeError("dockerd: is neither running nor installed (Debian's package is docker.io)")
    links = _links()
    dockerd = Dockerd(hosts_network=True)

    def stop() -> None:
        dockerd.stop()
        if "docker0" in _links() and "docker0" not in links:
            subprocess.run(["ip", "link", "delete", "docker0"], check=False)

    _at_exit(stop)
    return dockerd.socket


@functools.cache
def busybox(path: str | None = None) -> str:
    """The name of an image with only a busybox; from the shared dockerd it is removed at the end."""
    name = f"pion-test/busybox:{os.getpid()}"
    import_busybox(path or docker_socket(), name)
    if path is None:
        _at_exit(lambda: _remove_image(docker_socket(), name))
    return name


def import_busybox(path: str, name: str) -> None:
    """Make an image of that name, `repository:tag`."""
    repository, _, tag = name.partition(":")
    with contextlib.closing(client(path)) as one:
        one.import_image_from_data(busybox_root(), repository=repository, tag=tag)


@functools.cache
def busybox_root() -> bytes:
    """A tar file with a busybox, all its commands, and the files that programs expect."""
    if not Path(_BUSYBOX).exists():
        raise RuntimeError(f"{_BUSYBOX}: is not installed (Debian's package is busybox-static)")
    commands = subprocess.run([_BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("mnt", 0o755), ("tmp", 0o1777)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        _add(tar, "bin/busybox", Path(_BUSYBOX).read_bytes(), 0o755)
        _add(
            tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n", 0o644
        )
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)
        for command in commands:
            if command != "busybox":
                entry = tarfile.TarInfo(f"bin/{command}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _remove_image(path: str, name: str) -> None:
    with contextlib.closing(client(path)) as one, contextlib.suppress(docker.errors.APIError):
        one.remove_image(name)


def _links() -> list[str]:
    """The network interfaces of this machine."""
    return sorted(entry.name for entry in Path("/sys/class/net").iterdir())


def _at_exit(act: Callable[[], None]) -> None:
    """Do it when this process ends: not when one does that was forked from it."""
    owner = os.getpid()
    atexit.register(lambda: act() if os.getpid() == owner else None)
