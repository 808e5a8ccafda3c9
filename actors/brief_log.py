"""Logs that cost no start-up time: to import structlog takes a command a tenth of a second."""

from __future__ import annotations

import sys
import traceback
from typing import Final

from actors.system import Log
from transport.pid import Pid

_LEVELS: Final = ("debug", "info", "warning", "error")


class BriefLog:
    """`Log` of a command: plain lines on stderr, from one level on."""

    def __init__(self, actor: str, lowest: str = "error") -> None:
        self._actor = actor
        self._lowest = _LEVELS.index(lowest)

    def debug(self, event: str, **values: object) -> None:
        """See `Log.debug`."""
        self._write(0, event, values)

    def info(self, event: str, **values: object) -> None:
        """See `Log.info`."""
        self._write(1, event, values)

    def warning(self, event: str, **values: object) -> None:
        """See `Log.warning`."""
        self._write(2, event, values)

    def error(self, event: str, **values: object) -> None:
        """See `Log.error`."""
        self._write(3, event, values)

    def _write(self, level: int, event: str, values: dict[str, object]) -> None:
        if level >= self._lowest:
            shown = " ".join(f"{name}={value}" for name, value in values.items())
            sys.stderr.write(f"{_LEVELS[level]}: {self._actor}: {event} {shown}".rstrip() + "\n")
            error = values.get("exc_info")
            if isinstance(error, BaseException):
                sys.stderr.write("".join(traceback.format_exception(error)))
            sys.stderr.flush()


def structured(pid: Pid) -> Log:
    """The log of an actor for which nobody chose another: structlog's."""
    import structlog  # noqa: PLC0415  see above

    log: Log = structlog.get_logger().bind(actor=str(pid))
    return log
