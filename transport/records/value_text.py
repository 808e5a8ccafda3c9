"""The text grammar of values and attributes (mesos-protocol.md §9.1): `4`, `[1-5,8-9]`, `{a,b}`, a word."""

from __future__ import annotations

import re

from transport.records.ranges import coalesce
from transport.records.scalar import format_thousandths, parse_scalar, to_thousandths
from transport.records.value import Attribute, Value

_RANGES = re.compile(r"\[(?:\d+-\d+(?:,\d+-\d+)*)?\]", re.ASCII)
_SET = re.compile(r"\{[^{}\[\]]*\}")


def parse_value(text: str) -> Value:
    """Read a value, blanks ignored; raises ValueError naming the rule that `text` breaks."""
    text = "".join(text.split())
    if not text:
        raise ValueError("value '': must not be empty")
    if text.startswith("["):
        return Value(type=Value.Type.RANGES, ranges=_parse_ranges(text))
    if text.startswith("{"):
        if not _SET.fullmatch(text):
            raise ValueError(f"set {text}: must be {{a,b,...}}")
        words = tuple(filter(None, text[1:-1].split(",")))
        return Value(type=Value.Type.SET, set=Value.Set(item=words))
    number = parse_scalar(text)
    if number is None:
        return Value(type=Value.Type.TEXT, text=Value.Text(value=text))
    return Value(type=Value.Type.SCALAR, scalar=Value.Scalar(value=number))


def _parse_ranges(text: str) -> Value.Ranges:
    if not _RANGES.fullmatch(text):
        raise ValueError(f"ranges {text}: must be [begin-end,begin-end,...]")
    pairs = []
    for item in filter(None, text[1:-1].split(",")):
        begin, end = map(int, item.split("-"))
        if end >= 2**64:
            raise ValueError(f"ranges {text}: {end} is no unsigned 64-bit integer")
        if begin > end:
            raise ValueError(f"ranges {text}: {item} begins after it ends")
        pairs.append((begin, end))
    return Value.Ranges(range=tuple(Value.Range(begin=begin, end=end) for begin, end in coalesce(pairs)))


def format_value(value: Value | Attribute) -> str:
    """Write a value in the text grammar."""
    if value.scalar is not None:
        return format_scalar(value.scalar)
    if value.ranges is not None:
        return format_ranges(value.ranges)
    if value.set is not None:
        return format_set(value.set)
    return value.text.value if value.text is not None else ""


def format_scalar(scalar: Value.Scalar) -> str:
    """Write `0.5`: at most three decimals, as resources are counted."""
    return format_thousandths(to_thousandths(scalar.value))


def format_ranges(ranges: Value.Ranges) -> str:
    """Write `[31000-31009,31011-32000]`."""
    return f"[{','.join(f'{range_.begin}-{range_.end}' for range_ in ranges.range)}]"


def format_set(words: Value.Set) -> str:
    """Write `{a,b}`."""
    return f"{{{','.join(words.item)}}}"


def parse_attributes(text: str) -> tuple[Attribute, ...]:
    """Read `rack:r1;zone:[1-2]`; raises ValueError naming the rule that `text` breaks."""
    attributes = []
    for item in filter(None, (item.strip() for item in text.split(";"))):
        name, colon, rest = item.partition(":")
        if not colon or not name.strip():
            raise ValueError(f"attribute {item!r}: must be name:value")
        value = parse_value(rest)
        attributes.append(
            Attribute(
                name=name.strip(),
                type=value.type,
                scalar=value.scalar,
                ranges=value.ranges,
                set=value.set,
                text=value.text,
            )
        )
    return tuple(attributes)
