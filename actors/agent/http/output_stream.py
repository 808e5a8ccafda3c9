"""The output of one container on its way to one client: records of ProcessIO, as fast as the client reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from actors.agent.http.porter import Porter
from actors.system import Timer
from transport.http.exchange import HttpError, Outlet, PacedOutlet, Streaming, refusal, unavailable
from transport.http.media_type import MediaType
from transport.http.recordio import frame
from transport.message import Message
from transport.messages.attaching import (
    Attached,
    AttachOutput,
    ConsoleOutput,
    Detach,
    Detached,
    OutputTaken,
)
from transport.pid import Pid
from transport.records.process_io import ProcessIO
from transport.records.time_info import DurationInfo

_Data = ProcessIO.Data
_Control = ProcessIO.Control
#: A client that leaves more unread is given no more before it has read some; and when to look again.
_UNREAD_BYTES: Final = 256 * 1024
_LOOK_SECONDS: Final = 0.01


class OutputStream:
    """Attached to one container; its methods are called on the server's thread."""

    def __init__(self, porter: Porter, form: MediaType, heartbeat_seconds: float) -> None:
        self._porter = porter
        self._form = form
        self._heartbeat_seconds = heartbeat_seconds
        self._number = 0
        self._answer: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()
        self._outlet: PacedOutlet | None = None
        #: What came before there was an outlet.
        self._early: list[Message | None] = []
        #: What was written, and was not said to be taken.
        self._written = 0
        self._look: Timer | None = None
        self._beat: Timer | None = None

    async def attach(self, consoles: Pid, container_id: str) -> None:
        """Begin; raises HttpError where that cannot be."""
        self._number = self._porter.begin(
            consoles, lambda number: AttachOutput(number, container_id), self._hear
        )
        with ExitStack() as failed:
            failed.callback(self._detach)
            check_attached(await self._answer)
            failed.pop_all()

    def response(self, ended: Callable[[], None] = lambda: None) -> Streaming:
        """What the client gets; `ended` is called when that is over."""

        def over(_reason: str) -> None:
            self._detach()
            ended()

        form = self._form
        return Streaming(content_type=form.content_type, headers=form.headers, begin=self._begin, ended=over)

    def _begin(self, outlet: Outlet) -> None:
        assert isinstance(outlet, PacedOutlet)
        self._outlet = outlet
        self._beat = self._porter.every(self._heartbeat_seconds, self._send_heartbeat)
        early, self._early = self._early, []
        for message in early:
            self._hear(message)

    def _hear(self, message: Message | None) -> None:
        outlet = self._outlet
        if not self._answer.done():
            self._answer.set_result(message)
        elif outlet is None:
            self._early.append(message)
        elif isinstance(message, ConsoleOutput):
            self._write(message)
        elif isinstance(message, Detached) and message.status == 200:
            outlet.end()
        else:
            outlet.abort()

    def _write(self, output: ConsoleOutput) -> None:
        kind = _Data.Type.STDERR if output.is_error else _Data.Type.STDOUT
        self._send(ProcessIO(type=ProcessIO.Type.DATA, data=_Data(type=kind, data=output.data)))
        self._written += len(output.data)
        if self._look is None:
            self._take()

    def _take(self) -> None:
        """Ask for more, unless the client is behind."""
        self._look = None
        if self._outlet is not None and self._outlet.unread_bytes > _UNREAD_BYTES:
            self._look = self._porter.delay(_LOOK_SECONDS, self._take)
            return
        size, self._written = self._written, 0
        self._porter.say(self._number, OutputTaken(self._number, size))

    def _send_heartbeat(self) -> None:
        interval = DurationInfo(nanoseconds=round(self._heartbeat_seconds * 1e9))
        heartbeat = _Control(type=_Control.Type.HEARTBEAT, heartbeat=_Control.Heartbeat(interval=interval))
        self._send(ProcessIO(type=ProcessIO.Type.CONTROL, control=heartbeat))

    def _send(self, record: ProcessIO) -> None:
        if self._outlet is not None:
            self._outlet.write(frame(self._form.encoding.encode(record)))

    def _detach(self) -> None:
        for timer in (self._look, self._beat):
            if timer is not None:
                timer.cancel()
        self._porter.say(self._number, Detach(self._number))
        self._porter.end(self._number)


def check_attached(heard: Message | None) -> None:
    """Raise HttpError unless an attachment was answered by Attached."""
    if isinstance(heard, Detached):
        raise refusal(heard.status, heard.message)
    if not isinstance(heard, Attached):
        raise HttpError(unavailable("the executor node is gone; another takes its place"))
