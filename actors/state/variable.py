"""What a store keeps under a name."""

from __future__ import annotations

import msgspec


class Variable(msgspec.Struct, frozen=True):
    """A variable's newest value; both are empty when it was never stored."""

    version: bytes = b""
    value: bytes = b""
