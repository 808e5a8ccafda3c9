"""The files that update streams are kept in, and what of them is not durable yet."""

from __future__ import annotations

from typing import NamedTuple

from actors.agent import paths
from actors.agent.batch import FILES_AT_ONCE
from actors.agent.checkpoints import encode
from actors.agent.paths import UNFINISHED
from actors.agent.recovery import read_updates
from actors.agent.retained import StreamRecord
from actors.agent.stream import Stream
from actors.disk import Disk


class Opened(NamedTuple):
    """A stream that has a file, and how many bytes of it were torn or damaged and are cut off."""

    stream: Stream
    cut_bytes: int


class StreamFiles:
    """Appends to streams' files at once, and syncs all of them when told to."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._files: dict[str, None] = {}
        #: Folders of files that are new.
        self._folders: dict[str, None] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to sync."""
        return bool(self._files)

    @property
    def is_full(self) -> bool:
        """Whether to sync before more is appended."""
        return len(self._files) >= FILES_AT_ONCE

    def open(self, path: str) -> Opened | None:
        """What a file says, made ready to be appended to; None when there is no file.

        It is written anew: if a sync failed in the life before this one, the cache shows what is on no disk,
        and no later sync brings it there (reliability.md §4.5).
        """
        try:
            size = self._disk.size(path)
        except FileNotFoundError:
            return None
        reading = read_updates(self._disk, path)
        content = self._disk.read(path)[: reading.size_bytes]
        self._disk.write(path + UNFINISHED, content)
        self._disk.sync(path + UNFINISHED)
        self._disk.rename(path + UNFINISHED, path)
        self._files[path] = None
        self._folders[paths.folder_of(path)] = None
        updates = [record.update for record in reading.records if record.update is not None]
        acknowledged = sum(record.acknowledged is not None for record in reading.records)
        return Opened(Stream(updates, acknowledged), size - reading.size_bytes)

    def append(self, path: str, record: StreamRecord, *, is_new: bool) -> None:
        """Add a record, to a file that `is_new` or to one that was appended to or opened before."""
        if is_new:
            self._folders[paths.folder_of(path)] = None
        self._disk.append(path, encode(record))
        self._files[path] = None

    def sync(self) -> None:
        """Make durable what was appended; an OSError leaves nobody knowing what is on the disk."""
        for path in self._files:
            self._disk.sync(path)
        for folder in self._folders:
            self._disk.sync_folder(folder)
        self._files.clear()
        self._folders.clear()
