"""Standard input and output of this process, joined with those of a container (mesos-protocol.md §4.3)."""

from __future__ import annotations

import contextlib
import enum
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

from actors.cli.mesos.cluster import AgentConversation
from actors.cli.mesos.conversation import API, RefusedError
from actors.cli.mesos.terminal import STANDARD_INPUT, DetachKeys, Terminal, signals_to
from actors.cli.parser import CommandError
from transport import json_v1
from transport.http.client import HttpFailureError, Stream, Upload
from transport.http.exchange import JSON
from transport.http.media_type import RECORDIO
from transport.http.recordio import RecordReader, frame
from transport.record import Record
from transport.records.agent_call import Call
from transport.records.ids import ContainerID
from transport.records.process_io import ProcessIO
from transport.records.time_info import DurationInfo

#: How the output of a container is asked for, and how its input is sent.
_OUTPUT: Final = {"Content-Type": JSON, "Accept": RECORDIO, "Message-Accept": JSON}
_INPUT: Final = {"Content-Type": RECORDIO, "Message-Content-Type": JSON, "Accept": JSON}
#: An agent that lives says so each 30 seconds.
_SILENT_SECONDS: Final = 90.0
_HEARTBEAT_SECONDS: Final = 30.0
_PIECE_BYTES: Final = 16 * 1024
#: The byte that wakes the loop when the output has ended; it is the number of no signal.
_ENDED: Final = 0

_Data = ProcessIO.Data
_Control = ProcessIO.Control


class Input(enum.Enum):
    """What a container is to read."""

    #: Standard input, and what is typed on a terminal.
    OURS = enum.auto()
    #: Nothing: its input is at an end.
    ENDED = enum.auto()
    #: What others send it.
    OF_OTHERS = enum.auto()


class Detached(Exception):  # noqa: N818  nothing has gone wrong
    """The user has left; the container runs on."""


def open_output(agent: AgentConversation, call: Call) -> Stream:
    """Have a call answered by a stream, for the caller to close; raises CommandError."""
    with contextlib.ExitStack() as parts:
        try:
            stream = agent.client.stream(API, json_v1.encode(call), _OUTPUT, _SILENT_SECONDS)
            parts.callback(stream.close)
            if stream.status() != 200:
                agent.check(stream.rest())
        except HttpFailureError as error:
            raise CommandError(f"the agent cannot be reached: {error}") from None
        parts.pop_all()
        return stream


