"""Parcels that arrive once each, whatever happens: the protocol that Mesos' status updates follow.

A courier sends each parcel until its receipt comes. A ledger writes it down, syncs, and only then gives the
receipt; one that it has already it does not write down again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.system import Restart
from transport.message import Message
from transport.pid import Pid

PARCELS = 30
_RECORD = struct.Struct(">II")


class Parcel(Message):
    number: int


class Receipt(Message):
    number: int


class Ledger(Process):
    """Keeps the numbers of parcels in a file of checksummed records."""

    def initialize(self) -> None:
        self.numbers = self._recover()

    def check_invariants(self) -> None:
        assert len(set(self.numbers)) == len(self.numbers), f"a parcel was taken twice: {self.numbers}"

    @handles(Parcel)
    def take(self, sender: Pid, message: Parcel) -> None:
        if message.number not in self.numbers:
            self.system.disk.append("ledger", _record(message.number))
            self.system.disk.sync("ledger")
            self.numbers.append(message.number)
        self.send(sender, Receipt(message.number))

    def _recover(self) -> list[int]:
        """Read the records up to the first torn one, and put them down anew.

        What was read may be in the cache alone, if a sync had failed before.
        """
        disk = self.system.disk
        content = disk.read("ledger") if "ledger" in disk.list("") else b""
        numbers = _read(content)
        disk.write("ledger.new", b"".join(map(_record, numbers)))
        disk.sync("ledger.new")
        disk.rename("ledger.new", "ledger")
        disk.sync_folder("")
        return numbers


class HastyLedger(Ledger):
    """Gives the receipt before the parcel is safe."""

    def take(self, sender: Pid, message: Parcel) -> None:
        if message.number not in self.numbers:
            self.system.disk.append("ledger", _record(message.number))
            self.numbers.append(message.number)
        self.send(sender, Receipt(message.number))
        self.system.disk.sync("ledger")


class TrustingLedger(Ledger):
    """Believes what it reads after a restart to be on the disk."""

    def _recover(self) -> list[int]:
        disk = self.system.disk
        if "ledger" not in disk.list(""):
            return super()._recover()
        numbers = _read(disk.read("ledger"))
        disk.truncate("ledger", len(numbers) * _RECORD.size)
        disk.sync("ledger")
        return numbers


class ForgetfulLedger(Ledger):
    """Writes down a parcel again when its receipt was lost."""

    def take(self, sender: Pid, message: Parcel) -> None:
        self.system.disk.append("ledger", _record(message.number))
        self.system.disk.sync("ledger")
        self.numbers.append(message.number)
        self.send(sender, Receipt(message.number))


class Courier(Process):
    """Has parcels for a ledger, and starts all over again after a restart."""

    def __init__(self, ledger: Pid, receipts: dict[int, None]) -> None:
        self._ledger = ledger
        #: The parcels of which any courier ever had a receipt.
        self.receipts = receipts

    def initialize(self) -> None:
        self._open = dict.fromkeys(range(PARCELS))
        self.every(2.0, self._send)

    def _send(self) -> None:
        for number in list(self._open)[:2]:
            self.send(self._ledger, Parcel(number))

    @handles(Receipt)
    def receipt(self, sender: Pid, message: Receipt) -> None:
        self.receipts[message.number] = None
        self._open.pop(message.number, None)


def deliver(sim: Simulation, ledger_type: Callable[[], Ledger] = Ledger) -> None:
    """In spite of everything, every parcel is in the ledger in the end."""
    receiver, receipts = _cast(sim, ledger_type)
    sim.chaos()
    sim.run(60.0)
    sim.quiet()
    _await_all(sim, receiver, receipts)


def deliver_undisturbed(sim: Simulation, ledger_type: Callable[[], Ledger] = Ledger) -> None:
    """The same without chaos, for faults that are placed."""
    _await_all(sim, *_cast(sim, ledger_type))


def _cast(sim: Simulation, ledger_type: Callable[[], Ledger]) -> tuple[Receiver, dict[int, None]]:
    """A courier, a ledger, and the invariant between them."""
    receipts: dict[int, None] = {}
    receiver = Receiver(sim, ledger_type)

    def boot(node: SimulatedNode) -> None:
        node.spawn(lambda: Courier(receiver.pid, receipts), "courier", restart=Restart(), vital=True)

    def no_parcel_with_a_receipt_is_lost() -> None:
        numbers = receiver.numbers()
        assert numbers is None or receipts.keys() <= set(numbers), f"{list(receipts)}, but {numbers}"

    sim.node("sender", boot, restart_seconds=2.0)
    sim.always(no_parcel_with_a_receipt_is_lost)
    return receiver, receipts


def _await_all(sim: Simulation, receiver: Receiver, receipts: dict[int, None]) -> None:
    sim.run_until(lambda: len(receipts) == PARCELS, timeout_seconds=120.0)
    sim.run_until(lambda: sorted(receiver.numbers() or ()) == list(range(PARCELS)))


class Receiver:
    """The node of the ledger, and the ledger of each of its lives."""

    def __init__(self, sim: Simulation, ledger_type: Callable[[], Ledger]) -> None:
        self._ledger_type = ledger_type
        self._ledger = ledger_type()
        self.node = sim.node("receiver", self._boot, restart_seconds=2.0)
        self.pid = self.node.pid_of("ledger")

    def numbers(self) -> list[int] | None:
        """What the ledger has now; None while it is not there or recovers."""
        return getattr(self._ledger, "numbers", None) if self.node.up else None

    def _boot(self, node: SimulatedNode) -> None:
        node.spawn(self._make, "ledger", restart=Restart(), vital=True)

    def _make(self) -> Ledger:
        self._ledger = self._ledger_type()
        return self._ledger


def _record(number: int) -> bytes:
    return _RECORD.pack(number, zlib.crc32(number.to_bytes(4, "big")))


def _read(content: bytes) -> list[int]:
    numbers = []
    whole = len(content) // _RECORD.size * _RECORD.size
    for number, checksum in _RECORD.iter_unpack(content[:whole]):
        if checksum != zlib.crc32(number.to_bytes(4, "big")):
            break
        numbers.append(number)
    return numbers
