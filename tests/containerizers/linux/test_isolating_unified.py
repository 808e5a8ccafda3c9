"""On control groups of version 2, which can be mounted beside those of version 1; without what limits."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from containerizers.cgroups.detection import detect
from containerizers.containerizer import Ended
from containerizers.linux.containerizer import LinuxContainerizer
from containerizers.spec import Isolation
from tests.containerizers.containers import read_number, runs, wait_until
from tests.containerizers.linux.containers import GROUPS, NAMESPACES, ROOT, SETTINGS, LinuxContainers
from tests.containerizers.test_process import DAEMONS, entries


@pytest.fixture
def hierarchy(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "unified"
    folder.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "none", folder], check=True)
    yield folder
    cgroups = detect(str(folder), ("freezer",))
    assert cgroups is not None
    left = cgroups.below(ROOT)
    wait_until(cgroups.group(ROOT).remove, "the control groups are gone")
    subprocess.run(["umount", folder], check=True)
    assert left == ()


@pytest.fixture
def containers(tmp_path: Path, hierarchy: Path) -> Iterator[LinuxContainers]:
    class Unified(LinuxContainers):
        settings = msgspec.structs.replace(SETTINGS, hierarchy=str(hierarchy), subsystems=("freezer",))

    with Unified(tmp_path) as made:
        yield made


@pytest.mark.parametrize("isolation", [NAMESPACES, GROUPS], ids=["namespaces", "groups"])
def test_a_container_is_in_its_group_and_ends_with_it(
    containers: LinuxContainers, tmp_path: Path, isolation: Isolation
) -> None:
    assert containers.linux.left_out == ()
    out = str(tmp_path / "out")
    containers.run("one", "cat", "/proc/self/cgroup", isolation=isolation, stdout=out)
    assert f"0::/{ROOT}/one/" in (tmp_path / "out").read_text()
    assert containers.run("two", "sh", "-c", "exit 3", isolation=isolation).status == 3 << 8
    assert entries(containers.runtime_dir) == []


@pytest.mark.parametrize("script", DAEMONS.values(), ids=DAEMONS.keys())
def test_nothing_of_it_outlives_it(containers: LinuxContainers, tmp_path: Path, script: str) -> None:
    containers.sh("one", f"{script}\nwhile ! [ -s number ]; do sleep 0.01; done; exit 3", isolation=GROUPS)
    containers.wait("one")
    assert containers.ended["one"].status == 3 << 8
    assert not runs(read_number(tmp_path / "number"))


def test_nested_ones_are_told_apart_and_end_with_it(containers: LinuxContainers) -> None:
    containers.launch("outer", "sleep", "1000", isolation=NAMESPACES)
    containers.launch("outer.check", "sleep", "1000", inside=True)
    containers.launch("outer.inner", "sleep", "1000", isolation=NAMESPACES)
    assert containers.containerizer.processes() == {
        container_id: (process,) for container_id, process in containers.launched.items()
    }
    containers.containerizer.destroy("outer")
    containers.wait("outer", "outer.check", "outer.inner")
    assert containers.ended["outer"] == Ended("outer", signal.SIGKILL)


def test_it_is_found_by_the_next_one(containers: LinuxContainers) -> None:
    before = LinuxContainerizer(containers.runtime_dir, lambda _: None, None, containers.settings)
    before.launch("one", containers.spec("sleep", "1000", isolation=NAMESPACES))
    before.close()
    assert containers.containerizer.recover() == ("one",)
    containers.containerizer.adopt("one")
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", signal.SIGTERM)
