from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.census import Census
from containerizers.containerizer import Ended, Launched
from containerizers.linux.containerizer import LinuxContainerizer
from containerizers.process import ProcessContainerizer
from containerizers.spec import Limits
from containerizers.stamp import Stamp
from tests.containerizers.containers import read_number, runs, wait_until
from tests.containerizers.linux.containers import (
    NAMESPACES,
    ROOT,
    LinuxContainers,
    children,
    groups_left,
    members,
    remove_groups,
)
from tests.containerizers.test_process import entries

HERE = Path(__file__).parents[3]

NODE = """
import os, signal, sys, threading
from pathlib import Path
from containerizers.containerizer import Ended
from containerizers.linux.containerizer import LinuxContainerizer, LinuxSettings
from containerizers.spec import Isolation, Limits, Spec
folder, root, point, namespaces, script = sys.argv[1:]
def fault(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)
ended = threading.Event()
told = lambda event: ended.set() if isinstance(event, Ended) else None
runtime_dir = Path(folder) / "runtime"
containerizer = LinuxContainerizer(runtime_dir, told, None, LinuxSettings(root=root), fault)
containerizer.launch("c0", Spec(
    arguments=("sh", "-c", script), directory=folder, environment={"PATH": "/usr/bin:/bin"},
    isolation=Isolation(namespaces=tuple(filter(None, namespaces.split(",")))),
    limits=Limits(memory_limit_bytes=100 << 20)))
print(flush=True)
sys.stdin.read(1)
containerizer.destroy("c0")
ended.wait(60)
"""
#: Passed before a container's program runs, and after.
BEFORE = (
    *("linux.folder.before", "linux.folder.after", "cgroups.make.before", "cgroups.make.after"),
    *("cgroups.apply.after", "linux.clone.before", "linux.clone.after", "linux.stamp.after"),
)
ENDING = ("cgroups.kill.before", "linux.remove.before", "cgroups.remove.before", "linux.remove.after")


@pytest.fixture(autouse=True)
def _no_groups() -> Iterator[None]:
    yield
    remove_groups()


def crash(folder: Path, point: str, script: str, ends: str = "", *, isolated: bool = True) -> None:
    """Have another process run this until it is killed, at a fault point or when all is done.

    With `ends` it destroys the container once there is a number in that file.
    """
    namespaces = "pid,mount,ipc" if isolated else ""
    command = [sys.executable, "-c", NODE, str(folder), ROOT, point, namespaces, script]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        started = node.stdout.read(1)
        helpers = [one for one, name in children(node.pid).items() if name.startswith("python")]
        if ends:
            read_number(folder / ends)
            node.stdin.close()
        elif started:
            node.kill()
    assert node.returncode == -signal.SIGKILL
    wait_until(lambda: not any(map(runs, helpers)), "what helped it has ended, too")


def marked(folder: Path) -> list[int]:
    """Processes that were started as those of containers, wherever they are."""
    found = Census(str(folder / "runtime")).take({})
    return [process for processes in found.values() for process in processes if runs(process)]


def settle(containers: LinuxContainers) -> list[str]:
    """Adopt all that is found, destroy it, and wait for its end; nothing must be left then."""
    found = containers.containerizer.recover()
    for container_id in found:
        containers.containerizer.adopt(container_id)
        containers.containerizer.destroy(container_id)
    containers.wait(*found)
    wait_until(lambda: not marked(containers.folder), "nothing runs")
    assert groups_left() == ()
    assert entries(containers.runtime_dir) == []
    return list(found)


@pytest.mark.parametrize("point", BEFORE)
def test_after_a_crash_before_it_was_written_down_it_never_runs(tmp_path: Path, point: str) -> None:
    crash(tmp_path, point, "echo >> ran; sleep 1000")
    with LinuxContainers(tmp_path) as containers:
        settle(containers)
        assert containers.launched == {} or point == "linux.stamp.after"
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("point", ENDING)
def test_after_a_crash_while_it_ends_nothing_of_it_is_left(tmp_path: Path, point: str) -> None:
    script = "(setsid sh -c 'echo $$ > number; exec sleep 1000' &); while :; do sleep 1000; done"
    crash(tmp_path, point, script, "number", isolated=False)
    number = read_number(tmp_path / "number")
    with LinuxContainers(tmp_path) as containers:
        settle(containers)
        assert not runs(number)


