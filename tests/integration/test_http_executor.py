"""An executor that knows the v1 HTTP API alone, at a real agent that dies and comes back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.masters import wait_until
from tests.integration.one_agent import End, Kill, OneAgent, Say, framework, one_agent
from tests.stopping import stop


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneAgent]:
    """Shared: each test has a framework and an executor of its own, and leaves an agent that is up."""
    with one_agent(tmp_path_factory.mktemp("agent")) as running:
        yield running


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_tasks_messages_kills_and_the_end(cluster: OneAgent) -> None:
    with framework(cluster) as shop:
        shop.launch("plain", {"short": b"run", "long": b"stay"})
        shop.until("short", "RUNNING", "FINISHED")
        shop.until("long", "RUNNING")
        shop.tell(Say("plain", b"hello"))
        wait_until(lambda: shop.scheduler.messages == [b"HELLO"], lambda: "the executor has answered")
        shop.tell(Kill("long"))
        shop.until("long", "RUNNING", "KILLED")
        process = cluster.process("plain")
        shop.tell(End("plain"))
        wait_until(lambda: not alive(process), lambda: "the executor has ended")
        wait_until(lambda: shop.scheduler.failures == [("plain", 0)], lambda: "its end has been told")
    assert cluster.heard("plain", "SUBSCRIBED") == [None]
    assert cluster.heard("plain", "LAUNCH") == ["short", "long"]
    assert sorted(map(str, cluster.heard("plain", "ACKNOWLEDGED"))) == ["long", "long", "short", "short"]
    assert not [words for words in cluster.journal("plain") if "refused" in words]


def test_the_environment_is_that_of_mesos(cluster: OneAgent) -> None:
    with framework(cluster) as shop:
        shop.launch("environment", {"env": b"run"}, grace_seconds=7.0)
        shop.over("env")
        status = shop.scheduler.told["env"][-1]
    assert status.agent_id is not None
    (sandbox,) = cluster.sandboxes("environment")
    found = cluster.journal("environment")[0]["environment"]
    assert {name: found[name] for name in found if name.startswith(("MESOS_", "LIBPROCESS_"))} == {
        "MESOS_FRAMEWORK_ID": shop.scheduler.framework_id,
        "MESOS_EXECUTOR_ID": "environment",
        "MESOS_SLAVE_ID": status.agent_id.value,
        "MESOS_SLAVE_PID": f"slave(1)@127.0.0.1:{cluster.port}",
        "MESOS_AGENT_ENDPOINT": f"127.0.0.1:{cluster.port}",
        "MESOS_DIRECTORY": str(sandbox),
        "MESOS_SANDBOX": str(sandbox),
        "MESOS_CHECKPOINT": "1",
        "MESOS_RECOVERY_TIMEOUT": "15mins",
        "MESOS_SUBSCRIPTION_BACKOFF_MAX": "15secs",
        "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "7secs",
        "MESOS_ALLOCATION_ROLE": "*",
        "MESOS_HTTP_COMMAND_EXECUTOR": "0",
        "LIBPROCESS_PORT": "0",
    }


def test_two_thousand_tasks_arrive_in_order(cluster: OneAgent) -> None:
    names = [f"m{number}" for number in range(2000)]
    with framework(cluster, checkpoint=False) as shop:
        shop.launch("many", dict.fromkeys(names, b"run"))
        shop.over(*names)
        assert {tuple(shop.states(name)) for name in names} == {("RUNNING", "FINISHED")}
    assert cluster.heard("many", "LAUNCH") == names


def test_what_is_launched_while_the_executor_reads_nothing_is_not_lost(cluster: OneAgent) -> None:
    names = [f"s{number}" for number in range(600)]
    with framework(cluster, checkpoint=False) as shop:
        shop.launch("slow", {"first": b"run"})
        shop.over("first")
        before = cluster.resident_bytes
        process = cluster.process("slow")
        stop(process)
        # More than kernels keep for a connection.
        for begin in range(0, len(names), 200):
            shop.launch("slow", dict.fromkeys(names[begin : begin + 200], b"run" + b" " * 20_000))
        shop.launch("other", {"meanwhile": b"run"})
        shop.over("meanwhile")
        assert cluster.resident_bytes - before < 150_000_000
        os.kill(process, signal.SIGCONT)
        shop.over(*names)
        assert {tuple(shop.states(name)) for name in names} == {("RUNNING", "FINISHED")}
    assert cluster.heard("slow", "LAUNCH") == ["first", *names]


def test_an_executor_that_is_killed_takes_its_tasks_with_it(cluster: OneAgent) -> None:
    with framework(cluster) as shop:
        shop.launch("victim", {"poor": b"stay"})
        shop.until("poor", "RUNNING")
        os.kill(cluster.process("victim"), signal.SIGKILL)
        shop.until("poor", "RUNNING", "FAILED")
        assert shop.last("poor") == ("FAILED", "EXECUTOR_TERMINATED")
        wait_until(lambda: shop.scheduler.failures == [("victim", 9)], lambda: "its end has been told")
        shop.launch("victim", {"next": b"exit"})
        shop.until("next", "FAILED")
        wait_until(lambda: shop.scheduler.failures[1:] == [("victim", 3 << 8)], lambda: "so has the next")
    assert len(cluster.sandboxes("victim")) == 2


def test_an_executor_that_does_not_go_is_destroyed_when_its_grace_is_over(cluster: OneAgent) -> None:
    with framework(cluster) as shop:
        shop.launch("stubborn", {"stays": b"linger"}, grace_seconds=0.5)
        shop.until("stays", "RUNNING")
        process = cluster.process("stubborn")
        shop.tell(End("stubborn"))
        shop.until("stays", "RUNNING", "FAILED")
        assert not alive(process)
    assert cluster.heard("stubborn", "SHUTDOWN") == [None]


def test_an_executor_that_breaks_the_rules_is_shut_down(cluster: OneAgent) -> None:
    with framework(cluster) as shop:
        shop.launch("rude", {"rude": b"staging"})
        shop.until("rude", "FAILED")
    assert cluster.heard("rude", "SHUTDOWN") == [None]


def test_a_killed_agent_loses_nothing_and_tells_nothing_twice(cluster: OneAgent) -> None:
    names = [f"g{number}" for number in range(20)]
    with framework(cluster) as shop:
        shop.launch("survivor", {**dict.fromkeys(names, b"gate"), "still": b"quiet"})
        for name in names:
            shop.until(name, "RUNNING")
        wait_until(lambda: "still" in cluster.heard("survivor", "LAUNCH"), lambda: "it has got all tasks")
        process = cluster.process("survivor")
        cluster.kill()
        # These have ended before there is anybody whom that could be told.
        (sandbox,) = cluster.sandboxes("survivor")
        (sandbox / "go").touch()
        cluster.start()
        shop.over(*names)
        cluster.restart()
        shop.launch("survivor", {"after": b"run"})
        shop.over("after")
        assert cluster.process("survivor") == process
        for name in names:
            assert shop.states(name) == ["RUNNING", "FINISHED"]
            assert len({status.uuid for status in shop.scheduler.told[name]}) == 2
        # The executor lists it: it has got it, though nobody heard of it.
        assert shop.states("still") == []
    assert cluster.heard("survivor", "LAUNCH") == [*names, "still", "after"]


def test_an_agent_that_is_killed_amid_launches_and_updates_runs_each_task_once(cluster: OneAgent) -> None:
    names = [f"a{number}" for number in range(400)]
    with framework(cluster) as shop:
        shop.launch("amid", {"begin": b"run"})
        shop.over("begin")
        shop.launch("amid", dict.fromkeys(names, b"run"))
        wait_until(lambda: len(cluster.heard("amid", "LAUNCH")) > 20, lambda: "some were launched")
        cluster.restart()
        shop.over(*names)
        for name in names:
            assert shop.states(name)[-1] in ("FINISHED", "DROPPED", "LOST")
            assert len(shop.states(name)) == len(set(shop.states(name)))
        launched = cluster.heard("amid", "LAUNCH")
        assert len(launched) == len(set(launched))
        for name in names:
            assert (shop.states(name)[-1] == "FINISHED") == (name in launched), (name, shop.last(name))


def test_an_executor_that_does_not_come_back_is_destroyed(cluster: OneAgent) -> None:
    with framework(cluster) as shop:
        shop.launch("frozen", {"cold": b"stay"})
        shop.until("cold", "RUNNING")
        process = cluster.process("frozen")
        stop(process)
        cluster.restart(1)
        shop.until("cold", "RUNNING", "GONE")
        assert shop.last("cold") == ("GONE", "EXECUTOR_REREGISTRATION_TIMEOUT")
        wait_until(lambda: not alive(process), lambda: "it has been killed")


def test_one_that_does_not_checkpoint_ends_with_its_agent(cluster: OneAgent) -> None:
    with framework(cluster, checkpoint=False) as shop:
        shop.launch("brief", {"brief": b"stay"})
        shop.until("brief", "RUNNING")
        process = cluster.process("brief")
        cluster.restart()
        wait_until(lambda: not alive(process), lambda: "it has ended")
        shop.over("brief")
        assert shop.states("brief")[-1] in ("GONE", "LOST", "DROPPED")
