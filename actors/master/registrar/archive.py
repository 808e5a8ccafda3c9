"""The registry as it stands in its store.

Mesos' Registry has no place for frameworks: to give it one would be to use numbers that are Mesos' to give.
So it is kept as it is, and what Pion remembers beyond it stands beside it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from actors.master.mandate import ReignOverError
from actors.master.registrar.changes import AGENT_DRAINING, QUOTA_V2
from transport import decoders
from transport.messages.registry import KnownFramework
from transport.records.registry import Registry

#: What this program knows to read; a registry may ask for more (Mesos' minimum capabilities).
_CAPABILITIES: Final = frozenset({"AGENT_UPDATE", AGENT_DRAINING, QUOTA_V2})


class RegistryError(ReignOverError):
    """The registry cannot be read or written: the reign must end, and another master lead."""


class Stored(msgspec.Struct, frozen=True, array_like=True, tag="registry"):
    """The registry, and what is kept beside it; see `RegistryRecovered`."""

    registry: Registry
    epoch: int = 0
    frameworks: tuple[KnownFramework, ...] = ()
    removed_frameworks: tuple[str, ...] = ()


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = decoders.of_msgpack(Stored)
_BARE_DECODER: Final = decoders.of_msgpack(Registry)


def write(stored: Stored) -> bytes:
    """The value of the variable."""
    return _ENCODER.encode(stored)


def read(value: bytes) -> Stored:
    """Read the value of the variable, which is empty at first; raises RegistryError."""
    if not value:
        return Stored(Registry())
    try:
        stored = Stored(_BARE_DECODER.decode(value)) if _is_bare(value) else _DECODER.decode(value)
    except msgspec.DecodeError as error:
        raise RegistryError(f"the registry in the store cannot be read: {error}") from error
    wanted = [one.capability for one in stored.registry.minimum_capabilities]
    missing = [one for one in wanted if one not in _CAPABILITIES]
    if missing:
        raise RegistryError(f"the registry was written by a newer master: it needs {', '.join(missing)}")
    return stored


def _is_bare(value: bytes) -> bool:
    """Whether it is a map, the Registry alone, as masters without election wrote it."""
    return 0x80 <= value[0] <= 0x8F or value[0] in (0xDE, 0xDF)
