"""Where ZooKeeper is, and where in it: `zk://[user:password@]host1:port1,host2:port2,…/path`.

Grammar: mesos-protocol.md §6.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Self

import msgspec

from transport.pid import Address

SCHEME: Final = "zk://"
DEFAULT_PORT: Final = 2181

_FILE: Final = "file://"
#: What stands in for a password where a URL is shown.
_HIDDEN: Final = "***"
#: Longer than any URL; what somebody named by mistake need not be read whole.
_LONGEST_FILE_BYTES: Final = 65536
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]")


class ZooKeeperUrl(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """Several ZooKeepers of one ensemble, and a path that begins with `/` and does not end with it.

    `credentials` are `user:password`, of ZooKeeper's scheme `digest`; `str` and `repr` do not show them.
    """

    servers: tuple[Address, ...]
    path: str
    credentials: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one; raises ValueError naming the rule, without the password."""
        shown = hide_password(text)
        if not text.startswith(SCHEME):
            raise ValueError(f"{shown!r}: must begin with {SCHEME}")
        authority, slash, path = text.removeprefix(SCHEME).partition("/")
        credentials, at, hosts = authority.rpartition("@")
        if at and not re.fullmatch(r"[^:]+:.+", credentials, re.DOTALL):
            raise ValueError(f"{shown!r}: before the @ must stand user:password")
        path = f"/{path.rstrip('/')}"
        if not slash or path == "/":
            raise ValueError(f"{shown!r}: must end with a path other than /, as in zk://host:2181/mesos")
        reason = _wrong_path(path)
        if reason:
            raise ValueError(f"{shown!r}: {reason}")
        try:
            servers = tuple(_server(host) for host in hosts.split(","))
        except ValueError as error:
            # What was taken for a host may be the half of a password.
            reason = "neither user nor password may contain /" if "@" in path else str(error)
            raise ValueError(f"{shown!r}: {reason}") from None
        return cls(servers, path, credentials if at else None)

    def under(self, name: str) -> str:
        """The path of something below this one's."""
        return f"{self.path}/{name}"

    def __str__(self) -> str:
        at = f"{self.credentials.partition(':')[0]}:{_HIDDEN}@" if self.credentials else ""
        return f"{SCHEME}{at}{','.join(map(str, self.servers))}{self.path}"

    def __repr__(self) -> str:
        return f"ZooKeeperUrl({str(self)!r})"


def hide_password(text: str) -> str:
    """The same text for people to read; what is no such URL is left alone."""
    if not text.startswith(SCHEME) or "@" not in text:
        return text
    credentials, _, rest = text.removeprefix(SCHEME).rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{SCHEME}{user if colon else ''}{colon}{_HIDDEN}@{rest}"


def read_if_file(text: str, base: Path | None = None) -> str:
    """What a file contains, without blanks around it, where `text` is `file://path`; else `text`.

    A path without a leading / is one of the folder `base`, by default the working directory. Raises
    ValueError saying why the file cannot be read, or is empty.
    """
    text = text.strip()
    if not text.startswith(_FILE):
        return text
    path = (base or Path.cwd()) / text.removeprefix(_FILE)
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE_BYTES).decode().strip()
    except OSError as error:
        raise ValueError(f"{text!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{text!r}: is not text") from None
    if not content:
        raise ValueError(f"{text!r}: is empty, but must contain zk://host:port/path or host:port")
    if content.startswith(_FILE):
        raise ValueError(f"{text!r}: must not name a further file")
    return content


def _server(text: str) -> Address:
    if not text.strip():
        raise ValueError("a host is missing: must be host:port,host:port,…")
    text = text.strip()
    # An IPv6 address without a port ends in a bracket.
    if ":" not in text or text.endswith("]"):
        text = f"{text}:{DEFAULT_PORT}"
    return Address.parse(text)


def _wrong_path(path: str) -> str:
    """Why ZooKeeper would not take a path; empty for one that it takes."""
    names = path.split("/")[1:]
    if "" in names:
        return "the path must not contain //"
    if "." in names or ".." in names:
        return "the path must not contain . or .. as a name"
    if _UNPRINTABLE.search(path):
        return "the path must not contain control characters"
    return ""
