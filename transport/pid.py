"""The address of an actor: `name@host:port`, as in libprocess, and which life of it is meant."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

import msgspec

_NAME = re.compile(r"[^\s@#/\x00-\x1f\x7f]{1,255}")


class Address(NamedTuple):
    """Where a node listens for other nodes: the advertised host and its ZeroMQ port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `host:port` (an IPv6 host in brackets); raises ValueError naming the rule."""
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            raise ValueError(f"address {text!r}: an IPv6 host must stand in brackets, as in [::1]:5050")
        if not colon or not host or not port.isascii() or not port.isdigit():
            raise ValueError(f"address {text!r}: must be host:port")
        if not 0 < int(port) < 65536:
            raise ValueError(f"address {text!r}: port must be from 1 to 65535")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Pid(msgspec.Struct, frozen=True, cache_hash=True, array_like=True, order=True, gc=False):
    """Names one actor on one node.

    `incarnation` tells the lives of an actor apart. A Pid that came with a message names the very actor
    that sent it: what is sent there never reaches a successor under the same name, and the sender is
    told `exited` instead. Incarnation 0 means whoever bears the name now; it is what configuration,
    ZooKeeper and `parse` give.
    """

    name: str
    host: str
    port: int
    incarnation: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name@host:port`; raises ValueError naming the rule that `text` breaks."""
        name, at, where = text.partition("@")
        if not at:
            raise ValueError(f"pid {text!r}: must be name@host:port")
        check_name(name)
        return cls(name, *Address.parse(where))

    @property
    def address(self) -> Address:
        """Where its node listens."""
        return Address(self.host, self.port)

    def whoever(self) -> Pid:
        """The same name in whatever incarnation bears it now."""
        return self if self.incarnation == 0 else Pid(self.name, self.host, self.port)

    def __str__(self) -> str:
        return f"{self.name}@{self.address}"


def check_name(name: str) -> None:
    """Raise ValueError unless `name` can name an actor."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"actor name {name!r}: must be 1 to 255 characters without blanks, @, # or /")
