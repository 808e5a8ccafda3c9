"""The registrar as an actor: one write at a time, and in each whatever was asked for meanwhile."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Final

import msgspec

from actors.master.flags import MasterFlags
from actors.master.mandate import UNLIMITED, Mandate
from actors.master.registrar.archive import RegistryError, Stored, read, write
from actors.master.registrar.changes import RegistryBooks
from actors.master.registrar.gauges import RegistrarMetrics
from actors.master.subject import Subject
from actors.process import handles
from actors.system import Timer
from transport.messages.registry import (
    ApplyToRegistry,
    FetchState,
    ReadRegistry,
    RecoverRegistry,
    RegistryApplied,
    RegistryRecovered,
    StateFetched,
    StateStored,
    StoreState,
)
from transport.pid import Pid
from transport.records.registry import Registry

#: The variable that the registry is kept in.
VARIABLE: Final = "registry"


class _Begin(msgspec.Struct, frozen=True):
    """Everything that was asked for at the same time is here."""


class Registrar(Subject):
    """Keeps the registry for one reign.

    When it cannot be read or written in time, the reign is over (RegistryError). Nothing is answered before
    it is durable, and answers come in the order of what they answer.
    """

    def __init__(
        self,
        flags: MasterFlags,
        store: Pid,
        metrics: RegistrarMetrics | None = None,
        mandate: Mandate = UNLIMITED,
    ) -> None:
        self.metrics = metrics or RegistrarMetrics()
        self.mandate = mandate
        self._remembered_frameworks = flags.max_completed_frameworks
        self._store = store
        self._fetch_timeout = flags.registry_fetch_timeout
        self._store_timeout = flags.registry_store_timeout
        self._request_ids = itertools.count(1)
        self._deadline: Timer | None = None
        self._began = 0.0
        #: The master that asked first, and what it says about itself.
        self._leader: tuple[Pid, RecoverRegistry] | None = None
        #: None until the registry was fetched.
        self._books: RegistryBooks | None = None
        #: What is in the store now.
        self._version, self._durable = b"", b""
        #: Whether the leader's name is durable.
        self._recovered = False
        #: Told itself to write what waits.
        self._beginning = False
        #: What is being written, and whom that answers.
        self._writing: bytes | None = None
        self._answers: list[tuple[Pid, RegistryApplied]] = []
        self._queue: deque[tuple[Pid, ApplyToRegistry]] = deque()

    def initialize(self) -> None:
        """Be told when the store is gone."""
        self.link(self._store)
        self.metrics.queued_operations.read = lambda: len(self._queue) + len(self._answers)
        self.metrics.registry_size_bytes.read = lambda: len(self._durable)

    def exited(self, pid: Pid) -> None:
        """Without its store a registrar is nothing."""
        raise RegistryError("the registry's store is gone")

    def check_invariants(self) -> None:
        """Raise AssertionError when what is kept contradicts itself."""
        if self._books is not None:
            self._books.check_invariants()
        assert self._writing is not None or not self._answers, "answers wait for no write"

    # --- recovery ---

    @handles(RecoverRegistry)
    def recover(self, sender: Pid, message: RecoverRegistry) -> None:
        """Read the registry, and write the new leader's name into it."""
        if self._recovered:
            self._tell(sender)
        elif self._leader is None:
            self._leader = sender, message
            self._ask(FetchState(next(self._request_ids), VARIABLE))

    @handles(StateFetched)
    def fetched(self, sender: Pid, message: StateFetched) -> None:
        """Here it is."""
        assert self._leader is not None
        self.metrics.state_fetch.record(self._answered())
        stored = read(message.value)
        if stored.epoch > self._leader[1].epoch:
            # The log itself should have refused this writer.
            raise RegistryError(f"the registry was written in epoch {stored.epoch}, later than this reign's")
        self._version, self._durable = message.version, message.value
        self._books = RegistryBooks(
            stored.registry, stored.frameworks, stored.removed_frameworks, self._remembered_frameworks
        )
        self._books.master = Registry.Master(info=self._leader[1].master)
        self.log.info(
            "registry fetched",
            bytes=len(message.value),
            agents=len(self._books.admitted),
            unreachable=len(self._books.unreachable),
            gone=len(self._books.gone),
            frameworks=len(self._books.frameworks),
        )
        self._write()

    # --- changes ---

    @handles(ApplyToRegistry)
    def apply(self, sender: Pid, message: ApplyToRegistry) -> None:
        """Change the registry, together with whatever else waits."""
        self._queue.append((sender, message))
        if self._recovered and self._writing is None and not self._beginning:
            # What waits in the mailbox goes into the same write.
            self._beginning = True
            self.send(self.pid, _Begin())

    @handles(_Begin)
    def begin(self, sender: Pid, message: _Begin) -> None:
        """Write."""
        self._beginning = False
        if self._writing is None:
            self._begin()

    @handles(ReadRegistry)
    def read(self, sender: Pid, message: ReadRegistry) -> None:
        """Tell what is durable; before the registry is recovered, nobody."""
        if self._recovered:
            self._tell(sender)

    def _begin(self) -> None:
        """Perform what waits; only what changes something has to be written."""
        assert self._books is not None
        changed = False
        while self._queue:
            sender, message = self._queue.popleft()
            outcome = self._books.apply(message.operation)
            error, mutated = (outcome, False) if isinstance(outcome, str) else (None, outcome)
            changed = changed or mutated
            self._answers.append((sender, RegistryApplied(message.request_id, mutated, error)))
            if error is not None:
                self.log.warning(
                    "operation refused", operation=type(message.operation).__name__, reason=error
                )
        if changed:
            self._write()
        else:
            self._answer()

    def _write(self) -> None:
        assert self._books is not None
        assert self._leader is not None
        self._writing = write(
            Stored(
                self._books.registry(),
                self._leader[1].epoch,
                tuple(self._books.frameworks.values()),
                tuple(self._books.removed_frameworks),
            )
        )
        self._ask(StoreState(next(self._request_ids), VARIABLE, self._version, self._writing))

    @handles(StateStored)
    def stored(self, sender: Pid, message: StateStored) -> None:
        """It is durable, or another master has taken over."""
        assert self._writing is not None
        self.metrics.state_store.record(self._answered())
        if not message.version:
            raise RegistryError("another master has written the registry: this one does not lead any more")
        self.system.fault("registrar.store.after")
        self._version, self._durable, self._writing = message.version, self._writing, None
        if not self._recovered:
            assert self._leader is not None
            self._recovered = True
            self._tell(self._leader[0])
        self._answer()
        if self._queue:
            self._begin()

    def _answer(self) -> None:
        answers, self._answers = self._answers, []
        for to, answer in answers:
            self.send(to, answer)

    def _tell(self, to: Pid) -> None:
        stored = read(self._durable)
        self.send(
            to,
            RegistryRecovered(stored.registry, stored.epoch, stored.frameworks, stored.removed_frameworks),
        )

    # --- the store ---

    def _ask(self, message: FetchState | StoreState) -> None:
        self._began = self.system.now()
        what, limit = (
            ("read", self._fetch_timeout)
            if isinstance(message, FetchState)
            else ("written", self._store_timeout)
        )
        self._deadline = self.delay(limit.seconds, self._late, what, str(limit))
        self.send(self._store, message)

    def _answered(self) -> float:
        assert self._deadline is not None
        self._deadline.cancel()
        return self.system.now() - self._began

    def _late(self, what: str, limit: str) -> None:
        raise RegistryError(f"the registry could not be {what} within {limit}")
