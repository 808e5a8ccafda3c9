"""Finds the leader in ZooKeeper (mesos-protocol.md §6)."""

from __future__ import annotations

from actors.election import leader_data
from actors.election.group import GroupWatcher
from actors.election.nodes import sequence
from actors.election.watchers import Watchers
from actors.process import handles
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.zookeeper import SessionState
from transport.pid import Pid


class Detector(GroupWatcher):
    """The leader is who has the node with the least number, as long as there is a session.

    What cannot be read as a master's data is passed over: the leader before it counts until its own node
    is gone (reliability.md attack 62). Without a session there is no leader.
    """

    def __init__(self, zookeeper: Pid, path: str) -> None:
        super().__init__(zookeeper, path)
        self._watchers = Watchers(self)
        #: The node of the leader that was told last.
        self._node = ""
        #: Nodes whose data is bad, which was said once.
        self._bad: dict[str, None] = {}
        #: What the node's epoch was when the last listing was asked for.
        self._seen = 0

    @handles(WatchLeader)
    def watch_leader(self, sender: Pid, message: WatchLeader) -> None:
        """Somebody wants to know."""
        if not message.doubted:
            self._watchers.add(sender)
            return
        self._watchers.doubt(sender)
        self.doubt()

    def exited(self, pid: Pid) -> None:
        """Somebody does not want to know any more; or the session's actor is gone."""
        self._watchers.gone(pid)
        super().exited(pid)

    # --- the session ---

    def session_changed(self) -> None:
        """Without a session, nobody leads as far as this node can tell."""
        if self.session.state in (SessionState.CONNECTED, SessionState.SUSPENDED):
            return
        if self._watchers.leader.master is None:
            self._nobody(self._watchers.leader.reason)
            return
        self.log.warning("the leader is not known any more", reason=self.session.reason)
        self._nobody(f"ZooKeeper cannot be reached: {self.session.reason}")

    def session_alive(self, alive_at: float) -> None:
        """See whether other nodes have heard of a newer leader."""
        if self.system.epoch > self._watchers.leader.epoch:
            self.refresh()

    # --- the leader ---

    def refresh(self) -> None:
        """Read the group anew."""
        if self.is_connected and not self.is_listing:
            self._seen = self.system.epoch
        super().refresh()

    def interesting(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The leader's data alone."""
        return names[:1]

    def regrouped(self) -> None:
        """Tell who leads now."""
        names = self.names
        assert names is not None
        self._bad = {name: None for name in self._bad if name in names}
        if names:
            self._lead(names)
        else:
            self._nobody()
        if not self.is_listing:
            self._watchers.confirm()

    def _lead(self, names: tuple[str, ...]) -> None:
        name = names[0]
        try:
            found = leader_data.read(name, self.nodes[name].data)
        except ValueError as error:
            path, reason = f"{self.path}/{name}", self.nodes[name].error or str(error)
            if name not in self._bad:
                self._bad[name] = None
                self.log.error("not a master's node", path=path, reason=reason)
            if self._node not in names:
                self._nobody(f"{path} in ZooKeeper has the smallest number and is no master's: {reason}")
            return
        epoch = (sequence(name) or 0) + 1
        self._node = name
        # What others told since this was asked for may be newer; what they told before is not.
        self.system.epoch = epoch if self.system.epoch == self._seen else max(epoch, self.system.epoch)
        leader = LeaderDetected(found.master, epoch, found.info)
        if leader != self._watchers.leader:
            self.log.info("leader detected", master=str(found.master), epoch=epoch)
        self._watchers.tell(leader)

    def _nobody(self, reason: str = "") -> None:
        self._node = ""
        self._watchers.tell(LeaderDetected(None, self._watchers.leader.epoch, reason=reason))
