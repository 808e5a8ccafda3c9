"""A master, and an agent that is killed and started again, armed or not."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.executor import whereabouts
from actors.faults import VARIABLE
from tests.benchmarks.launch.cluster import free_port
from tests.chaos.containers import traces

_ROOT = Path(__file__).parents[3]
_END_SECONDS = 60.0
_RESOURCES = "cpus:100;mem:100000;disk:100000;ports:[31000-31100]"


class Daemon:
    """A process of Pion; dies with this one."""

    def __init__(self, name: str, flags: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._words = (sys.executable, "-m", "actors.cli.pion", name, *flags)
        self._environment = environment
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, faults: str = "") -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ("setpriv", "--pdeathsig", "KILL", "--", *self._words),
                cwd=_ROOT,
                env={**self._environment, VARIABLE: faults},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def status(self) -> int | None:
        """As of `Popen`; None while it runs."""
        return 0 if self._process is None else self._process.poll()

    @property
    def number(self) -> int:
        """Of its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class House:
    """All that is of one run; leaves nothing behind, but its logs when `failed`."""

    def __init__(self, agent_flags: Sequence[str] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pion-containers-"))
        self.run = self.folder.name
        #: Not in /tmp, of which isolated tasks have their own.
        self.truth = Path("/run") / self.run
        self.truth.mkdir(mode=0o755)
        self.failed = False
        self._is_left = False
        self.agent_port = free_port()
        master_port = free_port()
        self.master_address = f"127.0.0.1:{master_port}"
        self._runtime = self.folder / "run"
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        master = [f"--port={master_port}", "--ip=127.0.0.1", f"--work_dir={self.folder / 'master'}"]
        self.master = Daemon("master", [*master, "--allocation_interval=500ms"], self.folder, environment)
        agent = [
            f"--master={self.master_address}",
            "--ip=127.0.0.1",
            f"--port={self.agent_port}",
            f"--work_dir={self.folder / 'agent'}",
            f"--runtime_dir={self._runtime}",
            f"--resources={_RESOURCES}",
            # A machine that is busy with this rig may keep an executor from coming back for long.
            "--executor_reregistration_timeout=15secs",
            f"--cgroups_root={self.run}",
            f"--host_volumes={self.truth}",
            *agent_flags,
        ]
        self.agent = Daemon("agent", agent, self.folder, environment)

    @property
    def node(self) -> int | None:
        """The process of the executor node; None while there is none."""
        return whereabouts.process(self._runtime)

    def kill_node(self) -> None:
        node = self.node
        if node is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(node, signal.SIGKILL)

    def stdout(self, task: str) -> str:
        """What a task wrote, in its only sandbox."""
        return "".join(file.read_text(errors="replace") for file in self.files(task, "stdout"))

    def files(self, task: str, name: str) -> list[Path]:
        """The files of that name in a task's sandboxes."""
        found = self.folder.glob(f"agent/slaves/*/frameworks/*/executors/{task}/runs/*/{name}")
        return [file for file in found if not file.parent.is_symlink()]

    def tend(self) -> None:
        """Start the agent again if it was killed; that it ended by itself, untold, is an error."""
        status = self.agent.status
        if status is not None and not self._is_left:
            assert status == -signal.SIGKILL, f"the agent ended with {status}: {_last_line(self.agent.log)}"
            self.agent.start()

    def crashes(self) -> list[str]:
        """Lines of the daemons' logs that tell of a bug."""
        logs = (self.master.log, self.agent.log, self._runtime / "executor_node.log")
        return [
            f"{log.stem}: {line[:2000]}"
            for log in logs
            if log.exists()
            for line in log.read_text(errors="replace").splitlines()
            if '"actor crashed"' in line or line.startswith("Traceback")
        ]

    def __enter__(self) -> Self:
        self.master.start()
        self.agent.start()
        return self

    def empty(self) -> None:
        """Have the agent end all that runs, and itself."""
        if self.agent.status is not None:
            self.agent.start()
        self._is_left = True
        self.agent.send(signal.SIGUSR1)
        self.agent.wait(_END_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.agent.kill()
        self.kill_node()
        self.master.kill()
        deadline = time.monotonic() + _END_SECONDS
        while left := traces.processes(self.run):
            assert time.monotonic() < deadline, f"cannot be killed: {left}"
            for process in (one for task in left.values() for one in task):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.05)
        shutil.rmtree(self.truth, ignore_errors=True)
        traces.remove_cgroups(self.run)
        if self.failed or kind is not None:
            sys.stderr.write(f"logs are in {self.folder}\n")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def _last_line(log: Path) -> str:
    return log.read_text(errors="replace").splitlines()[-1]
