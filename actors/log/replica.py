"""What one replica of the log says, and what it keeps: the acceptor and learner of Paxos, as a pure function.

One ballot is promised for all positions at once, so a promise of a single position binds all of them: there
is one writer at a time, and who outbids it anywhere has outbid it everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actors.log.effects import Effect, Persist, Reply
from actors.log.holdings import Holdings
from actors.log.records import (
    Begins,
    Chosen,
    Identity,
    Known,
    LogRecord,
    Met,
    Promised,
    StatusChanged,
    Written,
)
from transport.messages.replication import (
    Accepted,
    Ballot,
    ChangeStatus,
    Learned,
    LearnedRequest,
    LearnedResponse,
    Peer,
    PromiseRequest,
    PromiseResponse,
    ReadLog,
    RecoverRequest,
    RecoverResponse,
    Settled,
    Status,
    Unsettled,
    Verdict,
    Vouch,
    WriteRequest,
    WriteResponse,
)

#: What a replica answers or heeds.
Request = (
    PromiseRequest
    | WriteRequest
    | Learned
    | Settled
    | LearnedRequest
    | ReadLog
    | LearnedResponse
    | RecoverRequest
    | ChangeStatus
    | Vouch
)


class DivergedError(AssertionError):
    """Two values were chosen at one position, which no order of messages leads to.

    A majority of the disks was set back to an older state, or begun anew. Which value is right only people
    can say, so this replica goes no further.
    """

    def __init__(self, position: int) -> None:
        super().__init__(
            f"two values were chosen at position {position}: this master's log and that of the others have "
            "parted. Most of the masters' disks were set back to an older state, or begun anew, while this "
            "one was away. To go on with what the others have, remove the folder replicated_log from its "
            "work directory, or keep it elsewhere if what this one alone holds is needed, and start it again"
        )


class Replica:
    """Restored from its records, it answers each message with effects, whose order is safety.

    It votes when its status is VOTING and it was vouched for since it was restored: until then its disk may
    have been set back to an older state, of which others know better (see `RecoverResponse.yours`).
    """

    def __init__(self, records: Iterable[LogRecord] = (), quorum: int = 1) -> None:
        self.identity = ""
        self.status = Status.EMPTY
        self.promised = Ballot()
        self.holdings = Holdings()
        self.vouched = False
        #: What its master was given as --quorum; told to who asks.
        self.quorum = quorum
        #: By the address of a member: the greatest id of a replica that was met there.
        self.met: dict[str, str] = {}
        #: By the id of a replica: the last position at which it is known to have accepted a value.
        self.known: dict[str, int] = {}
        for record in records:
            self._apply(record)

    @property
    def begin(self) -> int:
        """The first position that was not given up."""
        return self.holdings.begin

    @property
    def end(self) -> int:
        """The last position at which something is held."""
        return self.holdings.end

    @property
    def learned(self) -> int:
        """The last position up to which everything is known to be chosen."""
        return self.holdings.learned

    @property
    def votes(self) -> bool:
        """Whether its answers count."""
        return self.vouched and self.status is Status.VOTING

    def receive(self, message: Request) -> tuple[Effect, ...]:
        """Answer a message; what the effects persist is taken for kept from now on."""
        match message:
            case PromiseRequest():
                return self._promise(message)
            case WriteRequest():
                return self._write(message)
            case Learned():
                return self._learn(message)
            case Settled():
                return self._settle(message)
            case LearnedRequest() | ReadLog():
                return (self._tell(message.position, message.bytes),)
            case LearnedResponse():
                return self._catch_up(message)
            case RecoverRequest():
                return self._meet(message)
            case ChangeStatus():
                return self._change(message)
            case Vouch():
                self.vouched = True
                return self._bind(message.promised)

    def rename(self, identity: str) -> Persist:
        """Go on under another id; see `Identity`."""
        return self._persist(Identity(identity))

    def snapshot(self) -> tuple[LogRecord, ...]:
        """The fewest records that restore it, to stand in place of all before."""
        head: list[LogRecord] = [
            Identity(self.identity),
            StatusChanged(self.status),
            Promised(self.promised),
            Begins(self.begin),
        ]
        head += [Met(member, replica) for member, replica in sorted(self.met.items())]
        head += [Known(replica, position) for replica, position in sorted(self.known.items())]
        return (*head, *self.holdings.records())

    def check_invariants(self) -> None:
        """Raise AssertionError when what is kept contradicts itself."""
        self.holdings.check_invariants()
        for accepted in self.holdings.accepted():
            assert accepted.ballot <= self.promised, f"{accepted} is above the promised {self.promised}"
        if self.status in (Status.EMPTY, Status.STARTING):
            assert self.end == 0, f"{self.status} but it holds positions up to {self.end}"

    # --- voting ---

    def _promise(self, request: PromiseRequest) -> tuple[Effect, ...]:
        if not self.votes:
            return (self._promise_response(request, Verdict.IGNORED, Ballot()),)
        # A promise of all positions is given once for each ballot: so even two writers of one epoch cannot
        # both be elected under it. The same writer may ask for single positions as often as it likes.
        if request.ballot < self.promised or (request.position is None and request.ballot == self.promised):
            return (self._promise_response(request, Verdict.REJECT),)
        former = self.promised
        return (*self._bind(request.ballot), self._promise_response(request, Verdict.ACCEPT, former))

    def _promise_response(
        self, request: PromiseRequest, verdict: Verdict, promised: Ballot | None = None
    ) -> Reply:
        accepted, truncated = None, False
        if request.position is not None and verdict is Verdict.ACCEPT:
            accepted = self.holdings.get(request.position)
            truncated = request.position < self.begin
        return Reply(
            PromiseResponse(
                ballot=request.ballot,
                verdict=verdict,
                position=request.position,
                promised=self.promised if promised is None else promised,
                begin=self.begin,
                end=self.end,
                accepted=accepted,
                truncated=truncated,
                replica=self.identity,
                peers=self._peers(),
            )
        )

    def _write(self, request: WriteRequest) -> tuple[Effect, ...]:
        if not self.votes:
            return (self._write_response(request, Verdict.IGNORED),)
        if request.ballot < self.promised:
            return (self._write_response(request, Verdict.REJECT),)
        position = request.action.position
        held = self.holdings.get(position)
        same = held is not None and held.action == request.action
        if position < self.begin or (held is not None and held.learned and same):
            # Given up or chosen, and maybe that is not durable yet: something has to be waited for.
            durable = self._persist(Promised(request.ballot))
            return (durable, self._write_response(request, Verdict.ACCEPT))
        if held is not None and (held.learned or held.ballot == request.ballot):
            # A writer that was outbid unawares never gets here what has another value already.
            return (self._write_response(request, Verdict.ACCEPT if same else Verdict.IGNORED),)
        written = Written(Accepted(request.ballot, request.action))
        return (self._persist(written), self._write_response(request, Verdict.ACCEPT))

    def _write_response(self, request: WriteRequest, verdict: Verdict) -> Reply:
        return Reply(
            WriteResponse(
                ballot=request.ballot,
                position=request.action.position,
                verdict=verdict,
                promised=self.promised if verdict is Verdict.REJECT else Ballot(),
                replica=self.identity,
                peers=self._peers(),
            )
        )

    def _bind(self, ballot: Ballot) -> tuple[Effect, ...]:
        return (self._persist(Promised(ballot)),) if ballot > self.promised else ()

    def _peers(self) -> tuple[Peer, ...]:
        return tuple(Peer(member, replica) for member, replica in self.met.items())

    # --- learning ---

    @property
    def _learns(self) -> bool:
        """Whether it may hold more than before.

        What is EMPTY or STARTING holds nothing, and what is not vouched for no more than when it was started:
        else it could not be seen any more that it lost something.
        """
        return self.votes or self.status is Status.RECOVERING

    def _learn(self, learned: Learned) -> tuple[Effect, ...]:
        action, position = learned.action, learned.action.position
        if not self._learns or position < self.begin:
            return ()
        held = self.holdings.get(position)
        same = held is not None and held.action == action
        if held is not None and held.learned:
            if not same:
                raise DivergedError(position)
            if not any(self.known.get(other, 0) < position for other in self._others(learned.acceptors)):
                return ()
        chosen = Chosen(position, None if same else action, learned.acceptors, learned.ballot)
        return (*self._bind(learned.ballot), self._persist(chosen, sync=False))

    def _settle(self, message: Settled) -> tuple[Effect, ...]:
        if not self._learns:
            return ()
        effects: list[Effect] = []
        for position in range(self.learned + 1, min(message.position, self.end) + 1):
            held = self.holdings.get(position)
            if held is not None and not held.learned and held.ballot == message.ballot:
                acceptors = message.acceptors if position == message.position else ()
                effects.append(self._persist(Chosen(position, None, acceptors, held.ballot), sync=False))
        effects += [
            self._persist(Known(other, message.position), sync=False)
            for other in self._others(message.acceptors)
            if self.known.get(other, 0) < message.position
        ]
        if self.end > message.position and self.promised <= message.ballot:
            effects.append(Reply(Unsettled(message.ballot, self.end)))
        return tuple(effects)

    def _tell(self, position: int, size_bytes: int) -> Reply:
        actions = tuple(self.holdings.read(position, size_bytes))
        return Reply(LearnedResponse(position, self.begin, actions, self.end, self.holdings.settled))

    def _catch_up(self, response: LearnedResponse) -> tuple[Effect, ...]:
        """Keep what another replica knows to be chosen, and tell this node's recovery how that helped."""
        effects: list[Effect] = []
        if self._learns:
            effects += self._bind(response.ballot)
            if response.begin > self.begin:
                effects.append(self._persist(Begins(response.begin), sync=False))
            for action in response.actions:
                effects += self._learn(Learned(action, response.ballot))
        return (*effects, self._fare(self.identity))

    # --- recovering ---

    def _meet(self, request: RecoverRequest) -> tuple[Effect, ...]:
        effects: tuple[Effect, ...] = ()
        met = self.met.get(request.member, "")
        if request.replica > met:
            effects = (self._persist(Met(request.member, request.replica)),)
        return (*effects, self._fare(request.replica, met if met > request.replica else ""))

    def _fare(self, asker: str, retired: str = "") -> Reply:
        return Reply(
            RecoverResponse(
                replica=self.identity,
                asker=asker,
                status=self.status,
                promised=self.promised,
                begin=self.begin,
                end=self.end,
                quorum=self.quorum,
                yours=self.known.get(asker, 0),
                learned=self.learned,
                votes=self.votes,
                retired=retired,
            )
        )

    def _change(self, message: ChangeStatus) -> tuple[Effect, ...]:
        if message.was is not self.status:
            return (self._fare(self.identity),)
        effects = list(self._bind(message.promised))
        if message.status is not self.status:
            effects.append(self._persist(StatusChanged(message.status)))
        if message.identity:
            # Last: who has the new id, but not yet the status that goes with it, would vote under it.
            effects.append(self.rename(message.identity))
        self.vouched = self.status is Status.VOTING
        return (*effects, self._fare(self.identity))

    # --- records ---

    def _persist(self, record: LogRecord, *, sync: bool = True) -> Persist:
        self._apply(record)
        return Persist(record, sync)

    def _apply(self, record: LogRecord) -> None:
        match record:
            case Identity():
                self.identity = record.replica
            case StatusChanged():
                self.status = record.status
            case Promised():
                self.promised = max(self.promised, record.ballot)
            case Written():
                self.promised = max(self.promised, record.accepted.ballot)
                self.holdings.write(record.accepted)
            case Chosen():
                self.holdings.choose(record.position, record.action, record.ballot)
                self._know(dict.fromkeys(self._others(record.acceptors), record.position))
            case Begins():
                self.holdings.give_up(record.position)
            case Known():
                self._know({record.replica: record.position})
            case Met():
                self.known.pop(self.met.get(record.member, ""), None)
                self.met[record.member] = record.replica

    def _know(self, positions: Mapping[str, int]) -> None:
        for replica, position in positions.items():
            self.known[replica] = max(position, self.known.get(replica, 0))

    def _others(self, replicas: Iterable[str]) -> list[str]:
        return [replica for replica in replicas if replica != self.identity]
