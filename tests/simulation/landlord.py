"""A framework that reserves resources and makes volumes, and gives some of them back."""

from __future__ import annotations

import enum
from typing import Any

from msgspec.structs import replace

from frameworks.scheduler import Scheduler
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import FrameworkID, OperationID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, Offer
from transport.records.operation import OperationState, OperationStatus
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.volume import Volume

_Operation = Offer.Operation
_Type = Offer.Operation.Type
_ROLE = "landlord"
_DISK = Resources.parse("disk:64")
_RESERVATION = Resource.ReservationInfo(type=Resource.ReservationInfo.Type.DYNAMIC, role=_ROLE)
_ASK_SECONDS = 30.0


class Stand(enum.Enum):
    """How far a volume is, as far as its owner knows."""

    #: CREATE was sent: it may be there or not.
    WANTED = enum.auto()
    #: CREATE was told to have been done, and nobody wants it gone.
    THERE = enum.auto()
    #: DESTROY was sent.
    UNWANTED = enum.auto()
    #: DESTROY was told to have been done.
    GONE = enum.auto()


class Deeds:
    """What a landlord knows, on paper: it survives the scheduler."""

    def __init__(self, volumes: int, kept: int) -> None:
        self.framework_id: str | None = None
        #: So many are to be made, and so many of them to be kept.
        self.volumes, self.kept = volumes, kept
        self.stands: dict[str, Stand] = {}
        self.asked = 0

    def count(self, stand: Stand) -> int:
        """How many volumes stand so."""
        return sum(one is stand for one in self.stands.values())

    @property
    def done(self) -> bool:
        """Whether as many were made, and as many destroyed, as are to be."""
        return self.count(Stand.THERE) == self.kept and self.count(Stand.GONE) >= self.volumes - self.kept

    def check(self, there: list[str]) -> None:
        """Raise AssertionError unless the volumes that there are, are as they must be (I5)."""
        assert len(set(there)) == len(there), f"I5: {there}: a volume is there twice"
        for name, stand in self.stands.items():
            assert stand is not Stand.THERE or name in there, f"I5: {name}: was made, and is lost"
            assert stand is not Stand.GONE or name not in there, f"I5: {name}: was destroyed, and is there"
        strange = sorted(set(there) - self.stands.keys())
        assert not strange, f"I5: {strange}: nobody has made them"


class Landlord(Scheduler):
    """Makes volumes until there are as many as are to be, and destroys what is too much."""

    def __init__(self, deeds: Deeds, detector: Pid) -> None:
        super().__init__(_framework(deeds), detector)
        self.deeds = deeds
        self._waits = False

    def initialize(self) -> None:
        super().initialize()
        self.every(_ASK_SECONDS, self._ask_again)

    def _ask_again(self) -> None:
        self._waits = False
        self.revive()

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        self.deeds.framework_id = framework_id

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            operations = self._destroy(offer) or self._create(offer)
            if operations:
                self.accept([offer], operations, Filters(refuse_seconds=0.0))
            else:
                self.decline([offer])

    def operation_update(self, status: OperationStatus) -> None:
        assert status.operation_id is not None
        kind, name, _ = status.operation_id.value.split(":")
        stands = self.deeds.stands
        self._waits = False
        if kind == "create" and status.state is OperationState.OPERATION_DROPPED:
            # It was offered as if it were made, and the order has not reached its agent.
            stands[name] = Stand.WANTED
        if status.state is not OperationState.OPERATION_FINISHED:
            return
        if kind == "create" and stands[name] is Stand.WANTED:
            stands[name] = Stand.THERE
        elif kind == "destroy":
            assert stands[name] in (Stand.UNWANTED, Stand.GONE), f"I5: {name}: destroyed, and nobody asked"
            stands[name] = Stand.GONE

    def _create(self, offer: Offer) -> list[Offer.Operation]:
        deeds = self.deeds
        made = len(deeds.stands) - deeds.count(Stand.WANTED)
        enough = deeds.count(Stand.THERE) >= deeds.kept and made >= deeds.volumes
        free = Resources(one for one in offer.resources if not one.reservations)
        if enough or self._waits or not free.contains(_DISK):
            return []
        self._waits = True
        name = f"volume-{len(deeds.stands)}"
        deeds.stands[name] = Stand.WANTED
        reserve = _Operation.Reserve(resources=tuple(_DISK.push_reservation(_RESERVATION)))
        return [
            _operation(_Type.RESERVE, f"reserve:{name}", reserve=reserve),
            _operation(_Type.CREATE, f"create:{name}", create=_Operation.Create(volumes=(_volume(name),))),
        ]

    def _destroy(self, offer: Offer) -> list[Offer.Operation]:
        deeds = self.deeds
        for volume in offer.resources:
            if volume.disk is None or volume.disk.persistence is None:
                continue
            name = volume.disk.persistence.id
            if deeds.stands[name] is Stand.WANTED:
                deeds.stands[name] = Stand.THERE
            assert deeds.stands[name] is not Stand.GONE, f"I5: {name}: was destroyed, and is offered"
            if deeds.stands[name] is Stand.UNWANTED or deeds.count(Stand.THERE) > deeds.kept:
                deeds.stands[name] = Stand.UNWANTED
                deeds.asked += 1
                destroy = _Operation.Destroy(volumes=(volume,))
                unreserve = _Operation.Unreserve(resources=tuple(_DISK.push_reservation(_RESERVATION)))
                return [
                    _operation(_Type.DESTROY, f"destroy:{name}", deeds.asked, destroy=destroy),
                    _operation(_Type.UNRESERVE, f"unreserve:{name}", deeds.asked, unreserve=unreserve),
                ]
        return []


def _framework(deeds: Deeds) -> FrameworkInfo:
    refines = FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.RESERVATION_REFINEMENT)
    return FrameworkInfo(
        user="root",
        name="landlord",
        id=None if deeds.framework_id is None else FrameworkID(value=deeds.framework_id),
        failover_timeout=1e6,
        role=_ROLE,
        capabilities=(refines,),
    )


def _volume(name: str) -> Resource:
    (disk,) = _DISK.push_reservation(_RESERVATION)
    info = Resource.DiskInfo(
        persistence=Resource.DiskInfo.Persistence(id=name),
        volume=Volume(container_path="data", mode=Volume.Mode.RW),
    )
    return replace(disk, disk=info)


def _operation(kind: _Operation.Type, name: str, number: int = 0, **body: Any) -> Offer.Operation:
    return _Operation(type=kind, id=OperationID(value=f"{name}:{number}"), **body)
