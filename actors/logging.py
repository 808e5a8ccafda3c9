"""Structured logs: one line per decision, a fixed lower-case phrase, and values as keys.

On a terminal a line is for people and in colour; anywhere else, and where a file takes it as well, it is one
JSON object, times in UTC.
"""

from __future__ import annotations

import json
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog

from actors.log_file import LogFile
from actors.system import Log
from transport.pid import Address, Pid

#: Mesos' levels, and `DEBUG` below them.
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

#: The methods of a log that depend on its level.
_LEVELLED: Final = ("debug", "info", "warning", "error")
_PLAIN = (str, int, float, list, dict, type(None))


class Logs:
    """Gives each actor of a process its log; made once, by `main`, and passed down.

    `stream` is stderr unless given. `terminal` says whether lines are for people; None asks the stream. A
    stream that nobody reads any more loses lines and nothing else, and whatever the values are, a line never
    raises: to log must not end an actor. `file` takes all lines, too; with `quiet` the stream is left the
    errors alone.
    """

    def __init__(
        self,
        level: Level = "INFO",
        stream: TextIO | None = None,
        terminal: bool | None = None,
        *,
        file: LogFile | None = None,
        quiet: bool = False,
    ) -> None:
        if terminal is None:
            terminal = file is None and (sys.stderr if stream is None else stream).isatty()
        self._lines = _Lines(stream, file, quiet=quiet)
        self._level = level
        self._verbosity = 0
        # A class of its own, so that the level of all logs can be changed at once.
        self._wrapper = type("Levelled", (structlog.make_filtering_bound_logger(level),), {})
        self._processors = [
            structlog.processors.add_log_level,
            _readable,
            *(_for_people() if terminal else _for_machines()),
        ]

    @property
    def verbosity(self) -> int:
        """0 for the level that was given first; more logs all lines. May be set from any thread."""
        return self._verbosity

    @verbosity.setter
    def verbosity(self, verbosity: int) -> None:
        self._verbosity = verbosity
        levelled = structlog.make_filtering_bound_logger("DEBUG" if verbosity else self._level)
        for method in _LEVELLED:
            setattr(self._wrapper, method, getattr(levelled, method))

    def install(self) -> None:
        """Have what is no actor, and takes its log from structlog, write here too."""
        structlog.configure(
            processors=self._processors,
            wrapper_class=self._wrapper,
            logger_factory=lambda *_arguments: self._lines,
            cache_logger_on_first_use=False,
        )

    def process(self, **values: object) -> Log:
        """The log of the process itself, rather than of one of its actors."""
        return self._bound(**values)

    def actor(self, pid: Pid) -> Log:
        """The log of one actor, whose lines name it."""
        return self._bound(actor=str(pid))

    def _bound(self, **values: object) -> Log:
        log: Log = structlog.wrap_logger(self._lines, self._processors, self._wrapper).bind(**values)
        return log


class _Lines:
    """What structlog calls with a finished line, by the name of its level."""

    def __init__(self, stream: TextIO | None, file: LogFile | None, *, quiet: bool) -> None:
        self._stream = stream
        self._file = file
        self._quiet = quiet

    def msg(self, line: str) -> None:
        """Write the line at once; a single write keeps the lines of several threads apart."""
        self._keep(line)
        if not self._quiet:
            self._show(line)

    debug = info = warning = msg

    def error(self, line: str) -> None:
        """Write a line that is shown even where it is quiet."""
        self._keep(line)
        self._show(line)

    def _keep(self, line: str) -> None:
        if self._file is not None:
            self._file.write(line + "\n")

    def _show(self, line: str) -> None:
        stream = sys.stderr if self._stream is None else self._stream
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):  # the pipe broke, or the stream was closed
            return


def _for_people() -> list[Any]:
    return [
        structlog.processors.TimeStamper(fmt="%H:%M:%S.%f", utc=False),
        structlog.dev.ConsoleRenderer(
            colors=True, sort_keys=False, pad_event_to=32, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _for_machines() -> list[Any]:
    encoder = msgspec.json.Encoder(enc_hook=_text)

    def render(_logger: object, _method: str, values: MutableMapping[str, Any]) -> str:
        order = {key: values.pop(key, None) for key in ("timestamp", "level", "event")}
        line = {**order, **values}
        try:
            return encoder.encode(line).decode()
        except (TypeError, ValueError, OverflowError, RecursionError):  # half a surrogate pair, a cycle, …
            return json.dumps({key: _text(value) for key, value in line.items()})

    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        render,
    ]


def _readable(_logger: object, _method: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Show pids, addresses, durations and the like as people write them."""
    for key, value in values.items():
        if key != "exc_info" and (isinstance(value, Address) or not isinstance(value, (*_PLAIN, tuple))):
            values[key] = _text(value)
    return values


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  the value is whatever an actor logs
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
