"""The actor `porter` of an agent: carries what HTTP handlers say to the executor node, and the answers back.

Its turns run where handlers do, on the server's thread, and so may its methods be called there.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from actors.process import Process, handles
from transport.message import Message
from transport.messages.attaching import Attached, ConsoleOutput, Detached, InputTaken
from transport.messages.containing import ContainersListed, ContainersMeasured
from transport.messages.lodging import GuestAnswer, GuestEnded
from transport.messages.node import NodeMetricsRead
from transport.pid import Pid

#: Its name.
PORTER: Final = "porter"

#: Takes what is said in a conversation; None when the other side is gone.
Hear: TypeAlias = Callable[[Message | None], None]


class Porter(Process):
    """Tells conversations apart by their numbers; each is with one actor, and goes on until it is ended."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._conversations: dict[int, tuple[Pid, Hear]] = {}
        #: How many conversations there are with each actor.
        self._partners: dict[Pid, int] = {}
        #: By the actor and the type of its answer, who waits for one: they come in order.
        self._waiting: dict[Pid, dict[type[Message], deque[Hear]]] = {}

    # For handlers.

    def begin(self, partner: Pid, say: Callable[[int], Message], hear: Hear) -> int:
        """Say something that bears the conversation's number, which is returned."""
        number = next(self._numbers)
        self._conversations[number] = partner, hear
        self._partners[partner] = self._partners.get(partner, 0) + 1
        self.link(partner)
        self.send(partner, say(number))
        return number

    def say(self, number: int, message: Message) -> None:
        """Say something more, if anybody still listens."""
        conversation = self._conversations.get(number)
        if conversation is not None:
            self.send(conversation[0], message)

    def end(self, number: int) -> None:
        """Hear no more."""
        conversation = self._conversations.pop(number, None)
        if conversation is None:
            return
        partner = conversation[0]
        self._partners[partner] -= 1
        if not self._partners[partner]:
            del self._partners[partner]
            self.unlink(partner)

    def ask(self, partner: Pid, question: Message, answer: type[Message], hear: Hear) -> None:
        """Ask what every time is answered by one message of that type, which has no number."""
        if partner not in self._waiting:
            self._waiting[partner] = {}
            self.link(partner)
        self._waiting[partner].setdefault(answer, deque()).append(hear)
        self.send(partner, question)

    # What comes back.

    @handles(GuestAnswer)
    def _on_answer(self, sender: Pid, message: GuestAnswer) -> None:
        self._hear(message.request_id, message)

    @handles(GuestEnded)
    def _on_ended(self, sender: Pid, message: GuestEnded) -> None:
        self._hear(message.request_id, message)

    @handles(Attached)
    def _on_attached(self, sender: Pid, message: Attached) -> None:
        self._hear(message.attachment, message)

    @handles(ConsoleOutput)
    def _on_output(self, sender: Pid, message: ConsoleOutput) -> None:
        self._hear(message.attachment, message)

    @handles(InputTaken)
    def _on_taken(self, sender: Pid, message: InputTaken) -> None:
        self._hear(message.attachment, message)

    @handles(Detached)
    def _on_detached(self, sender: Pid, message: Detached) -> None:
        self._hear(message.attachment, message)

    @handles(ContainersMeasured)
    def _on_measured(self, sender: Pid, message: ContainersMeasured) -> None:
        self._answered(sender, message)

    @handles(ContainersListed)
    def _on_listed(self, sender: Pid, message: ContainersListed) -> None:
        self._answered(sender, message)

    @handles(NodeMetricsRead)
    def _on_metrics(self, sender: Pid, message: NodeMetricsRead) -> None:
        self._answered(sender, message)

    def exited(self, pid: Pid) -> None:
        """The executor node is gone, or the way to it."""
        self._partners.pop(pid, None)
        for number, (partner, hear) in tuple(self._conversations.items()):
            if partner == pid:
                del self._conversations[number]
                hear(None)
        for waiting in self._waiting.pop(pid, {}).values():
            for hear in waiting:
                hear(None)

    def _answered(self, sender: Pid, message: Message) -> None:
        waiting = self._waiting.get(sender.whoever(), {}).get(type(message))
        if waiting:
            waiting.popleft()(message)

    def _hear(self, number: int, message: Message) -> None:
        conversation = self._conversations.get(number)
        if conversation is not None:
            conversation[1](message)
