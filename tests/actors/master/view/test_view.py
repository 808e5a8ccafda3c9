"""The view on a simulated master's node: what readers and watchers are told, and when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actors.master.view.desk import PORTION
from actors.master.view.forms import Form
from actors.master.view.view import HEARTBEAT_SECONDS, VIEW, View
from actors.process import Process, handles
from actors.units import Duration
from tests.actors.master.stage import MASTER, PlayedScheduler, Stage, running
from tests.actors.master.town import framework_info
from tests.actors.master.view.audit import ABOUT
from transport.messages.operating import OperatorAnswer, TeardownRequest
from transport.messages.viewing import (
    ChangesTold,
    ReadView,
    TellChanges,
    ViewEvent,
    ViewRead,
    ViewRefused,
    ViewWatchOver,
    WatchView,
)
from transport.pid import Pid


class Client(Process):
    """Asks the view of its own node."""

    def __init__(self) -> None:
        self.answers: list[ViewRead | ViewRefused] = []
        self.events: list[dict[str, Any]] = []
        self.over = ""

    @property
    def view(self) -> Pid:
        return Pid(VIEW, *self.pid.address)

    def ask(self, what: str, form: Form = Form.V0, **arguments: str) -> None:
        self.send(self.view, ReadView(what, form, arguments))

    def watch(self) -> None:
        self.send(self.view, WatchView(Form.JSON))

    def tear_down(self, framework_id: str) -> None:
        """And read as soon as that is answered."""
        self.send(MASTER, TeardownRequest(1, framework_id))

    @handles(OperatorAnswer)
    def answered(self, sender: Pid, message: OperatorAnswer) -> None:
        self.ask("/frameworks")

    @handles(ViewRead)
    def read(self, sender: Pid, message: ViewRead) -> None:
        self.answers.append(message)

    @handles(ViewRefused)
    def refused(self, sender: Pid, message: ViewRefused) -> None:
        self.answers.append(message)

    @handles(ViewEvent)
    def event(self, sender: Pid, message: ViewEvent) -> None:
        self.events.append(json.loads(b"".join(message.pieces)))

    @handles(ViewWatchOver)
    def ended(self, sender: Pid, message: ViewWatchOver) -> None:
        self.over = message.reason

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]


class Gallery(Stage):
    """A stage whose master's node has a view."""

    def __init__(self, watchers: int = 10, **flags: object) -> None:
        super().__init__(1, **flags)
        self._watchers = watchers
        self.node.spawn(self._view, VIEW)

    def _view(self) -> View:
        return View(ABOUT, self._watchers)

    def client(self, name: str = "client") -> Client:
        client = Client()
        self.node.spawn(lambda: client, name)
        return client

    def read(self, client: Client, what: str, form: Form = Form.V0, **arguments: str) -> Any:
        """The answer, which must be one."""
        client.answers.clear()
        client.ask(what, form, **arguments)
        self.sim.run_until(lambda: client.answers)
        (answer,) = client.answers
        assert isinstance(answer, ViewRead), answer
        return json.loads(b"".join(answer.pieces))

    def worker(self) -> PlayedScheduler:
        return self.scheduler(framework_info(), "scheduler")


def test_an_answer_has_what_the_master_had_done_when_it_was_asked_for() -> None:
    gallery = Gallery()
    gallery.agent()
    scheduler, client = gallery.worker(), gallery.client()
    running(gallery, scheduler, "t")
    assert [task["id"] for task in gallery.read(client, "/tasks")["tasks"]] == ["t"]
    client.answers.clear()
    client.tear_down(scheduler.id)
    gallery.sim.run_until(lambda: client.answers)
    (answer,) = client.answers
    assert isinstance(answer, ViewRead)
    frameworks = json.loads(b"".join(answer.pieces))
    assert frameworks["frameworks"] == []
    (over,) = frameworks["completed_frameworks"]
    assert [task["state"] for task in over["completed_tasks"]] == ["TASK_KILLED"]


