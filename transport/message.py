"""The base of everything one actor tells another, and the registry by which a name finds its type."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar, dataclass_transform

import msgspec

_TYPES: dict[str, type[Message]] = {}

#: Types that pass by the queue of a mailbox; a set of classes, so that a mailbox can ask cheaply.
URGENT: set[type] = set()


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class _MessageMeta(msgspec.StructMeta):
    """Tells type checkers that subclasses are frozen like their base."""


class Message(msgspec.Struct, metaclass=_MessageMeta, frozen=True, omit_defaults=True, gc=False):
    """What one actor tells another: an immutable value with a type.

    On the wire a type goes by its name: `PingAgent` for Pion's own, and `greeting.Greet` for the class
    `Greet` of a plugged-in `greeting.py`, whichever folder that lies in. Should two such names meet in one
    process, one of the classes must choose another: `type_name: ClassVar[str] = "hotel.Greet"`.
    Made of what was there before it, and immutable, a message is never part of a cycle: Python need not look
    for it as garbage, which saves a sixth of a cluster's time.
    `urgent` messages pass by the mailbox's queue and its bound: for probes, never for work, because
    they can overtake what the same sender sent before.
    `domestic` messages never leave their node, and are never taken from another one: see DomesticMessage.
    """

    type_name: ClassVar[str] = "Message"
    urgent: ClassVar[bool] = False
    domestic: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:  # the struct's own options are taken by its metaclass
        super().__init_subclass__()
        if "type_name" not in cls.__dict__:
            cls.type_name = _name(cls)
        if cls.urgent:
            URGENT.add(cls)
        if cls.domestic:
            return  # nobody on another node can name it
        other = _TYPES.setdefault(cls.type_name, cls)
        if _identity(other) != _identity(cls):
            raise TypeError(
                f"message type {cls.type_name!r} is already {_identity(other)}: "
                f"give {_identity(cls)} another type_name"
            )
        # msgspec makes some classes twice, and a reloaded module brings a newer one: the last counts.
        _TYPES[cls.type_name] = cls


def find_type(type_name: str) -> type[Message] | None:
    """The message class of that name; None where no imported module declares it, or it stays on its node."""
    return _TYPES.get(type_name)


def _name(cls: type[Message]) -> str:
    module = cls.__module__
    if module == "__main__":
        # The program of one node may be a module of another.
        module = Path(getattr(sys.modules[module], "__file__", None) or module).stem
    if module.startswith("transport.messages."):
        return cls.__name__
    return f"{module.rpartition('.')[2]}.{cls.__name__}"


def _identity(cls: type[Message]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


class DomesticMessage(Message):
    """What only actors of one node tell each other: it cannot be sent to another, nor come from there."""

    domestic: ClassVar[bool] = True
