"""The actor that answers readers of the cluster, and tells those who watch it what happens."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from actors.election.address import MASTER
from actors.master.view import events
from actors.master.view.about import About
from actors.master.view.answers import Answers, get_state
from actors.master.view.events import ShownEvent
from actors.master.view.forms import Form
from actors.master.view.model import Model
from actors.master.view.rope import compact, message
from actors.process import Process, handles
from actors.system import Timer
from transport.messages.viewing import (
    ChangesTold,
    ReadView,
    TellChanges,
    ViewEvent,
    ViewRead,
    ViewRefused,
    ViewWatchOver,
    WatchView,
)
from transport.pid import Pid
from transport.records.master_event import Event

#: The name of the actor on a master's node.
VIEW: Final = "view"
#: How often those who watch hear that the master lives (mesos-protocol.md §4.2).
HEARTBEAT_SECONDS: Final = 15.0
#: A question that the master has not answered for so long is asked again.
_AGAIN_SECONDS: Final = 1.0
#: So many readers wait at most while the master does not answer.
_MAX_WAITING: Final = 4096
#: Answers that are kept for who asks the same of the same version.
_KEPT: Final = 8


class _Reader(NamedTuple):
    """Who asked, and what."""

    pid: Pid
    question: ReadView | WatchView


class View(Process):
    """Serves the reign on this node, if there is one."""

    def __init__(self, about: About, max_watchers: int) -> None:
        self._answers = Answers(about)
        self._max_watchers = max_watchers
        #: The master that told the model, in its incarnation.
        self._master: Pid | None = None
        #: What it has told; None while there is none.
        self.model: Model | None = None
        #: How many portions it has told.
        self._heard = 0
        #: The number of the last question.
        self._number = 0
        #: Those who came before the last question was asked, and wait for its answer; and those since.
        self._asking: list[_Reader] = []
        self._waiting: list[_Reader] = []
        self._again: Timer | None = None
        #: The form that each of those who watch wants, the oldest first.
        self._watchers: dict[Pid, Form] = {}
        self._kept: dict[tuple[object, ...], tuple[bytes, ...]] = {}
        self._happened: deque[Event] = deque()

    def initialize(self) -> None:
        """Wait for readers."""
        self.link(self._leader)
        self.every(HEARTBEAT_SECONDS, self._beat)

    @property
    def _leader(self) -> Pid:
        """Whoever is the master of this node."""
        return Pid(MASTER, *self.pid.address)

    # --- readers ---

    @handles(ReadView)
    def read(self, sender: Pid, message: ReadView) -> None:
        """Answer when it is known what the master has done by now."""
        self._wait(_Reader(sender, message))

    @handles(WatchView)
    def watch(self, sender: Pid, message: WatchView) -> None:
        """Show the cluster as it is then, and all that happens from there."""
        self.link(sender)
        self._wait(_Reader(sender, message))

    def _wait(self, reader: _Reader) -> None:
        if len(self._waiting) == _MAX_WAITING:
            self.send(reader.pid, ViewRefused(503, "too many wait for the master"))
            return
        self._waiting.append(reader)
        if not self._asking:
            self._ask()

    def _ask(self) -> None:
        """Ask the master, for all who wait."""
        self._asking, self._waiting = self._waiting, []
        self._number += 1
        self._send_question()

    def _send_question(self) -> None:
        self._again = self.delay(_AGAIN_SECONDS, self._send_question)
        # Should there be none, `exited` says so.
        self.link(self._leader)
        self.send(self._leader, TellChanges(self._number, self._heard, watches=self._is_watched))

    @property
    def _is_watched(self) -> bool:
        watching = any(isinstance(one.question, WatchView) for one in self._asking)
        return bool(self._watchers) or watching

    # --- the master ---

    @handles(ChangesTold)
    def changes_told(self, sender: Pid, message: ChangesTold) -> None:
        """Take in a portion; answer those who waited for it."""
        if sender != self._master or self.model is None:
            self._master, self._heard = sender, 0
            self.model = Model(message.info, message.elected_at, self._happened.append)
        self._heard += 1
        model = self.model
        model.watched = bool(self._watchers)
        for key, fact in message.facts:
            model.take(key, fact)
        if message.facts:
            self._kept.clear()
        self._tell_watchers()
        if message.settled:
            model.settle()
        if message.answers == self._number and self._asking:
            self._answer_all(model)

    def exited(self, pid: Pid) -> None:
        """Somebody stopped watching; or the reign is over, and nobody can be told of the next."""
        if pid != self._leader:
            self._leave(pid)
            return
        self.model, self._master, self._heard = None, None, 0
        self._kept.clear()
        if self._again is not None:
            self._again.cancel()
        readers, self._asking, self._waiting = [*self._asking, *self._waiting], [], []
        for reader in readers:
            self.send(reader.pid, ViewRefused(503, "this master does not lead"))
        for watcher in self._watchers:
            self.send(watcher, ViewWatchOver("this master leads no more"))
        self._watchers.clear()

    # --- answers ---

    def _answer_all(self, model: Model) -> None:
        if self._again is not None:
            self._again.cancel()
        readers, self._asking = self._asking, []
        for reader in readers:
            question = reader.question
            if isinstance(question, ReadView):
                self._answer(model, reader.pid, question)
            else:
                self._show(model, reader.pid, Form(question.form))
        if self._waiting:
            self._ask()

    def _answer(self, model: Model, reader: Pid, question: ReadView) -> None:
        key = question.what, question.form, *sorted(question.arguments.items())
        pieces = self._kept.get(key)
        if pieces is None:
            form = Form(question.form)
            try:
                pieces = self._answers.answer(model, question.what, form, question.arguments)
            except ValueError as error:
                self.send(reader, ViewRefused(400, str(error)))
                return
            if len(self._kept) < _KEPT:
                self._kept[key] = pieces
        # A view that took this one's place would count anew.
        version = f"{model.info.id}-{self.pid.incarnation}-{model.version}"
        self.send(reader, ViewRead(version, pieces))

    # --- those who watch ---

    def _show(self, model: Model, watcher: Pid, form: Form) -> None:
        if watcher not in self._linked:
            return  # it is gone already
        while len(self._watchers) >= self._max_watchers:
            oldest = next(iter(self._watchers))
            del self._watchers[oldest]
            self.send(oldest, ViewWatchOver("there are others, and too many"))
        self._watchers[watcher] = form
        model.watched = True
        self.send(watcher, ViewEvent(_subscribed(model, form)))
        self._send_event(ShownEvent(events.heartbeat()), {watcher: form})

    def _leave(self, watcher: Pid) -> None:
        """Somebody does not watch any more: with the last of them, the master need not tell all at once."""
        if self._watchers.pop(watcher, None) is not None and not self._watchers and not self._asking:
            self._number += 1
            self.send(self._leader, TellChanges(self._number, self._heard))

    def _tell_watchers(self) -> None:
        while self._happened:
            self._send_event(ShownEvent(self._happened.popleft()), self._watchers)

    def _send_event(self, event: ShownEvent, watchers: dict[Pid, Form]) -> None:
        for watcher, form in watchers.items():
            self.send(watcher, ViewEvent((event.piece(form),)))

    def _beat(self) -> None:
        self._send_event(ShownEvent(events.heartbeat()), self._watchers)


def _subscribed(model: Model, form: Form) -> tuple[bytes, ...]:
    """The first event of a stream: the cluster as it is."""
    beats = Event.Subscribed(heartbeat_interval_seconds=HEARTBEAT_SECONDS)
    subscribed = message(form, beats, {"get_state": get_state(model, form)})
    return compact(message(form, Event(type=Event.Type.SUBSCRIBED), {"subscribed": subscribed}))
