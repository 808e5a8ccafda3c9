"""Why connections with other nodes broke, for people who wait for an answer from there."""

from __future__ import annotations

from typing import Final

from transport.pid import Address

#: So many nodes are remembered, those that broke last.
_MOST: Final = 256


class Troubles:
    """By node, why the last connection with it broke, as long as nothing came from there since.

    One thread writes it, the router's; any may read.
    """

    def __init__(self) -> None:
        self._reasons: dict[Address, str] = {}

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def broke(self, address: Address, reason: str) -> None:
        """Remember it."""
        self._reasons.pop(address, None)
        self._reasons[address] = reason
        if len(self._reasons) > _MOST:
            del self._reasons[next(iter(self._reasons))]

    def heard(self, address: Address) -> None:
        """Forget it: a message came from there."""
        self._reasons.pop(address, None)

    def reason(self, address: Address) -> str:
        """Why it broke; empty when it did not, or there was a message since."""
        return self._reasons.get(address, "")