@pytest.mark.parametrize("point", ["linux.start.after", ""])
def test_what_runs_after_a_crash_is_adopted(tmp_path: Path, point: str) -> None:
    crash(tmp_path, point, "echo $$ > number; exec sleep 1000")
    read_number(tmp_path / "number")
    with LinuxContainers(tmp_path) as containers:
        assert containers.containerizer.recover() == ("c0",)
        containers.containerizer.adopt("c0")
        process = containers.launched["c0"]
        assert containers.events == [Launched("c0", process)]
        assert Path(f"/proc/{process}/cmdline").read_bytes() == b"sleep\x001000\x00"
        assert process in members("c0")
        containers.containerizer.signal("c0", signal.SIGTERM)
        containers.wait("c0")
        assert containers.ended["c0"] == Ended("c0", None)
        assert entries(containers.runtime_dir) == []


def test_what_was_adopted_can_be_gone_into_and_limited(tmp_path: Path) -> None:
    crash(tmp_path, "", "echo > ready; exec sleep 1000")
    with LinuxContainers(tmp_path) as containers:
        containers.containerizer.recover()
        containers.containerizer.adopt("c0")
        out = str(tmp_path / "out")
        assert containers.run("c0.check", "cat", "/proc/2/cmdline", inside=True, stdout=out).status == 0
        assert (tmp_path / "out").read_text() == "sleep\x001000\x00"
        containers.containerizer.update("c0", Limits(memory_limit_bytes=50 << 20))
        containers.launch("c0.hog", "tail", "/dev/zero", inside=True)
        containers.wait("c0")
        limitation = containers.ended["c0"].limitation
        assert limitation is not None
        assert limitation.message == "Memory limit exceeded: Requested: 50MB Maximum Used: 50MB"


def test_what_ran_out_of_memory_unseen_is_told_so(tmp_path: Path) -> None:
    crash(tmp_path, "", "while ! [ -e go ]; do sleep 0.01; done; tail /dev/zero; sleep 1000")
    (tmp_path / "go").touch()
    kills = Path(f"/sys/fs/cgroup/memory/{ROOT}/c0/memory.oom_control")
    wait_until(lambda: "oom_kill 1" in kills.read_text(), "it ran out of memory")
    with LinuxContainers(tmp_path) as containers:
        assert containers.containerizer.recover() == ("c0",)
        containers.containerizer.adopt("c0")
        containers.containerizer.destroy("c0")
        containers.wait("c0")
        limitation = containers.ended["c0"].limitation
        assert limitation is not None and limitation.kind == "memory"


def test_what_ended_unseen_leaves_nothing(tmp_path: Path) -> None:
    crash(tmp_path, "", "while ! [ -e go ]; do sleep 0.01; done")
    (stamp,) = (tmp_path / "runtime").rglob("pid")
    first = Stamp.parse(stamp.read_text())
    assert first is not None
    (tmp_path / "go").touch()
    wait_until(lambda: not first.runs, "it has ended")
    assert members("c0")  # The one that does nothing.
    with LinuxContainers(tmp_path) as containers:
        assert containers.containerizer.recover() == ()
        assert groups_left() == ()
        assert entries(containers.runtime_dir) == []
        containers.containerizer.adopt("c0")
        containers.wait("c0")
        assert containers.events == [Ended("c0", None)]


def test_what_a_first_process_left_when_it_ended_unseen_is_found(tmp_path: Path) -> None:
    script = "(setsid sh -c 'echo $$ > number; exec sleep 1000' &); while ! [ -e go ]; do sleep 0.01; done"
    crash(tmp_path, "", script)
    read_number(tmp_path / "number")
    first = Stamp.parse((tmp_path / "runtime/containers/c0/pid").read_text())
    assert first is not None
    (tmp_path / "go").touch()
    wait_until(lambda: not first.runs, "it has ended")
    with LinuxContainers(tmp_path) as containers:
        assert containers.containerizer.recover() == ("c0",)
        containers.containerizer.adopt("c0")
        containers.wait("c0")
        assert containers.events == [Ended("c0", None)]
        assert members("c0") == ()


