"""Devices under control groups v2: a program that the kernel asks at each use of one.

It is made of rules here, one after the other, so that no compiler is needed.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from containerizers.cgroups.device_list import Rule
from containerizers.cgroups.tree import CgroupError
from containerizers.linux.syscalls import call

_BPF = {"x86_64": 321, "aarch64": 280}
_PROG_LOAD, _PROG_ATTACH = 5, 8
_CGROUP_DEVICE_PROGRAM, _CGROUP_DEVICE_HOOK = 15, 6
#: Groups within this one may have a program, too; then both are asked.
_ALLOW_MULTI = 2

# Instructions of the kernel's machine, and what its registers hold: what the kernel asks, and its parts.
_LOAD_WORD, _COPY, _SET, _AND, _SHIFT_RIGHT, _JUMP_IF_NOT, _EXIT = 0x61, 0xBF, 0xB7, 0x57, 0x77, 0x55, 0x95
_ANSWER, _QUESTION, _KIND, _ACCESS, _MAJOR, _MINOR, _REST = range(7)
_KINDS = {"b": 1, "c": 2}
_ACCESSES = {"m": 1, "r": 2, "w": 4}
_ALL_ACCESS = 7


def compile_rules(rules: Sequence[Rule]) -> bytes:
    """The program that allows what one of the rules allows as a whole, and nothing else."""
    program = [
        _instruction(_LOAD_WORD, _KIND, _QUESTION, 0),
        _instruction(_COPY, _ACCESS, _KIND),
        _instruction(_AND, _KIND, value=0xFFFF),
        _instruction(_SHIFT_RIGHT, _ACCESS, value=16),
        _instruction(_LOAD_WORD, _MAJOR, _QUESTION, 4),
        _instruction(_LOAD_WORD, _MINOR, _QUESTION, 8),
    ]
    for rule in rules:
        program += _checks(rule)
    return b"".join([*program, _instruction(_SET, _ANSWER, value=0), _instruction(_EXIT)])


def attach(group: str, rules: Sequence[Rule]) -> None:
    """Let processes of a group use only these devices, for as long as there is the group."""
    try:
        folder = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _attach(folder, compile_rules(rules))
        finally:
            os.close(folder)
    except OSError as error:
        raise CgroupError(f"control group {group}: devices cannot be limited: {error.strerror}") from None


def _checks(rule: Rule) -> list[bytes]:
    allowed = sum(_ACCESSES[one] for one in rule.access)
    checks = [(_KIND, _KINDS[rule.kind]), (_MAJOR, rule.major)]
    if rule.minor is not None:
        checks.append((_MINOR, rule.minor))
    # Each check that fails jumps to the next rule: over those after it, and five that follow all of them.
    steps = [
        _instruction(_JUMP_IF_NOT, register, jump=len(checks) - place + 4, value=value)
        for place, (register, value) in enumerate(checks)
    ]
    return [
        *steps,
        _instruction(_COPY, _REST, _ACCESS),
        _instruction(_AND, _REST, value=_ALL_ACCESS & ~allowed),
        _instruction(_JUMP_IF_NOT, _REST, jump=2, value=0),
        _instruction(_SET, _ANSWER, value=1),
        _instruction(_EXIT),
    ]


def _instruction(code: int, target: int = 0, source: int = 0, jump: int = 0, value: int = 0) -> bytes:
    return struct.pack("=BBhi", code, source << 4 | target, jump, value)


def _attach(folder: int, program: bytes) -> None:
    number = _BPF.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"not known how on {os.uname().machine}")
    instructions = ctypes.create_string_buffer(program, len(program))
    no_license = ctypes.create_string_buffer(b"")
    addresses = ctypes.addressof(instructions), ctypes.addressof(no_license)
    load = struct.pack("=IIQQIIQII", _CGROUP_DEVICE_PROGRAM, len(program) // 8, *addresses, 0, 0, 0, 0, 0)
    loaded = call(number, _PROG_LOAD, load, len(load))
    try:
        hook = struct.pack("=IIII", folder, loaded, _CGROUP_DEVICE_HOOK, _ALLOW_MULTI)
        call(number, _PROG_ATTACH, hook, len(hook))
    finally:
        os.close(loaded)
