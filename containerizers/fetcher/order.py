"""What is to be fetched, and where to."""

from __future__ import annotations

import msgspec


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One file (mesos-protocol.md §12, CommandInfo.URI)."""

    uri: str
    #: Whether everybody may execute it; then it is no archive.
    executable: bool = False
    #: Whether to unpack it into the folder, if its name says that it is an archive.
    extract: bool = True
    cache: bool = False
    #: Its name in the folder, maybe with folders before it; None: as the URI ends.
    output_file: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Files for one folder, one after the other; paths are absolute."""

    directory: str
    files: tuple[Wanted, ...]
    #: A user's name; None: that of this process.
    user: str | None = None
    #: Files that take what there is to tell, and what went wrong; None: nobody wants to know.
    log: str | None = None
    errors: str | None = None
