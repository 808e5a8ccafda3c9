"""System calls that Python has no name for; those of a container's child, before its program runs.

Whoever imports this gets only what is quick to import: a child has no time, and may have been forked.
"""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

#: Where a path is taken from that is relative; and that of an open file itself.
AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000


class StepError(Exception):
    """A step to a container that failed; the text names the step, and what it was about."""


def words(error: OSError) -> str:
    """What the kernel says of an error."""
    return error.strerror or str(error)


def call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call by its number; raises OSError."""
    return _checked(_libc.syscall(ctypes.c_long(number), *map(_argument, arguments)))


def named(name: str, *arguments: int | bytes | None) -> int:
    """Make a system call that the C library has a function for; raises OSError."""
    return _checked(getattr(_libc, name)(*map(_argument, arguments)))


def prctl(option: int, *arguments: int | bytes) -> int:
    """`prctl`, of which each argument that is not given is 0; raises OSError."""
    return named("prctl", option, *arguments, *(0,) * (4 - len(arguments)))


def _argument(value: int | bytes | None) -> ctypes.c_long | ctypes.c_char_p | None:
    if value is None:
        return ctypes.c_char_p(None)
    return ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_long(value)


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
