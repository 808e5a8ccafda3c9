"""Every course of a small log: three replicas, two writers, two positions.

What is said is never unsaid: any message may be heard by whom it is for at any time later, many times, or
never. So loss, repetition, delay and any order are in it, and so is a crash of a replica or a writer at any
time: to a replica that forgets what it has not made durable, nothing was said; that what is durable is
enough is looked at for each state of a replica (`_hear`).

Replicas and writers are the real ones. Each of their states is numbered, and what they do in it with a
message is worked out once (`automaton`). A state of the whole is a number for each replica with what it said,
one for each writer, and the set of what the writers said. They are visited breadth first. Three things make
them fewer and lose nothing: what can be said without any change is said at once, since it could be said at
any later time; a writer that gives up is one that is not heard of any more, which is among the courses
anyway; and of states that differ in the names of replicas only, one is looked at.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from actors.log.coordinator import Coordinator, Phase
from actors.log.effects import Broadcast, Persist
from actors.log.records import Identity, LogRecord, StatusChanged
from actors.log.replica import Replica
from tests.simulation.paxos.automaton import Automaton, freeze
from tests.simulation.paxos.tally import QUORUM, Tally
from tests.simulation.paxos.violation import violated
from transport.messages.replication import (
    Ballot,
    Learned,
    PromiseResponse,
    Settled,
    Status,
    Verdict,
    Vouch,
    WriteRequest,
    WriteResponse,
)
from transport.pid import Pid

REPLICAS = 3
_PIDS = tuple(Pid("log-replica(1)", f"n{seat}", 5050) for seat in range(REPLICAS))


class Bounds(NamedTuple):
    """How small the log is."""

    #: The epoch of each writer.
    epochs: tuple[int, ...] = (1, 2)
    #: The last position at which anybody begins to write.
    positions: int = 2
    #: How often a writer stands for election.
    rounds: int = 1
    #: Whether replicas hear what is chosen.
    learning: bool = True


class Count(NamedTuple):
    """What there was to see."""

    states: int
    steps: int
    messages: int
    #: States in which nothing new can happen.
    ends: int


class Said(NamedTuple):
    """A message between a writer and the replicas."""

    writer: int
    message: Any


#: A replica in some state, and a bit for each message that it said.
Voice = tuple[int, int]
#: One state of the whole: of each replica (with what it said) and of each writer, and what the writers said.
State = tuple[tuple[int, ...], tuple[int, ...], int]

_ORDERS = tuple(itertools.permutations(range(REPLICAS)))


class Vocabulary:
    """Numbers messages: each is one bit of a set."""

    def __init__(self) -> None:
        self.words: list[Said] = []
        #: The bits of all that bears on what is chosen, and of all with each writer.
        self.telling = 0
        self.with_writer: dict[int, int] = {}
        self._bits: dict[Said, int] = {}

    def bit(self, said: Said) -> int:
        """The bit of a message."""
        bit = self._bits.get(said)
        if bit is None:
            bit = self._bits[said] = 1 << len(self.words)
            self.words.append(said)
            self.with_writer[said.writer] = self.with_writer.get(said.writer, 0) | bit
            if isinstance(said.message, Learned | WriteRequest | WriteResponse):
                self.telling |= bit
        return bit

    def of(self, bits: int) -> list[Said]:
        """The messages of a set."""
        return [said for at, said in enumerate(self.words) if bits >> at & 1]


class Explorer:
    """Visits every state; raises Violation."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._replicas = Automaton(_first_replica(), _hear)
        self._writers = [
            Automaton(Coordinator(epoch, QUORUM, random.Random(0)), self._act(writer))
            for writer, epoch in enumerate(bounds.epochs)
        ]
        #: What writers say to all replicas; what any replica says, without its name.
        self._requests, self._answers = Vocabulary(), Vocabulary()
        self._voices: list[Voice] = []
        self._numbers: dict[Voice, int] = {}
        self._closed: dict[tuple[int, int], int] = {}
        self._heard: dict[tuple[int, int], tuple[int, ...]] = {}
        self._written: dict[tuple[int, int, tuple[int, ...]], tuple[tuple[int, int], ...]] = {}
        self._renamed: dict[tuple[int, int, tuple[int, ...]], int] = {}
        self._judged: set[tuple[int, ...]] = set()

    def run(self) -> Count:
        """Visit them all."""
        start: State = ((self._voice((0, 0)),) * REPLICAS, (0,) * len(self._writers), 0)
        visited, frontier, steps, ends = {start}, [start], 0, 0
        while frontier:
            found = []
            for state in frontier:
                before = steps
                for successor in self._successors(state):
                    steps += 1
                    if successor not in visited:
                        visited.add(successor)
                        found.append(successor)
                        self._judge(successor)
                if steps == before:
                    ends += 1
                    self._judge_end(state)
            frontier = found
        return Count(len(visited), steps, len(self._requests.words) + len(self._answers.words), ends)

    # What may happen.

    def _successors(self, state: State) -> Iterator[State]:
        voices, writers, said = state
        for seat, voice in enumerate(voices):
            for after in self._hearings(voice, said):
                yield (*self._rename((*voices[:seat], after, *voices[seat + 1 :]), writers), said)
        for writer, number in enumerate(writers):
            for after, says in self._writings(writer, number, voices):
                now = said | says
                heard = voices if now == said else tuple(self._close(voice, now) for voice in voices)
                yield (*self._rename(heard, (*writers[:writer], after, *writers[writer + 1 :])), now)

    def _voice(self, voice: Voice) -> int:
        number = self._numbers.get(voice)
        if number is None:
            number = self._numbers[voice] = len(self._voices)
            self._voices.append(voice)
        return number

    def _hearings(self, voice: int, said: int) -> tuple[int, ...]:
        """What a replica may become with something that was said."""
        found = self._heard.get((voice, said))
        if found is None:
            state, answers = self._voices[voice]
            after: dict[int, None] = {}
            for request in self._heard_requests(said):
                changed, words = self._replicas.step(state, request.message)
                if changed != state:
                    spoken = self._voice((changed, answers | self._speak(request.writer, words)))
                    after[self._close(spoken, said)] = None
            found = self._heard[voice, said] = tuple(after)
        return found

    def _close(self, voice: int, said: int) -> int:
        """Have a replica say all that it can say without any change."""
        found = self._closed.get((voice, said))
        if found is None:
            state, answers = self._voices[voice]
            for request in self._heard_requests(said):
                changed, words = self._replicas.step(state, request.message)
                if changed == state:
                    answers |= self._speak(request.writer, words)
            found = self._closed[voice, said] = self._voice((state, answers))
        return found

    def _heard_requests(self, said: int) -> list[Said]:
        requests = self._requests.of(said)
        if self._bounds.learning:
            return requests
        return [request for request in requests if not isinstance(request.message, Learned | Settled)]

    def _speak(self, writer: int, words: Iterable[Any]) -> int:
        bits = 0
        for word in words:
            bits |= self._answers.bit(Said(writer, _plain(word)))
        return bits

    def _writings(self, writer: int, number: int, voices: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """What a writer may become with something that was answered, and what it says then."""
        mine = self._answers.with_writer.get(writer, 0)
        key = (writer, number, tuple(self._voices[voice][1] & mine for voice in voices))
        found = self._written.get(key)
        if found is None:
            moves: dict[tuple[int, int], None] = {}
            automaton = self._writers[writer]
            for given in (*self._impulses(writer, number), *self._given(key[2])):
                after, words = automaton.step(number, given)
                if after != number and not self._gave_up(automaton[after]):
                    says = 0
                    for word in words:
                        says |= self._requests.bit(Said(writer, _plain(word)))
                    moves[after, says] = None
            found = self._written[key] = tuple(moves)
        return found

    def _given(self, answers: tuple[int, ...]) -> Iterator[tuple[int, Any]]:
        for seat, bits in enumerate(answers):
            for said in self._answers.of(bits):
                message = said.message
                if hasattr(message, "replica"):
                    message = replace(message, replica=f"r{seat}")
                yield seat, message

    def _gave_up(self, coordinator: Coordinator) -> bool:
        exhausted = coordinator.phase is Phase.BACKING_OFF and self._is_last_round(coordinator)
        return coordinator.phase is Phase.OUTBID or exhausted

    def _is_last_round(self, coordinator: Coordinator) -> bool:
        return coordinator.ballot.round >= self._bounds.rounds

    def _impulses(self, writer: int, number: int) -> Iterator[str]:
        """What a writer may do by itself."""
        coordinator: Coordinator = self._writers[writer][number]
        if coordinator.phase is Phase.IDLE:
            yield "elect"
        if coordinator.phase is Phase.BACKING_OFF:
            yield "retry"

    def _act(self, writer: int) -> Callable[[Any, Any], Iterator[Hashable]]:
        """How a writer acts: it writes a value at each position that is left."""

        def act(coordinator: Coordinator, given: Any) -> Iterator[Hashable]:
            if given == "elect":
                steps = coordinator.elect()
            elif given == "retry":
                steps = coordinator.retry()
            else:
                steps = coordinator.receive(_PIDS[given[0]], given[1])
            if coordinator.ready and coordinator.position <= self._bounds.positions:
                steps += coordinator.append(f"{writer} at {coordinator.position}".encode())
            coordinator.check_invariants()
            for step in steps:
                if isinstance(step, Broadcast):
                    yield step.message

        return act

    # States that differ in names only.

    def _rename(
        self, voices: tuple[int, ...], writers: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The replicas in the order of their numbers, and what the writers think of them so."""
        order = tuple(sorted(range(REPLICAS), key=voices.__getitem__))
        ordered = tuple(voices[seat] for seat in order)
        orders = [order]
        if len(set(voices)) < REPLICAS:
            orders = [one for one in _ORDERS if tuple(voices[seat] for seat in one) == ordered]
        return ordered, min(
            tuple(self._renamed_writer(writer, number, one) for writer, number in enumerate(writers))
            for one in orders
        )

    def _renamed_writer(self, writer: int, number: int, order: tuple[int, ...]) -> int:
        """The number of the same writer, where the replica at `order[n]` is called n."""
        key = (writer, number, order)
        found = self._renamed.get(key)
        if found is None:
            automaton = self._writers[writer]
            coordinator: Coordinator = copy.deepcopy(automaton[number])
            names = {_PIDS[seat]: name for name, seat in enumerate(order)}
            for votes in (coordinator._votes, *(one.votes for one in coordinator._proposals.values())):
                votes._votes = {
                    _PIDS[names[pid]]: replace(vote, replica=f"r{names[pid]}")
                    for pid, vote in votes._votes.items()
                }
            found = self._renamed[key] = automaton.number(coordinator)
        return found

    # What must hold.

    def _judge(self, state: State) -> None:
        """Look at all that was said: I17, I18."""
        answers = tuple(sorted(self._voices[voice][1] & self._answers.telling for voice in state[0]))
        key = (*answers, state[-1] & self._requests.telling)
        if key in self._judged:
            return
        self._judged.add(key)
        tally = Tally()
        for said in self._requests.of(key[-1]):
            tally.ask(said.message)
        for seat, bits in enumerate(answers):
            for said in self._answers.of(bits):
                tally.answer(seat, said.message)
        tally.judge(self._bounds.epochs)

    def _judge_end(self, state: State) -> None:
        """Where nothing more can happen, somebody has written all that it was to, or tried in vain."""
        writers = [automaton[number] for automaton, number in zip(self._writers, state[1], strict=True)]
        if any(one.ready and one.position > self._bounds.positions for one in writers):
            return
        if all(not self._is_last_round(one) for one in writers):
            violated(
                "progress", "nothing can happen any more, and the writers are", *(w.phase for w in writers)
            )


def _plain(message: Any) -> Any:
    """A message without what makes no difference here."""
    if isinstance(message, Learned | Settled):
        return replace(message, acceptors=())
    if isinstance(message, PromiseResponse) and message.verdict is not Verdict.ACCEPT:
        return replace(message, begin=1, end=0)
    if isinstance(message, PromiseResponse) and message.promised.epoch != message.ballot.epoch:
        return replace(message, promised=Ballot())
    return message


def _first_replica() -> Replica:
    return _restore([Identity("replica"), StatusChanged(Status.VOTING)])


def _restore(journal: list[LogRecord]) -> Replica:
    replica = Replica(journal, QUORUM)
    replica.receive(Vouch())
    vars(replica)["journal"] = journal
    return replica


def _hear(replica: Replica, message: Any) -> Iterator[Hashable]:
    """How a replica acts; what its disk holds then is enough to go on from."""
    journal = vars(replica)["journal"]
    for effect in replica.receive(message):
        if isinstance(effect, Persist):
            journal.append(effect.record)
        else:
            yield effect.message
    replica.check_invariants()
    for records in (journal, list(replica.snapshot())):
        if freeze(_restore(records)) != freeze(replica):
            violated("I18", "a replica is another one after a restart from", records)
