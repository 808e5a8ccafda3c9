from __future__ import annotations

from collections.abc import Callable

from actors.gateway.pace import BEHIND_BYTES, MOST_WAITING, Pace
from transport.http.media_type import Encoding
from transport.records.ids import OfferID


class Reader:
    """A client, in the test's hand."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.unread_bytes = 0
        self.later: list[Callable[[], None]] = []
        self.lost = 0
        self.pace = Pace(self, Encoding.JSON, lambda _seconds, run: self.later.append(run), self.lose)

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.unread_bytes += len(piece)

    def end(self) -> None:
        raise AssertionError("nobody wanted it")

    abort = end

    def lose(self) -> None:
        self.lost += 1

    def go_on(self) -> None:
        (run,), self.later = self.later, []
        run()


def event(text: object) -> OfferID:
    return OfferID(value=str(text))


def test_a_client_that_reads_gets_each_event_at_once_as_a_record() -> None:
    reader = Reader()
    reader.pace.write(event("a"))
    assert reader.pieces == [b'13\n{"value":"a"}']
    assert not reader.pace.is_behind
    assert not reader.later


def test_one_that_is_behind_gets_the_rest_in_order_when_it_has_read() -> None:
    reader = Reader()
    reader.unread_bytes = BEHIND_BYTES
    for number in range(3):
        reader.pace.write(event(number))
    reader.go_on()
    assert (reader.pieces, reader.pace.is_behind) == ([], True)
    reader.unread_bytes = 0
    reader.pace.write(event(3))
    reader.go_on()
    assert [piece[-2:-1] for piece in reader.pieces] == [b'"'] * 4
    assert [piece[-3:-2] for piece in reader.pieces] == [b"0", b"1", b"2", b"3"]
    assert (reader.pace.is_behind, reader.later) == (False, [])


def test_no_more_is_written_than_it_reads() -> None:
    reader = Reader()
    large = event("x" * (BEHIND_BYTES // 2))
    for _ in range(10):
        reader.pace.write(large)
    assert len(reader.pieces) == 2
    for _ in range(4):
        reader.unread_bytes = 0
        reader.go_on()
    assert len(reader.pieces) == 10


def test_too_much_for_one_that_does_not_read_is_told_once_and_forgotten() -> None:
    reader = Reader()
    reader.unread_bytes = BEHIND_BYTES
    for number in range(MOST_WAITING + 1):
        reader.pace.write(event(number))
    assert (reader.lost, reader.pace.is_behind) == (1, False)


def test_what_cannot_wait_overtakes_the_rest() -> None:
    reader = Reader()
    reader.unread_bytes = BEHIND_BYTES
    reader.pace.write(event("a"))
    reader.pace.write_now(event("z"))
    assert [piece[-3:-2] for piece in reader.pieces] == [b"z"]
