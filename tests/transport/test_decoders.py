from __future__ import annotations

import threading
import time
from typing import Any

import msgspec
import pytest

from transport import decoders


class Slow:
    """Stands for a module; to look a type up in it takes so long that another thread comes between."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def __getattr__(self, name: str) -> Any:
        self.asked.set()
        time.sleep(0.05)
        return int


slow = Slow()


class Inner(msgspec.Struct):
    value: slow.number  # type: ignore[name-defined]


class Outer(msgspec.Struct):
    inner: Inner
    others: list[Inner]


def test_a_thread_that_comes_while_another_makes_a_decoder_waits_for_it() -> None:
    """Without that, this process ends by a fault."""
    first = threading.Thread(target=decoders.of_json, args=(Outer,))
    first.start()
    assert slow.asked.wait(10.0)
    decoder = decoders.of_msgpack(Outer)
    found = decoder.decode(msgspec.msgpack.encode({"inner": {"value": 1}, "others": [{"value": 2}]}))
    assert (found.inner.value, found.others[0].value) == (1, 2)
    first.join()


class Point(msgspec.Struct):
    x: int


def test_decoders_are_those_of_msgspec() -> None:
    assert decoders.of_json(Point).decode(b'{"x":1}') == Point(1)
    assert decoders.of_json(Point, strict=False).decode(b'{"x":"1"}') == Point(1)
    assert decoders.of_msgpack(Point).decode(b"\x81\xa1x\x01") == Point(1)
    assert decoders.convert({"x": 1}, Point) == decoders.convert({"x": "1"}, Point, strict=False) == Point(1)
    with pytest.raises(msgspec.ValidationError):
        decoders.of_json(Point).decode(b'{"x":"1"}')
    with pytest.raises(msgspec.ValidationError):
        decoders.convert({"x": "1"}, Point)
