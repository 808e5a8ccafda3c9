"""The endpoints that show files (mesos-protocol.md §5.2b)."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
import stat
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec

from actors.gateway.attached import Attached, BadPathError, FileError, ForbiddenPathError
from actors.gateway.reading import OpenFile, Portion, list_folder, open_file, read_file
from transport.http.exchange import HttpError, Request, Response, Transfer, refusal, show, unavailable
from transport.http.routes import Route
from transport.records.daemon import FileInfo

T = TypeVar("T")

#: Disks that answer slowly hold up no more than files: these threads are for nothing else.
_THREADS: Final = 4
#: How much of a file is read at a time for a download.
_PIECE_BYTES: Final = 256 * 1024
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_LARGEST: Final = 2**63 - 1
_PLAIN_NAME: Final = re.compile(r"[\w.,+@=~ -]+", re.ASCII)


class Files:
    """The files of a daemon, for handlers: none waits for the disk on the loop. All may raise HttpError."""

    def __init__(self, attached: Sequence[Attached]) -> None:
        self.attached = attached
        self._pool = ThreadPoolExecutor(_THREADS, "files")

    async def list(self, path: str) -> tuple[FileInfo, ...]:
        """What is in a folder."""
        return await self.away(lambda: list_folder(self.attached, path))

    async def read(self, path: str, offset: int | None, length: int | None) -> Portion:
        """Bytes of a file, or without an offset its size alone."""
        return await self.away(lambda: read_file(self.attached, path, offset, length))

    async def open(self, path: str) -> OpenFile:
        """A file to read all of."""
        opening = asyncio.get_running_loop().run_in_executor(self._pool, open_file, self.attached, path)
        with _refused():
            try:
                return await asyncio.shield(opening)
            except asyncio.CancelledError:  # the disk is too slow for whoever asked
                opening.add_done_callback(_close_unwanted)
                raise

    async def roots(self) -> dict[str, str]:
        """What is attached, and where it is."""
        found = await self.away(lambda: [pair for one in self.attached for pair in one.roots()])
        return {virtual: str(root) for virtual, root in found}

    async def away(self, work: Callable[[], T]) -> T:
        """Do something that waits for the disk."""
        with _refused():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def file_routes(files: Files) -> tuple[Route, ...]:
    """Where files are browsed, read and downloaded."""

    async def browse(request: Request) -> Response:
        """List a folder as `ls -l` does."""
        path = _path(request)
        return show(request, await files.away(lambda: _listing(list_folder(files.attached, path))))

    async def read(request: Request) -> Response:
        """Read some of a file as text, at most 64 KiB; or tell its size when no offset is given, or -1."""
        path, offset, length = _path(request), _number(request, "offset"), _number(request, "length")
        portion = await files.read(path, offset, length)
        shown = portion.size_bytes if offset is None else offset
        return show(request, {"data": _text(portion.data), "offset": shown})

    async def download(request: Request) -> Transfer:
        """Send a whole file, as it is when it is asked for."""
        file = await files.open(_path(request))
        return Transfer(
            content_type="application/octet-stream",
            length_bytes=file.size_bytes,
            source=_Download(files, file),
            headers={"Content-Disposition": f"attachment; {_file_name(file.name)}"},
        )

    async def debug(request: Request) -> Response:
        """Tell which paths lead to which files and folders of this host."""
        return show(request, await files.roots())

    return (
        Route("/files/browse", browse),
        Route("/files/read", read),
        Route("/files/download", download),
        Route("/files/debug", debug),
    )


class _Download:
    """Reads a file piece by piece.

    Whoever downloads may be gone while a thread reads: its descriptor is another file's as soon as it is
    closed, so then it is the thread that closes it.
    """

    def __init__(self, files: Files, file: OpenFile) -> None:
        self._files = files
        self._descriptor = file.descriptor
        self._lock = threading.Lock()
        self._reading = self._closed = False

    async def read(self) -> bytes:
        try:
            return await self._files.away(self._read)
        except HttpError:  # the disk failed, and the head of the response is sent: its client sees it cut off
            return b""

    def close(self) -> None:
        with self._lock:
            if not self._closed and not self._reading:
                os.close(self._descriptor)
            self._closed = True

    def _read(self) -> bytes:
        with self._lock:
            if self._closed:
                return b""
            self._reading = True
        try:
            return os.read(self._descriptor, _PIECE_BYTES)
        finally:
            self._was_read()

    def _was_read(self) -> None:
        with self._lock:
            self._reading = False
            if self._closed:
                os.close(self._descriptor)


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except FileError as error:
        status = 404
        if isinstance(error, BadPathError):
            status = 400
        elif isinstance(error, ForbiddenPathError):
            status = 403
        raise refusal(status, str(error)) from None
    except OSError as error:
        raise HttpError(unavailable(f"path: {error.strerror or error}")) from None


def _path(request: Request) -> str:
    path = request.query.get("path")
    if not path:
        raise refusal(400, "path: must be given")
    return path


def _number(request: Request, name: str) -> int | None:
    """A number of bytes; None when it is not given, for which clients also write -1."""
    text = request.query.get(name, "-1")
    number = int(text) if _NUMBER.fullmatch(text) else -2
    if not -1 <= number <= _LARGEST:
        raise refusal(400, f"{name}: must be a number of bytes, or -1")
    return None if number == -1 else number


def _close_unwanted(opening: asyncio.Future[OpenFile]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result().descriptor)


def _listing(files: Sequence[FileInfo]) -> msgspec.Raw:
    """They may be many: they are not written on the server's thread."""
    return msgspec.Raw(msgspec.json.encode([_listed(one) for one in files]))


def _listed(file: FileInfo) -> dict[str, object]:
    return {
        "gid": file.gid,
        "mode": stat.filemode(file.mode or 0),
        "mtime": float((file.mtime.nanoseconds if file.mtime else 0) // 1_000_000_000),
        "nlink": file.nlink,
        "path": file.path,
        "size": file.size,
        "uid": file.uid,
    }


def _text(data: bytes) -> str:
    """Bytes as JSON can say them: what is no UTF-8 becomes U+FFFD.

    A character that is cut off at the end is left to the next read, whose offset a client counts from what it
    got.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return decoder.decode(data) or decoder.decode(b"", final=True)


def _file_name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return f'filename="{name}"'
    return f"filename*=UTF-8''{urllib.parse.quote(name, safe='')}"
