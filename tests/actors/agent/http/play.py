"""A cluster of one agent that plays itself, whose executors speak HTTP: connections break, and agents die."""

from __future__ import annotations

from actors.agent.agent import Agent
from actors.agent.http.executor_stream import ExecutorStream, ExecutorStreams
from actors.process import Process
from tests.actors.agent.http.site import Body
from tests.actors.agent.play import LivingExecutors, LivingMaster, Play
from tests.actors.agent.stage import Stage, custom, task
from transport.http.media_type import Encoding
from transport.messages.executing import ExecutorUpdate, SubscribeExecutor
from transport.messages.hosting import LaunchExecutor
from transport.records.executor_event import Event
from transport.records.ids import TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

#: At most, from one look at what came to the next: what was not looked at is lost with its connection.
_LOOK_SECONDS = 0.4
#: An executor that has had nothing to do for so long ends.
_IDLE_SECONDS = 2.0
_TASK_SECONDS = 0.3
#: Before one task in so many is spoken of for the first time, at most.
_SILENT_TASKS = 5
_SILENT_SECONDS = 12.0
_Type = Event.Type


class Door:
    """Where connections to the agent are made, whoever is the agent just now."""

    def __init__(self) -> None:
        self.stage: Stage
        self._agent: Agent | None = None
        self._streams = ExecutorStreams()
        self._opened = 0

    @property
    def agent(self) -> Agent | None:
        """The agent that is up."""
        try:
            return self.stage.agent if self.stage.node.up else None
        except LookupError:
            return None

    def open(self, subscription: SubscribeExecutor, body: Body) -> ExecutorStream | None:
        """Begin a stream, as the executor API does; None while there is no agent."""
        agent = self.agent
        if agent is None:
            return None
        if agent is not self._agent:
            self._agent, self._streams = agent, ExecutorStreams()
        stream = ExecutorStream(subscription, self.stage.pid, Encoding.JSON, body, self._streams)
        self._opened += 1
        self.stage.node.spawn(lambda: stream, f"http-executor-{self._opened}")
        return stream


class Client(Process):
    """An executor over HTTP: runs every task for a moment, and does what libraries of executors do."""

    def __init__(self, launch: LaunchExecutor, door: Door, runs: dict[str, int]) -> None:
        assert launch.framework.id is not None
        self._framework_id = launch.framework.id.value
        self._executor_id = launch.executor.executor_id.value
        self._door = door
        #: How often each task was run, by any executor.
        self._runs = runs
        self._stream: ExecutorStream | None = None
        self._agent: Agent | None = None
        self._body = Body()
        self._read = 0
        self._tasks: dict[str, TaskInfo] = {}
        self._updates: dict[bytes, TaskStatus] = {}
        self._live: set[str] = set()
        self._idle_since = 0.0

    def initialize(self) -> None:
        self._idle_since = self.system.now()
        self._look()

    def _look(self) -> None:
        now, rng = self.system.now(), self.system.rng
        self.delay(rng.uniform(0.01, _LOOK_SECONDS), self._look)
        if self._stream is None:
            self._subscribe()
        elif self._agent is not self._door.agent or self._body.ended:
            self._stream = None
        elif rng.random() < 0.05:
            self._leave()
        else:
            self._take()
        if self._tasks or self._updates or self._live:
            self._idle_since = now
        elif now > self._idle_since + _IDLE_SECONDS:
            self._leave()
            self.terminate()

    def _subscribe(self) -> None:
        tasks, updates = tuple(self._tasks.values()), tuple(self._updates.values())
        self._body, self._read = Body(), 0
        self._stream = self._door.open(
            SubscribeExecutor(self._framework_id, self._executor_id, tasks, updates, over_http=True),
            self._body,
        )
        self._agent = self._door.agent
        self.delay(1.0, self._doubt, self._body)

    def _doubt(self, body: Body) -> None:
        """An agent that reads its books says nothing here; the executor API does not let it come to that."""
        if body is self._body and not body.events:
            self._leave()

    def _leave(self) -> None:
        """The connection breaks; what was written and not read is lost."""
        if self._stream is not None and self._agent is self._door.agent:
            self._stream.close("the client is gone")
        self._stream = None

    def _take(self) -> None:
        events = self._body.events[self._read :]
        self._read += len(events)
        for event in events:
            if event.launch is not None:
                self._launch(event.launch.task)
            elif event.acknowledged is not None:
                self._updates.pop(event.acknowledged.uuid, None)
                self._tasks.pop(event.acknowledged.task_id.value, None)
            elif event.type in (_Type.SHUTDOWN, _Type.ERROR):
                self.terminate()

    def _launch(self, info: TaskInfo) -> None:
        task_id = info.task_id.value
        self._tasks[task_id] = info
        self._live.add(task_id)
        self._runs[task_id] = self._runs.get(task_id, 0) + 1
        rng = self.system.rng
        silent_seconds = 0.0 if rng.randrange(_SILENT_TASKS) else rng.uniform(0.0, _SILENT_SECONDS)
        self.delay(silent_seconds, self._tell, task_id, TaskState.TASK_RUNNING)
        self.delay(silent_seconds + _TASK_SECONDS, self._finish, task_id)

    def _finish(self, task_id: str) -> None:
        self._live.discard(task_id)
        self._tell(task_id, TaskState.TASK_FINISHED)

    def _tell(self, task_id: str, state: TaskState) -> None:
        uuid = self.system.rng.randbytes(16)
        status = self._updates[uuid] = TaskStatus(task_id=TaskID(value=task_id), state=state, uuid=uuid)
        if self._stream is not None and self._agent is self._door.agent and not self._body.ended:
            self._stream.tell(ExecutorUpdate(self._framework_id, self._executor_id, status))


class HttpExecutors(LivingExecutors):
    """Executors that live, and speak HTTP."""

    def __init__(self, runs: dict[str, int], door: Door) -> None:
        super().__init__(runs)
        self._door = door

    def make(self, launch: LaunchExecutor) -> Process:
        return Client(launch, self._door, self._runs)


class _Master(LivingMaster):
    """Launches all tasks by one executor."""

    def info(self, task_id: str) -> TaskInfo:
        return task(task_id, "cpus:0.01;mem:4", executor=custom(f"e{int(task_id[1:]) % 2}"))


class HttpPlay(Play):
    """The same with executors that speak HTTP, each of which runs many tasks."""

    master_type = _Master

    def __init__(self, seed: int = 1, tasks: int = 1) -> None:
        self._door = Door()
        super().__init__(seed, tasks)
        self._door.stage = self.stage

    def executors(self) -> LivingExecutors:
        return HttpExecutors(self.runs, self._door)
