"""Readers of the read model in whole clusters: one reads now and then, one watches; what they see is true.

What changed in a master's books is held against what was noted, too, so that no forgotten note survives.
"""

from __future__ import annotations

import json
import random
from typing import Any, Final

from actors.election.address import MASTER
from actors.master.http.event_stream import EventStream
from actors.master.master import Master
from actors.master.view.desk import fact_of
from actors.master.view.forms import Form
from actors.master.view.view import VIEW, View
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from frameworks.testing import SimulatedCluster
from tests.actors.master.view.audit import QUESTIONS, Audit, unlike
from transport.envelope import Envelope
from transport.http.recordio import RecordReader
from transport.messages.viewing import ReadView, ViewRead, ViewRefused
from transport.pid import Pid

_READER: Final = "reader"
_WATCHER: Final = "watcher"
#: So often, in turns of a master, its books are looked at as a whole.
_TURNS: Final = 50
_OVER: Final = frozenset(
    {
        "TASK_FINISHED",
        "TASK_FAILED",
        "TASK_KILLED",
        "TASK_ERROR",
        "TASK_LOST",
        "TASK_DROPPED",
        "TASK_GONE",
        "TASK_GONE_BY_OPERATOR",
        "TASK_UNREACHABLE",
    }
)


class Reader(Process):
    """Asks for this and that, and asks no more when it is told to."""

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(seed)
        self.asks = True

    def initialize(self) -> None:
        self.every(self._rng.uniform(1.0, 10.0), self._ask)

    def _ask(self) -> None:
        if self.asks:
            what, form = self._rng.choice(QUESTIONS)
            self.send(Pid(VIEW, *self.pid.address), ReadView(what, form))

    @handles(ViewRead)
    def read(self, sender: Pid, message: ViewRead) -> None:
        assert message.pieces

    @handles(ViewRefused)
    def refused(self, sender: Pid, message: ViewRefused) -> None:
        assert message.status == 503, message.message


class Watched:
    """The outlet of a stream whose client reads all at once: what there is, as its events tell."""

    unread_bytes = 0

    def __init__(self) -> None:
        self.agents: dict[str, None] = {}
        self.frameworks: dict[str, None] = {}
        #: By framework id and task id: the agent, and the state; of those, too, that are over.
        self.tasks: dict[tuple[str, str], tuple[str, str]] = {}
        self._records = RecordReader()
        self._kinds: list[str] = []

    def write(self, piece: bytes) -> None:
        for record in self._records.feed(piece):
            event = json.loads(record)
            self._kinds.append(event["type"])
            if event["type"] != "HEARTBEAT":
                getattr(self, f"_{event['type'].lower()}")(event[event["type"].lower()])

    def end(self) -> None:
        assert self._kinds[:2] in ([], ["SUBSCRIBED"], ["SUBSCRIBED", "HEARTBEAT"])

    def abort(self) -> None:
        raise AssertionError("nobody reads too slowly")

    def _subscribed(self, event: dict[str, Any]) -> None:
        assert len(self._kinds) == 1
        state = event["get_state"]
        for agent in state["get_agents"].get("agents", ()):
            self.agents[agent["agent_info"]["id"]["value"]] = None
        for framework in state["get_frameworks"].get("frameworks", ()):
            self.frameworks[framework["framework_info"]["id"]["value"]] = None
        # A task that came back after its agent was given up is there twice; what it is now counts.
        for _, tasks in sorted(state["get_tasks"].items(), key=lambda group: group[0] == "tasks"):
            for task in tasks:
                self._note(task)

    def _note(self, task: dict[str, Any]) -> None:
        key = task["framework_id"]["value"], task["task_id"]["value"]
        self.tasks[key] = task["agent_id"]["value"], task["state"]

    def _agent_added(self, event: dict[str, Any]) -> None:
        agent_id = event["agent"]["agent_info"]["id"]["value"]
        assert agent_id not in self.agents
        self.agents[agent_id] = None

    def _agent_removed(self, event: dict[str, Any]) -> None:
        agent_id = event["agent_id"]["value"]
        del self.agents[agent_id]
        assert all(state in _OVER for agent, state in self.tasks.values() if agent == agent_id)

    def _framework_added(self, event: dict[str, Any]) -> None:
        framework_id = event["framework"]["framework_info"]["id"]["value"]
        assert framework_id not in self.frameworks
        self.frameworks[framework_id] = None

    def _framework_updated(self, event: dict[str, Any]) -> None:
        assert event["framework"]["framework_info"]["id"]["value"] in self.frameworks

    def _framework_removed(self, event: dict[str, Any]) -> None:
        framework_id = event["framework_info"]["id"]["value"]
        del self.frameworks[framework_id]
        assert all(state in _OVER for (owner, _), (_, state) in self.tasks.items() if owner == framework_id)

    def _task_added(self, event: dict[str, Any]) -> None:
        task = event["task"]
        assert task["framework_id"]["value"] in self.frameworks
        assert task["agent_id"]["value"] in self.agents
        self._note(task)

    def _task_updated(self, event: dict[str, Any]) -> None:
        key = event["framework_id"]["value"], event["status"]["task_id"]["value"]
        agent_id, _ = self.tasks[key]
        self.tasks[key] = agent_id, event["state"]

    def check(self, master: Master) -> None:
        """Raise AssertionError where the events did not lead to what is there."""
        cluster = master.cluster
        assert set(self.agents) == set(cluster.agents)
        assert set(self.frameworks) == set(cluster.frameworks)
        for framework in cluster.frameworks.values():
            for task in framework.tasks.values():
                told = self.tasks[framework.id, task.task_id]
                assert told == (task.agent_id, task.record.state.value), f"{task.task_id}: {told}"


