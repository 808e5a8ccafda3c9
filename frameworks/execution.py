"""What `mesos-execute` is told to run: from flags to a framework and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec.structs import replace

from actors.election.address import LeaderSource, parse_leader
from actors.flags import FlagError, Flags, Missing, flag, required
from actors.units import Duration
from frameworks.offered import Offered
from transport import decoders, json_v1
from transport.record import Record
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo, TTYInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.image import Image
from transport.records.linux import CapabilityInfo, LinuxInfo, RLimitInfo
from transport.records.network import NetworkInfo
from transport.records.resources import Resources
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.volume import Volume

_Capability = FrameworkInfo.Capability
#: What every mesos-execute can deal with.
_CAPABILITIES: Final = (_Capability.Type.MULTI_ROLE, _Capability.Type.RESERVATION_REFINEMENT)
#: The built-in executor of a task group.
GROUP_EXECUTOR: Final = "default-executor"
_GROUP_RESOURCES: Final = "cpus:0.1;mem:32;disk:32"

_BY_REASON: Final[Mapping[str, Mapping[str, str | None]]] = {
    "packages are not fetched from HDFS: give the command its files by --volumes or a URI of --task": {
        "hadoop": "hadoop",
        "hdfs": "localhost:9000",
        "package": None,
        "overwrite": "false",
    },
    "there are no images of Appc": {"appc_image": None},
    "nobody is authenticated yet, but nodes by --secret_file": {"secret": None},
    "actors talk to actors": {"content_type": "protobuf"},
}


class ExecuteFlags(Flags):
    """Run a command, a task or a group of tasks on a cluster, and show what becomes of it.

    The exit status is 0 when all that was run finished well.
    """

    missing: ClassVar[Mapping[str, Missing]] = {
        name: Missing(why, accepted) for why, flags in _BY_REASON.items() for name, accepted in flags.items()
    }

    master: str = required(
        "Where the leading master is found: zk://host:port,host:port/path, host:port of any master, or "
        "file:///path of a file that says so."
    )
    name: str | None = flag(None, "Name of the command, and its task's id.")
    command: str | None = flag(None, "What to run.")
    shell: bool = flag(True, "Whether the command is for the shell, or a program and its arguments.")
    env: str | None = flag(None, "JSON object of what the command finds in its environment.")
    resources: str = flag("cpus:1;mem:128", "What the command needs.")
    volumes: str | None = flag(None, "JSON array of Volume, for the command.")
    containerizer: Literal["mesos", "docker"] = flag("mesos", "What makes the command's container.")
    docker_image: str | None = flag(
        None, "Image of the command's container; it may say by itself what is run. Needs --name."
    )
    networks: str | None = flag(None, "Names of networks that the container joins, as in one,two.")
    effective_capabilities: str | None = flag(
        None, 'JSON of CapabilityInfo: what the command has, as in {"capabilities":["NET_RAW"]}.'
    )
    bounding_capabilities: str | None = flag(None, "The same: what it can get.")
    rlimits: str | None = flag(
        None, 'JSON of RLimitInfo, as in {"rlimits":[{"type":"RLMT_NOFILE","soft":64,"hard":64}]}.'
    )
    tty: bool = flag(False, "Whether the command has a terminal, to which one can attach.")
    task: str | None = flag(None, "JSON of a TaskInfo to run instead of a command, or a path to it.")
    task_group: str | None = flag(None, "JSON of a TaskGroupInfo to run instead, or a path to it.")
    kill_after: Duration | None = flag(None, "How long after its launch it is killed.")
    checkpoint: bool = flag(False, "Whether what runs is to outlive its agent's restart.")
    role: str = flag("*", "The role whose resources are used.")
    principal: str | None = flag(None, "As whom to subscribe.")
    framework_capabilities: str | None = flag(
        None, "What else to claim to deal with, as in TASK_KILLING_STATE,GPU_RESOURCES."
    )
    partition_aware: bool = flag(True, "Whether tasks on an agent out of reach may come back.")
    secret_file: str | None = flag(
        None, "File with the secret that nodes share (`pion secret` makes one); turns on encryption."
    )

    @property
    def leader(self) -> LeaderSource:
        """Where the leading master is found; raises FlagError."""
        try:
            return parse_leader(self.master)
        except ValueError as error:
            raise FlagError(f"--master: {error}") from None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run; a task's agent is filled in at its launch."""

    framework: FrameworkInfo
    tasks: tuple[TaskInfo, ...]
    #: The executor that they run under together; None: the one task runs by itself.
    executor: ExecutorInfo | None = None
    kill_after_seconds: float | None = None

    @property
    def needs(self) -> Resources:
        """What an offer must hold."""
        needs = Resources() if self.executor is None else Resources(self.executor.resources)
        for task in self.tasks:
            needs += Resources(task.resources)
        return needs

    def placed(self, offered: Offered, framework_id: str) -> tuple[ExecutorInfo | None, tuple[TaskInfo, ...]]:
        """Executor and tasks as they are launched on an offer that holds what they need."""
        executor = self.executor
        if executor is not None:
            executor = replace(
                executor,
                framework_id=FrameworkID(value=framework_id),
                resources=offered.take(Resources(executor.resources)),
            )
        tasks = tuple(
            replace(task, agent_id=offered.agent_id, resources=offered.take(Resources(task.resources)))
            for task in self.tasks
        )
        return executor, tasks


