"""Unpacking what was fetched into the folder: nothing of it leads out of there.

Files get the rights that their archive gives their owner, and no more than to read and execute for others;
that they run as somebody else (setuid) is never among them. Owners and devices are not made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from containerizers.fetcher.budget import Allowance, Budget
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.folder import Folder, words, write
from containerizers.fetcher.member import FILE, FOLDER, SYMLINK, Member, parts_of

_CHUNK_BYTES = 1 << 18
_ZIP = (b"PK\3\4", b"PK\5\6")
_RIGHTS = 0o755
_LATEST_TIME = 1 << 33


class Bounds:
    """How much an archive may grow; see `FetchSettings`."""

    def __init__(self, ratio: int, ratio_free_bytes: int, most_files: int) -> None:
        self._ratio = ratio
        self._ratio_free_bytes = ratio_free_bytes
        self._most_files = most_files

    def allowance(self, file: int, budget: Budget) -> Allowance:
        """What an open file may become."""
        most = max(self._ratio_free_bytes, self._ratio * os.fstat(file).st_size)
        return Allowance(budget, most, self._most_files)


def unpack(file: int, folder: Folder, allowance: Allowance, *, may_be_zip: bool) -> None:
    """Unpack an open file, whose content says how; raises FetchError. What is there by then stays."""
    try:
        for member in _members(file, allowance, may_be_zip=may_be_zip):
            allowance.add()
            _place(member, folder, allowance)
    except MemoryError:
        raise FetchError("it needs too much memory") from None


def expand(file: int, folder: Folder, name: str, allowance: Allowance) -> None:
    """Unpack what is one file, compressed by gzip; raises FetchError."""
    from containerizers.fetcher.stream import Unpacked  # noqa: PLC0415  each only where it is used

    stream = Unpacked(file, allowance)
    if not name or not stream.is_packed:
        raise FetchError("it is not packed by gzip, as its name says")
    _fill(Member(FILE, name, read=stream.read), (name,), folder, allowance)


def _members(file: int, allowance: Allowance, *, may_be_zip: bool) -> Iterator[Member]:
    if os.pread(file, 4, 0) in _ZIP:
        if not may_be_zip:
            raise FetchError("it is an archive of zip, but its name does not say so")
        from containerizers.fetcher import zip as zipped  # noqa: PLC0415

        with open(os.dup(file), "rb") as content:  # noqa: PTH123  it is open already
            yield from zipped.members(content, allowance)
        return
    from containerizers.fetcher import tar  # noqa: PLC0415
    from containerizers.fetcher.stream import Unpacked  # noqa: PLC0415

    yield from tar.members(Unpacked(file, allowance))


def _place(member: Member, folder: Folder, allowance: Allowance) -> None:
    parts = parts_of(member.name)
    if not parts:
        if member.kind != FOLDER:
            raise FetchError(f"{member.name!r}: is no name of a file")
        return
    if member.kind == FILE:
        _fill(member, parts, folder, allowance)
    elif member.kind == FOLDER:
        # Its owner must be able to fill it.
        folder.make(parts, member.mode & _RIGHTS | 0o700)
    elif member.kind == SYMLINK:
        folder.symlink(parts, member.target)
    else:
        folder.link(parts, parts_of(member.target) or ("",))


def _fill(member: Member, parts: tuple[str, ...], folder: Folder, allowance: Allowance) -> None:
    made = folder.create(parts)
    try:
        copy(member.read, made, allowance.write)
        os.fchmod(made, member.mode & _RIGHTS)
        if member.modified:
            when = min(max(0.0, member.modified), _LATEST_TIME)
            os.utime(made, (when, when))
    except OSError as error:
        raise FetchError(f"{member.name!r}: {words(error)}") from None
    finally:
        os.close(made)


def copy(read: Callable[[int], bytes], to: int, spend: Callable[[int], None]) -> None:
    """Write all that there is to read to an open file; raises FetchError."""
    while data := read(_CHUNK_BYTES):
        spend(len(data))
        write(to, data)