def test_what_does_not_change_is_told_by_the_same_version_and_the_same_pieces() -> None:
    gallery = Gallery()
    client = gallery.client()
    first = gallery.read(client, "/state")
    (one,) = client.answers
    assert gallery.read(client, "/state") == first
    (other,) = client.answers
    assert one == other
    gallery.agent()
    assert gallery.read(client, "/state") != first
    (later,) = client.answers
    assert isinstance(one, ViewRead)
    assert isinstance(later, ViewRead)
    assert later.version != one.version


def test_what_is_not_valid_is_refused_with_the_argument() -> None:
    gallery = Gallery()
    client = gallery.client()
    client.ask("/tasks", limit="many")
    gallery.sim.run_until(lambda: client.answers)
    assert client.answers == [ViewRefused(400, "limit: must be a number from 0, not 'many'")]


def test_without_a_master_readers_are_refused_at_once() -> None:
    gallery = Gallery()
    client = gallery.client()
    gallery.node.terminate(gallery.node.pid_of("master"))
    client.ask("/state")
    gallery.sim.run_until(lambda: client.answers, 1.0)
    assert client.answers == [ViewRefused(503, "this master does not lead")]


def test_a_view_that_crashed_is_told_all_again() -> None:
    gallery = Gallery()
    gallery.agent()
    scheduler, client = gallery.worker(), gallery.client()
    running(gallery, scheduler, "t")
    before = gallery.read(client, "/state")
    (old,) = client.answers
    gallery.node.terminate(gallery.node.pid_of(VIEW))
    gallery.sim.run(0.1)
    gallery.node.spawn(gallery._view, VIEW)
    assert gallery.read(client, "/state") == before
    (new,) = client.answers
    assert isinstance(old, ViewRead)
    assert isinstance(new, ViewRead)
    assert old.version != new.version


def test_much_is_told_in_portions_between_which_the_master_does_other_things() -> None:
    gallery = Gallery()
    agent, client = gallery.agent(resources="cpus:100000;mem:100000"), gallery.client()
    scheduler = gallery.worker()
    gallery.sim.run_until(lambda: scheduler.offers)
    count = PORTION * 3
    cluster = gallery.master.cluster
    for number in range(count):
        cluster.weights[f"role{number}"] = 2.0
    portions: list[int] = []
    turns: list[str] = []

    def observe(_node: object, envelope: Any) -> None:
        if isinstance(envelope.message, ChangesTold):
            portions.append(len(envelope.message.facts))
        if envelope.to.name == "master":
            turns.append(type(envelope.message).__name__)

    gallery.sim.observe(observe)
    client.ask("/roles")
    client.send(MASTER, TeardownRequest(1, "unknown"))
    gallery.sim.run_until(lambda: client.answers)
    assert agent.registered
    assert max(portions) <= PORTION
    assert sum(portions) >= count
    assert turns.index("TeardownRequest") < len(turns) - 1
    assert len(portions) > 3


# --- watching ---


def test_who_watches_sees_the_cluster_and_then_what_happens_in_its_order() -> None:
    gallery = Gallery()
    client = gallery.client()
    client.watch()
    gallery.sim.run_until(lambda: client.events[1:])
    assert client.kinds == ["SUBSCRIBED", "HEARTBEAT"]
    assert client.events[0]["subscribed"]["get_state"]["get_agents"] == {}
    agent = gallery.agent()
    scheduler = gallery.worker()
    running(gallery, scheduler, "t")
    agent.finish("t")
    gallery.sim.run_until(lambda: "TASK_FINISHED" in str(client.events[-1]))
    updates = [
        (event["type"], event["task_updated"]["state"] if "task_updated" in event else None)
        for event in client.events[2:]
    ]
    assert updates == [
        ("AGENT_ADDED", None),
        ("FRAMEWORK_ADDED", None),
        ("TASK_ADDED", None),
        ("TASK_UPDATED", "TASK_RUNNING"),
        ("TASK_UPDATED", "TASK_FINISHED"),
    ]
    assert client.events[-1]["task_updated"]["framework_id"] == {"value": scheduler.id}


