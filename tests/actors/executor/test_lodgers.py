from __future__ import annotations

import pytest

from actors.executor.lodgers import Lodgers
from actors.simulation import SimulatedDisk, Simulation
from transport.messages.container_spec import ContainerSpec
from transport.messages.lodging import LaunchGuest


def launch(container_id: str) -> LaunchGuest:
    return LaunchGuest(1, container_id, ContainerSpec(arguments=("top",), directory="/box"), "/around")


@pytest.fixture
def disk() -> SimulatedDisk:
    return Simulation(1).node("host").disk


def test_what_was_kept_and_not_forgotten_is_known_to_the_next_one(disk: SimulatedDisk) -> None:
    lodgers = Lodgers(disk)
    assert lodgers.load() == ()
    lodgers.keep(launch("a"))
    lodgers.keep(launch("b"))
    lodgers.forget("a")
    assert Lodgers(disk).load() == (launch("b"),)


def test_what_was_written_in_part_is_forgotten(disk: SimulatedDisk) -> None:
    Lodgers(disk).keep(launch("a"))
    disk.truncate("guests/a", 5)
    assert Lodgers(disk).load() == ()
    assert disk.list("guests") == ()
