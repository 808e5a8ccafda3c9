from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.cgroups.detection import hierarchies
from containerizers.cgroups.tree import CgroupError, MissingError
from containerizers.cgroups.v1 import V1
from containerizers.spec import Device, Limits
from tests.containerizers.cgroups.host import HIERARCHY, end, memberships, python, root, running, v1
from tests.containerizers.containers import wait_until

MIB = 1 << 20
LIMITS = Limits(cpus=0.5, cpus_limit=2, memory_bytes=64 * MIB, memory_limit_bytes=128 * MIB)
#: Each of its processes ends as soon as it has made the next one.
RUNAWAY = "import os\nwhile True:\n    if os.fork(): os._exit(0)\n    os.setsid()"
#: Makes as many processes as it can.
BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
BUSY = """
import os
hog = bytearray(20 << 20)
while sum(os.times()[:2]) < 0.2: pass
print(flush=True)
input()
"""
HOG = "hog = bytearray(int(input())); print(flush=True); input()"


@pytest.fixture
def cgroups() -> V1:
    return v1()


@pytest.fixture
def path(cgroups: V1) -> Iterator[str]:
    with root(cgroups) as path:
        yield path


def read(subsystem: str, path: str, name: str) -> str:
    mount = hierarchies(HIERARCHY).v1[subsystem]
    return Path(mount, path, name).read_text(encoding="ascii").strip()


