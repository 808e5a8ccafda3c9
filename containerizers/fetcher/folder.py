"""The folder that files are fetched into.

It belongs to a user whose other processes may change it at any moment, so no step follows a link, and nothing
that is there is written to: what has the name of a new file is removed first.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from containerizers.fetcher.failure import FetchError

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """An open folder; what is in it goes by the names of the folders on the way, and its own.

    Every method raises FetchError.
    """

    def __init__(self, descriptor: int) -> None:
        self._root = descriptor
        #: The folder that was used last: archives go through them one by one.
        self._last: tuple[tuple[str, ...], int] = ((), os.dup(descriptor))

    def create(self, parts: tuple[str, ...]) -> int:
        """Make a file that only its owner may read, and open it."""
        with _reasons(parts):
            folder = self._at(parts[:-1])
            _remove(parts[-1], folder)
            return os.open(parts[-1], _NEW, 0o600, dir_fd=folder)

    def remove(self, parts: tuple[str, ...]) -> None:
        """Remove a file, if it is there."""
        with _reasons(parts):
            _remove(parts[-1], self._at(parts[:-1]))

    def make(self, parts: tuple[str, ...], mode: int) -> None:
        """Make a folder, unless it is there."""
        with _reasons(parts):
            try:
                os.mkdir(parts[-1], mode, dir_fd=self._at(parts[:-1]))
            except FileExistsError:
                self._at(parts)

    def symlink(self, parts: tuple[str, ...], target: str) -> None:
        """Make a symbolic link that leads to somewhere in the folder.

        `..` may stand but at its beginning: after a name it would begin where that leads, if it is a link.
        """
        way = target.split("/")
        ups = 0
        while ups < len(way) and way[ups] in ("..", "."):
            ups += 1
        if not target or target.startswith("/") or "\0" in target:
            raise FetchError(f"{named(parts)}: a link must not lead to {target!r}")
        if way[:ups].count("..") >= len(parts) or ".." in way[ups:]:
            raise FetchError(f"{named(parts)}: a link must not lead out of the folder, to {target!r}")
        with _reasons(parts):
            folder = self._at(parts[:-1])
            _remove(parts[-1], folder)
            os.symlink(target, parts[-1], dir_fd=folder)

    def link(self, parts: tuple[str, ...], target: tuple[str, ...]) -> None:
        """Give a file of the folder another name."""
        if parts == target:
            return
        with _reasons(parts):
            there = os.dup(self._at(target[:-1], makes=False))
            try:
                folder = self._at(parts[:-1])
                _check_file(target, there)
                _remove(parts[-1], folder)
                os.link(target[-1], parts[-1], src_dir_fd=there, dst_dir_fd=folder, follow_symlinks=False)
            finally:
                os.close(there)
            # Somebody may have put another thing in its place meanwhile.
            try:
                _check_file(parts, folder)
            except FetchError:
                _remove(parts[-1], folder)
                raise

    def _at(self, parts: tuple[str, ...], *, makes: bool = True) -> int:
        """Open a folder, which stays open until the next one is."""
        last, folder = self._last
        if parts == last:
            return folder
        here = os.dup(self._root)
        try:
            for part in parts:
                inner = _open(part, here, makes=makes)
                os.close(here)
                here = inner
        except NotADirectoryError:
            os.close(here)
            raise FetchError(f"{named(parts)}: leads over a link, or a file that is no folder") from None
        except OSError:
            os.close(here)
            raise
        os.close(folder)
        self._last = parts, here
        return here


def named(parts: tuple[str, ...]) -> str:
    """A path as it may be shown, on one line."""
    return repr("/".join(parts))


def write(descriptor: int, data: bytes) -> None:
    """Write all of it; raises FetchError."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError as error:
        raise FetchError(f"cannot write: {words(error)}") from None


def words(error: OSError) -> str:
    """Why, without the number."""
    return error.strerror or str(error)


def _check_file(parts: tuple[str, ...], folder: int) -> None:
    if not stat.S_ISREG(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False).st_mode):
        raise FetchError(f"{named(parts)}: is no regular file")


def _open(name: str, folder: int, *, makes: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not makes:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=folder)
    return os.open(name, _FOLDER, dir_fd=folder)


def _remove(name: str, folder: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


@contextlib.contextmanager
def _reasons(parts: tuple[str, ...]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FetchError(f"{named(parts)}: {words(error)}") from None
