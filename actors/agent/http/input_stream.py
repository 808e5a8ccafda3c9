"""What one client sends for one container to read: records of its call, in order (§4.3)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from actors.agent.http.output_stream import check_attached
from actors.agent.http.porter import Porter
from transport.http.exchange import HttpError, refusal, unavailable
from transport.http.media_type import Encoding
from transport.http.recordio import RecordError, RecordReader
from transport.limits import MIB
from transport.message import Message
from transport.messages.attaching import (
    WINDOW_BYTES,
    AttachInput,
    ConsoleInput,
    Detach,
    Detached,
    InputTaken,
    ResizeConsole,
)
from transport.pid import Pid
from transport.records.agent_call import Call
from transport.records.process_io import ProcessIO

_Data = ProcessIO.Data
_Control = ProcessIO.Control
_Input = Call.AttachContainerInput
#: The most that one record may have.
_RECORD_BYTES: Final = 4 * MIB
#: What of it is sent at a time.
_PIECE_BYTES: Final = 64 * 1024


class InputRecords:
    """Reads the calls in a body that comes in pieces; raises HttpError, a 400, for what is none."""

    def __init__(self, pieces: AsyncIterator[bytes], encoding: Encoding) -> None:
        self._pieces = pieces
        self._encoding = encoding
        self._reader = RecordReader(_RECORD_BYTES)
        self._waiting: deque[bytes] = deque()

    async def next(self) -> _Input | None:
        """The next one; None at the end."""
        try:
            while not self._waiting:
                try:
                    piece = await anext(self._pieces)
                except StopAsyncIteration:
                    self._reader.end()
                    return None
                self._waiting.extend(self._reader.feed(piece))
            call = self._encoding.decode(self._waiting.popleft(), Call)
        except RecordError as error:
            raise refusal(400, f"body: {error}") from None
        except ValueError as error:
            raise refusal(400, f"record: {error}") from None
        if call.type is not Call.Type.ATTACH_CONTAINER_INPUT or call.attach_container_input is None:
            raise refusal(400, "record: type must be ATTACH_CONTAINER_INPUT, with attach_container_input")
        return call.attach_container_input


class InputStream:
    """Attached to one container; its methods are called on the server's thread."""

    def __init__(self, porter: Porter) -> None:
        self._porter = porter
        loop = asyncio.get_running_loop()
        self._number = 0
        self._answer: asyncio.Future[Message | None] = loop.create_future()
        #: Set when the container takes no more: None if its node is gone.
        self._over: asyncio.Future[Message | None] = loop.create_future()
        #: What was sent and not taken.
        self._under_way = 0
        self._taken = asyncio.Event()

    async def attach(self, consoles: Pid, container_id: str) -> None:
        """Begin; raises HttpError where that cannot be."""
        self._number = self._porter.begin(
            consoles, lambda number: AttachInput(number, container_id), self._hear
        )
        check_attached(await self._answer)

    async def pass_on(self, records: InputRecords) -> None:
        """Pass all of it on, or what comes before the container ends; raises HttpError."""
        passing = asyncio.ensure_future(self._pass_on(records))
        try:
            await asyncio.wait((passing, self._over), return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                passing.result()
        finally:
            passing.cancel()
        if self._over.done() and self._over.result() is None:
            raise HttpError(unavailable("the executor node is gone; another takes its place"))

    def detach(self) -> None:
        """Let somebody else write."""
        self._porter.say(self._number, Detach(self._number))
        self._porter.end(self._number)

    async def _pass_on(self, records: InputRecords) -> None:
        while (record := await records.next()) is not None:
            message = record.process_io
            if record.type is not _Input.Type.PROCESS_IO or message is None:
                raise refusal(400, "attach_container_input: type must be PROCESS_IO, with process_io")
            if message.type is ProcessIO.Type.DATA and message.data is not None:
                await self._send(message.data)
            elif message.type is ProcessIO.Type.CONTROL and message.control is not None:
                self._control(message.control)
            else:
                raise refusal(400, "process_io: type must be DATA or CONTROL, with data or control")

    async def _send(self, data: _Data) -> None:
        if data.type is not _Data.Type.STDIN:
            raise refusal(400, "process_io.data: type must be STDIN")
        content = data.data or b""
        if not content:
            self._porter.say(self._number, ConsoleInput(self._number, b""))
        for begin in range(0, len(content), _PIECE_BYTES):
            piece = content[begin : begin + _PIECE_BYTES]
            while self._under_way + len(piece) > WINDOW_BYTES:
                self._taken.clear()
                await self._taken.wait()
            self._under_way += len(piece)
            self._porter.say(self._number, ConsoleInput(self._number, piece))

    def _control(self, control: _Control) -> None:
        if control.type is _Control.Type.TTY_INFO and control.tty_info is not None:
            size = control.tty_info.window_size
            if size is not None:
                self._porter.say(self._number, ResizeConsole(self._number, size.rows, size.columns))
        elif control.type is not _Control.Type.HEARTBEAT:
            raise refusal(400, "process_io.control: type must be TTY_INFO, with tty_info, or HEARTBEAT")

    def _hear(self, message: Message | None) -> None:
        if not self._answer.done():
            self._answer.set_result(message)
        elif isinstance(message, InputTaken):
            self._under_way = max(0, self._under_way - message.size)
            self._taken.set()
        elif (message is None or isinstance(message, Detached)) and not self._over.done():
            self._over.set_result(message)
