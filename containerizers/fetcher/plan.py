"""What there is to do for each file that is wanted.

The rules are those of Mesos' fetcher (its documentation, "Mesos Fetcher"): a name is what follows the last
`/` of a URI, with a query if it has one; the name's ending alone says whether a file is an archive.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.order import Wanted

#: By endings of names; the first that fits.
_PACKED = {
    (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz"): "tar",
    (".zip",): "zip",
    (".gz",): "gz",
}
_LONGEST_NAME_BYTES = 255
_LONGEST_URI_BYTES = 32_768
#: Folders that `output_file` may name before the file.
_MOST_FOLDERS = 32


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One file; exactly one of `url`, `path` and `error` is set."""

    #: As it may be shown: without a password.
    shown: str
    url: str | None = None
    #: Of this host.
    path: str | None = None
    #: Why it cannot be fetched.
    error: str | None = None
    #: Where to put it: names of folders and the file's.
    parts: tuple[str, ...] = ()
    executable: bool = False
    #: `tar`, `zip`, `gz`, or None when it stays as it is.
    packed: str | None = None
    #: The descriptor of a copy that is there already.
    copy: int | None = None
    #: Why it is not fetched by way of the cache, though it should have been.
    note: str | None = None


def plan(wanted: Wanted, frameworks_home: str | None = None) -> Step:
    """What there is to do for a file."""
    uri = wanted.uri.lstrip()
    step = Step(shown=shown(uri), executable=wanted.executable)
    try:
        name = _name(uri)
        url, path = _source(uri, frameworks_home)
        parts = (name,) if wanted.output_file is None else _parts(wanted.output_file)
    except FetchError as error:
        return msgspec.structs.replace(step, error=str(error))
    unpacks = wanted.extract and not wanted.executable
    # Mesos goes by the name in the cache then, which is made of the URI.
    packed = _packed(name if wanted.cache else parts[-1]) if unpacks else None
    return msgspec.structs.replace(step, url=url, path=path, parts=parts, packed=packed)


def shown(uri: str) -> str:
    """A URI as it may be shown to others: without a password."""
    scheme, colon, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    user, password, _ = credentials.partition(":")
    return f"{scheme}{colon}{user}:***@{host}{slash}{path}" if at and password else uri


def _name(uri: str) -> str:
    if not uri:
        raise FetchError("uri: must not be empty")
    if any(ord(letter) < 0x20 or letter in "\\'\x7f" for letter in uri):
        raise FetchError("uri: must not contain control characters, \\ or '")
    if len(_encoded("uri", uri)) > _LONGEST_URI_BYTES:
        raise FetchError(f"uri: must not be longer than {_LONGEST_URI_BYTES} bytes")
    scheme, colon, rest = uri.partition("://")
    if colon and scheme:
        _, slash, path = rest.partition("/")
        if not slash or not path:
            raise FetchError("uri: must have a path after the host")
        name = path.rpartition("/")[2]
    else:
        name = uri.rstrip("/").rpartition("/")[2]
    _check("uri: the name after its last /", [name])
    return name


def _source(uri: str, frameworks_home: str | None) -> tuple[str | None, str | None]:
    """The URL, or the path of this host."""
    scheme, colon, rest = uri.partition("://")
    if not colon:
        return None, uri if uri.startswith("/") else _at_home(uri, frameworks_home)
    scheme = scheme.lower()
    if scheme in ("http", "https"):
        return uri, None
    if scheme == "file":
        path = rest.removeprefix("localhost")
        if not path.startswith("/"):
            raise FetchError("uri: file:// must be followed by an absolute path")
        return None, path
    if scheme in ("ftp", "ftps"):
        raise FetchError(f"uri: {scheme}:// is not supported; http, https, file and plain paths are")
    raise FetchError(
        f"uri: {scheme}:// is not supported, no Hadoop client is used; http, https, file and plain paths are"
    )


def _at_home(path: str, frameworks_home: str | None) -> str:
    if not frameworks_home:
        raise FetchError("uri: a path that is not absolute needs --frameworks_home")
    return f"{frameworks_home.rstrip('/')}/{path}"


def _parts(output_file: str) -> tuple[str, ...]:
    if output_file.startswith("/"):
        raise FetchError("output_file: must not be absolute")
    parts = [part for part in output_file.split("/") if part not in ("", ".")]
    if not parts or output_file.endswith("/"):
        raise FetchError("output_file: must name a file")
    if len(parts) > _MOST_FOLDERS:
        raise FetchError(f"output_file: must not name more than {_MOST_FOLDERS} folders")
    _check("output_file", parts)
    return tuple(parts)


def _check(field: str, parts: Sequence[str]) -> None:
    for part in parts:
        if part in ("", ".", ".."):
            raise FetchError(f"{field}: must not be {part!r}")
        if any(ord(letter) < 0x20 or letter == "\x7f" for letter in part):
            raise FetchError(f"{field}: must not contain control characters")
        if len(_encoded(field, part)) > _LONGEST_NAME_BYTES:
            raise FetchError(f"{field}: must not be longer than {_LONGEST_NAME_BYTES} bytes")


def _encoded(field: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FetchError(f"{field}: must be Unicode") from None


def _packed(name: str) -> str | None:
    return next((packed for endings, packed in _PACKED.items() if name.endswith(endings)), None)
