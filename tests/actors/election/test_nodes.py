"""What the names of nodes in ZooKeeper say."""

from __future__ import annotations

import pytest

from actors.election.nodes import members, sequence


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("json.info_0000000003", 3),
        ("info_0000000012", 12),
        ("0000000007", 7),
        ("a_b_0000000001", 1),
        ("json.info_2147483647", 2147483647),
        ("log_replicas", None),
        ("json.info_", None),
        ("json.info_000000000x", None),
        ("raise-0000000005", None),
        ("json.info_-000000001", None),
        ("json.info_00000000000", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_the_number_of_a_node_is_what_follows_its_label(name: str, number: int | None) -> None:
    assert sequence(name) == number


def test_members_stand_in_the_order_of_their_numbers_whatever_their_labels() -> None:
    names = ["json.info_0000000009", "log_replicas", "0000000010", "info_0000000002", "a_0000000003"]
    assert members(names) == ("info_0000000002", "a_0000000003", "json.info_0000000009", "0000000010")
