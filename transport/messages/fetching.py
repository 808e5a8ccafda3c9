"""Whoever launches containers, and the actor `fetcher` of its node, which fills their folders first."""

from __future__ import annotations

from transport.message import Message
from transport.messages.container_spec import WantedFile


class FetchFiles(Message):
    """Have these files in a folder; answered by FilesFetched, once, unless StopFetching comes first.

    `log` takes what there is to say of it, `errors` what went wrong: paths, appended to.
    """

    container_id: str
    directory: str
    files: tuple[WantedFile, ...]
    #: A user's name; None: that of the node.
    user: str | None = None
    log: str | None = None
    errors: str | None = None


class FilesFetched(Message):
    """They are there; or (`error`) not all of them, and why."""

    container_id: str
    error: str = ""


class StopFetching(Message):
    """Nobody wants them any more; not answered. What is in the folder by then stays."""

    container_id: str


class MeasureFetcher(Message):
    """Tell how much was fetched; answered by FetcherMeasured."""


class FetcherMeasured(Message):
    """Bytes of the cache, and of fetches since the node began, how many went well and how many did not."""

    cache_total_bytes: int = 0
    cache_used_bytes: int = 0
    succeeded: int = 0
    failed: int = 0
