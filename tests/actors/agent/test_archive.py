from __future__ import annotations

import errno

import pytest

from actors.agent import paths
from actors.simulation import Simulation
from tests.actors.agent.kept import (
    AGENT_ID,
    FRAMEWORK_ID,
    RUN,
    SAVES,
    Host,
    agent,
    executor,
    framework,
    task,
    volume,
)
from transport.messages.agent_state import (
    AgentCheckpoint,
    ExecutorCheckpoint,
    FrameworkCheckpoint,
    RunCheckpoint,
    TaskCheckpoint,
)
from transport.messages.checkpointing import (
    Archive,
    Archived,
    DiscardExecutor,
    ForgetAgentId,
    Leftovers,
    MakeSandbox,
    RemoveVolumes,
    SaveAgent,
    SaveCompletion,
    SaveDrain,
    SaveExecutor,
    SaveFramework,
    SaveResources,
)
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.ids import ExecutorID

_SANDBOX = MakeSandbox(FRAMEWORK_ID, "e1", RUN)


def admitted(*, strict: bool = True) -> Host:
    host = Host(Simulation(1), strict=strict)
    host.admit()
    return host


def test_what_was_archived_is_there_after_the_power_failed() -> None:
    host = admitted()
    assert host.archive(*SAVES) == Archived(7)
    checkpoint = host.recovered()
    assert checkpoint.info == agent()
    run = RunCheckpoint(container_id=RUN, tasks=(TaskCheckpoint(task=task()),))
    assert checkpoint.frameworks == (
        FrameworkCheckpoint(info=framework(), executors=(ExecutorCheckpoint(info=executor(), run=run),)),
    )


def test_nothing_is_answered_before_it_is_durable() -> None:
    host = admitted()
    host.sim.arm("agent.archive.before_flush")
    host.tell("archive", Archive(8, SAVES))
    host.sim.run(1.0)
    assert not host.node.up
    assert all(answer.request_id != 8 for answer in host.answers(Archived))


def test_requests_that_wait_together_share_their_syncs_and_are_answered_in_order() -> None:
    host = admitted()

    def passes() -> int:
        return sum(
            place.times for place in host.sim.fault_points() if place.point == "disk.sync_folder.after"
        )

    before = passes()
    host.archive(SaveResources((volume(),)))
    alone = passes() - before
    for number in range(20):
        host.tell("archive", Archive(number, (SaveResources((volume(f"v{number}"),)),)))
    before = passes()
    host.sim.run(1.0)
    assert passes() - before == alone
    assert [answer.request_id for answer in host.answers(Archived)][-20:] == list(range(20))
    assert host.recovered().resources == (volume("v19"),)


def test_a_sandbox_is_made_and_its_path_is_told() -> None:
    host = admitted()
    path = f"/slaves/{AGENT_ID}/frameworks/{FRAMEWORK_ID}/executors/e1/runs/{RUN}"
    assert host.archive(_SANDBOX) == Archived(7, path)
    assert host.archive(*SAVES, _SANDBOX) == Archived(7, path)


def test_a_sandbox_that_cannot_be_made_is_an_answer_and_what_came_before_it_stands() -> None:
    host = admitted()
    for_nobody = MakeSandbox(FRAMEWORK_ID, "e1", RUN, user="no-such-user")
    answer = host.archive(SaveResources((volume(),)), for_nobody, SaveDrain(DrainConfig()))
    assert answer.sandbox == ""
    assert answer.error is not None
    assert "user 'no-such-user'" in answer.error
    checkpoint = host.recovered()
    assert checkpoint.resources == (volume(),)
    assert checkpoint.drain_config is None


def test_a_disk_without_room_for_a_sandbox_fails_a_task_and_not_the_agent() -> None:
    host = admitted()
    host.node.disk.fail("write", paths.sandboxes(AGENT_ID), error=errno.ENOSPC)
    answer = host.archive(_SANDBOX)
    assert answer.error is not None
    assert "No space left" in answer.error
    assert host.archive(_SANDBOX).error is None


@pytest.mark.parametrize(
    ("save", "why"),
    [
        (MakeSandbox("../..", "e1", RUN), "framework id"),
        (MakeSandbox(FRAMEWORK_ID, "e1", "../../.."), "container id"),
        (SaveExecutor(executor("a/b"), RUN), "executor id"),
        (SaveExecutor(executor(), "a/b"), "container id"),
        (SaveExecutor(ExecutorInfo(executor_id=ExecutorID(value="e1")), RUN), "framework_id: must be set"),
        (SaveAgent(AgentInfo(hostname="host")), "SaveAgent.info.id: must be set"),
    ],
)
def test_no_id_leads_out_of_the_work_directory(
    save: MakeSandbox | SaveExecutor | SaveAgent, why: str
) -> None:
    host = admitted()
    answer = host.archive(save)
    assert answer.error is not None
    assert why in answer.error
    assert host.recovered().info == agent()


def test_without_an_agent_id_there_is_nowhere_to_keep_anything_but_resources() -> None:
    host = Host(Simulation(1))
    for save in (_SANDBOX, SaveFramework(framework())):
        answer = host.archive(save)
        assert answer.error is not None
        assert "the agent has no id yet" in answer.error
    assert host.archive(SaveResources((volume(),))).error is None
    assert host.recovered().resources == (volume(),)


