"""The replica as an actor: "log-replica(1)", on the disk of its node.

Whatever waits in its mailbox when something is to be made durable shares one sync: records are put into the
journal, a message to itself goes behind what waits, and when that comes back it syncs and sends the answers
that it held, in their order.
"""

from __future__ import annotations

from typing import Final

import msgspec

from actors.log.effects import Persist
from actors.log.gauges import LogMetrics
from actors.log.identity import make_identity
from actors.log.journal import Journal
from actors.log.records import LogRecord, StatusChanged
from actors.log.replica import Replica, Request
from actors.log.scan import DamageError
from actors.process import Process, handles
from transport.message import Message
from transport.messages.replication import (
    ChangeStatus,
    Learned,
    LearnedRequest,
    LearnedResponse,
    PromiseRequest,
    ReadLog,
    RecoverRequest,
    Settled,
    Status,
    Vouch,
    WriteRequest,
)
from transport.pid import Pid

#: What it is called on every node, as in Mesos.
REPLICA: Final = "log-replica(1)"
#: Where it keeps its records, below the work directory.
FOLDER: Final = "replicated_log"
#: Added to that, the folder for what was found damaged last.
_DAMAGED: Final = "_damaged"
#: Files that grew beyond this, and to twice of what they held when last summed up, are summed up.
COMPACT_BYTES: Final = 8 << 20


class _Flush(msgspec.Struct, frozen=True):
    """Everything that waited is in the journal."""


