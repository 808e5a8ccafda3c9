"""Programs of others that tests converse with: JSON lines on their stdout, words on their stdin."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.integration.masters import wait_until

_END_SECONDS = 60.0


class Program:
    """Runs, in that folder, for as long as its `with` block does; ends when its stdin does."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path | None = None
    ) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                ("setpriv", "--pdeathsig", "KILL", "--", *command),
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.said: list[list[Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def tell(self, *words: str) -> None:
        """Have it do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()

    def end(self) -> int:
        """Close its stdin, and wait for it to end; returns its status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(_END_SECONDS)

    def heard(self, *words: object) -> list[list[Any]]:
        """The lines that begin with those words; None stands for any."""
        size = len(words)
        return [
            line
            for line in list(self.said)
            if len(line) >= size
            and all(want is None or want == word for want, word in zip(words, line, strict=False))
        ]

    def wait_for(self, *words: object, times: int = 1) -> list[list[Any]]:
        """Wait until it has said so that often."""

        def said() -> bool:
            assert self._process.poll() is None or len(self.heard(*words)) >= times, self._ended()
            return len(self.heard(*words)) >= times

        wait_until(said, lambda: f"{words} is said {times} times: {self.said}")
        return self.heard(*words)

    def _ended(self) -> str:
        return f"the program ended: {self.said} {self._log.read_text()[-3000:]}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))
