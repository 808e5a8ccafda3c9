"""One file of a sandbox that takes what a container writes, whatever the container does to it meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
#: Pipes that nobody reads, symbolic links, folders.
_IRREGULAR = (errno.ENXIO, errno.ELOOP, errno.EISDIR)
_NO_FILE = "is not a regular file"
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class SandboxFile:
    """Appends to a file below `root`; no symbolic link below that is followed. Raises OSError, ValueError.

    With `most_bytes` it is rotated before it has more: `stdout` becomes `stdout.1` and so on, and `files`
    are kept besides it.
    """

    def __init__(self, root: str, path: str, most_bytes: int | None = None, files: int = 0) -> None:
        self._root = root
        self._path = os.path.relpath(path, root)
        if self._path.startswith(".."):
            raise ValueError(f"is not in {root!r}")
        self._most_bytes = most_bytes
        self._files = files
        self._descriptor = self._open()
        self.size = os.fstat(self._descriptor).st_size

    def has_room(self, size: int) -> bool:
        """Whether so many bytes fit before it is to be rotated."""
        return self._most_bytes is None or self.size == 0 or self.size + size <= self._most_bytes

    def rotate(self) -> None:
        """Begin another file. Where that cannot be, the old one loses what it holds."""
        try:
            with self._folder() as (folder, name):
                for number in range(self._files, 1, -1):
                    with contextlib.suppress(FileNotFoundError):
                        os.rename(
                            f"{name}.{number - 1}", f"{name}.{number}", src_dir_fd=folder, dst_dir_fd=folder
                        )
                if self._files:
                    os.rename(name, f"{name}.1", src_dir_fd=folder, dst_dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
            new = self._open()
        except (OSError, ValueError):
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
        else:
            os.close(self._descriptor)
            self._descriptor = new
        self.measure()

    def append(self, data: bytes) -> bool:
        """Write; False when the disk is full, and the rest was dropped."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except OSError:
                return False
            finally:
                self.measure()
        return True

    def measure(self) -> int:
        """Its size now."""
        self.size = os.fstat(self._descriptor).st_size
        return self.size

    def detach(self) -> int:
        """Its descriptor, which is the caller's from now on."""
        descriptor, self._descriptor = self._descriptor, -1
        return descriptor

    def close(self) -> None:
        """Write no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[tuple[int, str]]:
        """The folder it is in, and its name there."""
        *above, name = self._path.split("/")
        folder = os.open(self._root, _FOLDER)
        try:
            for part in above:
                inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder, name
        finally:
            os.close(folder)

    def _open(self) -> int:
        with self._folder() as (folder, name):
            try:
                descriptor = os.open(name, _FLAGS, 0o644, dir_fd=folder)
            except OSError as error:
                if error.errno in _IRREGULAR:
                    raise ValueError(_NO_FILE) from None
                raise
        # Nobody at the other end of a pipe is to hold up this process.
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ValueError(_NO_FILE)
        return descriptor
