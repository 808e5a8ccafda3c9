"""An operator of the simulation: asks the master for what frameworks do not like."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from actors.process import Process, handles
from transport.message import Message
from transport.messages.operating import (
    DeactivateAgentRequest,
    DrainAgentRequest,
    MarkAgentGoneRequest,
    OperatorAnswer,
    ReactivateAgentRequest,
    TeardownRequest,
    UpdateQuotasRequest,
)
from transport.pid import Pid
from transport.records.agent import DrainConfig
from transport.records.quota import QuotaConfig
from transport.records.value import Value

#: What is not answered is asked for again after so long.
_AGAIN_SECONDS = 5.0
_NOT_FOUND = (400, 404)


class Operator(Process):
    """Asks whoever `leader` names until it is answered; `leader` raises LookupError while nobody leads."""

    def __init__(self, leader: Callable[[], Pid]) -> None:
        self._leader = leader
        self._last_request = 0
        #: What was asked and not answered.
        self.asked: dict[int, Message] = {}
        #: What was done.
        self.done: list[Message] = []

    def mark_gone(self, agent_id: str) -> None:
        self._ask(lambda number: MarkAgentGoneRequest(number, agent_id))

    def drain(self, agent_id: str) -> None:
        self._ask(lambda number: DrainAgentRequest(number, agent_id, DrainConfig()))

    def deactivate(self, agent_id: str) -> None:
        self._ask(lambda number: DeactivateAgentRequest(number, agent_id))

    def reactivate(self, agent_id: str) -> None:
        self._ask(lambda number: ReactivateAgentRequest(number, agent_id))

    def tear_down(self, framework_id: str) -> None:
        self._ask(lambda number: TeardownRequest(number, framework_id))

    def limit(self, role: str, cpus: float) -> None:
        config = QuotaConfig(role=role, limits={"cpus": Value.Scalar(value=cpus)})
        self._ask(lambda number: UpdateQuotasRequest(number, (config,), force=True))

    def _ask(self, make: Callable[[int], Message]) -> None:
        self._last_request += 1
        self.asked[self._last_request] = make(self._last_request)
        self._again(self._last_request)

    def _again(self, number: int) -> None:
        message = self.asked.get(number)
        if message is not None:
            with contextlib.suppress(LookupError):
                self.send(self._leader(), message)
            self.delay(_AGAIN_SECONDS, self._again, number)

    @handles(OperatorAnswer)
    def answered(self, sender: Pid, message: OperatorAnswer) -> None:
        """Done, or there is nothing to do it to; anything else may change."""
        if message.status == 200 or message.status in _NOT_FOUND:
            asked = self.asked.pop(message.request_id, None)
            if asked is not None and message.status == 200:
                self.done.append(asked)