class ReplicaProcess(Process):
    """Runs a Replica. A disk that fails ends it, and with it the daemon: no sync is ever repeated.

    It raises DamageError, and changes nothing, when its files are damaged and no other replica has a copy.
    """

    def __init__(
        self,
        quorum: int = 1,
        metrics: LogMetrics | None = None,
        folder: str = FOLDER,
        compact_bytes: int = COMPACT_BYTES,
    ) -> None:
        self.metrics = metrics or LogMetrics()
        self.replica = Replica(quorum=quorum)
        self._folder = folder
        self._compact_bytes = compact_bytes
        #: Of the journal when it was last summed up.
        self._compacted_bytes = 0
        #: What may be said after the next sync.
        self._held: list[tuple[Pid, Message]] = []
        self._flushing = False

    def initialize(self) -> None:
        """Read what is on the disk."""
        self._journal = Journal(self.system.disk, self._folder)
        self.replica = Replica(self._restore(), self.replica.quorum)
        self._take_name()
        self.metrics.begin.read = lambda: self.replica.begin
        self.metrics.end.read = lambda: self.replica.end
        self.metrics.size_bytes.read = lambda: self._journal.size_bytes
        self.log.info(
            "log restored",
            status=self.replica.status.value,
            replica=self.replica.identity,
            begin=self.replica.begin,
            end=self.replica.end,
        )

    def finalize(self) -> None:
        """Keep what it has learned lately; it could be asked for again, so nobody waited for that."""
        if not self._held:
            self._journal.sync()

    def check_invariants(self) -> None:
        """Raise AssertionError when what is kept contradicts itself."""
        self.replica.check_invariants()
        assert self._flushing or not self._held, "answers wait for no sync"

    def _restore(self) -> tuple[LogRecord, ...]:
        restored = self._journal.open()
        if restored.damage is None:
            return restored.records
        if self.replica.quorum == 1:
            # Nobody has a copy: the files are left to whoever can mend them.
            raise DamageError(
                f"the replicated log is damaged: {restored.damage}. With a quorum of 1 no other master has a "
                f"copy: restore the folder {self._folder} in the work directory from one, or remove it to "
                "begin with an empty registry"
            )
        # Nothing of it can be relied on, not even that there was something: so it is not EMPTY, which
        # might make it begin anew together with others.
        # Should the others be damaged too, somebody may want to save what can be saved.
        aside = self._folder + _DAMAGED
        self.log.error(
            "log damaged, it will be copied from the other replicas", damage=restored.damage, kept_in=aside
        )
        records = (StatusChanged(Status.RECOVERING),)
        self._journal.compact(records, set_aside=aside)
        self.system.fault("log.replica.after_damage")
        return records

    def _take_name(self) -> None:
        """Have an id; another one while what was once said under the last may be lost."""
        if not self.replica.identity or self.replica.status is Status.RECOVERING:
            identity = make_identity(self.system.rng, self.replica.identity)
            self._journal.append(self.replica.rename(identity).record)
            self._journal.sync()

    # --- requests ---

    @handles(PromiseRequest)
    def promise(self, sender: Pid, message: PromiseRequest) -> None:
        """A coordinator wants to be the writer."""
        self._receive(sender, message)

    @handles(WriteRequest)
    def write(self, sender: Pid, message: WriteRequest) -> None:
        """A coordinator writes."""
        self._receive(sender, message)

    @handles(Learned)
    def learn(self, sender: Pid, message: Learned) -> None:
        """A value is chosen."""
        self._receive(sender, message)

    @handles(Settled)
    def settle(self, sender: Pid, message: Settled) -> None:
        """Values are chosen."""
        self._receive(sender, message)

    @handles(LearnedRequest)
    def tell(self, sender: Pid, message: LearnedRequest) -> None:
        """Another replica misses something."""
        self._receive(sender, message)

    @handles(ReadLog)
    def read(self, sender: Pid, message: ReadLog) -> None:
        """Somebody here wants to read."""
        self._receive(sender, message)

    @handles(RecoverRequest)
    def fare(self, sender: Pid, message: RecoverRequest) -> None:
        """A recovery asks how it stands."""
        if message.member == str(sender.address):
            self._receive(sender, message)
        else:
            self.log.warning("asked in the name of another", sender=str(sender), member=message.member)

    @handles(LearnedResponse)
    def catch_up(self, sender: Pid, message: LearnedResponse) -> None:
        """This node's recovery found what was missing."""
        if sender.address == self.pid.address:
            self._receive(sender, message)
        else:
            self.log.warning("not for others to say", sender=str(sender))

    @handles(ChangeStatus)
    def change_status(self, sender: Pid, message: ChangeStatus) -> None:
        """This node's recovery has decided."""
        before = self.replica.status
        self._receive(sender, message)
        if self.replica.status is not before:
            self.log.info("log replica changes", was=before.value, status=self.replica.status.value)

    @handles(Vouch)
    def vouch(self, sender: Pid, message: Vouch) -> None:
        """This node's recovery has heard nothing against it."""
        self._receive(sender, message)

    def _receive(self, sender: Pid, message: Request) -> None:
        self.metrics.requests.increment()
        for effect in self.replica.receive(message):
            if isinstance(effect, Persist):
                self._journal.append(effect.record)
                self.system.fault("log.replica.after_append")
                if effect.sync and not self._flushing:
                    self._flushing = True
                    self.send(self.pid, _Flush())
            elif self._flushing:
                self._held.append((sender, effect.message))
            else:
                self.send(sender, effect.message)

    # --- the disk ---

    @handles(_Flush)
    def flush(self, _sender: Pid, _message: _Flush) -> None:
        """Make durable what was put into the journal meanwhile, and say what was to be said then."""
        self._journal.sync()
        self.system.fault("log.replica.after_sync")
        self._flushing = False
        held, self._held = self._held, []
        for to, message in held:
            self.send(to, message)
        self.metrics.syncs.increment()
        self.metrics.batch_size.set(len(held))
        if self._journal.size_bytes > max(self._compact_bytes, 2 * self._compacted_bytes):
            self._compact()

    def _compact(self) -> None:
        before = self._journal.size_bytes
        self._journal.compact(self.replica.snapshot())
        self.system.fault("log.replica.after_compact")
        self._compacted_bytes = self._journal.size_bytes
        self.log.info("log summed up", was_bytes=before, bytes=self._compacted_bytes)