class Console:
    """Joins the two until the output ends; `terminal` is the one that is typed on, if any."""

    def __init__(self, agent: AgentConversation, output: Stream, terminal: Terminal | None) -> None:
        self._agent = agent
        self._output = output
        self._terminal = terminal
        self._upload: Upload | None = None
        self._keys: DetachKeys | None = None
        #: What went wrong in the thread that writes.
        self._failure: Exception | None = None

    def run(self, container_id: ContainerID, source: Input, *, detachable: bool = False) -> None:
        """Do it; raises CommandError, Detached, or KeyboardInterrupt when the process is to end."""
        if detachable:
            self._keys = DetachKeys()
        reader, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        writing = threading.Thread(target=self._write, name="output", daemon=True)
        with contextlib.ExitStack() as parts:
            parts.callback(os.close, reader)
            parts.callback(os.close, self._waker)
            parts.enter_context(signals_to(self._waker))
            if self._terminal is not None:
                parts.enter_context(self._terminal.raw())
            writing.start()
            parts.callback(self._output.close)
            parts.callback(writing.join)
            parts.callback(self._output.cut)
            parts.callback(self._close_input)
            if source is not Input.OF_OTHERS:
                self._open_input(container_id)
            if source is Input.ENDED:
                self._end_input()
            self._loop(reader, typed=source is Input.OURS)
        if self._failure is not None:
            raise self._failure

    # In a thread of its own.

    def _write(self) -> None:
        records = RecordReader()
        try:
            while piece := self._output.read():
                for record in records.feed(piece):
                    _print(json_v1.decode(record, ProcessIO))
        except (HttpFailureError, ValueError) as error:
            self._failure = CommandError(f"the output breaks off: {error}")
        except OSError as error:
            self._failure = error
        finally:
            with contextlib.suppress(OSError):
                os.write(self._waker, bytes((_ENDED,)))

    # In the main thread.

    def _loop(self, reader: int, *, typed: bool) -> None:
        beat = time.monotonic() + _HEARTBEAT_SECONDS
        while True:
            watched: list[int | Upload] = [reader]
            if self._upload is not None:
                watched += [self._upload, *((STANDARD_INPUT,) if typed else ())]
            ready, _, _ = select.select(watched, (), (), max(0.0, beat - time.monotonic()))
            if reader in ready and self._woken(os.read(reader, 512)):
                return
            if self._upload in ready:
                self._hear_refusal()
            elif STANDARD_INPUT in ready:
                typed = self._type(os.read(STANDARD_INPUT, _PIECE_BYTES))
            if time.monotonic() >= beat:
                beat += _HEARTBEAT_SECONDS
                interval = DurationInfo(nanoseconds=round(_HEARTBEAT_SECONDS * 1e9))
                heartbeat = _Control.Heartbeat(interval=interval)
                self._say(_Control(type=_Control.Type.HEARTBEAT, heartbeat=heartbeat))

    def _woken(self, bytes_: bytes) -> bool:
        """Whether the output has ended; raises KeyboardInterrupt."""
        if signal.SIGTERM in bytes_ or signal.SIGHUP in bytes_:
            raise KeyboardInterrupt
        if signal.SIGWINCH in bytes_ and self._terminal is not None:
            self._say(_Control(type=_Control.Type.TTY_INFO, tty_info=self._terminal.info))
        return _ENDED in bytes_

    def _type(self, data: bytes) -> bool:
        """Pass on what was typed; returns whether more may come. Raises Detached."""
        if not data:
            self._end_input()
            return False
        passed = data if self._keys is None else self._keys.pass_on(data)
        if passed:
            self._send(ProcessIO(type=ProcessIO.Type.DATA, data=_Data(type=_Data.Type.STDIN, data=passed)))
        if self._keys is not None and self._keys.found:
            raise Detached
        return True

    def _open_input(self, container_id: ContainerID) -> None:
        wanted = Call.AttachContainerInput
        first = wanted(type=wanted.Type.CONTAINER_ID, container_id=container_id)
        with self._input_may_be_over():
            self._upload = self._agent.client.upload(API, _INPUT)
            self._upload.write(_input_record(first))
        if self._terminal is not None:
            self._say(_Control(type=_Control.Type.TTY_INFO, tty_info=self._terminal.info))

    def _end_input(self) -> None:
        self._send(ProcessIO(type=ProcessIO.Type.DATA, data=_Data(type=_Data.Type.STDIN, data=b"")))
        with self._input_may_be_over():
            if self._upload is not None:
                self._upload.end()

    def _say(self, control: _Control) -> None:
        self._send(ProcessIO(type=ProcessIO.Type.CONTROL, control=control))

    def _send(self, piece: ProcessIO) -> None:
        wanted = Call.AttachContainerInput
        with self._input_may_be_over():
            if self._upload is not None:
                self._upload.write(_input_record(wanted(type=wanted.Type.PROCESS_IO, process_io=piece)))

    def _hear_refusal(self) -> None:
        """The agent has answered: all was read, or the container is at its end, or it refuses."""
        with self._input_may_be_over():
            if self._upload is not None:
                self._agent.check(self._upload.answer())
        self._close_input()

    @contextlib.contextmanager
    def _input_may_be_over(self) -> Iterator[None]:
        """A container that has ended reads no more; how it ended its output tells."""
        try:
            yield
        except HttpFailureError:
            self._close_input()
        except RefusedError as error:
            if error.status != 404:
                raise

    def _close_input(self) -> None:
        if self._upload is not None:
            self._upload.close()
            self._upload = None


def _input_record(wanted: Call.AttachContainerInput) -> bytes:
    call: Record = Call(type=Call.Type.ATTACH_CONTAINER_INPUT, attach_container_input=wanted)
    return frame(json_v1.encode(call))


def _print(piece: ProcessIO) -> None:
    if piece.type is ProcessIO.Type.DATA and piece.data is not None and piece.data.data:
        stream = sys.stderr if piece.data.type is _Data.Type.STDERR else sys.stdout
        stream.buffer.write(piece.data.data)
        stream.buffer.flush()
