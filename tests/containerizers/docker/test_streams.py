"""Connections that have become streams."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from queue import SimpleQueue

from containerizers.docker.sandbox_file import SandboxFile
from containerizers.docker.streams import FileSink, PipeSink, Stream, Streams
from tests.containerizers.docker.harbour import descriptors, eventually


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def connection() -> tuple[socket.socket, socket.socket]:
    ours, dockerds = socket.socketpair()
    ours.setblocking(False)
    return ours, dockerds


def test_frames_go_to_files_what_was_read_ahead_first(tmp_path: Path) -> None:
    before = descriptors()
    told: SimpleQueue[str] = SimpleQueue()
    streams = Streams(told.put)
    ours, dockerds = connection()
    sinks = {number: FileSink(SandboxFile(str(tmp_path), str(tmp_path / str(number)))) for number in (1, 2)}
    streams.add("a", Stream(ours, frame(1, b"ahead "), sinks, None, terminal=False))
    dockerds.sendall(frame(2, b"error") + frame(1, b"later"))
    dockerds.close()
    streams.when_written("a", lambda: told.put("written"))
    assert told.get(timeout=60) == "written"
    assert (tmp_path / "1").read_bytes() == b"ahead later"
    assert (tmp_path / "2").read_bytes() == b"error"
    assert streams.open == 0
    streams.close()
    assert descriptors() == before


def test_who_reads_slowly_is_waited_for_and_others_are_not_held_up(tmp_path: Path) -> None:
    streams = Streams(lambda _reason: None)
    slow, slows = connection()
    reader, writer = os.pipe()
    streams.add("slow", Stream(slow, b"", {1: PipeSink(writer)}, None, terminal=True))
    data = os.urandom(1_000_000)
    sending = threading.Thread(target=_send, args=(slows, data))
    sending.start()
    quick, quicks = connection()
    streams.add(
        "quick",
        Stream(
            quick, b"", {1: FileSink(SandboxFile(str(tmp_path), str(tmp_path / "o")))}, None, terminal=True
        ),
    )
    quicks.sendall(b"text")
    eventually(lambda: (tmp_path / "o").exists() and (tmp_path / "o").read_bytes() == b"text")
    assert sending.is_alive()
    with os.fdopen(reader, "rb") as file:
        assert file.read() == data
    sending.join(60)
    quicks.close()
    streams.close()


def _send(where: socket.socket, data: bytes) -> None:
    where.sendall(data)
    where.close()


def test_input_goes_the_other_way_until_its_end() -> None:
    streams = Streams(lambda _reason: None)
    ours, dockerds = connection()
    source, writer = os.pipe()
    streams.add("a", Stream(ours, b"", {}, source, terminal=True))
    os.write(writer, b"input")
    os.close(writer)
    with dockerds.makefile("rb") as file:
        assert file.read() == b"input"
    dockerds.close()
    eventually(lambda: streams.open == 0)
    streams.close()


def test_who_reads_no_more_costs_nobody_else_anything(tmp_path: Path) -> None:
    streams = Streams(lambda _reason: None)
    ours, dockerds = connection()
    reader, writer = os.pipe()
    os.close(reader)
    file = FileSink(SandboxFile(str(tmp_path), str(tmp_path / "e")))
    streams.add("a", Stream(ours, b"", {1: PipeSink(writer), 2: file}, None, terminal=False))
    dockerds.sendall(frame(1, b"lost") + frame(2, b"kept"))
    eventually(lambda: (tmp_path / "e").exists() and (tmp_path / "e").read_bytes() == b"kept")
    dockerds.close()
    eventually(lambda: streams.open == 0)
    streams.close()


def test_a_stream_of_nonsense_and_one_that_nobody_ends_are_over(tmp_path: Path) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    streams = Streams(told.put)
    pairs = [connection() for _ in range(2)]
    for number, (ours, _) in enumerate(pairs):
        streams.add(str(number), Stream(ours, b"", {}, None, terminal=False))
        streams.when_over(str(number), lambda number=number: told.put(str(number)))  # type: ignore[misc]
    pairs[0][1].sendall(b"HTTP/1.1 500 Oh")
    assert told.get(timeout=60) == "0"
    streams.hang_up("1")
    assert told.get(timeout=60) == "1"
    streams.when_over("2", lambda: told.put("2"))
    assert told.get(timeout=60) == "2"
    streams.close()
    for _, dockerds in pairs:
        dockerds.close()


def test_after_the_end_streams_are_closed_at_once() -> None:
    before = descriptors()
    streams = Streams(lambda _reason: None)
    streams.close()
    ours, dockerds = connection()
    streams.add("a", Stream(ours, b"", {}, None, terminal=True))
    dockerds.close()
    assert descriptors() == before
