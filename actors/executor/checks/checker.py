"""The looks of one check, one after the other, done by the containerizer or the prober of the node."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from actors.executor.checks.look import CommandLook, HttpLook, Look, Schedule, Seen, TcpLook
from actors.executor.container_spec import container_spec, variables
from actors.process import Process
from actors.system import Timer
from transport.messages.container_spec import ContainerSpec
from transport.messages.containing import ContainerEnded, DestroyContainer, LaunchContainer
from transport.messages.probing import Probed, ProbeHttp, ProbeTcp
from transport.pid import Pid

#: What a look without a time-out may take at the prober.
_LONGEST_SECONDS = 3600.0
#: So much later than here a time-out strikes at the prober, whose answer would not tell it from a refusal.
_SLACK_SECONDS = 1.0


class Surroundings(msgspec.Struct, frozen=True):
    """Where a task's checks run, and who does them."""

    #: What the task itself is run as, whose sandbox, environment and user a command's look gets.
    spec: ContainerSpec
    container_id: str
    containerizer: Pid
    prober: Pid
    #: Numbers the looks of the executor.
    next_number: Callable[[], int]


class Checker:
    """Looks at a task for a process, in its turns; each look's outcome goes to `take`."""

    def __init__(
        self,
        process: Process,
        look: Look,
        schedule: Schedule,
        surroundings: Surroundings,
        take: Callable[[Seen], None],
    ) -> None:
        self._process = process
        self._look = look
        self._schedule = schedule
        self._surroundings = surroundings
        self._take = take
        #: The look under way.
        self._number: int | None = None
        self._timer: Timer | None = None
        self._stopped = False
        #: Of the task's own network; None: it is that of the host.
        self._addresses: tuple[str, ...] | None = None

    def move(self, addresses: tuple[str, ...]) -> None:
        """The task has a network of its own, where these addresses are its."""
        self._addresses = addresses

    def start(self) -> None:
        """Look for the first time after the delay."""
        self._timer = self._process.delay(self._schedule.delay_seconds, self._begin)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        self._cancel()
        if self._number is not None:
            self._give_up()
            self._number = None

    def ended(self, message: ContainerEnded) -> bool:
        """A container is no more: whether it was that of the look under way."""
        if self._number is None or message.container_id != self._container_id:
            return False
        status = message.status
        if status is not None and os.WIFEXITED(status):
            self._end(Seen(exit_code=os.WEXITSTATUS(status)))
        elif status is not None:
            self._end(Seen(error=f"the command was ended by signal {os.WTERMSIG(status)}"))
        else:
            self._end(Seen(error=message.error or "the command's exit status is not known"))
        return True

    def probed(self, message: Probed) -> bool:
        """The prober answers: whether it was about the look under way."""
        if self._number is None or message.number != self._number:
            return False
        connected = message.error is None if isinstance(self._look, TcpLook) else None
        self._end(Seen(None, message.status_code, connected, message.error))
        return True

    def _begin(self) -> None:
        around, timeout = self._surroundings, self._schedule.timeout_seconds
        number = self._number = around.next_number()
        limit = (timeout or _LONGEST_SECONDS) + _SLACK_SECONDS
        # Before anything is sent: what cannot even be begun ends the look at once.
        if timeout is not None:
            self._timer = self._process.delay(timeout, self._overdue, timeout)
        match self._look:
            case CommandLook():
                self._run(self._look)
            case HttpLook(host, port, path, scheme):
                if at := self._address(host):
                    self._process.send(around.prober, ProbeHttp(number, at, port, path, limit, scheme))
            case TcpLook(host, port):
                if at := self._address(host):
                    self._process.send(around.prober, ProbeTcp(number, at, port, limit))

    def _address(self, local: str) -> str | None:
        """Where the task listens, by the same version of IP; None: nowhere, which is told then."""
        if self._addresses is None:
            return local
        found = next((one for one in self._addresses if (":" in one) == (":" in local)), None)
        if found is None:
            self._end(Seen(error="the container has no address of its own network"))
        return found

    def _run(self, look: CommandLook) -> None:
        around, task = self._surroundings, self._surroundings.spec
        environment = {**task.environment, **variables(look.command.environment)}
        try:
            spec = container_spec(
                look.command, environment=environment, directory=task.directory, user=task.user
            )
        except ValueError as error:
            self._end(Seen(error=str(error)))
            return
        self._process.send(
            around.containerizer, LaunchContainer(self._container_id, replace(spec, inside=True))
        )

    @property
    def _container_id(self) -> str:
        return f"{self._surroundings.container_id}.check-{self._number}"

    def _overdue(self, timeout_seconds: float) -> None:
        self._give_up()
        self._end(Seen(error=f"it took longer than {timeout_seconds:g} s"))

    def _give_up(self) -> None:
        if isinstance(self._look, CommandLook):
            self._process.send(self._surroundings.containerizer, DestroyContainer(self._container_id))

    def _end(self, seen: Seen) -> None:
        self._number = None
        self._cancel()
        if seen.error is not None:
            self._process.log.debug("look at a task failed", reason=seen.error)
        # It may be the look that ends the task, and this with it.
        self._take(seen)
        if not self._stopped:
            self._timer = self._process.delay(self._schedule.interval_seconds, self._begin)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
