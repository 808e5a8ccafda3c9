from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.containerizer import Usage
from containerizers.usage import measure
from tests.containerizers.containers import Containers, wait_until

MIB = 2**20


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    with Containers(tmp_path) as made:
        yield made


def test_what_a_process_uses_is_counted_with_its_threads_and_memory() -> None:
    usage = measure((os.getpid(),), os.getpid())
    assert (usage.process, usage.processes) == (os.getpid(), 1)
    assert usage.threads >= 1
    assert usage.user_seconds > 0
    assert usage.memory_bytes > MIB


def test_the_time_of_children_that_were_waited_for_counts() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    run = f"subprocess.run([sys.executable, '-c', {busy!r}])"
    script = f"import subprocess, sys; {run}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        usage = measure((parent.pid,))
        parent.kill()
    assert usage.user_seconds + usage.system_seconds >= 0.3


def test_processes_that_are_gone_count_for_nothing() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert measure((gone.pid,), 7) == Usage(process=7)


def test_each_container_is_measured_with_all_that_runs_in_it(containers: Containers) -> None:
    containers.sh("one", "sleep 1000 & setsid sleep 1000 & sleep 1000")
    containers.sh("one.inner", "exec sleep 1000")
    wait_until(lambda: containers.containerizer.usage()["one"].processes == 4, "all of it runs")
    wait_until(lambda: containers.containerizer.usage()["one.inner"].memory_bytes > 0, "it has memory")
    usages = containers.containerizer.usage()
    assert sorted(usages) == ["one", "one.inner"]
    assert usages["one"].process == containers.launched["one"]
    assert usages["one.inner"].processes == 1


def test_an_environment_is_that_of_the_first_process(containers: Containers) -> None:
    containers.sh(
        "one", "COLOUR=red exec sleep 1000", environment={"PATH": "/usr/bin:/bin", "COLOUR": "blue"}
    )
    wait_until(lambda: containers.containerizer.environment("one").get("COLOUR") == "red", "sleep runs")
    found = containers.containerizer.environment("one")
    assert found["PATH"] == "/usr/bin:/bin"
    assert containers.containerizer.environment("other") == {}
