"""What every store must do, whatever it keeps variables in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.simulation import Simulation
from actors.simulation.probe import Probe
from actors.state.memory import MemoryStore
from actors.state.single import SingleStore
from actors.state.store import Store
from transport.messages.registry import FetchState, StateFetched, StateStored, StoreState
from transport.pid import Pid

KINDS = pytest.mark.parametrize("kind", [MemoryStore, SingleStore])


class Client:
    """Asks a store, and waits for its answers."""

    def __init__(self, kind: Callable[[], Store]) -> None:
        self.sim = Simulation(3)
        self.node = self.sim.node("here", lambda node: node.spawn(kind, "store", vital=True))
        self.store: Pid = self.node.pid_of("store")
        self.probe: Probe = self.node.probe()

    def fetch(self, name: str = "registry") -> StateFetched:
        self.probe.send(self.store, FetchState(1, name))
        answer = self._answer()
        assert isinstance(answer, StateFetched)
        return answer

    def put(self, version: bytes, value: bytes, name: str = "registry") -> bytes:
        self.probe.send(self.store, StoreState(2, name, version, value))
        answer = self._answer()
        assert isinstance(answer, StateStored)
        assert answer.request_id == 2
        return answer.version

    def _answer(self) -> object:
        seen = len(self.probe.received)
        self.sim.run_until(lambda: len(self.probe.received) > seen)
        return self.probe.received[-1]


@KINDS
def test_a_variable_that_was_never_stored_is_empty(kind: Callable[[], Store]) -> None:
    assert Client(kind).fetch() == StateFetched(1)


@KINDS
def test_what_was_stored_is_fetched_with_its_version(kind: Callable[[], Store]) -> None:
    client = Client(kind)
    version = client.put(b"", b"one")
    assert len(version) == 16
    assert client.fetch() == StateFetched(1, version, b"one")
    newer = client.put(version, b"two")
    assert newer != version
    assert client.fetch() == StateFetched(1, newer, b"two")


@KINDS
def test_an_older_version_replaces_nothing(kind: Callable[[], Store]) -> None:
    client = Client(kind)
    first = client.put(b"", b"one")
    second = client.put(first, b"two")
    assert client.put(first, b"three") == b""
    assert client.put(b"", b"four") == b""
    assert client.fetch() == StateFetched(1, second, b"two")


@KINDS
def test_variables_do_not_know_each_other(kind: Callable[[], Store]) -> None:
    client = Client(kind)
    client.put(b"", b"one")
    assert client.fetch("other") == StateFetched(1)
    other = client.put(b"", b"two", "other")
    assert client.fetch("other") == StateFetched(1, other, b"two")
