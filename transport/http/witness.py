"""Who sees every request come and go, to tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from transport.pid import Address


class Witness(Protocol):
    """Sees the requests of a server, on its thread."""

    def began(self, method: str, target: str, client: Address) -> object:
        """A request came from there; returns what `ended` is to be given."""
        ...

    def ended(self, seen: object, status: int, notes: Mapping[str, str], *, quiet: bool) -> None:
        """It is answered, or its stream begins; `notes` and `quiet` are the handler's and its route's."""
        ...


class Blind:
    """Sees nothing."""

    def began(self, _method: str, _target: str, _client: Address) -> object:
        """See `Witness.began`."""
        return None

    def ended(self, _seen: object, _status: int, _notes: Mapping[str, str], *, quiet: bool) -> None:
        """See `Witness.ended`."""
