"""The terminal that a command runs in."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import tty
from collections.abc import Iterator
from types import FrameType
from typing import Final

from transport.records.container import TTYInfo

#: Its descriptor.
STANDARD_INPUT: Final = 0


class Terminal:
    """A terminal, by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def info(self) -> TTYInfo:
        """How large it is."""
        columns, rows = os.get_terminal_size(self._descriptor)
        return TTYInfo(window_size=TTYInfo.WindowSize(rows=rows, columns=columns))

    @contextlib.contextmanager
    def raw(self) -> Iterator[None]:
        """Have every key come as it is, Ctrl-C among them; it is then as it was before."""
        before = termios.tcgetattr(self._descriptor)
        try:
            # What was typed already counts, too.
            tty.setraw(self._descriptor, termios.TCSADRAIN)
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)


@contextlib.contextmanager
def signals_to(descriptor: int) -> Iterator[None]:
    """Write a byte there, the signal's number, when the terminal's size changes or the process is to end."""

    def nothing(_number: int, _frame: FrameType | None) -> None:
        """Python writes the byte only for signals that have a handler."""

    numbers = (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, nothing) for number in numbers}
    wakeup = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)


class DetachKeys:
    """Looks for Ctrl-P Ctrl-Q in what is typed, which ends an attachment and nothing else."""

    _FIRST = 0x10
    _SECOND = 0x11

    def __init__(self) -> None:
        #: Whether the first came last, and was held back.
        self._begun = False
        self.found = False

    def pass_on(self, typed: bytes) -> bytes:
        """What of it is for the other side."""
        passed = bytearray()
        for byte in typed:
            if self._begun and byte == self._SECOND:
                self.found = True
                break
            if self._begun:
                passed.append(self._FIRST)
            self._begun = byte == self._FIRST
            if not self._begun:
                passed.append(byte)
        return bytes(passed)
