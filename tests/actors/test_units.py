"""Durations and bytes read and print as Mesos' do."""

from __future__ import annotations

import pytest

from actors.units import Bytes, Duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15secs", 15.0),
        ("1.5mins", 90.0),
        ("1hrs", 3600.0),
        ("500ms", 0.5),
        ("250us", 0.00025),
        ("7ns", 7e-9),
        ("2days", 172800.0),
        ("2weeks", 1209600.0),
        ("-10secs", -10.0),
        (".5secs", 0.5),
        ("0ns", 0.0),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert Duration.parse(text).seconds == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "secs", "15 secs", "15s", "15Secs", "1.2.3secs", "1e3secs", "٣secs"]
)
def test_a_duration_without_a_known_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number and a unit"):
        Duration.parse(text)


def test_a_duration_fits_in_64_bits_of_nanoseconds() -> None:
    assert Duration.parse("15250weeks") < Duration(2**63)
    with pytest.raises(ValueError, match="shorter than 15250 weeks"):
        Duration.parse("15251weeks")


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (Duration(1), "1ns"),
        (Duration.of(3.14159265358979), "3.141592654secs"),
        (Duration.of(3.14), "3140ms"),
        (Duration.parse("10hrs"), "10hrs"),
        (Duration.parse("-10hrs"), "-10hrs"),
        (Duration.parse("10days"), "10days"),
        (Duration.parse("28.5hrs"), "1.1875days"),
        (Duration.parse("14days"), "2weeks"),
        (Duration.parse("60secs"), "1mins"),
        (Duration(0), "0ns"),
        (Duration(2**63 - 1), "15250.2844524715weeks"),
    ],
)
def test_a_duration_prints_in_the_unit_that_reads_best(duration: Duration, text: str) -> None:
    assert str(duration) == text


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0B", 0), ("512B", 512), ("4KB", 4096), ("32MB", 2**25), ("2GB", 2**31), ("1TB", 2**40)],
)
def test_bytes_are_a_whole_number_and_a_unit_of_1024s(text: str, amount: int) -> None:
    assert Bytes.parse(text).bytes == amount
    assert str(Bytes.parse(text)) == text


@pytest.mark.parametrize("text", ["", "32", "1.5MB", "32mb", "32M", "-1B", "32 MB", "٣MB"])
def test_bytes_without_a_known_unit_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number and a unit"):
        Bytes.parse(text)


def test_bytes_fit_in_64_bits() -> None:
    with pytest.raises(ValueError, match="less than 16777216TB"):
        Bytes.parse("16777216TB")


@pytest.mark.parametrize(("amount", "text"), [(1024, "1KB"), (1025, "1025B"), (3 * 2**20, "3MB")])
def test_bytes_print_in_the_largest_unit_that_loses_nothing(amount: int, text: str) -> None:
    assert str(Bytes(amount)) == text
