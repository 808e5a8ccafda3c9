"""Each on the kernel: a process of root in namespaces of its own takes the steps, and a shell looks about."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from containerizers.linux.mounts import plan
from containerizers.spec import Device, Isolation, Mount
from tests.containerizers.linux.children import ROOT, child, seen
from tests.containerizers.linux.public import public_folder

NOBODY = (65534, 65534, ())
#: A host of its own, whose /mnt is shared; then a container, and a mount of each of them there.
SHARING = """
import ast, os, sys
from containerizers.linux import mounting, mounts, syscalls, trees
from containerizers.spec import Isolation, Mount
more, directory = ast.literal_eval(sys.argv[1])
def mount(place):
    os.makedirs(place)
    tree = trees.made("tmpfs", 0)
    trees.attach(tree, trees.opened(place))
syscalls.named("unshare", 0x20000)
trees.change("/", propagation=trees.PRIVATE)
trees.attach(trees.made("tmpfs", 0), trees.opened("/mnt"))
trees.change("/mnt", propagation=1 << 20)
volume = Mount(target="a", source="/mnt", **more)
steps = mounts.plan(Isolation(namespaces=("mount",), mounts=(volume,)), directory, None)
come, go = os.pipe(), os.pipe()
if not os.fork():
    syscalls.named("unshare", 0x20000)
    mounting.perform(steps)
    mount(f"{directory}/a/of container")
    os.write(come[1], b"x")
    os.read(go[0], 1)
    os._exit(os.path.ismount(f"{directory}/a/of host"))
os.read(come[0], 1)
outside = os.path.ismount("/mnt/of container")
mount("/mnt/of host")
os.write(go[1], b"x")
print(os.waitstatus_to_exitcode(os.wait()[1]) == 1, outside)
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """One that users can reach."""
    with public_folder() as folder:
        yield folder


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """A folder of a user."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    os.chown(folder, *NOBODY[:2])
    return folder


def mounted(folder: Path) -> list[str]:
    """What of the host's mounts containers could have changed; others come and go."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = {line: line.split(" ")[4] for line in lines}
    places = ("/proc", "/sys", "/dev", "/tmp", "/var/tmp", "/mnt", "/root", "/etc")  # noqa: S108
    return [
        line
        for line, point in points.items()
        if point in places or point.startswith(("/proc/", "/sys/", "/dev/", f"{folder}/"))
    ]


def look(
    script: str,
    sandbox: Path,
    *mounts: Mount,
    user: tuple[int, int, tuple[int, ...]] | None = None,
    namespaces: tuple[str, ...] = ("mount", "pid", "ipc"),
    **more: Any,
) -> subprocess.CompletedProcess[str]:
    """What a shell says in there; the host sees nothing of it."""
    isolation = Isolation(namespaces=namespaces, mounts=mounts, **more)
    before = mounted(sandbox.parent)
    done = seen(script, plan(isolation, str(sandbox), user and user[:2]), sandbox, user)
    assert mounted(sandbox.parent) == before
    return done


def test_processes_are_its_own_and_what_changes_the_host_cannot_be_written(sandbox: Path) -> None:
    done = look(
        "ls -d /proc/[0-9]* | wc -l; cat /proc/self/comm; echo x >/proc/sys/kernel/core_pattern", sandbox
    )
    assert int(done.stdout.split()[0]) <= 4
    assert "/proc/sys/kernel/core_pattern: Read-only file system" in done.stderr
    for path in ("/proc/sysrq-trigger", "/sys/kernel/profiling", "/sys/fs/cgroup/memory/cgroup.procs"):
        done = look(f"echo 0 >{path}", sandbox)
        assert done.returncode != 0, path
        assert "Read-only" in done.stderr or "nonexistent" in done.stderr, path


def test_what_tells_of_the_host_is_empty(sandbox: Path) -> None:
    done = look("cat /proc/kallsyms /proc/keys /proc/timer_list; ls /proc/acpi /sys/firmware", sandbox)
    assert done.stdout.split() == ["/proc/acpi:", "/sys/firmware:"]
    assert look("touch /sys/firmware/x /proc/acpi/x", sandbox).returncode != 0


