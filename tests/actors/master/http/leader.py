"""A real master that leads, with its real HTTP server, and an agent that comes with a task."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

from actors.election.address import MASTER
from actors.master.candidate import start
from actors.master.daemon import master_info
from actors.master.flags import MasterFlags
from actors.master.gateway import listen
from actors.metrics import Registry
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.actors.gateway.browser import DEADLINE_SECONDS, Answer, fetch
from transport.http.media_type import Encoding
from transport.messages.membership import AgentReregistered, PingAgent, PongAgent, ReregisterAgent
from transport.pid import Address, Pid
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID, TaskID
from transport.records.master_call import Call
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

FRAMEWORK = FrameworkInfo(user="nobody", name="old", id=FrameworkID(value="old-0000"), checkpoint=True)
_HAS = tuple(Resources.parse("cpus:4;mem:4096"))


def running(agent_id: str, task_id: str) -> Task:
    """A task that its agent knows to run."""
    status = TaskStatus(
        task_id=TaskID(value=task_id),
        state=TaskState.TASK_RUNNING,
        agent_id=AgentID(value=agent_id),
        timestamp=5.0,
        uuid=b"1" * 16,
    )
    return Task(
        name=task_id,
        task_id=TaskID(value=task_id),
        framework_id=FrameworkID(value="old-0000"),
        agent_id=AgentID(value=agent_id),
        state=TaskState.TASK_RUNNING,
        resources=tuple(Resources.parse("cpus:1;mem:512").allocate("*")),
        statuses=(status,),
        status_update_state=TaskState.TASK_RUNNING,
        status_update_uuid=status.uuid,
    )


class Returning(Process):
    """An agent that was there under another master, and comes with one task for each of these ids."""

    def __init__(self, name: str, *task_ids: str) -> None:
        self._info = AgentInfo(hostname=name, port=5051, id=AgentID(value=name), resources=_HAS)
        self._tasks = tuple(running(name, task_id) for task_id in task_ids)

    def initialize(self) -> None:
        message = ReregisterAgent(self._info, "1", _HAS, frameworks=(FRAMEWORK,), tasks=self._tasks)
        self.send(Pid(MASTER, *self.pid.address), message)

    @handles(AgentReregistered)
    def reregistered(self, sender: Pid, message: AgentReregistered) -> None:
        pass

    @handles(PingAgent)
    def ping(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())


class Leader:
    """A master, and what its clients may do."""

    def __init__(self, system: PykkaSystem, web: Address) -> None:
        self.system = system
        self.web = web

    def get(self, target: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return fetch(self.web, target, headers=named)

    def shown(self, target: str) -> Any:
        """The JSON there."""
        answer = self.get(target)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer.text
        return answer.json

    def call(self, kind: Call.Type, encoding: Encoding = Encoding.JSON) -> Answer:
        """A call of the operator API that says nothing but its type."""
        body = encoding.encode(Call(type=kind))
        headers = {"Content-Type": encoding.value, "Accept": encoding.value}
        return fetch(self.web, "/api/v1", "POST", body, headers)

    def spawn(self, make: Callable[[], Process], name: str) -> Pid:
        return self.system.spawn(make, name)

    def until(self, condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.01)


@contextlib.contextmanager
def leader(**flags: Any) -> Iterator[Leader]:
    """A master alone, which has recovered."""
    wanted = MasterFlags(
        ip="127.0.0.1", port=0, registry="in_memory", hostname="localhost", cluster="paas", **flags
    )
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    try:
        metrics = Registry()
        web = listen(system, wanted, metrics)
        known = dataclasses.replace(wanted, port=web.port)
        start(system, system.address, known, master_info(known, "", system.address), None, metrics)
        found = Leader(system, web)
        found.until(lambda: found.call(Call.Type.GET_MASTER).status == 200)
        yield found
    finally:
        system.stop(DEADLINE_SECONDS)