def plan(flags: ExecuteFlags, user: str) -> Plan:
    """What the flags say, for that user of this machine; raises FlagError naming the flag and the rule."""
    given = [f"--{name}" for name in ("command", "task", "task_group") if getattr(flags, name) is not None]
    if not given and flags.docker_image is not None:
        given = ["--docker_image"]
    if len(given) != 1:
        wrong = " and ".join(given) or "nothing to run"
        raise FlagError(f"{wrong}: exactly one of --command, --task and --task_group must be given")
    kill_after = None if flags.kill_after is None else flags.kill_after.seconds
    executor: ExecutorInfo | None = None
    if flags.task is not None:
        tasks: tuple[TaskInfo, ...] = (_decode("task", flags.task, TaskInfo),)
    elif flags.task_group is not None:
        tasks = _decode("task_group", flags.task_group, TaskGroupInfo).tasks
        executor = _group_executor()
    else:
        tasks = (_command_task(flags),)
    _check(given[0], tasks)
    return Plan(
        framework=_framework(flags, user), tasks=tasks, executor=executor, kill_after_seconds=kill_after
    )


def _framework(flags: ExecuteFlags, user: str) -> FrameworkInfo:
    types = list(_CAPABILITIES)
    if flags.partition_aware:
        types.append(_Capability.Type.PARTITION_AWARE)
    for name in filter(None, (flags.framework_capabilities or "").split(",")):
        if name not in _Capability.Type.__members__ or name == "UNKNOWN":
            known = ", ".join(one for one in _Capability.Type.__members__ if one != "UNKNOWN")
            raise FlagError(f"--framework_capabilities: {name!r}: must be one of {known}")
        types.append(_Capability.Type[name])
    return FrameworkInfo(
        user=user,
        name="mesos-execute",
        roles=(flags.role,),
        checkpoint=flags.checkpoint,
        principal=flags.principal,
        capabilities=tuple(_Capability(type=type_) for type_ in dict.fromkeys(types)),
    )


def _command_task(flags: ExecuteFlags) -> TaskInfo:
    if not flags.name:
        raise FlagError("--name: must be given with --command and --docker_image")
    try:
        resources = tuple(Resources.parse(flags.resources))
    except ValueError as error:
        raise FlagError(f"--resources: {error}") from None
    return TaskInfo(
        name=flags.name,
        task_id=TaskID(value=flags.name),
        agent_id=AgentID(value=""),
        resources=resources,
        command=_command(flags),
        container=_container(flags),
    )


def _command(flags: ExecuteFlags) -> CommandInfo:
    environment = None
    if flags.env is not None:
        variables = _json("env", flags.env, dict[str, str])
        environment = Environment(
            variables=tuple(Environment.Variable(name=name, value=value) for name, value in variables.items())
        )
    if flags.command is None:
        return CommandInfo(shell=False, environment=environment)
    if flags.shell:
        return CommandInfo(value=flags.command, environment=environment)
    words = flags.command.split()
    if not words:
        raise FlagError("--command: must name a program")
    return CommandInfo(shell=False, value=words[0], arguments=tuple(words), environment=environment)


