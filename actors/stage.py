"""Where actors have their turns: on the thread of an event loop, for those that work with what lives there.

An actor on a stage keeps all that other actors are promised: one turn at a time, in order, from its mailbox.
It shares its thread with handlers and sockets, though, so its turns must be short.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from actors.actor import Actor, Terminate
from actors.mailbox import Mailbox
from actors.system import StoppingError
from transport.envelope import Envelope

#: Turns that one actor has in a row while others, and the loop itself, wait.
_TURNS: Final = 64


class Stage(Protocol):
    """Gives actors their turns."""

    def mailbox(self, bound: int) -> Mailbox:
        """Make the mailbox of an actor that is about to start."""
        ...

    def start(self, actor: Actor) -> object:
        """Give the actor its turns from now on; raises RuntimeError or StoppingError when it cannot be."""
        ...


class LoopStage:
    """Gives actors their turns on the thread of an event loop.

    `call_soon` is the loop's `call_soon_threadsafe`, which raises RuntimeError when the loop is closed. Many
    messages make one such call. Whoever ends the loop calls `close` then.
    """

    def __init__(self, call_soon: Callable[[Callable[[], None]], object]) -> None:
        self._call_soon = call_soon
        # Appended to by any thread, and taken from by the loop's.
        self._ready: deque[LoopMailbox] = deque()
        self._called = False
        self._lock = threading.Lock()
        #: In order of their start; None once the stage is closed.
        self._actors: dict[Actor, None] | None = {}

    def mailbox(self, bound: int) -> Mailbox:
        """Make a mailbox that has its actor called when something comes."""
        return LoopMailbox(bound, self._wake)

    def start(self, actor: Actor) -> None:
        """See `Stage.start`."""
        mailbox = actor.mailbox
        if not isinstance(mailbox, LoopMailbox):
            raise TypeError(f"actor {actor.pid.name}: its mailbox is of another stage")
        with self._lock:
            if self._actors is None:
                raise StoppingError(f"actor {actor.pid.name}: its event loop has ended")
            self._actors[actor] = None
        mailbox.actor = actor
        self._wake(mailbox)

    def close(self) -> None:
        """Terminate the actors that are left, the youngest first; on the loop's thread, when it has ended."""
        with self._lock:
            actors, self._actors = self._actors or {}, None
        for actor in reversed(actors):
            actor.run(Envelope(actor.pid, actor.pid, Terminate()))

    def _wake(self, mailbox: LoopMailbox) -> None:
        """Have the loop look at a mailbox; from any thread."""
        self._ready.append(mailbox)
        if not self._called:
            self._called = True
            self._call()

    def _call(self) -> None:
        try:
            self._call_soon(self._run)
        except RuntimeError:
            # Not here: the caller is any thread, and may be amid something.
            threading.Thread(target=self.close, name="stage", daemon=True).start()

    def _run(self) -> None:
        # Before the look at what is ready: who comes later calls again.
        self._called = False
        ready = self._ready
        for _ in range(len(ready)):
            mailbox = ready.popleft()
            actor = mailbox.actor
            if actor is None or actor.gone.is_set():
                continue
            envelope = mailbox.begin(_TURNS)
            if envelope is not None and not actor.run(envelope):
                self._forget(actor)
            elif not mailbox.empty():
                ready.append(mailbox)
        if ready and not self._called:
            self._called = True
            self._call()

    def _forget(self, actor: Actor) -> None:
        with self._lock:
            if self._actors is not None:
                self._actors.pop(actor, None)


class LoopMailbox(Mailbox):
    """Calls `wake` when something comes, unless that was done already and nobody has looked since."""

    def __init__(self, bound: int, wake: Callable[[LoopMailbox], None]) -> None:
        super().__init__(bound)
        #: Whose it is; what comes before is known waits for its start.
        self.actor: Actor | None = None
        self._wake = wake
        self._awake = True
        self._turns = 0
        self._enqueue = self._put
        self._put = self._put_and_wake

    def begin(self, turns: int) -> Envelope | None:
        """The first of at most so many envelopes that are taken in a row."""
        # Before the look at what waits: what comes later wakes again.
        self._awake = False
        self._turns = turns
        return self.take_now()

    def take_now(self) -> Envelope | None:
        """The next envelope, if one waits and it is not others' turn."""
        self._turns -= 1
        return super().take_now() if self._turns >= 0 else None

    def _put_and_wake(self, envelope: Envelope | None) -> None:
        self._enqueue(envelope)
        if not self._awake:
            self._awake = True
            self._wake(self)
