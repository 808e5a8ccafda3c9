from __future__ import annotations

import pytest

from actors.master.machines import Machines, describe
from transport.records.machine import MachineID, MachineInfo
from transport.records.maintenance import Schedule, Window
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability

Mode = MachineInfo.Mode
SOON = Unavailability(start=TimeInfo(nanoseconds=1), duration=DurationInfo(nanoseconds=2))
LATER = Unavailability(start=TimeInfo(nanoseconds=3))
ONE = MachineID(hostname="one", ip="10.0.0.1")
TWO = MachineID(hostname="two")
THREE = MachineID(ip="10.0.0.3")


def window(*machines: MachineID, unavailability: Unavailability = SOON) -> Window:
    return Window(machine_ids=machines, unavailability=unavailability)


def schedule(*windows: Window) -> Schedule:
    return Schedule(windows=windows)


def planned(*windows: Window) -> Machines:
    machines = Machines(Schedule(), ())
    assert machines.plan(schedule(*windows)) is True
    return machines


def modes(machines: Machines) -> dict[str, MachineInfo.Mode | None]:
    return {describe(one.id): one.mode for one in machines}


# --- finding ---


@pytest.mark.parametrize(
    ("hostname", "ip", "found"),
    [
        ("one", "10.0.0.1", ONE),
        ("ONE", "10.0.0.1", ONE),
        ("one", "10.0.0.9", None),
        ("two", "10.0.0.9", TWO),
        ("other", "10.0.0.3", THREE),
        ("other", "10.0.0.9", None),
    ],
)
def test_a_machine_is_known_by_all_that_its_id_says(hostname: str, ip: str, found: MachineID | None) -> None:
    machine = planned(window(ONE, TWO, THREE)).of(hostname, ip)
    assert (None if machine is None else machine.id) == found


# --- planning ---


def test_machines_in_the_schedule_are_to_be_emptied_and_the_others_are_not() -> None:
    machines = planned(window(ONE), window(TWO, unavailability=LATER))
    assert modes(machines) == {"one 10.0.0.1": Mode.DRAINING, "two": Mode.DRAINING}
    assert [one.unavailability for one in machines] == [SOON, LATER]
    assert machines.plan(schedule(window(TWO))) is True
    assert modes(machines) == {"two": Mode.DRAINING}
    assert machines.plan(schedule(window(TWO))) is False


def test_a_machine_that_is_down_stays_down_in_a_new_schedule() -> None:
    machines = planned(window(ONE))
    machines.start((ONE,))
    assert machines.plan(schedule(window(ONE, TWO, unavailability=LATER))) is True
    assert modes(machines) == {"one 10.0.0.1": Mode.DOWN, "two": Mode.DRAINING}


def test_a_machine_that_is_down_cannot_leave_the_schedule() -> None:
    machines = planned(window(ONE, TWO))
    machines.start((ONE,))
    outcome = machines.plan(schedule(window(TWO)))
    assert outcome == "machine one 10.0.0.1: is down and cannot be removed from the schedule"
    assert machines.schedule == schedule(window(ONE, TWO))


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (schedule(window()), "windows[0].machine_ids: must not be empty"),
        (schedule(window(ONE), window(ONE)), "machine one 10.0.0.1: must not be given more than once"),
        (
            schedule(window(TWO, MachineID(hostname="TWO"))),
            "machine TWO: must not be given more than once",
        ),
        (schedule(window(MachineID())), "machine: must have a hostname or an ip"),
        (schedule(window(MachineID(hostname="", ip=""))), "machine: must have a hostname or an ip"),
        (schedule(window(MachineID(ip="10.0.0"))), "machine 10.0.0: ip must be an IP address"),
        (
            schedule(window(ONE, unavailability=Unavailability(start=TimeInfo(nanoseconds=-1)))),
            "windows[0].unavailability: start must not be negative",
        ),
        (
            schedule(
                window(TWO),
                window(
                    ONE,
                    unavailability=Unavailability(
                        start=TimeInfo(nanoseconds=1), duration=DurationInfo(nanoseconds=-1)
                    ),
                ),
            ),
            "windows[1].unavailability: duration must not be negative",
        ),
    ],
)
def test_a_schedule_that_breaks_a_rule_is_refused(bad: Schedule, rule: str) -> None:
    machines = planned(window(THREE))
    assert machines.plan(bad) == rule
    assert machines.schedule == schedule(window(THREE))


# --- going down and up ---


def test_a_machine_goes_down_and_up_and_out_of_the_schedule() -> None:
    machines = planned(window(ONE, TWO), window(THREE))
    assert machines.start((ONE, THREE)) is True
    assert modes(machines) == {"one 10.0.0.1": Mode.DOWN, "two": Mode.DRAINING, "10.0.0.3": Mode.DOWN}
    assert machines.stop((ONE, THREE)) is True
    assert modes(machines) == {"two": Mode.DRAINING}
    assert machines.schedule == schedule(window(TWO))


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ((), "machines: must not be empty"),
        ((TWO, TWO), "machine two: must not be given more than once"),
        ((THREE,), "machine 10.0.0.3: is not part of a maintenance schedule"),
        ((TWO, ONE), "machine one 10.0.0.1: is not in mode DRAINING and cannot be brought down"),
    ],
)
def test_what_cannot_go_down_is_refused_as_a_whole(bad: tuple[MachineID, ...], rule: str) -> None:
    machines = planned(window(ONE, TWO))
    machines.start((ONE,))
    assert machines.start(bad) == rule
    assert modes(machines) == {"one 10.0.0.1": Mode.DOWN, "two": Mode.DRAINING}


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ((), "machines: must not be empty"),
        ((THREE,), "machine 10.0.0.3: is not part of a maintenance schedule"),
        ((ONE, TWO), "machine two: is not in mode DOWN and cannot be brought up"),
    ],
)
def test_what_cannot_come_up_is_refused_as_a_whole(bad: tuple[MachineID, ...], rule: str) -> None:
    machines = planned(window(ONE, TWO))
    machines.start((ONE,))
    assert machines.stop(bad) == rule
    assert modes(machines) == {"one 10.0.0.1": Mode.DOWN, "two": Mode.DRAINING}
