"""Archives of zip."""

from __future__ import annotations

import calendar
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, TYPE_CHECKING, TypeVar

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.member import FILE, FOLDER, SYMLINK, Member

if TYPE_CHECKING:
    from containerizers.fetcher.budget import Allowance

T = TypeVar("T")

_LONGEST_TARGET_BYTES = 4096
#: What Python's reader makes of an archive that somebody else thought of.
_DAMAGES = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def members(file: IO[bytes], allowance: Allowance) -> Iterator[Member]:
    """What is in an archive, in its order; raises FetchError. Each member is to be read before the next."""
    archive = _guarded(lambda: zipfile.ZipFile(file))
    for info in archive.infolist():
        kind = _kind(info)
        if info.flag_bits & 1:
            raise FetchError(f"{info.filename!r}: is encrypted")
        mode = stat.S_IMODE(info.external_attr >> 16) or (0o755 if kind == FOLDER else 0o644)
        if kind == FOLDER:
            yield Member(kind, info.filename, mode=mode)
            continue
        content = _guarded(partial(archive.open, info))
        read = _reader(content, allowance)
        if kind == SYMLINK:
            target = read(_LONGEST_TARGET_BYTES).decode("utf-8", "surrogateescape")
            yield Member(kind, info.filename, target=target)
        else:
            yield Member(kind, info.filename, mode=mode, modified=_modified(info), read=read)
        content.close()


def _kind(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return SYMLINK
    if info.is_dir() or kind == stat.S_IFDIR:
        return FOLDER
    # Windows and others say nothing there.
    if kind in (0, stat.S_IFREG):
        return FILE
    raise FetchError(f"{info.filename!r}: is a device, or a FIFO")


def _modified(info: zipfile.ZipInfo) -> float:
    """In what time zone nobody knows."""
    try:
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):
        return 0.0


def _reader(content: IO[bytes], allowance: Allowance) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        data = _guarded(lambda: content.read(most))
        allowance.unpack(len(data))
        return data

    return read


def _guarded(action: Callable[[], T]) -> T:
    try:
        return action()
    except _DAMAGES as error:
        raise FetchError(f"it is damaged, or of a kind that is not known: {error}") from None