class Watcher(Process):
    """Opens a stream as an operator does, and another one when it ended."""

    def __init__(self) -> None:
        self.seen = Watched()
        self._streams = 0

    def initialize(self) -> None:
        self._open()

    def _open(self) -> None:
        self._streams += 1
        self.seen = Watched()
        stream = EventStream(self.pid.address, Form.JSON, self.seen)
        self.link(self.spawn(lambda: stream, f"stream-{self._streams}"))
        stream.watch()

    def exited(self, pid: Pid) -> None:
        self.delay(1.0, self._open)


class Readers:
    """Those of a cluster."""

    def __init__(self, sim: Simulation) -> None:
        self._audit: Audit | None = None
        self._audited: Master | None = None
        self._turns = 0
        self._seed = sim.seed
        sim.observe(self._after_turn)

    def start(self, node: SimulatedNode) -> None:
        """Read and watch on a master's node."""
        node.spawn(lambda: Reader(f"{self._seed}/{node.name}/reader"), _READER)
        if self._seed % 2:
            # With nobody who watches, what changes is noted until somebody reads.
            node.spawn(Watcher, _WATCHER)

    def _after_turn(self, node: SimulatedNode, envelope: Envelope) -> None:
        if envelope.to.name != MASTER or not node.up:
            return
        self._turns += 1
        if self._turns % _TURNS:
            return
        try:
            master = node.process(MASTER, Master)
        except LookupError:
            return  # that turn was its last
        if master is not self._audited:
            self._audited, self._audit = master, Audit(master.cluster, master.view)
        assert self._audit is not None
        self._audit.check()

    def check(self, cluster: SimulatedCluster) -> None:
        """At rest: what the view says is as the books are."""
        node = cluster.master_node
        reader, view = node.process(_READER, Reader), node.process(VIEW, View)
        reader.asks = False
        cluster.sim.run(1.0)
        master = cluster.master
        model = view.model
        assert model is not None, "nobody has ever read"
        changes = master.cluster.changes
        if self._seed % 2:
            assert not changes, "those who watch were not told all"
            node.process(_WATCHER, Watcher).seen.check(master)
        for key in changes.take(len(changes)):
            model.take(key, fact_of(master.cluster, key))
        model.settle()
        assert unlike(model, master.cluster) == ""
