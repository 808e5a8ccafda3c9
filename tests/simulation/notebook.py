"""What a framework of the simulation has to do, and what it knows of that."""

from __future__ import annotations

import enum
import random

import msgspec

from transport.http.media_type import Encoding
from transport.records.framework import FrameworkInfo
from transport.records.ids import FrameworkID
from transport.records.task_status import TaskState

_Capability = FrameworkInfo.Capability.Type
#: Seconds from the subscription within which the jobs are begun.
_BEGIN_SECONDS = 60.0


class Way(enum.Enum):
    """By what a job is run."""

    COMMAND = enum.auto()
    #: With others, under a default executor.
    GROUP = enum.auto()
    #: By an executor that the framework brings along.
    CUSTOM = enum.auto()
    #: As a command in a container, made by Docker or not, for which files are fetched or not.
    CONTAINED = enum.auto()


class Job(msgspec.Struct):
    """Something to be done."""

    number: int
    #: Seconds that it takes; None: until it is killed.
    seconds: float | None
    #: As `waitpid` gives it.
    exit_status: int
    #: When it may be begun, in seconds from the subscription of the scheduler that begins it.
    after_seconds: float
    way: Way = Way.COMMAND
    #: Nobody kills it: it is to run, and to go on running.
    stays: bool = False
    begun: bool = False
    #: How it ended; TASK_RUNNING for one that stays and runs.
    outcome: TaskState | None = None
    #: The task that is to do it, while there is one.
    current: str | None = None


class Try(msgspec.Struct):
    """A task that was launched for a job."""

    job: int
    agent_id: str
    state: TaskState = TaskState.TASK_STAGING
    killed: bool = False


class Notebook:
    """What a framework knows, on paper: it survives the scheduler."""

    def __init__(
        self,
        name: str,
        rng: random.Random,
        jobs: int,
        *,
        ways: tuple[Way, ...] = (Way.COMMAND,),
        checkpoint: bool = True,
        partition_aware: bool = True,
        role: str = "*",
        encoding: Encoding | None = None,
    ) -> None:
        self.name = name
        #: In which form its scheduler speaks v1 HTTP; None for a native one.
        self.encoding = encoding
        self.checkpoint = checkpoint
        self.partition_aware = partition_aware
        self.role = role
        self.framework_id: str | None = None
        self.jobs = [_job(number, rng, ways) for number in range(jobs)]
        self.tries: dict[str, Try] = {}
        #: Somebody tore the framework down: nothing is to be done any more.
        self.over = False
        #: The id of the master that was subscribed with last: no other remembers what it tore down.
        self.master_id: str | None = None
        #: The uuids of the updates that were handled, by this life of the scheduler.
        self.handled: set[bytes] = set()
        #: The same, by any life.
        self.told: set[bytes] = set()
        #: How often each task's container was started.
        self.started: dict[str, int] = {}

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.over or all(job.outcome is not None for job in self.jobs)

    @property
    def open(self) -> list[Job]:
        """The jobs that may be tried."""
        return [job for job in self.jobs if job.outcome is None and job.current is None and job.begun]

    @property
    def running(self) -> set[str]:
        """The tasks that are to run on."""
        return set() if self.over else {job.current for job in self.jobs if job.stays and job.current}

    @property
    def framework(self) -> FrameworkInfo:
        """How the framework describes itself."""
        capabilities = [_Capability.TASK_KILLING_STATE]
        if self.partition_aware:
            capabilities.append(_Capability.PARTITION_AWARE)
        return FrameworkInfo(
            user="root",
            name=self.name,
            id=None if self.framework_id is None else FrameworkID(value=self.framework_id),
            failover_timeout=1e6,
            checkpoint=self.checkpoint,
            role=self.role,
            capabilities=tuple(FrameworkInfo.Capability(type=one) for one in capabilities),
        )


def _job(number: int, rng: random.Random, ways: tuple[Way, ...]) -> Job:
    kind, after_seconds, way = rng.random(), rng.uniform(0.0, _BEGIN_SECONDS), rng.choice(ways)
    if number == 0:
        return Job(number, None, 0, after_seconds, way, stays=True)
    if kind < 0.2:
        return Job(number, None, 0, after_seconds, way)
    exit_status = 0 if kind < 0.8 else rng.choice((1, 3)) << 8
    return Job(number, rng.choice((0.0, 0.5, 3.0, 20.0)), exit_status, after_seconds, way)
