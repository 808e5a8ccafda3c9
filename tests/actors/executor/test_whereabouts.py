from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.executor import whereabouts
from actors.executor.child_node import ChildNode
from transport.pid import Address, Pid


def test_the_address_of_a_living_node_is_found(tmp_path: Path) -> None:
    whereabouts.write(tmp_path, Address("10.0.0.1", 4711))
    assert whereabouts.read(tmp_path) == Pid("executors", "10.0.0.1", 4711)
    assert [path.name for path in tmp_path.iterdir()] == ["executor_node.json"]


@pytest.mark.parametrize("change", [{"started": 1}, {"boot": "another"}, {"process": 2**22 + 1}])
def test_that_of_a_node_that_is_no_more_is_not(tmp_path: Path, change: dict[str, object]) -> None:
    whereabouts.write(tmp_path, Address("10.0.0.1", 4711))
    file = tmp_path / "executor_node.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert whereabouts.read(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "a"}'])
def test_what_cannot_be_read_names_nobody(tmp_path: Path, content: str) -> None:
    assert whereabouts.read(tmp_path / "nowhere") is None
    (tmp_path / "executor_node.json").write_text(content)
    assert whereabouts.read(tmp_path) is None


def test_what_it_was_told_of_containers_is_known(tmp_path: Path) -> None:
    assert whereabouts.flags(tmp_path) is None
    whereabouts.write(tmp_path, Address("10.0.0.1", 4711), ["--containerizers=docker"])
    assert whereabouts.flags(tmp_path) == ("--containerizers=docker",)
    assert not ChildNode(tmp_path, [], contained=["--containerizers=docker"]).differs()
    assert ChildNode(tmp_path, []).differs()
    assert not ChildNode(tmp_path / "nowhere", []).differs()
