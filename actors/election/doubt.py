"""Whether a newer leader may be there than the one that is obeyed (reliability.md I24)."""

from __future__ import annotations


class Doubt:
    """Arises when the node has heard of a newer epoch, and ends with what the detector finds, up or down.

    An epoch that was found not to be the leader's, because somebody forged it or ZooKeeper's counter began
    anew, is no reason for another doubt, however often it is heard.
    """

    def __init__(self) -> None:
        self._raised_by = 0
        self._refuted = 0

    def arises(self, epoch: int, newest: int) -> bool:
        """Whether a leader of that epoch is in doubt, now that `newest` was heard of; it is from then on."""
        if newest <= max(epoch, self._refuted):
            return False
        self._raised_by = newest
        return True

    def settle(self, epoch: int) -> None:
        """The detector finds a leader of this epoch."""
        if epoch < self._raised_by:
            self._refuted = self._raised_by
        self._raised_by = 0
