"""Who the members of the replicated log are: the actor "log-members" (mesos-protocol.md §6, §11.2)."""

from __future__ import annotations

from typing import Final

from actors.election.member import Member
from actors.process import handles
from transport.messages.replication import MembersChanged, WatchMembers
from transport.pid import Pid

#: The group's name below the path of the masters.
GROUP: Final = "log_replicas"


class LogMembers(Member):
    """Joins the group of the log's replicas with the one of this node, and tells who they are.

    As long as ZooKeeper is out of reach they are who they were: a replica goes on without it.
    """

    def __init__(self, zookeeper: Pid, path: str, replica: Pid) -> None:
        """`replica` is this node's; `path` that of the group."""
        super().__init__(zookeeper, path, "")
        self._replica = replica.whoever()
        self._watchers: dict[Pid, None] = {}
        self._told = MembersChanged((self._replica,))
        #: Nodes that hold no Pid, which was said once.
        self._bad: dict[str, None] = {}

    def initialize(self) -> None:
        """Join."""
        super().initialize()
        self.join(str(self._replica).encode())

    @handles(WatchMembers)
    def watch_members(self, sender: Pid, message: WatchMembers) -> None:
        """Somebody wants to know."""
        self._watchers[sender] = None
        self.link(sender)
        self.send(sender, self._told)

    def exited(self, pid: Pid) -> None:
        """Somebody does not want to know any more; or the session's actor is gone."""
        self._watchers.pop(pid, None)
        super().exited(pid)

    def is_former(self, data: bytes) -> bool:
        """An earlier life of this node left it."""
        return data == str(self._replica).encode()

    def session_changed(self) -> None:
        """Without a connection nobody knows who is registered."""
        if not self.is_connected:
            self._tell(MembersChanged(self._told.members))

    def grouped(self) -> None:
        """Tell who is in the group."""
        found: dict[Pid, None] = {}
        for name in self.names or ():
            pid = self._pid(name)
            if pid is not None:
                found[pid] = None
        self._bad = {name: None for name in self._bad if name in (self.names or ())}
        self._tell(MembersChanged(tuple(sorted({**found, self._replica: None})), len(found)))

    def _pid(self, name: str) -> Pid | None:
        try:
            return Pid.parse(self.nodes[name].data.decode("ascii"))
        except ValueError as error:
            if name not in self._bad:
                self._bad[name] = None
                reason = self.nodes[name].error or str(error)
                self.log.error("not a replica's node", path=f"{self.path}/{name}", reason=reason[:200])
            return None

    def _tell(self, told: MembersChanged) -> None:
        if told != self._told:
            self._told = told
            for watcher in self._watchers:
                self.send(watcher, told)
