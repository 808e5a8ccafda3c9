"""Changes of the registry, through the registrar and the log, with one replica and with three on loopback."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from actors.log.members import MEMBERS
from actors.log.process import REPLICA
from actors.log.store import LogStore
from actors.master.flags import MasterFlags
from actors.master.registrar.registrar import Registrar
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.benchmarks.child import child
from tests.benchmarks.figure import Figure, Size, compared, in_turns
from tests.benchmarks.log.bare import AGAINST, bare_rate, folder
from tests.benchmarks.log.member import Gathered, member
from tests.benchmarks.runtime.messages import Begin
from transport.messages.registry import (
    ApplyToRegistry,
    RecoverRegistry,
    RegistryApplied,
    RegistryRecovered,
    UpdateWeights,
)
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

BATCHES = (1, 16, 128)
DEADLINE_SECONDS = 120.0
_SYNCS = 40


class Busy(Process):
    """Does as much as each Begin says, then sets `done`; `ready` when it can."""

    def __init__(self) -> None:
        self.ready, self.done = threading.Event(), threading.Event()


class Operator(Busy):
    """Keeps so many operations under way; a write of the registry takes in those that came meanwhile."""

    def __init__(self, registrar: Pid, under_way: int) -> None:
        super().__init__()
        self._registrar, self._under_way = registrar, under_way
        self._numbers = itertools.count(1)
        self._left = self._waiting = 0

    def initialize(self) -> None:
        info = MasterInfo(id="m", ip=0, port=5050)
        self.send(self._registrar, RecoverRegistry(info, 1))

    @handles(RegistryRecovered)
    def recovered(self, sender: Pid, message: RegistryRecovered) -> None:
        self.ready.set()

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        self._left = message.count
        for _ in range(min(self._under_way, self._left)):
            self._apply()

    @handles(RegistryApplied)
    def applied(self, sender: Pid, message: RegistryApplied) -> None:
        assert message.mutated, message.error
        self._waiting -= 1
        if self._left:
            self._apply()
        elif not self._waiting:
            self.done.set()

    def _apply(self) -> None:
        self._left -= 1
        self._waiting += 1
        number = next(self._numbers)
        self.send(self._registrar, ApplyToRegistry(number, UpdateWeights({"role": float(number)})))


def figures(size: Size) -> Iterator[Figure]:
    for replicas in (1, 3):
        with folder() as path, _log(path, replicas) as system:
            for epoch, batch in enumerate(BATCHES, 1):
                operator = _reign(system, replicas // 2 + 1, epoch, batch)
                yield compared(
                    f"log.registry.{replicas}_replicas.batches_of_{batch}",
                    "operations/s",
                    AGAINST,
                    against_bare(system, operator, path, batch, size),
                )


def against_bare(
    system: PykkaSystem, busy: Busy, path: Path, batch: int, size: Size
) -> list[tuple[float, float]]:
    """Both in many short turns: a disk is not as quick from one second to the next."""
    syncs = size.of(_SYNCS, least=5)
    assert busy.ready.wait(DEADLINE_SECONDS), "the log does not form"

    def ours() -> float:
        busy.done.clear()
        began = time.perf_counter()
        system.send(busy.pid, busy.pid, Begin(busy.pid, batch * syncs))
        assert busy.done.wait(DEADLINE_SECONDS), "something was lost"
        return batch * syncs / (time.perf_counter() - began)

    ours()
    return in_turns(ours, lambda: bare_rate(path, batch, syncs), 4 * size.rounds)


@contextmanager
def _log(path: Path, replicas: int) -> Iterator[PykkaSystem]:
    """The node of the first replica; the others are in other processes."""
    quorum = replicas // 2 + 1
    with ExitStack() as stack:
        system = stack.enter_context(member(path / "0", quorum))
        addresses = [system.address]
        for number in range(1, replicas):
            far = child("tests.benchmarks.log.member", path / str(number), quorum)
            addresses.append(Address.parse(stack.enter_context(far)))
        gather(addresses, system)
        yield system


def _reign(system: PykkaSystem, quorum: int, epoch: int, under_way: int) -> Operator:
    """The next registrar on the log, and who has it busy."""
    members, replica, owner = (Pid(name, *system.address) for name in (MEMBERS, REPLICA, f"operator-{epoch}"))
    store = system.spawn(lambda: LogStore(epoch, quorum, members, replica, owner), f"store-{epoch}")
    registrar = system.spawn(lambda: Registrar(MasterFlags(), store), f"registrar-{epoch}")
    operator = Operator(registrar, under_way)
    system.spawn(lambda: operator, owner.name)
    return operator


def gather(addresses: Sequence[Address], system: PykkaSystem) -> None:
    """Tell every node who the members are."""
    gathered = Gathered(tuple(Pid(REPLICA, *address) for address in addresses))
    for address in addresses:
        system.send(Pid(MEMBERS, *system.address), Pid(MEMBERS, *address), gathered)
