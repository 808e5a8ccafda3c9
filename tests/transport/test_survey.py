"""What declarations promise, compared with what msgspec says of the same types."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from msgspec import inspect

import transport.messages
from transport.message import _TYPES, Message
from transport.survey import survey

for module in pkgutil.iter_modules(transport.messages.__path__):
    importlib.import_module(f"transport.messages.{module.name}")


def travels(cls: type[Message]) -> bool:
    """Whether it can be read; a few pass between actors of one node alone."""
    try:
        msgspec.msgpack.Decoder(cls)
    except TypeError:
        return False
    return True


MESSAGES = [cls for cls in _TYPES.values() if cls.__module__.startswith("transport.") and travels(cls)]


class Tree(msgspec.Struct):
    branches: tuple[Tree, ...] = ()


class Place(NamedTuple):
    x: float
    name: str


class Deep(msgspec.Struct):
    value: tuple[tuple[tuple[int, ...], ...], ...] = ()


def described(cls: type) -> tuple[bool, bool]:
    """Whether it is open and has floats, by msgspec's description."""
    found = {"open": False, "floats": False}

    def visit(node: inspect.Type, above: tuple[object, ...]) -> None:
        if isinstance(node, (inspect.AnyType, inspect.RawType, inspect.ExtType, inspect.CustomType)):
            found["open"] = True
            return
        own = getattr(node, "cls", None)
        if own is not None and own in above:
            found["open"] = True
            return
        found["floats"] |= isinstance(node, inspect.FloatType)
        for child in children(node):
            visit(child, (*above, own) if own is not None else above)

    visit(inspect.type_info(cls), ())
    return found["open"], found["floats"]


def children(node: inspect.Type) -> list[inspect.Type]:
    found = [field.type for field in getattr(node, "fields", ())]
    found += getattr(node, "item_types", ())
    found += getattr(node, "types", ())
    names = ("type", "item_type", "key_type", "value_type")
    return found + [child for name in names if isinstance(child := getattr(node, name, None), inspect.Type)]


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_every_message_is_what_msgspec_says_that_it_is(cls: type[Message]) -> None:
    found = survey(cls, 32)
    assert (found.open, found.has_floats) == described(cls)


@pytest.mark.parametrize(
    ("annotation", "is_open", "has_floats"),
    [
        (int, False, False),
        (float, False, True),
        (float | None, False, True),
        (Literal["a"], False, False),
        (Mapping[str, float], False, True),
        (Place, False, True),
        (Any, True, False),
        (object, True, False),
        (list, True, False),
        (msgspec.Raw, True, False),
        (tuple[Any, ...], True, False),
        (Tree, True, False),
    ],
)
def test_what_is_bounded_is_told_from_what_is_not(annotation: Any, is_open: bool, has_floats: bool) -> None:
    found = survey(annotation, 32)
    assert (found.open, found.has_floats) == (is_open, has_floats)


def test_what_is_deeper_than_the_most_is_open() -> None:
    assert survey(Deep, 5).open
    assert not survey(Deep, 6).open
