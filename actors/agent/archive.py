"""The actor `archive`: keeps what must survive the agent, and makes the sandboxes."""

from __future__ import annotations

from collections.abc import Iterator

from actors.agent import paths
from actors.agent.batch import Batch
from actors.agent.checkpoints import seal
from actors.agent.flags import AgentFlags
from actors.agent.forgetting import Forgetting
from actors.agent.recovery import recover
from actors.agent.sandboxes import SandboxError, Sandboxes
from actors.agent.saves import changes
from actors.process import Process, handles
from transport.envelope import Envelope
from transport.message import Message
from transport.messages.agent_state import AgentCheckpoint
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
    SaveFramework,
    SaveFrameworkEnd,
    StreamOver,
)
from transport.pid import Pid


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
        #: What is to be forgotten; None until the agent has an id.
        self._forgetting: Forgetting | None = None
        #: Runs that are completed with the next flush.
        self._completed: list[DiscardExecutor] = []

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
        self._take_id(leftovers.agent_id)
        if self._forgetting is not None:
            for run in leftovers.executors:
                self._forgetting.give_up(run)
            for run, task_id in _tasks_over(checkpoint):
                self._forgetting.over(run, task_id)
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
        if self._batch.is_full:
            self._flush()
        elif self._batch:
            self._flush_soon()
        else:
            self._send_answers()

    @handles(Flush)
    def flush(self, sender: Pid, message: Flush) -> None:
        """Sync for all that wait, then go on with deleting."""
        self._flush_queued = False
        self._flush()
        if self._forgetting:
            self._forgetting.work()
            self._work_soon()

    @handles(StreamOver)
    def forget_task(self, sender: Pid, message: StreamOver) -> None:
        """Take note of a task that need not be kept for long."""
        if self._forgetting is not None:
            ids = (message.framework_id, message.executor_id, message.container_id)
            self._forgetting.over(DiscardExecutor(*ids), message.task_id)

    @handles(ForgetExecutor)
    def forget_executor(self, sender: Pid, message: ForgetExecutor) -> None:
        """Delete what is kept of a container, now or as soon as its updates are acknowledged."""
        self._flush()
        if self._forgetting is not None:
            ids = (message.framework_id, message.executor_id, message.container_id)
            self._forgetting.forget(DiscardExecutor(*ids))
            self._work_soon()

    @handles(ForgetFramework)
    def forget_framework(self, sender: Pid, message: ForgetFramework) -> None:
        """Delete a framework's description, now or as soon as no executor needs it."""
        self._flush()
        if self._forgetting is not None:
            self._forgetting.forget_framework(message.framework_id)

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
        if isinstance(save, SaveFrameworkEnd):
            self._flush_files()  # before others are given what it held
        self._note(save)
        return None

    def _note(self, save: Save) -> None:
        """Take note of what a save means for others."""
        if isinstance(save, SaveAgent) and save.info.id is not None:
            others = () if self._agent_id is None else (self._agent_id,)
            if self._agent_id != save.info.id.value:
                self._take_id(save.info.id.value)
                self._answer(self._garbage, Leftovers(self._agent_id, others))
        elif isinstance(save, SaveFramework) and save.info.id is not None and self._forgetting is not None:
            self._forgetting.keep_framework(save.info.id.value)
        elif isinstance(save, SaveCompletion):
            self._completed.append(DiscardExecutor(save.framework_id, save.executor_id, save.container_id))

    def _take_id(self, agent_id: str | None) -> None:
        self._agent_id = agent_id
        if agent_id is None:
            self._forgetting = None
        else:
            self._forgetting = Forgetting(self.system.disk, self._sandboxes, agent_id)

    def _work_soon(self) -> None:
        if self._forgetting:
            self._flush_soon()

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
        completed, self._completed = self._completed, []
        if self._forgetting is not None:
            for run in completed:
                self._forgetting.completed(run)
            self._work_soon()

    def _send_answers(self) -> None:
        answers, self._answers = self._answers, []
        for to, message, cause in answers:
            self.system.send(self.pid, to, message, cause)


def _tasks_over(checkpoint: AgentCheckpoint) -> Iterator[tuple[DiscardExecutor, str]]:
    for framework in checkpoint.frameworks:
        for executor in framework.executors:
            if executor.run is None:
                continue
            for kept in executor.run.tasks:
                if 0 < len(kept.updates) == kept.acknowledged and kept.updates[-1].state.terminal:
                    framework_id, task_id = kept.task.framework_id.value, kept.task.task_id.value
                    executor_id = executor.info.executor_id.value
                    yield DiscardExecutor(framework_id, executor_id, executor.run.container_id), task_id
