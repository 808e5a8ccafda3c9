"""An agent's operator API over its own HTTP server, with a real executor node behind it, in one process."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from actors.agent.flags import AgentFlags
from actors.agent.http.containers import Containers, id_record
from actors.agent.http.operator import operator_routes
from actors.executor.consoles import CONSOLES, Consoles
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.containerizers import Containerizers
from actors.executor.guests import GUESTS, Guests
from actors.executor.host import EXECUTORS
from actors.executor.meter import METER, Meter
from actors.executor.sandboxes import SANDBOXES, NestedSandboxes
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.metrics import Registry
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.storage import FileDisk
from containerizers.sandbox import make_nested, remove_nested
from containerizers.stamp import stat
from tests.actors.agent.http.readings import agent_read
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader, frame
from transport.http.routes import Routes
from transport.messages.agent_reading import AgentRead, ContainerFound, FindContainer, ReadAgent
from transport.messages.container_spec import ConsoleSpec, ContainerSpec
from transport.messages.containing import ContainerLaunched, LaunchContainer
from transport.pid import Address, Pid
from transport.record import Record
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.process_io import ProcessIO

DEADLINE_SECONDS = 30.0
#: The container of the one executor.
TASK = "task-1"
PATH = "/usr/local/bin:/usr/bin:/bin"


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.005)


class StandIn(Process):
    """Answers as an agent would that has one executor, in the container `task-1`."""

    def __init__(self, sandbox: str, node: Pid, read: AgentRead) -> None:
        self.found = ContainerFound(True, known=True, node=node, sandbox=sandbox, role="web")
        #: The same for the container `group`.
        self.group: ContainerFound | None = None
        self.answer = read

    @handles(ReadAgent)
    def read(self, sender: Pid, message: ReadAgent) -> None:
        self.send(sender, self.answer)

    @handles(FindContainer)
    def find(self, sender: Pid, message: FindContainer) -> None:
        found = {TASK: self.found, "group": self.group}.get(message.root)
        self.send(sender, found or ContainerFound(self.found.recovered, node=self.found.node))


class Executor(Process):
    """Has the task's container; when it ends, that does."""

    def __init__(self, containerizer: Pid, spec: ContainerSpec) -> None:
        self._containerizer = containerizer
        self._spec = spec
        self.process = 0

    def initialize(self) -> None:
        self.send(self._containerizer, LaunchContainer(TASK, self._spec))

    @handles(ContainerLaunched)
    def launched(self, sender: Pid, message: ContainerLaunched) -> None:
        self.process = message.process


