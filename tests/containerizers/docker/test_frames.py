"""Frames of stdout and stderr."""

from __future__ import annotations

import random

import pytest

from containerizers.docker.frames import FrameError, Frames, Plain


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def gathered(frames: Frames, *pieces: bytes) -> dict[int, bytes]:
    found = {1: b"", 2: b""}
    for piece in pieces:
        for stream, data in frames.feed(piece):
            found[stream] += data
    return found


def test_frames_are_told_apart() -> None:
    data = frame(1, b"out") + frame(2, b"err") + frame(1, b"") + frame(0, b"!")
    assert gathered(Frames(), data) == {1: b"out!", 2: b"err"}


def test_wherever_they_are_cut_the_same_comes_out() -> None:
    chance = random.Random(5)
    for _ in range(300):
        sent = {1: b"", 2: b""}
        data = b""
        for _ in range(chance.randint(1, 6)):
            stream, piece = chance.choice((1, 2)), chance.randbytes(chance.randint(0, 40))
            sent[stream] += piece
            data += frame(stream, piece)
        cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(0, 8)))
        pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert gathered(Frames(), *pieces) == sent


def test_a_long_frame_is_passed_on_as_it_comes() -> None:
    frames = Frames()
    list(frames.feed(bytes([1, 0, 0, 0]) + (2**31).to_bytes(4, "big")))
    for _ in range(3):
        assert list(frames.feed(b"x" * 1000)) == [(1, b"x" * 1000)]


@pytest.mark.parametrize("data", [b"\x03\0\0\0\0\0\0\1a", b"HTTP/1.1", b"\1\0\1\0\0\0\0\1"])
def test_what_is_no_frame_is_told(data: bytes) -> None:
    with pytest.raises(FrameError, match="no frame begins with"):
        list(Frames().feed(data))


def test_a_terminal_has_one_stream_and_no_frames() -> None:
    assert list(Plain().feed(b"\1\0\0\0")) == [(1, b"\1\0\0\0")]
    assert list(Plain().feed(b"")) == []
