"""The actor `executors` of an executor node: starts executors, and sees to it that their ends are known.

A built-in executor is an actor here, any other a container. Each end is told to the present agent, again and
again until that forgets it; the present agent is the last one that asked for something.
After the death of the whole node, executors of frameworks that checkpoint go on: a command executor is made
anew and adopts its task, an executor that is a process was never gone. All others have ended with the node.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from actors.executor.containerizer import CONTAINERIZER
from actors.executor.containment.containment import Containment
from actors.executor.endings import Endings
from actors.executor.hosted import HostedExecutor, MakeCommand, MakeDefault
from actors.executor.launches import Launch, Launches, strays
from actors.process import Process, handles
from actors.system import Timer
from containerizers.paths import check_id
from transport.messages.containing import (
    ContainerEnded,
    ContainerLaunched,
    ContainersFound,
    DestroyContainer,
    FindContainers,
    ForgetContainer,
    LaunchContainer,
)
from transport.messages.hosting import (
    DestroyExecutor,
    EndExecutorNode,
    ExecutorEnded,
    ExecutorEnding,
    ExecutorLaunched,
    ExecutorsRecovered,
    ForgetExecutor,
    KeepTask,
    LaunchExecutor,
    RecoverExecutors,
    TaskKept,
    UpdateExecutor,
)
from transport.messages.node import StopNode
from transport.pid import Pid
from transport.records.task_status import TaskStatus

#: The name of this actor on every executor node.
EXECUTORS = "executors"
#: When to ask the containerizer again, which may have crashed.
_ASK_AGAIN_SECONDS = 1.0
#: The pause before the successor of a containerizer that crashed is asked for the containers.
_ADOPTION_PAUSE_SECONDS = 0.2

_Reason = TaskStatus.Reason
M = TypeVar("M")


class ExecutorHost(Process):
    """Hosts the executors of one agent; answers as `hosting` says.

    `command` and `default` make the built-in executors. Without any agent for `recovery_timeout_seconds` it
    has the whole node stop. `process` is the number of the node's own process; `containment` says what
    containers are made from, None: plain processes.
    """

    def __init__(
        self,
        command: MakeCommand,
        default: MakeDefault,
        recovery_timeout_seconds: float,
        process: int | None = None,
        containment: Containment | None = None,
    ) -> None:
        self._process = process
        self._containment = containment or Containment()
        self._command = command
        self._default = default
        self._recovery_timeout_seconds = recovery_timeout_seconds

    def initialize(self) -> None:
        """Look what a host before this one left, and wait for the agent."""
        self._containerizer = Pid(CONTAINERIZER, *self.pid.address)
        self._launches = Launches(self.system.disk)
        self._agent: Pid | None = None
        #: The agent that learned last how things stand.
        self._recovered_by: Pid | None = None
        self._executors: dict[str, HostedExecutor] = {}
        #: Container ids of the built-in ones, by their actors.
        self._actors: dict[Pid, str] = {}
        self._endings = Endings(self, self._tell_ended)
        #: What the agent asked for before it was known what runs; None from then on.
        self._deferred: list[Callable[[], None]] | None = []
        self._patience: Timer | None = None
        self._lose_patience_in_time()
        self.link(self._containerizer)
        self._find_containers()

    def check_invariants(self) -> None:
        """Every executor has one place, and every actor its executor."""
        for actor, container_id in self._actors.items():
            assert self._executors[container_id].actor == actor
        for ending in self._endings.all():
            assert ending.container_id not in self._executors

    # What the agent asks for.

    @handles(LaunchExecutor)
    def launch(self, sender: Pid, message: LaunchExecutor) -> None:
        """Start an executor, once."""
        if self._is_deferred(self.launch, sender, message):
            return
        container_id = message.container_id
        executor = self._executors.get(container_id)
        ending = self._endings.get(container_id)
        if executor is not None:
            self._tell_launched(executor)
        elif ending is not None:
            self._tell_ended(ending)
        else:
            self._launch(message, sender)

    @handles(UpdateExecutor)
    def update(self, sender: Pid, message: UpdateExecutor) -> None:
        """What an executor may use has changed."""
        executor = self._executors.get(message.container_id)
        if self._is_deferred(self.update, sender, message) or executor is None or executor.is_built_in:
            return
        self.send(self._containerizer, executor.update(self._containment, message.resources))

    @handles(DestroyExecutor)
    def destroy(self, sender: Pid, message: DestroyExecutor) -> None:
        """Kill an executor, and everything in its container."""
        if self._is_deferred(self.destroy, sender, message):
            return
        name = message.container_id
        if name in self._executors:
            self._destroy(name)
        else:
            self._tell_ended(self._endings.get(name) or ExecutorEnding(container_id=name))

    @handles(ForgetExecutor)
    def forget(self, sender: Pid, message: ForgetExecutor) -> None:
        """The agent has dealt with an end."""
        if not self._is_deferred(self.forget, sender, message):
            self._forget(message.container_id)

    @handles(RecoverExecutors)
    def recover(self, sender: Pid, message: RecoverExecutors) -> None:
        """Tell an agent how things stand; when it is a new one, end what it knows nothing of.

        The question may come late or twice, and is older then than what the agent launched since.
        """
        if self._is_deferred(self.recover, sender, message):
            return
        known = frozenset(message.known)
        if sender != self._recovered_by:
            self._recovered_by = sender
            self._end_unknown(known)
        running = {
            container_id: executor.actor
            for container_id, executor in self._executors.items()
            if not executor.forgotten
        }
        self.log.info("executors recovered", running=len(running), ended=len(self._endings.all()))
        known_processes = {name: self._process_of(self._executors[name]) for name in running}
        processes = {name: process for name, process in known_processes.items() if process is not None}
        self.send(sender, ExecutorsRecovered(running, self._endings.all(), processes))

    def _end_unknown(self, known: frozenset[str]) -> None:
        for container_id in tuple(self._executors):
            if container_id not in known:
                self.log.info("unknown executor destroyed", container_id=container_id)
                self._executors[container_id].forgotten = True
                self._destroy(container_id)
        for ending in self._endings.all():
            if ending.container_id not in known:
                self._forget(ending.container_id)

    @handles(EndExecutorNode)
    def end_node(self, sender: Pid, message: EndExecutorNode) -> None:
        """The agent is not to come back."""
        if self._agent is not None and sender.address == self._agent.address:
            self._stop_node("the agent left for good")

    @handles(KeepTask)
    def keep(self, sender: Pid, message: KeepTask) -> None:
        """Remember what an executor runs, before it is begun, and before it is ended."""
        container_id = message.container_id
        if sender.name != _name(container_id) or container_id not in self._executors:
            return
        error = self._write(container_id, partial(self._launches.keep_task, message))
        self.system.fault("executors.keep_task.after")
        self.send(sender, TaskKept(error, message.killed))

    # What became of them.

    @handles(ContainerLaunched)
    def container_launched(self, sender: Pid, message: ContainerLaunched) -> None:
        """An executor that is a container runs."""
        executor = self._executors.get(message.container_id)
        if executor is not None:
            executor.process = message.process
            self._tell_launched(executor)

    @handles(ContainerEnded)
    def container_ended(self, sender: Pid, message: ContainerEnded) -> None:
        """Nothing is left in an executor's container."""
        executor = self._executors.get(message.container_id)
        if executor is None:
            return
        self._ended(executor.ending(message))

    def exited(self, pid: Pid) -> None:
        """An executor's actor has ended, the agent is gone, or the containerizer crashed."""
        container_id = self._actors.pop(pid, None)
        if container_id is not None and not self._made_again(container_id):
            # Its containers are destroyed for having lost their owner; the end is told when they are gone.
            self.send(self._containerizer, DestroyContainer(container_id))
        elif container_id is not None:
            return
        elif pid == self._agent:
            self.log.info("agent gone", agent=str(pid))
            self._agent = None
            self._lose_patience_in_time()
        elif pid == self._containerizer:
            self.delay(_ADOPTION_PAUSE_SECONDS, self._adopt)

    def _adopt(self) -> None:
        """Tell a new containerizer what the one before it was told."""
        self.link(self._containerizer)
        for container_id, executor in self._executors.items():
            if executor.actor is None and not executor.destroyed:
                self.send(self._containerizer, executor.adoption(self._containment))
            elif executor.actor not in self._actors:
                self.send(self._containerizer, DestroyContainer(container_id))

    # After the death of the node.

    def _find_containers(self) -> None:
        if self._deferred is not None:
            self.send(self._containerizer, FindContainers())
            self.delay(_ASK_AGAIN_SECONDS, self._find_containers)

    @handles(ContainersFound)
    def found(self, sender: Pid, message: ContainersFound) -> None:
        """Go on where the host before this one ended; then do what was asked for meanwhile."""
        if self._deferred is None:
            return
        kept = self._launches.load()
        for container_id, launch in kept.items():
            self._resume(container_id, launch, message.is_complete or container_id in message.container_ids)
        for container_id in strays(message.container_ids, kept, message.begun):
            self.log.info("stray container destroyed", container_id=container_id)
            self.send(self._containerizer, DestroyContainer(container_id))
        for container_id in message.begun:
            if container_id not in kept and container_id not in message.container_ids:
                self.send(self._containerizer, ForgetContainer(container_id))
        deferred, self._deferred = self._deferred, None
        for action in deferred:
            action()

    def _resume(self, container_id: str, kept: Launch, goes_on: bool) -> None:
        executor = self._executors[container_id] = HostedExecutor(kept.launch)
        executor.recovered = True
        self.log.info("executor resumed", container_id=container_id)
        if not executor.is_built_in:
            self.send(self._containerizer, executor.adoption(self._containment))
            return
        if kept.launch.generated and goes_on:
            # Its task, if one was kept, is adopted, or begun if it never was: after a boot that is not known.
            executor.again = partial(self._command, kept.launch, kept.agent, self._containerizer, kept.task)
        # It lives if only this actor has crashed; if not, that is what `exited` tells.
        self._watch(executor, Pid(_name(container_id), *self.pid.address))

    def _made_again(self, container_id: str) -> bool:
        """Whether an executor whose actor is no more has another one, which goes on."""
        executor = self._executors[container_id]
        again, executor.again = executor.again, None
        if again is None or executor.destroyed:
            return False
        self.log.info("executor made again", container_id=container_id)
        self._host(executor, again)
        # An agent that asked before was told of the one that is no more.
        self._tell_launched(executor)
        return True

    # How it works.

    def _launch(self, launch: LaunchExecutor, agent: Pid) -> None:
        container_id = launch.container_id
        executor = HostedExecutor(launch)
        try:
            check_id(container_id)
            if launch.framework.checkpoint:
                self._launches.keep(agent, launch)
                self.system.fault("executors.keep.after")
            self._executors[container_id] = executor
            if executor.is_built_in:
                make = self._command if launch.generated else self._default
                self._host(executor, partial(make, launch, agent, self._containerizer))
            else:
                spec = self._containment.executor(launch)
                kept = bool(launch.framework.checkpoint)
                self.send(self._containerizer, LaunchContainer(container_id, spec, is_kept=kept))
        except (ValueError, OSError, RuntimeError) as error:  # a bad executor, a full disk, no more threads
            reason = _Reason.REASON_CONTAINER_LAUNCH_FAILED
            self._ended(ExecutorEnding(container_id=container_id, reason=reason, message=str(error)))
            return
        self.log.info("executor launched", **executor.names)
        self._tell_launched(executor)

    def _host(self, executor: HostedExecutor, make: Callable[[], Process]) -> None:
        self._watch(executor, self.spawn(make, _name(executor.launch.container_id)))

    def _watch(self, executor: HostedExecutor, actor: Pid) -> None:
        executor.actor = actor
        self._actors[actor] = executor.launch.container_id
        self.link(actor)

    def _destroy(self, container_id: str) -> None:
        executor = self._executors[container_id]
        executor.destroyed = True
        if executor.actor is None:
            self.send(self._containerizer, DestroyContainer(container_id))
        else:
            self.terminate(executor.actor)

    def _ended(self, ending: ExecutorEnding) -> None:
        container_id = ending.container_id
        executor = self._executors.pop(container_id, None)
        self.log.info("executor ended", container_id=container_id, reason=ending.message)
        if executor is not None and executor.forgotten:
            self._forget(container_id)
        else:
            self._endings.add(ending)

    def _forget(self, container_id: str) -> None:
        self._endings.forget(container_id)
        if container_id in self._executors:
            return
        if not self._write(container_id, partial(self._launches.forget, container_id)):
            self.send(self._containerizer, ForgetContainer(container_id))

    def _write(self, container_id: str, write: Callable[[], None]) -> str:
        """Write something down if that can be done, else tell why not: that must not end what runs."""
        try:
            write()
        except OSError as error:
            self.log.warning("executor's record not written", container_id=container_id, reason=str(error))
            return str(error)
        return ""

    def _tell_launched(self, executor: HostedExecutor) -> None:
        process = self._process_of(executor)
        if self._agent is not None and (executor.actor is not None or process is not None):
            self.send(self._agent, ExecutorLaunched(executor.launch.container_id, process))

    def _process_of(self, executor: HostedExecutor) -> int | None:
        return executor.process if executor.actor is None else self._process

    def _tell_ended(self, ending: ExecutorEnding) -> None:
        if self._agent is not None:
            self.send(self._agent, ExecutorEnded(ending))

    def _is_deferred(self, handler: Callable[[Pid, M], None], agent: Pid, message: M) -> bool:
        """Take note of the agent; True when its wish must wait for what is being looked up."""
        self._meet(agent)
        if self._deferred is None:
            return False
        self._deferred.append(partial(handler, agent, message))
        return True

    def _meet(self, agent: Pid) -> None:
        if agent == self._agent:
            return
        self.log.info("agent here", agent=str(agent))
        if self._agent is not None:
            self.unlink(self._agent)
        self._agent = agent
        self.link(agent)
        self._endings.hurry()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience_in_time(self) -> None:
        self._patience = self.delay(self._recovery_timeout_seconds, self._stop_node, "no agent came back")

    def _stop_node(self, reason: str) -> None:
        self.log.warning("executor node ends", reason=reason)
        self.send(Pid("node", *self.pid.address), StopNode())
        self.terminate()


def _name(container_id: str) -> str:
    """The name of a built-in executor's actor."""
    return f"executor-{container_id}"
