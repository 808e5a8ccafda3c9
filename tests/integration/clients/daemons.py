"""Daemons as their users start them: `pion local`, and an agent of a cluster; both die and come back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.executor import whereabouts
from tests.integration.clients.speech import ask
from tests.integration.masters import wait_until
from tests.zookeeper.ensemble import free_addresses

_ROOT = Path(__file__).parents[3]
_PION = (sys.executable, "-m", "actors.cli.pion")
#: They end with the process that started them, however that ends.
_TOGETHER = ("setpriv", "--pdeathsig", "KILL", "--")
_RESOURCES = "cpus:4;mem:4096;disk:4096;ports:[31000-31100]"
_END_SECONDS = 60.0


class Agent:
    """An agent that can be started again; its tasks and its sandboxes stay until the `with` block ends."""

    def __init__(self, folder: Path, master: str, *flags: str) -> None:
        (self.web,) = free_addresses(1)
        self.work_dir = folder / "agent"
        self.log = folder / "agent.log"
        self._flags = (
            f"--master={master}",
            f"--ip={self.web.host}",
            f"--port={self.web.port}",
            f"--work_dir={self.work_dir}",
            f"--runtime_dir={self._runtime_dir}",
            f"--resources={_RESOURCES}",
            "--no-hostname_lookup",
            *flags,
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Have it end what runs on it; what it cannot is ended here."""
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGUSR1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
        self.kill()
        end_tasks(self._runtime_dir)

    @property
    def _runtime_dir(self) -> Path:
        return self.work_dir / "run"

    def start(self) -> None:
        """Start it, and do not wait for it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (*_TOGETHER, *_PION, "agent", *self._flags),
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """Kill it as it stands; its executors live on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Local:
    """A running `pion local`: one master and one agent."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.master, self.agent = free_addresses(2)
        assert self.agent.port == self.master.port + 1
        self.folder = folder
        flags = (
            f"--ip={self.master.host}",
            f"--port={self.master.port}",
            f"--work_dir={folder}",
            f"--resources={_RESOURCES}",
        )
        self._process = subprocess.Popen(
            (*_TOGETHER, *_PION, "local", *flags),
            cwd=_ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        try:
            # Until the agent is registered.
            wait_until(self._started, lambda: f"pion local has started: {self._said}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        end_tasks(self.folder / "agent" / "run")

    def process_of(self, daemon: str) -> int:
        """The process number of the `master` or the `agent`; 0 while there is none."""
        for pid in _children(self._process.pid):
            if daemon in _words(pid):
                return pid
        return 0

    def kill(self, daemon: str) -> None:
        """Kill the `master` or the `agent` as it stands, and wait until another is started in its place."""
        pid = self.process_of(daemon)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.process_of(daemon) not in (0, pid), lambda: f"the {daemon} is started again")

    def _started(self) -> bool:
        assert self._process.poll() is None, f"pion local did not start: {self._said}"
        if not any("Ctrl-C" in line for line in self._said):
            return False
        answer = ask(self.master, "GET", "/slaves")
        return answer.status == 200 and b"slave(1)@" in answer.body

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._said.extend(iter(self._process.stdout.readline, ""))


def end_tasks(runtime_dir: Path) -> None:
    """End the process that keeps an agent's built-in executors, and so their tasks, if it lives."""
    pid = whereabouts.process(runtime_dir)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    wait_until(lambda: whereabouts.process(runtime_dir) is None, lambda: f"the executor node {pid} ends")


def _children(pid: int) -> Sequence[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]


def _words(pid: int) -> list[str]:
    """The command line of a process; empty when it is no more."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []
