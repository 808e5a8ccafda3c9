"""By whose leave a master leads, and for how long; and what its actors do when that is over."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from transport.pid import Pid


class ReignOverError(Exception):
    """A reign cannot go on, for a reason that its text says: this master must stop, and another one lead."""


class Mandate(msgspec.Struct, frozen=True):
    """What a reign was given.

    `until` is a time of the node's monotonic clock, after which the master must not act unless it is put off.
    `leadership` hears of it when the reign cannot go on; without it the actor that finds out crashes.
    """

    epoch: int = 0
    until: float = math.inf
    leadership: Pid | None = None


#: That of a master which nobody elected, and nobody owns.
UNLIMITED: Final = Mandate()