def test_a_framework_is_removed_after_its_tasks_were_killed() -> None:
    gallery = Gallery()
    gallery.agent()
    scheduler, client = gallery.worker(), gallery.client()
    running(gallery, scheduler, "t")
    client.watch()
    gallery.sim.run_until(lambda: client.events[1:])
    client.tear_down(scheduler.id)
    gallery.sim.run_until(lambda: "FRAMEWORK_REMOVED" in client.kinds)
    assert client.kinds == ["SUBSCRIBED", "HEARTBEAT", "TASK_UPDATED", "FRAMEWORK_REMOVED"]
    assert client.events[2]["task_updated"]["state"] == "TASK_KILLED"


def test_an_agent_is_removed_after_its_tasks_were_lost() -> None:
    gallery = Gallery(agent_ping_timeout=Duration.of(1), max_agent_ping_timeouts=1)
    agent = gallery.agent()
    scheduler, client = gallery.worker(), gallery.client()
    running(gallery, scheduler, "t")
    client.watch()
    gallery.sim.run_until(lambda: client.events[1:])
    agent.deaf = True
    gallery.sim.run_until(lambda: "AGENT_REMOVED" in client.kinds)
    assert [kind for kind in client.kinds if kind != "HEARTBEAT"] == [
        "SUBSCRIBED",
        "TASK_UPDATED",
        "AGENT_REMOVED",
    ]


def test_who_watches_hears_every_so_often_that_the_master_lives() -> None:
    gallery = Gallery()
    client = gallery.client()
    client.watch()
    gallery.sim.run(HEARTBEAT_SECONDS * 3)
    assert client.kinds == ["SUBSCRIBED", *["HEARTBEAT"] * 4]


def test_with_one_watcher_too_many_the_oldest_hears_no_more() -> None:
    gallery = Gallery(watchers=2)
    clients = [gallery.client(f"client{number}") for number in range(3)]
    for client in clients:
        client.watch()
        gallery.sim.run_until(lambda: client.events[1:])  # noqa: B023
    gallery.sim.run(0.1)
    assert [client.over for client in clients] == ["there are others, and too many", "", ""]
    gallery.agent()
    gallery.sim.run(0.1)
    assert [client.kinds[-1] for client in clients] == ["HEARTBEAT", "AGENT_ADDED", "AGENT_ADDED"]


@pytest.mark.parametrize("last", [True, False])
def test_the_master_tells_all_at_once_only_while_somebody_watches(last: bool) -> None:
    gallery = Gallery()
    clients = [gallery.client(f"client{number}") for number in range(2)]
    for client in clients:
        client.watch()
    gallery.sim.run(0.1)
    changes = gallery.master.cluster.changes
    assert changes.watched
    for number in range(2 if last else 1):
        gallery.node.terminate(gallery.node.pid_of(f"client{number}"))
    gallery.sim.run(0.1)
    assert changes.watched is not last


def test_the_watch_is_over_with_the_reign() -> None:
    gallery = Gallery()
    client = gallery.client()
    client.watch()
    gallery.sim.run_until(lambda: client.events[1:])
    gallery.node.terminate(gallery.node.pid_of("master"))
    gallery.sim.run_until(lambda: client.over)
    assert client.over == "this master leads no more"


def test_a_master_that_does_not_answer_is_asked_again() -> None:
    gallery = Gallery()
    client = gallery.client()
    gallery.sim.drop(TellChanges, times=2)
    client.ask("/state")
    gallery.sim.run(1.5)
    assert not client.answers
    gallery.sim.run_until(lambda: client.answers, 2.0)
    assert isinstance(client.answers[0], ViewRead)
