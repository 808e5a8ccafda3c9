"""What containers are called."""

from __future__ import annotations

import pytest

from containerizers.docker.names import Origin, is_ours, labels, name, origin


def test_a_name_follows_from_an_id_and_the_other_way_round() -> None:
    assert name("4a-b") == "mesos-4a-b"
    assert origin("/mesos-4a-b") == Origin("4a-b")


@pytest.mark.parametrize(
    ("docker_name", "found"),
    [
        ("mesos-agent-S1.4a", Origin("4a", "agent-S1")),
        ("/mesos-2026-S1.4a", Origin("4a", "2026-S1")),
        ("mesos-", None),
        ("mesos-.4a", None),
        ("mesos-a.", None),
        ("web", None),
        ("", None),
    ],
)
def test_older_names_tell_the_agent_too(docker_name: str, found: Origin | None) -> None:
    assert origin(docker_name) == found


def test_a_container_is_ours_by_its_place_and_its_id() -> None:
    all_of_them = labels("/run/a", "4a", {"cluster": "c"}, {"cluster": "x", "own": "y", "pion.place": "z"})
    assert all_of_them == {"cluster": "c", "own": "y", "pion.place": "/run/a", "pion.run": "4a"}
    assert is_ours(all_of_them, "/run/a", "4a")
    assert not is_ours(all_of_them, "/run/b", "4a")
    assert not is_ours(all_of_them, "/run/a", "4b")
    assert not is_ours({}, "/run/a", "4a")
