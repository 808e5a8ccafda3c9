"""Logs in a folder, under the names that Mesos gives them: `--log_dir`."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from pathlib import Path
from typing import Final

#: A file that has grown so large is followed by another; none is ever deleted, as with Mesos.
LARGEST_BYTES: Final = 256 * 2**20
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC


class LogFile:
    """`<name>.log.INFO.<time>.<process>` in a folder, and `<name>.INFO`, a symbolic link to the newest.

    Makes the folder; raises OSError when it cannot write there. Later a full disk loses lines and nothing
    else. Times are UTC.
    """

    def __init__(self, folder: Path, name: str, largest_bytes: int = LARGEST_BYTES) -> None:
        self._folder = folder
        self._name = name
        self._largest_bytes = largest_bytes
        self._lock = threading.Lock()
        self._written = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._next()

    @staticmethod
    def latest(folder: Path, name: str) -> Path:
        """Where the newest lines of a daemon are."""
        return folder / f"{name}.INFO"

    def write(self, line: str) -> None:
        """Add a line; for any thread."""
        data = line.encode(errors="backslashreplace")
        with self._lock, contextlib.suppress(OSError):
            if self._written >= self._largest_bytes:
                file = self._next()
                os.close(self._file)
                self._file, self._written = file, 0
            os.write(self._file, data)
            self._written += len(data)

    def _next(self) -> int:
        """Begin a file; its descriptor."""
        started = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        stem = f"{self._name}.log.INFO.{started}.{os.getpid()}"
        for name in itertools.chain((stem,), (f"{stem}.{number}" for number in itertools.count(1))):
            with contextlib.suppress(FileExistsError):
                file = os.open(self._folder / name, _FLAGS, 0o644)
                break
        latest = self.latest(self._folder, self._name)
        link = latest.with_name(f".{latest.name}.{os.getpid()}")
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(latest)
        return file
