"""An operator's requests to a simulated cluster, by the very handlers that answer them over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import urllib.parse
from collections.abc import Callable, Mapping

import msgspec

from actors.gateway.asking import ANSWER_SECONDS, NoSuchActorError
from actors.gateway.front import Front
from actors.gateway.operator import OperatorApi
from actors.master.http.operator_calls import operator_calls
from actors.master.http.operator_endpoints import operator_endpoints
from actors.metrics import Registry
from actors.process import Process
from actors.simulation import SimulatedNode
from frameworks.testing import SimulatedCluster
from tests.actors.master.recorder import RecordedLog
from transport import json_v1
from transport.http.exchange import HttpError, Request, Response, unavailable
from transport.http.media_type import Encoding
from transport.http.routes import Handler, Routes
from transport.http.target import path_parts, query_arguments
from transport.message import Message
from transport.pid import Pid
from transport.record import Record
from transport.records.ids import AgentID
from transport.records.master_call import Call
from transport.records.master_response import Response as Told
from transport.records.resources import Resources


class Office:
    """Puts requests to the master of a cluster, by default to the one that leads; one after the other.

    While one is answered virtual time passes. A request is answered by its status and its text.
    """

    def __init__(
        self,
        cluster: SimulatedCluster,
        encoding: Encoding = Encoding.JSON,
        master: Callable[[], SimulatedNode] | None = None,
    ) -> None:
        self.cluster = cluster
        self.sim = cluster.sim
        self.encoding = encoding
        self._master = master or (lambda: cluster.master_node)
        self._numbers = itertools.count()
        #: What the master would be asked, where it is not to be asked at once.
        self._kept: list[Message] | None = None
        front = Front(
            here=cluster.masters.nodes[0].address,
            ask=self._ask,
            spawn=_nothing,
            tell=lambda _pid, _message: None,
            metrics=Registry(),
            log=RecordedLog(),
            now=lambda: cluster.sim.now,
            wall=lambda: cluster.sim.now,
        )
        self._api = OperatorApi(Call, operator_calls(front))
        self._routes = Routes(operator_endpoints(front), prefixes=("master",))

    @property
    def agent_id(self) -> AgentID:
        """The only agent."""
        (agent_id,) = self.cluster.master.cluster.agents
        return AgentID(value=agent_id)

    # --- the v1 API ---

    def call(self, call: Call, encoding: Encoding | None = None) -> tuple[int, str]:
        """Put a call that changes something; what is done is answered by nothing."""
        encoding = encoding or self.encoding
        response = self.put(encoding.encode(call), encoding)
        return response.status, _text(response)

    def messages(self, *calls: Call) -> list[Message]:
        """What calls say to the master, without those that are refused before."""
        kept: list[Message] = []
        self._kept = kept
        for call in calls:
            self.call(call)
        self._kept = None
        return kept

    def read(self, kind: Call.Type) -> Told:
        """Put a call that reads something."""
        response = self.put(self.encoding.encode(Call(type=kind)))
        assert (response.status, response.content_type) == (200, self.encoding.value)
        assert isinstance(response.body, bytes)
        return self.encoding.decode(response.body, Told)

    def put(self, body: bytes, encoding: Encoding | None = None) -> Response:
        """Put a call as it is."""
        form = (encoding or self.encoding).value
        headers = {"content-type": form, "accept": form}
        request = Request(method="POST", target="/api/v1", headers=headers, body=body)
        return self._handled(self._api.handle, request)

    # --- the older endpoints ---

    def fetch(self, target: str, method: str = "GET", body: bytes = b"") -> Response:
        """Put a request to an endpoint."""
        route, rest = self._routes.find(path_parts(target))
        request = Request(method=method, target=target, rest=rest, query=query_arguments(target), body=body)
        try:
            route.check_method(method)
        except HttpError as error:
            return error.response
        return self._handled(route.handler, request)

    def post(self, target: str, body: bytes | Mapping[str, str], method: str = "POST") -> tuple[int, str]:
        """Put a request that changes something: JSON, or the fields of a form."""
        data = body if isinstance(body, bytes) else urllib.parse.urlencode(body).encode()
        response = self.fetch(target, method, data)
        return response.status, _text(response)

    def shown(self, target: str) -> object:
        """What an endpoint shows."""
        response = self.fetch(target)
        assert response.status == 200, response
        assert isinstance(response.body, bytes)
        return msgspec.json.decode(response.body)

    # --- asking ---

    def _handled(self, handler: Handler, request: Request) -> Response:
        try:
            response = asyncio.run(_awaited(handler, request))
        except HttpError as error:
            return error.response
        assert isinstance(response, Response)
        return response

    async def _ask(self, name: str, message: Message) -> object:
        """As `actors.gateway.asking` does it."""
        if self._kept is not None:
            self._kept.append(message)
            raise HttpError(unavailable("nobody was asked"))
        node = self._master()
        probe = node.probe(f"ask-{next(self._numbers)}")
        master = node.pid_of(name)
        probe.link(master)
        probe.send(master, message)
        deadline = self.sim.now + ANSWER_SECONDS
        while node.up and not probe.received and not probe.gone and self.sim.now < deadline:
            self.sim.run(0.01)
        if not node.up:
            raise NoSuchActorError(unavailable("the connection broke"))
        node.terminate(probe.pid)
        if probe.received:
            return probe.received[0]
        if probe.gone:
            raise NoSuchActorError(unavailable(f"{name} does not run just now"))
        raise HttpError(unavailable(f"{name} did not answer within {ANSWER_SECONDS:g} s"))


async def _awaited(handler: Handler, request: Request) -> object:
    return await handler(request)


def _nothing(make: Callable[[], Process], name: str) -> Pid:
    raise ValueError(f"actor {name}: {make} is not made for operators")


def _text(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode().strip()


def as_json(*records: Record) -> str:
    """A list of records, as the older endpoints read it."""
    return f"[{','.join(json_v1.encode(one).decode() for one in records)}]"


def office(encoding: Encoding = Encoding.JSON, *, masters: int = 1, **flags: object) -> Office:
    """An operator, and a cluster with one agent."""
    cluster = SimulatedCluster(1, masters=masters, mem=1024.0, resources="disk:1000", master_flags=flags)
    cluster.wait_until_registered()
    return Office(cluster, encoding)


def settled(at: Office) -> Resources:
    """What the agent has once all operations are over."""
    agent_id = at.agent_id.value
    at.sim.run_until(lambda: not at.cluster.master.cluster.agents[agent_id].operations)
    total = at.cluster.master.cluster.agents[agent_id].total
    assert at.cluster.hosts[0].agent.books.total == total
    return total
