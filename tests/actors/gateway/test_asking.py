from __future__ import annotations

import asyncio
import threading

import pytest

from actors.gateway.asking import NoSuchActorError, asking
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from transport.http.exchange import HttpError
from transport.message import Message
from transport.pid import Pid

DEADLINE_SECONDS = 30.0


class Ask(Message):
    word: str


class Reply(Message):
    word: str


class Parrot(Process):
    @handles(Ask)
    def ask(self, sender: Pid, message: Ask) -> None:
        self.send(sender, Reply(message.word))


class Mute(Process):
    @handles(Ask)
    def ask(self, sender: Pid, message: Ask) -> None:
        """Say nothing."""


def test_many_questions_are_answered_at_a_time_and_the_loop_waits_for_none() -> None:
    system = PykkaSystem()
    system.start()
    try:
        system.spawn(Parrot, "parrot")
        system.spawn(Mute, "mute")

        async def talk() -> list[object]:
            slow = asyncio.create_task(asking(system, DEADLINE_SECONDS)("mute", Ask("?")))
            words = [asking(system)("parrot", Ask(str(number))) for number in range(100)]
            answers = await asyncio.gather(*words)
            slow.cancel()
            return list(answers)

        assert asyncio.run(talk()) == [Reply(str(number)) for number in range(100)]
        threads = threading.active_count()
        asyncio.run(talk())
        assert threading.active_count() == threads
    finally:
        system.stop()


def test_no_answer_and_no_such_actor_are_503s() -> None:
    system = PykkaSystem()
    system.start()
    try:
        system.spawn(Mute, "mute")
        with pytest.raises(HttpError, match=r"mute did not answer within 0\.05 s") as late:
            asyncio.run(asking(system, 0.05)("mute", Ask("?")))
        with pytest.raises(NoSuchActorError, match="nobody does not run just now") as gone:
            asyncio.run(asking(system)("nobody", Ask("?")))
        for refused in (late.value, gone.value):
            assert refused.response.status == 503
            assert "Retry-After" in refused.response.headers
    finally:
        system.stop()
