"""Judges what replicas, writers and readers do by the definitions of Paxos (reliability.md I17-I20).

It knows the messages and the records of disks, and nothing of the code that makes them: it is told what was
proposed, what became durable, what was answered, learned and read, and keeps its own count of votes.

- I17: the values chosen by appending stand in the order of their epochs, and each of them once.
- I18: at each position one value at most is chosen, however often and under whatever ballots; nothing is
  learned or read but what was chosen; whatever is proposed after that, under a greater ballot, is the same;
  a promise or an acceptance is durable before it is said, tells what the disk holds, and is kept; a replica
  that lost its disk votes no more before it knows what it may have helped to choose.
- I19: only a replica whose disk says VOTING answers anything that counts.
- I20: nobody is told of a hole; nothing is dropped but behind a chosen truncation.
"""

from __future__ import annotations

import bisect
import itertools
from typing import NamedTuple

from actors.log.records import LogRecord, Written
from tests.simulation.paxos.book import LEAST, Book
from tests.simulation.paxos.violation import violated
from transport.message import Message
from transport.messages.replication import (
    Action,
    Ballot,
    Kind,
    LearnedResponse,
    PromiseRequest,
    PromiseResponse,
    RecoverResponse,
    Status,
    Verdict,
    WriteRequest,
    WriteResponse,
)


class Loss(NamedTuple):
    """What a replica must know again before it votes."""

    #: The greatest ballot that a quorum had promised itself to.
    elected: Ballot
    #: The positions at which a value had been chosen.
    positions: tuple[int, ...]


class Vote(NamedTuple):
    """Who said yes, and whom it had met by then."""

    replica: str
    met: dict[str, str]


