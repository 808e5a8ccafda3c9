"""A master's port, with stand-ins for the actors that it asks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from actors.election.asking import DETECTOR
from actors.log.recoverer import RECOVERY
from actors.master.flags import MasterFlags
from actors.master.gateway import listen
from actors.master.gauges import MasterMetrics
from actors.metrics import Registry
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.actors.gateway.browser import DEADLINE_SECONDS, Answer, fetch
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.replication import LogStatus, MemberStatus, ReadLogStatus, Status
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

ELSEWHERE = LeaderDetected(
    Pid("master", "10.0.0.7", 6050), 9, MasterInfo(id="b", ip=1, port=5050, hostname="leader.example")
)

_READ: Final = ("GET", "HEAD")
_WRITE: Final = ("POST",)

#: What only the leader answers, with the methods that are allowed (mesos-protocol.md §1.6, §5.1).
LED: Final[Mapping[str, tuple[str, ...]]] = {
    "/api/v1": _WRITE,
    "/api/v1/scheduler": _WRITE,
    "/state": _READ,
    "/state-summary": _READ,
    "/slaves": _READ,
    "/frameworks": _READ,
    "/tasks": _READ,
    "/roles": _READ,
    "/quota": (*_READ, "POST", "DELETE"),
    "/weights": (*_READ, "PUT"),
    "/reserve": _WRITE,
    "/unreserve": _WRITE,
    "/create-volumes": _WRITE,
    "/destroy-volumes": _WRITE,
    "/teardown": _WRITE,
    "/maintenance/schedule": (*_READ, "POST"),
    "/maintenance/status": _READ,
    "/machine/down": _WRITE,
    "/machine/up": _WRITE,
}


class Oracle(Process):
    """A detector that tells what it is told."""

    def __init__(self, leader: LeaderDetected) -> None:
        self._leader = leader
        self._watchers: list[Pid] = []

    @handles(WatchLeader)
    def watch(self, sender: Pid, message: WatchLeader) -> None:
        self._watchers.append(sender)
        self.send(sender, self._leader)

    @handles(LeaderDetected)
    def lead(self, sender: Pid, message: LeaderDetected) -> None:
        self._leader = message
        for watcher in self._watchers:
            self.send(watcher, message)


class LogBook(Process):
    """Says how the log fares: it waits for another master."""

    @handles(ReadLogStatus)
    def read(self, sender: Pid, message: ReadLogStatus) -> None:
        own = Pid("log-replica(1)", "10.0.0.1", 6050)
        members = (MemberStatus(own, Status.EMPTY, 0.0, quorum=2),)
        group = "zk://10.0.0.9:2181/mesos/log_replicas"
        self.send(
            sender,
            LogStatus(own, Status.EMPTY, 2, True, members, group=group, connected=True, diagnosis="in short"),
        )


class Master:
    """A node of which only the gateway is real."""

    def __init__(self, system: PykkaSystem, answer_seconds: float) -> None:
        self.system = system
        self.metrics = MasterMetrics()
        registry = Registry()
        registry.add(self.metrics)
        self.web = listen(system, MasterFlags(port=0, cluster="paas"), registry, answer_seconds)

    def fetch(self, target: str, method: str = "GET") -> Answer:
        return fetch(self.web, target, method)

    def tell(self, leader: LeaderDetected) -> None:
        self.system.send(Pid("", *self.system.address), self.system.pid_of(DETECTOR), leader)

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextlib.contextmanager
def serving(
    leader: LeaderDetected | None = None,
    answer_seconds: float = DEADLINE_SECONDS,
    bind: Address | None = None,
) -> Iterator[Master]:
    system = PykkaSystem(bind=bind)
    system.start()
    try:
        master = Master(system, answer_seconds)
        if leader is not None:
            system.spawn(lambda: Oracle(leader), DETECTOR)
            master.until(lambda: master.fetch("/redirect").status == 307 or leader.master is None)
        yield master
    finally:
        assert system.stop() == ()


@pytest.fixture(scope="module")
def follower() -> Iterator[Master]:
    with serving(ELSEWHERE) as master:
        yield master


@pytest.mark.parametrize("path", LED)
def test_what_only_the_leader_answers_is_led_there(follower: Master, path: str) -> None:
    for target in (path, f"/master{path}/?a=b", f"//{path}"):
        answer = follower.fetch(target, LED[path][0])
        assert (answer.status, answer.headers["location"]) == (307, f"//leader.example:5050{target}")


@pytest.mark.parametrize("path", ["/redirect", "/master/redirect", "/redirect?to=evil"])
def test_redirect_leads_to_the_leader_itself(follower: Master, path: str) -> None:
    answer = follower.fetch(path)
    assert (answer.status, answer.headers["location"]) == (307, "//leader.example:5050")


@pytest.mark.parametrize(
    "path", ["/redirect/redirect", "/master/redirect/state", "/nowhere", "/master/nowhere"]
)
def test_other_paths_are_not_found(follower: Master, path: str) -> None:
    assert follower.fetch(path).status == 404


@pytest.mark.parametrize(
    "path", ["/health", "/master/health", "/flags", "/version", "/metrics/snapshot", "/metrics", "/"]
)
def test_what_any_master_answers_is_answered_here(follower: Master, path: str) -> None:
    assert follower.fetch(path).status == 200


def test_a_method_that_an_endpoint_does_not_have_is_refused(follower: Master) -> None:
    answer = follower.fetch("/state", "PUT")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert follower.fetch("/api/v1").headers["allow"] == "POST"


def test_clients_wait_while_nobody_leads_and_are_led_on_as_soon_as_somebody_does() -> None:
    with serving(LeaderDetected(None)) as master:
        answer = master.fetch("/state")
        assert (answer.status, answer.text) == (503, "No leader elected\n")
        assert int(answer.headers["retry-after"]) > 0
        master.tell(ELSEWHERE)
        master.until(lambda: master.fetch("/state").status == 307)
        master.tell(LeaderDetected(None, 9))
        master.until(lambda: master.fetch("/redirect").status == 503)
        master.system.terminate(master.system.pid_of(DETECTOR))
        master.until(lambda: not any(actor.pid.name == DETECTOR for actor in master.system.actors()))
        master.system.spawn(lambda: Oracle(ELSEWHERE), DETECTOR)
        master.until(lambda: master.fetch("/redirect").status == 307)


def test_clients_wait_rather_than_go_to_a_leader_that_has_died() -> None:
    with leading() as (elsewhere, leader), serving(leader, bind=Address("127.0.0.1", 0)) as master:
        assert master.fetch("/state").status == 307
        elsewhere.stop()
        master.until(lambda: master.fetch("/state").status == 503)
        answer = master.fetch("/redirect")
        assert (answer.status, answer.text) == (
            503,
            f"No leader elected: the master at {elsewhere.address} led, and cannot be reached\n",
        )
        master.tell(LeaderDetected(None, leader.epoch))
        master.until(lambda: master.fetch("/redirect").text == "No leader elected\n")


@contextlib.contextmanager
def leading() -> Iterator[tuple[PykkaSystem, LeaderDetected]]:
    """The node of another master, which leads."""
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    try:
        system.spawn(lambda: Oracle(LeaderDetected(None)), DETECTOR)
        info = MasterInfo(id="b", ip=1, port=5050, hostname="leader.example")
        yield system, LeaderDetected(system.pid_of("master"), 9, info)
    finally:
        system.stop()


def test_the_leader_says_what_it_cannot_tell_before_it_has_recovered() -> None:
    with serving(LeaderDetected(None)) as master:
        own = master.system.pid_of("master")
        master.tell(LeaderDetected(own, 5, MasterInfo(id="a", ip=1, port=5050, hostname="here")))
        master.until(lambda: master.fetch("/state").text == "the cluster cannot be read just now\n")
        for path in ("/api/v1", "/master/api/v1/scheduler"):
            answer = master.fetch(path, "POST")
            assert (answer.status, answer.text) == (503, "Master has not finished recovery\n")
            assert int(answer.headers["retry-after"]) > 0
        master.metrics.recovered.set(1.0)
        assert master.fetch("/api/v1", "POST").text == "Content-Type: must be given\n"
        assert master.fetch("/redirect").headers["location"] == "//here:5050"
        assert "This master leads" in master.fetch("/").text


def test_the_status_of_the_log_comes_with_what_is_wrong_in_plain_words() -> None:
    with serving() as master:
        assert master.fetch("/log/status").status == 404
        master.system.spawn(LogBook, RECOVERY)
        shown = master.fetch("/log/status").json
        assert isinstance(shown, dict)
        assert (shown["status"], shown["quorum"], shown["masters_expected"]) == ("EMPTY", 2, 3)
        assert (shown["cause"], shown["diagnosis"]) == ("MASTERS_MISSING", "in short")
        assert shown["members"][0] | {"fare": "EMPTY", "this_master": True} == shown["members"][0]
        page = master.fetch("/")
        assert "needs 2 log replicas; only this master is registered" in page.text
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_log_that_does_not_answer_is_said_to_be_so() -> None:
    with serving(answer_seconds=0.05) as master:
        master.system.spawn(Process, RECOVERY)
        answer = master.fetch("/log/status")
        assert (answer.status, "retry-after" in answer.headers) == (503, True)
        assert "log-recovery did not answer" in master.fetch("/").text


def test_the_page_names_the_cluster_and_this_master() -> None:
    with serving() as master:
        page = master.fetch("/").text
        assert "paas" in page
        assert str(Address("127.0.0.1", master.web.port)) in page
