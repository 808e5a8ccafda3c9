"""The replica's records on its disk: appended, made durable many at a time, and summed up now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from actors.disk import Disk
from actors.log.records import LogRecord
from actors.log.scan import DamageError, scan
from actors.log.segment import (
    MARKS,
    Kind,
    Link,
    Mark,
    encode_frame,
    encode_mark,
    segment_name,
    segment_numbers,
)

#: Segments that are as long get a successor.
SEGMENT_BYTES: Final = 4 << 20
_DRAFT: Final = ".new"


class Restored(NamedTuple):
    """What an earlier life left: all that it synced, and maybe some that it was about to.

    `damage` says what is wrong with the files, None when all is well. If anything is, nothing is relied on:
    there are no records, and the files stay as they are until `Journal.compact` replaces them.
    """

    records: tuple[LogRecord, ...] = ()
    damage: str | None = None


class Journal:
    """An append-only list of records below a folder of a disk; see `segment` for its form, `scan` for faults.

    `open` comes first. Every OSError is final (`actors.disk.Disk`): the journal must not be used any more,
    and what is on the disk shows when another one is opened.
    """

    def __init__(self, disk: Disk, folder: str, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._disk = disk
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._waiting: list[LogRecord] = []
        #: The segment in use, 0 before the first one.
        self._number = 0
        self._last_bytes = 0
        self._link = Link()
        self._size_bytes = 0
        self._is_usable = False

    @property
    def size_bytes(self) -> int:
        """Of what is synced: the records since they were last summed up, and that sum."""
        return self._size_bytes

    def open(self) -> Restored:
        """Read what is there.

        Whatever of it is not known to have been synced is made durable here, or cut off when it is torn, by
        writing all of it anew: a sync that failed once may succeed the next time with nothing done.
        """
        try:
            found = scan(self._disk, self._folder)
        except DamageError as error:
            self._number = self._greatest_number()
            return Restored(damage=f"{self._folder}/{error}")
        self._number = max(found.sizes, default=0)
        self._last_bytes = found.sizes.get(self._number, 0)
        self._link, self._size_bytes = found.link, sum(found.sizes.values())
        self._is_usable = True
        if not found.has_marks:
            self._replace(MARKS, encode_mark(Mark(0, 0, 0)))
        # The names may have been given right before a crash.
        self._disk.sync_folder(self._folder)
        if not found.is_clean:
            # What is not marked may be gone after the next power cut: nothing may follow it.
            self._link = found.synced
            self.compact(found.records)
        self._remove_drafts()
        return Restored(found.records)

    def append(self, record: LogRecord) -> None:
        """Add a record; it is lost in a crash unless `sync` returns first."""
        self._waiting.append(record)

    def sync(self) -> None:
        """Return once all records so far are durable; costs one sync, and none when there are no new ones."""
        if not self._waiting:
            return
        assert self._is_usable, "to be opened first, and after damage compacted"
        records, self._waiting = self._waiting, []
        if not self._number or self._last_bytes >= self._segment_bytes:
            self._begin(records, Kind.CONTINUES if self._number else Kind.BEGINS)
            return
        frame, self._link = encode_frame(records, Kind.FOLLOWS, self._link)
        path = self._path(segment_name(self._number))
        self._disk.append(path, frame)
        self._disk.sync(path)
        self._grown(len(frame))
        # Not synced: `scan` tells what for.
        self._disk.append(self._path(MARKS), encode_mark(self._mark()))

    def compact(self, records: Sequence[LogRecord], *, set_aside: str | None = None) -> None:
        """Replace all records so far, unsynced ones too, by these; they are durable when this returns.

        A crash leaves the old or the new ones. The old files are removed, or go to the folder `set_aside`, in
        place of what is there.
        """
        self._waiting.clear()
        self._size_bytes = 0
        if not self._is_usable:
            self._link = Link()
        self._begin(records, Kind.BEGINS)
        self._is_usable = True
        if set_aside is not None:
            for name in self._disk.list(set_aside):
                self._disk.remove(f"{set_aside}/{name}")
        for number in segment_numbers(self._disk.list(self._folder)):
            if number < self._number:
                self._dispose(segment_name(number), set_aside)

    def _dispose(self, name: str, set_aside: str | None) -> None:
        if set_aside is None:
            self._disk.remove(self._path(name))
        else:
            self._disk.rename(self._path(name), f"{set_aside}/{name}")

    def _begin(self, records: Sequence[LogRecord], kind: Kind) -> None:
        """Write a new segment with these records, make it durable under another name, and name it."""
        frame, self._link = encode_frame(records, kind, self._link)
        self._number += 1
        self._last_bytes = 0
        self._replace(segment_name(self._number), frame)
        self._grown(len(frame))
        # The segment's name is durable before that of the marks which need it.
        self._replace(MARKS, encode_mark(self._mark()))
        self._disk.sync_folder(self._folder)

    def _replace(self, name: str, content: bytes) -> None:
        draft = self._path(name + _DRAFT)
        self._disk.write(draft, content)
        self._disk.sync(draft)
        self._disk.rename(draft, self._path(name))

    def _grown(self, size_bytes: int) -> None:
        self._last_bytes += size_bytes
        self._size_bytes += size_bytes

    def _mark(self) -> Mark:
        return Mark(self._number, self._last_bytes, self._link.check)

    def _greatest_number(self) -> int:
        return max(segment_numbers(self._disk.list(self._folder)), default=0)

    def _remove_drafts(self) -> None:
        for name in self._disk.list(self._folder):
            if name.endswith(_DRAFT):
                self._disk.remove(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
