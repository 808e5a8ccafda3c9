from __future__ import annotations

import random
from collections.abc import Callable

from actors.agent import paths
from actors.agent.batch import Batch
from actors.agent.checkpoints import encode, seal
from actors.agent.recovery import recover
from actors.agent.retained import StreamRecord
from actors.agent.saves import FileSave, changes
from actors.simulation import SimulatedDisk
from tests.actors.agent.kept import (
    AGENT_ID,
    FRAMEWORK_ID,
    RUN,
    agent,
    executor,
    framework,
    status,
    task,
    volume,
)
from transport.messages.agent_state import AgentCheckpoint, RunCheckpoint
from transport.messages.checkpointing import (
    DiscardExecutor,
    DiscardFramework,
    SaveAgent,
    SaveCompletion,
    SaveDrain,
    SaveEnding,
    SaveExecutor,
    SaveFramework,
    SaveResources,
    SaveTask,
)
from transport.messages.hosting import ExecutorEnding
from transport.records.agent import DrainConfig
from transport.records.task_status import TaskState

_UPDATES = f"{paths.meta(AGENT_ID, FRAMEWORK_ID, 'e1', RUN, 't1')}/{paths.TASK_UPDATES}"


def disk_with(*saves: FileSave, agent_id: str | None = AGENT_ID) -> SimulatedDisk:
    disk = SimulatedDisk(random.Random(1))
    save(disk, *saves, agent_id=agent_id)
    return disk


def save(disk: SimulatedDisk, *saves: FileSave, agent_id: str | None = AGENT_ID) -> None:
    batch = Batch()
    for each in saves:
        for path, content in changes(agent_id, each):
            if content is None:
                batch.remove(path)
            else:
                batch.replace(path, content)
    batch.flush(disk)


def run(executor_id: str = "e1", container_id: str = RUN) -> tuple[FileSave, ...]:
    return (
        SaveAgent(agent()),
        SaveFramework(framework()),
        SaveExecutor(executor(executor_id), container_id, generated=True),
        SaveTask(executor_id, container_id, task()),
    )


def full_disk() -> SimulatedDisk:
    """One of everything."""
    disk = disk_with(
        *run(), SaveResources((volume(),)), SaveDrain(DrainConfig(mark_gone=True)), agent_id=AGENT_ID
    )
    disk.write(paths.BOOT_ID, seal("boot-1"))
    for record in (StreamRecord(update=status()), StreamRecord(acknowledged=b"u1")):
        disk.append(_UPDATES, encode(record))
    return disk


def files(disk: SimulatedDisk) -> list[tuple[str, bytes]]:
    for path in (paths.BOOT_ID, _UPDATES):
        disk.sync(path)
        disk.sync_folder(paths.folder_of(path))
    return [(path, content) for path, content in disk.snapshot().files if content]


def test_an_agent_that_never_was_has_nothing() -> None:
    found = recover(SimulatedDisk(random.Random(1)), "boot-1")
    assert found.checkpoint == AgentCheckpoint()
    assert found.leftovers.agent_id is None


def test_everything_is_found_again() -> None:
    checkpoint = recover(full_disk(), "boot-1").checkpoint
    assert checkpoint.info == agent()
    assert checkpoint.resources == (volume(),)
    assert checkpoint.drain_config == DrainConfig(mark_gone=True)
    assert not checkpoint.rebooted
    assert checkpoint.errors == ()
    ((ran,),) = (found.executors for found in checkpoint.frameworks)
    assert ran.generated
    assert ran.run is not None
    (kept,) = ran.run.tasks
    assert (kept.task, kept.updates, kept.acknowledged) == (task(), (status(),), 1)


def test_another_boot_is_noticed() -> None:
    assert recover(full_disk(), "boot-2").checkpoint.rebooted
    assert not recover(disk_with(SaveAgent(agent())), "boot-1").checkpoint.rebooted


def test_without_latest_the_agent_is_a_new_one_and_what_it_had_is_left_over() -> None:
    disk = full_disk()
    disk.remove(paths.LATEST_AGENT)
    found = recover(disk, "boot-1")
    assert found.checkpoint.info is None
    assert found.checkpoint.frameworks == ()
    assert found.checkpoint.resources == (volume(),)  # volumes belong to the host
    assert found.leftovers.agents == (AGENT_ID,)


def test_folders_of_other_agents_are_left_over() -> None:
    disk = disk_with(SaveAgent(agent("m1-S7")), SaveAgent(agent()))
    disk.write(f"{paths.sandboxes('m0-S3', 'f', 'e', 'c')}/stdout", b"")
    disk.write("slaves/latest.new", b"")
    assert recover(disk, "b").leftovers.agents == ("m0-S3", "m1-S7")


def test_how_a_container_ended_is_found_again() -> None:
    ending = ExecutorEnding(container_id=RUN, status=9, message="killed by hand")
    checkpoint = recover(disk_with(*run(), SaveEnding(FRAMEWORK_ID, "e1", ending)), "b").checkpoint
    ((ran,),) = (each.executors for each in checkpoint.frameworks)
    assert ran.run is not None
    assert ran.run.ending == ending


