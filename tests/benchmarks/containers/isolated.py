"""A task that Linux isolates: control groups, and namespaces for processes and mounts, against runc."""

from __future__ import annotations

import itertools
import os
import queue
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from containerizers.containerizer import Ended, Event
from containerizers.linux.containerizer import LinuxContainerizer, LinuxSettings
from containerizers.spec import Isolation, Limits, Spec
from containerizers.switchboard import Switchboard
from tests.benchmarks.containers.bare import Runc
from tests.benchmarks.figure import Figure, Size, alone, at_most, compared, in_turns, percentile_of
from tests.benchmarks.launch.cluster import cluster
from tests.benchmarks.launch.framework import DEADLINE_SECONDS, driver
from tests.benchmarks.launch.tasks import true
from tests.chaos.containers import traces
from transport.records.task_status import TaskState

_LAUNCHES = 30
ISOLATION = "cgroups/all,namespaces/pid,filesystem/linux"
_numbers = itertools.count()


def figures(size: Size) -> Iterator[Figure]:
    times = size.of(_LAUNCHES, least=5)
    with (
        tempfile.TemporaryDirectory(prefix="pion-bench-") as folder,
        Runc(Path(folder)) as runc,
        Isolated(Path(folder)) as isolated,
    ):
        runc.run()
        isolated.run()
        pairs = in_turns(isolated.run, runc.run, times)
    ours, theirs = zip(*pairs, strict=True)
    medians = (percentile_of(ours, 50) * 1000, percentile_of(theirs, 50) * 1000)
    yield compared("containers.linux_isolated_launch", "ms", "runc run true", [medians], at_most(0.5))
    yield alone("containers.linux_accept_to_running.p50", "ms", [_whole_way(times)])


class Isolated:
    """The containerizer alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._root = f"pion-benchmark-{folder.name}-own"
        self._containerizer = LinuxContainerizer(
            folder / "runtime", self._events.put, Switchboard(), LinuxSettings(root=self._root)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._containerizer.close()
        traces.remove_cgroups(self._root)

    def run(self) -> float:
        """Seconds from the launch of `true` to its end."""
        spec = Spec(
            arguments=("true",),
            directory=str(self._folder),
            environment={"PATH": "/usr/bin:/bin"},
            limits=Limits(cpus=0.1, memory_bytes=64 * 2**20, memory_limit_bytes=64 * 2**20),
            isolation=Isolation(namespaces=("pid", "mount"), private_tmp=True),
        )
        begin = time.perf_counter()
        self._containerizer.launch(f"c-{next(_numbers)}", spec)
        while not isinstance(event := self._events.get(timeout=DEADLINE_SECONDS), Ended):
            pass
        assert event.status == 0, event
        return time.perf_counter() - begin


def _whole_way(times: int) -> float:
    """Milliseconds from ACCEPT to TASK_RUNNING."""
    root = f"pion-benchmark-{os.getpid()}"
    flags = (f"--isolation={ISOLATION}", "--launcher=linux", f"--cgroups_root={root}")
    milliseconds = []
    with cluster(agent_flags=flags) as running, driver(running.address) as framework:
        framework.run(lambda offer: [true(offer)])
        for _ in range(times):
            framework.run(lambda offer: [true(offer)])
            heard = next(reversed(framework.bench.heard.values()))
            assert TaskState.TASK_FINISHED in heard, next(reversed(framework.bench.last.values()))
            milliseconds.append((heard[TaskState.TASK_RUNNING] - framework.bench.accepted) * 1000)
            assert framework.bench.offered.wait(DEADLINE_SECONDS)
    traces.remove_cgroups(root)
    return percentile_of(milliseconds, 50)