class Client:
    """Asks an agent."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def post(
        self, call: Call | bytes, encoding: Encoding = Encoding.JSON, **headers: str
    ) -> tuple[int, bytes]:
        """What a call is answered: its status and body."""
        with Exchange(self.address) as exchange:
            exchange.send(call, encoding, **headers)
            return exchange.status, exchange.response.read()

    def ask(self, call: Call, encoding: Encoding = Encoding.JSON) -> Response:
        """The record that a call is answered by."""
        status, body = self.post(call, encoding, Accept=encoding.value)
        assert status == 200, body
        return encoding.decode(body, Response)

    def get(self, target: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(*self.address, timeout=DEADLINE_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", target)
            response = connection.getresponse()
            body = response.read()
            is_json = response.headers["Content-Type"] == "application/json"
            return response.status, msgspec.json.decode(body) if is_json else body.decode()

    def exchange(self, call: Call, **headers: str) -> Exchange:
        """A call and its answer, whatever that is."""
        exchange = Exchange(self.address)
        exchange.send(call, Encoding.JSON, **headers)
        return exchange

    def stream(self, call: Call, encoding: Encoding = Encoding.JSON) -> Exchange:
        """A call that is answered by a stream of records."""
        exchange = Exchange(self.address)
        with contextlib.ExitStack() as failed:
            failed.callback(exchange.close)
            headers = {"Accept": "application/recordio", "Message-Accept": encoding.value}
            exchange.send(call, encoding, **headers)
            failed.pop_all()
        return exchange


class House(Client):
    """A server, and what stands behind it."""

    def __init__(self, folder: Path, *, terminal: tuple[int, int] | None = None, **flags: Any) -> None:
        self.folder = folder
        self.work_dir = folder / "work"
        self.sandbox = self.work_dir / "task"
        self.sandbox.mkdir(parents=True)
        self.system = PykkaSystem(disk=FileDisk(folder / "node"))
        self.system.start()
        self._make = make = Containerizers(folder / "runtime")
        system = self.system
        system.spawn(lambda: Consoles(make.switchboard), CONSOLES)
        containerizer = system.spawn(lambda: ContainerizerProcess(make), CONTAINERIZER)
        system.spawn(lambda: NestedSandboxes(make_nested, remove_nested), SANDBOXES)
        system.spawn(lambda: Meter(make.usage), METER)
        system.spawn(Guests, GUESTS)
        node = Pid(EXECUTORS, *system.address)
        self.agent = StandIn(str(self.sandbox), node, agent_read(TASK, str(self.sandbox), node))
        system.spawn(lambda: self.agent, "agent")
        self.executor = Executor(containerizer, self._task(terminal))
        self._executor = system.spawn(lambda: self.executor, "executor")
        wait_until(lambda: self.executor.process and self._said(b"ready"), "the task runs")
        set_flags = AgentFlags(port=0, master="10.0.0.1:5050", work_dir=self.work_dir, **flags)
        host = HttpHost(
            system, Registry(), lambda front: Routes(operator_routes(Containers(front), set_flags, {}))
        )
        super().__init__(host.listen(set_flags))
        self._server = host.server
        system.spawn(lambda: Gateway(host.server), GATEWAY)

    def _task(self, terminal: tuple[int, int] | None) -> ContainerSpec:
        return ContainerSpec(
            arguments=("/bin/sh", "-c", "echo ready; while read line; do echo $line; done; sleep 1000"),
            directory=str(self.sandbox),
            environment={"PATH": PATH, "COLOUR": "blue", "PION_PRIVATE": "secret"},
            stdout=str(self.sandbox / "stdout"),
            console=None if terminal is None else ConsoleSpec(terminal=terminal),
        )

    def _said(self, words: bytes) -> bool:
        """Whether the task wrote that."""
        written = self.sandbox / "stdout"
        return written.exists() and words in written.read_bytes()

    def as_group(self) -> None:
        """The executor becomes one of groups, whose own container `group` nothing runs in."""
        self.agent.group = replace(self.agent.found, host=self._executor)

    def lose_node(self) -> None:
        """The agent does not know any more where its executor node is."""
        self.agent.found = replace(self.agent.found, node=None)
        self.agent.answer = replace(self.agent.answer, node=None)

    def end_executor(self) -> None:
        """End the executor, and with it all that is in its container."""
        self.system.terminate(self._executor)

    def stop(self) -> None:
        assert self.system.stop() == ()
        self._make.switchboard.close()

    def only_the_task_is_left(self) -> bool:
        """Whether no process runs that belongs to another container."""
        return all(f"={TASK}@" in environment for environment in processes_of(self.folder).values())

    def end_actor(self, name: str) -> None:
        """End one of the executor node's actors, as its own end would."""
        self.system.terminate(self.system.pid_of(name))

    def recovering(self, *, recovering: bool) -> None:
        """Whether the agent still recovers."""
        self.agent.found = replace(self.agent.found, recovered=not recovering)
        self.agent.answer = replace(self.agent.answer, recovered=not recovering)


