"""Virtual time, and messages that take any time, get lost, come twice and overtake each other."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import Any

import msgspec


class Weather(msgspec.Struct, frozen=True):
    """How the network is."""

    #: On average.
    delay_seconds: float = 0.005
    loss: float = 0.0
    duplicate: float = 0.0
    #: How often a message takes much longer than others, and how long at most.
    late: float = 0.0
    late_seconds: float = 5.0


FAIR = Weather()


class Post:
    """Carries messages between seats, and wakes who wants to be woken."""

    def __init__(self, rng: random.Random, weather: Weather) -> None:
        self.now = 0.0
        self.weather = weather
        #: Pairs of seats between which nothing passes that way, and when that ends.
        self.cuts: dict[tuple[int, int], float] = {}
        #: Events so far.
        self.events = 0
        self._rng = rng
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._serial = 0

    def after(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Call it then."""
        self._serial += 1
        heapq.heappush(self._heap, (self.now + seconds, self._serial, call, arguments))

    def carry(self, origin: int, to: int, call: Callable[..., None], *arguments: Any) -> None:
        """Deliver a message by a call; a seat hears itself at once and surely."""
        if origin == to:
            self.after(0.0, call, *arguments)
            return
        weather, chance = self.weather, self._rng.random
        if self.cuts and self.cuts.get((origin, to), 0.0) > self.now:
            return
        if weather.loss and chance() < weather.loss:
            return
        self.after(self._delay(), call, *arguments)
        if weather.duplicate and chance() < weather.duplicate:
            self.after(self._delay(), call, *arguments)

    def advance(self, until: float) -> bool:
        """Let the next event happen, unless it is later than that."""
        heap = self._heap
        if not heap or heap[0][0] > until:
            self.now = until
            return False
        self.now, _, call, arguments = heapq.heappop(heap)
        self.events += 1
        call(*arguments)
        return True

    def clear_up(self) -> None:
        """From now on the network is good; what is on its way may still be late."""
        self.weather = FAIR
        self.cuts.clear()

    def _delay(self) -> float:
        weather, chance = self.weather, self._rng.random
        seconds = weather.delay_seconds * 2.0 * chance()
        if weather.late and chance() < weather.late:
            seconds += chance() * weather.late_seconds
        return seconds
