"""Archives of tar, as POSIX and GNU write them.

Python's own reader takes what a header asks for: gigabytes of memory for a name, a recursion for each header
about a header. This one is read from beginning to end, and keeps nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.member import FILE, FOLDER, LINK, SYMLINK, Member

if TYPE_CHECKING:
    from containerizers.fetcher.stream import Unpacked

_BLOCK = 512
_CHUNK_BYTES = 1 << 18
#: Of what one header says about the next.
_MOST_EXTENSION_BYTES = 1 << 20
_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_KINDS = {b"0": FILE, b"\0": FILE, b"7": FILE, b"1": LINK, b"2": SYMLINK, b"5": FOLDER}
_REFUSED = {b"3": "a device", b"4": "a device", b"6": "a FIFO", b"S": "a file with holes"}
#: A volume's name, and the like, which is no member.
_IGNORED = b"V"


def members(stream: Unpacked) -> Iterator[Member]:
    """What is in an archive, in its order; raises FetchError. Each member is to be read before the next."""
    source = _Source(stream)
    said: dict[str, str] = {}
    everywhere: dict[str, str] = {}
    while (block := source.header()) is not None:
        header = _Header(block)
        if header.kind in (b"L", b"K"):
            name = "path" if header.kind == b"L" else "linkpath"
            said[name] = _text(source.extension(header.size).partition(b"\0")[0])
        elif header.kind in (b"x", b"X", b"g"):
            about = everywhere if header.kind == b"g" else said
            about.update(_records(source.extension(header.size)))
        else:
            header.correct({**everywhere, **said})
            said.clear()
            yield from _member(header, source)
            source.skip()
    source.drain()


class _Header:
    """What a block says of what follows it."""

    def __init__(self, block: bytes) -> None:
        fields = _HEADER.unpack(block)
        name, mode, _, _, size, modified, checksum, self.kind, target, magic, *_, prefix = fields
        if not _adds_up(block, _number(checksum)):
            raise FetchError("it is no archive of tar, or damaged")
        self.name = _text(name.partition(b"\0")[0])
        prefix = prefix.partition(b"\0")[0]
        if magic == b"ustar\x0000" and prefix:
            self.name = f"{_text(prefix)}/{self.name}"
        self.target = _text(target.partition(b"\0")[0])
        self.mode = _number(mode)
        self.size = _number(size)
        self.modified: float = _number(modified)
        self.has_holes = False

    def correct(self, said: dict[str, str]) -> None:
        """Take in what the headers before this one say of it."""
        self.name = said.get("path", self.name)
        self.target = said.get("linkpath", self.target)
        self.has_holes = any(key.startswith("GNU.sparse.") for key in said)
        try:
            self.size = int(said.get("size", self.size))
            self.modified = float(said.get("mtime", self.modified))
        except ValueError:
            raise FetchError("it is damaged: a number is none") from None
        if self.size < 0:
            raise FetchError("it is damaged: a size is negative")


class _Source:
    """Blocks of an archive, and the bytes of a file between them."""

    def __init__(self, stream: Unpacked) -> None:
        self._stream = stream
        #: Bytes of the present file, and what fills its last block.
        self._left = 0
        self._padding = 0
        self._is_empty = True

    def header(self) -> bytes | None:
        """The next header; None at the end."""
        block = self._some(_BLOCK)
        while block and len(block) < _BLOCK:
            more = self._some(_BLOCK - len(block))
            if not more:
                raise FetchError("it ends before it is complete")
            block += more
        if not block and self._is_empty:
            raise FetchError("it is empty")
        self._is_empty = False
        return block if block.strip(b"\0") else None

    def begin(self, size: int) -> None:
        """A file of that size follows."""
        self._left = size
        self._padding = -size % _BLOCK

    def read(self, most: int) -> bytes:
        """The next bytes of the present file, up to so many; none at its end."""
        if not self._left:
            return b""
        data = self._some(min(most, self._left))
        if not data:
            raise FetchError("it ends before it is complete")
        self._left -= len(data)
        return data

    def skip(self) -> None:
        """Pass over what is left of the present file."""
        self._left += self._padding
        self._padding = 0
        while self.read(_CHUNK_BYTES):
            pass

    def drain(self) -> None:
        """Pass over what follows the end, where that shows whether what was before is as it was packed."""
        while self._stream.is_packed and self._some(_CHUNK_BYTES):
            pass

    def extension(self, size: int) -> bytes:
        """The whole of what a header says about the next."""
        if size > _MOST_EXTENSION_BYTES:
            raise FetchError(f"it says more than {_MOST_EXTENSION_BYTES} bytes about one file")
        self.begin(size)
        parts = []
        while data := self.read(_CHUNK_BYTES):
            parts.append(data)
        self.skip()
        return b"".join(parts)

    def _some(self, most: int) -> bytes:
        return self._stream.read(most)


def _member(header: _Header, source: _Source) -> Iterator[Member]:
    if header.kind == _IGNORED:
        source.begin(header.size)
        return
    what = "a file with holes" if header.has_holes else _REFUSED.get(header.kind)
    kind = _KINDS.get(header.kind)
    if what is not None or kind is None:
        raise FetchError(f"{header.name!r}: is {what or 'of a kind that is not known'}")
    # Tar before POSIX had no folders.
    if kind == FILE and header.kind == b"\0" and header.name.endswith("/"):
        kind = FOLDER
    source.begin(header.size if kind == FILE else 0)
    yield Member(
        kind,
        header.name,
        mode=header.mode,
        modified=header.modified,
        target=header.target,
        read=source.read,
    )


def _adds_up(block: bytes, checksum: int) -> bool:
    """Whether that is the sum of a header's bytes; some took them for signed ones."""
    counted = block[:148] + b" " * 8 + block[156:]
    total = sum(counted)
    return checksum == total or checksum == total - 256 * sum(byte > 127 for byte in counted)


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40 or value >> 62:
            raise FetchError("it is damaged: a number is negative, or far too large")
        return value
    digits = field.partition(b"\0")[0].strip()
    if digits.strip(b"01234567"):
        raise FetchError("it is no archive of tar, or damaged")
    return int(digits or b"0", 8)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _records(data: bytes) -> dict[str, str]:
    """Lines of `<length> <key>=<value>`; a value may hold line ends."""
    records = {}
    while data:
        length, space, _ = data[:12].partition(b" ")
        if not space or not length.isdigit() or not len(length) + 1 < int(length) <= len(data):
            raise FetchError("it is damaged: what it says about a file cannot be read")
        record, data = data[len(length) + 1 : int(length)], data[int(length) :]
        key, _, value = record.removesuffix(b"\n").partition(b"=")
        records[_text(key)] = _text(value)
    return records