def test_temporary_files_are_its_own_for_everybody_and_lie_in_its_folder(
    sandbox: Path, tmp_path: Path
) -> None:
    script = "id -u; stat -c '%a %U' /tmp /var/tmp; echo mine >/tmp/file; echo too >/var/tmp/file; ls /tmp"
    done = look(script, sandbox, user=NOBODY, private_tmp=True)
    assert done.stderr == ""
    assert done.stdout.split()[:5] == ["65534", "1777", "root", "1777", "root"]
    assert (sandbox / ".tmp/tmp/file").read_text(encoding="ascii") == "mine\n"
    assert (sandbox / ".tmp/var_tmp/file").read_text(encoding="ascii") == "too\n"


def test_its_folder_stays_where_it_is_though_all_around_it_is_hidden(sandbox: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="ascii")
    (sandbox / "file").write_text("mine", encoding="ascii")
    script = f"cat {sandbox}/file; ls {tmp_path}; echo new >>file; touch {tmp_path}/file"
    done = look(script, sandbox, hidden=(str(tmp_path), "/nowhere"), private_tmp=True)
    assert done.stdout == "minesandbox\n"
    assert (sandbox / "file").read_text(encoding="ascii") == "minenew\n"
    assert not (tmp_path / "file").exists()


def test_what_is_hidden_in_its_folder_stays_hidden(sandbox: Path, tmp_path: Path) -> None:
    (sandbox / "inner").mkdir()
    (sandbox / "inner/file").touch()
    done = look("ls inner", sandbox, hidden=(str(sandbox / "inner"),), read_only_host=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_hidden_files_and_folders_are_empty_and_cannot_be_written(sandbox: Path) -> None:
    script = "ls -A /root; cat /etc/shadow; echo x >/root/file; echo x >/etc/shadow; ls -A /root"
    done = look(script, sandbox, hidden=("/root", "/etc/shadow"))
    assert done.stdout == ""
    assert "cannot create /root/file: Read-only file system" in done.stderr
    assert Path("/etc/shadow").stat().st_size > 2


def test_a_secret_is_only_its_users_to_read_and_never_on_a_disk(sandbox: Path) -> None:
    script = "stat -f -c %T secret/key; stat -c '%a %u' secret/key; cat secret/key; chmod 600 secret/key"
    mount = Mount(target="secret/key", content=b"s3cret\n")
    done = look(script, sandbox, mount, user=NOBODY)
    assert done.stdout.split() == ["ramfs", "400", "65534", "s3cret"]
    assert "Read-only file system" in done.stderr
    assert (sandbox / "secret/key").read_bytes() == b""
    assert look("cat secret/key", sandbox, mount, user=(65533, 65533, ())).stdout == "s3cret\n"
    assert look("ls -A", sandbox, Mount(target="other", content=b"x" * 100_000)).stdout.split() == [
        "other",
        "secret",
    ]


def test_several_secrets_do_not_mix(sandbox: Path) -> None:
    mounts = tuple(Mount(target=f"s{number}", content=b"%d\n" % number) for number in range(5))
    assert look("cat s0 s1 s2 s3 s4", sandbox, *mounts).stdout.split() == list("01234")


def test_a_folder_of_the_host_is_seen_and_written_only_where_that_is_allowed(
    sandbox: Path, tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    (volume / "below").mkdir(parents=True)
    mounts = (
        Mount(target="a/open", source=str(volume)),
        Mount(target="a/closed", source=str(volume), read_only=True),
        Mount(target="/mnt", source=str(volume), read_only=True),
    )
    done = look(
        "echo x >a/open/file; echo x >a/closed/other; echo x >/mnt/other; ls a/closed /mnt", sandbox, *mounts
    )
    assert (volume / "file").exists()
    assert not (volume / "other").exists()
    assert done.stderr.count("Read-only file system") == 2
    assert done.stdout.split() == ["/mnt:", "below", "file", "a/closed:", "below", "file"]


def test_what_is_mounted_below_a_folder_that_may_not_be_written_may_not_either(sandbox: Path) -> None:
    mount = Mount(target="dev", source="/dev", read_only=True)
    done = look("touch dev/shm/pion-test", sandbox, mount)
    assert "Read-only file system" in done.stderr


def test_a_file_of_the_host_is_mounted_on_one_that_is_made(sandbox: Path) -> None:
    done = look("cat etc/name", sandbox, Mount(target="etc/name", source="/etc/hostname"))
    assert done.stdout == Path("/etc/hostname").read_text(encoding="ascii")
    assert (sandbox / "etc").stat().st_uid == os.geteuid()


def test_what_is_made_belongs_to_the_user(sandbox: Path, tmp_path: Path) -> None:
    mount = Mount(target="a/b", source="c/d", beneath=str(tmp_path), makes_source=True)
    assert look("touch a/b/file", sandbox, mount, user=NOBODY).returncode == 0
    assert (tmp_path / "c/d/file").stat().st_uid == (sandbox / "a").stat().st_uid == 65534


def test_a_volume_keeps_its_place_though_all_around_it_is_hidden(sandbox: Path, tmp_path: Path) -> None:
    volume = tmp_path / "volumes" / "v"
    volume.mkdir(parents=True)
    (sandbox / "link").symlink_to(volume)
    mount = Mount(target=str(volume), source=str(volume))
    done = look(
        f"echo x >link/file; ls {tmp_path}/volumes", sandbox, mount, hidden=(str(tmp_path / "volumes"),)
    )
    assert (done.stdout, done.stderr) == ("v\n", "")
    assert (volume / "file").exists()


@pytest.mark.parametrize(
    ("link", "source"),
    [("/etc", "link"), ("/etc", "link/passwd"), ("../..", "link"), ("/proc/1/root", "link")],
)
def test_no_link_leads_out_of_the_folder_that_a_source_is_beneath(
    link: str, source: str, sandbox: Path
) -> None:
    (sandbox / "link").symlink_to(link)
    done = look("ls a", sandbox, Mount(target="a", source=source, beneath=str(sandbox)))
    assert done.returncode == 1
    assert f"mount '{source}': take: leads out of '{sandbox}'" in done.stderr


def test_a_link_that_stays_in_the_folder_is_followed(sandbox: Path) -> None:
    (sandbox / "data").mkdir()
    (sandbox / "data/file").touch()
    (sandbox / "link").symlink_to("data")
    assert look("ls a", sandbox, Mount(target="a", source="link", beneath=str(sandbox))).stdout == "file\n"


def test_a_source_that_was_looked_at_may_not_have_become_a_link(sandbox: Path, tmp_path: Path) -> None:
    (tmp_path / "volume").symlink_to("/etc")
    done = look("ls a", sandbox, Mount(target="a", source=str(tmp_path / "volume")))
    assert "take: Too many levels of symbolic links" in done.stderr


@pytest.mark.parametrize("target", ["link", "link/file", "a/link/b"])
def test_no_link_leads_a_target_elsewhere(target: str, sandbox: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (sandbox / "a").mkdir()
    (sandbox / "link").symlink_to(tmp_path / "elsewhere")
    (sandbox / "a/link").symlink_to(tmp_path / "elsewhere")
    done = look("true", sandbox, Mount(target=target, content=b"x"))
    assert f"step: mount '{target}': attach_below: 'link' is a symbolic link" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", [".tmp", ".tmp/tmp"])
def test_no_link_leads_temporary_files_elsewhere(name: str, sandbox: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (sandbox / name).parent.mkdir(exist_ok=True)
    (sandbox / name).symlink_to(tmp_path / "elsewhere")
    done = look("true", sandbox, private_tmp=True)
    assert "is a symbolic link" in done.stderr
    assert (tmp_path / "elsewhere").stat().st_mode & 0o7777 == 0o755
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("mount", "text"),
    [
        (
            Mount(target="/nowhere", source="/usr"),
            "mount '/nowhere': must be there, or in the container's folder",
        ),
        (Mount(target="/mnt", source="/etc/hostname"), "mount '/mnt': must be a file, as its source is"),
        (Mount(target="/etc/hostname", content=None, source="/usr"), "must be a folder, as its source is"),
        (Mount(target="file/x", source="/usr"), "mount 'file/x': attach_below: 'file' is no folder"),
        (Mount(target="file", source="/usr"), "mount 'file': attach_below: 'file' is no folder"),
        (Mount(target="folder", content=b"x"), "mount 'folder': attach_below: 'folder' is no file"),
        (Mount(target="a", source="/nowhere"), "mount '/nowhere': take: No such file or directory"),
    ],
)
def test_what_cannot_be_mounted_is_told_with_its_name(mount: Mount, text: str, sandbox: Path) -> None:
    (sandbox / "file").touch()
    (sandbox / "folder").mkdir()
    done = look("true", sandbox, mount)
    assert done.returncode == 1
    assert text in done.stderr


def test_devices_are_few_and_a_terminal_of_its_own_can_be_made(sandbox: Path) -> None:
    script = (
        "ls /dev; echo >/dev/null; head -c3 /dev/zero | wc -c; ls /dev/pts; echo x >/dev/file; ls /dev/fd/0"
    )
    done = look(script, sandbox, devices=(Device(path="/dev/loop0"),), shm_bytes=1 << 20)
    names = (
        "fd full loop0 mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero 3 ptmx /dev/fd/0"
    )
    assert done.stdout.split() == names.split()
    assert "cannot create /dev/file: Read-only file system" in done.stderr
    code = "import pty, os; master, slave = pty.openpty(); print(os.ttyname(slave))"
    assert (
        look(f"python3 -c '{code}' || /usr/bin/python3 -c '{code}'", sandbox, devices=()).stdout
        == "/dev/pts/0\n"
    )


def test_shared_memory_has_the_size_that_was_asked_for(sandbox: Path) -> None:
    script = "df --output=size /dev/shm | tail -1; stat -c %a /dev/shm; head -c 2M /dev/zero >/dev/shm/file"
    done = look(script, sandbox, shm_bytes=1 << 20)
    assert done.stdout.split() == ["1024", "1777"]
    assert "No space left on device" in done.stderr


def test_without_a_namespace_of_processes_the_hosts_are_seen_but_nothing_can_be_changed(
    sandbox: Path,
) -> None:
    done = look(
        "ls -d /proc/[0-9]* | wc -l; echo x >/proc/sys/kernel/core_pattern", sandbox, namespaces=("mount",)
    )
    assert int(done.stdout) > 4
    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize(
    ("more", "inside", "outside"),
    [
        ({}, False, False),
        ({"follows_host": True}, True, False),
        ({"follows_host": True, "shared_with_host": True}, True, True),
    ],
)
def test_mounts_that_come_later_are_seen_as_was_asked_for(
    more: dict[str, bool], inside: bool, outside: bool, sandbox: Path
) -> None:
    given = (more, str(sandbox))
    done = subprocess.run(
        [sys.executable, "-c", SHARING, repr(given)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{inside} {outside}\n", "")


def test_a_kernel_that_is_too_old_is_told(sandbox: Path) -> None:
    code = """
from containerizers.linux import mounting, syscalls, trees
def call(*arguments): raise OSError(38, "Function not implemented")
trees.call = call
try: mounting.perform((("leave", "/"),))
except syscalls.StepError as error: print(error)
"""
    assert child(code).stdout == "mount '/': leave: needs Linux 5.12\n"


def test_no_descriptor_is_left_open_when_a_step_fails(sandbox: Path) -> None:
    code = """
from containerizers.linux import mounting, syscalls
syscalls.named("unshare", 0x20000)
before = os.listdir("/proc/self/fd")
try: mounting.perform(given)
except syscalls.StepError as error: print(error)
print(os.listdir("/proc/self/fd") == before)
"""
    isolation = Isolation(namespaces=("mount",), mounts=(Mount(target="/mnt", source="/etc/hostname"),))
    done = child(code, plan(isolation, str(sandbox), None))
    assert done.stdout.splitlines() == ["mount '/mnt': must be a file, as its source is", "True"]


def test_a_host_that_is_read_only_leaves_but_its_own_to_be_written(sandbox: Path, tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    script = """
        touch /etc/pion-test /var/pion-test /pion-test /run/pion-test
        touch mine volume/mine /tmp/mine /dev/shm/pion-test && rm /dev/shm/pion-test && echo >/dev/null
        echo done
    """
    mount = Mount(target="volume", source=str(tmp_path / "volume"))
    done = look(script, sandbox, mount, read_only_host=True, private_tmp=True)
    assert done.stdout == "done\n"
    assert done.stderr.count("Read-only file system") == 4
    assert (sandbox / "mine").exists()
    assert (tmp_path / "volume/mine").exists()
    assert (sandbox / ".tmp/tmp/mine").exists()
