"""RecordIO, however the stream is cut into pieces."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from transport.http.recordio import RecordError, RecordReader, frame

#: What a real Mesos streamed; it lies beside the checkout, and without it this file fails.
GOLDEN = Path(__file__).parents[4] / "shared/spec/golden/stream"

RECORDS = [b"", b"\n", b"3\nabc", b"x" * 1_000, b"\xff\x00", b"7"]


def test_a_record_stands_behind_its_length() -> None:
    assert frame(b"hello") == b"5\nhello"
    assert frame(b"") == b"0\n"


@pytest.mark.parametrize("seed", range(20))
def test_records_are_read_however_they_are_cut(seed: int) -> None:
    rng, reader, found = Random(seed), RecordReader(), []
    stream = b"".join(map(frame, RECORDS))
    while stream:
        length = rng.choice((0, 1, 2, 5, 2_000))
        found += reader.feed(stream[:length])
        stream = stream[length:]
    reader.end()
    assert found == RECORDS


def test_each_record_is_given_as_soon_as_it_is_there() -> None:
    reader = RecordReader()
    assert reader.feed(b"2\na") == []
    assert reader.feed(b"b0\n3\nc") == [b"ab", b""]
    assert reader.feed(b"de") == [b"cde"]
    reader.end()


def test_a_length_may_begin_with_zeros() -> None:
    assert RecordReader().feed(b"002\nab") == [b"ab"]


@pytest.mark.parametrize(
    "stream", [b"\n", b"-1\n", b"+1\n", b" 1\n", b"1 \na", b"0x1\n", b"a", b'{"type":', b"0" * 21, b"\xb2\n"]
)
def test_what_is_no_length_is_refused_at_once(stream: bytes) -> None:
    reader = RecordReader()
    with pytest.raises(RecordError, match="length of each record in digits"):
        reader.feed(stream)


def test_a_record_has_so_many_bytes_and_no_more() -> None:
    reader = RecordReader(max_bytes=3)
    assert reader.feed(frame(b"abc")) == [b"abc"]
    with pytest.raises(RecordError, match="at most 3 bytes, not 4"):
        reader.feed(b"4\n")


def test_after_a_fault_nothing_is_read_but_what_came_before_is_given() -> None:
    reader = RecordReader()
    assert reader.feed(b"1\nab\n1\nc") == [b"a"]
    with pytest.raises(RecordError, match="in digits"):
        reader.feed(frame(b"c"))
    with pytest.raises(RecordError, match="in digits"):
        reader.end()


@pytest.mark.parametrize("stream", [b"1", b"1\n", b"2\na"])
def test_a_stream_that_ends_within_a_record_is_noticed(stream: bytes) -> None:
    reader = RecordReader()
    assert reader.feed(stream) == []
    with pytest.raises(RecordError, match="ends within a record"):
        reader.end()


def test_what_mesos_streamed_is_read() -> None:
    head, _, body = (GOLDEN / "stream.raw.txt").read_bytes().partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    reader, found = RecordReader(), []
    while body:
        length, _, body = body.partition(b"\r\n")
        chunk, body = body[: int(length, 16)], body[int(length, 16) + 2 :]
        found += reader.feed(chunk)
    reader.end()
    events = json.loads((GOLDEN / "stream.events.json").read_bytes())
    assert [json.loads(record) for record in found] == events
