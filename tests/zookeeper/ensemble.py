"""Several real ZooKeepers that make one service."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.zookeeper.server import PAUSE_SECONDS, START_SECONDS, Server, Settings
from transport.pid import Address

_ports = itertools.count(12181)


def free_addresses(count: int) -> tuple[Address, ...]:
    """Addresses of this machine at which nobody else listens, so that no port need be looked for.

    The host is made of this process's id, the ports of how many were asked for before.
    """
    pid = os.getpid()
    host = f"127.{64 | pid >> 16 & 63}.{pid >> 8 & 255}.{pid & 255}"
    return tuple(Address(host, next(_ports)) for _ in range(count))


class Ensemble:
    """One server, or several that elect a leader; all end with the `with` block.

    `addresses` are where clients reach them, by default free ones of this machine. `prefixes` are put before
    the command of each, as in `("ip", "netns", "exec", "zk1")`; the address must be one of that place.
    """

    def __init__(
        self,
        folder: Path,
        count: int = 1,
        *,
        addresses: Sequence[Address] = (),
        prefixes: Sequence[Sequence[str]] = (),
        settings: Settings | None = None,
    ) -> None:
        peers = tuple(addresses) or free_addresses(count)
        self.servers = tuple(
            Server(folder / f"zookeeper-{number}", peers, number, prefix=prefix, settings=settings)
            for number, prefix in enumerate(prefixes or ((),) * len(peers), 1)
        )

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def hosts(self) -> str:
        """As they stand in a URL: `host:port,host:port`."""
        return ",".join(str(server.address) for server in self.servers)

    def url(self, path: str, credentials: str = "") -> str:
        """`zk://…/path`, with `user:password` if given."""
        at = f"{credentials}@" if credentials else ""
        return f"zk://{at}{self.hosts}{path}"

    def start(self) -> None:
        """Start those that do not run."""
        for server in self.servers:
            if not server.runs:
                server.start()

    def wait(self) -> None:
        """Wait until every one that runs serves."""
        for server in self.servers:
            if server.runs:
                server.wait()

    def mend(self) -> None:
        """Have all of them run and serve, whatever was done to them."""
        for server in self.servers:
            if server.runs:
                server.resume()
        self.start()
        self.wait()

    def server(self, address: Address) -> Server:
        """The one with that address."""
        return next(server for server in self.servers if server.address == address)

    def leader(self) -> Server:
        """The one that leads; waits for an election."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            for server in self.servers:
                if server.runs and server.mode() in ("leader", "standalone"):
                    return server
            assert time.monotonic() < deadline, "no ZooKeeper leads"
            time.sleep(PAUSE_SECONDS)

    def kill(self) -> None:
        """End all of them at once."""
        for server in self.servers:
            server.kill()
