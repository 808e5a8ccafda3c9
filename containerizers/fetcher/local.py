"""Files of this host."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.folder import words

_CHUNK_BYTES = 1 << 20
#: What is no file of a disk, though it looks like one.
_KERNEL = ("/dev", "/proc", "/sys")


class LocalFile:
    """An open file; `size` is what it has when it is opened.

    `prefixes` are the folders that it must lie below, if any, `hidden` those that it must not. Where it lies
    is asked of the kernel once it is open, so links change nothing. Raises FetchError.
    """

    def __init__(self, path: str, prefixes: Sequence[str] | None, hidden: Sequence[str]) -> None:
        self._path = path
        try:
            # Without O_NONBLOCK a FIFO would wait for somebody to write to it.
            self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
            seen = os.fstat(self._file)
            place = os.readlink(f"/proc/self/fd/{self._file}")  # noqa: PTH115  pathlib takes its time
        except (OSError, ValueError) as error:
            reason = words(error) if isinstance(error, OSError) else str(error)
            raise FetchError(f"file {path!r}: {reason}") from None
        if stat.S_ISDIR(seen.st_mode):
            raise FetchError(f"file {path!r}: is a folder")
        if not stat.S_ISREG(seen.st_mode):
            raise FetchError(f"file {path!r}: is no regular file")
        if _is_below(place, (*hidden, *_KERNEL)):
            raise FetchError(f"file {path!r}: lies in a folder that nothing may be fetched from")
        if prefixes is not None and not _is_below(place, prefixes):
            raise FetchError(f"file {path!r}: lies in none of the folders that files may be fetched from")
        self.size: int | None = seen.st_size

    def read(self) -> bytes:
        """The next bytes; none at the end."""
        try:
            return os.read(self._file, _CHUNK_BYTES)
        except OSError as error:
            raise FetchError(f"file {self._path!r}: {words(error)}") from None

    def close(self) -> None:
        """Read no more."""
        os.close(self._file)


def _is_below(place: str, prefixes: Sequence[str]) -> bool:
    return any(f"{place}/".startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)
