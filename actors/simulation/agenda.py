"""Virtual time: what happens next, in an order that depends on the seed alone."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from actors.system import Timer

Act = Callable[[Any], object]
#: When, a number that settles ties, what to call, and with what.
Event = tuple[float, int, Act, Any]

#: Below this many events it is not worth looking for cancelled timers.
_SWEEP_AT_LEAST = 1024


class Agenda:
    """A heap of events; to run one is to move the time to it and call `act(argument)`.

    Two events at the same time run in the order in which they were put down. `heap` and `next_order` are
    public for the two places that put down one event per message and cannot afford a call.
    """

    def __init__(self) -> None:
        #: Seconds since the simulation began, as an observer outside of it would measure them.
        self.now = 0.0
        self.heap: list[Event] = []
        self.next_order = itertools.count().__next__
        self._sweep_at = _SWEEP_AT_LEAST

    def after(self, seconds: float, act: Act, argument: object = None) -> None:
        """Call `act(argument)` that many virtual seconds from now."""
        heapq.heappush(self.heap, (self.now + seconds, self.next_order(), act, argument))

    def at(self, when: float, act: Act, argument: object = None) -> None:
        """Call `act(argument)` at a time that is not yet over."""
        heapq.heappush(self.heap, (when, self.next_order(), act, argument))

    def advance(self, until: float, events: int) -> bool:
        """Run at most so many events that are due by `until`; False when none of those is left."""
        heap = self.heap
        pop = heapq.heappop
        for _ in range(events):
            if not heap or heap[0][0] > until:
                self.now = max(self.now, until)
                return False
            self.now, _, act, argument = pop(heap)
            act(argument)
        return True

    def sweep(self) -> None:
        """Forget cancelled timers, if the heap has doubled since this was last worth while."""
        if len(self.heap) < self._sweep_at:
            return
        self.heap[:] = [event for event in self.heap if not _is_cancelled(event[3])]
        heapq.heapify(self.heap)
        self._sweep_at = max(_SWEEP_AT_LEAST, 2 * len(self.heap))

    def stretch(self, act: Act, factor: float) -> None:
        """Multiply the time left until each call of `act`: its owner's clock runs at another rate now."""
        now = self.now
        self.heap[:] = [
            (now + (event[0] - now) * factor, *event[1:]) if event[2] == act else event for event in self.heap
        ]
        heapq.heapify(self.heap)


def _is_cancelled(argument: object) -> bool:
    return type(argument) is Timer and argument.cancelled
