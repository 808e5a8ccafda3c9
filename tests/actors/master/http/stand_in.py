"""The scheduler API on a real server, with a stand-in for the master behind it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from actors.election.address import MASTER
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.master.http.scheduler_api import PATH, scheduler_routes
from actors.metrics import Registry
from actors.node.flags import DaemonFlags
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.actors.master.http.conversation import MASTER_INFO
from tests.transport.http.serving import DEADLINE_SECONDS, Client
from transport.http.recordio import RecordReader
from transport.http.routes import Routes
from transport.message import Message
from transport.messages import scheduling
from transport.pid import Address, Pid

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
#: Frameworks that the stand-in knows of though they have no stream.
AWAY, NATIVE = "m-away", "m-native"


class StandIn(Process):
    """Subscribes whoever asks, by the id it gives or a new one, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.heard = threading.Condition()
        self._subscribed: dict[str, Pid] = {}
        #: Whether each scheduler that is gone is noted.
        self.gone: list[Pid] = []

    @handles(scheduling.Subscribe)
    def subscribe(self, sender: Pid, message: scheduling.Subscribe) -> None:
        given = message.framework.id
        framework_id = f"m-{len(self._subscribed):04}" if given is None else given.value
        if message.framework.name == "refused":
            self.send(sender, scheduling.SchedulerError("no"))
            return
        former = self._subscribed.get(framework_id)
        if former is not None:
            self.send(former, scheduling.SchedulerError("Framework failed over"))
        self._subscribed[framework_id] = sender
        self.link(sender)
        self.send(sender, scheduling.Subscribed(framework_id, 15.0, MASTER_INFO))
        self.send(sender, scheduling.Heartbeat())

    @handles(scheduling.UpdateFrameworkInfo)
    def update(self, sender: Pid, message: scheduling.UpdateFrameworkInfo) -> None:
        error = "framework_info: no" if message.framework.name == "refused" else None
        self.send(sender, scheduling.FrameworkInfoUpdated(error))

    @handles(scheduling.FindFramework)
    def find(self, sender: Pid, message: scheduling.FindFramework) -> None:
        known = message.framework_id in (AWAY, NATIVE)
        self.send(sender, scheduling.FrameworkFound(known, connected=message.framework_id == NATIVE))

    def exited(self, pid: Pid) -> None:
        with self.heard:
            self.gone.append(pid)
            self.heard.notify_all()

    def unhandled(self, sender: Pid, message: object) -> None:
        assert isinstance(message, Message)
        with self.heard:
            self.told.append(message)
            self.heard.notify_all()

    # For the test's thread.

    def wait_for(self, true: Callable[[], bool]) -> None:
        with self.heard:
            assert self.heard.wait_for(true, DEADLINE_SECONDS)

    def say(self, message: Message, framework_id: str = "m-0000") -> None:
        """Tell a subscribed scheduler something."""
        self.send(self._subscribed[framework_id], message)


class Theatre(msgspec.Struct):
    """A server, and who stands in."""

    system: PykkaSystem
    master: StandIn
    web: Address

    def post(
        self, call: object, stream_id: str | None = None, client: Client | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """What a call is answered; by a connection of its own unless there is one."""
        if client is None:
            with Client(self.web) as client:
                client.send(request(call, stream_id, **headers))
                return client.response()
        client.send(request(call, stream_id, **headers))
        return client.response()


def request(call: object, stream_id: str | None = None, *, method: str = "POST", **headers: str) -> bytes:
    """A request as it is sent; `call` is in JSON if it is no bytes. Headers by name, with `_` for `-`."""
    body = call if isinstance(call, bytes) else msgspec.json.encode(call)
    given = {"Host": "here", "Content_Type": JSON, **headers, "Content_Length": str(len(body))}
    if stream_id is not None:
        given["Mesos_Stream_Id"] = stream_id
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items() if value]
    return f"{method} {PATH} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body


class Subscription(Client):
    """A stream, as its client reads it: chunk by chunk."""

    def __init__(self, theatre: Theatre, call: object, **headers: str) -> None:
        super().__init__(theatre.web)
        self.send(request(call, **headers))
        self.status, self.headers, _ = self.response()
        self.stream_id = self.headers.get("mesos-stream-id", "")
        self._reader = RecordReader()

    def chunk(self) -> bytes:
        """The next chunk; empty at the end."""
        length = int(self._until(b"\r\n"), 16)
        while len(self._rest) < length + 2:
            self._receive()
        chunk, self._rest = self._rest[:length], self._rest[length + 2 :]
        return chunk

    def record(self) -> bytes | None:
        """The next record, which is a chunk of its own; None at the end."""
        chunk = self.chunk()
        if not chunk:
            return None
        (record,) = self._reader.feed(chunk)
        self._reader.end()
        return record

    def event(self) -> dict[str, Any] | None:
        """The same, of a stream in JSON."""
        record = self.record()
        if record is None:
            return None
        found: dict[str, Any] = msgspec.json.decode(record)
        return found


@contextlib.contextmanager
def playing() -> Iterator[Theatre]:
    """Until its end."""
    system = PykkaSystem()
    system.start()
    master = StandIn()
    try:
        system.spawn(lambda: master, MASTER)
        host = HttpHost(system, Registry(), lambda front: Routes(scheduler_routes(front), ("master",)))
        web = host.listen(DaemonFlags(port=0))
        system.spawn(lambda: Gateway(host.server), GATEWAY, vital=True)
        yield Theatre(system, master, web)
    finally:
        assert system.stop() == ()