class Exchange:
    """One request on a connection of its own, and its response."""

    def __init__(self, address: Address) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=DEADLINE_SECONDS)
        self.response: http.client.HTTPResponse
        self._encoding = Encoding.JSON
        self._reader = RecordReader()
        self._records: list[ProcessIO] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if hasattr(self, "response"):
            self.response.close()
        self.connection.close()

    @property
    def status(self) -> int:
        return self.response.status

    def send(self, call: Call | bytes, encoding: Encoding, **headers: str) -> None:
        body = call if isinstance(call, bytes) else encoding.encode(call)
        given = {
            "Content-Type": encoding.value,
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        self._encoding = encoding
        self.connection.request("POST", "/api/v1", body, given)
        self.response = self.connection.getresponse()

    # Streams of output.

    def next(self) -> ProcessIO | None:
        """The next record; None at the end."""
        while not self._records:
            piece = self.response.read1(65_536)
            if not piece:
                self._reader.end()
                return None
            self._records += [self._encoding.decode(one, ProcessIO) for one in self._reader.feed(piece)]
        return self._records.pop(0)

    def __iter__(self) -> Iterator[ProcessIO]:
        while (record := self.next()) is not None:
            yield record

    def output(self) -> tuple[bytes, bytes]:
        """All that comes of both streams, to the end."""
        streams = {ProcessIO.Data.Type.STDOUT: bytearray(), ProcessIO.Data.Type.STDERR: bytearray()}
        for record in self:
            if record.data is not None and record.data.type is not None:
                streams[record.data.type] += record.data.data or b""
        return bytes(streams[ProcessIO.Data.Type.STDOUT]), bytes(streams[ProcessIO.Data.Type.STDERR])

    def read_until(self, mark: bytes) -> bytes:
        """What comes, up to and with the record in which this is."""
        seen = b""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while mark not in seen:
            assert time.monotonic() < deadline, f"still not {mark!r}: {seen!r}"
            record = self.next()
            assert record is not None, f"the stream ended after {seen!r}"
            if record.data is not None:
                seen += record.data.data or b""
        return seen


class Input:
    """A request that attaches to a container's input, and goes on."""

    def __init__(self, address: Address, encoding: Encoding = Encoding.JSON, **headers: str) -> None:
        self._encoding = encoding
        self.connection = http.client.HTTPConnection(*address, timeout=DEADLINE_SECONDS)
        self.connection.putrequest("POST", "/api/v1")
        given = {"Content-Type": "application/recordio", "Message-Content-Type": encoding.value, **headers}
        for name, value in {**given, "Transfer-Encoding": "chunked"}.items():
            self.connection.putheader(name.replace("_", "-"), value)
        self.connection.endheaders()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def attach(self, container_id: str) -> None:
        attach = Call.AttachContainerInput
        self.call(attach(type=attach.Type.CONTAINER_ID, container_id=id_record(container_id)))

    def write(self, data: bytes) -> None:
        self.io(
            ProcessIO(
                type=ProcessIO.Type.DATA,
                data=ProcessIO.Data(type=ProcessIO.Data.Type.STDIN, data=data),
            )
        )

    def io(self, record: ProcessIO) -> None:
        attach = Call.AttachContainerInput
        self.call(attach(type=attach.Type.PROCESS_IO, process_io=record))

    def call(self, wanted: Call.AttachContainerInput) -> None:
        self.record(Call(type=Call.Type.ATTACH_CONTAINER_INPUT, attach_container_input=wanted))

    def record(self, record: Record) -> None:
        self.raw(frame(self._encoding.encode(record)))

    def raw(self, data: bytes) -> None:
        """Some bytes of the body, as a chunk."""
        self.connection.send(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> tuple[int, bytes]:
        """End the body; what that is answered."""
        self.connection.send(b"0\r\n\r\n")
        return self.answer()

    def answer(self) -> tuple[int, bytes]:
        response = self.connection.getresponse()
        return response.status, response.read()


def processes_of(folder: Path) -> Mapping[int, str]:
    """Processes that run and were started in containers of that house."""
    found: dict[int, str] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):
                environment = (process / "environ").read_bytes()
                seen = stat(int(process.name))
                if f"@{folder / 'runtime'}".encode() in environment and seen is not None and seen.runs:
                    found[int(process.name)] = environment.decode(errors="replace")
    return found


@contextlib.contextmanager
def house(folder: Path, **options: Any) -> Iterator[House]:
    """One that is torn down in the end, with all that runs in it."""
    made = House(folder, **options)
    try:
        yield made
    finally:
        made.stop()
        wait_until(lambda: not processes_of(folder), "nothing is left of the containers")
