"""The actor `garbage`: deletes sandboxes and checkpoints of what is over, once their time has come."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, TypeAlias

from actors.agent import paths
from actors.agent.alarm import Alarm
from actors.agent.deadlines import Deadlines
from actors.agent.flags import AgentFlags
from actors.agent.folders import Folders
from actors.metrics import Gauge
from actors.process import Process, handles
from transport.messages.checkpointing import (
    DiscardExecutor,
    DiscardFramework,
    Flush,
    ForgetExecutor,
    ForgetFramework,
    KeepFramework,
    Leftovers,
)
from transport.pid import Pid

#: Files that are deleted in one turn.
_DELETED_AT_ONCE = 200


class DiscardAgent(NamedTuple):
    """All that was kept under an id that this host had before."""

    agent_id: str


Discarded: TypeAlias = DiscardExecutor | DiscardFramework | DiscardAgent


def oldest_seconds(delay_seconds: float, headroom: float, usage: float) -> float:
    """How old what is discarded may become when so much of the disk is full (mesos-features.md §4)."""
    return delay_seconds * max(0.0, 1.0 - headroom - usage)


class GarbageCollector(Process):
    """Lets everything wait for `--gc_delay`, or less the fuller the disk is, and then deletes it bit by bit.

    Only sandboxes and what is left of other agents are deleted here; what is kept about this agent's
    executors is the archive's, which is told when a sandbox is gone. The time is noted in the folders,
    so that a restart does not begin it anew.
    """

    def __init__(self, flags: AgentFlags, folders: Folders, oldest: Gauge | None = None) -> None:
        """`oldest` shows how long finished sandboxes are kept just now."""
        self._flags = flags
        self._delay_seconds = flags.gc_delay.seconds
        self._oldest = oldest or Gauge("", "")
        self._oldest.set(self._delay_seconds)
        self._folders = folders
        self._agent_id: str | None = None
        self._waiting: Deadlines[Discarded] = Deadlines()
        #: What is being deleted, and the folders of each that are still there.
        self._doomed: deque[tuple[Discarded, list[str]]] = deque()
        self._alarm = Alarm(self, self._ring)
        self._deleting = False

    def initialize(self) -> None:
        """Begin to watch the disk."""
        self.every(self._flags.disk_watch_interval.seconds, self._watch)

    @handles(Leftovers)
    def take_leftovers(self, sender: Pid, message: Leftovers) -> None:
        """Learn the agent's id, and take up what waited already."""
        self._agent_id = message.agent_id
        others = [DiscardAgent(agent_id) for agent_id in message.agents]
        found: tuple[Discarded, ...] = (*others, *message.executors, *message.frameworks)
        for discarded in found:
            self._discard(discarded, self._age_seconds(discarded))

    @handles(DiscardExecutor)
    def discard_executor(self, sender: Pid, message: DiscardExecutor) -> None:
        """Delete a container's folders in time."""
        self._begin(message)

    @handles(DiscardFramework)
    def discard_framework(self, sender: Pid, message: DiscardFramework) -> None:
        """Delete a framework's folders in time, unless it comes back."""
        self._begin(message)

    @handles(KeepFramework)
    def keep_framework(self, sender: Pid, message: KeepFramework) -> None:
        """Leave a framework's folders where they are."""
        self._waiting.discard(DiscardFramework(message.framework_id))

    @handles(Flush)
    def delete(self, sender: Pid, message: Flush) -> None:
        """Delete a little of what is due, and go on after what came meanwhile."""
        self._deleting = False
        if self._doomed:
            discarded, left = self._doomed[0]
            try:
                if left and self._folders.remove(left[0], _DELETED_AT_ONCE):
                    left.pop(0)
                    self.system.fault("agent.garbage.deleted")
            except OSError as error:
                self._doomed.popleft()
                self.log.warning("folder cannot be deleted", path=left[0], error=str(error))
            else:
                if not left:
                    self._doomed.popleft()
                    self.log.info("folders deleted", what=type(discarded).__name__, **_named(discarded))
                    self._forget(discarded)
        self._go_on()

    def check_invariants(self) -> None:
        """Assert that whatever waits or is due will get its turn."""
        assert self._deleting or not self._doomed
        assert self._alarm.is_set or not len(self._waiting)

    def _discard(self, discarded: Discarded, age_seconds: float = 0.0) -> None:
        self._waiting.set(discarded, self.system.now() + self._delay_seconds - age_seconds)
        self._alarm.set(self._waiting.next())

    def _watch(self) -> None:
        usage = self._folders.usage()
        oldest = oldest_seconds(self._delay_seconds, self._flags.gc_disk_headroom, usage)
        self._oldest.set(oldest)
        self._take(self._delay_seconds - oldest)

    def _ring(self) -> None:
        self._take(0.0)

    def _take(self, early_seconds: float) -> None:
        """Begin to delete what is due, or will be in so many seconds."""
        for discarded in self._waiting.take(self.system.now() + early_seconds):
            self._doomed.append((discarded, self._paths(discarded)))
        self._alarm.set(self._waiting.next())
        self._go_on()

    def _go_on(self) -> None:
        if self._doomed and not self._deleting:
            self._deleting = True
            self.send(self.pid, Flush())

    def _paths(self, discarded: Discarded) -> list[str]:
        """The folders that are deleted here."""
        if isinstance(discarded, DiscardAgent):
            return [paths.sandboxes(discarded.agent_id), paths.meta(discarded.agent_id)]
        if self._agent_id is None or isinstance(discarded, DiscardFramework):
            return []  # a framework's go with its executors'
        ids = (discarded.framework_id, discarded.executor_id, discarded.container_id)
        return [paths.sandboxes(self._agent_id, *ids)]

    def _calendars(self, discarded: Discarded) -> list[str]:
        """The folders whose time tells since when they wait."""
        if self._agent_id is not None and isinstance(discarded, DiscardFramework):
            return [paths.sandboxes(self._agent_id, discarded.framework_id)]
        return self._paths(discarded)

    def _age_seconds(self, discarded: Discarded) -> float:
        """How long something has waited; what is not there has waited long enough."""
        found = [self._folders.touched(path) for path in self._calendars(discarded)]
        times = [touched for touched in found if touched is not None]
        if not times:
            return self._delay_seconds
        return min(max(0.0, self.system.wall() - max(times)), self._delay_seconds)

    def _begin(self, discarded: DiscardExecutor | DiscardFramework) -> None:
        """Have something wait from now on."""
        try:
            calendars = self._calendars(discarded)
        except ValueError as error:
            self.log.warning("nothing to delete: there can be no such folder", error=str(error))
            return
        for path in calendars:
            self._folders.touch(path, self.system.wall())
        self._discard(discarded)

    def _forget(self, discarded: Discarded) -> None:
        archive = Pid("archive", *self.pid.address)
        if isinstance(discarded, DiscardExecutor):
            ids = (discarded.framework_id, discarded.executor_id, discarded.container_id)
            self.send(archive, ForgetExecutor(*ids))
        elif isinstance(discarded, DiscardFramework):
            self.send(archive, ForgetFramework(discarded.framework_id))


def _named(discarded: Discarded) -> dict[str, str]:
    names = discarded._fields if isinstance(discarded, DiscardAgent) else discarded.__struct_fields__
    return {name: getattr(discarded, name) for name in names}
