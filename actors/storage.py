"""The real disk: files below one folder, reached without following a single symbolic link."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
#: How many files are kept open.
_OPEN_FILES = 64


class FileDisk:
    """`actors.disk.Disk` on a file system.

    A path that is absolute, has an empty part, `.` or `..` is refused with ValueError; a symbolic link
    anywhere below `root`, with OSError. Folders come into being with their first file. A file stays open
    from its change to its `sync` at least, because the kernel owes the news of a failed write-back only to
    those who had it open then.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._path = root
        #: Files that were changed, by path: synced ones, then others, the latest last. Whoever uses one takes
        #: it out for that time.
        self._changed: OrderedDict[str, int] = OrderedDict()

    def lock(self) -> None:
        """Claim the whole folder; raises BlockingIOError while another process has it."""
        try:
            fcntl.flock(self._root, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, f"{self._path} is in use by another process") from None

    def close(self) -> None:
        """Let go of every file and of the folder."""
        while self._changed:
            os.close(self._changed.popitem()[1])
        os.close(self._root)

    def read(self, path: str) -> bytes:
        """The whole content; raises FileNotFoundError."""
        with open(self._open(path, os.O_RDONLY), "rb") as file:  # noqa: PTH123 - a descriptor
            return file.read()

    def write(self, path: str, content: bytes) -> None:
        """Create or overwrite."""
        with self._changing(path, os.O_WRONLY | os.O_CREAT) as file:
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            _write_all(file, content)

    def append(self, path: str, content: bytes) -> None:
        """Add to the end, creating the file."""
        with self._changing(path, os.O_WRONLY | os.O_CREAT) as file:
            os.lseek(file, 0, os.SEEK_END)
            _write_all(file, content)

    def truncate(self, path: str, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        with self._changing(path, os.O_WRONLY) as file:
            os.ftruncate(file, size_bytes)

    def sync(self, path: str) -> None:
        """Return once the file's content is durable."""
        file = self._changed.pop(path, None)
        if file is None:
            file = self._open(path, os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)
            return
        try:
            # A new size is written too, only not what nobody needs to read the content.
            os.fdatasync(file)
        except OSError as error:
            os.close(file)
            raise self._at(path, error) from None
        # Whoever appends and syncs will do so again. The first place is the first to be closed.
        self._changed[path] = file
        self._changed.move_to_end(path, last=False)

    def sync_folder(self, path: str) -> None:
        """Return once the folder's entries are durable."""
        with self._folder(_parts(path) if path else ()) as folder:
            os.fsync(folder)

    def rename(self, source: str, target: str) -> None:
        """Atomically give `source` the name `target`."""
        *source_folder, source_name = _parts(source)
        *target_folder, target_name = _parts(target)
        with self._folder(source_folder) as old, self._folder(target_folder, make=True) as new:
            os.rename(source_name, target_name, src_dir_fd=old, dst_dir_fd=new)
        self._forget(target)
        file = self._changed.pop(source, None)
        if file is not None:
            self._changed[target] = file

    def remove(self, path: str) -> None:
        """Remove a file; raises FileNotFoundError."""
        *folder, name = _parts(path)
        with self._folder(folder) as inside:
            os.unlink(name, dir_fd=inside)
        self._forget(path)

    def list(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; empty when there is no such folder."""
        try:
            with self._folder(_parts(path) if path else ()) as folder:
                return tuple(sorted(os.listdir(folder)))  # noqa: PTH208 - a descriptor
        except FileNotFoundError:
            return ()

    def size(self, path: str) -> int:
        """Bytes in the file; raises FileNotFoundError."""
        file = self._open(path, os.O_RDONLY)
        try:
            return os.fstat(file).st_size
        finally:
            os.close(file)

    def _open(self, path: str, flags: int) -> int:
        *folder, name = _parts(path)
        with self._folder(folder, make=bool(flags & os.O_CREAT)) as inside:
            file = os.open(name, flags | _FILE, 0o644, dir_fd=inside)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(f"{path!r} is not a regular file")
        return file

    @contextlib.contextmanager
    def _changing(self, path: str, flags: int) -> Iterator[int]:
        """The file for one change, after which it waits for its sync."""
        file = self._changed.pop(path, None)
        if file is None:
            file = self._open(path, flags)
        try:
            yield file
        except OSError as error:
            raise self._at(path, error) from None
        finally:
            self._changed[path] = file
            if len(self._changed) > _OPEN_FILES:
                os.close(self._changed.popitem(last=False)[1])

    @contextlib.contextmanager
    def _folder(self, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """Go down from the root one folder at a time; what `make` creates is durable at once."""
        folder = os.dup(self._root)
        try:
            for part in parts:
                if make and _made(part, folder):
                    os.fsync(folder)
                inner = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def _at(self, path: str, error: OSError) -> OSError:
        """The error with its file's name, which no call has that is given a descriptor."""
        return OSError(error.errno, error.strerror, str(self._path / path))

    def _forget(self, path: str) -> None:
        file = self._changed.pop(path, None)
        if file is not None:
            os.close(file)


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(path.split("/"))
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ValueError(
            f"path {path!r}: must be relative, with no empty part, '.' or '..' (the disk's root is not left)"
        )
    return parts


def _made(name: str, folder: int) -> bool:
    try:
        os.mkdir(name, 0o755, dir_fd=folder)
    except FileExistsError:
        return False
    return True


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
