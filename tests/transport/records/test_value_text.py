"""The text grammar of values and attributes."""

from __future__ import annotations

import pytest

from transport.records.value import Attribute, Value
from transport.records.value_text import format_value, parse_attributes, parse_value

Type = Value.Type


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("4", Type.SCALAR, "4"),
        (" 0.50 ", Type.SCALAR, "0.5"),
        ("1e3", Type.SCALAR, "1000"),
        ("[31000-32000]", Type.RANGES, "[31000-32000]"),
        ("[ 5 - 9, 1-4, 20-20 ]", Type.RANGES, "[1-9,20-20]"),
        ("[0-18446744073709551615]", Type.RANGES, "[0-18446744073709551615]"),
        ("[]", Type.RANGES, "[]"),
        ("{b, a}", Type.SET, "{b,a}"),
        ("{}", Type.SET, "{}"),
        ("rack-1/a", Type.TEXT, "rack-1/a"),
        ("1.2.3", Type.TEXT, "1.2.3"),
    ],
)
def test_a_value_is_read_by_its_form_and_written_without_blanks(text: str, kind: Type, written: str) -> None:
    value = parse_value(text)
    assert value.type is kind
    assert format_value(value) == written
    assert parse_value(written) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty"),
        ("[1]", "must be"),
        ("[1-2", "must be"),
        ("[1-2,]", "must be"),
        ("[a-b]", "must be"),
        ("[-1-2]", "must be"),
        ("[2-1]", "begins after it ends"),
        ("[0-18446744073709551616]", "64-bit"),
        ("{a", "must be"),
        ("{a}{b}", "must be"),
        ("-4", "negative"),
        ("inf", "finite"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse_value(text)


def test_attributes_are_read_with_their_types_and_texts_may_hold_colons() -> None:
    assert parse_attributes("rack: r1 ;; zone:[1-2];level:3;image:a:b") == (
        Attribute(name="rack", type=Type.TEXT, text=Value.Text(value="r1")),
        Attribute(name="zone", type=Type.RANGES, ranges=Value.Ranges(range=(Value.Range(begin=1, end=2),))),
        Attribute(name="level", type=Type.SCALAR, scalar=Value.Scalar(value=3.0)),
        Attribute(name="image", type=Type.TEXT, text=Value.Text(value="a:b")),
    )
    assert parse_attributes("") == ()


@pytest.mark.parametrize("text", ["rack", ":r1", " :r1"])
def test_an_attribute_needs_a_name_and_a_value(text: str) -> None:
    with pytest.raises(ValueError, match="must be name:value"):
        parse_attributes(text)
