"""Puts together what a container is made from: for a task, an executor, or an operator's container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from actors.executor.container_spec import (
    PATH,
    check_environment,
    check_secrets,
    console_of,
    container_spec,
    role_of,
    variables,
    visible,
    wanted_files,
)
from actors.executor.containment.docker import docker_command, docker_of
from actors.executor.containment.docker_volumes import persistent_volumes
from actors.executor.containment.host_paths import Resolve
from actors.executor.containment.isolation import isolation_of
from actors.executor.containment.limits import limits_of
from actors.executor.containment.rules import PLAIN, Rules
from actors.executor.containment.volumes import Links, Place, links_of, mounts_of, volume_limits
from transport.messages.container_spec import ConsoleSpec, ContainerSpec, Limits
from transport.messages.hosting import LaunchExecutor
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.value import Value

_Type = ContainerInfo.Type
#: Names of containers of Docker begin so (§3.7).
DOCKER_NAME: Final = "mesos-"


class Contained(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be contained, whatever it is."""

    container_id: str
    command: CommandInfo | None
    container: ContainerInfo | None
    place: Place
    #: A user's name; None: that of the node.
    user: str | None
    environment: Mapping[str, str]
    resources: tuple[Resource, ...] = ()
    #: None: what the container around it may use.
    limits: Limits | None = None
    labels: Mapping[str, str] = {}


