"""Signals to processes that a group has named, each by its number."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable


def send(number: int, processes: Iterable[int]) -> None:
    """Send a signal to all that are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
