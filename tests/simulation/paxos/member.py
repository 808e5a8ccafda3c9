"""One member of the log: a replica, its disk, and the order in which its effects are carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.log.effects import Persist, Reply
from actors.log.records import Identity, LogRecord, StatusChanged
from actors.log.replica import Replica
from tests.simulation.paxos.caretaker import Caretaker
from tests.simulation.paxos.platter import Platter
from transport.message import Message
from transport.messages.replication import Status
from transport.pid import Pid

if TYPE_CHECKING:
    from tests.simulation.paxos.world import World

PORT = 5050
#: Takes an answer back to who asked.
Back = Callable[[Message], None]


class Member:
    """A node of the log; `seat` is its number. What the replica wants done is done here, step by step.

    Records that must be durable before an answer are synced a moment later, together with what has come by
    then. The node may fail between any two steps.
    """

    def __init__(self, world: World, seat: int) -> None:
        self.seat = seat
        self.pid = Pid("log-replica(1)", f"n{seat}", PORT)
        self.address = str(self.pid.address)
        self.disk = Platter()
        self.replica = Replica()
        self.up = False
        #: Counts the lives; what belongs to an earlier one is over.
        self.life = 0
        #: Until then it does nothing.
        self.paused_until = 0.0
        self._world = world
        #: What may be said after the next sync.
        self._held: list[tuple[Reply, Message, Back]] = []
        self._unsynced = False
        self._syncing = False

    # Its lives.

    def start(self, damaged: bool = False) -> None:
        """Come up from what the disk holds; of a damaged one nothing is relied on."""
        assert not self.up
        self._world.tell(self.seat, "starts", "from a damaged disk" if damaged else "")
        self.up = True
        self.life += 1
        self.settle(self.disk.sync())
        if damaged:
            self.replace([StatusChanged(Status.RECOVERING)])
        elif not self.disk.durable:
            self.replace([Identity(self._world.name())])
        self.replica = Replica(self.disk.durable, self._world.quorum)
        self._world.referee.restarted(self.seat, self.disk.durable)
        if self.replica.status is Status.RECOVERING:
            record = self.replica.rename(self._world.name(self.replica.identity)).record
            self.disk.append(record)
            self._world.referee.drafted(self.seat, record)
            self.settle(self.disk.sync())
        self._caretaker = Caretaker(self._world, self)
        self._caretaker.start()

    def crash(self, *, power: bool) -> None:
        """Stop here; without power, the unsynced records are lost from some point on."""
        if not self.up:
            return
        self._world.tell(self.seat, "loses power" if power else "is killed")
        self.replica.check_invariants()
        self.up = False
        self._held.clear()
        self._unsynced = self._syncing = False
        if power:
            self.settle(self.disk.lose_power(self._world.rng))

    def replace(self, records: list[LogRecord]) -> None:
        """Begin a new disk with these records."""
        self.disk.replace(records)
        self.settle(records)

    def compact(self) -> None:
        """Sum up what is on the disk, if nothing is on its way there."""
        if self._unsynced or not self.up:
            return
        self.settle(self.disk.sync())
        records = self.replica.snapshot()
        self._world.referee.compacted(self.seat, records)
        self.disk.replace(list(records))

    # Its turns.

    def deliver(self, message: Message, back: Back) -> None:
        """Have the replica handle a message from anywhere, unless the node is down."""
        world = self._world
        if not self.up:
            return
        if self.paused_until > world.post.now:
            world.post.after(self.paused_until - world.post.now, self.deliver, message, back)
            return
        for effect in self.replica.receive(message):  # type: ignore[arg-type]
            if isinstance(effect, Persist):
                if world.passing("persist", self.seat):
                    return
                self.disk.append(effect.record)
                world.referee.drafted(self.seat, effect.record)
                self._unsynced |= effect.sync
                continue
            world.referee.answers(self.seat, effect.message)
            if self._unsynced:
                self._held.append((effect, message, back))
            elif not self._answer(effect, message, back):
                return
        if self._unsynced and not self._syncing:
            self._begin_sync()

    def hear(self, other: Member, answer: Message) -> None:
        """Hand an answer to whoever looks after the replica now."""
        self._caretaker.hear(other, answer)

    def _begin_sync(self) -> None:
        seconds = self._world.sync_seconds
        if seconds:
            self._syncing = True
            self._world.post.after(self._world.rng.random() * seconds, self._end_sync, self.life)
        else:
            self._end_sync(self.life)

    def _end_sync(self, life: int) -> None:
        if life != self.life or not self.up or self._world.passing("sync", self.seat):
            return
        self.settle(self.disk.sync())
        self._unsynced = self._syncing = False
        if self._world.passing("synced", self.seat):
            return
        held, self._held = self._held, []
        for effect, message, back in held:
            if not self._answer(effect, message, back):
                return

    def _answer(self, effect: Reply, request: Message, back: Back) -> bool:
        """Say it; False when the node fails before or after."""
        if self._world.passing("reply", self.seat):
            return False
        message = effect.message
        self._world.referee.says(self.seat, request, message)
        back(message)
        return not self._world.passing("replied", self.seat)

    def settle(self, records: list[LogRecord]) -> None:
        """Tell the referee what is durable."""
        for record in records:
            self._world.referee.durable(self.seat, record)
