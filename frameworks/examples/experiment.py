"""The test framework, as Mesos has one: runs some tasks under an executor of its own, and is done.

python -m frameworks.examples.experiment --master=127.0.0.1:5050
pion node --actor=experiment=frameworks.examples.experiment:Experiment,master=127.0.0.1:5050
"""

from __future__ import annotations

import getpass
import sys

from actors.flags import Flags, flag, required
from frameworks.examples.programs import executor_info, main_of
from frameworks.offered import Offered
from frameworks.scheduler import Scheduler
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

#: What a task needs, as in Mesos' own.
_NEEDS = Resources.parse("cpus:1;mem:128")
#: Its executor.
ECHO = "frameworks.examples.echo_executor:EchoExecutor"


class Experiment(Scheduler):
    """Runs `tasks` tasks, as many at once as there are resources for, and tears itself down.

    A task that is lost before it is over ends the experiment.
    """

    reconcile_every_seconds = 15.0

    def __init__(self, master: Pid | str, tasks: int = 5, role: str = "*", user: str = "") -> None:
        """`master` is its address, or the Pid of a detector."""
        info = FrameworkInfo(
            user=user or getpass.getuser(),
            name="experiment",
            role=role,
            failover_timeout=60.0,
            checkpoint=True,
        )
        super().__init__(info, master)
        self._tasks = tasks
        #: Where each task that was launched runs, until it is over.
        self._running: dict[str, AgentID] = {}
        self._launched = 0
        self.finished = 0
        #: Why it ended early, if it did.
        self.problem: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether every task finished well."""
        return self.finished == self._tasks

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        """Launch as many tasks as fit."""
        for offer in offers:
            tasks = self._fill(Offered(offer))
            if tasks:
                self.launch((offer,), tasks)
            else:
                self.decline((offer,))
        if self._launched == self._tasks:
            self.suppress()

    def update(self, status: TaskStatus) -> None:
        """Count those that are over."""
        task_id = status.task_id.value
        if status.state not in TERMINAL or task_id not in self._running:
            return
        del self._running[task_id]
        if status.state is TaskState.TASK_FINISHED:
            self.finished += 1
            self.log.info("task finished", task_id=task_id, finished=self.finished, tasks=self._tasks)
        else:
            self.problem = f"task {task_id} is in state {status.state.name}: {status.message or ''}"
            self.log.error("experiment failed", reason=self.problem)
        if self.succeeded or self.problem is not None:
            self.teardown()

    def error(self, message: str) -> None:
        """There is no going on."""
        self.problem = message
        self.terminate()

    def unsettled(self) -> tuple[TaskReference, ...]:
        """The tasks that are not over."""
        return tuple(
            TaskReference(task_id=TaskID(value=task_id), agent_id=agent_id)
            for task_id, agent_id in self._running.items()
        )

    def _fill(self, offered: Offered) -> list[TaskInfo]:
        executor = executor_info("echo", ECHO)
        tasks: list[TaskInfo] = []
        if executor.executor_id not in offered.offer.executor_ids:
            if not offered.holds(_NEEDS + Resources(executor.resources)):
                return tasks
            offered.take(Resources(executor.resources))
        while self._launched < self._tasks and offered.holds(_NEEDS):
            self._launched += 1
            task_id = str(self._launched)
            self._running[task_id] = offered.agent_id
            tasks.append(
                TaskInfo(
                    name=f"task {task_id}",
                    task_id=TaskID(value=task_id),
                    agent_id=offered.agent_id,
                    resources=offered.take(_NEEDS),
                    executor=executor,
                )
            )
        return tasks


class ExperimentFlags(Flags):
    """Runs some tasks under an executor of its own; the exit status is 0 when all finish well."""

    master: str = required("Where the master is found: host:port, or zk://host:port,host:port/path.")
    tasks: int = flag(5, "How many tasks to run.")
    role: str = flag("*", "The role whose resources are used.")


def main(words: list[str] | None = None) -> int:
    """Run it; returns the exit status."""

    def make(flags: ExperimentFlags, detector: Pid) -> Experiment:
        return Experiment(detector, flags.tasks, flags.role)

    def report(experiment: Experiment) -> int:
        sys.stdout.write(experiment.problem or f"All {experiment.finished} tasks finished.")
        sys.stdout.write("\n")
        return 0 if experiment.succeeded else 1

    return main_of("experiment", ExperimentFlags, make, report, words)


if __name__ == "__main__":
    sys.exit(main())
