from __future__ import annotations

import errno

import pytest

from containerizers.linux import filters
from containerizers.linux.capabilities import DEFAULT, NAMES
from containerizers.linux.seccomp import compile_profile
from containerizers.linux.system_calls import MACHINES
from tests.containerizers.linux.bpf import verdict

X86 = MACHINES["x86_64"]
ALLOW, DENY, NOT_THERE = filters.ALLOW, filters.ERROR | errno.EPERM, filters.ERROR | errno.ENOSYS


def says(name: str, *arguments: int, capabilities: tuple[str, ...] = DEFAULT, machine: str = "x86_64") -> int:
    program = compile_profile("default", capabilities, machine)
    return verdict(program, MACHINES[machine].architecture, MACHINES[machine].numbers[name], arguments)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "name", ["mount", "umount2", "pivot_root", "setns", "move_mount", "open_tree", "bpf", "perf_event_open"]
)
def test_what_reaches_beyond_a_container_is_refused(name: str, machine: str) -> None:
    assert says(name, machine=machine) == DENY
    assert says(name, machine=machine, capabilities=("sys_admin",)) == ALLOW


@pytest.mark.parametrize(
    "name", ["keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup", "uselib", "sysfs"]
)
def test_what_nobody_needs_is_refused_to_all(name: str) -> None:
    assert says(name, capabilities=NAMES) == DENY


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("init_module", "sys_module"),
        ("finit_module", "sys_module"),
        ("kexec_load", "sys_boot"),
        ("reboot", "sys_boot"),
        ("open_by_handle_at", "dac_read_search"),
        ("process_vm_writev", "sys_ptrace"),
        ("iopl", "sys_rawio"),
        ("clock_settime", "sys_time"),
        ("syslog", "syslog"),
        ("acct", "sys_pacct"),
        ("perf_event_open", "perfmon"),
        ("bpf", "bpf"),
    ],
)
def test_who_has_the_capability_may_use_it(name: str, capability: str) -> None:
    assert says(name) == DENY
    assert says(name, capabilities=(capability,)) == ALLOW


@pytest.mark.parametrize("name", ["read", "openat", "execve", "fork", "prctl", "seccomp", "chroot", "mknod"])
def test_what_programs_are_made_of_is_allowed(name: str) -> None:
    assert says(name, capabilities=()) == ALLOW


@pytest.mark.parametrize("flag", [1 << bit for bit in (17, 25, 26, 27, 28, 29, 30)])
def test_new_namespaces_are_refused_and_new_threads_are_not(flag: int) -> None:
    thread = 0x3D0F00
    assert says("clone", thread) == ALLOW
    assert says("clone", 17) == ALLOW
    assert says("clone", 17 | flag) == DENY
    assert says("unshare", 0x400) == ALLOW
    assert says("unshare", 0x400 | flag) == DENY
    assert says("unshare", 0x80) == DENY
    assert says("clone", flag, capabilities=("sys_admin",)) == ALLOW


def test_programs_fall_back_from_the_call_that_no_filter_can_look_into() -> None:
    assert says("clone3") == NOT_THERE
    assert says("clone3", capabilities=("sys_admin",)) == ALLOW


def test_only_who_wants_to_be_traced_is() -> None:
    assert says("ptrace", 0) == ALLOW
    assert says("ptrace", 16) == DENY
    assert says("ptrace", 0x4206) == DENY
    assert says("ptrace", 16, capabilities=("sys_ptrace",)) == ALLOW


def test_sockets_go_to_no_virtual_machines_host() -> None:
    assert says("socket", 2, 1) == ALLOW
    assert says("socket", 40, 1) == DENY


def test_a_personality_is_one_of_few() -> None:
    assert [says("personality", one) for one in (0, 8, 0xFFFFFFFF)] == [ALLOW] * 3
    assert says("personality", 0x400000) == DENY


def test_calls_that_came_later_are_as_if_they_were_not_there() -> None:
    program = compile_profile("default", DEFAULT, "x86_64")
    assert verdict(program, X86.architecture, max(X86.numbers.values()) + 1) == NOT_THERE
    assert verdict(program, X86.architecture, X86.numbers["file_setattr"]) == ALLOW
