from __future__ import annotations

from actors.simulation import Simulation
from actors.simulation.probe import Probe
from actors.state.memory import MemoryStore
from actors.state.variable import Variable
from transport.messages.registry import FetchState, StateFetched, StateStored, StoreState
from transport.pid import Pid


class Client:
    """Asks a store, and waits for its answers."""

    def __init__(self, variables: dict[str, Variable] | None = None) -> None:
        self.sim = Simulation(3)
        self.node = self.sim.node(
            "here", lambda node: node.spawn(lambda: MemoryStore(variables), "store", vital=True)
        )
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

    def reboot(self) -> None:
        self.node.crash()
        self.node.start()
        self.probe = self.node.probe()

    def _answer(self) -> object:
        seen = len(self.probe.received)
        self.sim.run_until(lambda: len(self.probe.received) > seen)
        return self.probe.received[-1]


def test_a_variable_that_was_never_stored_is_empty() -> None:
    assert Client().fetch() == StateFetched(1)


def test_what_was_stored_is_fetched_with_its_version() -> None:
    client = Client()
    version = client.put(b"", b"one")
    assert len(version) == 16
    assert client.fetch() == StateFetched(1, version, b"one")
    newer = client.put(version, b"two")
    assert newer != version
    assert client.fetch() == StateFetched(1, newer, b"two")


def test_an_older_version_replaces_nothing() -> None:
    client = Client()
    first = client.put(b"", b"one")
    second = client.put(first, b"two")
    assert client.put(first, b"three") == b""
    assert client.put(b"", b"four") == b""
    assert client.fetch() == StateFetched(1, second, b"two")


def test_variables_do_not_know_each_other() -> None:
    client = Client()
    client.put(b"", b"one")
    assert client.fetch("other") == StateFetched(1)
    other = client.put(b"", b"two", "other")
    assert client.fetch("other") == StateFetched(1, other, b"two")


def test_nothing_outlives_the_node_but_what_it_was_given_to_keep_things_in() -> None:
    for kept in (None, dict[str, Variable]()):
        client = Client(kept)
        version = client.put(b"", b"one")
        client.reboot()
        assert client.fetch() == (StateFetched(1) if kept is None else StateFetched(1, version, b"one"))
