"""A framework that gets its jobs done whatever happens, and remembers what it was told.

A job is tried as often as a try is lost; each try is a task with an id of its own. Its command says what is
to become of it: `try-3 2.5 0` runs 2.5 s and exits with 0; `-` in place of the time runs until it is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from frameworks.offered import Offered
from frameworks.scheduler import Scheduler
from tests.simulation.notebook import Job, Notebook, Try, Way
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

_State = TaskState
_Operation = Offer.Operation
_NEEDS = Resources.parse("cpus:1;mem:64")
_EXECUTOR_NEEDS = Resources.parse("cpus:0.1;mem:32;disk:32")
#: Ways in which a job is a command by itself.
_ALONE = (Way.COMMAND, Way.CONTAINED)
#: The command that starts the executor that a framework brings along.
WORKSHOP = "workshop"
#: A framework that waits this long for an answer about a task asks again.
_ASK_SECONDS = 30.0


class Workload(Scheduler):
    """Works a notebook off."""

    reconcile_every_seconds = _ASK_SECONDS

    def __init__(
        self, notebook: Notebook, detector: Pid, tell: Callable[[str, TaskStatus], None] = lambda *_: None
    ) -> None:
        """`tell` hears of every status that is handled, and whose it is."""
        super().__init__(notebook.framework, detector)
        self.book = notebook
        self._tell = tell

    def initialize(self) -> None:
        super().initialize()
        self.book.handled.clear()
        for job in self.book.jobs:
            self.delay(0.0 if job.begun else job.after_seconds, self._begin, job)

    def _begin(self, job: Job) -> None:
        job.begun = True
        self.revive()

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        assert self.book.framework_id in (None, framework_id), "I25: a second framework"
        if self.book.over:
            assert master.id != self.book.master_id, "I27: subscribed after it was torn down"
            self.teardown()
        self.book.framework_id, self.book.master_id = framework_id, master.id

    def error(self, message: str) -> None:
        self.book.over = True
        self.terminate()

    # Launching.

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            operations = self._operations(Offered(offer))
            if operations:
                self.accept([offer], operations, Filters(refuse_seconds=0.0))
            else:
                self.decline([offer])

    def _operations(self, offered: Offered) -> list[Offer.Operation]:
        """As many tries as fit, each way by an operation of its own."""
        operations = []
        for way in Way:
            jobs = [job for job in self.book.open if job.way is way]
            if not jobs or (way not in _ALONE and not offered.holds(_EXECUTOR_NEEDS + _NEEDS)):
                continue
            executor = None if way in _ALONE else self._executor(way, offered)
            tasks = []
            for job in jobs:
                if not offered.holds(_NEEDS):
                    break
                tasks.append(self._try(job, offered, executor))
            if tasks:
                operations.append(_launch(tasks, executor, way))
        return operations

    def _executor(self, way: Way, offered: Offered) -> ExecutorInfo:
        needs = offered.take(_EXECUTOR_NEEDS)
        if way is Way.GROUP:
            name = f"{self.book.name}-group-{len(self.book.tries)}"
            kind, command = ExecutorInfo.Type.DEFAULT, None
        else:
            name = f"{self.book.name}-{WORKSHOP}"
            kind, command = ExecutorInfo.Type.CUSTOM, CommandInfo(value=WORKSHOP)
        return ExecutorInfo(type=kind, executor_id=ExecutorID(value=name), command=command, resources=needs)

    def _try(self, job: Job, offered: Offered, executor: ExecutorInfo | None) -> TaskInfo:
        task_id = f"{self.book.name}-try-{len(self.book.tries)}"
        self.book.tries[task_id] = Try(job.number, offered.agent_id.value)
        job.current = task_id
        words = f"{task_id} {'-' if job.seconds is None else job.seconds} {job.exit_status}"
        custom = job.way is Way.CUSTOM
        return TaskInfo(
            name=words,
            task_id=TaskID(value=task_id),
            agent_id=offered.agent_id,
            resources=offered.take(_NEEDS),
            command=None if custom else CommandInfo(value=words, uris=_files(job, task_id)),
            container=_container(job),
            executor=executor if custom else None,
        )

    # What becomes of them.

    def update(self, status: TaskStatus) -> None:
        if status.uuid is not None:
            assert status.uuid not in self.book.handled, f"{status.task_id.value}: told twice"
            self.book.handled.add(status.uuid)
        if status.uuid not in self.book.told:
            self._tell(self.book.name, status)
        if status.uuid is not None:
            self.book.told.add(status.uuid)
        task_id = status.task_id.value
        attempt = self.book.tries[task_id]
        job = self.book.jobs[attempt.job]
        attempt.state = status.state
        if status.state in (_State.TASK_FINISHED, _State.TASK_FAILED, _State.TASK_KILLED):
            self._ended(job, task_id, status)
        elif status.state in TERMINAL or status.state in (_State.TASK_UNKNOWN, _State.TASK_UNREACHABLE):
            # Given up; should it turn out to run, it is killed.
            self._give_up(job, task_id)
        elif job.current != task_id:
            self._kill(task_id, attempt)
        elif status.state is _State.TASK_RUNNING:
            self._runs(job, task_id, attempt)

    def _runs(self, job: Job, task_id: str, attempt: Try) -> None:
        if job.stays:
            job.outcome = _State.TASK_RUNNING
        elif job.seconds is None:
            self.delay(self.system.rng.uniform(0.0, 5.0), self._kill, task_id, attempt)

    def _give_up(self, job: Job, task_id: str) -> None:
        if job.current == task_id:
            job.current = job.outcome = None

    def _ended(self, job: Job, task_id: str, status: TaskStatus) -> None:
        if job.current != task_id:
            return
        self._give_up(job, task_id)
        failed = status.state is _State.TASK_FAILED and status.source is TaskStatus.Source.SOURCE_EXECUTOR
        killed = status.state is _State.TASK_KILLED and self.book.tries[task_id].killed
        limited = status.reason is TaskStatus.Reason.REASON_CONTAINER_LIMITATION_MEMORY
        assert limited == (status.limitation is not None), f"{task_id}: a limit without what exceeded it"
        assert not limited or job.exit_status != 0, f"{task_id}: ended for what it did not use"
        if status.state is _State.TASK_FINISHED or killed or (failed and job.exit_status != 0):
            job.outcome = status.state

    def _kill(self, task_id: str, attempt: Try) -> None:
        if attempt.state in TERMINAL:
            return
        attempt.killed = True
        self.kill(task_id, attempt.agent_id)
        # A kill may be lost on its way.
        self.delay(_ASK_SECONDS, self._kill, task_id, attempt)

    def unsettled(self) -> Iterable[TaskReference]:
        return [
            TaskReference(task_id=TaskID(value=task_id), agent_id=AgentID(value=attempt.agent_id))
            for task_id, attempt in self.book.tries.items()
            if attempt.state not in TERMINAL or attempt.state in (_State.TASK_LOST, _State.TASK_GONE)
        ]


def _files(job: Job, task_id: str) -> tuple[CommandInfo.URI, ...]:
    """What a job needs in its folder."""
    needs = job.way is Way.CONTAINED and job.number % 3
    return (CommandInfo.URI(value=f"http://files/{task_id}"),) if needs else ()


def _container(job: Job) -> ContainerInfo | None:
    """Docker's, for every other job that is contained."""
    if job.way is not Way.CONTAINED or job.number % 2:
        return None
    docker = ContainerInfo.DockerInfo(image="jobs:1", network=ContainerInfo.DockerInfo.Network.BRIDGE)
    return ContainerInfo(type=ContainerInfo.Type.DOCKER, docker=docker)


def _launch(tasks: list[TaskInfo], executor: ExecutorInfo | None, way: Way) -> Offer.Operation:
    if way is not Way.GROUP:
        launch = _Operation.Launch(task_infos=tuple(tasks))
        return _Operation(type=_Operation.Type.LAUNCH, launch=launch)
    assert executor is not None
    group = _Operation.LaunchGroup(executor=executor, task_group=TaskGroupInfo(tasks=tuple(tasks)))
    return _Operation(type=_Operation.Type.LAUNCH_GROUP, launch_group=group)