def test_one_that_ended_unseen_while_others_were_in_it_ends_them(tmp_path: Path) -> None:
    with LinuxContainers(tmp_path) as containers:
        before = LinuxContainerizer(containers.runtime_dir, lambda _: None, None, containers.settings)
        for container_id in ("outer", "outer.inner"):
            before.launch(container_id, containers.spec("sleep", "1000", isolation=NAMESPACES))
        before.close()
        outer = Stamp.parse((containers.runtime_dir / "containers/outer/pid").read_text())
        assert outer is not None
        outer.kill()
        wait_until(lambda: not outer.runs, "the outer one has ended")
        assert containers.containerizer.recover() == ("outer", "outer.inner")
        containers.containerizer.adopt("outer.inner")
        containers.containerizer.adopt("outer")
        containers.wait("outer", "outer.inner")
        assert entries(containers.runtime_dir) == []


def test_the_end_of_a_containerizer_is_the_end_of_all_it_finds(tmp_path: Path) -> None:
    crash(tmp_path, "", "exec sleep 1000")
    with LinuxContainers(tmp_path) as containers:
        ending = LinuxContainerizer(containers.runtime_dir, lambda _: None, None, containers.settings)
        ending.update("family", Limits(cpus=1))
        ending.launch("one", containers.spec("sleep", "1000", isolation=NAMESPACES))
        ending.end()
        assert marked(tmp_path) == []
        assert entries(containers.runtime_dir) == []
        assert not Path(f"/sys/fs/cgroup/pids/{ROOT}").exists()


def test_a_process_that_got_its_number_is_not_taken_for_it(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        stamp = Stamp.of(stranger.pid)
        assert stamp is not None
        folder = tmp_path / "runtime/containers/one"
        folder.mkdir(parents=True)
        for file in ("pid", "idler"):
            (folder / file).write_text(str(stamp._replace(started=stamp.started - 1)))
        with LinuxContainers(tmp_path) as containers:
            assert containers.containerizer.recover() == ()
            containers.containerizer.adopt("one")
            containers.containerizer.destroy("one")
            containers.wait("one")
        assert stranger.poll() is None
        stranger.kill()


def test_a_family_is_found_with_its_limits(tmp_path: Path) -> None:
    with LinuxContainers(tmp_path) as containers:
        first = LinuxContainerizer(containers.runtime_dir, lambda _: None, None, containers.settings)
        first.update("family", Limits(memory_limit_bytes=64 << 20))
        first.update("over", Limits(memory_limit_bytes=64 << 20))
        first.launch("family.one", containers.spec("sleep", "1000", isolation=NAMESPACES))
        first.close()
        assert containers.containerizer.recover() == ("family.one",)
        assert groups_left() == ("family",)
        containers.containerizer.adopt("family.one")
        containers.containerizer.destroy("family.one")
        containers.wait("family.one")
        ended = containers.run("family.two", "tail", "/dev/zero", isolation=NAMESPACES)
        assert ended.limitation is not None
        containers.containerizer.destroy("family")
        wait_until(lambda: not (containers.runtime_dir / "containers").exists(), "its folder is gone")


def test_what_one_of_plain_processes_left_is_found_and_ended(tmp_path: Path) -> None:
    with LinuxContainers(tmp_path) as containers:
        before = ProcessContainerizer(containers.runtime_dir, lambda _: None)
        before.launch("one", containers.spec("sh", "-c", "setsid sleep 1000 & echo $! > number; sleep 1000"))
        number = read_number(tmp_path / "number")
        before.close()
        assert containers.containerizer.recover() == ("one",)
        containers.containerizer.adopt("one")
        containers.containerizer.signal("one", 0)
        containers.containerizer.destroy("one")
        containers.wait("one")
        assert containers.ended["one"] == Ended("one", signal.SIGKILL)
        assert not runs(number)
        assert entries(containers.runtime_dir) == []
