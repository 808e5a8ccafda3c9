"""The log as a store: each reign's own writer, who keeps variables in it (mesos-protocol.md §11.1)."""

from __future__ import annotations

import uuid
from collections import deque
from typing import Final

import msgspec

from actors.log import entry
from actors.log.coordinator import Coordinator
from actors.log.effects import Broadcast, Chosen, Outbid, Ready, Retry, Step
from actors.log.shelf import Shelf
from actors.process import Process, handles
from actors.state.variable import Variable
from actors.system import Timer
from transport.messages.registry import FetchState, StateFetched, StateStored, StoreState
from transport.messages.replication import (
    Ballot,
    Demoted,
    MembersChanged,
    PromiseResponse,
    Unsettled,
    WatchMembers,
    WriteResponse,
)
from transport.pid import Pid

#: Between reminders of how far the log is chosen.
_REMIND_SECONDS: Final = 2.0


class _Write(msgspec.Struct, frozen=True):
    """What is being stored, and for whom."""

    sender: Pid
    request_id: int
    position: int
    version: bytes


class LogStore(Process):
    """Answers FetchState and StoreState, from when it is the log's writer; until then they wait.

    It waits for members as long as it takes: who asks has time-outs. It tries to become the writer when it is
    first asked for something, and not while there are more than 2 * quorum - 1 members, two parts of which
    could each believe to be the majority. Outbid, it tells its owner Demoted and ends.
    """

    def __init__(self, epoch: int, quorum: int, members: Pid, replica: Pid, owner: Pid) -> None:
        self._epoch, self._quorum = epoch, quorum
        self._watched, self._replica, self._owner = members, replica, owner
        self._members: tuple[Pid, ...] = ()
        self._registered = 0
        self._waiting: deque[tuple[Pid, FetchState | StoreState]] = deque()
        self._shelf = Shelf()
        self._writing: _Write | None = None
        #: Where a truncation is under way; 0 for nowhere.
        self._truncating = 0
        self._timer: Timer | None = None
        self._began = 0.0

    def initialize(self) -> None:
        """Hear who the members are; without a replica of its own a master does not write."""
        rng = self.system.rng
        # Small enough to be read, large enough to be another one than that of an equal epoch.
        first_round = rng.randrange(1, 1_000_000) if self._epoch else 1
        self._coordinator = Coordinator(self._epoch, self._quorum, rng, first_round)
        self.link(self._replica)
        self.send(self._watched, WatchMembers())
        self.every(_REMIND_SECONDS, self._remind)

    def exited(self, pid: Pid) -> None:
        """This node's replica is gone."""
        self._end(Ballot(), f"the log's replica {pid} is gone")

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves."""
        self._coordinator.check_invariants()
        self._shelf.check_invariants()
        assert self._writing is None or self._coordinator.ready, "it writes but is not elected"

    # --- variables ---

    @handles(FetchState)
    def fetch(self, sender: Pid, message: FetchState) -> None:
        """Read a variable."""
        self._ask(sender, message)

    @handles(StoreState)
    def store(self, sender: Pid, message: StoreState) -> None:
        """Replace a variable, unless another version came between."""
        self._ask(sender, message)

    def _ask(self, sender: Pid, message: FetchState | StoreState) -> None:
        self._waiting.append((sender, message))
        self._elect()
        self._serve()

    def _serve(self) -> None:
        """Do what was asked for, one write at a time."""
        while self._waiting and self._coordinator.ready and self._writing is None:
            sender, message = self._waiting.popleft()
            variable = self._shelf.get(message.name)
            if isinstance(message, FetchState):
                self.send(sender, StateFetched(message.request_id, variable.version, variable.value))
            elif variable.version == message.version:
                self._write(sender, message)
            else:
                self.log.warning("version is not the newest, nothing stored", variable=message.name)
                self.send(sender, StateStored(message.request_id))

    def _write(self, sender: Pid, message: StoreState) -> None:
        version = uuid.UUID(int=self.system.rng.getrandbits(128), version=4).bytes
        content = entry.encode(message.name, Variable(version, message.value))
        self._writing = _Write(sender, message.request_id, self._coordinator.position, version)
        self._perform(self._coordinator.append(content))

    # --- the log's writer ---

    @handles(MembersChanged)
    def change_members(self, _sender: Pid, message: MembersChanged) -> None:
        """Members came or went: newcomers are asked what the others were."""
        added = [member for member in message.members if member.whoever() not in self._members]
        self._members = tuple(member.whoever() for member in message.members)
        self._registered = max(message.registered or 0, len(self._members))
        if not self._may_write:
            self.log.warning("too many replicas of the log to write it", **self._counts)
        self._elect()
        if added:
            self._retry()

    @property
    def _may_write(self) -> bool:
        """Whether no two quorums can be disjoint; who writes already was elected when that was so."""
        return self._coordinator.ready or self._registered <= 2 * self._quorum - 1

    @property
    def _counts(self) -> dict[str, int]:
        return {"members": self._registered, "quorum": self._quorum}

    def _elect(self) -> None:
        enough = self._quorum <= len(self._members)
        if self._coordinator.idle and self._waiting and enough and self._may_write:
            self._began = self.system.now()
            self._perform(self._coordinator.elect())

    @handles(PromiseResponse)
    def promised(self, sender: Pid, message: PromiseResponse) -> None:
        """A replica answers."""
        self._heed(sender, message)

    @handles(WriteResponse)
    def written(self, sender: Pid, message: WriteResponse) -> None:
        """A replica answers."""
        self._heed(sender, message)

    @handles(Unsettled)
    def unsettled(self, sender: Pid, message: Unsettled) -> None:
        """A replica holds more than is settled."""
        self._heed(sender, message)

    def _heed(self, sender: Pid, message: PromiseResponse | WriteResponse | Unsettled) -> None:
        if sender.whoever() in self._members and self._may_write:
            self._perform(self._coordinator.receive(sender, message))
            self._serve()

    def _retry(self) -> None:
        if self._may_write:
            self._perform(self._coordinator.retry())
        elif not self._coordinator.idle:
            # Nothing else would wake it.
            self._retry_after(1.0)

    def _retry_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.delay(seconds, self._retry)

    def _remind(self) -> None:
        self._perform(self._coordinator.remind())

    def _perform(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            match step:
                case Broadcast():
                    for member in self._members:
                        if member not in step.answered:
                            self.send(member, step.message)
                case Retry():
                    self._retry_after(step.seconds)
                case Ready():
                    self.log.info(
                        "log can be written",
                        epoch=self._epoch,
                        round=self._coordinator.ballot.round,
                        position=self._coordinator.position,
                        seconds=round(self.system.now() - self._began, 3),
                    )
                case Chosen():
                    self._chosen(step)
                case Outbid():
                    self._end(step.promised, "another master writes the log")

    def _chosen(self, chosen: Chosen) -> None:
        self._shelf.put(chosen.position, chosen.action)
        writing = self._writing
        if writing is not None and writing.position == chosen.position:
            self.system.fault("log.store.after_chosen")
            self._writing = None
            self.send(writing.sender, StateStored(writing.request_id, writing.version))
        if chosen.position >= self._truncating:
            self._truncating = 0
            self._truncate()

    def _truncate(self) -> None:
        """Give up what no variable needs any more, once that is worth a write."""
        to = self._shelf.useless_before
        if to and self._coordinator.ready:
            self._truncating = self._coordinator.position
            self._perform(self._coordinator.truncate(to))

    def _end(self, promised: Ballot, reason: str) -> None:
        self.log.warning("log cannot be written any more", reason=reason, epoch=promised.epoch)
        self._writing = None
        self.send(self._owner, Demoted(promised, reason))
        self.terminate()
