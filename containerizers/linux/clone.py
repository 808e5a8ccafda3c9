"""Making processes that share what they are told with others: `clone3` and `setns`."""

from __future__ import annotations

import ctypes
import errno
import signal
import struct
from typing import Final

from containerizers.linux.syscalls import call, named

#: The namespaces of `spec.Isolation`, as flags.
NAMESPACES: Final = {
    "mount": 0x0002_0000,
    "cgroup": 0x0200_0000,
    "uts": 0x0400_0000,
    "ipc": 0x0800_0000,
    "pid": 0x2000_0000,
    "net": 0x4000_0000,
}
PID: Final = NAMESPACES["pid"]
CGROUP: Final = NAMESPACES["cgroup"]

_PARENT: Final = 0x8000
#: The same number everywhere; where something does not know it, or lets nobody use it, there is the old call.
_CLONE3: Final = 435
_CLONE: Final = {"x86_64": 56, "aarch64": 220, "riscv64": 220}


def clone(namespaces: int, machine: str, *, sibling: bool = False) -> int:
    """Fork, into new namespaces; returns 0 in the child. Raises OSError.

    A `sibling` is a child of this process' parent, who can then wait for it. It must be the only thread.
    """
    flags = namespaces | (_PARENT if sibling else 0)
    # The signal that a sibling ends with is that of this process itself.
    exit_signal = 0 if sibling else signal.SIGCHLD
    arguments = struct.pack("=8Q", flags, 0, 0, 0, exit_signal, 0, 0, 0)
    try:
        return call(_CLONE3, arguments, len(arguments))
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM) or machine not in _CLONE:
            raise
        return call(_CLONE[machine], flags | exit_signal, 0, 0, 0, 0)


def enter(namespaces: int, process: int) -> None:
    """Go into namespaces of the process that this descriptor stands for; raises OSError.

    Into that of processes (`PID`) only those go who are made from now on.
    """
    named("setns", process, namespaces)


def leave(namespaces: int) -> None:
    """Have namespaces of one's own from now on; raises OSError."""
    named("unshare", namespaces)


def close_on_exec(lowest: int) -> None:
    """Let no descriptor from this on stay open in the program that is executed next."""
    try:
        call(_CLOSE_RANGE, lowest, 0xFFFF_FFFF, _CLOSE_RANGE_CLOEXEC)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EINVAL):
            raise


_CLOSE_RANGE: Final = 436
_CLOSE_RANGE_CLOEXEC: Final = 4
assert ctypes.sizeof(ctypes.c_long) == struct.calcsize("=q"), "only for machines of 64 bits"
