"""What bounds the nesting of records, and where there could be none."""

from __future__ import annotations

import pytest

from tests.transport.records.any_record import every_record
from transport import json_bounds, json_v1
from transport.record import Record
from transport.records.ids import ContainerID
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event
from transport.records.value import Value
from transport.schema import fields_of


def depth(record: type[Record], above: tuple[type[Record], ...] = ()) -> int:
    """How many brackets are around the innermost value, if nothing is within its like."""
    inner = [0]
    for field in fields_of(record):
        own = 0 if field.label in ("required", "optional") else 1
        if field.declared is None:
            inner.append(own)
        elif issubclass(field.declared, Record) and field.declared not in (*above, record):
            inner.append(own + depth(field.declared, (*above, record)))
    return 1 + max(inner)


def test_no_record_is_half_as_deep_as_the_limit_unless_it_is_within_its_like() -> None:
    assert 10 < max(depth(record) for record in every_record()) <= json_bounds.MAX_NESTING // 2


def test_it_is_known_which_fields_are_within_their_like() -> None:
    assert json_bounds._fields_within_themselves(ContainerID) == (b'"parent"',)
    assert json_bounds._fields_within_themselves(Event) == (b'"parent"',)
    assert json_bounds._fields_within_themselves(Call) == ()


@pytest.mark.parametrize("text", [b'{"value":"banana"}', rb'{"value":"\u006e"}', b'{"value":"NaN"}'])
def test_texts_that_look_like_undefined_numbers_are_none(text: bytes) -> None:
    json_bounds.check(text, ContainerID(value="NaN"))


def test_numbers_that_64_bits_do_not_hold_are_refused() -> None:
    largest = json_v1.decode(b'{"begin":1,"end":18446744073709551615}', Value.Range)
    assert largest.end == 2**64 - 1
    for text in (b'{"begin":1,"end":18446744073709551616}', b'{"begin":"99999999999999999999","end":1}'):
        with pytest.raises(ValueError, match=r"<= 18446744073709551615 - at `\$\.(begin|end)`"):
            json_v1.decode(text, Value.Range)


def test_text_of_many_digits_is_text() -> None:
    assert json_v1.decode(b'{"value":"184467440737095516160"}', ContainerID).value == "184467440737095516160"
