from __future__ import annotations

import pytest

from actors.agent import paths
from actors.agent.saves import FileSave, changes
from tests.actors.agent.kept import AGENT_ID, FRAMEWORK_ID, RUN, agent, executor, framework, task
from transport.messages.checkpointing import (
    SaveAgent,
    SaveCompletion,
    SaveDrain,
    SaveEnding,
    SaveExecutor,
    SaveFramework,
    SaveFrameworkEnd,
    SaveResources,
    SaveTask,
)
from transport.messages.hosting import ExecutorEnding
from transport.records.agent import DrainConfig

_META = "meta/slaves/m1-S0"
_EXECUTOR = f"{_META}/frameworks/m1-0000/executors/e1"


@pytest.mark.parametrize(
    ("save", "files"),
    [
        (SaveAgent(agent()), [f"{_META}/slave.info", "meta/slaves/latest"]),
        (SaveResources(()), ["meta/resources/resources_and_operations.state"]),
        (SaveDrain(DrainConfig()), [f"{_META}/drain.config"]),
        (SaveFramework(framework()), [f"{_META}/frameworks/m1-0000/framework.info"]),
        (
            SaveExecutor(executor(), RUN, generated=True),
            [
                f"{_EXECUTOR}/executor_generated_for_command_task",
                f"{_EXECUTOR}/executor.info",
                f"{_EXECUTOR}/runs/latest",
            ],
        ),
        (SaveTask("e1", RUN, task()), [f"{_EXECUTOR}/runs/{RUN}/tasks/t1/task.info"]),
        (
            SaveEnding(FRAMEWORK_ID, "e1", ExecutorEnding(container_id=RUN)),
            [f"{_EXECUTOR}/runs/{RUN}/executor.ending"],
        ),
        (SaveCompletion(FRAMEWORK_ID, "e1", RUN), [f"{_EXECUTOR}/runs/{RUN}/executor.sentinel"]),
    ],
)
def test_everything_is_saved_where_mesos_saves_it(save: FileSave, files: list[str]) -> None:
    told = list(changes(AGENT_ID, save))
    assert [path for path, _ in told] == files
    assert all(content is not None for _, content in told)


def test_what_is_not_so_any_more_is_removed() -> None:
    assert list(changes(AGENT_ID, SaveDrain(None))) == [(f"{_META}/drain.config", None)]
    framework_info = f"{_META}/frameworks/{FRAMEWORK_ID}/framework.info"
    assert list(changes(AGENT_ID, SaveFrameworkEnd(FRAMEWORK_ID))) == [(framework_info, None)]
    generated = f"{_EXECUTOR}/{paths.GENERATED_EXECUTOR}"
    assert (generated, None) in changes(AGENT_ID, SaveExecutor(executor(), RUN))


def test_only_an_agent_with_an_id_can_keep_what_belongs_to_it() -> None:
    for save in (SaveDrain(None), SaveTask("e1", RUN, task())):
        with pytest.raises(ValueError, match="the agent has no id yet"):
            list(changes(None, save))
    assert len(list(changes(None, SaveAgent(agent())))) == 2
