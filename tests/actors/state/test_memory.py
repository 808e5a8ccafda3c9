from __future__ import annotations

from actors.state.memory import MemoryStore
from tests.actors.state.test_store import Client
from transport.messages.registry import StateFetched


def test_nothing_outlives_the_node() -> None:
    client = Client(MemoryStore)
    client.put(b"", b"one")
    client.node.crash()
    client.node.start()
    client.probe = client.node.probe()
    assert client.fetch() == StateFetched(1)