def test_the_later_of_two_saves_counts() -> None:
    host = admitted()
    host.archive(SaveDrain(DrainConfig()), SaveDrain(None))
    assert host.recovered().drain_config is None
    host.recover()
    host.archive(SaveDrain(None), SaveDrain(DrainConfig(mark_gone=True)))
    assert host.recovered().drain_config == DrainConfig(mark_gone=True)
    host.archive(SaveDrain(None))
    assert host.recovered().drain_config is None


def test_an_executor_is_recovered_with_its_latest_run_until_that_is_completed() -> None:
    host = admitted()
    host.archive(*SAVES)
    host.archive(SaveExecutor(executor(), "second", generated=True))
    ((ran,),) = (found.executors for found in host.recovered().frameworks)
    assert (ran.generated, ran.run) == (True, RunCheckpoint(container_id="second"))
    host.archive(SaveCompletion(FRAMEWORK_ID, "e1", "second"))
    assert host.recovered().frameworks == ()


def test_a_volume_is_deleted_only_when_it_is_durable_that_it_is_none_any_more() -> None:
    host = admitted()
    host.archive(SaveResources((volume(),)), MakeSandbox(FRAMEWORK_ID, "e1", RUN, None, (volume(),)))
    path = f"{paths.volume(volume())}/.owner"
    host.node.disk.sync(path)
    host.node.disk.sync_folder(paths.folder_of(path))
    host.sim.arm("agent.archive.before_flush")
    host.tell("archive", Archive(8, (SaveResources(()), RemoveVolumes((volume(),)))))
    host.sim.run(1.0)
    host.node.restart()
    assert host.recover().checkpoint.resources == (volume(),)
    assert host.node.disk.size(path) == 0
    host.archive(SaveResources(()), RemoveVolumes((volume(),)))
    with pytest.raises(FileNotFoundError):
        host.node.disk.size(path)


def test_damage_ends_a_strict_agent_and_names_the_file() -> None:
    host = admitted()
    host.archive(*SAVES)
    path = f"{paths.meta(AGENT_ID, FRAMEWORK_ID)}/{paths.FRAMEWORK_INFO}"
    host.node.disk.flip_bit(path)
    answer = host.recover()
    assert answer.checkpoint == AgentCheckpoint()
    assert answer.error is not None
    assert answer.error.startswith(f"{path}: at offset 0: ")
    assert host.answers(Leftovers)[1:] == []  # nothing is given up, so that it can be repaired


def test_damage_is_passed_over_by_an_agent_that_is_not_strict() -> None:
    host = admitted(strict=False)
    host.archive(*SAVES)
    host.node.disk.flip_bit(f"{paths.meta(AGENT_ID, FRAMEWORK_ID)}/{paths.FRAMEWORK_INFO}")
    answer = host.recover()
    assert answer.error is None
    assert (answer.checkpoint.info, answer.checkpoint.frameworks) == (agent(), ())
    (error,) = answer.checkpoint.errors
    assert paths.FRAMEWORK_INFO in error


def test_a_reboot_is_told_until_the_agent_has_archived_something_since() -> None:
    host = admitted()
    host.boot_id = "boot-2"
    assert host.recovered().rebooted
    assert host.recovered().rebooted
    host.archive(SaveDrain(None))
    assert not host.recovered().rebooted


def test_the_garbage_collector_learns_the_id_and_what_is_left_over() -> None:
    host = Host(Simulation(1))
    host.admit()
    assert host.answers(Leftovers) == [Leftovers(AGENT_ID)]
    host.archive(*SAVES, SaveCompletion(FRAMEWORK_ID, "e1", RUN))
    host.recovered()
    (left,) = host.answers(Leftovers)
    assert left.executors == (DiscardExecutor(FRAMEWORK_ID, "e1", RUN),)
    host.archive(SaveAgent(agent("m2-S0")))
    assert host.answers(Leftovers)[1:] == [Leftovers("m2-S0", (AGENT_ID,))]


def test_an_agent_that_says_something_else_of_itself_keeps_its_id() -> None:
    host = admitted()
    host.archive(SaveAgent(agent(port=5055)))
    assert host.recovered().info == agent(port=5055)
    assert host.answers(Leftovers) == [Leftovers(AGENT_ID)]


def test_an_agent_that_gives_up_its_id_is_a_new_one_the_next_time() -> None:
    host = admitted()
    host.archive(*SAVES)
    host.archive(SaveResources((volume(),)), ForgetAgentId())
    checkpoint = host.recovered()
    assert (checkpoint.info, checkpoint.frameworks) == (None, ())
    assert checkpoint.resources == (volume(),)
    assert host.answers(Leftovers) == [Leftovers(None, (AGENT_ID,))]


@pytest.mark.parametrize("seed", range(4))
def test_what_was_recovered_after_a_kill_is_still_there_when_the_power_fails(seed: int) -> None:
    host = Host(Simulation(seed))
    host.admit()
    host.sim.arm("disk.sync_folder.before", action="kill")
    host.tell("archive", Archive(8, (SaveResources((volume(),)),)))
    host.sim.run(1.0)
    host.node.restart()
    assert host.recover().checkpoint.resources == (volume(),)
    assert host.recovered().resources == (volume(),)
