"""Durable storage as processes see it: named byte strings that survive a crash once they are synced.

Paths are relative to the node's work directory, with `/` between folders. Every call may block on the
disk, so only a process made for storage calls it (one actor per blocking resource, DESIGN §2). A failing
disk raises OSError with the errno of the real one (EIO, ENOSPC, …), in simulation too.
"""

from __future__ import annotations

from typing import Protocol


class Disk(Protocol):
    """What a storage process needs of a file system, and what a simulated one can get wrong.

    Nothing written is durable before `sync` of that file; nothing created, renamed or removed is durable
    before `sync_folder` of its folder (reliability.md §4.5, C3). An error from either is final: the
    caller cannot know what is on disk and must crash.
    """

    def read(self, path: str) -> bytes:
        """The whole content; raises FileNotFoundError."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Create or overwrite; a crash before `sync` may leave any prefix, or the old content."""
        ...

    def append(self, path: str, content: bytes) -> None:
        """Add to the end, creating the file; a crash before `sync` may leave any prefix of it."""
        ...

    def truncate(self, path: str, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        ...

    def sync(self, path: str) -> None:
        """Return once the file's content is durable."""
        ...

    def sync_folder(self, path: str) -> None:
        """Return once the folder's entries are durable; "" is the work directory itself."""
        ...

    def rename(self, source: str, target: str) -> None:
        """Atomically give `source` the name `target`, replacing what bore it."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file; raises FileNotFoundError."""
        ...

    def list(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; empty when there is no such folder."""
        ...

    def size(self, path: str) -> int:
        """Bytes in the file; raises FileNotFoundError."""
        ...
