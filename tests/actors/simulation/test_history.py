from actors.simulation.history import FOLD_AT, History
from transport.pid import Pid

A, B = Pid("a", "h", 1, 1), Pid("b", "h", 1, 2)


def history_of(turns: int, limit: int | None = None) -> History:
    history = History(limit)
    for number in range(turns):
        history.note((float(number), A, int, B))
    return history


def test_turns_are_listed_in_order_with_the_names_of_their_types() -> None:
    assert list(history_of(2)) == [(0.0, A, "int", B), (1.0, A, "int", B)]


def test_only_the_newest_turns_are_kept_but_all_are_counted() -> None:
    history = history_of(3 * FOLD_AT, limit=10)
    history.fold()
    assert len(history) == 3 * FOLD_AT
    assert [turn.when for turn in history] == [float(3 * FOLD_AT - 10 + number) for number in range(10)]
    assert [turn.when for turn in history.last(2)] == [3 * FOLD_AT - 2, 3 * FOLD_AT - 1]


def test_the_digest_does_not_depend_on_when_turns_are_folded_or_read() -> None:
    whole, in_parts = history_of(2 * FOLD_AT + 7), History(100)
    for number in range(2 * FOLD_AT + 7):
        in_parts.note((float(number), A, int, B))
        if number % 1000 == 0:
            in_parts.fold()
            in_parts.digest()
            list(in_parts)
    assert whole.digest() == in_parts.digest()


def test_the_digest_tells_apart_who_what_when_and_from_whom() -> None:
    digests = set()
    for turn in [(0.0, A, int, B), (0.1, A, int, B), (0.0, B, int, B), (0.0, A, str, B), (0.0, A, int, A)]:
        history = History(10)
        history.note(turn)
        digests.add(history.digest())
    assert len(digests) == 5


def test_contents_count_in_the_digest_in_their_order() -> None:
    digests = set()
    for contents in ([], [b"1", b"2"], [b"2", b"1"]):
        history = History(10)
        for content in contents:
            history.mix(content)
        digests.add(history.digest())
    assert len(digests) == 3


def test_a_turn_reads_as_a_line() -> None:
    (turn,) = history_of(1)
    assert str(turn) == "      0.000000  a@h  int  from b@h"
    assert str(turn._replace(sender=A)) == "      0.000000  a@h  int"
