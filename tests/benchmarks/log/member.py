"""A master's share of the log: its replica and what brings that to vote, here or in another process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.log.members import MEMBERS
from actors.log.process import REPLICA, ReplicaProcess
from actors.log.recoverer import RECOVERY, LogRecovery
from actors.node.garbage import collect_seldom
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.storage import FileDisk
from tests.benchmarks.child import quiet, ready
from transport.message import Message
from transport.messages.replication import MembersChanged, WatchMembers
from transport.pid import Address, Pid


class Gathered(Message):
    """Who all the members are."""

    members: tuple[Pid, ...]


class ToldMembers(Process):
    """Knows the members once it is told them."""

    def initialize(self) -> None:
        self._watchers: list[Pid] = []
        self._changed: MembersChanged | None = None

    @handles(WatchMembers)
    def watch(self, sender: Pid, _message: WatchMembers) -> None:
        self._watchers.append(sender)
        if self._changed is not None:
            self.send(sender, self._changed)

    @handles(Gathered)
    def gathered(self, _sender: Pid, message: Gathered) -> None:
        self._changed = MembersChanged(message.members)
        for watcher in self._watchers:
            self.send(watcher, self._changed)


@contextmanager
def member(path: Path, quorum: int) -> Iterator[PykkaSystem]:
    """A node with a replica in that folder."""
    disk = FileDisk(path)
    system = PykkaSystem(bind=Address("127.0.0.1", 0), disk=disk)
    system.start()
    try:
        replica = system.spawn(lambda: ReplicaProcess(quorum), REPLICA)
        members = system.spawn(ToldMembers, MEMBERS)
        system.spawn(lambda: LogRecovery(quorum, replica, members), RECOVERY)
        yield system
    finally:
        system.stop()
        disk.close()


if __name__ == "__main__":
    quiet()
    collect_seldom()
    with member(Path(sys.argv[1]), int(sys.argv[2])) as _system:
        ready(str(_system.address))
