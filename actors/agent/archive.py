"""The actor `archive`: keeps what must survive the agent, and makes the sandboxes."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

from actors.agent import paths
from actors.agent.batch import Batch
from actors.agent.checkpoints import seal, unseal
from actors.agent.flags import AgentFlags
from actors.agent.recovery import recover
from actors.agent.sandboxes import SandboxError, Sandboxes
from actors.agent.saves import changes
from actors.disk import Disk
from actors.process import Process, handles
from transport.envelope import Envelope
from transport.message import Message
from transport.messages.checkpointing import (
    AgentRecovered,
    Archive,
    Archived,
    DiscardExecutor,
    Flush,
    ForgetExecutor,
    ForgetFramework,
    Leftovers,
    MakeSandbox,
    RecoverAgent,
    RemoveVolumes,
    Save,
    SaveAgent,
    SaveCompletion,
)
from transport.pid import Pid
from transport.records.agent_state import AgentCheckpoint

#: Files that are deleted in one turn.
_DELETED_AT_ONCE = 200


class Archivist(Process):
    """Answers an Archive once it is durable; a disk that fails crashes it.

    Requests that wait together share their syncs: a Flush is queued behind them and answers them all.
    It alone makes and removes folders of live executors, so that none is removed while it is made.
    """

    def __init__(self, flags: AgentFlags, sandboxes: Sandboxes, boot_id: str) -> None:
        self._strict = flags.strict
        self._sandboxes = sandboxes
        self._boot_id = boot_id
        self._boot_id_saved = False
        self._agent_id: str | None = None
        self._batch = Batch()
        self._flush_queued = False
        #: What to tell whom after the next flush, and because of what.
        self._answers: list[tuple[Pid, Message, Envelope | None]] = []
        #: What recovery found to be over, and what is to be forgotten as soon as it is over.
        self._left_over: set[DiscardExecutor] = set()
        self._forgettable: set[DiscardExecutor] = set()
        self._deletions: deque[Iterator[None]] = deque()

    @handles(RecoverAgent)
    def recover(self, sender: Pid, message: RecoverAgent) -> None:
        """Read everything back."""
        self._flush()
        checkpoint, leftovers = recover(self.system.disk, self._boot_id)
        for error in checkpoint.errors:
            self.log.error("checkpoint damaged", error=error, strict=self._strict)
        if self._strict and checkpoint.errors:
            self.send(sender, AgentRecovered(AgentCheckpoint(), checkpoint.errors[0]))
            return
        self._agent_id = leftovers.agent_id
        self._left_over = set(leftovers.executors)
        self.log.info(
            "checkpoint recovered",
            agent_id=self._agent_id,
            frameworks=len(checkpoint.frameworks),
            rebooted=checkpoint.rebooted,
        )
        self.send(self._garbage, leftovers)
        self.send(sender, AgentRecovered(checkpoint))

    @handles(Archive)
    def archive(self, sender: Pid, message: Archive) -> None:
        """Do what is asked, and answer with the next flush."""
        sandbox, error = "", None
        try:
            for save in message.saves:
                sandbox = self._save(save) or sandbox
        except (SandboxError, ValueError) as refusal:
            error = str(refusal)
            self.log.warning("save refused", error=error)
        self._answer(sender, Archived(message.request_id, sandbox, error))
        if self._batch:
            self._flush_soon()
        else:
            self._send_answers()

    @handles(Flush)
    def flush(self, sender: Pid, message: Flush) -> None:
        """Sync for all that wait, then go on with deleting."""
        self._flush_queued = False
        self._flush()
        if self._deletions:
            deletion = self._deletions[0]
            if sum(1 for _ in itertools.islice(deletion, _DELETED_AT_ONCE)) < _DELETED_AT_ONCE:
                self._deletions.popleft()
            if self._deletions:
                self._flush_soon()

    @handles(ForgetExecutor)
    def forget_executor(self, sender: Pid, message: ForgetExecutor) -> None:
        """Delete what is kept of a container, now or as soon as its updates are acknowledged."""
        self._flush()
        self._forget(DiscardExecutor(message.framework_id, message.executor_id, message.container_id))

    @handles(ForgetFramework)
    def forget_framework(self, sender: Pid, message: ForgetFramework) -> None:
        """Delete a framework's description when no executor needs it."""
        self._flush()
        if self._agent_id is None:
            return
        disk = self.system.disk
        folder = paths.meta(self._agent_id, message.framework_id)
        for executor in disk.list(f"{folder}/executors"):
            if paths.EXECUTOR_INFO in disk.list(f"{folder}/executors/{executor}"):
                return
        self._batch.remove(f"{folder}/{paths.FRAMEWORK_INFO}")
        self._flush()
        self._sandboxes.prune(folder)
        self._sandboxes.prune(paths.sandboxes(self._agent_id, message.framework_id))

    @property
    def _garbage(self) -> Pid:
        return Pid("garbage", *self.pid.address)

    def _save(self, save: Save) -> str | None:
        """Do one thing; returns the sandbox's path if it is that."""
        if isinstance(save, MakeSandbox):
            if self._agent_id is None:
                raise ValueError("MakeSandbox: the agent has no id yet")
            path = paths.sandboxes(self._agent_id, save.framework_id, save.executor_id, save.container_id)
            made = self._sandboxes.make(path, save.user, save.volumes)
            self.system.fault("agent.sandbox.made")
            return made
        if isinstance(save, RemoveVolumes):
            self._flush_files()  # the resources without them
            self._sandboxes.remove_volumes(save.volumes)
            self.system.fault("agent.volumes.removed")
            return None
        for path, content in changes(self._agent_id, save):
            if content is None:
                self._batch.remove(path)
            else:
                self._batch.replace(path, content)
        if isinstance(save, SaveAgent):
            self._name_agent(save)
        elif isinstance(save, SaveCompletion):
            run = DiscardExecutor(save.framework_id, save.executor_id, save.container_id)
            if run in self._forgettable:
                self._answer(self.pid, ForgetExecutor(*_ids(run)))
        return None

    def _name_agent(self, save: SaveAgent) -> None:
        agent_id = None if save.info.id is None else save.info.id.value
        others = () if self._agent_id in (None, agent_id) else (self._agent_id or "",)
        self._agent_id = agent_id
        self._answer(self._garbage, Leftovers(agent_id, others))

    def _flush_soon(self) -> None:
        if not self._flush_queued:
            self._flush_queued = True
            self.send(self.pid, Flush())

    def _answer(self, to: Pid, message: Message) -> None:
        self._answers.append((to, message, self._cause))

    def _flush(self) -> None:
        """Make durable what waits, and say so."""
        self._flush_files()
        self._send_answers()

    def _flush_files(self) -> None:
        if not self._batch:
            return
        if not self._boot_id_saved:
            # Not before: an agent that dies while it deals with a reboot has to deal with it again.
            self._batch.replace(paths.BOOT_ID, seal(self._boot_id))
            self._boot_id_saved = True
        self.system.fault("agent.archive.before_flush")
        self._batch.flush(self.system.disk)
        self.system.fault("agent.archive.after_flush")

    def _send_answers(self) -> None:
        answers, self._answers = self._answers, []
        for to, message, cause in answers:
            self.system.send(self.pid, to, message, cause)

    def _forget(self, run: DiscardExecutor) -> None:
        if self._agent_id is None:
            return
        disk = self.system.disk
        ids = (self._agent_id, *_ids(run))
        kept = paths.meta(*ids)
        executor = paths.meta(*ids[:3])
        is_latest = _latest(disk, f"{executor}/{paths.LATEST_RUN}") == run.container_id
        if is_latest and run not in self._left_over and paths.COMPLETED not in disk.list(kept):
            self._forgettable.add(run)  # its updates are not acknowledged yet
            return
        self._forgettable.discard(run)
        self._left_over.discard(run)
        if is_latest:
            # First and durably: what is left of the run without these means nothing to recovery.
            for name in (paths.EXECUTOR_INFO, paths.GENERATED_EXECUTOR, paths.LATEST_RUN):
                self._batch.remove(f"{executor}/{name}")
            self._flush()
        self._sandboxes.prune(paths.sandboxes(*ids))
        self._deletions.append(self._delete(kept))
        self._flush_soon()

    def _delete(self, folder: str) -> Iterator[None]:
        """Delete the files below a folder one by one, and then the folder."""
        yield from _remove_files(self.system.disk, folder)
        self._sandboxes.prune(folder)


def _ids(run: DiscardExecutor) -> tuple[str, str, str]:
    return run.framework_id, run.executor_id, run.container_id


def _latest(disk: Disk, path: str) -> str | None:
    try:
        return unseal(disk.read(path))
    except (FileNotFoundError, ValueError):
        return None


def _remove_files(disk: Disk, folder: str) -> Iterator[None]:
    """Remove what is in a folder, pausing after each file."""
    for name in disk.list(folder):
        path = f"{folder}/{name}"
        try:
            disk.remove(path)
        except IsADirectoryError:
            yield from _remove_files(disk, path)
        except FileNotFoundError:
            continue
        yield
