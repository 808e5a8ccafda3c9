"""The executor node as a process of its own, which outlives the agent that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from actors.executor import whereabouts
from transport.pid import Pid

#: Of the environment variables that stand for the node's flags.
PREFIX: Final = "PION_EXECUTOR_"
#: A log that has grown so long is put aside when the next node starts.
_LOG_BYTES = 16 * 2**20


class ChildNode:
    """`keeper.ExecutorNode` for real; `flags` are those of `actors.executor.node`, less --work_dir.

    Those that are `secret` are not shown by the list of processes.

    It logs to `executor_node.log` in the runtime directory, so that it holds nothing that belongs to the
    agent's terminal.
    """

    def __init__(
        self,
        runtime_dir: Path,
        flags: Sequence[str],
        secret: Mapping[str, str] = MappingProxyType({}),
        contained: Sequence[str] = (),
    ) -> None:
        """`contained` are those of `flags` that are about containers."""
        self._runtime_dir = runtime_dir
        self._contained = tuple(contained)
        self._secret = secret
        self._flags = flags
        self._child: subprocess.Popen[bytes] | None = None

    def find(self) -> Pid | None:
        """See `ExecutorNode.find`."""
        self.starting()
        return whereabouts.read(self._runtime_dir)

    def starting(self) -> bool:
        """See `ExecutorNode.starting`; reaps the one that has ended."""
        return self._child is not None and self._child.poll() is None

    def differs(self) -> bool:
        """See `ExecutorNode.differs`."""
        return whereabouts.flags(self._runtime_dir) not in (None, self._contained)

    def start(self) -> None:
        """See `ExecutorNode.start`."""
        # What is kept there of executors holds their environments, with whatever is secret in them.
        self._runtime_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self._runtime_dir / "executor_node.log"
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        command = [sys.executable, "-m", "actors.executor.node", f"--work_dir={self._runtime_dir}"]
        with log.open("ab") as errors:
            self._child = subprocess.Popen(  # noqa: S603  our own command
                [*command, *self._flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, **{f"{PREFIX}{name}": value for name, value in self._secret.items()}},
                # Neither Ctrl-C in the agent's terminal nor its hang-up is meant for the tasks.
                start_new_session=True,
            )

    def give_up(self) -> None:
        """See `ExecutorNode.give_up`."""
        if self._child is not None and self.starting():
            self._child.terminate()