class Referee:
    """Sees everything; raises Violation.

    `quorum` votes choose; `seats` are the addresses of the members, 2*quorum-1 at most.

    Votes add up only if they are of one time: what a replica said before it lost its disk counts for nothing
    beside the vote of one that had met a later self of it by then. For those have told it how things stood,
    and it goes on from there.
    """

    def __init__(self, quorum: int, seats: tuple[str, ...]) -> None:
        self.quorum = quorum
        self.seats = seats
        #: What is durable at each seat, and what will be so with the next sync.
        self.books = [Book() for _ in seats]
        self.drafts = [Book() for _ in seats]
        #: The value chosen at each position.
        self.chosen: dict[int, Action] = {}
        #: The greatest ballot for which there were promises of a quorum.
        self.elected = LEAST
        #: What is known to have been chosen through a coordinator: content and its position.
        self.acknowledged: dict[bytes, int] = {}
        #: A majority of disks was lost: nothing is promised to anybody any more.
        self.hopeless = False
        self._losses: dict[int, Loss] = {}
        self._lost_ever = False
        #: Which id a replica took when: of one seat's, the greater number is the later self.
        self._lives: dict[str, int] = {"": 0}
        self._voted: set[int] = set()
        #: The positions that each seat's votes helped to choose.
        self._parts: list[set[int]] = [set() for _ in seats]
        self._proposals: dict[int, dict[Ballot, Action]] = {}
        self._votes: dict[tuple[int, Ballot], dict[int, Vote]] = {}
        #: The least ballot under which the value of a position was chosen.
        self._ballots: dict[int, Ballot] = {}
        self._promises: dict[Ballot, dict[int, Vote]] = {}
        self._epochs: dict[bytes, int] = {}
        self._appended: dict[bytes, int] = {}
        self._appends: list[int] = []
        self._truncated = 1

    # What writers do.

    def appending(self, epoch: int, content: bytes) -> None:
        """A writer of that epoch is given something to append."""
        self._epochs[content] = epoch

    def proposed(self, request: WriteRequest) -> None:
        """A coordinator asks the replicas to accept a value."""
        action, ballot = request.action, request.ballot
        proposals = self._proposals.setdefault(action.position, {})
        earlier = proposals.get(ballot)
        if earlier is not None:
            if earlier != action:
                violated("I18", ballot, "proposes two values:", earlier, "and", action)
            return
        proposals[ballot] = action
        chosen = self.chosen.get(action.position)
        if chosen is not None and chosen != action and self._ballots[action.position] < ballot:
            violated("I18", ballot, "proposes", action, "where was chosen", chosen)
        if action.kind is Kind.APPEND and action.content not in self._epochs:
            violated("I18", ballot, "proposes", action, "that nobody wanted to append")

    def ready(self, ballot: Ballot, end: int) -> None:
        """A coordinator is elected, and says that all is chosen up to `end`."""
        promises = self._promises.get(ballot, {})
        if self._agreeing(promises) is None:
            violated("I18", ballot, "is elected by", promises)
        last = max(self.chosen, default=0)
        if end < last and self._ballots[last] < ballot:
            violated("I18", ballot, "begins after", end, "though", last, "is chosen")
        self.settled(end)

    def settled(self, end: int) -> None:
        """Somebody says that a value was chosen at every position up to that."""
        for position in range(self._truncated, end + 1):
            if position not in self.chosen:
                violated("I20", "all up to", end, "is called chosen, but", position, "is open")

    def acknowledges(self, content: bytes, position: int) -> None:
        """A coordinator says that what it was given to append is chosen."""
        chosen = self.chosen.get(position)
        if chosen is None or chosen.content != content:
            violated("I18", content, "is called chosen at", position, "where is", chosen)
        self.acknowledged[content] = position

    def learned(self, action: Action) -> None:
        """Somebody says, or writes down, that a value is chosen."""
        chosen = self.chosen.get(action.position)
        if chosen is None:
            violated("I18", "learned before a quorum accepted it:", action)
        if chosen != action:
            violated("I18", "learned", action, "where was chosen", chosen)

    # What replicas do.

    def durable(self, seat: int, record: LogRecord) -> None:
        """A record of that seat's disk is safe now."""
        book = self.books[seat]
        status, begin, learned = book.status, book.begin, len(book.learned)
        book.write(record)
        self._lives.setdefault(book.identity, len(self._lives))
        if isinstance(record, Written) and not record.accepted.learned:
            self._vote(seat, record.accepted.ballot, record.accepted.action)
        if len(book.learned) > learned:
            self.learned(next(reversed(book.learned.values())))
        if book.begin > begin and book.begin > self._truncated:
            violated("I20", "replica", seat, "dropped all before", book.begin, "of", self._truncated)
        if book.status is Status.VOTING and status is not Status.VOTING:
            self._begins_to_vote(seat, book)

    def drafted(self, seat: int, record: LogRecord) -> None:
        """A record is written to that seat's disk, and may be lost yet."""
        self.drafts[seat].write(record)

    def answers(self, seat: int, response: Message) -> None:
        """A replica has found its answer, which must tell what it holds by now."""
        draft = self.drafts[seat]
        verdict = getattr(response, "verdict", Verdict.IGNORED)
        if verdict is not Verdict.IGNORED and draft.status is not Status.VOTING:
            violated("I19", "replica", seat, "answers", verdict, "and is", draft.status)
        if isinstance(response, PromiseResponse) and response.verdict is Verdict.ACCEPT:
            if response.position is None:
                if response.end < draft.end:
                    violated("I18", "replica", seat, "tells of", response.end, "and holds", draft.end)
            else:
                self._check_found(seat, draft, response.position, response)
        elif isinstance(response, RecoverResponse) and response.status is Status.VOTING:
            if response.promised < draft.promised or response.end < draft.end:
                violated("I18", "replica", seat, "says", response, "having", draft.promised, draft.end)
        elif isinstance(response, LearnedResponse):
            self._told(response)

    def says(self, seat: int, request: Message, response: Message) -> None:
        """A replica's answer leaves."""
        book = self.books[seat]
        if isinstance(response, PromiseResponse):
            assert isinstance(request, PromiseRequest)
            self._check_vote(seat, book, response.verdict, response.promised, request.ballot)
            if response.verdict is Verdict.ACCEPT:
                self._promises_say(seat, book, request)
        elif isinstance(response, WriteResponse):
            assert isinstance(request, WriteRequest)
            self._check_vote(seat, book, response.verdict, response.promised, request.ballot)
            if response.verdict is Verdict.ACCEPT:
                self._check_accepted(seat, book, request)
        elif isinstance(response, RecoverResponse) and response.votes:
            self._check_voting(seat, book)

    def read(self, actions: list[Action], begin: int, end: int) -> None:
        """A reader that was to see all from `begin` to `end` saw this."""
        if begin > self._truncated:
            violated("I20", "a reader begins at", begin, "and all is kept from", self._truncated)
        if [action.position for action in actions] != list(range(begin, end + 1)):
            violated("I20", "a reader sees", [action.position for action in actions], "of", begin, "to", end)
        for action in actions:
            self.learned(action)

    # What befalls disks.

    def lost(self, seat: int) -> None:
        """The disk of a seat is gone, or says so little that it is as good as gone."""
        book = self.books[seat]
        self.books[seat] = Book()
        self.drafts[seat] = Book()
        self._lost_ever = True
        if seat in self._voted:
            former = self._losses.get(seat)
            if former is None or book.status is Status.VOTING:
                self._losses[seat] = Loss(self.elected, tuple(self.chosen))
        if len(self.books) - len(self._losses) < self.quorum:
            self.hopeless = True

    def set_back(self, seat: int, records: list[LogRecord]) -> None:
        """The disk of a seat is as it was once; it is as good as gone, but does not know it."""
        self.lost(seat)
        self.books[seat] = Book(records)
        self.drafts[seat] = Book(records)

    def restarted(self, seat: int, records: list[LogRecord]) -> None:
        """What was not durable is gone."""
        self.drafts[seat] = Book(records)

    def compacted(self, seat: int, records: tuple[LogRecord, ...]) -> None:
        """A disk has got other records in place of all that it had: they must say the same."""
        former, book = self.books[seat], Book(records)
        if (lost := former.misses(book)) is not None:
            violated("I18", "replica", seat, "forgets", lost, "when it sums up what it holds")
        book.votes, book.promises, book.voted = former.votes, former.promises, former.voted
        self.books[seat] = book
        self.drafts[seat] = Book(records)

    def voters(self, position: int) -> list[int]:
        """The seats whose votes chose the value of a position."""
        return [seat for seat, positions in enumerate(self._parts) if position in positions]

    @property
    def formed(self) -> bool:
        """Whether every member has had a vote."""
        return len(self._voted) == len(self.books)

    def is_lost(self, seat: int) -> bool:
        """Whether what the seat once knew is missing there still."""
        return seat in self._losses

    # How it counts.

    def _check_voting(self, seat: int, book: Book) -> None:
        if book.status is not Status.VOTING or seat in self._losses:
            violated("I19", "replica", seat, "says that it votes and is", book.status, "or was set back")

    def _check_vote(self, seat: int, book: Book, verdict: Verdict, promised: Ballot, ballot: Ballot) -> None:
        if verdict is Verdict.IGNORED:
            return
        if not book.voted:
            violated("I19", "replica", seat, "answers", verdict, "and is", book.status)
        if seat in self._losses:
            violated("I19", "replica", seat, "answers", verdict, "though its disk was set back")
        if verdict is Verdict.REJECT and promised < ballot:
            violated("I18", "replica", seat, "prefers", promised, "to", ballot)

    def _promises_say(self, seat: int, book: Book, request: PromiseRequest) -> None:
        ballot = request.ballot
        if request.position is None:
            if ballot not in book.promises:
                violated("I18", "replica", seat, "promises", ballot, "which is not durable")
            self._promise(seat, ballot)
        elif book.promised < ballot:
            violated("I18", "replica", seat, "promises", ballot, "at", request.position, "not durably")

    def _check_found(self, seat: int, draft: Book, position: int, response: PromiseResponse) -> None:
        if response.truncated:
            if position >= self._truncated:
                violated("I20", "replica", seat, "calls", position, "truncated of", self._truncated)
            return
        told, held = response.accepted, draft.accepted.get(position)
        if position in draft.learned:
            if told is None or told.action != draft.learned[position]:
                violated("I18", "replica", seat, "tells", told, "and learned", draft.learned[position])
        elif held is not None and (told is None or told.ballot < held.ballot):
            violated("I18", "replica", seat, "tells", told, "and accepted", held)
        if told is not None and told.learned:
            self.learned(told.action)

    def _check_accepted(self, seat: int, book: Book, request: WriteRequest) -> None:
        position = request.action.position
        if position < book.begin or book.learned.get(position) == request.action:
            return
        if (position, request.ballot) not in book.votes:
            violated("I18", "replica", seat, "accepts", request, "which is not durable")

    def _told(self, response: LearnedResponse) -> None:
        position = max(response.position, response.begin)
        for action in response.actions:
            if action.position != position:
                violated("I20", "told of", action.position, "where", position, "was to come")
            self.learned(action)
            position += 1

    def _agreeing(self, votes: dict[int, Vote]) -> tuple[int, ...] | None:
        """The seats of a quorum whose votes add up; None when there is none."""
        if len(votes) < self.quorum:
            return None
        if not self._lost_ever:
            return tuple(votes)
        for seats in itertools.combinations(votes, self.quorum):
            if all(
                self._lives[votes[witness].met.get(self.seats[seat], "")] <= self._lives[votes[seat].replica]
                for witness, seat in itertools.permutations(seats, 2)
            ):
                return seats
        return None

    def _promise(self, seat: int, ballot: Ballot) -> None:
        votes = self._promises.setdefault(ballot, {})
        book = self.books[seat]
        votes[seat] = Vote(book.identity, book.promises[ballot])
        if ballot > self.elected and self._agreeing(votes) is not None:
            self.elected = ballot

    def _vote(self, seat: int, ballot: Ballot, action: Action) -> None:
        position = action.position
        if self._proposals.get(position, {}).get(ballot) != action:
            violated("I18", "replica", seat, "accepted", action, "that", ballot, "never proposed")
        votes = self._votes.setdefault((position, ballot), {})
        votes[seat] = Vote(self.books[seat].identity, dict(self.books[seat].met))
        agreeing = self._agreeing(votes)
        if agreeing is not None:
            self._choose(ballot, action)
            for one in agreeing:
                self._parts[one].add(position)

    def _choose(self, ballot: Ballot, action: Action) -> None:
        position = action.position
        earlier = self.chosen.get(position)
        if earlier is not None:
            if earlier != action:
                violated("I18", "chosen at", position, earlier, "and", action)
            self._ballots[position] = min(ballot, self._ballots[position])
        else:
            self.chosen[position] = action
            self._ballots[position] = ballot
            self._keep_order(action)
        for later, proposal in self._proposals[position].items():
            if later > ballot and proposal != action:
                violated("I18", later, "proposed", proposal, "and chosen is", action, "under", ballot)

    def _keep_order(self, action: Action) -> None:
        if action.kind is Kind.TRUNCATE:
            self._truncated = max(self._truncated, action.to)
        if action.kind is not Kind.APPEND:
            return
        position, content = action.position, action.content
        if self._appended.setdefault(content, position) != position:
            violated("I17", content, "is chosen at", self._appended[content], "and at", position)
        place = bisect.bisect(self._appends, position)
        self._appends.insert(place, position)
        epochs = [
            self._epochs[self.chosen[at].content] for at in self._appends[max(0, place - 1) : place + 2]
        ]
        if epochs != sorted(epochs):
            violated("I17", "epochs follow as", epochs, "around position", position)

    def _begins_to_vote(self, seat: int, book: Book) -> None:
        self._voted.add(seat)
        loss = self._losses.pop(seat, None)
        if loss is None:
            return
        if book.promised < loss.elected:
            violated("I19", "replica", seat, "votes again, promised", book.promised, "of", loss.elected)
        needed = self._parts[seat].union(loss.positions)
        missing = sorted(p for p in needed if p >= book.begin and p not in book.learned)
        if missing:
            violated("I19", "replica", seat, "votes again without", missing)
