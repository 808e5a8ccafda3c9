from __future__ import annotations

import contextlib
import os
import pty
import signal
import termios
from collections.abc import Iterator

import pytest

from actors.cli.mesos.terminal import DetachKeys, Terminal, signals_to


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """The two sides of one."""
    master, slave = pty.openpty()
    try:
        yield master, slave
    finally:
        os.close(master)
        os.close(slave)


def test_a_terminal_tells_its_size() -> None:
    with terminal() as (_, slave):
        termios.tcsetwinsize(slave, (12, 34))
        size = Terminal(slave).info.window_size
        assert size is not None
        assert (size.rows, size.columns) == (12, 34)


def test_a_terminal_is_raw_for_a_while_whatever_happens() -> None:
    with terminal() as (_, slave):
        before = termios.tcgetattr(slave)
        with pytest.raises(LookupError), Terminal(slave).raw():
            assert termios.tcgetattr(slave) != before
            raise LookupError
        assert termios.tcgetattr(slave) == before


def test_what_was_typed_before_counts_too() -> None:
    with terminal() as (master, slave):
        os.write(master, b"early")
        with Terminal(slave).raw():
            assert os.read(slave, 10) == b"early"


def test_signals_are_written_down_and_handled_as_before_afterwards() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        before = signal.getsignal(signal.SIGWINCH)
        with signals_to(writer):
            signal.raise_signal(signal.SIGWINCH)
            signal.raise_signal(signal.SIGTERM)
            assert os.read(reader, 10) == bytes((signal.SIGWINCH, signal.SIGTERM))
        assert signal.getsignal(signal.SIGWINCH) == before
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize(
    ("pieces", "passed", "found"),
    [
        ([b"abc"], b"abc", False),
        ([b"a\x10\x11b"], b"a", True),
        ([b"a\x10", b"\x11"], b"a", True),
        ([b"\x10b\x11"], b"\x10b\x11", False),
        ([b"\x10\x10\x11"], b"\x10", True),
        ([b"\x10", b"a"], b"\x10a", False),
        ([b"\x11\x10"], b"\x11", False),
    ],
)
def test_two_keys_detach(pieces: list[bytes], passed: bytes, found: bool) -> None:
    keys = DetachKeys()
    assert b"".join(map(keys.pass_on, pieces)) == passed
    assert keys.found is found
