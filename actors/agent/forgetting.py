"""Deletes what is kept about executors and frameworks that are over, so that no crash brings them back."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Iterator

from actors.agent import paths
from actors.agent.batch import Batch
from actors.agent.checkpoints import unseal
from actors.agent.sandboxes import Sandboxes
from actors.disk import Disk
from transport.messages.checkpointing import DiscardExecutor

#: Files that are deleted at once.
_DELETED_AT_ONCE = 200
#: So many tasks of a run that are over are kept.
TASKS_KEPT = 200


class Forgetting:
    """What of one agent is to be forgotten, now or later.

    An executor is forgotten once all its updates are acknowledged, a framework once it has no executor. What
    recovery goes by is removed first and durably; the rest means nothing without it, and goes bit by bit.
    """

    def __init__(self, disk: Disk, sandboxes: Sandboxes, agent_id: str) -> None:
        self._disk = disk
        self._sandboxes = sandboxes
        self._agent_id = agent_id
        #: Runs that are over whatever their files say: those that recovery found to be of no use.
        self._useless: set[DiscardExecutor] = set()
        self._waiting: set[DiscardExecutor] = set()
        self._idle_frameworks: set[str] = set()
        #: Tasks of runs that go on, in the order in which they came to their ends.
        self._over: dict[DiscardExecutor, deque[str]] = {}
        self._deletions: deque[Iterator[None]] = deque()

    def __bool__(self) -> bool:
        """Whether there is anything for `work` to do."""
        return bool(self._deletions)

    def give_up(self, run: DiscardExecutor) -> None:
        """Take a run for completed, whatever its files say."""
        self._useless.add(run)

    def forget(self, run: DiscardExecutor) -> None:
        """Forget a run whose sandbox is deleted; one that is not completed yet waits until it is."""
        executor = paths.meta(self._agent_id, run.framework_id, run.executor_id)
        kept = paths.meta(self._agent_id, run.framework_id, run.executor_id, run.container_id)
        is_latest = self._latest(executor) == run.container_id
        if is_latest and run not in self._useless and paths.COMPLETED not in self._disk.list(kept):
            self._waiting.add(run)
            return
        self._useless.discard(run)
        self._over.pop(run, None)
        if is_latest:
            batch = Batch()
            for name in (paths.EXECUTOR_INFO, paths.GENERATED_EXECUTOR, paths.LATEST_RUN):
                batch.remove(f"{executor}/{name}")
            batch.flush(self._disk)
        self._sandboxes.prune(paths.sandboxes(self._agent_id, *_ids(run)))
        self._deletions.append(self._delete(kept))
        self._forget_idle(run.framework_id)

    def completed(self, run: DiscardExecutor) -> None:
        """Forget a run that waited for this: its completion is durable."""
        self._over.pop(run, None)
        if run in self._waiting:
            self._waiting.discard(run)
            self.forget(run)

    def over(self, run: DiscardExecutor, task_id: str) -> None:
        """A task is over: of those of one run only the latest are kept (an executor may live for years)."""
        tasks = self._over.setdefault(run, deque())
        tasks.append(task_id)
        if len(tasks) > TASKS_KEPT:
            folder = paths.meta(self._agent_id, *_ids(run), tasks.popleft())
            # Without its description a task means nothing to recovery; changes of a folder keep their order.
            for name in (paths.TASK_INFO, paths.TASK_UPDATES):
                with contextlib.suppress(FileNotFoundError):
                    self._disk.remove(f"{folder}/{name}")
            self._sandboxes.prune(folder)

    def forget_framework(self, framework_id: str) -> None:
        """Forget a framework, as soon as no executor of it is kept."""
        self._idle_frameworks.add(framework_id)
        self._forget_idle(framework_id)

    def keep_framework(self, framework_id: str) -> None:
        """Take `forget_framework` back."""
        self._idle_frameworks.discard(framework_id)

    def work(self) -> None:
        """Delete a little."""
        deletion = self._deletions[0]
        if sum(1 for _ in itertools.islice(deletion, _DELETED_AT_ONCE)) < _DELETED_AT_ONCE:
            self._deletions.popleft()

    def _forget_idle(self, framework_id: str) -> None:
        if framework_id not in self._idle_frameworks:
            return
        folder = paths.meta(self._agent_id, framework_id)
        for executor in self._disk.list(f"{folder}/executors"):
            if paths.EXECUTOR_INFO in self._disk.list(f"{folder}/executors/{executor}"):
                return
        self._idle_frameworks.discard(framework_id)
        batch = Batch()
        batch.remove(f"{folder}/{paths.FRAMEWORK_INFO}")
        batch.flush(self._disk)
        self._sandboxes.prune(folder)
        self._sandboxes.prune(paths.sandboxes(self._agent_id, framework_id))

    def _delete(self, folder: str) -> Iterator[None]:
        """Delete what is in a folder, file by file, and then the folder."""
        for name in self._disk.list(folder):
            path = f"{folder}/{name}"
            try:
                self._disk.remove(path)
            except IsADirectoryError:
                yield from self._delete(path)
            except FileNotFoundError:
                continue
            yield
        self._sandboxes.prune(folder)

    def _latest(self, executor: str) -> str | None:
        try:
            return unseal(self._disk.read(f"{executor}/{paths.LATEST_RUN}"))
        except (FileNotFoundError, ValueError):
            return None


def _ids(run: DiscardExecutor) -> tuple[str, str, str]:
    return run.framework_id, run.executor_id, run.container_id
