"""An agent in simulation with its executor API, and executors that speak it, in the hand of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from actors.agent.http.executor_api import executor_routes
from actors.gateway.front import Front
from actors.metrics import Registry
from actors.process import Process
from tests.actors.agent.http.conversation import call
from tests.actors.agent.stage import Stage
from transport.http.exchange import HttpError, Request, Response, Streaming
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader
from transport.message import Message
from transport.pid import Pid
from transport.records.executor_call import Call
from transport.records.executor_event import Event
from transport.records.ids import ExecutorID, TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

M = TypeVar("M")
_TYPE = Call.Type


class Body:
    """What a client would read of its stream."""

    def __init__(self, encoding: Encoding = Encoding.JSON) -> None:
        self.events: list[Event] = []
        self.pieces = 0
        self.ended = False
        self.aborted = False
        self.unread_bytes = 0
        self._encoding = encoding
        self._reader = RecordReader()

    def write(self, piece: bytes) -> None:
        self.pieces += 1
        self.events += [self._encoding.decode(record, Event) for record in self._reader.feed(piece)]

    def end(self) -> None:
        self._reader.end()
        self.ended = True

    def abort(self) -> None:
        self.aborted = True

    @property
    def types(self) -> list[str]:
        return [event.type.name for event in self.events if event.type is not None]


class Site:
    """A stage, and the HTTP API of its agent; both begin anew when that is started again."""

    def __init__(self, stage: Stage | None = None) -> None:
        self.stage = stage or Stage()
        self.open()

    def open(self) -> None:
        """What the gateway of an agent does that has just been started."""
        self.node = self.stage.node
        self.gateway = self.node.probe("gateway")
        (self.route,) = executor_routes(
            Front(
                here=self.node.address,
                ask=self._ask,
                spawn=self._spawn,
                tell=self._tell,
                metrics=Registry(),
                log=self.gateway.log,
                now=lambda: 0.0,
                wall=lambda: 0.0,
            )
        )

    async def _ask(self, name: str, message: Message) -> object:
        before = len(self.gateway.received)
        self.gateway.send(self.node.pid_of(name), message)
        self.stage.sim.run_until(lambda: len(self.gateway.received) > before)
        return self.gateway.received[before]

    def _spawn(self, make: Callable[[], Process], name: str) -> Pid:
        return self.node.spawn(make, name)

    def _tell(self, to: Pid, message: Message) -> None:
        self.gateway.send(to, message)

    def request(self, request: Request) -> Response | Streaming:
        """The answer to a request, also where that is a refusal."""
        try:
            answer = asyncio.run(self._handle(request))
        except HttpError as error:
            answer = error.response
        self.stage.run()
        return answer

    async def _handle(self, request: Request) -> Response | Streaming:
        answer = await self.route.handler(request)
        assert isinstance(answer, Response | Streaming)
        return answer

    def post(self, one: Call, encoding: Encoding = Encoding.JSON, **headers: str) -> Response | Streaming:
        said = {"content-type": encoding.value, "accept": encoding.value} | headers
        body = encoding.encode(one)
        return self.request(Request(method="POST", target="/api/v1/executor", headers=said, body=body))

    def said(self, one: Call, encoding: Encoding = Encoding.JSON, **headers: str) -> tuple[int, str]:
        """Status and body of the answer to a call that is not to begin a stream."""
        answer = self.post(one, encoding, **headers)
        assert isinstance(answer, Response)
        assert isinstance(answer.body, bytes)
        return answer.status, answer.body.decode().strip()

    def executor(self, executor_id: str = "e1", encoding: Encoding = Encoding.JSON) -> HttpExecutor:
        """An executor that subscribes now."""
        executor = HttpExecutor(self, executor_id, encoding)
        executor.subscribe()
        return executor

    def restart(self) -> None:
        """The agent dies, and with it every stream; the next one is up, and has read its books."""
        self.stage.start_again()
        self.stage.run(0.1)
        self.open()


class HttpExecutor:
    """An executor that does and remembers nothing by itself."""

    def __init__(self, site: Site, executor_id: str, encoding: Encoding) -> None:
        self.site = site
        self.executor_id = executor_id
        self.encoding = encoding
        self.body = Body(encoding)
        self.streaming: Streaming | None = None
        self._updates = 0

    def call(self, kind: Call.Type, **fields: object) -> Call:
        one = call(kind, **fields)
        return Call(
            type=kind,
            framework_id=one.framework_id,
            executor_id=ExecutorID(value=self.executor_id),
            subscribe=one.subscribe,
            update=one.update,
            message=one.message,
        )

    def subscribe(self, tasks: tuple[TaskInfo, ...] = (), *updates: TaskStatus) -> None:
        subscribe = Call.Subscribe(
            unacknowledged_tasks=tasks,
            unacknowledged_updates=tuple(Call.Update(status=status) for status in updates),
        )
        answer = self.site.post(self.call(_TYPE.SUBSCRIBE, subscribe=subscribe), self.encoding)
        assert isinstance(answer, Streaming), answer
        assert answer.content_type == self.encoding.value
        self.streaming = answer
        self.body = Body(self.encoding)
        answer.begin(self.body)
        self.site.stage.run()

    def leave(self) -> None:
        """Its connection is closed."""
        assert self.streaming is not None
        self.streaming.ended("the client is gone")
        self.site.stage.run()

    def status(self, state: str, task_id: str = "t1") -> TaskStatus:
        self._updates += 1
        uuid = f"{self.executor_id}-{id(self)}-{self._updates}"[-16:].rjust(16, "-").encode()
        return TaskStatus(task_id=TaskID(value=task_id), state=TaskState[f"TASK_{state}"], uuid=uuid)

    def tell(self, status: TaskStatus) -> int:
        """Say what became of a task; returns the status of HTTP."""
        one = self.call(_TYPE.UPDATE, update=Call.Update(status=status))
        return self.site.said(one, self.encoding)[0]

    def update(self, state: str, task_id: str = "t1") -> TaskStatus:
        status = self.status(state, task_id)
        assert self.tell(status) == 202
        return status

    @property
    def stream(self) -> Pid:
        """Its newest stream."""
        named = [one.pid for one in self.site.node.actors() if one.pid.name.startswith("http-executor")]
        return named[-1]

    @property
    def launched(self) -> list[str]:
        return [one.launch.task.task_id.value for one in self.body.events if one.launch is not None]

    @property
    def killed(self) -> list[str]:
        return [one.kill.task_id.value for one in self.body.events if one.kill is not None]

    @property
    def acknowledged(self) -> list[bytes]:
        return [one.acknowledged.uuid for one in self.body.events if one.acknowledged is not None]
