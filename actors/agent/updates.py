"""The actor `updates`: every task's updates, kept and sent until each is acknowledged."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from actors.agent import paths
from actors.agent.alarm import Alarm
from actors.agent.retained import StreamRecord
from actors.agent.retries import Retries
from actors.agent.stream import Receipt, Stream
from actors.agent.stream_files import StreamFiles
from actors.process import Process, handles
from transport.envelope import Envelope
from transport.message import Message
from transport.messages.agent_state import TaskCheckpoint
from transport.messages.checkpointing import (
    EndStreams,
    Flush,
    HoldUpdates,
    RecoverUpdates,
    SendUpdates,
    StreamAcknowledge,
    StreamAdvanced,
    StreamOver,
    StreamUpdate,
    UpdateStreamed,
)
from transport.messages.launching import StatusUpdate
from transport.pid import Pid
from transport.records.task_status import TaskStatus

#: Terminal updates of streams that are over are known for so many streams, should one come again.
_REMEMBERED = 4096


class _Task(NamedTuple):
    """Names a stream."""

    framework_id: str
    task_id: str


class _Entry:
    """A stream, and what its updates are sent with."""

    __slots__ = ("agent_id", "executor_id", "is_kept", "path", "place", "stream")

    def __init__(
        self, stream: Stream, agent_id: str, executor_id: str | None, place: StreamOver | None
    ) -> None:
        self.stream = stream
        self.agent_id = agent_id
        self.executor_id = executor_id
        #: The file that keeps it; None for one that does not survive the agent.
        self.path = None if place is None else _path(agent_id, place)
        #: Where the task runs, told when it is over; None like the path.
        self.place = place
        #: Whether there is a file already.
        self.is_kept = False


class Updates(Process):
    """Keeps each stream in a file before it says so, and sends its head to the master.

    Appended at once, synced by a Flush that is queued behind all that wait already, and only then answered
    and sent; so nobody learns of what a crash could undo. A disk that fails crashes it.
    """

    def __init__(self) -> None:
        self._master: Pid | None = None
        self._entries: dict[_Task, _Entry] = {}
        self._retries: Retries[_Task] = Retries()
        self._alarm = Alarm(self, self._retry)
        #: Terminal updates of streams that are no more, by uuid.
        self._over: OrderedDict[bytes, None] = OrderedDict()
        # What waits for the next flush: streams to look after, and answers, with what caused them.
        self._touched: dict[_Task, Envelope | None] = {}
        self._answers: list[tuple[Pid, Message, Envelope | None]] = []
        self._flush_queued = False

    def initialize(self) -> None:
        """Take the node's disk."""
        self._files = StreamFiles(self.system.disk)

    # What the agent asks for.

    @handles(RecoverUpdates)
    def recover(self, sender: Pid, message: RecoverUpdates) -> None:
        """Take up what is not over."""
        checkpoint = message.checkpoint
        if checkpoint.info is None or checkpoint.info.id is None:
            return
        agent_id = checkpoint.info.id.value
        for framework in checkpoint.frameworks:
            for executor in framework.executors:
                executor_id = executor.info.executor_id.value
                if executor.run is None:
                    continue
                for task in executor.run.tasks:
                    key = _Task(task.task.framework_id.value, task.task.task_id.value)
                    place = StreamOver(key.framework_id, executor_id, executor.run.container_id, key.task_id)
                    told_as = None if executor.generated else executor_id
                    self._recover(key, task, _Entry(Stream(), agent_id, told_as, place))
        self._flush()
        self.log.info("update streams recovered", streams=len(self._entries))

    @handles(SendUpdates)
    def begin(self, sender: Pid, message: SendUpdates) -> None:
        """Send every head, now and until it is acknowledged."""
        self._flush()
        self._master = message.master
        self._retries.clear()
        for task, entry in self._entries.items():
            self._send_head(task, entry, self._cause)
        self._alarm.set(self._retries.next())

    @handles(HoldUpdates)
    def hold(self, sender: Pid, message: HoldUpdates) -> None:
        """Send nothing until there is a master again."""
        self._flush()
        self._master = None
        self._retries.clear()
        self._alarm.set(self._retries.next())

    @handles(StreamUpdate)
    def update(self, sender: Pid, message: StreamUpdate) -> None:
        """Put an update into its stream."""
        update = message.update
        task = _Task(update.framework_id, update.status.task_id.value)
        receipt = Receipt.REFUSED if update.status.uuid is None else self._receive(task, message)
        if receipt is Receipt.REFUSED:
            self.log.info(
                "update refused: it has no uuid, or the task has ended",
                framework_id=task.framework_id,
                task_id=task.task_id,
                state=update.status.state.value,
            )
        accepted = receipt is not Receipt.REFUSED
        self._answer(sender, UpdateStreamed(*task, update.executor_id, update.status, accepted), task)

    @handles(StreamAcknowledge)
    def acknowledge(self, sender: Pid, message: StreamAcknowledge) -> None:
        """Go on to the next update, if this is the acknowledgement of the one that was sent."""
        task = _Task(message.framework_id, message.task_id)
        entry = self._entries.get(task)
        status = None if entry is None else entry.stream.acknowledge(message.uuid)
        if entry is None or status is None:
            # What is sent again to another master is acknowledged once more.
            self.log.debug(
                "acknowledgement ignored: it is not that of the update that was sent",
                framework_id=task.framework_id,
                task_id=task.task_id,
            )
            return
        self._append(entry, StreamRecord(acknowledged=message.uuid))
        self._retries.stop(task)
        over = entry.stream.is_over
        if over:
            self._remember(message.uuid)
            del self._entries[task]
            if entry.place is not None:
                self._answers.append((self._archive, entry.place, self._cause))
        self._answer(sender, StreamAdvanced(*task, status, over), task)

    @handles(EndStreams)
    def end(self, sender: Pid, message: EndStreams) -> None:
        """Forget a framework's streams."""
        self._flush()
        for task in [task for task in self._entries if task.framework_id == message.framework_id]:
            del self._entries[task]
            self._retries.stop(task)
        self._alarm.set(self._retries.next())

    # What it tells itself.

    @handles(Flush)
    def flush(self, sender: Pid, message: Flush) -> None:
        """Make durable what was appended, and let it have its effects."""
        self._flush_queued = False
        self._flush()

    def check_invariants(self) -> None:
        """Assert what holds between two turns."""
        for task, entry in self._entries.items():
            entry.stream.check_invariants()
            assert not entry.stream.is_over
            if task not in self._touched and entry.stream.head is not None:
                assert (task in self._retries) == (self._master is not None)

    @property
    def _archive(self) -> Pid:
        return Pid("archive", *self.pid.address)

    def _receive(self, task: _Task, message: StreamUpdate) -> Receipt:
        update = message.update
        entry = self._entries.get(task)
        if entry is None:
            if update.status.uuid in self._over:
                return Receipt.REFUSED
            entry = self._open(message)
            if entry.stream.is_over:
                return Receipt.REFUSED
            self._entries[task] = entry
        receipt = entry.stream.receive(update.status)
        if receipt is Receipt.NEW:
            self._append(entry, StreamRecord(update=update.status))
        return receipt

    def _open(self, message: StreamUpdate) -> _Entry:
        """The stream of a task that has none: a new one, unless its file says otherwise."""
        update = message.update
        place = None
        if message.container_id is not None:
            task_id = update.status.task_id.value
            # The made-up executor of a command task bears the task's name.
            executor_id = update.executor_id or task_id
            place = StreamOver(update.framework_id, executor_id, message.container_id, task_id)
        try:
            entry = _Entry(Stream(), update.agent_id, update.executor_id, place)
        except ValueError as error:
            # Of a task that could not be archived either.
            self.log.warning("update stream cannot be kept", error=str(error))
            entry = _Entry(Stream(), update.agent_id, update.executor_id, None)
        self._read(entry)
        return entry

    def _recover(self, task: _Task, checkpoint: TaskCheckpoint, entry: _Entry) -> None:
        entry.stream = Stream(checkpoint.updates, checkpoint.acknowledged)
        self._read(entry)
        if not entry.stream.is_empty and not entry.stream.is_over:
            self._entries[task] = entry
            self._touched[task] = self._cause

    def _read(self, entry: _Entry) -> None:
        """Take the stream from its file, if there is one."""
        opened = None if entry.path is None else self._files.open(entry.path)
        if opened is not None:
            entry.stream, entry.is_kept = opened.stream, True
            if opened.cut_bytes:
                self.log.warning("tail of update stream cut off", path=entry.path, bytes=opened.cut_bytes)

    def _append(self, entry: _Entry, record: StreamRecord) -> None:
        if entry.path is not None:
            self._files.append(entry.path, record, is_new=not entry.is_kept)
            entry.is_kept = True

    def _answer(self, to: Pid, message: Message, task: _Task) -> None:
        """Tell somebody after the next flush, which is now if there is nothing to sync."""
        self._answers.append((to, message, self._cause))
        self._touched[task] = self._cause
        if not self._files or self._files.is_full:
            self._flush()
        elif not self._flush_queued:
            self._flush_queued = True
            self.send(self.pid, Flush())

    def _flush(self) -> None:
        if self._files:
            self.system.fault("agent.updates.before_sync")
            self._files.sync()
            self.system.fault("agent.updates.after_sync")
        answers, self._answers = self._answers, []
        for to, message, cause in answers:
            self.system.send(self.pid, to, message, cause)
        touched, self._touched = self._touched, {}
        for task, cause in touched.items():
            entry = self._entries.get(task)
            if entry is not None and task not in self._retries:
                self._send_head(task, entry, cause)
        self._alarm.set(self._retries.next())

    def _send_head(self, task: _Task, entry: _Entry, cause: Envelope | None) -> None:
        head = entry.stream.head
        if head is None or self._master is None:
            return
        self.system.send(self.pid, self._master, _status_update(task, entry, head), cause)
        if task not in self._retries:
            self._retries.start(task, self.system.now())

    def _retry(self) -> None:
        self._flush()
        for task in self._retries.take(self.system.now()):
            self._send_head(task, self._entries[task], self._cause)
        self._alarm.set(self._retries.next())

    def _remember(self, uuid: bytes) -> None:
        self._over[uuid] = None
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)


def _path(agent_id: str, place: StreamOver) -> str:
    folder = paths.meta(agent_id, place.framework_id, place.executor_id, place.container_id, place.task_id)
    return f"{folder}/{paths.TASK_UPDATES}"


def _status_update(task: _Task, entry: _Entry, head: TaskStatus) -> StatusUpdate:
    latest = entry.stream.latest_state
    return StatusUpdate(task.framework_id, entry.agent_id, head, latest, entry.executor_id)
