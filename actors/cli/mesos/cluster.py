"""A cluster as commands see it: its leading master, and the agents that this one knows."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Final, Self, TypeAlias

from actors.cli.mesos.configuration import Configuration, configuration_of
from actors.cli.mesos.conversation import Conversation
from actors.cli.parser import CommandError, UsageError
from actors.election.address import DEFAULT_PORT
from actors.election.url import SCHEME, ZooKeeperUrl, read_if_file
from transport.http.client import HttpClient
from transport.pid import Address
from transport.records import agent_response, master_call, master_response
from transport.records.ids import AgentID
from transport.records.task import Task

Agent: TypeAlias = master_response.Response.GetAgents.Agent
Framework: TypeAlias = master_response.Response.GetFrameworks.Framework
AgentConversation: TypeAlias = Conversation[agent_response.Response]

_Type: Final = master_call.Call.Type


def locate(master: str, timeout_seconds: float) -> Address:
    """Where a master serves HTTP that leads, or leads to who does; raises UsageError or CommandError."""
    try:
        text = read_if_file(master).strip()
        if not text.startswith(SCHEME):
            return _address(text.removeprefix("http://").rstrip("/"))
        source = ZooKeeperUrl.parse(text)
    except (ValueError, OSError) as error:
        raise UsageError(f"--master: {error}") from None
    from actors.cli.resolve import resolve  # noqa: PLC0415  what it needs takes its time to be imported

    return resolve(source, timeout_seconds).address


def _address(text: str) -> Address:
    if not text or "/" in text or "@" in text:
        raise ValueError(f"master {text!r}: must be host:port, zk://host:port/path or file:///path")
    has_port = ":" in text.rpartition("]")[2]
    return Address.parse(text if has_port else f"{text}:{DEFAULT_PORT}")


class Cluster:
    """Asks its daemons while its `with` block runs; every method may raise CommandError."""

    def __init__(self, configuration: Configuration) -> None:
        self._timeout_seconds = configuration.timeout_seconds
        self._clients: list[HttpClient] = []
        address = locate(configuration.master, self._timeout_seconds)
        self.master = Conversation(self._client(address), master_response.Response, "master")
        self._agents: dict[AgentID, Agent] | None = None

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """The cluster that a command's arguments mean."""
        return cls(configuration_of(arguments))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()

    def agents(self) -> tuple[Agent, ...]:
        """The agents that are registered."""
        found = self._ask(_Type.GET_AGENTS).get_agents
        return () if found is None else found.agents

    def frameworks(self, *, completed: bool = False) -> tuple[Framework, ...]:
        """Those that are registered, and if wanted those that are over."""
        found = self._ask(_Type.GET_FRAMEWORKS).get_frameworks
        if found is None:
            return ()
        return (*found.frameworks, *(found.completed_frameworks if completed else ()))

    def tasks(self) -> tuple[Task, ...]:
        """Those that live, then those that are out of reach or over."""
        found = self._ask(_Type.GET_TASKS).get_tasks
        return () if found is None else (*found.tasks, *found.unreachable_tasks, *found.completed_tasks)

    def task(self, task_id: str, framework_id: str | None = None) -> Task:
        """The task of that id; of several, the one that lives."""
        return choose(self.tasks(), task_id, framework_id)

    def framework(self, framework_id: str) -> Framework:
        """The framework of that id, be it over."""
        known = self.frameworks(completed=True)
        for one in known:
            if _id(one) == framework_id:
                return one
        raise CommandError(f"no framework {framework_id!r}{_nearest(framework_id, map(_id, known))}")

    def agent(self, agent_id: AgentID) -> AgentConversation:
        """The agent of that id, to be asked."""
        if self._agents is None:
            self._agents = {one.agent_info.id: one for one in self.agents() if one.agent_info.id is not None}
        found = self._agents.get(agent_id)
        if found is None:
            raise CommandError(f"the master does not know agent {agent_id.value} just now")
        return Conversation(self._client(agent_address(found)), agent_response.Response, "agent")

    def _client(self, address: Address) -> HttpClient:
        client = HttpClient(address, self._timeout_seconds)
        self._clients.append(client)
        return client

    def _ask(self, kind: master_call.Call.Type) -> master_response.Response:
        return self.master.ask(master_call.Call(type=kind))


def agent_address(agent: Agent) -> Address:
    """Where an agent serves HTTP: by its pid, slave(1)@ip:port, or else by its name."""
    _, at, address = (agent.pid or "").partition("@")
    if at:
        try:
            return Address.parse(address)
        except ValueError:
            pass
    return Address(agent.agent_info.hostname, agent.agent_info.port or 5051)


def choose(tasks: Sequence[Task], task_id: str, framework_id: str | None) -> Task:
    """The task that is meant; raises CommandError naming what there is instead."""
    found = [one for one in tasks if one.task_id.value == task_id]
    if framework_id is not None:
        found = [one for one in found if one.framework_id.value == framework_id]
    if not found:
        where = "" if framework_id is None else f" of framework {framework_id!r}"
        raise CommandError(
            f"no task {task_id!r}{where}{_nearest(task_id, (one.task_id.value for one in tasks))}"
        )
    meant = [one for one in found if not one.state.terminal] or found
    frameworks = list(dict.fromkeys(one.framework_id.value for one in meant))
    if len(frameworks) > 1:
        raise CommandError(
            f"task {task_id!r}: several frameworks have one; give --framework, one of {', '.join(frameworks)}"
        )
    return meant[0]


def _id(framework: Framework) -> str:
    identifier = framework.framework_info.id
    return "" if identifier is None else identifier.value


def _nearest(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""
