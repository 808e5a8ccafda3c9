"""Machines in maintenance: which are to be emptied, which are down, and the rules of schedules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from transport.records.machine import MachineID, MachineInfo
from transport.records.maintenance import Schedule, Window
from transport.records.time_info import Unavailability

_Mode = MachineInfo.Mode
_Key = tuple[str, str]
#: Of a hostname, as DNS allows it, and an IP.
_MOST_LENGTH: Final = 255 + 40


class Machines:
    """The schedule, and every machine in it with its mode; what is in no schedule is up.

    Changing methods return whether anything changed, or (a text) the rule that forbids it.
    """

    def __init__(self, schedule: Schedule, machines: Iterable[MachineInfo]) -> None:
        self.schedule = schedule
        self._machines = {_key(one.id): one for one in machines}

    def __iter__(self) -> Iterator[MachineInfo]:
        return iter(self._machines.values())

    def of(self, hostname: str, ip: str) -> MachineInfo | None:
        """The machine of an agent: one that is named by both, by its IP alone, or by its hostname alone."""
        host = hostname.lower()
        for key in ((host, ip), ("", ip), (host, "")):
            machine = self._machines.get(key)
            if machine is not None:
                return machine
        return None

    def plan(self, schedule: Schedule) -> bool | str:
        """Replace the schedule: machines that come into it are to be emptied, those that leave it are up."""
        error = schedule_error(schedule) or self._forgotten(schedule)
        if error is not None:
            return error
        machines = {}
        for window in schedule.windows:
            for machine_id in window.machine_ids:
                known = self._machines.get(_key(machine_id))
                mode = _Mode.DRAINING if known is None else known.mode
                machines[_key(machine_id)] = MachineInfo(
                    id=machine_id, mode=mode, unavailability=window.unavailability
                )
        before, self.schedule, self._machines = (self.schedule, self._machines), schedule, machines
        return before != (schedule, machines)

    def start(self, machine_ids: Sequence[MachineID]) -> bool | str:
        """Take machines down that are being emptied."""
        error = machines_error(machine_ids) or self._unless(machine_ids, _Mode.DRAINING, "brought down")
        if error is not None:
            return error
        for machine_id in machine_ids:
            key = _key(machine_id)
            self._machines[key] = replace(self._machines[key], mode=_Mode.DOWN)
        return True

    def stop(self, machine_ids: Sequence[MachineID]) -> bool | str:
        """Have machines up again that are down; they leave the schedule."""
        error = machines_error(machine_ids) or self._unless(machine_ids, _Mode.DOWN, "brought up")
        if error is not None:
            return error
        keys = {_key(machine_id) for machine_id in machine_ids}
        for machine_id in machine_ids:
            del self._machines[_key(machine_id)]
        self.schedule = Schedule(windows=tuple(_without(self.schedule.windows, keys)))
        return True

    def _forgotten(self, schedule: Schedule) -> str | None:
        kept = {_key(one) for window in schedule.windows for one in window.machine_ids}
        for key, machine in self._machines.items():
            if machine.mode is _Mode.DOWN and key not in kept:
                return f"machine {describe(machine.id)}: is down and cannot be removed from the schedule"
        return None

    def _unless(self, machine_ids: Sequence[MachineID], mode: MachineInfo.Mode, what: str) -> str | None:
        for machine_id in machine_ids:
            machine = self._machines.get(_key(machine_id))
            if machine is None:
                return f"machine {describe(machine_id)}: is not part of a maintenance schedule"
            if machine.mode is not mode:
                return f"machine {describe(machine_id)}: is not in mode {mode.name} and cannot be {what}"
        return None


def schedule_error(schedule: Schedule) -> str | None:
    """Which rule the schedule breaks, or None."""
    for number, window in enumerate(schedule.windows):
        if not window.machine_ids:
            return f"windows[{number}].machine_ids: must not be empty"
        error = _unavailability_error(window.unavailability)
        if error is not None:
            return f"windows[{number}].unavailability: {error}"
    return _ids_error([one for window in schedule.windows for one in window.machine_ids])


def machines_error(machine_ids: Sequence[MachineID]) -> str | None:
    """Which rule a list of machines breaks, or None."""
    return _ids_error(machine_ids) if machine_ids else "machines: must not be empty"


def describe(machine_id: MachineID) -> str:
    """The machine's name for people to read."""
    return " ".join(part for part in (machine_id.hostname, machine_id.ip) if part)


def _key(machine_id: MachineID) -> _Key:
    return (machine_id.hostname or "").lower(), machine_id.ip or ""


def _without(windows: Iterable[Window], keys: set[_Key]) -> Iterator[Window]:
    for window in windows:
        left = tuple(one for one in window.machine_ids if _key(one) not in keys)
        if left:
            yield replace(window, machine_ids=left)


def _ids_error(machine_ids: Sequence[MachineID]) -> str | None:
    seen = set()
    for machine_id in machine_ids:
        if not machine_id.hostname and not machine_id.ip:
            return "machine: must have a hostname or an ip"
        if len(describe(machine_id)) > _MOST_LENGTH:
            return f"machine {describe(machine_id)[:20]}...: must not be longer than {_MOST_LENGTH}"
        if machine_id.ip and not _is_ip(machine_id.ip):
            return f"machine {describe(machine_id)}: ip must be an IP address"
        if _key(machine_id) in seen:
            return f"machine {describe(machine_id)}: must not be given more than once"
        seen.add(_key(machine_id))
    return None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _unavailability_error(unavailability: Unavailability) -> str | None:
    if unavailability.start.nanoseconds < 0:
        return "start must not be negative"
    if unavailability.duration is not None and unavailability.duration.nanoseconds < 0:
        return "duration must not be negative"
    return None
