"""Executors that are subscribed over HTTP, and their agent."""

from __future__ import annotations

import pytest

from actors.agent.http.executor_stream import HEARTBEAT_SECONDS
from actors.gateway.pace import MOST_WAITING
from actors.units import Duration
from tests.actors.agent.http.conversation import EVENTS, UUID_BYTES
from tests.actors.agent.http.site import HttpExecutor, Site
from tests.actors.agent.stage import AGENT_ID, FRAMEWORK_ID, Stage, custom, task
from transport.http.media_type import Encoding
from transport.limits import MIB
from transport.messages.executing import (
    ExecutorError,
    LaunchTask,
    ReconnectExecutor,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.scheduling import ExecutorMessage, FrameworkMessage
from transport.records.executor_call import Call
from transport.records.task import TaskInfo


def info(task_id: str = "t1", **others: object) -> TaskInfo:
    return task(task_id, executor=custom(**others))  # type: ignore[arg-type]


def site_with(*task_ids: str, **flags: object) -> Site:
    """An agent that was given these tasks for one executor."""
    site = Site(Stage(**flags))  # type: ignore[arg-type]
    for task_id in task_ids:
        site.stage.run_task(info(task_id), launch_executor=task_id == task_ids[0])
    return site


def running(*task_ids: str, **flags: object) -> tuple[Site, HttpExecutor]:
    """Tasks that run under an executor over HTTP."""
    site = site_with(*task_ids, **flags)
    executor = site.executor()
    for task_id in task_ids:
        executor.update("RUNNING", task_id)
    return site, executor


# --- what is written ---


@pytest.mark.parametrize("encoding", Encoding)
def test_every_event_is_written_as_one_piece_and_in_order(encoding: Encoding) -> None:
    site = site_with("t1")
    executor = site.executor("e1", encoding)
    written = executor.body.pieces
    stream = executor.stream
    agent = site.stage.agent
    for message, _ in EVENTS:
        agent.send(stream, message)
    site.stage.run()
    types = [event.type for event in executor.body.events]
    assert types[written:] == [event.type for _, event in EVENTS]
    assert executor.body.pieces == len(types)


def test_the_subscription_comes_first_and_tells_who_is_who() -> None:
    site = site_with("t1", "t2")
    executor = site.executor()
    assert executor.body.types == ["SUBSCRIBED", "LAUNCH", "LAUNCH"]
    assert executor.launched == ["t1", "t2"]
    subscribed = executor.body.events[0].subscribed
    assert subscribed is not None
    assert subscribed.executor_info.executor_id.value == "e1"
    assert subscribed.framework_info.id is not None
    assert subscribed.framework_info.id.value == FRAMEWORK_ID
    assert subscribed.agent_info.id is not None
    assert subscribed.agent_info.id.value == AGENT_ID
    assert subscribed.container_id is not None
    assert subscribed.container_id.value == site.stage.container("e1")


def test_it_hears_of_the_agent_every_half_hour() -> None:
    site, executor = running("t1")
    site.stage.run(HEARTBEAT_SECONDS - 10)
    assert "HEARTBEAT" not in executor.body.types
    site.stage.run(20 + HEARTBEAT_SECONDS)
    assert executor.body.types[-2:] == ["HEARTBEAT", "HEARTBEAT"]
    assert executor.body.types.count("HEARTBEAT") == 2


def test_what_others_say_is_not_written() -> None:
    site, executor = running("t1")
    before = list(executor.body.types)
    stream = executor.stream
    for message in (LaunchTask(info("t9")), UpdateAcknowledged("t1", UUID_BYTES), ReconnectExecutor()):
        site.gateway.send(stream, message)
    site.stage.run()
    assert executor.body.types == before
    assert not executor.body.ended


def test_an_executor_that_reads_slowly_gets_everything_in_order() -> None:
    site, executor = running("t1")
    executor.body.unread_bytes = 2 * MIB
    written = executor.body.pieces
    names = [f"q{number}" for number in range(200)]
    for name in names:
        site.stage.agent.send(executor.stream, LaunchTask(info(name)))
    site.stage.run(10.0)
    assert executor.body.pieces == written
    executor.body.unread_bytes = 0
    site.stage.run()
    assert executor.launched == ["t1", *names]


def test_one_that_reads_nothing_is_not_waited_for_for_ever() -> None:
    site, executor = running("t1")
    executor.body.unread_bytes = 2 * MIB
    message = FrameworkMessage(FRAMEWORK_ID, AGENT_ID, "e1", b"")
    for _ in range(MOST_WAITING + 1):
        site.stage.agent.send(executor.stream, message)
    site.stage.run()
    assert executor.body.aborted
    executor.subscribe()
    assert executor.body.types == ["SUBSCRIBED"]


def test_one_that_is_behind_still_hears_why_its_stream_ends() -> None:
    site, executor = running("t1")
    executor.body.unread_bytes = 2 * MIB
    for message in (FrameworkMessage(FRAMEWORK_ID, AGENT_ID, "e1", b""), ExecutorError("enough")):
        site.stage.agent.send(executor.stream, message)
    site.stage.run()
    assert (executor.body.types[-1], executor.body.ended) == ("ERROR", True)


# --- updates and messages ---


def test_an_update_is_acknowledged_once_it_is_safe() -> None:
    site = site_with("t1")
    executor = site.executor()
    status = executor.update("RUNNING")
    assert executor.acknowledged == [status.uuid]
    assert site.stage.states() == ["RUNNING"]
    told = site.stage.statuses()[-1]
    assert told.executor_id is not None
    assert told.executor_id.value == "e1"


def test_updates_that_are_told_again_with_the_subscription_are_told_the_scheduler_once() -> None:
    site, executor = running("t1")
    finished = executor.status("FINISHED")
    executor.leave()
    executor.tell(finished)
    executor.subscribe((), finished)
    assert executor.acknowledged == [finished.uuid]
    assert executor.body.types == ["SUBSCRIBED", "ACKNOWLEDGED"]
    site.stage.acknowledge()
    assert site.stage.states() == ["RUNNING", "FINISHED"]


def test_messages_pass_both_ways() -> None:
    site, executor = running("t1")
    site.stage.tell(FrameworkMessage(FRAMEWORK_ID, AGENT_ID, "e1", b"down"))
    assert [one.message.data for one in executor.body.events if one.message is not None] == [b"down"]
    one = executor.call(Call.Type.MESSAGE, message=Call.Message(data=b"up"))
    assert site.said(one) == (202, "")
    assert site.stage.heard(ExecutorMessage) == [ExecutorMessage(FRAMEWORK_ID, AGENT_ID, "e1", b"up")]


def test_an_executor_that_sends_staging_is_shut_down_and_destroyed_in_time() -> None:
    site = site_with("t1")
    executor = site.executor()
    executor.update("STAGING")
    assert executor.body.types[-1] == "SHUTDOWN"
    assert site.stage.states() == []
    site.stage.run(6.0)
    assert site.stage.executors.destroyed == [site.stage.container("e1")]
    assert site.stage.last() == ("FAILED", "EXECUTOR_TERMINATED")


# --- one stream after the other ---


def test_a_newer_subscription_ends_the_stream_before_it() -> None:
    site = site_with("t1")
    old = site.executor()
    new = site.executor()
    assert old.body.ended
    assert not new.body.ended
    old.leave()
    new.update("RUNNING")
    assert site.stage.states() == ["RUNNING"]
    assert len(new.acknowledged) == 1


def test_tasks_that_got_lost_with_the_stream_are_launched_by_the_next_and_no_others() -> None:
    site = site_with("t1", "t2", "t3")
    executor = site.executor()
    executor.update("RUNNING", "t1")
    executor.leave()
    executor.subscribe((info("t2"),))
    assert executor.launched == ["t3"]
    site.stage.run(60.0)
    assert executor.launched == ["t3"]


def test_tasks_that_come_while_it_is_away_wait_for_it() -> None:
    site, executor = running("t1")
    executor.leave()
    site.stage.run_task(info("t2"), launch_executor=False)
    site.stage.run(30.0)
    executor.subscribe()
    assert executor.launched == ["t2"]


def test_a_kill_that_got_lost_with_the_stream_is_told_by_the_next() -> None:
    site, executor = running("t1")
    site.stage.kill()
    assert executor.killed == ["t1"]
    executor.leave()
    executor.subscribe()
    assert executor.killed == ["t1"]


def test_over_http_nothing_is_told_twice() -> None:
    site = site_with("t1", "t2")
    executor = site.executor()
    executor.update("RUNNING", "t2")
    site.stage.kill("t2")
    site.stage.run(60.0)
    assert executor.launched == ["t1", "t2"]
    assert executor.killed == ["t2"]
    assert not executor.body.ended


def test_but_what_the_scheduler_says_again_is() -> None:
    site, executor = running("t1")
    site.stage.kill()
    site.stage.kill()
    assert executor.killed == ["t1", "t1"]


def test_an_agent_that_has_lost_sight_of_a_stream_has_the_executor_come_with_another() -> None:
    site, executor = running("t1")
    stream = executor.stream
    site.stage.agent.exited(stream)
    site.stage.run(2.0)
    assert executor.body.ended
    executor.subscribe()
    site.stage.run_task(info("t2"), launch_executor=False)
    assert executor.launched == ["t2"]


# --- the end ---


def test_a_shut_down_executor_may_tell_how_its_tasks_ended() -> None:
    site, executor = running("t1")
    site.stage.shut_down_executor("e1")
    assert executor.body.types[-1] == "SHUTDOWN"
    killed = executor.update("KILLED")
    assert executor.acknowledged[-1] == killed.uuid
    site.stage.end("e1")
    site.stage.acknowledge()
    assert site.stage.states() == ["RUNNING", "KILLED"]


def test_one_that_does_not_end_in_its_grace_period_is_destroyed() -> None:
    site, executor = running("t1")
    site.stage.shut_down_executor("e1")
    site.stage.run(4.0)
    assert site.stage.executors.destroyed == []
    site.stage.run(1.0)
    assert site.stage.executors.destroyed == [site.stage.container("e1")]
    assert executor.body.types[-1] == "ERROR"
    assert executor.body.ended
    site.stage.acknowledge()
    assert site.stage.last() == ("FAILED", "EXECUTOR_TERMINATED")


def test_an_executor_that_comes_while_it_is_to_end_is_told_that_and_no_more() -> None:
    site, executor = running("t1")
    executor.leave()
    site.stage.shut_down_executor("e1")
    killed = executor.status("KILLED")
    executor.subscribe((), killed)
    assert executor.body.types == ["SHUTDOWN"]
    assert executor.body.ended
    assert site.stage.states() == ["RUNNING"]
    site.stage.acknowledge()
    assert site.stage.states() == ["RUNNING", "KILLED"]


def test_so_is_one_whose_container_has_ended() -> None:
    site, executor = running("t1")
    site.stage.end("e1")
    late = site.executor()
    assert executor.body.ended
    assert late.body.types == ["SHUTDOWN"]
    assert late.body.ended


def test_an_executor_that_never_subscribes_is_destroyed() -> None:
    site = site_with("t1")
    site.stage.run(61.0)
    assert site.stage.last() == ("FAILED", "EXECUTOR_REGISTRATION_TIMEOUT")


# --- the agent dies ---


def test_an_executor_goes_on_under_the_next_agent() -> None:
    site, executor = running("t1", "t2")
    unsafe = executor.status("FINISHED", "t1")
    site.restart()
    executor.subscribe((), unsafe)
    assert executor.body.types == ["SUBSCRIBED", "ACKNOWLEDGED"]
    site.stage.detect()
    site.stage.reregister()
    for task_id in ("t1", "t1", "t2"):
        site.stage.acknowledge(task_id)
    executor.update("FINISHED", "t2")
    assert site.stage.states("t1") == site.stage.states("t2") == ["RUNNING", "FINISHED"]
    assert site.stage.executors.destroyed == []


def test_a_task_that_the_executor_has_not_got_is_dropped_and_one_that_it_has_got_goes_on() -> None:
    site = site_with("t1", "t2", "t3")
    executor = site.executor()
    executor.update("RUNNING", "t1")
    site.restart()
    executor.subscribe((info("t2"),))
    site.stage.detect()
    site.stage.reregister()
    site.stage.acknowledge("t3")
    assert site.stage.last("t3") == ("DROPPED", "AGENT_RESTARTED")
    assert executor.killed == []
    executor.update("FINISHED", "t2")
    assert site.stage.states("t2") == ["FINISHED"]


def test_an_executor_that_does_not_come_back_in_time_is_destroyed() -> None:
    site, executor = running("t1", executor_reregistration_timeout=Duration.of(10))
    site.restart()
    site.stage.run(9.0)
    assert site.stage.executors.destroyed == []
    site.stage.run(2.0)
    assert site.stage.executors.destroyed == [site.stage.container("e1")]
    site.stage.detect()
    site.stage.reregister()
    site.stage.acknowledge()
    assert site.stage.last() == ("GONE", "EXECUTOR_REREGISTRATION_TIMEOUT")
    executor.subscribe()
    assert executor.body.types == ["SHUTDOWN"]


def test_an_agent_that_dies_twice_while_the_executor_comes_back_loses_nothing() -> None:
    site, executor = running("t1")
    finished = executor.status("FINISHED")
    for _ in range(3):
        site.restart()
        executor.subscribe((), finished)
        assert executor.acknowledged == [finished.uuid]
    site.stage.detect()
    site.stage.reregister()
    site.stage.acknowledge()
    site.stage.acknowledge()
    assert site.stage.states() == ["RUNNING", "FINISHED"]


def test_a_stream_whose_agent_is_gone_ends() -> None:
    site, executor = running("t1")
    site.stage.node.terminate(site.stage.pid)
    site.stage.run()
    assert executor.body.ended


def test_the_agent_is_told_that_its_executor_speaks_http() -> None:
    site = site_with("t1")
    heard = site.stage.sim.hold(SubscribeExecutor)
    site.executor()
    (envelope,) = heard.held
    assert envelope.message == SubscribeExecutor(FRAMEWORK_ID, "e1", over_http=True)
    heard.release()
