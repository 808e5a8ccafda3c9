"""Who listens to one container, and how much of what it writes may be told now."""

from __future__ import annotations

from typing import Generic, TypeVar

from transport.messages.attaching import WINDOW_BYTES

#: Who a listener is.
L = TypeVar("L")


class Audience(Generic[L]):
    """Listeners who take what they are told at their own pace: the slowest sets that of all.

    Positions are counted in bytes since the first of them came. `now` is in monotonic seconds.
    """

    def __init__(self) -> None:
        #: What was told.
        self._told = 0
        #: Up to where it may be told.
        self._granted = 0
        #: How far each is, and when it came to be there.
        self._places: dict[L, tuple[int, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._places)

    @property
    def listeners(self) -> tuple[L, ...]:
        """Who listens, in the order they came."""
        return tuple(self._places)

    def join(self, listener: L, now: float) -> int:
        """Somebody listens; returns how much more may be told."""
        self._places[listener] = (self._told, now)
        return self._grant()

    def leave(self, listener: L) -> int:
        """Somebody does not any more; returns how much more may be told."""
        self._places.pop(listener, None)
        return self._grant()

    def tell(self, size: int) -> None:
        """So much was told to all of them."""
        self._told += size

    def take(self, listener: L, size: int, now: float) -> int:
        """A listener dealt with so much; returns how much more may be told."""
        place = self._places.get(listener)
        if place is not None:
            self._places[listener] = (min(place[0] + max(size, 0), self._told), now)
        return self._grant()

    def stalled(self, now: float, seconds: float) -> tuple[L, ...]:
        """Those who hold up the others, or the program, and took nothing for so long."""
        if self._told < self._granted:
            return ()
        full = self._told - WINDOW_BYTES
        return tuple(
            listener
            for listener, (place, since) in self._places.items()
            if place <= full and now - since >= seconds
        )

    def _grant(self) -> int:
        if not self._places:
            return 0
        slowest = min(place for place, _ in self._places.values())
        more = max(0, slowest + WINDOW_BYTES - self._granted)
        self._granted += more
        return more
