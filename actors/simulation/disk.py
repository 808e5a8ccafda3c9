"""A disk that forgets what was not synced, tears, fills up, fails, and rots, all by the seed.

The model is the contract of `actors.disk.Disk`, taken at its word: a change is in the cache at once and on
the platter at its sync; when the power fails, of what was not synced the first few changes are there, the
last of them torn.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from typing import Literal, NamedTuple, NoReturn

from actors.simulation.platter import CachedFile, Change

Operation = Literal["read", "write", "append", "truncate", "sync", "sync_folder", "rename", "remove"]


class _Naming(NamedTuple):
    """One unsynced change of folders: which paths lead to which file now; an atomic step."""

    paths: tuple[tuple[str, CachedFile | None], ...]

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(_folder(path) for path, _ in self.paths)

    def apply(self, names: dict[str, CachedFile]) -> None:
        for path, file in self.paths:
            if file is None:
                names.pop(path, None)
            else:
                names[path] = file


class _Failure(NamedTuple):
    """An error that waits for its operation."""

    operation: Operation
    path: str
    nth: int
    number: int


class Image(NamedTuple):
    """What was on a platter once; see `SimulatedDisk.snapshot`."""

    files: tuple[tuple[str, bytes], ...]
    folders: tuple[str, ...]


class SimulatedDisk:
    """One node's disk; implements `actors.disk.Disk`.

    It survives crashes and restarts of the node, less what they destroy. `fault(point)` is called right
    before and after each operation that changes something, as `disk.sync.before` and `disk.sync.after`, so
    that a crash can be placed there; `written(content)` for what goes to the disk.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        fault: Callable[[str], None] = lambda _point: None,
        written: Callable[[bytes], None] = lambda _content: None,
        capacity_bytes: int | None = None,
    ) -> None:
        #: Bytes that all files together may have; None for no limit. May be changed at any time.
        self.capacity_bytes = capacity_bytes
        self._rng = rng
        self._fault = fault
        self._written = written
        self._names: dict[str, CachedFile] = {}
        self._durable_names: dict[str, CachedFile] = {}
        self._namings: list[_Naming] = []
        self._folders: dict[str, None] = {"": None}
        self._failures: list[_Failure] = []

    # What processes do (actors.disk.Disk).

    def read(self, path: str) -> bytes:
        """See `Disk.read`."""
        file = self._find(path)
        self._strike("read", path)
        return bytes(file.cached)

    def write(self, path: str, content: bytes) -> None:
        """See `Disk.write`."""
        self._put("write", path, content)

    def append(self, path: str, content: bytes) -> None:
        """See `Disk.append`."""
        self._put("append", path, content)

    def truncate(self, path: str, size_bytes: int) -> None:
        """See `Disk.truncate`."""
        self._fault("disk.truncate.before")
        file = self._find(path)
        if size_bytes < 0:
            _fail(errno.EINVAL, path)
        self._strike("truncate", path)
        if size_bytes > len(file.cached) + self._room():
            _fail(errno.ENOSPC, path)
        file.change(Change(size_bytes, None))
        self._fault("disk.truncate.after")

    def sync(self, path: str) -> None:
        """See `Disk.sync`."""
        self._fault("disk.sync.before")
        file = self._find(path)
        try:
            self._strike("sync", path)
        except OSError:
            # As kernels do: the cache keeps the change, calls it clean, and no later sync writes it.
            file.lose(self._rng)
            raise
        file.sync()
        self._fault("disk.sync.after")

    def sync_folder(self, path: str) -> None:
        """See `Disk.sync_folder`."""
        self._fault("disk.sync_folder.before")
        if path:
            _check(path)
        if path not in self._folders:
            _fail(errno.ENOTDIR if path in self._names else errno.ENOENT, path)
        self._strike("sync_folder", path)
        waiting = []
        for naming in self._namings:
            if path in naming.folders:
                naming.apply(self._durable_names)
            else:
                waiting.append(naming)
        self._namings = waiting
        self._fault("disk.sync_folder.after")

    def rename(self, source: str, target: str) -> None:
        """See `Disk.rename`."""
        self._fault("disk.rename.before")
        file = self._find(source)
        self._enter(target)
        self._strike("rename", source)
        if source != target:
            self._name((target, file), (source, None))
        self._fault("disk.rename.after")

    def remove(self, path: str) -> None:
        """See `Disk.remove`."""
        self._fault("disk.remove.before")
        self._find(path)
        self._strike("remove", path)
        self._name((path, None))
        self._fault("disk.remove.after")

    def list(self, path: str) -> tuple[str, ...]:
        """See `Disk.list`."""
        if path:
            _check(path)
            if path in self._names:
                _fail(errno.ENOTDIR, path)
        inside = [name for name in (*self._names, *self._folders) if name and _folder(name) == path]
        return tuple(sorted(name.rpartition("/")[2] for name in inside))

    def size(self, path: str) -> int:
        """See `Disk.size`."""
        return len(self._find(path).cached)

    # What a test, or fate, does.

    def fail(self, operation: Operation, path: str = "", *, nth: int = 1, error: int = errno.EIO) -> None:
        """Have the `nth` such operation from now on, on paths that begin with `path`, raise OSError."""
        if nth < 1:
            raise ValueError(f"nth {nth}: must be at least 1, the next operation")
        self._failures.append(_Failure(operation, path, nth, error))

    def mend(self) -> None:
        """Let no operation fail any more, and let the disk be as large as it takes."""
        self._failures.clear()
        self.capacity_bytes = None

    def lose_power(self) -> None:
        """Forget the cache: what is unsynced is gone, or there in part."""
        torn: dict[str, None] = {}
        for naming in self._namings:
            if torn.keys().isdisjoint(naming.folders) and self._rng.random() < 0.5:
                naming.apply(self._durable_names)
            else:
                torn |= dict.fromkeys(naming.folders)
        self._namings.clear()
        self._names = dict(self._durable_names)
        for file in self._names.values():
            file.lose(self._rng)
            file.cached = bytearray(file.durable)

    def flip_bit(self, path: str, bit: int | None = None) -> int:
        """Let one bit of a file rot; a random one unless told which. Returns its number."""
        file = self._find(path)
        if bit is None:
            bit = self._rng.randrange(8 * len(file.cached))
        if not 0 <= bit < 8 * len(file.cached):
            raise ValueError(f"bit {bit}: {path} has {8 * len(file.cached)} bits")
        file.flip(bit)
        return bit

    def snapshot(self) -> Image:
        """What is on the platter now, as a copy of the disk would have it."""
        files = tuple((path, file.durable) for path, file in self._durable_names.items())
        return Image(files, tuple(self._folders))

    def restore(self, image: Image) -> None:
        """Put an old copy in place of everything; the node should be down."""
        self._durable_names = {path: CachedFile(content) for path, content in image.files}
        self._names = dict(self._durable_names)
        self._namings.clear()
        self._folders = dict.fromkeys(image.folders)

    def wipe(self) -> None:
        """Replace it by an empty disk; the node should be down."""
        self.restore(Image((), ("",)))

    # How it works.

    def _put(self, operation: Literal["write", "append"], path: str, content: bytes) -> None:
        self._fault(f"disk.{operation}.before")
        self._enter(path)
        file = self._names.get(path)
        if file is None:
            file = CachedFile()
            self._name((path, file))
        elif operation == "write":
            file.change(Change(0, None))
        offset = len(file.cached)
        room = self._room()
        try:
            self._strike(operation, path)
        except OSError:
            file.change(Change(offset, content[: self._rng.randint(0, min(room, len(content)))]))
            raise
        file.change(Change(offset, bytes(content[:room])))
        self._written(content)
        if room < len(content):
            _fail(errno.ENOSPC, path)
        self._fault(f"disk.{operation}.after")

    def _room(self) -> int:
        """Bytes that may still be written."""
        if self.capacity_bytes is None:
            return 1 << 62
        return max(0, self.capacity_bytes - sum(len(file.cached) for file in self._names.values()))

    def _find(self, path: str) -> CachedFile:
        _check(path)
        file = self._names.get(path)
        if file is None:
            _fail(errno.EISDIR if path in self._folders else errno.ENOENT, path)
        return file

    def _enter(self, path: str) -> None:
        """Make sure that a file may have this name, making the folders above it."""
        _check(path)
        if path in self._folders:
            _fail(errno.EISDIR, path)
        parts = path.split("/")[:-1]
        folders = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        for folder in folders:
            if folder in self._names:
                _fail(errno.ENOTDIR, path)
        self._folders |= dict.fromkeys(folders)

    def _name(self, *paths: tuple[str, CachedFile | None]) -> None:
        naming = _Naming(paths)
        naming.apply(self._names)
        self._namings.append(naming)

    def _strike(self, operation: Operation, path: str) -> None:
        """Raise the error that waits for this very operation, and count down those that wait for later."""
        due = None
        waiting = []
        for failure in self._failures:
            if failure.operation == operation and path.startswith(failure.path):
                failure = failure._replace(nth=failure.nth - 1)
            if failure.nth:
                waiting.append(failure)
            else:
                due = failure
        self._failures = waiting
        if due is not None:
            _fail(due.number, path)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _check(path: str) -> None:
    if any(part in ("", ".", "..") or "\0" in part for part in path.split("/")):
        raise ValueError(f"path {path!r}: must be relative, with no empty part, '.' or '..'")


def _fail(number: int, path: str) -> NoReturn:
    raise OSError(number, os.strerror(number), path)
