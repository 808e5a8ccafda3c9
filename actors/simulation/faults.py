"""What a network does to the messages between two nodes."""

from __future__ import annotations

import msgspec


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """How one direction between two nodes treats messages; the default is a good local network.

    Probabilities are from 0 to 1 and hold for each message. Loss, duplicates and reordering are more than
    a TCP connection does to anybody while it lasts; they stand for all the ways in which a message gets
    lost or is sent again. What nodes tell each other about links is spared, since a broken connection
    would be noticed.
    """

    #: Seconds under way, at least and at most.
    delay_seconds: tuple[float, float] = (0.0002, 0.001)
    loss: float = 0.0
    #: The message comes twice, the second time later.
    duplicate: float = 0.0
    #: The message takes up to `reorder_seconds` longer, and later ones overtake it.
    reorder: float = 0.0
    reorder_seconds: float = 0.1

    def __post_init__(self) -> None:
        low, high = self.delay_seconds
        if not 0.0 <= low <= high:
            raise ValueError(f"delay_seconds {self.delay_seconds}: must be (least, most), none negative")
        for name in ("loss", "duplicate", "reorder"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} {getattr(self, name)}: must be a probability, from 0 to 1")

    @property
    def in_order(self) -> bool:
        """Whether messages come as they were sent, one and all."""
        return not (self.loss or self.duplicate or self.reorder)
