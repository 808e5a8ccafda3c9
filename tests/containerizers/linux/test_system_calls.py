from __future__ import annotations

import os
import signal

import pytest

from containerizers.linux.system_calls import MACHINES
from tests.containerizers.linux.children import child

X86, ARM = MACHINES["x86_64"].numbers, MACHINES["aarch64"].numbers


@pytest.mark.parametrize(
    ("name", "x86", "arm"),
    [
        ("read", 0, 63),
        ("openat", 257, 56),
        ("clone", 56, 220),
        ("execve", 59, 221),
        ("ptrace", 101, 117),
        ("mount", 165, 40),
        ("unshare", 272, 97),
        ("setns", 308, 268),
        ("seccomp", 317, 277),
        ("bpf", 321, 280),
        ("keyctl", 250, 219),
        ("open_by_handle_at", 304, 265),
        ("rseq", 334, 293),
        ("kexec_file_load", 320, 294),
        ("pidfd_send_signal", 424, 424),
        ("clone3", 435, 435),
        ("openat2", 437, 437),
        ("mount_setattr", 442, 442),
        ("futex_waitv", 449, 449),
        ("mseal", 462, 462),
        ("file_setattr", 469, 469),
    ],
)
def test_numbers_are_the_kernels(name: str, x86: int, arm: int) -> None:
    assert (X86[name], ARM[name]) == (x86, arm)


def test_no_number_has_two_names_and_old_calls_are_not_on_newer_machines() -> None:
    for numbers in (X86, ARM):
        assert len(set(numbers.values())) == len(numbers)
    assert not {"open", "fork", "access", "epoll_wait", "uselib"} & set(ARM)
    assert set(ARM) < set(X86)


def test_what_the_library_calls_by_name_has_the_number_that_is_listed_here() -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None)
print(libc.syscall(given["getpid"]) == os.getpid(), libc.syscall(given["getuid"]) == os.getuid())
print(libc.syscall(given["getppid"]) == os.getppid(), libc.syscall(given["kill"], os.getpid(), 10))
"""
    numbers = MACHINES[os.uname().machine].numbers
    done = child(code, {name: numbers[name] for name in ("getpid", "getuid", "getppid", "kill")})
    assert done.returncode == -signal.SIGUSR1
    assert done.stdout in ("", "True True\n")
