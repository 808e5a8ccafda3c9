from __future__ import annotations

import asyncio

import pytest

from actors.gateway.asking import NoSuchActorError
from actors.gateway.front import Front
from actors.master.http.reading import read
from actors.master.view.forms import Form
from actors.metrics import Registry
from tests.actors.master.recorder import RecordedLog
from transport.http.exchange import HttpError, Response, unavailable
from transport.message import Message
from transport.messages.viewing import ReadView, ViewRead, ViewRefused
from transport.pid import Address, Pid

GONE = NoSuchActorError(unavailable("view does not run just now"))
LATE = HttpError(unavailable("view did not answer within 5 s"))
READ = ViewRead("v1", (b"{", b"}"))


def ask(*answers: object) -> tuple[Response, list[Message]]:
    """What is made of these answers of the view, and how it was asked."""
    asked: list[Message] = []
    left = list(answers)

    async def answer(name: str, message: Message) -> object:
        assert name == "view"
        asked.append(message)
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    front = Front(
        here=Address("127.0.0.1", 6050),
        ask=answer,
        spawn=lambda _make, name: Pid(name, "127.0.0.1", 6050),
        tell=lambda _pid, _message: None,
        metrics=Registry(),
        log=RecordedLog(),
        now=lambda: 0.0,
        wall=lambda: 0.0,
    )
    return asyncio.run(read(front, "/tasks", Form.V0, "application/json", {"limit": "1"})), asked


def test_an_answer_comes_in_pieces_with_its_version() -> None:
    response, asked = ask(READ)
    assert (response.status, response.body, response.version) == (200, (b"{", b"}"), "v1")
    assert asked == [ReadView("/tasks", Form.V0, {"limit": "1"})]


def test_the_view_has_some_more_time_for_its_first_answer() -> None:
    response, asked = ask(LATE, READ)
    assert (response.status, len(asked)) == (200, 2)


@pytest.mark.parametrize(
    ("answers", "status", "text"),
    [
        ((ViewRefused(400, "limit: must be a number"),), 400, "limit: must be a number"),
        ((ViewRefused(503, "this master does not lead"),), 503, "this master does not lead"),
        ((GONE,), 503, "the cluster cannot be read just now"),
        ((LATE, LATE), 503, "view did not answer within 5 s"),
        ((LATE, GONE), 503, "the cluster cannot be read just now"),
        (("nonsense",), 503, "view answered something else"),
    ],
)
def test_what_cannot_be_answered_is_refused(answers: tuple[object, ...], status: int, text: str) -> None:
    with pytest.raises(HttpError, match=text) as refusal:
        ask(*answers)
    assert refusal.value.response.status == status
    assert ("Retry-After" in refusal.value.response.headers) is (status == 503)
