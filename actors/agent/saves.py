"""Which files a save changes, and to what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from actors.agent import paths
from actors.agent.checkpoints import encode, seal
from actors.agent.retained import ResourceState
from transport.messages.checkpointing import (
    ForgetAgentId,
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

FileSave: TypeAlias = (
    SaveAgent
    | ForgetAgentId
    | SaveFramework
    | SaveFrameworkEnd
    | SaveExecutor
    | SaveTask
    | SaveResources
    | SaveDrain
    | SaveEnding
    | SaveCompletion
)
#: A file, and what is to be in it; None: it is to be removed.
Change: TypeAlias = tuple[str, bytes | None]


def changes(agent_id: str | None, save: FileSave) -> Iterator[Change]:
    """The files of a save, in the order in which they must appear.

    Raises ValueError where an id is missing or cannot be part of a path.
    """
    if isinstance(save, SaveResources):
        yield paths.RESOURCES, encode(ResourceState(resources=save.resources, operations=save.operations))
    elif isinstance(save, SaveAgent):
        if save.info.id is None:
            raise ValueError("SaveAgent.info.id: must be set")
        yield f"{paths.meta(save.info.id.value)}/{paths.AGENT_INFO}", encode(save.info)
        yield paths.LATEST_AGENT, seal(save.info.id.value)
    elif isinstance(save, ForgetAgentId):
        yield paths.LATEST_AGENT, None
    elif agent_id is None:
        raise ValueError(f"{type(save).__name__}: the agent has no id yet")
    else:
        yield from _below(agent_id, save)


def _below(
    agent_id: str,
    save: SaveFramework
    | SaveFrameworkEnd
    | SaveExecutor
    | SaveTask
    | SaveDrain
    | SaveEnding
    | SaveCompletion,
) -> Iterator[Change]:
    if isinstance(save, SaveDrain):
        content = None if save.config is None else encode(save.config)
        yield f"{paths.meta(agent_id)}/{paths.DRAIN_CONFIG}", content
    elif isinstance(save, SaveFramework):
        if save.info.id is None:
            raise ValueError("SaveFramework.info.id: must be set")
        yield f"{paths.meta(agent_id, save.info.id.value)}/{paths.FRAMEWORK_INFO}", encode(save.info)
    elif isinstance(save, SaveFrameworkEnd):
        yield f"{paths.meta(agent_id, save.framework_id)}/{paths.FRAMEWORK_INFO}", None
    elif isinstance(save, SaveExecutor):
        yield from _executor(agent_id, save)
    elif isinstance(save, SaveTask):
        framework_id, task_id = save.task.framework_id.value, save.task.task_id.value
        folder = paths.meta(agent_id, framework_id, save.executor_id, save.container_id, task_id)
        yield f"{folder}/{paths.TASK_INFO}", encode(save.task)
    elif isinstance(save, SaveEnding):
        run = paths.meta(agent_id, save.framework_id, save.executor_id, save.ending.container_id)
        yield f"{run}/{paths.ENDING}", encode(save.ending)
    else:
        run = paths.meta(agent_id, save.framework_id, save.executor_id, save.container_id)
        yield f"{run}/{paths.COMPLETED}", b""


def _executor(agent_id: str, save: SaveExecutor) -> Iterator[Change]:
    if save.info.framework_id is None:
        raise ValueError("SaveExecutor.info.framework_id: must be set")
    framework_id, executor_id = save.info.framework_id.value, save.info.executor_id.value
    folder = paths.meta(agent_id, framework_id, executor_id)
    paths.meta(agent_id, framework_id, executor_id, save.container_id)  # refuses a bad container id
    # Before the description, lest a power failure between the two make another executor of it.
    yield f"{folder}/{paths.GENERATED_EXECUTOR}", b"" if save.generated else None
    yield f"{folder}/{paths.EXECUTOR_INFO}", encode(save.info)
    yield f"{folder}/{paths.LATEST_RUN}", seal(save.container_id)
