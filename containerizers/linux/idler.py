"""The first process of a pid namespace: it does nothing at all, for as long as there is the container.

The kernel kills the whole namespace with it, and gives it the children of processes that have ended. It
ignores SIGCHLD, so that nobody has to reap these. It holds no descriptor, may do nothing, and nobody may look
into it. A program that a compiler made, or Python, would cost much memory in each container; this one is as
small as a program can be: it waits for a signal, again and again.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import Final, NoReturn

from containerizers.linux.syscalls import prctl

#: Where the program lies, and the header of its file and of its one segment before it, in bytes.
_ADDRESS: Final = 0x40_0000
_HEADER_BYTES: Final = 64
_SEGMENT_BYTES: Final = 56
_PAGE_BYTES: Final = 0x1000
#: What the machine is called in such a file (elf(5)), and the instructions.
_PROGRAMS: Final = {
    # mov eax, 34 (pause); syscall; jmp to the first
    "x86_64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    # mov x0..x4, 0; mov x8, 73 (ppoll); svc 0; b to the first
    "aarch64": (
        183,
        struct.pack(
            "<8I",
            *(0xD280_0000, 0xD280_0001, 0xD280_0002, 0xD280_0003, 0xD280_0004),
            *(0xD280_0928, 0xD400_0001, 0x17FF_FFF9),
        ),
    ),
}
_EXECUTABLE: Final = 2
_READ_AND_EXECUTE: Final = 5
_LOAD: Final = 1

_MFD_EXEC: Final = 0x10
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NAME: Final = 15
_PR_SET_SECUREBITS: Final = 28
#: Root is a user like any other, who gets no capabilities by a program; and that cannot be changed.
_NO_ROOT: Final = 0b11


def program(machine: str) -> bytes | None:
    """The program as a file, if there is one for such machines."""
    if machine not in _PROGRAMS:
        return None
    number, instructions = _PROGRAMS[machine]
    start = _HEADER_BYTES + _SEGMENT_BYTES
    size = start + len(instructions)
    # 64 bits, least byte first.
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\x02\x01\x01", _EXECUTABLE, number, 1, _ADDRESS + start, _HEADER_BYTES, 0, 0),
        *(_HEADER_BYTES, _SEGMENT_BYTES, 1, 0, 0, 0),
    )
    segment = struct.pack(
        "<IIQQQQQQ", _LOAD, _READ_AND_EXECUTE, 0, _ADDRESS, _ADDRESS, size, size, _PAGE_BYTES
    )
    return header + segment + instructions


def load(machine: str) -> int | None:
    """A descriptor of the program, to be given to `idle`; None where it cannot be."""
    content = program(machine)
    if content is None:
        return None
    for flags in (_MFD_EXEC, 0):  # kernels before 6.3 do not know it, and need no word for it
        try:
            file = os.memfd_create("container", os.MFD_CLOEXEC | flags)
        except OSError:
            continue
        os.write(file, content)
        # Whoever executes what they may not read cannot be looked into.
        os.fchmod(file, 0o111)
        return file
    return None


def idle(file: int | None) -> NoReturn:
    """Become the program; without one, do the same here."""
    # All others are closed by `exec`.
    os.closerange(0, 3)
    if file is not None:
        with contextlib.suppress(OSError):
            prctl(_PR_SET_SECUREBITS, _NO_ROOT)
            os.execve(file, ["container"], {})  # noqa: S606  as above
    prctl(_PR_SET_DUMPABLE, 0)
    prctl(_PR_SET_NAME, b"container")
    os.closerange(0, 1 << 16)
    while True:
        _pause()


def _pause() -> None:
    import signal  # noqa: PLC0415  where there is a program it is not needed

    signal.pause()
