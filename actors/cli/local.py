"""A whole cluster on this machine: `pion local` and `mesos-local`.

The master and the agents are the ordinary daemons, each in a process of its own: to kill one is to lose it
as on a real host, and it is started again. All end together at Ctrl-C or SIGTERM, and the agents' tasks
with them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from actors.agent import container_flags
from actors.agent.container_flags import ContainerFlags
from actors.cli.children import Child, Children
from actors.cli.parser import CommandError
from actors.executor import whereabouts
from actors.flags import flag, help_text, load
from actors.logging import Level
from actors.node.flags import is_ip, is_port

PREFIX = "MESOS_"
#: From the master's port to that of the first agent.
_FIRST_AGENT = 1
#: The folder of the daemons' logs, in the work directory.
_LOGS = "logs"
#: The runtime directory of an agent, in its folder.
_RUNTIME = "run"
#: How often to look whether all daemons live.
_LOOK_SECONDS = 0.2
#: A daemon that ends again and again is started the later, up to so long.
_LONGEST_PAUSE_SECONDS = 10.0
#: One that lived so long starts anew at once.
_SETTLED_SECONDS = 30.0
#: How long the agents may take to end what runs on them.
_EMPTY_SECONDS = 10.0


def _number_of_agents(number: int) -> str | None:
    return None if 1 <= number <= 100 else "must be from 1 to 100"


class LocalFlags(ContainerFlags):
    """A master and agents on this machine, for trying things out."""

    work_dir: Path = flag(
        Path(tempfile.gettempdir()) / "mesos" / "work",
        "Folder for the registry, checkpoints, sandboxes and logs.",
    )
    num_slaves: int = flag(1, "How many agents.", aliases=("num_agents",), check=_number_of_agents)
    ip: str = flag("127.0.0.1", "Address to listen on.", check=is_ip)
    port: int = flag(5050, "Port of the master; those of the agents follow.", check=is_port)
    resources: str | None = flag(None, "What each agent offers; detected unless given.")
    attributes: str | None = flag(None, "What to know about each agent, as in rack:abc;zone:1.")
    secret_file: Path | None = flag(None, "File with the secret that the nodes share; turns on encryption.")
    trace_dir: Path | None = flag(None, "Folder for files with every message traced.")
    logging_level: Level = flag("INFO", "Lines below this level are not logged.")


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a cluster until told to stop; raises FlagError, or CommandError when it cannot start."""
    if "--help" in words:
        print(help_text(LocalFlags, "pion local [flags]", prefix=PREFIX))
        return 0
    flags = load(LocalFlags, words, environment, prefix=PREFIX)
    # What the list of processes is not to show the daemons find in their environment.
    secret = container_flags.given(flags)[1]
    os.environ.update({f"{PREFIX}{name}": value for name, value in secret.items()})
    logs = flags.work_dir / _LOGS
    logs.mkdir(parents=True, exist_ok=True)
    daemons: list[_Daemon] = []
    with _ending() as end, _nothing_left(flags.work_dir, daemons), Children(logs) as children:
        daemons += [_Daemon(children, *one) for one in _plan(flags)]
        try:
            for daemon in daemons:
                daemon.start()
            print(_welcome(flags, logs), flush=True)
            while not end:
                time.sleep(_LOOK_SECONDS)
                for daemon in daemons:
                    daemon.look()
        finally:
            _empty(daemons)
    print("All of it has ended.")
    return 0


class _Daemon:
    """One daemon of the cluster: started again when it ends."""

    def __init__(self, children: Children, name: str, command: str, flags: Sequence[str]) -> None:
        self.name = name
        self.command = command
        self._children = children
        self._flags = flags
        self._child: Child | None = None
        self._started = 0.0
        self._pause_seconds = 0.0
        self._ended: float | None = None

    def start(self) -> None:
        """Start it; raises CommandError."""
        self._started = time.monotonic()
        self._child = self._children.start(self.name, self._flags, (self.command,))

    @property
    def process(self) -> subprocess.Popen[str] | None:
        """The one that was started last."""
        return None if self._child is None else self._child.process

    def look(self) -> None:
        """Start it again if it ended, at once or, when it ends again and again, later."""
        now = time.monotonic()
        process = self.process
        if self._ended is None and process is not None and process.poll() is not None:
            self._ended = now
            settled = now - self._started > _SETTLED_SECONDS
            self._pause_seconds = (
                0.0 if settled else min(_LONGEST_PAUSE_SECONDS, self._pause_seconds * 2 + 0.5)
            )
            print(f"The {self.name} has ended ({_how(process.returncode)}); it is started again.", flush=True)
        if self._ended is not None and now >= self._ended + self._pause_seconds:
            self._ended = None
            try:
                self.start()
            except CommandError as error:
                self._ended = now
                self._pause_seconds = _LONGEST_PAUSE_SECONDS
                print(error, file=sys.stderr, flush=True)


