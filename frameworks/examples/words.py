"""Counting words, shared out in parts: a decision, of which each part is counted once."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

_WORD = re.compile(r"[A-Za-z]{2,}")
#: A part that fails so often is not worth another try.
_MOST_ATTEMPTS = 20


class Part(msgspec.Struct, frozen=True):
    """What one task counts: the words of these files, taking at least so long."""

    files: tuple[str, ...]
    seconds: float = 0.0


class JobError(Exception):
    """A job that cannot be done, and why."""


def count_words(text: str) -> Counter[str]:
    """How often each word occurs, in lower case."""
    return Counter(word.lower() for word in _WORD.findall(text))


def divide(files: Sequence[tuple[str, int]], parts: int) -> tuple[tuple[str, ...], ...]:
    """Share out files, given with their sizes in bytes, so that the parts are about equally large."""
    heaps: list[list[str]] = [[] for _ in range(max(1, min(parts, len(files))))]
    sizes = [0] * len(heaps)
    for path, size in sorted(files, key=lambda file: (-file[1], file[0])):
        smallest = min(range(len(heaps)), key=lambda number: (sizes[number], number))
        heaps[smallest].append(path)
        sizes[smallest] += size
    return tuple(tuple(heap) for heap in heaps)


class Job:
    """Which part waits, which is being counted by which task, and what the sum is so far."""

    def __init__(self, parts: Iterable[tuple[str, ...]]) -> None:
        self._parts = tuple(parts)
        self._waiting = deque(range(len(self._parts)))
        self._attempts = [0] * len(self._parts)
        #: The part that each task counts.
        self._running: dict[str, int] = {}
        self._counted: dict[int, None] = {}
        self.words: Counter[str] = Counter()

    def begin(self) -> tuple[str, tuple[str, ...]] | None:
        """A task's id, and the files that it is to count; None when nothing waits."""
        while self._waiting:
            number = self._waiting.popleft()
            if number not in self._counted:
                self._attempts[number] += 1
                task_id = f"count-{number + 1}-{self._attempts[number]}"
                self._running[task_id] = number
                return task_id, self._parts[number]
        return None

    def finish(self, task_id: str, words: Mapping[str, int]) -> None:
        """A task has counted its part, which is added unless another task was faster."""
        number = self._number(task_id)
        self._running.pop(task_id, None)
        if number not in self._counted:
            self._counted[number] = None
            self.words.update(words)

    def fail(self, task_id: str, reason: str) -> None:
        """A task is lost: its part waits again. Raises JobError when that happened too often."""
        number = self._running.pop(task_id, None)
        if number is None or number in self._counted:
            return
        if self._attempts[number] >= _MOST_ATTEMPTS:
            raise JobError(f"part {number + 1} failed {_MOST_ATTEMPTS} times, the last time for: {reason}")
        self._waiting.appendleft(number)

    @property
    def running(self) -> tuple[str, ...]:
        """The ids of the tasks that are not over."""
        return tuple(self._running)

    @property
    def waits(self) -> bool:
        """Whether there is a part that no task counts."""
        return any(number not in self._counted for number in self._waiting)

    @property
    def progress(self) -> tuple[int, int]:
        """How many parts are counted, and of how many."""
        return len(self._counted), len(self._parts)

    @property
    def done(self) -> bool:
        """Whether all are."""
        return len(self._counted) == len(self._parts)

    def _number(self, task_id: str) -> int:
        return int(task_id.split("-")[1]) - 1