def test_a_completed_run_is_left_out_and_left_over() -> None:
    disk = disk_with(*run(), SaveCompletion(FRAMEWORK_ID, "e1", RUN))
    found = recover(disk, "b")
    assert found.checkpoint.frameworks == ()
    assert found.leftovers.executors == (DiscardExecutor(FRAMEWORK_ID, "e1", RUN),)
    assert found.leftovers.frameworks == (DiscardFramework(FRAMEWORK_ID),)


def test_only_the_latest_run_of_an_executor_counts() -> None:
    disk = disk_with(*run(), SaveCompletion(FRAMEWORK_ID, "e1", RUN), *run("e1", "second"))
    found = recover(disk, "b")
    ((ran,),) = (each.executors for each in found.checkpoint.frameworks)
    assert ran.run is not None
    assert ran.run.container_id == "second"
    assert found.leftovers.executors == (DiscardExecutor(FRAMEWORK_ID, "e1", RUN),)
    assert found.leftovers.frameworks == ()


def test_sandboxes_that_no_checkpoint_knows_are_left_over() -> None:
    disk = disk_with(*run())
    disk.write(f"{paths.sandboxes(AGENT_ID, 'passing', 'e', 'c')}/stdout", b"")
    disk.write(f"{paths.sandboxes(AGENT_ID, FRAMEWORK_ID, 'e1')}/runs/latest", b"a link, really")
    found = recover(disk, "b").leftovers
    assert found.executors == (DiscardExecutor("passing", "e", "c"),)
    assert found.frameworks == (DiscardFramework("passing"),)


def test_what_is_half_there_is_passed_over() -> None:
    """An agent that died before it was answered for these."""
    folder = paths.meta(AGENT_ID, FRAMEWORK_ID, "e1")
    half: dict[str, Callable[[AgentCheckpoint], bool]] = {
        f"{paths.meta(AGENT_ID)}/{paths.AGENT_INFO}": lambda found: found.info is None,
        f"{paths.meta(AGENT_ID, FRAMEWORK_ID)}/{paths.FRAMEWORK_INFO}": lambda found: found.frameworks == (),
        f"{folder}/{paths.EXECUTOR_INFO}": lambda found: found.frameworks == (),
        f"{folder}/{paths.LATEST_RUN}": lambda found: found.frameworks == (),
        f"{folder}/runs/{RUN}/tasks/t1/{paths.TASK_INFO}": (
            lambda found: found.frameworks[0].executors[0].run == RunCheckpoint(container_id=RUN)
        ),
    }
    for path, is_passed_over in half.items():
        disk = full_disk()
        disk.rename(path, f"{path}.new")
        checkpoint = recover(disk, "boot-1").checkpoint
        assert checkpoint.errors == ()
        assert is_passed_over(checkpoint), path


def test_a_torn_update_was_never_there() -> None:
    disk = full_disk()
    disk.append(_UPDATES, encode(StreamRecord(update=status(b"u2", TaskState.TASK_FINISHED)))[:-3])
    checkpoint = recover(disk, "boot-1").checkpoint
    assert checkpoint.errors == ()
    ((ran,),) = (found.executors for found in checkpoint.frameworks)
    assert ran.run is not None
    assert ran.run.tasks[0].updates == (status(),)


def test_a_flipped_bit_in_any_byte_of_any_file_is_an_error_that_names_the_file() -> None:
    disk = full_disk()
    kept = files(disk)
    assert len(kept) == 10
    for path, content in kept:
        for bit in range(0, 8 * len(content), 7):  # every byte, and every bit of some
            disk.flip_bit(path, bit)
            errors = recover(disk, "boot-1").checkpoint.errors
            assert len(errors) == 1, (path, bit)
            assert errors[0].startswith(f"{path}: at offset "), (path, bit)
            disk.flip_bit(path, bit)
    assert recover(disk, "boot-1").checkpoint.errors == ()


def test_what_is_before_the_damage_of_a_stream_is_read() -> None:
    disk = full_disk()
    size = disk.size(_UPDATES)
    disk.flip_bit(_UPDATES, 8 * (size - 1))
    checkpoint = recover(disk, "boot-1").checkpoint
    ((ran,),) = (found.executors for found in checkpoint.frameworks)
    assert ran.run is not None
    assert (ran.run.tasks[0].updates, ran.run.tasks[0].acknowledged) == ((status(),), 0)


def test_what_others_put_among_the_folders_is_none_of_ours() -> None:
    disk = full_disk()
    for path in ("slaves/README", f"{paths.meta(AGENT_ID)}/frameworks/README", "meta/slaves/README"):
        disk.write(path, b"hello")
    found = recover(disk, "boot-1")
    assert found.checkpoint == recover(full_disk(), "boot-1").checkpoint


def test_no_bytes_whatever_make_recovery_fail() -> None:
    rng = random.Random(11)
    disk = full_disk()
    kept = files(disk)
    for _ in range(1000):
        path, content = rng.choice(kept)
        begin, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        other = rng.choice(kept)[1]
        noise = rng.choice((rng.randbytes(rng.randrange(20)), other, bytes(end - begin), b""))
        disk.write(path, content[:begin] + noise + content[end:])
        recover(disk, "boot-1")
        disk.write(path, content)
    assert recover(disk, "boot-1").checkpoint.errors == ()
