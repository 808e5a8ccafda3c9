"""What ours answer has the names, types, nesting and defaults of what a real Mesos 1.3.2 answered.

All golden files are compared, path by path; each difference that there is stands here with its reason.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.actors.gateway.browser import Answer
from tests.integration.clients.daemons import Local
from tests.integration.clients.recording import Recording, record
from tests.integration.clients.shape import differences, shape_of

#: What a real Mesos answered; it lies beside the checkout, and without it this file fails.
GOLDEN = Path(__file__).parents[4] / "shared/spec/golden"

#: Answers and events in JSON; what is no JSON has tests of its own below.
FILES = sorted(
    f"{path.parent.name}/{path.stem}"
    for path in GOLDEN.glob("*/*.json")
    if not path.name.endswith(".request.json")
)

#: For each group of files, differences that shall be, as patterns, by their reasons.
ALLOWED: dict[str, dict[str, list[str]]] = {}


def allowed(file: str) -> list[str]:
    return [
        pattern
        for files, reasons in ALLOWED.items()
        if fnmatchcase(file, files)
        for patterns in reasons.values()
        for pattern in patterns
    ]


@pytest.fixture(scope="module")
def recording(local: Local) -> Recording:
    return record(local, FILES)


@pytest.mark.parametrize("file", FILES)
def test_an_answer_has_the_shape_that_mesos_gave_it(file: str, recording: Recording) -> None:
    wanted = json.loads((GOLDEN / f"{file}.json").read_bytes())
    found = differences(shape_of(keyed(file, wanted)), shape_of(keyed(file, recording[file])))
    patterns = allowed(file)
    assert [one for one in found if not any(fnmatchcase(one, pattern) for pattern in patterns)] == []


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


def test_the_health_of_a_daemon_is_an_empty_answer(recording: Recording) -> None:
    assert recording["master/health.body"] == ""


def test_every_reason_is_still_needed(recording: Recording) -> None:
    """A difference that is no more is no more allowed."""
    found = {
        file: list(
            differences(
                shape_of(keyed(file, json.loads((GOLDEN / f"{file}.json").read_bytes()))),
                shape_of(keyed(file, recording[file])),
            )
        )
        for file in FILES
    }
    idle = [
        (files, pattern)
        for files, reasons in ALLOWED.items()
        for patterns in reasons.values()
        for pattern in patterns
        if not any(
            fnmatchcase(one, pattern) for file in FILES if fnmatchcase(file, files) for one in found[file]
        )
    ]
    assert idle == []
