"""How a process ended that is no child of this one: the kernel tells it since Linux 6.15.

dockerd tells it, too, but not always rightly after it was restarted (reliability.md D6).
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

# struct pidfd_info of linux/pidfd.h, as far as it was in the first version, and what is asked of it.
_INFO: Final = struct.Struct("=QQ11Ii")
_GET_INFO: Final = (3 << 30) | (_INFO.size << 16) | (0xFF << 8) | 11
_WANTS_EXIT: Final = 1 << 3


def exit_code(descriptor: int) -> int | None:
    """How the process of a pidfd ended, as a shell tells it: 128 and more for a signal.

    None when it still runs, was not reaped yet, or the kernel does not tell.
    """
    buffer = bytearray(_INFO.pack(_WANTS_EXIT, *(0,) * 13))
    try:
        fcntl.ioctl(descriptor, _GET_INFO, buffer)
    except OSError:
        return None
    told, *_, status = _INFO.unpack(buffer)
    if not told & _WANTS_EXIT:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
