"""`mesos-execute`, from its start to its end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.child import ROOT
from tests.benchmarks.figure import Figure, Size, alone, at_most
from tests.benchmarks.launch.cluster import cluster


def figures(size: Size) -> Iterator[Figure]:
    seconds = []
    with cluster() as running:
        command = [
            sys.executable,
            "-m",
            "actors.cli.pion",
            "execute",
            f"--master={running.address}",
            "--name=true",
            "--command=true",
            "--resources=cpus:0.1;mem:32",
        ]
        for _ in range(size.rounds + 1):
            begin = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            seconds.append(time.perf_counter() - begin)
    # The first one reads the program from the disk.
    yield alone("launch.execute_true", "s (Mesos 1.0.1: 0.21)", seconds[1:], at_most(0.6))
