"""A framework that speaks v1 HTTP and makes mistakes: what is right, with something in it that is not."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, TypeVar

from msgspec.structs import replace

from actors.process import Process, handles
from tests.simulation.http.door import Answered, Ended, Opened, Piece, Post
from tests.simulation.http.over_http import door_of
from tests.transport.records.any_record import any_record, any_value
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader
from transport.pid import Pid
from transport.record import Record
from transport.records.check import HealthCheck, KillPolicy
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID, FrameworkID, OperationID, TaskID
from transport.records.offer import Filters, Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.time_info import DurationInfo
from transport.records.volume import Volume
from transport.schema import fields_of

R = TypeVar("R", bound=Record)
_Capability = FrameworkInfo.Capability.Type
_Kind = Call.Type
_Operation = Offer.Operation
_NEEDS = tuple(Resources.parse("cpus:0.1;mem:32;disk:32"))
_PAUSE_SECONDS = 0.1


class Heckler(Process):
    """Calls ten times a second, whatever comes of it, and subscribes anew when its stream is at its end."""

    def __init__(self, seed: int, master: Pid) -> None:
        self._rng = Random(f"{seed}/heckler")
        self._door = door_of(master)
        self._encoding = self._rng.choice(tuple(Encoding))
        self._numbers = 0
        self._stream: tuple[int, str] | None = None
        self._framework_id: FrameworkID | None = None
        self._reader = RecordReader()
        self._offers: list[Offer] = []
        self._tasks: list[str] = []
        self._uuids: list[bytes] = [bytes(16)]
        self.answers: Counter[int] = Counter()
        self.events: Counter[Event.Type] = Counter()

    def initialize(self) -> None:
        self.link(self._door)
        self._subscribe()
        self.every(_PAUSE_SECONDS, self._call)

    def exited(self, pid: Pid) -> None:
        self._stream = None
        self.delay(1.0, self.link, self._door)

    # --- calling ---

    def _subscribe(self) -> None:
        info = FrameworkInfo(
            user="root",
            name="heckler",
            roles=("a", "b/c"),
            capabilities=tuple(
                FrameworkInfo.Capability(type=one)
                for one in _Capability
                if one is _Capability.MULTI_ROLE or self._rng.random() < 0.5
            ),
            failover_timeout=self._rng.choice((0.0, 10.0)),
        )
        if self._rng.random() < 0.3:
            info = self._spoiled(info)
        self._stream = (self._numbers + 1, "")
        self._reader = RecordReader()
        self._post(Call(type=_Kind.SUBSCRIBE, subscribe=Call.Subscribe(framework_info=info)))

    def _call(self) -> None:
        if self._stream is None:
            self._subscribe()
            return
        call = self._any()
        if self._rng.random() < 0.05:
            call = self._spoiled(call)
        if call.type is not _Kind.UPDATE_FRAMEWORK and (
            call.type is not _Kind.TEARDOWN or self._rng.random() < 0.1
        ):
            self._post(call)

    def _post(self, call: Call) -> None:
        self._numbers += 1
        headers = {"content-type": self._encoding.value, "accept": self._encoding.value}
        if call.type is not _Kind.SUBSCRIBE and self._stream is not None:
            headers["mesos-stream-id"] = self._stream[1]
        self.send(self._door, Post(self._numbers, headers, self._encoding.encode(call)))

    def _spoiled(self, record: R) -> R:
        """With one field, or some, deep in it or not, that are anything."""
        for _ in range(self._rng.choice((1, 1, 1, 2, 5))):
            record = spoil(self._rng, record)
        return record

    # --- what is right, or nearly so ---

    def _any(self) -> Call:
        kind = self._rng.choice((*_Kind, *[_Kind.ACCEPT] * 20, *[_Kind.REVIVE] * 5))
        if kind is _Kind.SUPPRESS and self._rng.random() < 0.8:
            kind = _Kind.REVIVE
        body: Any = None
        if kind is _Kind.ACCEPT and self._offers:
            body = self._accept(self._offers.pop(self._rng.randrange(len(self._offers))))
        elif kind is _Kind.DECLINE and self._offers:
            offer = self._offers.pop()
            body = Call.Decline(offer_ids=(offer.id,), filters=Filters(refuse_seconds=0.0))
        elif kind is _Kind.KILL and self._tasks:
            policy = KillPolicy(grace_period=DurationInfo(nanoseconds=1))
            body = Call.Kill(task_id=TaskID(value=self._rng.choice(self._tasks)), kill_policy=policy)
        elif kind is _Kind.REVIVE:
            pass
        elif (
            field := next((one for one in fields_of(Call) if one.name == kind.value.lower()), None)
        ) is not None:
            assert field.declared is not None
            assert issubclass(field.declared, Record)
            body = any_record(self._rng, field.declared)
        if body is not None and self._rng.random() < 0.7:
            body = self._spoiled(body)
        fields = {} if body is None else {kind.value.lower(): body}
        return Call(type=kind, framework_id=self._framework_id, **fields)

    def _accept(self, offer: Offer) -> Call.Accept:
        operations = tuple(self._operation(offer) for _ in range(self._rng.choice((1, 1, 2, 4))))
        return Call.Accept(offer_ids=(offer.id,), operations=operations, filters=Filters(refuse_seconds=0.0))

    def _operation(self, offer: Offer) -> Offer.Operation:
        kind = self._rng.choice(tuple(_Operation.Type))
        command = CommandInfo(value=self._rng.choice(("sleep 1", "true", "false")))
        executor = ExecutorInfo(
            type=ExecutorInfo.Type.DEFAULT,
            executor_id=ExecutorID(value=f"e{self._rng.randrange(5)}"),
            resources=_NEEDS,
        )
        if kind is _Operation.Type.LAUNCH_GROUP:
            group = TaskGroupInfo(tasks=(self._task(offer, command), self._task(offer, command)))
            launch_group = _Operation.LaunchGroup(executor=executor, task_group=group)
            return _Operation(type=kind, launch_group=launch_group)
        if kind in (_Operation.Type.LAUNCH, _Operation.Type.UNKNOWN):
            launch = _Operation.Launch(task_infos=(self._task(offer, command),))
            return _Operation(type=_Operation.Type.LAUNCH, launch=launch)
        return self._conversion(offer, kind)

    def _conversion(self, offer: Offer, kind: Offer.Operation.Type) -> Offer.Operation:
        field = next(one for one in fields_of(_Operation) if one.name == kind.value.lower())
        assert field.declared is not None
        assert issubclass(field.declared, Record)
        body = any_record(self._rng, field.declared)
        for name in ("resources", "volumes"):
            if hasattr(body, name):
                body = replace(body, **{name: tuple(self._resource(offer) for _ in range(2))})
        for name in ("volume", "addition", "source"):
            if isinstance(getattr(body, name, None), Resource):
                body = replace(body, **{name: self._resource(offer)})
        named = OperationID(value=f"o{self._rng.randrange(100)}") if self._rng.random() < 0.5 else None
        fields: dict[str, Any] = {field.name: body}
        return _Operation(type=kind, id=named, **fields)

    def _resource(self, offer: Offer) -> Resource:
        """One that was offered, perhaps with a reservation more and a volume on it."""
        rng = self._rng
        resource = rng.choice(offer.resources) if offer.resources else _NEEDS[0]
        role = None if offer.allocation_info is None else offer.allocation_info.role
        level = Resource.ReservationInfo(type=Resource.ReservationInfo.Type.DYNAMIC, role=role)
        if rng.random() < 0.5:
            resource = replace(resource, reservations=(*resource.reservations, level))
        if rng.random() < 0.5:
            disk = Resource.DiskInfo(
                persistence=Resource.DiskInfo.Persistence(id=f"v{rng.randrange(10)}"),
                volume=Volume(container_path="data", mode=Volume.Mode.RW),
            )
            resource = replace(resource, disk=disk)
        return resource

    def _task(self, offer: Offer, command: CommandInfo) -> TaskInfo:
        name = f"t{len(self._tasks)}"
        self._tasks.append(name)
        check = HealthCheck(type=HealthCheck.Type.COMMAND, command=CommandInfo(value="true"))
        return TaskInfo(
            name=name,
            task_id=TaskID(value=name),
            agent_id=offer.agent_id,
            resources=_NEEDS,
            command=command,
            health_check=check if self._rng.random() < 0.3 else None,
        )

    # --- what is said to it ---

    @handles(Opened)
    def opened(self, sender: Pid, message: Opened) -> None:
        if self._stream is not None and self._stream[0] == message.number:
            self._stream = (message.number, message.stream_id)

    @handles(Piece)
    def read(self, sender: Pid, message: Piece) -> None:
        if self._stream is None or self._stream[0] != message.number:
            return
        for record in self._reader.feed(message.data):
            self._take(self._encoding.decode(record, Event))

    @handles(Ended)
    def ended(self, sender: Pid, message: Ended) -> None:
        if self._stream is not None and self._stream[0] == message.number:
            self._stream = None

    @handles(Answered)
    def answered(self, sender: Pid, message: Answered) -> None:
        self.answers[message.status] += 1
        if self._stream is not None and self._stream[0] == message.number:
            self._stream = None

    def _take(self, event: Event) -> None:
        assert event.type is not None
        self.events[event.type] += 1
        if event.subscribed is not None:
            self._framework_id = event.subscribed.framework_id
            self._offers.clear()
        if event.offers is not None:
            self._offers += event.offers.offers
        if event.update is not None and (status := event.update.status).uuid is not None:
            assert status.agent_id is not None
            acknowledge = Call.Acknowledge(agent_id=status.agent_id, task_id=status.task_id, uuid=status.uuid)
            self._post(Call(type=_Kind.ACKNOWLEDGE, framework_id=self._framework_id, acknowledge=acknowledge))


def spoil(rng: Random, record: R) -> R:
    """The same record, but for one field of it, or of a record in it."""
    declared = fields_of(type(record))
    if not declared:
        return record
    given = tuple(field for field in declared if getattr(record, field.name))
    field = rng.choice(given if given and rng.random() < 0.8 else declared)
    value: Any = getattr(record, field.name)
    changed: Any
    if isinstance(value, Record) and rng.random() < 0.9:
        changed = spoil(rng, value)
    elif isinstance(value, tuple) and value and isinstance(value[0], Record) and rng.random() < 0.9:
        place = rng.randrange(len(value))
        changed = (*value[:place], spoil(rng, value[place]), *value[place + 1 :])
    else:
        changed = any_value(rng, field, nesting=3)
    return replace(record, **{field.name: changed})
