"""This host has v1: limits are tested on a tree that is made up, all else on the kernel's v2."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from containerizers.cgroups.device_list import HARMLESS, Rule
from containerizers.cgroups.tree import CgroupError
from containerizers.cgroups.v2 import V2
from containerizers.spec import Device, Limits
from tests.containerizers.cgroups.host import end, python, root, running, v2
from tests.containerizers.cgroups.test_v1 import RUNAWAY
from tests.containerizers.cgroups.unified import CONTROLLERS, Unified
from tests.containerizers.containers import wait_until

MIB = 1 << 20
SUBSYSTEMS = ("cpu", "memory", "pids", "cpuset", "devices", "blkio", "freezer")
LIMITS = Limits(cpus=0.5, cpus_limit=2, memory_bytes=64 * MIB, memory_limit_bytes=128 * MIB)


class Host:
    """A host with v2 alone."""

    def __init__(self, folder: Path, *without: str) -> None:
        self.root = folder / "unified"
        self.attached: dict[str, Sequence[Rule]] = {}
        self.cgroups = V2(
            str(self.root), SUBSYSTEMS, tree=Unified(self.root, *without), attach=self.attached.__setitem__
        )

    def read(self, path: str, name: str) -> str:
        return (self.root / path / name).read_text(encoding="ascii").strip()

    def put(self, path: str, name: str, text: str) -> None:
        (self.root / path / name).write_text(text + "\n", encoding="ascii")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


# On a tree that is made up.


def test_a_group_is_made_with_controllers_and_limits(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    group.make()
    group.apply(LIMITS, processes=100)
    for around in ("", "mesos"):
        assert set(host.read(around, "cgroup.subtree_control").split()) == set(CONTROLLERS)
    assert host.read("mesos/a", "cpu.weight") == "50"
    assert host.read("mesos/a", "cpu.max") == "200000 100000"
    assert host.read("mesos/a", "memory.low") == str(64 * MIB)
    assert host.read("mesos/a", "memory.max") == str(128 * MIB)
    assert host.read("mesos/a", "memory.oom.group") == "1"
    assert host.read("mesos/a", "memory.swap.max") == "max"
    assert host.read("mesos/a", "pids.max") == "100"
    assert host.cgroups.below("mesos") == ("a",)
    assert host.cgroups.below("mesos/a") == ()


def test_limits_that_are_taken_back_are_none(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    group.make()
    group.apply(LIMITS, processes=100, limits_swap=True)
    assert host.read("mesos/a", "memory.swap.max") == "0"
    group.apply(Limits(), limits_swap=True)
    for name in ("memory.max", "memory.swap.max", "pids.max"):
        assert host.read("mesos/a", name) == "max"
    assert host.read("mesos/a", "cpu.max") == "max 100000"
    assert host.read("mesos/a", "memory.low") == "0"


def test_a_limit_below_what_is_used_is_left_as_it_was(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    group.make()
    group.apply(LIMITS)
    host.put("mesos/a", "memory.current", str(100 * MIB))
    group.apply(Limits(memory_limit_bytes=99 * MIB))
    assert host.read("mesos/a", "memory.max") == str(128 * MIB)
    group.apply(Limits(memory_limit_bytes=100 * MIB))
    assert host.read("mesos/a", "memory.max") == str(100 * MIB)


def test_processes_are_in_a_leaf_so_that_groups_with_limits_may_lie_beside(host: Host) -> None:
    outer, inner = host.cgroups.group("mesos/a"), host.cgroups.group("mesos/a/mesos/b")
    outer.make()
    (door,) = outer.join_files()
    os.write(door, b"12\n")
    os.close(door)
    inner.make()
    inner.apply(LIMITS)
    assert outer.processes() == (12,)
    assert inner.processes() == ()
    assert outer.usage().processes == 1
    assert host.read("mesos/a/mesos/b", "cpu.weight") == "50"


def test_a_group_without_limits_needs_no_controllers(host: Host) -> None:
    host.cgroups.group("mesos/a").make()
    inner = host.cgroups.group("mesos/a/mesos/b")
    inner.make(limits_too=False)
    assert host.read("mesos/a", "cgroup.subtree_control") == ""
    assert not (host.root / inner.path / "memory.max").exists()
    assert inner.usage().processes == 0
    inner.make()
    inner.apply(LIMITS)


def test_where_others_run_beside_containers_the_error_names_the_group(host: Host) -> None:
    host.cgroups.group("mesos").make()
    host.put("mesos", "cgroup.procs", "7")
    with pytest.raises(CgroupError, match="mesos: Device or resource busy"):
        host.cgroups.group("mesos/a").make()


def test_devices_are_given_to_the_filter(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    group.make()
    group.allow_devices(None)
    assert host.attached == {}
    group.allow_devices((Device(path="/dev/kmsg", access="r"),))
    assert host.attached == {str(host.root / "mesos/a"): (*HARMLESS, Rule("c", 1, 11, "r"))}


def test_memory_that_ran_out_is_counted_where_it_hit(host: Host) -> None:
    outer, inner = host.cgroups.group("mesos/a"), host.cgroups.group("mesos/a/mesos/b")
    outer.make()
    outer.apply(Limits(memory_limit_bytes=40 * MIB))
    inner.make()
    host.put(inner.path, "memory.events.local", "oom 0\noom_kill 2")
    host.put(inner.path, "memory.peak", str(39 * MIB))
    assert inner.oom_kills() == 0, "the host had no memory left; no limit was reached"
    host.put(outer.path, "memory.events.local", "oom 1\noom_kill 0")
    assert (outer.oom_kills(), inner.oom_kills()) == (0, 2)
    assert inner.memory() == (40 * MIB, 39 * MIB)
    host.put(f"{inner.path}/@leaf", "memory.events", "oom 0\noom_kill 1")
    assert inner.oom_kills() == 3


def test_without_a_peak_what_is_used_now_is_told(tmp_path: Path) -> None:
    host = Host(tmp_path, "memory.peak")
    group = host.cgroups.group("mesos/a")
    group.make()
    host.put("mesos/a", "memory.current", "5000")
    assert group.memory() == (None, 5000)


def test_a_watch_hears_of_memory_that_runs_out(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    assert group.oom_watch() is None
    group.make()
    watch = group.oom_watch()
    assert watch is not None
    host.put("mesos/a", "memory.events", "oom 1\noom_kill 1")
    assert select.select([watch], [], [], 30)[0] == [watch]
    os.close(watch)


def test_figures_come_from_the_group(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    group.make()
    host.put("mesos/a", "memory.stat", "anon 4096\nfile 8192")
    host.put("mesos/a", "pids.current", "3")
    usage = group.usage()
    assert (usage.memory_bytes, usage.file_bytes, usage.threads) == (4096, 8192, 3)


def test_a_group_goes_only_when_nothing_runs_in_it(host: Host) -> None:
    group = host.cgroups.group("mesos/a")
    group.make()
    host.cgroups.group("mesos/a/mesos/b").make()
    host.put("mesos/a/mesos/b/@leaf", "cgroup.procs", "12")
    assert not group.remove()
    group.kill()
    assert group.remove()
    assert not group.exists()
    assert group.remove()
    group.kill()


def test_an_older_kernel_that_kills_no_groups_freezes_them_first(tmp_path: Path) -> None:
    host = Host(tmp_path, "cgroup.kill")
    group = host.cgroups.group("mesos/a")
    group.make()
    host.cgroups.group("mesos/a/mesos/b").make(limits_too=False)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        host.put("mesos/a/mesos/b/@leaf", "cgroup.procs", str(process.pid))
        group.kill()
        assert process.wait(30) == -9
    assert host.read("mesos/a", "cgroup.freeze") == "1"
    group.kill()


# On the kernel's.


def test_processes_join_are_counted_and_killed_with_those_nested() -> None:
    cgroups = v2()
    with root(cgroups) as path:
        outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
        outer.make()
        inner.make(limits_too=False)
        with running(outer, "cat") as one, running(inner, "cat") as other:
            assert outer.processes() == (one.pid,)
            assert inner.processes() == (other.pid,)
            assert outer.usage().processes == 2
            assert not outer.remove()
            outer.kill()
            assert (one.wait(30), other.wait(30)) == (-9, -9)
            wait_until(outer.remove, "it is gone")
        assert not inner.exists()
        assert outer.oom_watch() is None


def test_what_runs_away_by_new_processes_is_killed() -> None:
    cgroups = v2()
    with root(cgroups) as path:
        group = cgroups.group(path)
        group.make()
        with running(group, *python(RUNAWAY)) as process:
            process.wait(30)
            end(group)


def test_the_kernel_runs_the_filter_of_devices() -> None:
    cgroups = v2()
    with root(cgroups) as path:
        outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
        outer.make()
        outer.allow_devices((Device(path="/dev/kmsg", access="r"),))
        inner.make(limits_too=False)
        script = "exec 2>&1; head -c1 /dev/zero | wc -c; head -c1 /dev/loop0; echo >/dev/kmsg; : </dev/kmsg"
        for group in (outer, inner):
            with running(group, "sh", "-c", script) as process:
                assert process.stdout is not None
                said = process.stdout.read().decode()
            assert "1\n" in said
            assert "cannot open '/dev/loop0' for reading: Operation not permitted" in said
            assert "cannot create /dev/kmsg: Operation not permitted" in said
            assert "cannot open /dev/kmsg" not in said


def test_the_kernel_hands_a_controller_on_to_groups_beside_processes() -> None:
    # The one that no hierarchy of v1 has here; it is switched off again for the whole host.
    mount = v2().mount
    cgroups = V2(mount, ("hugetlb",))
    control = Path(mount, "cgroup.subtree_control")
    try:
        with root(cgroups) as path:
            outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
            outer.make()
            with running(outer, "cat") as one:
                inner.make()
                with running(inner, "cat") as other:
                    assert (outer.processes(), inner.processes()) == ((one.pid,), (other.pid,))
                    assert list(Path(mount, inner.path).glob("hugetlb.*.max"))
                    assert Path(mount, f"{path}/a/cgroup.subtree_control").read_text().split() == ["hugetlb"]
                    with pytest.raises(
                        CgroupError, match=r"procs: cannot be set to '\d+': Device or resource busy"
                    ):
                        cgroups.tree.write(f"{mount}/{path}/a/cgroup.procs", str(one.pid))
    finally:
        control.write_text("-hugetlb", encoding="ascii")
