"""That something was written to files of a folder, as the kernel tells it."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

_MODIFY, _MOVED_TO, _CREATE, _OVERFLOW = 0x2, 0x80, 0x100, 0x4000
_EVENT: Final = struct.Struct("=iIII")
_READ_BYTES: Final = 65_536


class Inotify:
    """Watches folders; `descriptor` can be read when there is something. Raises OSError."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))

    def add(self, folder: str) -> int:
        """Watch a folder; returns the number by which `read` tells of it."""
        mask = ctypes.c_uint32(_MODIFY | _MOVED_TO | _CREATE)
        return self._checked(self._libc.inotify_add_watch(self.descriptor, os.fsencode(folder), mask))

    def remove(self, number: int) -> None:
        """Watch it no more; one that is gone is not watched any more, anyway."""
        self._libc.inotify_rm_watch(self.descriptor, number)

    def read(self) -> set[int] | None:
        """The folders in which something was written; None: anything may have been."""
        numbers: set[int] = set()
        while True:
            try:
                data = os.read(self.descriptor, _READ_BYTES)
            except BlockingIOError:
                return numbers
            place = 0
            while place < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, place)
                place += _EVENT.size + length
                if mask & _OVERFLOW:
                    return None
                numbers.add(number)

    def close(self) -> None:
        """Watch nothing any more."""
        os.close(self.descriptor)

    @staticmethod
    def _checked(result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