def _container(flags: ExecuteFlags) -> ContainerInfo | None:
    """What the flags say of the command's container; None when they say nothing."""
    volumes = [
        _decode("volumes", msgspec.json.encode(one).decode(), Volume)
        for one in _json("volumes", flags.volumes or "[]", list[Any])
    ]
    networks = tuple(NetworkInfo(name=name) for name in filter(None, (flags.networks or "").split(",")))
    linux = _linux(flags)
    container = ContainerInfo(
        type=ContainerInfo.Type[flags.containerizer.upper()],
        volumes=tuple(volumes),
        network_infos=networks,
        linux_info=linux,
        rlimit_info=None if flags.rlimits is None else _decode("rlimits", flags.rlimits, RLimitInfo),
        tty_info=TTYInfo() if flags.tty else None,
    )
    if flags.containerizer == "docker":
        return replace(container, docker=_docker(flags, linux, networks))
    if flags.docker_image is not None:
        image = Image(type=Image.Type.DOCKER, docker=Image.Docker(name=flags.docker_image))
        container = replace(container, mesos=ContainerInfo.MesosInfo(image=image))
    return None if container == ContainerInfo(type=ContainerInfo.Type.MESOS) else container


def _docker(
    flags: ExecuteFlags, linux: LinuxInfo | None, networks: tuple[NetworkInfo, ...]
) -> ContainerInfo.DockerInfo:
    if flags.docker_image is None:
        raise FlagError("--docker_image: must be given with --containerizer=docker")
    if linux is not None or flags.rlimits is not None:
        raise FlagError(
            "--containerizer=docker: capabilities and rlimits are those of the containerizer mesos alone"
        )
    if len(networks) > 1:
        raise FlagError("--networks: Docker's containers join one network at most")
    kind = ContainerInfo.DockerInfo.Network
    return ContainerInfo.DockerInfo(image=flags.docker_image, network=kind.USER if networks else kind.HOST)


def _linux(flags: ExecuteFlags) -> LinuxInfo | None:
    effective, bounding = (
        None if text is None else _decode(name, text, CapabilityInfo)
        for name, text in (
            ("effective_capabilities", flags.effective_capabilities),
            ("bounding_capabilities", flags.bounding_capabilities),
        )
    )
    if effective is None and bounding is None:
        return None
    return LinuxInfo(effective_capabilities=effective, bounding_capabilities=bounding)


def _group_executor() -> ExecutorInfo:
    return ExecutorInfo(
        type=ExecutorInfo.Type.DEFAULT,
        executor_id=ExecutorID(value=GROUP_EXECUTOR),
        resources=tuple(Resources.parse(_GROUP_RESOURCES)),
    )


def _check(spelled: str, tasks: tuple[TaskInfo, ...]) -> None:
    names = [task.task_id.value for task in tasks]
    if not names:
        raise FlagError(f"{spelled}: must hold a task")
    for task in tasks:
        if names.count(task.task_id.value) > 1:
            raise FlagError(f"{spelled}: task {task.task_id.value} is there twice")
        try:
            Resources(task.resources)
        except ValueError as error:
            raise FlagError(f"{spelled}: task {task.task_id.value}: {error}") from None


def _json(name: str, text: str, kind: type[Any]) -> Any:
    try:
        return decoders.of_json(kind).decode(text)
    except msgspec.DecodeError as error:
        raise FlagError(f"--{name}: {error}") from None


def _decode(name: str, text: str, kind: type[Any]) -> Any:
    """Read a record as Mesos' v1 JSON; a task's agent may be missing, since it is not known yet."""
    found = _json(name, text, dict[str, Any])
    for task in found.get("tasks", ()) if kind is TaskGroupInfo else (found,):
        if kind in (TaskInfo, TaskGroupInfo) and isinstance(task, dict):
            task.setdefault("agent_id", {"value": ""})
    assert issubclass(kind, Record)
    try:
        return json_v1.decode(msgspec.json.encode(found), kind)
    except ValueError as error:
        raise FlagError(f"--{name}: {error}") from None
