"""What ours answer has the names, types, nesting and defaults of what a real Mesos 1.3.2 answered.

All golden files are compared, path by path; differences that shall be stand in `allowances.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.actors.gateway.browser import Answer
from tests.integration.clients.allowances import ALLOWED, patterns
from tests.integration.clients.daemons import Local
from tests.integration.clients.recording import Recording, record
from tests.integration.clients.shape import differences, shape_of
from tests.integration.clients.speech import ask

#: What a real Mesos answered; it lies beside the checkout, and without it this file fails.
GOLDEN = Path(__file__).parents[4] / "shared/spec/golden"

#: Answers and events in JSON; what is no JSON has tests of its own below.
FILES = sorted(
    f"{path.parent.name}/{path.stem}"
    for path in GOLDEN.glob("*/*.json")
    if not path.name.endswith(".request.json")
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A cluster of which nothing was asked yet, as in the recording."""
    with Local(tmp_path_factory.mktemp("fresh")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def recording(fresh: Local) -> Recording:
    return record(fresh, FILES)


@pytest.mark.parametrize("file", FILES)
def test_an_answer_has_the_shape_that_mesos_gave_it(file: str, recording: Recording) -> None:
    found = differ(file, recording)
    allowed = list(patterns(file))
    assert [one for one in found if not any(fnmatchcase(one, pattern) for pattern in allowed)] == []


def differ(file: str, recording: Recording) -> Iterator[str]:
    wanted = json.loads((GOLDEN / f"{file}.json").read_bytes())
    return differences(shape_of(keyed(file, wanted)), shape_of(keyed(file, recording[file])))


def keyed(file: str, value: Any) -> Any:
    """The same with names for keys that differ from cluster to cluster."""
    if file.endswith("files_debug"):
        return {"sandbox" if "/executors/" in key else key: text for key, text in value.items()}
    return value


@pytest.mark.parametrize("kind", ["accept", "decline", "reconcile", "revive", "suppress", "teardown"])
def test_a_scheduler_call_is_accepted_with_nothing_more(kind: str, recording: Recording) -> None:
    answer: Answer = recording[f"stream/{kind}.response"]
    assert (answer.status, answer.headers["content-length"], answer.body) == (202, "0", b"")


def test_a_stream_of_events_has_the_headers_that_clients_look_for(recording: Recording) -> None:
    headers = recording["stream/subscribe.response"]
    assert headers["Content-Type"] == "application/json"
    assert headers["Transfer-Encoding"] == "chunked"
    assert len(headers["Mesos-Stream-Id"]) == 36


def test_the_health_of_a_daemon_is_an_empty_answer(fresh: Local) -> None:
    for address in (fresh.master, fresh.agent):
        answer = ask(address, "GET", "/health")
        assert (answer.status, answer.body) == (200, b"")


def test_every_allowance_is_still_needed(recording: Recording) -> None:
    """A difference that is no more is no more allowed."""
    found = {file: list(differ(file, recording)) for file in FILES}
    idle = [
        (files, pattern)
        for files, reasons in ALLOWED.items()
        for allowed in reasons.values()
        for pattern in allowed
        if not any(
            fnmatchcase(one, pattern) for file in FILES if fnmatchcase(file, files) for one in found[file]
        )
    ]
    assert idle == []
