"""The long-lived framework, as Mesos has one: keeps a number of short tasks running, for ever.

python -m frameworks.examples.long_lived --master=127.0.0.1:5050 --tasks=3
"""

from __future__ import annotations

import getpass
import itertools
import sys

from actors.flags import Flags, flag, required
from frameworks.examples.programs import main_of
from frameworks.offered import Offered, command_task
from frameworks.scheduler import Scheduler
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

#: States of tasks that are over for this framework: of one that nobody knows nothing will come either.
_OVER = TERMINAL | {TaskState.TASK_UNKNOWN}


class LongLived(Scheduler):
    """Replaces every task that ends; `command` is what each runs, and `resources` what it needs."""

    reconcile_every_seconds = 60.0

    def __init__(
        self,
        master: Pid | str,
        tasks: int = 1,
        command: str = "sleep 10",
        resources: str = "cpus:0.1;mem:32",
        role: str = "*",
        user: str = "",
    ) -> None:
        """`master` is its address, or the Pid of a detector."""
        info = FrameworkInfo(
            user=user or getpass.getuser(),
            name="long-lived",
            role=role,
            checkpoint=True,
            failover_timeout=7 * 86400.0,
        )
        super().__init__(info, master)
        self._tasks = tasks
        self._command = command
        self._needs = Resources.parse(resources)
        self._numbers = itertools.count(1)
        #: Where each task runs that is not over.
        self.running: dict[str, AgentID] = {}
        #: How many ended, by their last state.
        self.ended: dict[TaskState, int] = {}

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        """Launch what is missing."""
        for offer in offers:
            offered = Offered(offer)
            tasks = []
            while len(self.running) < self._tasks and offered.holds(self._needs):
                task_id = f"task-{next(self._numbers)}"
                self.running[task_id] = offered.agent_id
                tasks.append(command_task(task_id, offered, self._needs, self._command))
            if tasks:
                self.launch((offer,), tasks)
            else:
                self.decline((offer,))
        if len(self.running) == self._tasks:
            self.suppress()

    def update(self, status: TaskStatus) -> None:
        """Replace what is over."""
        task_id = status.task_id.value
        if status.state not in _OVER or task_id not in self.running:
            return
        del self.running[task_id]
        self.ended[status.state] = self.ended.get(status.state, 0) + 1
        self.log.info("task ended", task_id=task_id, state=status.state.name, reason=status.message)
        self.revive()

    def unsettled(self) -> tuple[TaskReference, ...]:
        """The tasks that are not over."""
        return tuple(
            TaskReference(task_id=TaskID(value=task_id), agent_id=agent_id)
            for task_id, agent_id in self.running.items()
        )


class LongLivedFlags(Flags):
    """Keeps a number of short tasks running, until it is stopped."""

    master: str = required("Where the master is found: host:port, or zk://host:port,host:port/path.")
    tasks: int = flag(1, "How many tasks run at any time.")
    command: str = flag("sleep 10", "What each of them runs.")
    resources: str = flag("cpus:0.1;mem:32", "What each of them needs.")
    role: str = flag("*", "The role whose resources are used.")


def main(words: list[str] | None = None) -> int:
    """Run it; returns the exit status."""

    def make(flags: LongLivedFlags, detector: Pid) -> LongLived:
        return LongLived(detector, flags.tasks, flags.command, flags.resources, flags.role)

    return main_of("long_lived", LongLivedFlags, make, lambda _scheduler: 1, words)


if __name__ == "__main__":
    sys.exit(main())
