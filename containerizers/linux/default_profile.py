"""The filter of system calls that containers get who ask for none of their own.

All calls that are known may be made, but for those by which a program could reach beyond its container, or
which have let programs do so before: the kernel asks for a capability for most of them, too, but that a user
namespace may give to anybody. Calls that came after this was written are answered as by an older kernel.
"""

from __future__ import annotations

import errno
from typing import Any

from containerizers.linux.system_calls import MACHINES

#: What only those may call who have one of these capabilities.
_NEEDING: dict[tuple[str, ...], tuple[str, ...]] = {
    ("sys_admin",): (
        *("mount", "umount2", "pivot_root", "swapon", "swapoff", "sethostname", "setdomainname", "setns"),
        *("fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree", "open_tree_attr"),
        *("mount_setattr", "quotactl", "quotactl_fd", "lookup_dcookie", "fanotify_init"),
    ),
    ("sys_admin", "bpf"): ("bpf",),
    ("sys_admin", "perfmon"): ("perf_event_open",),
    ("sys_module",): ("init_module", "finit_module", "delete_module", "create_module", "query_module"),
    ("sys_boot",): ("reboot", "kexec_load", "kexec_file_load"),
    ("sys_rawio",): ("iopl", "ioperm"),
    ("sys_time",): ("settimeofday", "clock_settime"),
    ("sys_pacct",): ("acct",),
    ("sys_tty_config",): ("vhangup",),
    ("syslog", "sys_admin"): ("syslog",),
    ("dac_read_search",): ("open_by_handle_at",),
    ("sys_ptrace",): ("process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"),
    ("sys_nice",): ("move_pages", "migrate_pages"),
}
#: What nobody may call: what is kept for a user is not kept apart by containers; and what is full of holes.
_NEVER = (
    *("add_key", "request_key", "keyctl", "userfaultfd", "io_uring_setup", "io_uring_enter"),
    *("io_uring_register", "get_kernel_syms", "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl"),
    *("uretprobe", "uprobe", "vserver", "afs_syscall", "tuxcall", "security"),
)
#: Of which some uses are allowed, by arguments; see below.
_SOMETIMES = ("clone", "clone3", "unshare", "ptrace", "personality", "socket")

#: All flags for namespaces; that for time is none of `clone`, where it lies in the number of a signal.
_NAMESPACES, _TIME = 0x7E020000, 0x80
_PTRACE_ATTACH, _PTRACE_SEIZE = 16, 0x4206
#: Linux, that of 32 bits, both without random addresses; and to ask which it is.
_PERSONALITIES = (0, 8, 0x20000, 0x20008, 0x40000, 0x40008, 0xFFFFFFFF)
#: Talks to the host of a virtual machine, past all namespaces.
_AF_VSOCK = 40


def default_profile() -> dict[str, Any]:
    """The profile, in Docker's format."""
    guarded = {name for names in _NEEDING.values() for name in names} | {*_NEVER, *_SOMETIMES}
    known = {name: None for machine in MACHINES.values() for name in machine.numbers}
    needing = [
        {"names": list(names), "action": "SCMP_ACT_ALLOW", "includes": {"caps": [f"CAP_{one.upper()}"]}}
        for ones, names in _NEEDING.items()
        for one in ones
    ]
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.EPERM,
        "syscalls": [
            {"names": [name for name in known if name not in guarded], "action": "SCMP_ACT_ALLOW"},
            *needing,
            *_by_arguments(),
        ],
    }


def _by_arguments() -> list[dict[str, Any]]:
    administrator = {"caps": ["CAP_SYS_ADMIN"]}
    return [
        {"names": ["clone", "clone3", "unshare"], "action": "SCMP_ACT_ALLOW", "includes": administrator},
        _allowed("clone", 0, "SCMP_CMP_MASKED_EQ", _NAMESPACES),
        _allowed("unshare", 0, "SCMP_CMP_MASKED_EQ", _NAMESPACES | _TIME),
        # Its flags lie in memory, where no filter can look: programs then use the other one.
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS},
        {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_PTRACE"]}},
        # Whoever wants to be traced may be; nobody else.
        *(_refused("ptrace", 0, request) for request in (_PTRACE_ATTACH, _PTRACE_SEIZE)),
        {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW"},
        *(_allowed("personality", 0, "SCMP_CMP_EQ", one) for one in _PERSONALITIES),
        _allowed("socket", 0, "SCMP_CMP_NE", _AF_VSOCK),
    ]


def _allowed(name: str, index: int, operation: str, value: int) -> dict[str, Any]:
    condition = {"index": index, "value": value, "valueTwo": 0, "op": operation}
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": [condition]}


def _refused(name: str, index: int, value: int) -> dict[str, Any]:
    condition = {"index": index, "value": value, "valueTwo": 0, "op": "SCMP_CMP_EQ"}
    return {"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM, "args": [condition]}
