from __future__ import annotations

from pathlib import Path

import pytest

from containerizers.cgroups.detection import SUBSYSTEMS, detect, hierarchies
from containerizers.cgroups.v1 import V1
from containerizers.cgroups.v2 import V2

V1_MOUNT = "30 25 0:26 / {0}/{1} rw,nosuid shared:9 - cgroup cgroup rw,{1}\n"
V2_MOUNT = "31 25 0:27 / {0} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def host(folder: Path, v1: tuple[str, ...] = (), v2: str | None = None, controllers: str = "") -> Path:
    """The list of mounts of a host with these subsystems of v1, and v2 in a folder."""
    text = "22 1 8:1 / / rw - ext4 /dev/vda rw\n"
    for name in v1:
        (folder / name).mkdir()
        text += V1_MOUNT.format(folder, name)
    if v2 is not None:
        (folder / v2).mkdir(exist_ok=True)
        (folder / v2 / "cgroup.controllers").write_text(controllers + "\n", encoding="ascii")
        text += V2_MOUNT.format(folder / v2 if v2 else folder)
    mounts = folder / "mountinfo"
    mounts.write_text(text, encoding="ascii")
    return mounts


def test_this_host_has_v1_with_all_of_them() -> None:
    cgroups = detect()
    assert isinstance(cgroups, V1)
    assert (cgroups.version, cgroups.subsystems, cgroups.missing) == (1, SUBSYSTEMS, ())
    assert "/sys/fs/cgroup/cpuacct" in cgroups.hierarchies


def test_a_host_with_but_v2_has_that(tmp_path: Path) -> None:
    mounts = host(tmp_path, v2="", controllers="cpuset cpu io memory hugetlb pids rdma misc")
    cgroups = detect(str(tmp_path), mounts=mounts)
    assert isinstance(cgroups, V2)
    assert (cgroups.version, cgroups.subsystems, cgroups.missing) == (2, SUBSYSTEMS, ())
    assert cgroups.mount == str(tmp_path)


def test_of_both_the_one_with_more_is_taken(tmp_path: Path) -> None:
    mounts = host(tmp_path, v1=("cpu", "freezer"), v2="unified", controllers="memory pids io")
    cgroups = detect(str(tmp_path), ("cpu", "memory", "pids", "blkio"), mounts=mounts)
    assert isinstance(cgroups, V2)
    assert (cgroups.subsystems, cgroups.missing) == (("memory", "pids", "blkio"), ("cpu",))
    cgroups = detect(str(tmp_path), ("cpu", "freezer", "pids"), mounts=mounts)
    assert cgroups is not None
    assert (cgroups.version, cgroups.missing) == (1, ("pids",))


def test_hierarchies_elsewhere_do_not_count(tmp_path: Path) -> None:
    assert detect(str(tmp_path / "no"), mounts=host(tmp_path, v1=("cpu",))) is None


def test_a_host_without_any_has_none(tmp_path: Path) -> None:
    assert detect(str(tmp_path), mounts=host(tmp_path)) is None


def test_a_subsystem_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no 'gpu'; there are cpu, memory"):
        detect(str(tmp_path), ("cpu", "gpu"), mounts=host(tmp_path))


def test_subsystems_that_are_mounted_together_are_one_hierarchy(tmp_path: Path) -> None:
    folder = tmp_path / "cpu,cpuacct"
    folder.mkdir()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 25 0:26 / {folder} rw - cgroup cgroup rw,cpu,cpuacct\n", encoding="ascii")
    cgroups = detect(str(tmp_path), ("cpu",), mounts=mounts)
    assert isinstance(cgroups, V1)
    assert cgroups.mounts == {"cpu": str(folder), "cpuacct": str(folder)}
    assert cgroups.hierarchies == (str(folder),)


def test_odd_letters_of_a_path_are_read_and_broken_lines_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    mounts = tmp_path / "mountinfo"
    path = str(folder).replace(" ", r"\040")
    mounts.write_text(f"\nnonsense\n30 25 0:26 / {path} rw - cgroup cgroup rw,cpu\n", encoding="ascii")
    assert hierarchies(str(tmp_path), mounts).v1["cpu"] == str(folder)
