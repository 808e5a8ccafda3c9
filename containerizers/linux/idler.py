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

from containerizers.linux import privileges
from containerizers.linux.syscalls import prctl

#: Where the program lies, and the header of its file and of its one segment before it, in bytes.
_ADDRESS: Final = 0x40_0000
_HEADER_BYTES: Final = 64
_SEGMENT_BYTES: Final = 56
_START: Final = _HEADER_BYTES + _SEGMENT_BYTES
_PAGE_BYTES: Final = 0x1000
#: What it calls itself, and where that stands: behind its instructions.
_NAME: Final = b"container\0"
_NAME_AT: Final = {"x86_64": 26, "aarch64": 48}
#: The machine's number in such a file (elf(5)), and the instructions: prctl(PR_SET_NAME, …), then it waits.
_PROGRAMS: Final = {
    "x86_64": (
        62,
        b"\xbf\x0f\x00\x00\x00"  # mov edi, 15
        + struct.pack("<BI", 0xBE, _ADDRESS + _START + _NAME_AT["x86_64"])  # mov esi, the name
        + b"\xb8\x9d\x00\x00\x00\x0f\x05"  # mov eax, 157 (prctl); syscall
        b"\xb8\x22\x00\x00\x00\x0f\x05"  # mov eax, 34 (pause); syscall
        b"\xeb\xf7",  # jmp to the one before
    ),
    "aarch64": (
        183,
        struct.pack(
            "<12I",
            *(0xD280_01E0, 0x1000_0161),  # mov x0, 15; adr x1, the name
            *(0xD280_14E8, 0xD400_0001),  # mov x8, 167 (prctl); svc 0
            *(0xD280_0000, 0xD280_0001, 0xD280_0002, 0xD280_0003, 0xD280_0004),  # mov x0..x4, 0
            *(0xD280_0928, 0xD400_0001),  # mov x8, 73 (ppoll); svc 0
            0x17FF_FFF9,  # b to the first mov of 0
        ),
    ),
}
_EXECUTABLE: Final = 2
_READ_AND_EXECUTE: Final = 5
_LOAD: Final = 1

_MFD_EXEC: Final = 0x10
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NAME: Final = 15
#: And root is a user like any other, who gets none by a program.
_NO_CAPABILITIES: Final = (0, 0, 0, 0, True)


def program(machine: str) -> bytes | None:
    """The program as a file, if there is one for such machines."""
    if machine not in _PROGRAMS:
        return None
    number, instructions = _PROGRAMS[machine]
    assert len(instructions) == _NAME_AT[machine]
    size = _START + len(instructions) + len(_NAME)
    # 64 bits, least byte first.
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\x02\x01\x01", _EXECUTABLE, number, 1, _ADDRESS + _START, _HEADER_BYTES, 0, 0),
        *(_HEADER_BYTES, _SEGMENT_BYTES, 1, 0, 0, 0),
    )
    segment = struct.pack(
        "<IIQQQQQQ", _LOAD, _READ_AND_EXECUTE, 0, _ADDRESS, _ADDRESS, size, size, _PAGE_BYTES
    )
    return header + segment + instructions + _NAME


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
    """Become the program; without one, do the same here. Raises StepError."""
    # All others are closed by `exec`.
    os.closerange(0, 3)
    # Before `exec`, or root could read what nobody may; and for good, whoever made it run something.
    privileges.apply(None, _NO_CAPABILITIES, True, None)
    if file is not None:
        with contextlib.suppress(OSError):
            os.execve(file, ["container"], {})  # noqa: S606  as above
    prctl(_PR_SET_DUMPABLE, 0)
    prctl(_PR_SET_NAME, b"container")
    os.closerange(0, 1 << 16)
    while True:
        _pause()


def _pause() -> None:
    import signal  # noqa: PLC0415  where there is a program it is not needed

    signal.pause()
