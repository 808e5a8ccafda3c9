"""The health check and the check of one task."""

from __future__ import annotations

from collections.abc import Callable

from actors.executor.checks.check import Check
from actors.executor.checks.checker import Checker, Surroundings
from actors.executor.checks.health import Health, Verdict
from actors.executor.checks.look import Schedule, Seen, check_look, health_look
from actors.process import Process
from transport.messages.containing import ContainerEnded
from transport.messages.probing import Probed
from transport.records.check import CheckStatusInfo
from transport.records.task import TaskInfo


class TaskChecks:
    """Looks at a task from its start to its end; raises ValueError for checks that do not say how.

    `judged` is called with each verdict of the health check, `checked` when the check's result changes.
    """

    def __init__(
        self,
        process: Process,
        task: TaskInfo,
        surroundings: Surroundings,
        judged: Callable[[Verdict], None],
        checked: Callable[[], None],
    ) -> None:
        #: What the health check found last; None when there is none, or nothing that counts yet.
        self.healthy: bool | None = None
        self._process = process
        self._task = task
        self._judged = judged
        self._checked = checked
        self._health: Health | None = None
        self._check = None if task.check is None else Check(task.check)
        self._checkers: list[Checker] = []
        if task.health_check is not None:
            look, schedule = health_look(task.health_check), Schedule.of(task.health_check)
            self._checkers.append(Checker(process, look, schedule, surroundings, self._judge))
        if task.check is not None:
            look, schedule = check_look(task.check), Schedule.of(task.check)
            self._checkers.append(Checker(process, look, schedule, surroundings, self._take))

    @property
    def status(self) -> CheckStatusInfo | None:
        """What the check shows; None when the task has none."""
        return None if self._check is None else self._check.status

    def move(self, addresses: tuple[str, ...]) -> None:
        """The task has a network of its own, where these addresses are its."""
        for checker in self._checkers:
            checker.move(addresses)

    def start(self, now: float) -> None:
        """The task runs since `now`."""
        if self._task.health_check is not None:
            self._health = Health(self._task.health_check, now)
        for checker in self._checkers:
            checker.start()

    def stop(self) -> None:
        """The task ends, or is to end: nothing is to be learned any more."""
        for checker in self._checkers:
            checker.stop()

    def ended(self, message: ContainerEnded) -> bool:
        """A container is no more: whether it was that of a look."""
        return any(checker.ended(message) for checker in self._checkers)

    def probed(self, message: Probed) -> bool:
        """The prober answers: whether it was about one of these."""
        return any(checker.probed(message) for checker in self._checkers)

    def _judge(self, seen: Seen) -> None:
        assert self._health is not None
        verdict = self._health.judge(seen, self._process.system.now())
        if verdict.healthy is not None:
            self.healthy = verdict.healthy
        self._judged(verdict)

    def _take(self, seen: Seen) -> None:
        assert self._check is not None
        if self._check.take(seen):
            self._checked()
