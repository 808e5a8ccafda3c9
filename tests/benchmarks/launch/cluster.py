"""A master and an agent as a user starts them, in processes of their own, on free ports."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from actors.cli.children import Child, Children

#: More than any benchmark uses, so that resources never wait.
PLENTY = "cpus:100000;mem:100000000;disk:100000000;ports:[31000-32000]"
_START_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")
#: From 14000 to 28999, each process of tests somewhere else.
_ports = (14000 + number % 15000 for number in itertools.count(os.getpid() * 41))


class Cluster(NamedTuple):
    master: Child
    agent: Child | None
    #: What `--master` of frameworks says.
    address: str
    folder: Path

    @property
    def executor_node(self) -> int:
        """The process number of the agent's executor node, once there is one."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            for child in processes_below(os.getpid()):
                if "executor.node" in _command(child):
                    return child
            assert time.monotonic() < deadline, "the agent has no executor node"
            time.sleep(0.05)


@contextmanager
def cluster(
    *,
    agents: bool = True,
    resources: str = PLENTY,
    flags: Sequence[str] = (),
    agent_flags: Sequence[str] = (),
) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="pion-bench-") as folder, Children(Path(folder)) as children:
        port = free_port()
        common = ("--logging_level=WARNING", *flags)
        master = children.start(
            "master", [f"--port={port}", f"--work_dir={folder}/master", *common], ("master",)
        )
        agent = None
        if agents:
            own = [
                f"--master=127.0.0.1:{port}",
                f"--port={free_port()}",
                f"--work_dir={folder}/agent",
                f"--runtime_dir={folder}/agent/run",
                f"--resources={resources}",
            ]
            agent = children.start("agent", [*own, *common, *agent_flags], ("agent",))
        try:
            yield Cluster(master, agent, f"127.0.0.1:{port}", Path(folder))
        finally:
            if agent is not None:
                agent.process.send_signal(signal.SIGUSR1)
                agent.process.wait(20)


def free_port(*beside: int) -> int:
    """A port that is free together with those so many above; by default that for actors, 1,000 above.

    It is none of those that connections are given, since one could take it before a daemon does.
    """
    while True:
        port = next(_ports)
        with ExitStack() as stack, suppress(OSError):
            for more in (0, *(beside or (1000,))):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port + more))
            return port


def busy_seconds() -> float:
    """Seconds of CPU used by the whole machine since it was booted."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / _TICKS


def cpu_seconds(process: int) -> float:
    """Seconds of CPU used by one process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_megabytes(process: int) -> float:
    """All memory that is resident for a process, also what it has in common with others."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {process}: no Rss")


def processes_below(parent: int) -> list[int]:
    """Every process that descends from `parent`."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(fields[1])
    found, frontier = [], {parent}
    while frontier:
        frontier = {child for child, above in parents.items() if above in frontier}
        found += sorted(frontier)
    return found


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""


def settle(seconds: float = 1.0) -> None:
    """Let what was started come to rest."""
    time.sleep(seconds)
