"""What an inspect tells."""

from __future__ import annotations

import random
from typing import Any

import pytest

from containerizers.containerizer import Limitation
from containerizers.docker.seen import see

NEVER = "0001-01-01T00:00:00Z"


def described(**state: Any) -> dict[str, Any]:
    whole = {"Status": "exited", "Running": False, "Pid": 0, "ExitCode": 0, "FinishedAt": NEVER, **state}
    return {"Id": "a", "State": whole, "Config": {"Labels": None}}


def test_one_that_was_made_has_neither_run_nor_ended() -> None:
    seen = see(described())
    assert (seen.was_started, seen.exit_code, seen.process) == (False, None, 0)


def test_one_that_runs_has_no_exit_code_whatever_dockerd_says_of_it() -> None:
    seen = see(described(Running=True, Pid=7, ExitCode=137, FinishedAt="2026-01-01T00:00:00Z"))
    assert (seen.was_started, seen.runs, seen.exit_code, seen.process) == (True, True, None, 7)


def test_one_has_ended_when_dockerd_knows_when() -> None:
    assert see(described(ExitCode=3)).exit_code is None
    assert see(described(ExitCode=3, FinishedAt="")).exit_code is None
    assert see(described(ExitCode=3, FinishedAt="2026-01-01T00:00:00Z")).exit_code == 3
    assert see(described(Restarting=True, FinishedAt="2026-01-01T00:00:00Z")).exit_code is None


def test_addresses_are_those_in_all_networks() -> None:
    networks = {
        "a": {"IPAddress": "10.0.0.2", "GlobalIPv6Address": "fd00::2"},
        "b": {"IPAddress": "", "GlobalIPv6Address": ""},
        "c": {"IPAddress": "10.0.0.2"},
    }
    assert see(described() | {"NetworkSettings": {"Networks": networks}}).addresses == ("10.0.0.2", "fd00::2")


def test_too_much_memory_is_told_with_the_limit_if_it_has_one() -> None:
    assert see(described()).limitation is None
    killed = described(OOMKilled=True)
    assert see(killed).limitation == Limitation("memory", "Memory limit exceeded")
    message = "Memory limit exceeded: Requested: 32MB Maximum Used: 32MB"
    bound = killed | {"HostConfig": {"Memory": 2**25}}
    assert see(bound).limitation == Limitation("memory", message, 2**25)


def test_whatever_dockerd_says_it_is_read_or_refused() -> None:
    chance = random.Random(13)
    nonsense: list[Any] = [None, 0, -1, 1.5, "", "x", [], [1], {}, {"a": 1}, True, 2**70]
    refused = 0
    for _ in range(3000):
        answer = described(Running=True, Pid=7)
        answer |= {"LogPath": "/l", "HostConfig": {"Memory": 1}, "NetworkSettings": {"Networks": {"a": {}}}}
        holder = chance.choice([answer, answer["State"], answer["Config"], answer["HostConfig"]])
        holder[chance.choice(sorted(holder))] = chance.choice(nonsense)
        try:
            seen = see(answer)
        except ValueError:
            refused += 1
        else:
            assert isinstance(seen.journal + seen.docker_id + seen.finished_at, str)
            assert seen.labels.get("a", "") is not None
    assert refused


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"State": None},
        described(FinishedAt=None) | {"Id": None, "State": 3},
        described() | {"Config": None},
        described(Running=True, Pid="x"),
        described() | {"NetworkSettings": {"Networks": {"a": None}}},
    ],
)
def test_what_is_no_description_is_told(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="dockerd describes a container without"):
        see(answer)
