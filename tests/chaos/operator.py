"""An operator of the rig: changes the registry, one thing after the other, and looks whether it is there."""

from __future__ import annotations

from actors.process import Process, handles
from actors.system import Timer
from tests.chaos.history import History
from transport.messages.operating import (
    MaintenanceRead,
    OperatorAnswer,
    ReadMaintenance,
    UpdateMaintenanceRequest,
    UpdateWeightsRequest,
)
from transport.pid import Pid
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule, Window
from transport.records.time_info import TimeInfo, Unavailability

_PREFIX = "rig-"
#: A machine that is not there goes down when nobody cares any more (in nanoseconds since 1970).
_LATER = 4_000_000_000_000_000_000
_PAUSE_SECONDS = 0.2
_ANSWER_SECONDS = 4.0
#: Weights are changed at so many roles in turn.
ROLES = 4


class Operator(Process):
    """Writes numbers that grow: as the one machine in the maintenance schedule, and as weights of roles.

    No number is sent twice, so of each it is known that it is there, that it was refused, or neither.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._leader: Pid | None = None
        self._number = 0
        #: What is not answered yet.
        self._asked: tuple[int, str] | None = None
        self._patience: Timer | None = None
        self.works = False
        self.acknowledged = 0

    def initialize(self) -> None:
        self._next()

    def lead(self, master: Pid | None) -> None:
        """Who is to be asked from now on; called by the one who looks after that, on any thread."""
        self._leader = master

    def _next(self) -> None:
        if not self.works or self._leader is None:
            self.delay(_PAUSE_SECONDS, self._next)
            return
        self._number += 1
        number, turn = self._number, self._number % (ROLES + 2)
        if turn == 0:
            self._ask("read", ReadMaintenance(number))
        elif turn == 1:
            self._ask("schedule", UpdateMaintenanceRequest(number, _schedule(number)))
        else:
            role = f"{_PREFIX}{turn - 2}"
            self._ask("weight", UpdateWeightsRequest(number, {role: float(number)}), role=role)

    def _ask(self, what: str, message: object, **more: str) -> None:
        assert self._leader is not None
        self._history.note("asked", what=what, number=self._number, master=self._leader.host, **more)
        self._asked = (self._number, what)
        self.send(self._leader, message)
        self._patience = self.delay(_ANSWER_SECONDS, self._give_up, self._number)

    def _give_up(self, number: int) -> None:
        if self._asked is not None and self._asked[0] == number:
            self._history.note("unknown", number=number)
            self._asked = None
            self._next()

    def _answered(self, number: int) -> bool:
        if self._asked is None or self._asked[0] != number:
            return False
        self._asked = None
        if self._patience is not None:
            self._patience.cancel()
        self.delay(_PAUSE_SECONDS, self._next)
        return True

    @handles(OperatorAnswer)
    def answered(self, sender: Pid, message: OperatorAnswer) -> None:
        if self._answered(message.request_id):
            kind = "acknowledged" if message.status == 200 else "refused"
            self.acknowledged += message.status == 200
            self._history.note(
                kind, number=message.request_id, master=sender.host, message=message.message or None
            )

    @handles(MaintenanceRead)
    def read(self, sender: Pid, message: MaintenanceRead) -> None:
        if self._answered(message.request_id):
            self._history.note(
                "read", number=message.request_id, master=sender.host, value=scheduled(message.schedule)
            )


def _schedule(number: int) -> Schedule:
    machine = MachineID(hostname=f"{_PREFIX}{number}")
    window = Window(machine_ids=(machine,), unavailability=Unavailability(start=TimeInfo(nanoseconds=_LATER)))
    return Schedule(windows=(window,))


def scheduled(schedule: Schedule) -> int:
    """The number in a schedule; 0 when nothing is scheduled yet."""
    for window in schedule.windows:
        for machine in window.machine_ids:
            return int((machine.hostname or "").removeprefix(_PREFIX))
    return 0
