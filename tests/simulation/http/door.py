"""HTTP in simulation: what a client and a master's server say to each other, and the server's part.

Behind the door stands the very `SchedulerApi` of a real master, with its streams as actors of the node. Two
actors' messages keep their order and get lost only with a broken link, as bytes do on a connection of TCP.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final, NamedTuple

from actors.gateway.front import Front
from actors.gateway.pace import BEHIND_BYTES
from actors.master.http.scheduler_api import PATH, SchedulerApi
from actors.metrics import Registry
from actors.process import Process, handles
from transport.http.exchange import HttpError, Request, Response, Streaming, unavailable
from transport.message import Message
from transport.pid import Pid

#: The name of the actor.
DOOR: Final = "door"
_ANSWER_SECONDS: Final = 5.0
#: How often a client is found to be behind.
_BEHIND: Final = 0.2


class Post(Message):
    """A request, by a number of its sender's; answered by Answered, or by Opened and what follows."""

    number: int
    headers: dict[str, str]
    body: bytes


class Answered(Message):
    """A whole response."""

    number: int
    status: int
    text: str = ""


class Opened(Message):
    """The head of a response that goes on."""

    number: int
    stream_id: str


class Piece(Message):
    """A piece of its body, and which: on TCP none is missing, so where one is the connection has broken."""

    number: int
    place: int
    data: bytes


class Ended(Message):
    """The end of its body."""

    number: int


class HangUp(Message):
    """The client has closed the connection."""

    number: int


class _Caller(NamedTuple):
    """Who waits for the response to which request."""

    pid: Pid
    number: int


_Handling = Coroutine[Any, Any, Response | Streaming]


class Door(Process):
    """Serves the scheduler API to the clients of other nodes."""

    def __init__(self) -> None:
        self._asked = 0
        #: What is to be told, by caller, when a client is gone.
        self._open: dict[_Caller, Callable[[str], None]] = {}

    def initialize(self) -> None:
        front = Front(
            here=self.pid.address,
            ask=self._ask,
            spawn=self.spawn,
            tell=self.send,
            metrics=Registry(),
            log=self.log,
            now=self.system.now,
            wall=self.system.wall,
        )
        self._api = SchedulerApi(front, lambda: uuid.UUID(bytes=self.system.rng.randbytes(16), version=4))

    @handles(Post)
    def post(self, sender: Pid, message: Post) -> None:
        self.link(sender)
        request = Request(method="POST", target=PATH, headers=message.headers, body=message.body)
        self._go_on(_Caller(sender, message.number), self._api.handle(request), None)

    @handles(HangUp)
    def hang_up(self, sender: Pid, message: HangUp) -> None:
        self._gone(_Caller(sender, message.number))

    def exited(self, pid: Pid) -> None:
        for caller in [caller for caller in self._open if caller.pid == pid]:
            self._gone(caller)

    def _gone(self, caller: _Caller) -> None:
        ended = self._open.pop(caller, None)
        if ended is not None:
            ended("the client is gone")

    # A handler, turn by turn.

    def _go_on(self, caller: _Caller, handling: _Handling, answer: object) -> None:
        try:
            question = handling.throw(answer) if isinstance(answer, HttpError) else handling.send(answer)
        except StopIteration as stop:
            self._respond(caller, stop.value)
        except HttpError as error:
            self._respond(caller, error.response)
        else:
            assert isinstance(question, _Question)
            self._asked += 1
            asker = _Asker(question, lambda found: self._go_on(caller, handling, found))
            self.spawn(lambda: asker, f"ask-{self._asked}")

    async def _ask(self, name: str, message: Message) -> object:
        return await _Question(Pid(name, *self.pid.address), message)

    def _respond(self, caller: _Caller, response: Response | Streaming) -> None:
        if isinstance(response, Response):
            assert isinstance(response.body, bytes)
            text = response.body.decode()
            self.send(caller.pid, Answered(caller.number, response.status, text))
            return
        self._open[caller] = response.ended
        self.send(caller.pid, Opened(caller.number, response.headers["Mesos-Stream-Id"]))
        response.begin(_Body(self, caller))

    def write(self, caller: _Caller, place: int, piece: bytes) -> None:
        """Send a client a piece, unless it is gone."""
        if caller in self._open:
            self.send(caller.pid, Piece(caller.number, place, piece))

    def end(self, caller: _Caller) -> None:
        """Nothing more is sent to a client."""
        ended = self._open.pop(caller, None)
        if ended is not None:
            self.send(caller.pid, Ended(caller.number))
            ended("the stream was ended")


class _Body:
    """The outlet of one stream."""

    def __init__(self, door: Door, caller: _Caller) -> None:
        self._door = door
        self._caller = caller
        self._pieces = 0

    def write(self, piece: bytes) -> None:
        self._door.write(self._caller, self._pieces, piece)
        self._pieces += 1

    @property
    def unread_bytes(self) -> int:
        """Now and then a client is behind, or seems so."""
        return BEHIND_BYTES if self._door.system.rng.random() < _BEHIND else 0

    def end(self) -> None:
        self._door.end(self._caller)

    def abort(self) -> None:
        self._door.end(self._caller)


class _Question:
    """What a handler waits for."""

    def __init__(self, to: Pid, message: Message) -> None:
        self.to = to
        self.message = message

    def __await__(self) -> Generator[_Question, object, object]:
        return (yield self)


class _Asker(Process):
    """Asks, and tells the answer, or an HttpError when none comes."""

    def __init__(self, question: _Question, done: Callable[[object], None]) -> None:
        self._question = question
        self._done = done

    def initialize(self) -> None:
        self.link(self._question.to)
        self.send(self._question.to, self._question.message)
        self.delay(_ANSWER_SECONDS, self._give_up, "did not answer")

    def unhandled(self, sender: Pid, message: object) -> None:
        self._end(message)

    def exited(self, pid: Pid) -> None:
        self._give_up("does not run just now")

    def _give_up(self, why: str) -> None:
        self._end(HttpError(unavailable(f"{self._question.to.name} {why}")))

    def _end(self, answer: object) -> None:
        done, self._done = self._done, lambda _answer: None
        done(answer)
        self.terminate()
