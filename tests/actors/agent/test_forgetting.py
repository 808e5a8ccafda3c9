"""Forgetting, on the real file system with real sandboxes beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.agent import paths
from actors.agent.batch import Batch
from actors.agent.forgetting import Forgetting
from actors.agent.recovery import recover
from actors.agent.sandboxes import LocalSandboxes
from actors.agent.saves import FileSave, changes
from actors.storage import FileDisk
from tests.actors.agent.kept import AGENT_ID, FRAMEWORK_ID, RUN, agent, executor, framework, names, task
from transport.messages.checkpointing import (
    DiscardExecutor,
    SaveAgent,
    SaveCompletion,
    SaveExecutor,
    SaveFramework,
    SaveTask,
)

_RUN = DiscardExecutor(FRAMEWORK_ID, "e1", RUN)


class Kept:
    """A work directory with one run in it, and its Forgetting."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.disk = FileDisk(root)
        self.sandboxes = LocalSandboxes(root)
        self.forgetting = Forgetting(self.disk, self.sandboxes, AGENT_ID)
        self.save(SaveAgent(agent()), SaveFramework(framework()))
        self.start("e1", RUN)

    def start(self, executor_id: str, container_id: str) -> None:
        self.save(
            SaveExecutor(executor(executor_id), container_id, generated=True),
            SaveTask(executor_id, container_id, task()),
        )
        self.sandboxes.make(paths.sandboxes(AGENT_ID, FRAMEWORK_ID, executor_id, container_id), None, ())

    def save(self, *saves: FileSave) -> None:
        batch = Batch()
        for save in saves:
            for path, content in changes(AGENT_ID, save):
                if content is None:
                    batch.remove(path)
                else:
                    batch.replace(path, content)
        batch.flush(self.disk)

    def forget(self, run: DiscardExecutor = _RUN) -> None:
        """As when its sandbox is deleted."""
        (self.root / paths.sandboxes(AGENT_ID, run.framework_id, run.executor_id, run.container_id)).rmdir()
        self.forgetting.forget(run)

    def work(self) -> None:
        while self.forgetting:
            self.forgetting.work()

    def executors(self) -> list[str]:
        """Those that a new agent would find."""
        found = recover(self.disk, "b").checkpoint.frameworks
        return [each.info.executor_id.value for framework in found for each in framework.executors]


