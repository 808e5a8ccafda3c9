"""An executor of a framework's own: its tasks count words, and the last update of each carries the counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from actors.executor.executor import Executor
from actors.executor.settings import ExecutorSettings
from frameworks.examples.words import Part, count_words
from transport import decoders
from transport.records.check import KillPolicy
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

_PART: Final = decoders.of_json(Part)


class CountingExecutor(Executor):
    """Counts one file in each turn, so that a kill is never far from being heard."""

    def __init__(self, settings: ExecutorSettings) -> None:
        super().__init__(settings)
        self._killed: dict[str, None] = {}

    def launch_task(self, task: TaskInfo) -> None:
        """Begin with the files that the task's data names."""
        task_id = task.task_id.value
        try:
            part = _PART.decode(task.data or b"")
        except msgspec.DecodeError as error:
            self.update(task_id, TaskState.TASK_FAILED, message=f"data: {error}")
            return
        self.update(task_id, TaskState.TASK_RUNNING)
        pause = part.seconds / (len(part.files) + 1)
        self.delay(pause, self._count, task_id, part.files, pause, Counter())

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        """Stop counting before the next file."""
        self._killed[task_id] = None

    def _count(self, task_id: str, files: tuple[str, ...], pause: float, words: Counter[str]) -> None:
        if task_id in self._killed:
            self.update(task_id, TaskState.TASK_KILLED)
        elif not files:
            self.update(task_id, TaskState.TASK_FINISHED, data=msgspec.json.encode(words))
        else:
            try:
                words += count_words(Path(files[0]).read_text(encoding="utf-8", errors="replace"))
            except OSError as error:
                self.update(task_id, TaskState.TASK_FAILED, message=str(error))
                return
            self.delay(pause, self._count, task_id, files[1:], pause, words)
