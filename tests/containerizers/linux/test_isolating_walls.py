from __future__ import annotations

import os
import pwd
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from containerizers.containerizer import Ended
from containerizers.spec import Device, Isolation, Limits, Mount
from tests.containerizers.containers import wait_until
from tests.containerizers.linux.containers import GROUPS, NAMESPACES, LinuxContainers, members
from tests.containerizers.linux.public import public_folder


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[LinuxContainers]:
    with LinuxContainers(tmp_path) as made:
        yield made


def said(containers: LinuxContainers, script: str, isolation: Isolation, **others: object) -> str:
    """What a script that runs in a container writes."""
    name = f"c{len(containers.ended)}"
    out = containers.folder / name
    containers.run(name, "sh", "-c", script, isolation=isolation, stdout=str(out), stderr=str(out), **others)
    return out.read_text()


def test_its_tmp_is_its_own(containers: LinuxContainers, tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    isolation = msgspec.structs.replace(NAMESPACES, private_tmp=True)
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        mine = f"{file.name}-mine"
        script = f"[ -e {file.name} ] || echo not there; ls -A /var/tmp; echo mine > {mine} && cat {mine}"
        assert said(containers, script, isolation, directory=str(sandbox)) == "not there\nmine\n"
        assert not Path(mine).exists()


def test_what_is_hidden_is_empty(containers: LinuxContainers, tmp_path: Path) -> None:
    folder, file = tmp_path / "secrets", tmp_path / "secret"
    folder.mkdir()
    (folder / "key").write_text("key")
    file.write_text("secret")
    isolation = msgspec.structs.replace(NAMESPACES, hidden=(str(folder), str(file)))
    assert said(containers, f"ls -A {folder}; cat {file}; echo over", isolation) == "over\n"


def test_it_sees_the_folders_of_the_host_that_it_is_given(
    containers: LinuxContainers, tmp_path: Path
) -> None:
    for name in ("given", "read", "sandbox"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(f"{name}\n")
    mounts = (
        Mount(source=str(tmp_path / "given"), target="volume"),
        Mount(source=str(tmp_path / "read"), target="fixed", read_only=True),
        Mount(content=b"hidden\n", target="secret"),
    )
    isolation = msgspec.structs.replace(NAMESPACES, mounts=mounts)
    script = "cat volume/file fixed/file secret; echo more >> volume/file; echo more >> fixed/file"
    lines = said(containers, script, isolation, directory=str(tmp_path / "sandbox")).splitlines()
    assert lines[:3] == ["given", "read", "hidden"]
    assert lines[3].endswith("Read-only file system")
    assert (tmp_path / "given/file").read_text() == "given\nmore\n"
    left = tmp_path / "sandbox/secret"
    assert not left.exists() or left.read_bytes() == b""


def test_what_a_crash_of_mounting_says_is_told(containers: LinuxContainers, tmp_path: Path) -> None:
    isolation = msgspec.structs.replace(NAMESPACES, mounts=(Mount(source="/no/such", target="volume"),))
    ended = containers.run("one", "true", isolation=isolation)
    assert ended.status is None
    assert "/no/such" in ended.error
    assert not (tmp_path / "volume").exists()


def test_a_device_that_is_not_given_cannot_be_opened(containers: LinuxContainers) -> None:
    script = "(: < /dev/zero) && (: > /dev/null) && echo good; (: < /dev/loop-control) || echo refused"
    isolation = msgspec.structs.replace(GROUPS, devices=())
    lines = said(containers, script, isolation).splitlines()
    assert (lines[0], lines[-1]) == ("good", "refused")
    given = msgspec.structs.replace(GROUPS, devices=(Device(path="/dev/loop-control"),))
    assert said(containers, script, given) == "good\n"


def test_a_filter_and_few_capabilities_leave_little(containers: LinuxContainers) -> None:
    isolation = msgspec.structs.replace(
        NAMESPACES,
        bounding_capabilities=("chown", "kill", "setuid", "setgid"),
        no_new_privileges=True,
        seccomp="default",
    )
    script = (
        "grep -E 'CapEff|NoNew|Seccomp:' /proc/self/status | tr '\\t\\n' '  '; echo;"
        "mount -t tmpfs none /mnt 2> /dev/null || echo no mount; unshare -U true 2> /dev/null || echo no user"
    )
    assert said(containers, script, isolation).splitlines() == [
        "CapEff: 00000000000000e1 NoNewPrivs: 1 Seccomp: 2 ",
        "no mount",
        "no user",
    ]


def test_a_name_of_the_host_is_not_given_away(containers: LinuxContainers) -> None:
    ended = containers.run("one", "true", isolation=Isolation(hostname="elsewhere"))
    assert ended == Ended("one", None, "hostname: needs a namespace uts")


def test_one_that_left_its_groups_ends_all_the_same(containers: LinuxContainers, tmp_path: Path) -> None:
    # Whoever may write there is not kept by them; but what a container is, is known.
    leave = "for h in /sys/fs/cgroup/*/; do echo $$ > $h/cgroup.procs; done 2> /dev/null"
    containers.sh("one", f"{leave}; echo > out; exec sleep 1000", isolation=GROUPS)
    wait_until((tmp_path / "out").exists, "it has left")
    assert containers.launched["one"] not in members("one")
    containers.containerizer.destroy("one")
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", signal.SIGKILL)


def test_what_the_user_owns_is_what_a_container_of_theirs_can_write(
    containers: LinuxContainers,
) -> None:
    user = pwd.getpwnam("nobody")
    isolation = msgspec.structs.replace(
        NAMESPACES, private_tmp=True, seccomp="default", no_new_privileges=True
    )
    script = "touch file /tmp/file; touch /etc/file; id -u; ulimit -u > /dev/null"
    with public_folder() as sandbox:
        os.chown(sandbox, user.pw_uid, user.pw_gid)
        out = sandbox / "out"
        where = {"directory": str(sandbox), "stdout": str(out)}
        containers.run("one", "sh", "-c", script, isolation=isolation, user="nobody", **where)
        assert out.read_text() == f"{user.pw_uid}\n"
        assert (sandbox / "file").stat().st_uid == user.pw_uid
    assert not Path("/etc/file").exists()


def test_what_it_may_use_of_processors_holds(containers: LinuxContainers) -> None:
    spin = "import time\nwhile time.process_time() < 0.1: pass"
    containers.run(
        "one", "python3", "-c", spin, isolation=NAMESPACES, limits=Limits(cpus=0.1, cpus_limit=0.5)
    )
    containers.launch("two", "sleep", "1000", isolation=NAMESPACES, limits=Limits(cpus_limit=0.5))
    assert containers.ended["one"].status == 0
    assert containers.containerizer.usage()["two"].cpu_periods is not None
