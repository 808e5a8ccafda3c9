"""What is in a compressed file, unpacked piece by piece; so much of it as may be."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from containerizers.fetcher.failure import FetchError

if TYPE_CHECKING:
    from containerizers.fetcher.budget import Allowance

_CHUNK_BYTES = 1 << 18
#: xz asks for as much as whoever packed it liked; `xz -9` needs 65 MiB.
_MOST_MEMORY_BYTES = 256 << 20
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"


class Unpacked:
    """Reads an open file from its beginning, by whichever way it is packed, if it is; raises FetchError."""

    def __init__(self, file: int, allowance: Allowance) -> None:
        self._file = file
        self._allowance = allowance
        os.lseek(file, 0, os.SEEK_SET)
        self._pending = os.read(file, _CHUNK_BYTES)
        self.is_packed = True
        self._make, self._errors = self._kind()
        self._decoder: Any = self._make and self._make()

    def read(self, most: int) -> bytes:
        """The next bytes, up to so many; none at the end."""
        try:
            data = self._read(most)
        except self._errors as error:
            raise FetchError(f"it is damaged: {error}") from None
        self._allowance.unpack(len(data))
        return data

    def _kind(self) -> tuple[Callable[[], Any] | None, tuple[type[Exception], ...]]:
        if self._pending.startswith(_GZIP):
            import zlib  # noqa: PLC0415  each only where it is used

            return _Gzip, (zlib.error, EOFError)
        if self._pending.startswith(_BZIP2):
            import bz2  # noqa: PLC0415

            return bz2.BZ2Decompressor, (OSError, EOFError, ValueError)
        if self._pending.startswith(_XZ):
            import lzma  # noqa: PLC0415

            return lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY_BYTES), (lzma.LZMAError, EOFError)
        self.is_packed = False
        return None, ()

    def _read(self, most: int) -> bytes:
        if self._decoder is None:
            data, self._pending = self._pending[:most], self._pending[most:]
            return data or os.read(self._file, most)
        while True:
            if self._decoder.eof and not self._next():
                return b""
            packed, self._pending = self._pending, b""
            if self._decoder.needs_input and not packed:
                packed = os.read(self._file, _CHUNK_BYTES)
                if not packed:
                    raise FetchError("it ends before it is complete")
            unpacked: bytes = self._decoder.decompress(packed, most)
            if unpacked:
                return unpacked
            # A packer may spend any number of bytes on nothing.
            self._allowance.unpack(0)

    def _next(self) -> bool:
        """Begin the next part, of which there may be any number, with zeros between them."""
        self._pending = self._decoder.unused_data
        while not (rest := self._pending.lstrip(b"\0")):
            self._pending = os.read(self._file, _CHUNK_BYTES)
            if not self._pending:
                return False
        self._pending = rest
        assert self._make is not None
        self._decoder = self._make()
        return True


class _Gzip:
    """One part of a gzip file, with the methods of the other decompressors."""

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415

        self._decoder = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, most: int) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, most)
