from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from containerizers.containerizer import Ended
from containerizers.spec import Isolation, Limits
from tests.containerizers.containers import runs, wait_until
from tests.containerizers.linux.containers import (
    GROUPS,
    NAMESPACES,
    ROOT,
    LinuxContainers,
    groups_left,
    members,
)
from tests.containerizers.linux.test_isolating import HOG, MEGABYTE

KINDS = ("pid", "mnt", "ipc", "uts", "net")


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[LinuxContainers]:
    with LinuxContainers(tmp_path) as made:
        yield made


def namespaces(process: int) -> dict[str, str]:
    return {kind: str(Path(f"/proc/{process}/ns/{kind}").readlink()) for kind in KINDS}


def limit_of(container_id: str) -> str:
    path = container_id.replace(".", "/mesos/")
    return Path(f"/sys/fs/cgroup/memory/{ROOT}/{path}/memory.limit_in_bytes").read_text().strip()


# Inside another: checks, and sessions.


@pytest.mark.parametrize("isolation", [NAMESPACES, GROUPS, Isolation(namespaces=("mount", "uts"))])
def test_one_inside_another_is_in_its_namespaces(containers: LinuxContainers, isolation: Isolation) -> None:
    containers.launch("outer", "sleep", "1000", isolation=isolation)
    containers.launch("outer.check", "sleep", "1000", inside=True)
    outer, inner = (containers.launched[one] for one in ("outer", "outer.check"))
    assert namespaces(inner) == namespaces(outer)


def test_one_inside_another_sees_its_processes(containers: LinuxContainers, tmp_path: Path) -> None:
    containers.launch("outer", "sleep", "1000", isolation=NAMESPACES)
    out = str(tmp_path / "out")
    assert containers.run("outer.check", "cat", "/proc/2/cmdline", inside=True, stdout=out).status == 0
    assert (tmp_path / "out").read_text() == "sleep\0" + "1000\0"


def test_what_one_inside_another_leaves_ends_with_it_and_the_other_goes_on(
    containers: LinuxContainers, tmp_path: Path
) -> None:
    containers.launch("outer", "sleep", "1000", isolation=NAMESPACES)
    script = "(setsid sleep 1000 & echo > ready); exit 5"
    assert containers.run("outer.check", "sh", "-c", script, inside=True).status == 5 << 8
    assert (tmp_path / "ready").exists()
    assert len(members("outer")) == 2  # with the one that does nothing
    assert members("outer.check") == ()
    assert runs(containers.launched["outer"])


def test_one_inside_another_uses_the_memory_of_that_one(containers: LinuxContainers) -> None:
    limits = Limits(memory_limit_bytes=64 * MEGABYTE)
    containers.launch("outer", "sleep", "1000", isolation=NAMESPACES, limits=limits)
    assert containers.run("outer.check", "python3", "-c", HOG, inside=True).status == signal.SIGKILL
    containers.wait("outer")
    limitation = containers.ended["outer"].limitation
    assert limitation is not None and limitation.kind == "memory"


def test_one_inside_another_has_rights_of_its_own(containers: LinuxContainers, tmp_path: Path) -> None:
    few = msgspec.structs.replace(
        NAMESPACES, effective_capabilities=(), bounding_capabilities=(), no_new_privileges=True
    )
    containers.launch("outer", "sleep", "1000", isolation=few)
    wanted = "grep -E 'CapEff|NoNewPrivs' /proc/self/status | tr '\\n\\t' '  '"
    out = str(tmp_path / "out")
    containers.run("outer.check", "sh", "-c", wanted, inside=True, isolation=few, stdout=out)
    assert (tmp_path / "out").read_text() == "CapEff: 0000000000000000 NoNewPrivs: 1 "


def test_one_inside_another_may_do_no_more_than_that_one(containers: LinuxContainers, tmp_path: Path) -> None:
    few = msgspec.structs.replace(
        NAMESPACES, bounding_capabilities=("chown",), no_new_privileges=True, seccomp="default"
    )
    containers.launch("outer", "sleep", "1000", isolation=few)
    wanted = "grep -E 'CapBnd|CapEff|NoNewPrivs|Seccomp:' /proc/self/status | cut -f 2"
    out = str(tmp_path / "out")
    containers.run("outer.check", "sh", "-c", wanted, inside=True, stdout=out)
    assert (tmp_path / "out").read_text().split() == ["0" * 15 + "1", "0" * 15 + "1", "1", "2"]


def test_nothing_can_be_inside_of_what_is_not_there(containers: LinuxContainers) -> None:
    ended = containers.run("outer.check", "true", inside=True)
    assert ended == Ended("outer.check", None, "container outer: nothing runs in it")
    containers.launch("outer", "sleep", "1000", isolation=NAMESPACES)
    containers.containerizer.destroy("outer")
    containers.wait("outer")
    assert containers.run("outer.late", "true", inside=True).error == "container outer: has ended"
    assert containers.run("outer.later", "true").error == "container outer: has ended"


