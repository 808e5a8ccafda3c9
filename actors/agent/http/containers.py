"""Where containers are, and what their node says: what handlers of operators' calls have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from msgspec.structs import replace

from actors.agent.http.porter import PORTER, Porter
from actors.executor.containerizer import CONTAINERIZER
from actors.executor.guests import GUESTS
from actors.executor.meter import METER
from actors.gateway.front import Front
from actors.node.control import NODE
from actors.system import StoppingError
from containerizers.paths import check_id
from transport.http.exchange import HttpError, refusal, unavailable
from transport.message import Message
from transport.messages.agent_reading import AgentRead, ContainerFound, FindContainer, ReadAgent
from transport.messages.containing import (
    ContainersListed,
    ContainersMeasured,
    ContainerUsage,
    ListContainers,
    ListedContainer,
    MeasureContainers,
)
from transport.messages.lodging import GuestAnswer
from transport.messages.node import NodeMetricsRead, ReadMetrics
from transport.pid import Pid
from transport.records.ids import ContainerID

M = TypeVar("M", bound=Message)

_AGENT: Final = "agent"
#: How long an actor of the executor node has to answer.
_ANSWER_SECONDS: Final = 8.0
#: The same, where an older answer will do.
_SOON_SECONDS: Final = 1.0
#: A container within a container within … has at most so many around it.
_DEPTH: Final = 32


class Containers:
    """Asks the agent and its executor node, for handlers on the server's thread; all raise HttpError."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._porter: Porter | None = None
        self._recovered = False

    @property
    def porter(self) -> Porter:
        """Who carries messages to the executor node and back."""
        if self._porter is None:
            porter = Porter()
            try:
                self._front.spawn(lambda: porter, PORTER)
            except StoppingError:
                raise HttpError(unavailable("this agent stops")) from None
            self._porter = porter
        return self._porter

    # What the agent knows.

    async def check_recovered(self) -> None:
        """Raise HttpError, a 503, until the agent has taken up what the one before it left."""
        if not self._recovered:
            await self.find("")

    async def read(self) -> AgentRead:
        """How the agent stands."""
        read = await self._front.ask(_AGENT, ReadAgent())
        if not isinstance(read, AgentRead):
            raise HttpError(unavailable(f"{_AGENT} answered something else"))
        self._check(recovered=read.recovered)
        return read

    async def find(self, container_id: str) -> ContainerFound:
        """Where a container is, or that it is none of an executor, nor in one."""
        found = await self._front.ask(_AGENT, FindContainer(container_id.partition(".")[0]))
        if not isinstance(found, ContainerFound):
            raise HttpError(unavailable(f"{_AGENT} answered something else"))
        self._check(recovered=found.recovered)
        return found

    def _check(self, *, recovered: bool) -> None:
        self._recovered = self._recovered or recovered
        if not self._recovered:
            raise HttpError(unavailable("Agent has not finished recovery"))

    # What its executor node does.

    async def ask(self, node: Pid | None, say: Callable[[int], Message]) -> GuestAnswer:
        """Put a request to `guests`; what it is answered, unless that is a refusal."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Message | None] = loop.create_future()
        number = self.porter.begin(actor_of(node, GUESTS), say, lambda heard: _settle(answer, heard))
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return granted(await answer)
        except TimeoutError:
            raise HttpError(unavailable("the executor node did not answer")) from None
        finally:
            self.porter.end(number)

    async def measure(self, node: Pid | None, *, anew: bool = True) -> ContainersMeasured:
        """What all containers use, now or lately; nothing while there is no executor node to ask."""
        heard = await self._heard(node, METER, MeasureContainers(anew), ContainersMeasured)
        return ContainersMeasured({}, self._front.wall()) if heard is None else heard

    async def list(self, node: Pid | None) -> tuple[ListedContainer, ...]:
        """All containers that its executor node knows of; none while there is none."""
        heard = await self._heard(node, CONTAINERIZER, ListContainers(), ContainersListed)
        return () if heard is None else heard.containers

    async def metrics(self) -> Mapping[str, float]:
        """What its executor node measures, by name; nothing while none is there that answers soon."""
        try:
            async with asyncio.timeout(_SOON_SECONDS):
                found = await self.find("")
                heard = await self._heard(found.node, NODE, ReadMetrics(), NodeMetricsRead)
        except (HttpError, TimeoutError):
            return {}
        return {} if heard is None else heard.values

    async def _heard(self, node: Pid | None, name: str, question: Message, answer: type[M]) -> M | None:
        """What an actor of the executor node answers; None when it does not, or there is no such node."""
        if node is None:
            return None
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[Message | None] = loop.create_future()
        self.porter.ask(actor_of(node, name), question, answer, lambda message: _settle(heard, message))
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                message = await heard
        except TimeoutError:
            return None
        return message if isinstance(message, answer) else None


def _settle(future: asyncio.Future[Message | None], heard: Message | None) -> None:
    if not future.done():
        future.set_result(heard)


def granted(heard: Message | None) -> GuestAnswer:
    """An answer that is no refusal; raises HttpError with its status and reason."""
    if not isinstance(heard, GuestAnswer):
        raise HttpError(unavailable("the executor node is gone; another takes its place"))
    if heard.status >= 300:
        raise refusal(heard.status, heard.message)
    return heard


def actor_of(node: Pid | None, name: str) -> Pid:
    """An actor of the executor node, of whose actors `node` is one; raises HttpError where there is none."""
    if node is None:
        raise HttpError(unavailable("the executor node is not there yet"))
    return replace(node.whoever(), name=name)


def id_text(field: str, container_id: ContainerID) -> str:
    """An id as `parent.child`; raises HttpError, a 400 naming the field, for what cannot be one."""
    parts: list[str] = []
    inner: ContainerID | None = container_id
    while inner is not None:
        if len(parts) > _DEPTH or "." in inner.value:
            raise refusal(400, f"{field}.container_id: must be nested less deeply, and have no dots")
        parts.append(inner.value)
        inner = inner.parent
    text = ".".join(reversed(parts))
    try:
        check_id(text)
    except ValueError as error:
        raise refusal(400, f"{field}.container_id: {error}") from None
    return text


def id_record(text: str) -> ContainerID:
    """The id that `parent.child` stands for."""
    parent, _, value = text.rpartition(".")
    return ContainerID(value=value, parent=id_record(parent) if parent else None)


def usages_by_family(usages: Mapping[str, ContainerUsage]) -> dict[str, dict[str, ContainerUsage]]:
    """What containers use, by the id of the outermost one, and by their own."""
    families: dict[str, dict[str, ContainerUsage]] = {}
    for container_id, usage in usages.items():
        families.setdefault(container_id.partition(".")[0], {})[container_id] = usage
    return families
