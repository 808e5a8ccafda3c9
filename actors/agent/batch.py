"""Changes of small files that become durable together."""

from __future__ import annotations

from actors.agent.paths import UNFINISHED, folder_of
from actors.disk import Disk

#: A disk keeps only so many changed files open, and only who has a file open learns that it could not be
#: written. Nor should the first of a flood wait for the last.
FILES_AT_ONCE = 30


class Batch:
    """Files to replace or to remove, by path; of two changes of one file the later counts.

    One `flush` for many changes costs fewer syncs than one for each: the first sync writes the journal for
    all, and a folder is synced once.
    """

    def __init__(self) -> None:
        self._contents: dict[str, bytes | None] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to flush."""
        return bool(self._contents)

    @property
    def is_full(self) -> bool:
        """Whether to flush before more is added."""
        return len(self._contents) >= FILES_AT_ONCE

    def replace(self, path: str, content: bytes) -> None:
        """Give a file this content."""
        self._change(path, content)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        self._change(path, None)

    def flush(self, disk: Disk) -> None:
        """Make all changes durable, in order within each folder; readers see each whole or not at all.

        An OSError leaves nobody knowing what is on the disk.
        """
        contents, self._contents = self._contents, {}
        written = [path for path, content in contents.items() if content]
        for path in written:
            disk.write(path + UNFINISHED, contents[path] or b"")
        for path in written:
            disk.sync(path + UNFINISHED)
        folders: dict[str, None] = {}
        for path, content in contents.items():
            if content:
                disk.rename(path + UNFINISHED, path)
            elif content is not None:
                disk.write(path, content)  # that it is there is all it says
            elif not _removed(disk, path):
                continue
            folders[folder_of(path)] = None
        for folder in folders:
            disk.sync_folder(folder)

    def _change(self, path: str, content: bytes | None) -> None:
        # Put last, so that the order is that of the latest changes.
        self._contents.pop(path, None)
        self._contents[path] = content


def _removed(disk: Disk, path: str) -> bool:
    try:
        disk.remove(path)
    except FileNotFoundError:
        return False
    return True
