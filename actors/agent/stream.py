"""One task's stream of updates, in the order that its scheduler must see (reliability.md I11-I13)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto

from transport.records.task_status import TaskState, TaskStatus


class Receipt(Enum):
    """What a stream made of an update."""

    #: Put at the end.
    NEW = auto()
    #: It is in there, or was and is acknowledged.
    KNOWN = auto()
    #: A terminal update came before: the first of them counts.
    REFUSED = auto()


class Stream:
    """Updates by their uuid, and which of them are acknowledged.

    The head is the oldest one that is not acknowledged: the only one that may be sent. Raises ValueError
    for an update without uuid.
    """

    def __init__(self, updates: Sequence[TaskStatus] = (), acknowledged: int = 0) -> None:
        self._known: set[bytes] = set()
        self._pending: deque[TaskStatus] = deque()
        self._latest: TaskState | None = None
        self._is_ended = False
        for update in updates:
            self.receive(update)
        for _ in range(min(acknowledged, len(self._pending))):
            self._pending.popleft()

    @property
    def head(self) -> TaskStatus | None:
        """What is to be sent until it is acknowledged."""
        return self._pending[0] if self._pending else None

    @property
    def latest_state(self) -> TaskState:
        """The newest state that is known; LookupError before the first update."""
        if self._latest is None:
            raise LookupError("a stream without updates has no state")
        return self._latest

    @property
    def is_empty(self) -> bool:
        """Whether there never was an update."""
        return self._latest is None

    @property
    def is_over(self) -> bool:
        """Whether the terminal update is acknowledged: nothing will come any more."""
        return self._is_ended and not self._pending

    def receive(self, update: TaskStatus) -> Receipt:
        """Take up an update."""
        if update.uuid is None:
            raise ValueError(f"update of task {update.task_id.value}: uuid must be set")
        if update.uuid in self._known:
            return Receipt.KNOWN
        if self._is_ended:
            return Receipt.REFUSED
        self._known.add(update.uuid)
        self._pending.append(update)
        self._latest = update.state
        self._is_ended = update.state.terminal
        return Receipt.NEW

    def acknowledge(self, uuid: bytes) -> TaskStatus | None:
        """Take the head off if it has that uuid, and return it; else nothing changes."""
        if not self._pending or self._pending[0].uuid != uuid:
            return None
        return self._pending.popleft()

    def check_invariants(self) -> None:
        """Assert that what is pending is known, each once, and ends with the terminal update if any."""
        uuids = [update.uuid for update in self._pending]
        assert len(set(uuids)) == len(uuids)
        assert self._known.issuperset(uuids)
        assert all(not update.state.terminal for update in list(self._pending)[:-1])