class Containment:
    """Every method raises ValueError, naming the field and the rule, for what cannot be had."""

    def __init__(self, rules: Rules = PLAIN, resolve: Resolve = lambda path: path) -> None:
        """`resolve` follows the symbolic links of a path of this host."""
        self.rules = rules
        self._resolve = resolve

    def container_of(self, container: ContainerInfo | None) -> ContainerInfo | None:
        """What a container is to be, said by itself or by the agent's flags."""
        return self.rules.default_container if container is None else container

    def task(self, launch: LaunchExecutor, task: TaskInfo, container_id: str) -> ContainerSpec:
        """A task that is a command, in the container of the executor that was made up for it."""
        container = self.container_of(task.container)
        sandbox = launch.sandbox
        docker = is_docker(container)
        # Of an executor beside it Docker's container knows nothing; any other is part of the executor's.
        held = task.resources if docker else (*task.resources, *launch.executor.resources)
        around = {} if docker else {"PATH": PATH, **visible(launch.environment)}
        return self._spec(
            Contained(
                container_id=container_id,
                command=task.command,
                container=container,
                place=Place(sandbox),
                user=launch.user,
                environment=self._task_environment(around, task, container, container_id, sandbox),
                resources=task.resources,
                limits=self.limits(held, task.limits),
                labels=_labels(launch, task),
            )
        )

    def nested_task(
        self, launch: LaunchExecutor, task: TaskInfo, container_id: str, sandbox: str, address: str
    ) -> ContainerSpec:
        """A task of the default executor, in a container nested in the executor's.

        `address` is that of the network that they share.
        """
        container = self.container_of(task.container)
        if is_docker(container):
            raise ValueError("container.type: Docker ContainerInfo is not supported on a task of a group")
        around = {"MESOS_CONTAINER_IP": address, "PATH": PATH, **visible(launch.environment)}
        linux = None if container is None else container.linux_info
        own = bool(task.limits) or (linux is not None and linux.share_cgroups is False)
        return self._spec(
            Contained(
                container_id=container_id,
                command=task.command,
                container=container,
                place=Place(sandbox, launch.sandbox),
                user=launch.user,
                environment=self._task_environment(around, task, container, container_id, sandbox),
                resources=(*launch.executor.resources, *task.resources),
                limits=self.limits(task.resources, task.limits) if own else None,
            )
        )

    def executor(self, launch: LaunchExecutor) -> ContainerSpec:
        """A framework's own executor."""
        executor = launch.executor
        container = self.container_of(executor.container)
        if is_docker(container):
            environment = {**launch.environment, **self._docker_environment(launch.container_id)}
        else:
            environment = {"PATH": PATH, **launch.environment}
        return self._spec(
            Contained(
                container_id=launch.container_id,
                command=executor.command,
                container=container,
                place=Place(launch.sandbox),
                user=launch.user,
                environment=environment,
                resources=executor.resources,
                limits=self.limits(executor.resources, {}),
                labels=_labels(launch, None),
            )
        )

    def guest(self, contained: Contained) -> ContainerSpec:
        """An operator's container."""
        if is_docker(contained.container):
            raise ValueError("container.type: must be MESOS for a container that an operator launches")
        return self._spec(contained)

    def session(self, contained: Contained) -> ContainerSpec:
        """What an operator runs in all that another container is kept in, and reads the output of himself."""
        container = contained.container
        if is_docker(container):
            raise ValueError("container.type: must be MESOS for a session, which is made of processes")
        if container is not None:
            _check_mesos(container)
            if container.volumes:
                raise ValueError("container.volumes: a session sees what the container around it does")
        command = contained.command
        if command is not None:
            check_secrets(command.environment)
        spec = container_spec(
            command,
            environment=contained.environment,
            directory=contained.place.directory,
            user=contained.user,
            container=container,
        )
        console = replace(spec.console or ConsoleSpec(), waits=True)
        return replace(spec, stdout=None, stderr=None, console=console, inside=True)

    def family(self, launch: LaunchExecutor, tasks: Iterable[TaskInfo]) -> Limits:
        """What the default executor may use with all of its tasks."""
        resources = [*launch.executor.resources]
        for task in tasks:
            resources.extend(task.resources)
        # Limits of its tasks are not those of all together, of which each may have more than it asked for.
        limits = self.limits(tuple(resources), {})
        return replace(limits, memory_limit_bytes=None) if any(task.limits for task in tasks) else limits

    def links(self, container: ContainerInfo | None, resources: Iterable[Resource] = ()) -> Links:
        """What a nested sandbox shows by symbolic links of the one around it."""
        return links_of(container, resources, self.rules)

    def limits(self, resources: Iterable[Resource], limits: Mapping[str, Value.Scalar]) -> Limits:
        """What a container may use that was given these resources."""
        resources = tuple(resources)
        volumes = volume_limits(resources, self.rules)
        return limits_of(resources, limits, volumes, caps_cpus=self.rules.caps_cpus)

    def _task_environment(
        self,
        around: Mapping[str, str],
        task: TaskInfo,
        container: ContainerInfo | None,
        container_id: str,
        sandbox: str,
    ) -> dict[str, str]:
        """The executor's, what the containerizer says, then the task's, then the role's."""
        own = self._docker_environment(container_id) if is_docker(container) else {"MESOS_SANDBOX": sandbox}
        environment = {**around, **own}
        if task.command is not None:
            check_secrets(task.command.environment)
            environment |= variables(task.command.environment)
        role = role_of(task)
        if role is not None:
            environment["MESOS_ALLOCATION_ROLE"] = role
        return environment

    def _docker_environment(self, container_id: str) -> dict[str, str]:
        return {
            "MESOS_SANDBOX": self.rules.sandbox_directory,
            "MESOS_CONTAINER_NAME": f"{DOCKER_NAME}{container_id}",
        }

    def _spec(self, contained: Contained) -> ContainerSpec:
        command, container = contained.command, contained.container
        if command is not None:
            check_secrets(command.environment)
        _check_type(container, self.rules)
        if is_docker(container):
            assert container is not None
            return self._docker_spec(contained, container)
        if container is not None:
            _check_mesos(container)
        mounts = mounts_of(container, contained.resources, contained.place, self.rules, self._resolve)
        nested = contained.place.around is not None
        spec = container_spec(
            command,
            environment=contained.environment,
            directory=contained.place.directory,
            user=contained.user,
            container=container,
        )
        return replace(
            spec,
            limits=contained.limits,
            isolation=isolation_of(
                container, self.rules, mounts, nested=nested, is_root=spec.user in (None, "root")
            ),
        )

    def _docker_spec(self, contained: Contained, container: ContainerInfo) -> ContainerSpec:
        check_environment(contained.environment)
        entrypoint, arguments = docker_command(contained.command)
        directory, limits = contained.place.directory, contained.limits
        docker = docker_of(
            container,
            self.rules,
            self._resolve,
            directory=directory,
            ports=() if limits is None or limits.ports is None else limits.ports,
            entrypoint=entrypoint,
            labels=contained.labels,
        )
        kept = persistent_volumes(contained.resources, self.rules)
        return ContainerSpec(
            arguments=arguments,
            directory=directory,
            environment=contained.environment,
            user=contained.user,
            stdout=f"{directory}/stdout",
            stderr=f"{directory}/stderr",
            console=console_of(container),
            limits=limits,
            docker=replace(docker, volumes=(*docker.volumes, *kept)),
            files=wanted_files(contained.command),
        )


def is_docker(container: ContainerInfo | None) -> bool:
    """Whether Docker is to make a container."""
    return container is not None and container.type is _Type.DOCKER


def _check_type(container: ContainerInfo | None, rules: Rules) -> None:
    kind = _Type.MESOS if container is None else container.type
    if kind.value.lower() not in rules.containerizers:
        raise ValueError(
            f"container.type: no containerizer of this agent makes {kind.value} ones "
            f"(--containerizers={','.join(rules.containerizers)})"
        )


def _check_mesos(container: ContainerInfo) -> None:
    if container.docker is not None:
        raise ValueError("container.docker: must not be set for a container of type MESOS")
    if container.mesos is not None and container.mesos.image is not None:
        raise ValueError("container.mesos.image: images are not supported by this agent")
    if any(network.name is not None for network in container.network_infos):
        raise ValueError("container.network_infos: a container has the network of its host on this agent")


def _labels(launch: LaunchExecutor, task: TaskInfo | None) -> dict[str, str]:
    """By which a container of Docker is told from others by people."""
    framework_id = launch.framework.id
    labels = {
        "framework_id": "" if framework_id is None else framework_id.value,
        "executor_id": launch.executor.executor_id.value,
    }
    return labels if task is None else {**labels, "task_id": task.task_id.value}
