import pytest

from transport.durations import parse_nanoseconds


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("15secs", 15 * 10**9), ("1.5mins", 90 * 10**9), (".5ms", 500_000), ("-2us", -2_000), ("0ns", 0)],
)
def test_a_number_and_a_unit_are_read(text: str, nanoseconds: int) -> None:
    assert parse_nanoseconds(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "15", "secs", "15 secs", "15s", "1e3secs", ".secs", "9" * 5_000 + "ns"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number and a unit"):
        parse_nanoseconds(text)


def test_what_no_clock_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than 15250 weeks"):
        parse_nanoseconds("15251weeks")
