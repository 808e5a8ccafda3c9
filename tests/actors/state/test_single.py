from __future__ import annotations

from typing import Literal

import pytest

from actors.simulation import Simulation
from actors.state.single import CorruptStateError, SingleStore, decode, encode
from actors.state.store import Variable
from tests.actors.state.test_store import Client
from transport.messages.registry import FetchState, StateFetched, StoreState

PATH = "state/registry"
STEPS = ("after_write", "after_sync", "after_rename", "after_sync_folder")


def reboot(client: Client) -> None:
    """Lose the power, and come back."""
    client.node.crash()
    client.node.start()
    client.probe = client.node.probe()


def test_what_was_answered_outlives_a_loss_of_power() -> None:
    client = Client(SingleStore)
    version = client.put(b"", b"one")
    reboot(client)
    assert client.fetch() == StateFetched(1, version, b"one")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("harm", ["crash", "kill"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_leaves_the_old_value_or_the_new_one_for_good(
    step: str, harm: Literal["crash", "kill"], seed: int
) -> None:
    sim = Simulation(seed)
    node = sim.node("here", lambda node: node.spawn(SingleStore, "store", vital=True))
    probe = node.probe()
    probe.send(node.pid_of("store"), StoreState(1, "registry", b"", b"old"))
    sim.run_until(lambda: probe.received)
    old = node.disk.read(PATH)
    sim.arm(f"state.store.{step}", action=harm)
    probe.send(node.pid_of("store"), StoreState(2, "registry", decode(old, PATH).version, b"new"))
    sim.run_until(lambda: not node.up)
    node.start()
    probe = node.probe()
    probe.send(node.pid_of("store"), FetchState(3, "registry"))
    sim.run_until(lambda: probe.received)
    (answer,) = probe.received
    assert isinstance(answer, StateFetched)
    assert answer.value in ((b"new",) if step == "after_sync_folder" else (b"old", b"new"))
    # What was told once does not vanish when the power fails again.
    node.crash()
    node.start()
    assert decode(node.disk.read(PATH), PATH) == Variable(answer.version, answer.value)


def test_a_disk_that_fails_ends_the_store_and_with_it_the_node() -> None:
    client = Client(SingleStore)
    version = client.put(b"", b"one")
    client.node.disk.fail("sync", f"{PATH}.new")
    client.probe.send(client.store, StoreState(2, "registry", version, b"two"))
    client.sim.run_until(lambda: not client.node.up)
    assert isinstance(client.sim.crashes[0].error, OSError)
    client.node.start()
    client.probe = client.node.probe()
    assert client.fetch() == StateFetched(1, version, b"one")


def test_a_damaged_file_is_refused_and_says_so() -> None:
    client = Client(SingleStore)
    client.put(b"", b"one" * 100)
    reboot(client)
    client.node.disk.flip_bit(PATH, 400)
    client.probe.send(client.store, FetchState(1, "registry"))
    client.sim.run_until(lambda: client.sim.crashes)
    error = client.sim.crashes[0].error
    assert isinstance(error, CorruptStateError)
    assert PATH in str(error)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "is not a variable's file"),
        (b"{}", "is not a variable's file"),
        (b"PIONVAR1", "is cut off after 8 bytes"),
        (encode(Variable(b"v" * 16, b"value"))[:-1], "checksum"),
        (encode(Variable(b"v" * 16, b"value")) + b"\0", "checksum"),
    ],
)
def test_what_is_no_variable_is_refused_by_name(content: bytes, rule: str) -> None:
    with pytest.raises(CorruptStateError, match=rule):
        decode(content, "state/x")


def test_a_variable_is_read_as_it_was_written() -> None:
    variable = Variable(bytes(range(16)), b"\x00\xff")
    assert decode(encode(variable), "state/x") == variable


@pytest.mark.parametrize("name", ["", "..", "a/b", "Registry", "x" * 65])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="variable"):
        SingleStore().load(name)
