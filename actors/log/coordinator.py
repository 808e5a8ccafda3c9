"""The one writer of the log: the proposer of Paxos, as a pure function.

A ballot is won by a quorum's promise for all positions at once. What stands in the log by then is settled
first, each position by a promise of its own and the value found under the greatest ballot, a NOP where there
is none. From then on each value needs one round trip, and is asked for when the one before it is chosen: were
several under way, a later writer could complete the second after another one had put its own in place of the
first, and what an earlier reign wrote would stand behind what a later one did (reliability.md I17).
"""

from __future__ import annotations

import random
from collections import deque
from enum import Enum, auto
from typing import Final

from actors.log.effects import Broadcast, Chosen, Outbid, Ready, Retry, Step
from actors.log.proposal import Proposal
from actors.log.votes import Votes
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    Kind,
    Learned,
    PromiseRequest,
    PromiseResponse,
    Settled,
    Unsettled,
    Verdict,
    WriteResponse,
)
from transport.pid import Pid

#: How many positions are settled at the same time before the log can be written: a value may be as large as
#: a frame, and what waits for one peer is bounded (transport.limits).
WINDOW: Final = 2

#: Before who was turned away asks again: one of two rivals is through by then (mesos-protocol.md §11.2).
_REPEAT_SECONDS: Final = (0.1, 0.2)

#: Before those that are silent are asked again: at first, and at most.
_PATIENCE_SECONDS: Final = (0.5, 2.0)
#: Larger values take longer: at this rate at least.
_BYTES_PER_SECOND: Final = 4 << 20


class Phase(Enum):
    """How far a coordinator is."""

    IDLE = auto()
    ELECTING = auto()
    #: A greater ballot of the same epoch was met: the next try will be above it.
    BACKING_OFF = auto()
    FILLING = auto()
    READY = auto()
    OUTBID = auto()


