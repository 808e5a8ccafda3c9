from __future__ import annotations

import pytest

from actors.executor.containment.isolators import read_isolators, subsystems


def test_names_stand_for_others_as_in_mesos() -> None:
    assert read_isolators("process, posix/disk") == ("posix/cpu", "posix/mem", "disk/du")
    assert read_isolators("cgroups") == ("cgroups/cpu", "cgroups/mem")
    assert "cgroups/pids" in read_isolators("cgroups/all")


def test_volumes_come_with_the_file_system_of_linux() -> None:
    assert read_isolators("filesystem/linux,namespaces/pid") == (
        "filesystem/linux",
        "namespaces/pid",
        "volume/host_path",
        "volume/sandbox_path",
        "volume/secret",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cgroups/cpu,disk/xfs", "disk/xfs: quotas are counted by disk/du"),
        ("network/cni", "network/cni: there are no networks of CNI"),
        ("gpu/nvidia", "gpu/nvidia: "),
        ("cgroups/cpus", "cgroups/cpus: there is no such isolator"),
        ("namespaces/pid", "namespaces/pid: needs filesystem/linux, too"),
        ("volume/host_path", "volume/host_path: needs filesystem/linux, too"),
        ("filesystem/posix,filesystem/linux", "only one of them"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_isolators(text)


def test_each_isolator_of_control_groups_needs_its_subsystem_and_all_of_them_one() -> None:
    assert subsystems(("cgroups/mem", "posix/cpu", "cgroups/pids")) == ("memory", "pids", "freezer")
