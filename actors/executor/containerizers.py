"""Puts together what makes the containers of an executor node, by the flags.

Imported is what is asked for alone: a node of plain processes needs nothing of Docker, nor of Linux.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from actors.agent.container_flags import ContainerFlags
from actors.agent.container_rules import docker_config, launcher_of
from actors.executor.containerizer import Delay
from actors.executor.containment.isolators import read_isolators, subsystems
from containerizers.composing import DOCKER, MESOS, ComposingContainerizer
from containerizers.containerizer import Containerizer, Notify, Usage
from containerizers.process import ProcessContainerizer
from containerizers.switchboard import Switchboard

Fault: TypeAlias = Callable[[str], None]


class CountsErrors(Protocol):
    """What knows how many containers could not be ended."""

    @property
    def destroy_errors(self) -> int: ...  # noqa: D102


class CountsPulls(Protocol):
    """What knows how long the latest pulls took."""

    @property
    def pull_seconds(self) -> Iterable[float]: ...  # noqa: D102


def no_fault(_text: str) -> None:
    """Nothing is armed, and nobody listens."""


class Containerizers:
    """Makes containerizers, one after the other: each comes when the one before is of no use."""

    def __init__(
        self,
        runtime_dir: Path,
        flags: ContainerFlags | None = None,
        fault: Fault = no_fault,
        say: Callable[[str], None] = no_fault,
    ) -> None:
        """Make none yet; raises FlagError. Without `flags` all are plain processes.

        `say` is told what containers go without on this host, or of this user, a sentence each.
        """
        flags = flags or ContainerFlags()
        self._say = say
        self._flags = flags
        self._runtime_dir = runtime_dir
        self._fault = fault
        self._launcher = launcher_of(flags)
        self._config = docker_config(flags)
        self._present: Containerizer | None = None
        self._counts_errors: CountsErrors | None = None
        self._counts_pulls: CountsPulls | None = None
        #: Holds the consoles of all containers, whichever of them made these.
        self.switchboard = Switchboard()

    def __call__(self, notify: Notify, _delay: Delay) -> Containerizer:
        """Make the next one."""
        if self._present is not None:
            self._present.close()
        names = self._flags.containerizers.split(",")
        makers = {name: self._docker if name == DOCKER else self._mesos for name in names}
        if names == [MESOS]:
            self._present = self._mesos(notify)
        else:
            self._present = ComposingContainerizer(makers, notify)
        return self._present

    def usage(self) -> Mapping[str, Usage]:
        """What all containers use; may take a while."""
        return {} if self._present is None else self._present.usage()

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """The processes of all containers; may take a while."""
        return {} if self._present is None else self._present.processes()

    def destroy_errors(self) -> int:
        """How many containers could not be ended."""
        return 0 if self._counts_errors is None else self._counts_errors.destroy_errors

    def pull_seconds(self) -> tuple[float, ...]:
        """How long the latest pulls of images took, newest last."""
        return () if self._counts_pulls is None else tuple(self._counts_pulls.pull_seconds)

    def _mesos(self, notify: Notify) -> Containerizer:
        return self._linux(notify) if self._launcher == "linux" else self._posix(notify)

    def _posix(self, notify: Notify) -> Containerizer:
        return ProcessContainerizer(self._runtime_dir, notify, self.switchboard)

    def _linux(self, notify: Notify) -> Containerizer:
        from containerizers.linux.containerizer import (  # noqa: PLC0415  as said above
            LinuxContainerizer,
            LinuxSettings,
        )

        flags = self._flags
        settings = LinuxSettings(
            subsystems=subsystems(read_isolators(flags.isolation)),
            hierarchy=str(flags.cgroups_hierarchy),
            root=flags.cgroups_root,
            limits_swap=flags.cgroups_limit_swap,
            processes=flags.container_processes or None,
        )
        made = LinuxContainerizer(self._runtime_dir, notify, self.switchboard, settings, self._fault)
        for sentence in made.left_out:
            self._say(sentence)
        self._counts_errors = made
        return made

    def _docker(self, notify: Notify) -> Containerizer:
        from containerizers.docker.containerizer import DockerContainerizer  # noqa: PLC0415  likewise
        from containerizers.docker.settings import DockerSettings  # noqa: PLC0415  likewise

        flags = self._flags
        size = flags.container_log_max_size
        settings = DockerSettings(
            socket=flags.docker_socket,
            remove_delay_seconds=flags.docker_remove_delay.seconds,
            stop_timeout_seconds=flags.docker_stop_timeout.seconds,
            kills_orphans=flags.docker_kill_orphans,
            config=self._config,
            processes=flags.container_processes or None,
            log_max_bytes=None if size is None else size.bytes,
            log_files=flags.container_log_files,
        )
        made = DockerContainerizer(self._runtime_dir, notify, settings, self._fault, self.switchboard)
        self._counts_pulls = made
        return made
