"""A framework that gets its jobs done whatever happens, and remembers what it was told.

A job is tried as often as a try is lost; each try is a task with an id of its own. Its command says what is
to become of it: `try-3 2.5 0` runs 2.5 s and exits with 0; `-` in place of the time runs until it is killed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import msgspec

from frameworks.scheduler import TERMINAL, Scheduler
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.command import CommandInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_State = TaskState
_RESOURCES = tuple(Resources.parse("cpus:1;mem:64"))
#: A framework that waits this long for an answer about a task asks again.
_ASK_SECONDS = 30.0


class Job(msgspec.Struct):
    """Something to be done."""

    number: int
    #: Seconds that it takes; None: until it is killed.
    seconds: float | None
    exit_status: int
    #: When it may be begun, in seconds from the subscription of the scheduler that begins it.
    after_seconds: float
    begun: bool = False
    #: How it ended.
    outcome: TaskState | None = None
    #: The task that is to do it, while there is one.
    current: str | None = None


class Try(msgspec.Struct):
    """A task that was launched for a job."""

    job: int
    agent_id: str
    state: TaskState
    killed: bool = False


class Notebook:
    """What a framework knows, on paper: it survives the scheduler."""

    def __init__(self, name: str, rng: random.Random, jobs: int, *, checkpoint: bool = True) -> None:
        self.name = name
        self.checkpoint = checkpoint
        self.framework_id: str | None = None
        self.jobs = [_job(number, rng) for number in range(jobs)]
        self.tries: dict[str, Try] = {}
        #: The uuids of the updates that were handled, by this life of the scheduler.
        self.handled: set[bytes] = set()
        #: The same, by any life.
        self.told: set[bytes] = set()
        #: How often each task's container was started.
        self.started: dict[str, int] = {}

    @property
    def done(self) -> bool:
        return all(job.outcome is not None for job in self.jobs)

    @property
    def open(self) -> list[Job]:
        return [job for job in self.jobs if job.outcome is None and job.current is None and job.begun]

    @property
    def framework(self) -> FrameworkInfo:
        return FrameworkInfo(
            user="root",
            name=self.name,
            id=None if self.framework_id is None else FrameworkID(value=self.framework_id),
            failover_timeout=1e6,
            checkpoint=self.checkpoint,
            capabilities=(
                FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),
                FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.TASK_KILLING_STATE),
            ),
        )


def _job(number: int, rng: random.Random) -> Job:
    kind, after_seconds = rng.random(), rng.uniform(0.0, 60.0)
    if kind < 0.2:
        return Job(number, None, 0, after_seconds)
    exit_status = 0 if kind < 0.8 else rng.choice((1, 3)) << 8
    return Job(number, rng.choice((0.0, 0.5, 3.0, 20.0)), exit_status, after_seconds)


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
        self.book.framework_id = framework_id

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            room = Resources(offer.resources).scalar_quantities.thousandths.get("cpus", 0) // 1000
            jobs = self.book.open[:room]
            if jobs:
                tasks = [self._try(job, offer) for job in jobs]
                self.launch([offer], tasks, Filters(refuse_seconds=0.0))
            else:
                self.decline([offer])

    def _try(self, job: Job, offer: Offer) -> TaskInfo:
        task_id = f"{self.book.name}-try-{len(self.book.tries)}"
        self.book.tries[task_id] = Try(job.number, offer.agent_id.value, _State.TASK_STAGING)
        job.current = task_id
        seconds = "-" if job.seconds is None else job.seconds
        return TaskInfo(
            name=task_id,
            task_id=TaskID(value=task_id),
            agent_id=offer.agent_id,
            resources=_RESOURCES,
            command=CommandInfo(value=f"{task_id} {seconds} {job.exit_status}"),
        )

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
            if job.current == task_id:
                job.current = None
        elif job.current != task_id:
            self._kill(task_id, attempt)
        elif status.state is _State.TASK_RUNNING and job.seconds is None:
            self.delay(self.system.rng.uniform(0.0, 5.0), self._kill, task_id, attempt)

    def _ended(self, job: Job, task_id: str, status: TaskStatus) -> None:
        if job.current != task_id:
            return
        job.current = None
        by_itself = status.source is TaskStatus.Source.SOURCE_EXECUTOR and job.exit_status != 0
        killed = status.state is _State.TASK_KILLED and self.book.tries[task_id].killed
        if status.state is _State.TASK_FINISHED or killed or by_itself:
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
