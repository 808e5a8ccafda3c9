"""Durable storage as processes see it: named byte strings that survive a crash once they are synced.

Paths are relative to the node's work directory, with `/` between folders; a path that is absolute, or has
an empty part, `.` or `..`, raises ValueError. Every call may block on the disk, so only a process made for
storage calls it (one actor per blocking resource, DESIGN §2). A failing disk raises OSError with the errno
of the real one (EIO, ENOSPC, …), in simulation too.
"""

from __future__ import annotations

from typing import Protocol


class Disk(Protocol):
    """What a storage process needs of a file system, and what a simulated one can get wrong.

    Nothing written is durable before `sync` of that file; nothing created, renamed or removed is durable
    before `sync_folder` of its folder (reliability.md §4.5, C3). An error from either is final: the
    caller cannot know what is on disk, a later success does not tell, and it must crash.

    What is not synced when the power fails is left in part: of the changes to one file, and of those to
    one folder, the first few have happened. The last change to a file may be torn: it has happened up to
    a sector's end, and zeros may stand in place of the rest. So a file that is appended to needs
    checksums, and one that is replaced is written under another name, synced, renamed, and its folder
    synced.

    Folders come into being, durably, with the first file in them, and stay.
    """

    def read(self, path: str) -> bytes:
        """The whole content; raises FileNotFoundError."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Create or overwrite. An error, such as a full disk, leaves any prefix of `content`."""
        ...

    def append(self, path: str, content: bytes) -> None:
        """Add to the end, creating the file. An error leaves any prefix of `content` there."""
        ...

    def truncate(self, path: str, size_bytes: int) -> None:
        """Cut the file to `size_bytes`, or extend it with zeros; raises FileNotFoundError."""
        ...

    def sync(self, path: str) -> None:
        """Return once the file's content is durable; raises FileNotFoundError."""
        ...

    def sync_folder(self, path: str) -> None:
        """Return once the folder's entries are durable; "" is the work directory itself."""
        ...

    def rename(self, source: str, target: str) -> None:
        """Atomically give `source` the name `target`, replacing what bore it; raises FileNotFoundError."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file; raises FileNotFoundError."""
        ...

    def list(self, path: str) -> tuple[str, ...]:
        """Names of files and folders in a folder, sorted; empty when there is no such folder."""
        ...

    def size(self, path: str) -> int:
        """Bytes in the file; raises FileNotFoundError."""
        ...
