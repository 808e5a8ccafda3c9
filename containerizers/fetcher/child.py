"""A process that fetches (`program`), seen from the one that starts it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: The folder that this package lies in. `-S` spares the process a look at all that is installed.
_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from containerizers.fetcher.program import main; main(int(sys.argv[2]))"
)
_MOST_TOLD_BYTES = 65_536
_LONGEST_TEXT = 2000
_SIGNALS = {
    signal.SIGALRM: "nothing came of it for too long",
    signal.SIGXCPU: "it took too much processor time",
}


class Child:
    """Runs one job; `descriptors` are those that the job names. Raises OSError when it cannot be started.

    Nothing that it says is believed but as a text.
    """

    def __init__(self, job: Mapping[str, object], descriptors: Sequence[int]) -> None:
        self.began = time.monotonic()
        self._told = b""
        self._told_bytes = 0
        #: Whether it may say more.
        self.speaks = True
        #: Why it was killed.
        self._verdict: str | None = None
        self._answer: dict[str, Any] | None = None
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as failed:
            failed.callback(ours.close)
            process = self._start(job, theirs.fileno(), descriptors)
            try:
                self.descriptor = os.pidfd_open(process)
            except OSError:
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)
                raise
            failed.pop_all()
        self.process = process
        ours.setblocking(False)
        self.channel = ours

    def hear(self) -> int | None:
        """Take what it says; returns the size of a file when it asks for room, at most once."""
        size = None
        try:
            while self.speaks:
                more = self.channel.recv(_MOST_TOLD_BYTES)
                self._told_bytes += len(more)
                self.speaks = bool(more)
                *lines, self._told = (self._told + more).split(b"\n")
                for line in lines:
                    size = self._take(line) or size
                if self._told_bytes > _MOST_TOLD_BYTES:
                    self.kill("it says too much")
                    self.speaks = False
        except BlockingIOError:
            pass
        except OSError:
            self.speaks = False
        return size

    def answer(self, *, granted: bool) -> None:
        """Tell whether there is room."""
        with contextlib.suppress(OSError):
            self.channel.send(b"y" if granted else b"n")

    def kill(self, verdict: str) -> None:
        """End it with all that it started."""
        self._verdict = self._verdict or verdict
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)

    def reap(self) -> tuple[str, str]:
        """What came of it once it has ended: `done`, `unfit` or `error`, and the text that belongs to it."""
        self.hear()
        _, status = os.waitpid(self.process, 0)
        os.close(self.descriptor)
        self.channel.close()
        if self._verdict is not None:
            return "error", self._verdict
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return "error", _SIGNALS.get(signal.Signals(number), f"its process was ended by signal {number}")
        for kind in ("error", "unfit", "done"):
            if self._answer is not None and kind in self._answer:
                return kind, str(self._answer[kind])[:_LONGEST_TEXT]
        return "error", f"its process ended with {os.WEXITSTATUS(status)}, and did not say why"

    def _start(self, job: Mapping[str, object], channel: int, descriptors: Sequence[int]) -> int:
        paper = os.memfd_create("job", os.MFD_CLOEXEC)
        try:
            with open(os.dup(paper), "wb") as file:  # noqa: PTH123  it is open already
                file.write(json.dumps(job).encode())
            child: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  it is our own
                [sys.executable, "-I", "-S", "-c", _BOOT, _ROOT, str(paper)],
                stdin=channel,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(paper, *descriptors),
                cwd="/",
                env={},
                start_new_session=True,
            )
        finally:
            os.close(paper)
        # Reaped by its number; this object would do it a second time.
        child.returncode = 0
        return child.pid

    def _take(self, line: bytes) -> int | None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict):
            return None
        size = message.get("size")
        if type(size) is int and size > 0:
            return size
        self._answer = message
        return None