# Nested ones.


def test_a_nested_one_has_the_namespaces_it_asks_for_and_shares_the_others(
    containers: LinuxContainers,
) -> None:
    containers.launch("outer", "sleep", "1000", isolation=Isolation(namespaces=("uts", "net", "mount")))
    containers.launch("outer.inner", "sleep", "1000", isolation=Isolation(namespaces=("pid", "mount")))
    host, outer, inner = (
        namespaces(one)
        for one in (os.getpid(), containers.launched["outer"], containers.launched["outer.inner"])
    )
    assert [kind for kind in KINDS if inner[kind] == outer[kind]] == ["ipc", "uts", "net"]
    assert [kind for kind in KINDS if inner[kind] == host[kind]] == ["ipc"]


def test_a_nested_one_ends_with_its_parent(containers: LinuxContainers) -> None:
    containers.launch("outer", "sleep", "1000", isolation=NAMESPACES)
    containers.launch("outer.inner", "sleep", "1000", isolation=NAMESPACES)
    containers.launch("outer.inner.check", "sleep", "1000", inside=True)
    containers.launch("other", "sleep", "1000", isolation=NAMESPACES)
    os.kill(containers.launched["outer"], signal.SIGTERM)
    containers.wait("outer")
    ends = [event.container_id for event in containers.events if isinstance(event, Ended)]
    assert ends == ["outer.inner.check", "outer.inner", "outer"]
    assert runs(containers.launched["other"])


def test_a_nested_one_that_needs_too_much_ends_alone(containers: LinuxContainers) -> None:
    limits = Limits(memory_limit_bytes=32 * MEGABYTE)
    containers.launch("outer.good", "sleep", "1000", isolation=NAMESPACES)
    ended = containers.run("outer.hog", "python3", "-c", HOG, isolation=NAMESPACES, limits=limits)
    assert ended.limitation is not None and ended.limitation.kind == "memory"
    assert runs(containers.launched["outer.good"])


# Families: nested ones whose parent runs nothing.


def test_a_family_shares_what_it_may_use(containers: LinuxContainers) -> None:
    containers.containerizer.update("family", Limits(memory_limit_bytes=64 * MEGABYTE))
    assert limit_of("family") == str(64 * MEGABYTE)
    containers.launch("family.one", "sleep", "1000", isolation=NAMESPACES)
    ended = containers.run("family.two", "python3", "-c", HOG, isolation=NAMESPACES)
    assert ended.limitation is not None
    assert ended.limitation.message == "Memory limit exceeded: Requested: 64MB Maximum Used: 64MB"
    assert runs(containers.launched["family.one"])
    containers.containerizer.destroy("family")
    wait_until(lambda: not groups_left(), "its group is gone")


def test_a_family_keeps_its_limits_until_it_is_destroyed(containers: LinuxContainers) -> None:
    containers.containerizer.update("family", Limits(memory_limit_bytes=64 * MEGABYTE))
    containers.run("family.one", "true", isolation=NAMESPACES)
    containers.run("family.two", "true", isolation=NAMESPACES)
    assert limit_of("family") == str(64 * MEGABYTE)
    containers.containerizer.destroy("family")
    wait_until(lambda: not (containers.runtime_dir / "containers").exists(), "its folder is gone")
    assert groups_left() == ()


def test_what_those_of_a_family_used_is_told_when_they_have_ended(containers: LinuxContainers) -> None:
    containers.containerizer.update("family", Limits(cpus=1))
    hard = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done"
    containers.run("family.one", "sh", "-c", hard, isolation=NAMESPACES)
    usage = containers.containerizer.usage()["family"]
    assert usage.includes_nested
    assert usage.process is None
    assert usage.user_seconds + usage.system_seconds > 0
    containers.containerizer.destroy("family")
    wait_until(lambda: not groups_left(), "its group is gone")


def test_a_family_that_was_given_nothing_ends_with_the_last_of_it(containers: LinuxContainers) -> None:
    containers.launch("family.one", "sleep", "1000", isolation=NAMESPACES)
    containers.run("family.two", "true", isolation=NAMESPACES)
    assert groups_left() == ("family",)
    containers.containerizer.destroy("family")
    containers.wait("family.one")
    wait_until(lambda: not groups_left(), "its group is gone")


def test_limits_that_the_kernel_refuses_are_told(containers: LinuxContainers) -> None:
    containers.containerizer.update("family", Limits(cpus=1, cpus_limit=2))
    containers.launch("family.one", "sleep", "1000", isolation=NAMESPACES)
    # Below what those around it may use at most.
    with pytest.raises(ValueError, match=r"container family\.one: control group"):
        containers.containerizer.update("family.one", Limits(cpus_limit=4))
    containers.containerizer.destroy("family")
    wait_until(lambda: not groups_left(), "its group is gone")
