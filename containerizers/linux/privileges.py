"""Taking on what a container's program may do: its user, its capabilities, its filter of system calls.

For a container's child: it imports only what is quick to import, and takes plain tuples.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from typing import TypeAlias

from containerizers.linux.syscalls import StepError, call, named, prctl, words

#: User, group, further groups; None: those of this process.
User: TypeAlias = "tuple[int, int, tuple[int, ...]] | None"
#: Effective, inheritable, bounding, ambient; and whether being root gives none (`capabilities.Sets`).
Capabilities: TypeAlias = "tuple[int, int, int, int, bool] | None"

_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS, _PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_SET_SECUREBITS = 8, 23, 24, 28
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 38, 47
_AMBIENT_RAISE, _AMBIENT_CLEAR = 2, 4
#: Root is a user like any other to `exec`, and that cannot be changed any more.
_NO_ROOT = 0b11
_CAPABILITY_VERSION = 0x20080522
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_FILTER_MODE = 1
_INSTRUCTION_BYTES = 8


def apply(user: User, capabilities: Capabilities, no_new_privileges: bool, program: bytes | None) -> None:
    """Take all of it on, for good; raises StepError.

    `program` is a filter as `filters.compile` makes it. Without `no_new_privileges` only a process that may
    administer the system can load it, so it is loaded first then, and must allow what follows.
    """
    # Who is in the container already may be as powerful as this process in a moment, and must not get hold of
    # what it has open, nor of its program: it becomes dumpable again when it becomes another.
    prctl(_PR_SET_DUMPABLE, 0)
    if no_new_privileges:
        _step("no_new_privileges", prctl, _PR_SET_NO_NEW_PRIVS, 1)
    elif program is not None:
        _load(program)
    if capabilities is not None:
        _bound(capabilities[2])
        if capabilities[4]:
            _step("capabilities", prctl, _PR_SET_SECUREBITS, _NO_ROOT)
        _step("capabilities", prctl, _PR_SET_KEEPCAPS, 1)
    if user is not None:
        _switch(user)
    if capabilities is not None:
        _give(capabilities)
    if no_new_privileges and program is not None:
        _load(program)


def _switch(user: tuple[int, int, tuple[int, ...]]) -> None:
    number, group, others = user
    try:
        os.setgroups(others)
        os.setresgid(group, group, group)
        os.setresuid(number, number, number)
    except OSError as error:
        raise StepError(f"user {number}: cannot be switched to: {words(error)}") from None


def _bound(bounding: int) -> None:
    """Give up for good all capabilities that are not among these."""
    number = 0
    while True:
        try:
            held = prctl(_PR_CAPBSET_READ, number)
        except OSError:
            return  # The kernel knows no more of them.
        if held and not bounding >> number & 1:
            _step("bounding_capabilities", prctl, _PR_CAPBSET_DROP, number)
        number += 1


def _give(capabilities: tuple[int, int, int, int, bool]) -> None:
    effective, inheritable, _, ambient, _ = capabilities
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    halves = [(bits & 0xFFFFFFFF, bits >> 32) for bits in (effective, effective, inheritable)]
    data = struct.pack("=6I", *(bits[half] for half in (0, 1) for bits in halves))
    _step("effective_capabilities", named, "capset", header, data)
    _step("effective_capabilities", prctl, _PR_CAP_AMBIENT, _AMBIENT_CLEAR)
    for number in range(ambient.bit_length()):
        if ambient >> number & 1:
            _step("effective_capabilities", prctl, _PR_CAP_AMBIENT, _AMBIENT_RAISE, number)


def _load(program: bytes) -> None:
    number = _SECCOMP.get(os.uname().machine)
    if number is None:
        raise StepError(f"seccomp: there are no filters for {os.uname().machine}")
    instructions = ctypes.create_string_buffer(program, len(program))
    # A length and a pointer, which stands where pointers do.
    header = struct.pack("@HP", len(program) // _INSTRUCTION_BYTES, ctypes.addressof(instructions))
    _step("seccomp", call, number, _FILTER_MODE, 0, header)


def _step(name: str, function: Callable[..., int], *arguments: int | bytes | str) -> None:
    try:
        function(*arguments)
    except OSError as error:
        raise StepError(f"{name}: the kernel refuses: {words(error)}") from None
