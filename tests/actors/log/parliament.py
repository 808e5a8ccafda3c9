"""Replicas and writers of the log without processes: messages are carried by the test."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from actors.log.coordinator import Coordinator
from actors.log.effects import Broadcast, Chosen, Outbid, Ready, Reply, Retry, Step
from actors.log.records import Identity, LogRecord, StatusChanged
from actors.log.replica import Replica, Request
from transport.message import Message
from transport.messages.replication import (
    Action,
    Kind,
    PromiseResponse,
    Status,
    Unsettled,
    Vouch,
    WriteResponse,
)
from transport.pid import Pid

#: Whether a message from a writer reaches a member, or its answer the writer.
Passes = Callable[[Pid, Message], bool]


def member(number: int) -> Pid:
    """The replica on host a, b, c, …"""
    return Pid("log-replica(1)", "abcde"[number], 6050)


def voting(number: int = 0, records: Iterable[LogRecord] = (), quorum: int = 2) -> Replica:
    """A replica that votes, with these records after the first two."""
    replica = Replica((Identity(f"r{number}"), StatusChanged(Status.VOTING), *records), quorum)
    replica.receive(Vouch())
    return replica


def answers(replica: Replica, message: Request) -> list[Message]:
    """What a replica says to a message."""
    return [effect.message for effect in replica.receive(message) if isinstance(effect, Reply)]


def append(position: int, content: bytes) -> Action:
    """A value."""
    return Action(position, Kind.APPEND, content)


class Parliament:
    """Replicas on hosts a, b, c, …; `passes` loses messages."""

    def __init__(self, size: int = 3) -> None:
        self.quorum = size // 2 + 1
        self.replicas = {member(number): voting(number, quorum=self.quorum) for number in range(size)}
        self.passes: Passes = lambda _member, _message: True

    def writer(self, epoch: int) -> Coordinator:
        """A writer of that epoch."""
        return Coordinator(epoch, self.quorum, random.Random(epoch))

    def elected(self, epoch: int) -> Coordinator:
        """A writer of that epoch that can write."""
        writer = self.writer(epoch)
        assert Ready() in self.carry(writer, writer.elect())
        return writer

    def replica(self, number: int) -> Replica:
        """The replica on the host of that number."""
        return self.replicas[member(number)]

    def only(self, *numbers: int) -> None:
        """Let messages come and go only between writers and these members."""
        heard = [member(number) for number in numbers]
        self.passes = lambda to, _message: to in heard

    def all(self) -> None:
        """Let all messages pass."""
        self.passes = lambda _member, _message: True

    def restart(self, number: int) -> None:
        """Let a replica forget what it did not persist, and be vouched for."""
        self.replicas[member(number)] = Replica(self.replica(number).snapshot(), self.quorum)
        self.replica(number).receive(Vouch())

    def carry(self, writer: Coordinator, steps: Iterable[Step]) -> list[Step]:
        """Carry messages until none is left; what the writer tells its owner is returned."""
        todo, told = list(steps), list[Step]()
        while todo:
            step = todo.pop(0)
            if isinstance(step, Broadcast):
                for to, answer in self._deliver(step):
                    todo += writer.receive(to, answer)
            elif not isinstance(step, Retry):
                told.append(step)
            self._check(writer)
        return told

    def written(self, writer: Coordinator, content: bytes) -> int | None:
        """Append a value; its position, None when it was not chosen."""
        told = self.carry(writer, writer.append(content))
        return next((step.position for step in told if isinstance(step, Chosen)), None)

    def values(self, number: int) -> list[tuple[int, Kind, bytes]]:
        """What a replica knows to be chosen, from its begin to the first that it does not know."""
        holdings = self.replica(number).holdings
        return [(action.position, action.kind, action.content) for action in holdings.read(1, 1 << 30)]

    def _deliver(self, step: Broadcast) -> list[tuple[Pid, PromiseResponse | WriteResponse | Unsettled]]:
        told: list[tuple[Pid, PromiseResponse | WriteResponse | Unsettled]] = []
        for to, replica in self.replicas.items():
            if to in step.answered or not self.passes(to, step.message):
                continue
            for answer in answers(replica, step.message):
                assert isinstance(answer, PromiseResponse | WriteResponse | Unsettled)
                if self.passes(to, answer):
                    told.append((to, answer))
        return told

    def _check(self, writer: Coordinator) -> None:
        writer.check_invariants()
        for replica in self.replicas.values():
            replica.check_invariants()


def outbid(steps: Iterable[Step]) -> bool:
    """Whether the writer was outbid."""
    return any(isinstance(step, Outbid) for step in steps)
