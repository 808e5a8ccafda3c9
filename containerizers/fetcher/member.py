"""What an archive has in it: one file, folder or link."""

from __future__ import annotations

from collections.abc import Callable

from containerizers.fetcher.failure import FetchError

_MOST_FOLDERS = 100
_LONGEST_NAME_BYTES = 255

FILE, FOLDER, SYMLINK, LINK = "file", "folder", "symlink", "link"


class Member:
    """One of `FILE`, `FOLDER`, `SYMLINK` or `LINK`; `name` and `target` are as the archive has them.

    `read` gives the next bytes of a file, up to so many, and none at its end.
    """

    __slots__ = ("kind", "mode", "modified", "name", "read", "target")

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        mode: int = 0o644,
        modified: float = 0.0,
        target: str = "",
        read: Callable[[int], bytes] = lambda _most: b"",
    ) -> None:
        self.kind = kind
        self.name = name
        self.mode = mode
        self.modified = modified
        self.target = target
        self.read = read


def parts_of(name: str) -> tuple[str, ...]:
    """The names on the way to a member, and its own; raises FetchError where it does not lead down."""
    if name.startswith("/"):
        raise FetchError(f"{name!r}: must not be absolute")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise FetchError(f"{name!r}: must not lead up")
    if "\0" in name or any(
        len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME_BYTES for part in parts
    ):
        raise FetchError(f"{name[:300]!r}: is no name of a file")
    if len(parts) > _MOST_FOLDERS:
        raise FetchError(f"{name[:300]!r}: lies in more than {_MOST_FOLDERS} folders")
    return parts
