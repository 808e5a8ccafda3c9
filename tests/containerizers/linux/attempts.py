"""Attempts to get out of a container, each in a process of its own; for any Python, and without Pion.

An attempt returns when it was let do what it wanted, which it does in a way that leaves the host as it was,
and raises OSError when it was not. As a program it writes what became of each.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import platform
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_X86_64 = platform.machine() == "x86_64"
#: Numbers of calls that are different on the two machines.
_NUMBERS = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "process_vm_readv": (310, 270),
    "userfaultfd": (323, 282),
    "iopl": (172, -1),
}
_NEW_MOUNTS, _NEW_USER, _NEW_NET = 0x20000, 0x10000000, 0x40000000
_FOLDER = "attempt"


class Given:
    """What an attempt knows of the host."""

    def __init__(self, known: dict[str, Any]) -> None:
        #: A process of the host, with `secret` in its environment; and the first process there is.
        self.process = int(known["process"])
        self.first = int(known["first"])
        self.secret = str(known["secret"]).encode()
        #: A file that the agent keeps, one of another container, and a socket like dockerd's.
        self.agents_file = str(known["agents_file"])
        self.others_file = str(known["others_file"])
        self.socket = str(known["socket"])
        #: A segment of memory that processes of the host share.
        self.shared_memory = int(known["shared_memory"])
        #: A file of root that anybody can read, and a program that tells who runs it: root, for anybody.
        self.hosts_file = str(known["hosts_file"])
        self.setuid_program = str(known["setuid_program"])


def call(name: str, *arguments: int | bytes | None, looked_at: tuple[int, ...] = ()) -> int:
    """A system call by its number; errors in `looked_at` show that the kernel did more than refuse."""
    given = [ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
    return _checked(_libc.syscall(ctypes.c_long(_NUMBERS[name][not _X86_64]), *given), looked_at)


def library(name: str, *arguments: int | bytes | None, looked_at: tuple[int, ...] = ()) -> int:
    given = [ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
    return _checked(getattr(_libc, name)(*given), looked_at)


def _checked(result: int, looked_at: tuple[int, ...]) -> int:
    number = ctypes.get_errno()
    if result < 0 and number not in looked_at:
        raise OSError(number, os.strerror(number))
    return result


def opened(path: str, flags: int) -> None:
    os.close(os.open(path, flags))


# Files of the host.


def read_what_the_agent_keeps(given: Given) -> None:
    opened(given.agents_file, os.O_RDONLY)


def read_what_another_container_keeps(given: Given) -> None:
    opened(given.others_file, os.O_RDONLY)


def write_a_file_of_the_system(given: Given) -> None:
    opened("/etc/hosts", os.O_WRONLY)


def make_a_file_that_the_system_runs(given: Given) -> None:
    path = "/usr/local/bin/pion-attempt"
    opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    Path(path).unlink()


def link_a_file_of_the_host_to_where_it_can_be_changed(given: Given) -> None:
    os.link(given.hosts_file, "linked")
    Path("linked").unlink()


def leave_by_changing_the_root_twice(given: Given) -> None:
    Path(_FOLDER).mkdir(exist_ok=True)
    os.chroot(_FOLDER)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    opened(given.agents_file, os.O_RDONLY)


def follow_the_first_process_to_its_files(given: Given) -> None:
    opened(f"/proc/{given.first}/root{given.agents_file}", os.O_RDONLY)


def open_a_file_by_its_handle(given: Given) -> None:
    handle = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0) + bytes(128))
    mount = ctypes.c_int()
    looked = _libc.name_to_handle_at(-100, b"/etc", handle, ctypes.byref(mount), 0)
    _checked(looked, ())
    place = os.open("/etc", os.O_RDONLY)
    os.close(_checked(_libc.open_by_handle_at(place, handle, os.O_RDONLY), ()))


# Mounts.


def mount_a_file_system(given: Given) -> None:
    Path(_FOLDER).mkdir(exist_ok=True)
    library("mount", b"tmpfs", _FOLDER.encode(), b"tmpfs", 0, None)
    library("umount2", _FOLDER.encode(), 0)


def mount_control_groups(given: Given) -> None:
    Path(_FOLDER).mkdir(exist_ok=True)
    library("mount", b"cgroup", _FOLDER.encode(), b"cgroup", 0, b"memory")
    library("umount2", _FOLDER.encode(), 0)


def mount_what_is_there_so_that_it_can_be_written(given: Given) -> None:
    # There is no mount at this place, which is an error of who may look.
    library("mount", None, b"/etc/hosts", None, 0x1020, None, looked_at=(errno.EINVAL,))


def unmount_what_hides_the_host(given: Given) -> None:
    library("umount2", b"/etc/hosts", 0, looked_at=(errno.EINVAL,))


def take_a_tree_of_mounts(given: Given) -> None:
    os.close(call("open_tree", -100, b"/", 1))


def mount_in_a_namespace_of_a_user_of_its_own(given: Given) -> None:
    library("unshare", _NEW_USER | _NEW_MOUNTS)
    library("mount", b"tmpfs", b"/mnt", b"tmpfs", 0, None)


def make_a_namespace_of_a_user_of_its_own(given: Given) -> None:
    library("unshare", _NEW_USER)


def make_a_network_of_its_own(given: Given) -> None:
    library("unshare", _NEW_NET)


def enter_the_mounts_of_the_first_process(given: Given) -> None:
    namespace = os.open(f"/proc/{given.first}/ns/mnt", os.O_RDONLY)
    library("setns", namespace, 0)


def enter_the_mounts_of_a_process_of_the_host(given: Given) -> None:
    namespace = os.open(f"/proc/{given.process}/ns/mnt", os.O_RDONLY)
    library("setns", namespace, 0)


# Processes.


def trace_a_process_of_the_host(given: Given) -> None:
    library("ptrace", 0x4206, given.process, 0, 0)


def trace_the_first_process(given: Given) -> None:
    library("ptrace", 0x4206, given.first, 0, 0)


def write_into_the_first_process(given: Given) -> None:
    opened(f"/proc/{given.first}/mem", os.O_RDWR)


def read_the_memory_of_a_process_of_the_host(given: Given) -> None:
    opened(f"/proc/{given.process}/mem", os.O_RDONLY)


def read_the_environment_of_others(given: Given) -> None:
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if given.secret in file.read_bytes():
                return
    raise OSError(errno.ENOENT, "nobody has the secret")


def signal_a_process_of_the_host(given: Given) -> None:
    os.kill(given.process, 0)


def reach_memory_that_the_host_shares(given: Given) -> None:
    library("shmget", given.shared_memory, 0, 0)


# The kernel.


def move_to_another_control_group(given: Given) -> None:
    opened("/sys/fs/cgroup/memory/cgroup.procs", os.O_WRONLY)


def say_what_runs_when_a_control_group_is_released(given: Given) -> None:
    opened("/sys/fs/cgroup/memory/release_agent", os.O_WRONLY)


def say_what_runs_when_a_program_crashes(given: Given) -> None:
    opened("/proc/sys/kernel/core_pattern", os.O_WRONLY)


def change_a_setting_of_the_kernel(given: Given) -> None:
    opened("/proc/sys/kernel/panic", os.O_WRONLY)


def allow_to_ask_for_a_crash_of_the_host(given: Given) -> None:
    opened("/proc/sys/kernel/panic_on_oops", os.O_WRONLY)


def load_a_module(given: Given) -> None:
    call("init_module", None, 0, b"", looked_at=(errno.EFAULT, errno.ENOEXEC, errno.ENOSYS, errno.EINVAL))


def load_another_kernel(given: Given) -> None:
    call("kexec_load", 0, 17, None, 0xFFFF, looked_at=(errno.EINVAL, errno.ENOSYS))


def load_a_program_into_the_kernel(given: Given) -> None:
    call("bpf", 5, bytes(128), 4, looked_at=(errno.EINVAL, errno.E2BIG))


def measure_the_kernel(given: Given) -> None:
    event = struct.pack("=IIQQQQQQ", 1, 64, 0, 0, 0, 0, 0, 0)
    os.close(call("perf_event_open", event, 0, -1, -1, 0))


def read_what_the_kernel_says(given: Given) -> None:
    opened("/dev/kmsg", os.O_RDONLY)


def read_keys_of_the_kernel(given: Given) -> None:
    call("keyctl", 0, -4, 1)


def keep_a_key_in_the_kernel(given: Given) -> None:
    call("add_key", b"user", b"pion", b"x", 1, -2)


def catch_faults_of_the_kernel(given: Given) -> None:
    os.close(call("userfaultfd", 0))


def queue_work_to_the_kernel(given: Given) -> None:
    os.close(call("io_uring_setup", 1, bytes(120)))


# Devices and networks.


def make_a_disk(given: Given) -> None:
    _make_device(stat.S_IFBLK, 7, 0)


def make_the_memory_of_the_host(given: Given) -> None:
    _make_device(stat.S_IFCHR, 1, 1)


def _make_device(kind: int, major: int, minor: int) -> None:
    os.mknod("device", kind | 0o600, os.makedev(major, minor))
    Path("device").unlink()


def open_a_disk(given: Given) -> None:
    opened("/dev/loop0", os.O_RDONLY)


def open_a_terminal_of_the_host(given: Given) -> None:
    opened("/dev/tty1", os.O_WRONLY)


def forge_packets(given: Given) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


def listen_to_all_packets(given: Given) -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300).close()


def talk_to_who_makes_containers(given: Given) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(given.socket)


def become_root_by_a_program_of_root(given: Given) -> None:
    done = subprocess.run([given.setuid_program, "-u"], capture_output=True, text=True, check=False)
    if os.getuid() == 0 or done.stdout.strip() != "0":
        raise OSError(errno.EPERM, f"is {done.stdout.strip()} as before")


ATTEMPTS: dict[str, Callable[[Given], None]] = {
    name: one
    for name, one in list(globals().items())
    if callable(one) and getattr(one, "__annotations__", {}) == {"given": "Given", "return": "None"}
}


def attempt(name: str, given: Given) -> str:
    """What became of one; nothing when it got what it wanted."""
    told, tells = os.pipe()
    child = os.fork()
    if not child:
        said = b"killed"
        try:
            ATTEMPTS[name](given)
            said = b""
        except OSError as error:
            said = (error.strerror or str(error)).encode()
        finally:
            os.write(tells, said)
            os._exit(0)
    os.close(tells)
    with os.fdopen(told, "rb") as file:
        said = file.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.strsignal(os.WTERMSIG(status)) or "killed"
    return said.decode()


def main() -> None:
    known = json.loads(sys.argv[1])
    given = Given(known)
    found = {name: attempt(name, given) for name in ATTEMPTS}
    Path(known["answer"]).write_text(json.dumps(found), encoding="ascii")


if __name__ == "__main__":
    main()
