from __future__ import annotations

import msgspec
import pytest

from actors.master.registrar.archive import RegistryError, Stored, read, write
from transport.messages.registry import KnownFramework
from transport.records.agent import AgentInfo
from transport.records.ids import AgentID
from transport.records.registry import Registry

SLAVE = Registry.Slave(info=AgentInfo(hostname="host", id=AgentID(value="S0")))
REGISTRY = Registry(slaves=Registry.Slaves(slaves=(SLAVE,)))


def test_what_is_written_is_read_again() -> None:
    stored = Stored(REGISTRY, 7, (KnownFramework("F0", 60.0),), ("F1",))
    assert read(write(stored)) == stored


def test_nothing_is_an_empty_registry() -> None:
    assert read(b"") == Stored(Registry())


@pytest.mark.parametrize("registry", [Registry(), REGISTRY])
def test_a_registry_alone_is_what_masters_without_election_wrote(registry: Registry) -> None:
    assert read(msgspec.msgpack.encode(registry)) == Stored(registry)


@pytest.mark.parametrize(
    "value", [b"\xc1", b"\x80\x80", b"\x91\xa8registry", msgspec.msgpack.encode(["other", {}])]
)
def test_what_is_no_registry_is_refused(value: bytes) -> None:
    with pytest.raises(RegistryError, match="cannot be read"):
        read(value)


def test_a_registry_that_needs_a_newer_master_is_refused() -> None:
    wanted = Registry(minimum_capabilities=(Registry.MinimumCapability(capability="FLIGHT"),))
    with pytest.raises(RegistryError, match="FLIGHT"):
        read(write(Stored(wanted)))