def _plan(flags: LocalFlags) -> Iterator[tuple[str, str, list[str]]]:
    """Name, command and flags of each daemon."""
    common = [f"--ip={flags.ip}", f"--logging_level={flags.logging_level}"]
    common += _given(secret_file=flags.secret_file, trace_dir=flags.trace_dir)
    logs = flags.work_dir / _LOGS
    own = [
        f"--port={flags.port}",
        f"--work_dir={flags.work_dir / 'master'}",
        f"--external_log_file={logs / 'master.log'}",
    ]
    yield "master", "master", [*common, *own]
    common += _given(resources=flags.resources, attributes=flags.attributes)
    for number in range(1, flags.num_slaves + 1):
        name = "agent" if flags.num_slaves == 1 else f"agent-{number}"
        folder = flags.work_dir / name
        # Whatever is in the control groups below its root an agent takes for its own.
        root = flags.cgroups_root if flags.num_slaves == 1 else f"{flags.cgroups_root}/{name}"
        own = [
            f"--master={flags.ip}:{flags.port}",
            f"--port={flags.port + _FIRST_AGENT + number - 1}",
            f"--work_dir={folder}",
            f"--runtime_dir={folder / _RUNTIME}",
            f"--external_log_file={logs / name}.log",
        ]
        contained, _ = container_flags.given(dataclasses.replace(flags, cgroups_root=root))
        yield name, "agent", [*common, *contained, *own]


def _given(**values: object) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items() if value is not None]


def _welcome(flags: LocalFlags, logs: Path) -> str:
    agents = "\n".join(
        f"  agent     http://{flags.ip}:{flags.port + _FIRST_AGENT + number}"
        for number in range(flags.num_slaves)
    )
    return f"""A cluster runs on this machine; its state is in {flags.work_dir}, its logs in {logs}.

  master    http://{flags.ip}:{flags.port}
{agents}

In another terminal, try

  mesos-execute --master={flags.ip}:{flags.port} --name=hello --command='echo hello'
  python -m frameworks.examples.word_count --master={flags.ip}:{flags.port} --folder=.
  mesos --master={flags.ip}:{flags.port} task list
  curl -s http://{flags.ip}:{flags.port}/state
  pion trace story hello --node {flags.ip}:{flags.port + 1000} --cluster

Ctrl-C ends all of it."""


def _empty(daemons: Sequence[_Daemon]) -> None:
    """Have the agents end what runs on them, and leave the cluster."""
    agents = [one.process for one in daemons if one.command == "agent" and one.process is not None]
    for agent in agents:
        if agent.poll() is None:
            agent.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + _EMPTY_SECONDS
    for agent in agents:
        with contextlib.suppress(subprocess.TimeoutExpired):
            agent.wait(max(0.0, deadline - time.monotonic()))


@contextlib.contextmanager
def _nothing_left(work_dir: Path, daemons: Sequence[_Daemon]) -> Iterator[None]:
    """End, at the end, what an agent could not, because it had just died or hung."""
    try:
        yield
    finally:
        for daemon in daemons:
            runtime_dir = work_dir / daemon.name / _RUNTIME
            # What is there belongs to another cluster if no agent was started.
            node = None if daemon.process is None else whereabouts.process(runtime_dir)
            if node is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(node, signal.SIGTERM)
                _wait_for_end(runtime_dir)


def _wait_for_end(runtime_dir: Path) -> None:
    deadline = time.monotonic() + _EMPTY_SECONDS
    while (node := whereabouts.process(runtime_dir)) is not None:
        if time.monotonic() > deadline:
            print(f"Tasks may run on: their process {node} does not end.", file=sys.stderr, flush=True)
            return
        time.sleep(_LOOK_SECONDS)


@contextlib.contextmanager
def _ending() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM in the list, which is empty until the first."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else f"by signal {-status}"