def test_a_group_is_made_in_all_hierarchies_with_its_limits(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    assert not group.exists()
    group.make()
    group.apply(LIMITS, processes=100)
    assert group.exists()
    assert read("cpu", group.path, "cpu.shares") == "512"
    assert read("cpu", group.path, "cpu.cfs_quota_us") == "200000"
    assert read("cpu", group.path, "cpu.cfs_period_us") == "100000"
    assert read("memory", group.path, "memory.soft_limit_in_bytes") == str(64 * MIB)
    assert read("memory", group.path, "memory.limit_in_bytes") == str(128 * MIB)
    assert read("pids", group.path, "pids.max") == "100"
    assert cgroups.below(path) == ("a",)


def test_limits_that_are_taken_back_are_none(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    group.apply(LIMITS, processes=100)
    group.apply(Limits())
    assert read("cpu", group.path, "cpu.cfs_quota_us") == "-1"
    assert read("pids", group.path, "pids.max") == "max"
    usage = group.usage()
    assert (usage.memory_limit_bytes, usage.soft_memory_limit_bytes) == (None, None)


def test_with_swap_both_limits_go_up_and_down_together(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    for limit in (64 * MIB, 128 * MIB, 48 * MIB, None, 64 * MIB):
        group.apply(Limits(memory_limit_bytes=limit), limits_swap=True)
        files = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        memory, both = (int(read("memory", group.path, name)) for name in files)
        assert memory == both
        assert group.memory()[0] == limit


def test_a_process_joins_and_is_counted_where_it_is(cgroups: V1, path: str) -> None:
    outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
    outer.make()
    inner.make()
    with running(outer, "cat") as one, running(inner, "cat") as other:
        assert outer.processes() == (one.pid,)
        assert inner.processes() == (other.pid,)
        assert set(memberships(other.pid).values()) >= {f"/{inner.path}"}
        assert outer.usage().processes == 2
        assert inner.usage().processes == 1


def test_a_group_without_limits_is_only_where_processes_are_counted(cgroups: V1, path: str) -> None:
    outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
    outer.make()
    outer.apply(LIMITS)
    inner.make(limits_too=False)
    with running(inner, "cat") as process:
        groups = memberships(process.pid)
        assert groups["freezer"] == f"/{inner.path}"
        assert {groups[name] for name in ("cpu", "memory", "pids", "devices")} == {f"/{outer.path}"}
        assert outer.processes() == ()
        assert inner.processes() == (process.pid,)
        assert inner.usage().processes == 1
        # It has none in the moment in which it becomes its program.
        wait_until(lambda: inner.usage().memory_bytes > 0, "it uses memory")


def test_usage_is_what_the_kernel_counts(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    group.apply(LIMITS)
    with running(group, *python(BUSY)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        usage = group.usage()
    assert usage.user_seconds + usage.system_seconds >= 0.15
    assert usage.memory_bytes >= 20 * MIB
    assert usage.anonymous_bytes == usage.memory_bytes
    assert usage.total_memory_bytes is not None
    assert usage.total_memory_bytes >= usage.memory_bytes
    assert (usage.processes, usage.threads) == (1, 1)
    assert (usage.memory_limit_bytes, usage.soft_memory_limit_bytes) == (128 * MIB, 64 * MIB)
    assert usage.cpu_periods is not None
    assert usage.includes_nested


def test_a_limit_below_what_is_used_is_left_as_it_was(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    group.apply(LIMITS)
    with running(group, *python(HOG)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"%d\n" % (80 * MIB))
        process.stdin.flush()
        process.stdout.readline()
        group.apply(Limits(memory_limit_bytes=40 * MIB))
        assert group.memory()[0] == 128 * MIB
        group.apply(Limits(memory_limit_bytes=100 * MIB))
        assert group.memory()[0] == 100 * MIB
        assert process.poll() is None
    assert group.oom_kills() == 0


def test_memory_that_runs_out_is_told_and_counted_where_it_hit(cgroups: V1, path: str) -> None:
    outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
    outer.make()
    outer.apply(Limits(memory_limit_bytes=40 * MIB))
    inner.make()
    watch = outer.oom_watch()
    assert watch is not None
    with running(inner, *python(HOG)) as process:
        assert process.stdin is not None
        assert select.select([watch], [], [], 0)[0] == []
        process.stdin.write(b"%d\n" % (200 * MIB))
        process.stdin.flush()
        assert process.wait(30) == -9
        assert select.select([watch], [], [], 30)[0] == [watch]
    os.read(watch, 4096)
    assert select.select([watch], [], [], 0)[0] == []
    os.close(watch)
    assert (outer.oom_kills(), inner.oom_kills()) == (0, 1)
    limit, peak = inner.memory()
    assert limit == 40 * MIB
    assert 35 * MIB < peak < 45 * MIB


def test_a_bomb_of_processes_stays_below_its_limit_and_is_killed(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    group.apply(Limits(cpus=0.1), processes=40)
    with running(group, *python(BOMB)):
        wait_until(lambda: len(group.processes()) >= 40, "it has made all that it may")
        assert group.usage().threads == 40
        assert not group.remove()
        end(group)
    assert not group.exists()


@pytest.mark.parametrize("subsystems", [("freezer", "memory"), ("pids", "memory")])
def test_what_runs_away_by_new_processes_is_killed(subsystems: tuple[str, ...]) -> None:
    cgroups = v1(*subsystems)
    with root(cgroups) as path:
        group = cgroups.group(path)
        group.make()
        with running(group, *python(RUNAWAY)) as process:
            process.wait(30)
            assert group.exists()
            end(group)
            assert group.processes() == ()


def test_what_somebody_froze_is_killed_all_the_same(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    with running(group, "cat") as process:
        state = Path(hierarchies(HIERARCHY).v1["freezer"], group.path, "freezer.state")
        state.write_text("FROZEN", encoding="ascii")
        group.kill()
        assert process.wait(30) == -9


def test_killing_takes_what_is_nested_and_a_signal_does_not(cgroups: V1, path: str) -> None:
    outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
    outer.make()
    inner.make(limits_too=False)
    with running(outer, "cat") as one, running(inner, "cat") as other:
        outer.signal(15)
        assert one.wait(30) == -15
        assert other.poll() is None
        outer.kill()
        assert other.wait(30) == -9


def test_a_group_goes_only_when_nothing_runs_in_it(cgroups: V1, path: str) -> None:
    outer, inner = cgroups.group(f"{path}/a"), cgroups.group(f"{path}/a/mesos/b")
    outer.make()
    inner.make()
    with running(inner, "cat") as process:
        assert not outer.remove()
        assert outer.exists()
        process.kill()
        process.wait()
        wait_until(outer.remove, "it is gone")
    assert not outer.exists()
    assert outer.remove()
    assert (outer.processes(), outer.oom_kills(), outer.memory()) == ((), 0, (None, 0))
    assert outer.usage().processes == 0


def test_what_a_crash_left_in_but_one_hierarchy_is_found_and_removed(cgroups: V1, path: str) -> None:
    Path(hierarchies(HIERARCHY).v1["blkio"], path, "left").mkdir(parents=True)
    assert cgroups.below(path) == ("left",)
    group = cgroups.group(f"{path}/left")
    assert group.exists()
    assert group.remove()
    assert cgroups.below(path) == ()


def test_devices_are_but_the_harmless_ones_and_those_given(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    group.allow_devices((Device(path="/dev/kmsg", access="r"),))
    script = "exec 2>&1; head -c1 /dev/zero | wc -c; head -c1 /dev/loop0; echo >/dev/kmsg; : </dev/kmsg"
    with running(group, "sh", "-c", script) as process:
        assert process.stdout is not None
        said = process.stdout.read().decode()
    assert "1\n" in said
    assert "/dev/loop0" in said
    assert "cannot create /dev/kmsg: Operation not permitted" in said
    assert "cannot open /dev/kmsg" not in said


def test_all_devices_are_allowed_where_nothing_is_said(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    group.allow_devices(None)
    assert read("devices", group.path, "devices.list") == "a *:* rwm"


def test_processors_and_nodes_of_memory_are_those_around(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a/mesos/b")
    group.make()
    mount = hierarchies(HIERARCHY).v1["cpuset"]
    for name in ("cpuset.cpus", "cpuset.mems"):
        expected = Path(mount, name).read_text(encoding="ascii").strip()
        assert read("cpuset", group.path, name) == expected


def test_to_join_what_is_not_there_is_an_error_that_names_it(cgroups: V1, path: str) -> None:
    with pytest.raises(MissingError, match=f"{path}: is not there"):
        cgroups.group(path).join_files()


def test_what_the_kernel_refuses_names_file_value_and_reason(cgroups: V1, path: str) -> None:
    group = cgroups.group(f"{path}/a")
    group.make()
    with pytest.raises(CgroupError, match=r"cpu\.shares: cannot be set to 'x': Invalid argument"):
        cgroups.tree.write(f"{hierarchies(HIERARCHY).v1['cpu']}/{group.path}/cpu.shares", "x")


@pytest.mark.parametrize("path", ["", "/", "../a", "a/../b", "a//b", "a/", "a b", "a\0", "a/@leaf", "a\n"])
def test_no_path_leads_elsewhere(path: str) -> None:
    with pytest.raises(ValueError, match="control group"):
        v1().group(path)


def test_steps_are_points_for_faults() -> None:
    seen: list[str] = []
    found = hierarchies(HIERARCHY).v1
    cgroups = V1({"freezer": found["freezer"]}, ("freezer",), fault=seen.append)
    with root(cgroups) as path:
        cgroups.group(path).make()
        cgroups.group(path).apply(Limits())
    assert seen[:3] == ["cgroups.make.before", "cgroups.make.after", "cgroups.apply.after"]
    assert seen[3:5] == ["cgroups.kill.before", "cgroups.remove.before"]


def test_nothing_of_a_process_that_joined_is_left_in_this_one(cgroups: V1, path: str) -> None:
    group = cgroups.group(path)
    group.make()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with running(group, "true") as process:
        assert process.wait(30) == 0
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    subprocess.run(["true"], check=True)
    assert group.processes() == ()