class Coordinator:
    """Writes the log in one reign. Answers are counted by member and replica, each once.

    Its rounds begin at `first_round`, which should be a random one where there are elections: an epoch of an
    election has one writer, so if it meets rounds of its epoch that are not its own, the elections begin to
    repeat themselves (ZooKeeper was wiped), and it is outbid. Epoch 0 may have several writers.
    """

    def __init__(self, epoch: int, quorum: int, rng: random.Random, first_round: int = 1) -> None:
        if quorum < 1:
            raise ValueError(f"quorum {quorum}: must be at least 1")
        self.phase = Phase.IDLE
        self.ballot = Ballot(epoch, first_round - 1)
        self._first_round = first_round
        #: The position of the next value.
        self.position = 1
        self._quorum = quorum
        self._rng = rng
        #: The greatest ballot met.
        self._promised = self.ballot
        #: Who promised, and the bounds of the log as they know them.
        self._votes = Votes()
        self._begin, self._end = 1, 0
        #: What is under way at each position, in their order.
        self._proposals: dict[int, Proposal] = {}
        #: What is to be written when that is chosen.
        self._queue: deque[Proposal] = deque()
        #: The next position to settle, and the next one to report.
        self._unsettled, self._unreported = 1, 1
        #: What is chosen, but something before it is not.
        self._chosen: dict[int, Action | None] = {}
        self._patience, self._soon, self._waits = _PATIENCE_SECONDS[0], False, False

    @property
    def idle(self) -> bool:
        """Whether it never tried to be the writer."""
        return self.phase is Phase.IDLE

    @property
    def ready(self) -> bool:
        """Whether the log can be written."""
        return self.phase is Phase.READY

    # --- what its owner asks ---

    def elect(self) -> tuple[Step, ...]:
        """Try to be the writer, under a greater ballot than ever before."""
        self.ballot = Ballot(self.ballot.epoch, max(self.ballot.round, self._promised.round) + 1)
        self.phase = Phase.ELECTING
        self._votes = Votes()
        self._begin, self._end = 1, 0
        self._proposals, self._chosen = {}, {}
        return (Broadcast(PromiseRequest(self.ballot)), *self._wait())

    def append(self, content: bytes) -> tuple[Step, ...]:
        """Write a value at `position`, and tell when it is Chosen; several may be asked for at once."""
        return self._propose(Action(self.position, Kind.APPEND, content))

    def truncate(self, to: int) -> tuple[Step, ...]:
        """Give up all positions before `to`, which is itself a value at `position`."""
        if not 1 <= to <= self.position:
            raise ValueError(f"truncate to {to}: must be from 1 to the log's end, {self.position}")
        return self._propose(Action(self.position, Kind.TRUNCATE, to=to))

    def retry(self) -> tuple[Step, ...]:
        """Ask those again that have not answered; when a Retry's time has come, or there are new members."""
        self._waits, self._soon = False, False
        if self.phase is Phase.BACKING_OFF:
            return self.elect()
        if self.phase is not Phase.ELECTING and not self._proposals:
            return ()
        self._patience = min(2 * self._patience, _PATIENCE_SECONDS[1])
        if self.phase is Phase.ELECTING:
            return (Broadcast(PromiseRequest(self.ballot), self._votes.members), *self._wait())
        return (*(proposal.again() for proposal in self._proposals.values()), *self._wait())

    def remind(self) -> tuple[Step, ...]:
        """Tell again how far the log is chosen, in a few bytes; to be called now and then."""
        return (Broadcast(Settled(self.ballot, self._unreported - 1)),) if self.ready else ()

    def receive(self, sender: Pid, response: PromiseResponse | WriteResponse | Unsettled) -> tuple[Step, ...]:
        """Take a member's answer."""
        if self.phase in (Phase.IDLE, Phase.OUTBID):
            return ()
        if isinstance(response, Unsettled):
            return self._cover(response)
        if response.verdict is Verdict.REJECT:
            return self._rejected(sender, response)
        if response.ballot != self.ballot:
            return ()
        if response.verdict is Verdict.IGNORED:
            return self._ignored(sender, response)
        if isinstance(response, WriteResponse):
            return self._written(sender, response)
        if response.position is None:
            return self._elected(sender, response)
        return self._found(sender, response)

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves."""
        if self.phase in (Phase.FILLING, Phase.READY):
            assert len(self._votes.replicas) >= self._quorum, "elected by fewer than a quorum"
        if self.ready:
            assert len(self._proposals) <= 1, "several values are under way"
            assert self._unreported + len(self._proposals) + len(self._queue) == self.position, "a hole"

    # --- being elected ---

    def _elected(self, sender: Pid, response: PromiseResponse) -> tuple[Step, ...]:
        if self.phase is not Phase.ELECTING:
            return ()
        if self._is_foreign(response.promised):
            return self._outbid(response.promised)
        self._votes.add(sender, response)
        self._begin, self._end = max(self._begin, response.begin), max(self._end, response.end)
        if len(self._votes.replicas) < self._quorum:
            # A promise is given once: who has to be asked anew has to be asked for a greater one.
            return self._back_off() if self._votes.contradict else ()
        self.phase = Phase.FILLING
        self._patience, self._waits = _PATIENCE_SECONDS[0], False
        self._unsettled = self._unreported = self._begin
        self.position = self._end + 1
        return self._fill()

    def _rejected(self, sender: Pid, response: PromiseResponse | WriteResponse) -> tuple[Step, ...]:
        promised = response.promised
        if promised > self.ballot or self._is_foreign(promised):
            return self._outbid(promised)
        # Its yes to this very ballot was lost, and is given once.
        lost = response.ballot == self.ballot == promised and sender not in self._votes
        return self._back_off() if lost and self.phase is Phase.ELECTING else ()

    def _outbid(self, promised: Ballot) -> tuple[Step, ...]:
        """A greater ballot was met; one of this epoch is outbid in turn, by who has not written yet."""
        if promised.epoch > self.ballot.epoch or self.ready or self._is_foreign(promised):
            self.phase = Phase.OUTBID
            self._proposals = {}
            self._queue.clear()
            return (Outbid(promised),)
        self._promised = max(self._promised, promised)
        return self._back_off()

    def _is_foreign(self, ballot: Ballot) -> bool:
        """Whether another writer of this election's epoch had it."""
        is_own = self._first_round <= ballot.round <= self.ballot.round
        return ballot.epoch == self.ballot.epoch != 0 and not is_own

    def _back_off(self) -> tuple[Step, ...]:
        self.phase = Phase.BACKING_OFF
        self._proposals = {}
        return self._wait(soon=True)

    # --- settling what stands in the log ---

    def _fill(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while len(self._proposals) < WINDOW and self._unsettled <= self._end:
            proposal = self._proposals[self._unsettled] = Proposal(self.ballot, self._unsettled)
            self._unsettled += 1
            steps.append(proposal.again())
        if self._unsettled > self._end and not self._proposals and not self._chosen:
            self.phase = Phase.READY
            return (*steps, Ready())
        return (*steps, *self._wait())

    def _found(self, sender: Pid, response: PromiseResponse) -> tuple[Step, ...]:
        assert response.position is not None
        proposal = self._proposals.get(response.position)
        if proposal is None or proposal.action is not None:
            return ()
        if response.truncated:
            return self._settled(proposal, None, None)
        if response.accepted is not None and response.accepted.learned:
            return self._known(proposal, response.accepted)
        proposal.found(sender, response)
        if len(proposal.votes.replicas) < self._quorum:
            return self._wait(soon=True) if proposal.votes.contradict else ()
        return (proposal.write(), *self._wait())

    def _known(self, proposal: Proposal, accepted: Accepted) -> tuple[Step, ...]:
        """The position has its value; who got it under a greater ballot writes the log now."""
        if accepted.ballot > self.ballot:
            return self._outbid(accepted.ballot)
        return self._settled(proposal, accepted.action, Learned(accepted.action, accepted.ballot))

    # --- writing ---

    def _propose(self, action: Action) -> tuple[Step, ...]:
        if not self.ready:
            raise ValueError("the log cannot be written: the coordinator is not ready")
        self._queue.append(Proposal(self.ballot, self.position, action))
        self.position += 1
        return self._next()

    def _cover(self, response: Unsettled) -> tuple[Step, ...]:
        """Write over what a member holds of an earlier reign behind all that is chosen."""
        if not self.ready or response.ballot != self.ballot or response.end < self.position:
            return ()
        return self._propose(Action(self.position, Kind.NOP))

    def _next(self) -> tuple[Step, ...]:
        if self._proposals or not self._queue:
            return ()
        proposal = self._queue.popleft()
        self._proposals[proposal.position] = proposal
        return (proposal.again(), *self._wait())

    def _written(self, sender: Pid, response: WriteResponse) -> tuple[Step, ...]:
        proposal = self._proposals.get(response.position)
        if proposal is None or proposal.action is None:
            return ()
        proposal.votes.add(sender, response)
        acceptors = proposal.votes.replicas
        if len(acceptors) < self._quorum:
            return self._wait(soon=True) if proposal.votes.contradict else ()
        if not self.ready:
            return self._settled(proposal, proposal.action, Learned(proposal.action, self.ballot, acceptors))
        # Whoever is reached has the value already.
        told = Settled(self.ballot, proposal.position, acceptors)
        return self._settled(proposal, proposal.action, told)

    def _settled(
        self, proposal: Proposal, action: Action | None, told: Learned | Settled | None
    ) -> tuple[Step, ...]:
        """The position has its value; None where it was given up."""
        del self._proposals[proposal.position]
        self._chosen[proposal.position] = action
        self._patience, self._waits = _PATIENCE_SECONDS[0], bool(self._proposals)
        steps: list[Step] = [] if told is None else [Broadcast(told)]
        while self._unreported in self._chosen:
            steps.append(Chosen(self._unreported, self._chosen.pop(self._unreported)))
            self._unreported += 1
        return (*steps, *(self._fill() if self.phase is Phase.FILLING else self._next()))

    # --- waiting ---

    def _ignored(self, sender: Pid, response: PromiseResponse | WriteResponse) -> tuple[Step, ...]:
        """A member does not vote yet; a promise costs so little that it is asked for again soon."""
        if self.phase is Phase.ELECTING:
            return self._wait(soon=True) if sender not in self._votes else ()
        proposal = self._proposals.get(response.position or 0)
        is_due = proposal is not None and proposal.action is None and sender not in proposal.votes
        return self._wait(soon=True) if is_due else ()

    def _wait(self, *, soon: bool = False) -> tuple[Retry, ...]:
        """Have what is unanswered asked again, unless that is to happen already."""
        if self._waits and (self._soon or not soon):
            return ()
        self._waits, self._soon = True, soon
        if soon:
            return (Retry(self._rng.uniform(*_REPEAT_SECONDS)),)
        size_bytes = sum(proposal.size_bytes for proposal in self._proposals.values())
        return (Retry(self._patience + size_bytes / _BYTES_PER_SECOND),)