def test_what_is_kept_is_read_back_from_the_real_disk_beside_real_sandboxes(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    found = recover(kept.disk, "b")
    assert found.checkpoint.errors == ()
    assert kept.executors() == ["e1"]
    assert found.leftovers.executors == ()


def test_a_completed_run_goes_and_every_folder_that_is_empty_then(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.save(SaveCompletion(FRAMEWORK_ID, "e1", RUN))
    kept.forget()
    kept.work()
    meta = tmp_path / paths.meta(AGENT_ID)
    assert names(meta / "frameworks" / FRAMEWORK_ID) == [paths.FRAMEWORK_INFO]
    assert names(tmp_path / "slaves" / AGENT_ID / "frameworks") == []
    kept.forgetting.forget_framework(FRAMEWORK_ID)
    assert names(meta / "frameworks") == []
    assert names(meta) == ["frameworks", paths.AGENT_INFO]


def test_a_run_that_is_not_completed_waits(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.forget()
    kept.work()
    assert kept.executors() == ["e1"]
    kept.forgetting.completed(DiscardExecutor(FRAMEWORK_ID, "e1", "another"))
    assert kept.executors() == ["e1"]
    kept.save(SaveCompletion(FRAMEWORK_ID, "e1", RUN))
    kept.forgetting.completed(_RUN)
    kept.work()
    assert not (tmp_path / paths.meta(AGENT_ID, FRAMEWORK_ID, "e1")).exists()


def test_a_run_that_recovery_gave_up_does_not_wait(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.forgetting.give_up(_RUN)
    kept.forget()
    kept.work()
    assert not (tmp_path / paths.meta(AGENT_ID, FRAMEWORK_ID, "e1")).exists()


def test_an_older_run_goes_and_the_latest_stays(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.start("e1", "second")
    kept.forget()
    kept.work()
    runs = paths.sandboxes(AGENT_ID, FRAMEWORK_ID, "e1") + "/runs"
    assert names(tmp_path / runs) == ["latest", "second"]
    assert names(tmp_path / "meta" / runs) == ["latest", "second"]
    assert kept.executors() == ["e1"]


def test_from_the_first_step_on_a_forgotten_run_does_not_come_back(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.save(SaveCompletion(FRAMEWORK_ID, "e1", RUN))
    kept.forget()
    # Whatever is deleted next: the file that said the run was completed may be the first to go.
    (tmp_path / paths.meta(AGENT_ID, FRAMEWORK_ID, "e1", RUN) / paths.COMPLETED).unlink()
    assert kept.executors() == []


def test_a_framework_goes_with_its_last_executor(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.start("e2", "other")
    kept.forgetting.forget_framework(FRAMEWORK_ID)
    info = tmp_path / paths.meta(AGENT_ID, FRAMEWORK_ID) / paths.FRAMEWORK_INFO
    for executor_id, container_id in (("e1", RUN), ("e2", "other")):
        assert info.exists()
        kept.save(SaveCompletion(FRAMEWORK_ID, executor_id, container_id))
        kept.forget(DiscardExecutor(FRAMEWORK_ID, executor_id, container_id))
        kept.work()
    assert names(tmp_path / paths.meta(AGENT_ID) / "frameworks") == []


def test_a_framework_that_is_kept_after_all_stays(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.forgetting.forget_framework(FRAMEWORK_ID)
    kept.forgetting.keep_framework(FRAMEWORK_ID)
    kept.save(SaveCompletion(FRAMEWORK_ID, "e1", RUN))
    kept.forget()
    kept.work()
    assert names(tmp_path / paths.meta(AGENT_ID, FRAMEWORK_ID)) == [paths.FRAMEWORK_INFO]


def test_many_files_are_deleted_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.agent.forgetting._DELETED_AT_ONCE", 10)
    kept = Kept(tmp_path)
    folder = tmp_path / paths.meta(AGENT_ID, FRAMEWORK_ID, "e1", RUN) / "tasks"
    for number in range(30):
        (folder / f"x{number}").mkdir()
        (folder / f"x{number}" / paths.TASK_INFO).touch()
    kept.forgetting.give_up(_RUN)
    kept.forget()
    kept.forgetting.work()
    assert 20 <= len(names(folder)) <= 31
    assert kept.forgetting
    kept.work()
    assert not folder.exists()


def test_only_the_latest_tasks_of_a_run_that_goes_on_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.agent.forgetting.TASKS_KEPT", 5)
    kept = Kept(tmp_path)
    ids = [f"t{number}" for number in range(8)]
    folder = paths.meta(AGENT_ID, FRAMEWORK_ID, "e1", RUN)
    for task_id in ids:
        kept.save(SaveTask("e1", RUN, task(task_id)))
        kept.disk.append(f"{folder}/tasks/{task_id}/{paths.TASK_UPDATES}", b"")
    for task_id in ids:
        kept.forgetting.over(_RUN, task_id)
    assert names(tmp_path / folder / "tasks") == sorted(ids[3:])
    kept.forgetting.completed(_RUN)
    for task_id in ids[3:]:
        kept.forgetting.over(_RUN, task_id)
    assert len(names(tmp_path / folder / "tasks")) == 5


def test_what_is_not_kept_is_forgotten_easily(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.forgetting.forget(DiscardExecutor("passing", "e9", "c9"))
    kept.forgetting.forget_framework("passing")
    kept.work()
    assert kept.executors() == ["e1"]
