"""Processes that are stopped: a signal is sent at once, and heeded a moment later."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

_DEADLINE_SECONDS: Final = 30.0
_STOPPED: Final = "tTZX"


def stop(process: int) -> None:
    """Stop a process, and return when none of its threads does anything any more."""
    os.kill(process, signal.SIGSTOP)
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not all(state in _STOPPED for state in _states(process)):
        assert time.monotonic() < deadline, f"process {process} goes on: {_states(process)}"
        time.sleep(0.001)


def _states(process: int) -> list[str]:
    # The name, in parentheses, may hold anything; the state is what follows it.
    return [
        path.read_text(errors="replace").rpartition(")")[2].split()[0]
        for path in Path(f"/proc/{process}/task").glob("*/stat")
    ]
