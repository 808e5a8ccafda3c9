"""What `mesos-execute` makes of its flags."""

from __future__ import annotations

import pytest

from actors.flags import FlagError, load
from frameworks.execution import ExecuteFlags, Plan, plan
from frameworks.offered import Offered
from transport.pid import Pid
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo, TTYInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID, OfferID
from transport.records.image import Image
from transport.records.linux import CapabilityInfo, LinuxInfo, RLimitInfo
from transport.records.network import NetworkInfo
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.volume import Volume

Capability = FrameworkInfo.Capability.Type

TASK = '{"name": "n", "task_id": {"value": "t"}, "command": {"value": "true"}, "resources": %s}'
CPUS = '[{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}}]'


def read(*words: str) -> ExecuteFlags:
    return load(ExecuteFlags, ["--master=anna:5050", *words], {}, prefix="MESOS_")


def plan_of(*words: str) -> Plan:
    return plan(read(*words), "root")


def command_of(*words: str) -> CommandInfo:
    command = plan_of("--name=n", *words).tasks[0].command
    assert command is not None
    return command


def capabilities(framework: FrameworkInfo) -> list[Capability | None]:
    return [capability.type for capability in framework.capabilities]


def test_a_command_is_a_task_of_its_name() -> None:
    planned = plan_of(
        "--name=hello", "--command=echo hello", "--role=web", "--principal=anna", "--checkpoint"
    )
    (task,) = planned.tasks
    assert (task.name, task.task_id.value) == ("hello", "hello")
    assert task.command == CommandInfo(value="echo hello")
    assert Resources(task.resources) == Resources.parse("cpus:1;mem:128") == planned.needs
    framework = planned.framework
    assert (framework.user, framework.roles, framework.principal) == ("root", ("web",), "anna")
    assert framework.checkpoint
    assert planned.executor is None
    assert planned.kill_after_seconds is None


def test_a_program_is_given_its_arguments() -> None:
    assert command_of("--command=echo a b", "--no-shell") == CommandInfo(
        shell=False, value="echo", arguments=("echo", "a", "b")
    )


def test_a_command_gets_its_environment() -> None:
    assert command_of("--command=true", '--env={"A": "1", "B": "2"}').environment == Environment(
        variables=(Environment.Variable(name="A", value="1"), Environment.Variable(name="B", value="2"))
    )


def test_a_command_gets_its_volumes() -> None:
    planned = plan_of(
        "--name=n", "--command=true", '--volumes=[{"container_path": "/a", "host_path": "/b", "mode": "RO"}]'
    )
    volume = Volume(container_path="/a", host_path="/b", mode=Volume.Mode.RO)
    assert planned.tasks[0].container == ContainerInfo(type=ContainerInfo.Type.MESOS, volumes=(volume,))


def test_a_task_needs_no_agent() -> None:
    planned = plan_of(f"--task={TASK % CPUS}", "--kill_after=1500ms")
    assert planned.tasks[0].task_id.value == "t"
    assert planned.needs == Resources.parse("cpus:0.5")
    assert planned.kill_after_seconds == 1.5


def test_a_group_runs_under_the_default_executor() -> None:
    tasks = TASK % CPUS, (TASK % CPUS).replace('"t"', '"u"')
    planned = plan_of(f'--task_group={{"tasks": [{", ".join(tasks)}]}}')
    assert planned.executor is not None
    assert planned.executor.type is ExecutorInfo.Type.DEFAULT
    assert planned.needs == Resources.parse("cpus:1.1;mem:32;disk:32")


def test_what_is_launched_takes_the_resources_that_were_offered() -> None:
    planned = plan_of(f'--task_group={{"tasks": [{TASK % CPUS}]}}', "--role=web")
    offered = Offered(
        Offer(
            id=OfferID(value="o"),
            framework_id=FrameworkID(value="f"),
            agent_id=AgentID(value="a"),
            hostname="h",
            resources=tuple(Resources.parse("cpus:2;cpus(web):0.5;mem:64;disk:64").allocate("web")),
            allocation_info=Resource.AllocationInfo(role="web"),
        )
    )
    assert offered.holds(planned.needs)
    executor, (task,) = planned.placed(offered, "f")
    assert executor is not None
    assert executor.framework_id == FrameworkID(value="f")
    assert task.agent_id.value == "a"
    used = Resources(executor.resources) + Resources(task.resources)
    assert used + offered.remaining == Resources(offered.offer.resources)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {Capability.PARTITION_AWARE}),
        (("--no-partition_aware",), set()),
        (("--partition_aware=false",), set()),
        (
            ("--framework_capabilities=GPU_RESOURCES,PARTITION_AWARE",),
            {Capability.PARTITION_AWARE, Capability.GPU_RESOURCES},
        ),
    ],
)
def test_capabilities_are_claimed(words: tuple[str, ...], expected: set[Capability]) -> None:
    found = capabilities(plan_of("--name=n", "--command=true", *words).framework)
    assert len(found) == len(set(found))
    assert set(found) == expected | {Capability.MULTI_ROLE, Capability.RESERVATION_REFINEMENT}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "nothing to run: exactly one of"),
        (("--command=true",), "--name: must be given"),
        (("--command=true", "--task={}"), "--command and --task: exactly one of"),
        (("--name=n", "--command= ", "--no-shell"), "--command: must name a program"),
        (("--name=n", "--command=true", "--resources=cpus"), "--resources: .*cpus"),
        (("--name=n", "--command=true", "--env=[]"), "--env: .*object"),
        (("--name=n", "--command=true", "--env={"), "--env: "),
        (("--name=n", "--command=true", "--volumes=[{}]"), "--volumes: .*mode"),
        (("--name=n", "--command=true", "--framework_capabilities=FLY"), "'FLY': must be one of"),
        (("--docker_image=busybox",), "--name: must be given"),
        (("--name=n", "--command=true", "--containerizer=docker"), "--docker_image: must be given"),
        (("--name=n", "--docker_image=b", "--containerizer=docker", "--networks=a,b"), "--networks: .*one"),
        (("--name=n", "--docker_image=b", "--containerizer=docker", "--rlimits={}"), "mesos alone"),
        (("--name=n", "--command=true", "--rlimits=[]"), "--rlimits: "),
        (("--name=n", "--command=true", "--effective_capabilities=[]"), "--effective_capabilities: "),
        (("--task={}",), "--task: .*name"),
        (("--task_group={}",), "--task_group: must hold a task"),
        ((f'--task_group={{"tasks": [{TASK % CPUS}, {TASK % CPUS}]}}',), "task t is there twice"),
        ((f"--task={TASK % CPUS.replace('0.5', '-1')}",), "--task: task t: "),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_flag_and_the_rule(
    words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(FlagError, match=reason):
        plan_of(*words)


def container_of(*words: str) -> ContainerInfo | None:
    return plan_of("--name=n", *words).tasks[0].container


def test_a_command_that_asks_for_nothing_has_no_container() -> None:
    assert container_of("--command=true") is None


def test_a_container_of_docker_is_made_from_an_image() -> None:
    info, kind = ContainerInfo.DockerInfo, ContainerInfo.Type.DOCKER
    words = ("--containerizer=docker", "--docker_image=busybox")
    assert container_of("--command=true", *words) == ContainerInfo(
        type=kind, docker=info(image="busybox", network=info.Network.HOST)
    )
    assert container_of("--command=true", *words, "--networks=blue") == ContainerInfo(
        type=kind,
        docker=info(image="busybox", network=info.Network.USER),
        network_infos=(NetworkInfo(name="blue"),),
    )


def test_an_image_may_say_by_itself_what_is_run() -> None:
    words = ("--containerizer=docker", "--docker_image=busybox")
    assert command_of(*words) == CommandInfo(shell=False)


def test_a_container_of_mesos_is_isolated_as_it_is_said() -> None:
    capability = CapabilityInfo.Capability
    container = container_of(
        "--command=true",
        '--effective_capabilities={"capabilities":["NET_RAW"]}',
        '--bounding_capabilities={"capabilities":["NET_RAW","CHOWN"]}',
        '--rlimits={"rlimits":[{"type":"RLMT_NOFILE","soft":64,"hard":65}]}',
        "--tty",
    )
    limit = RLimitInfo.RLimit(type=RLimitInfo.RLimit.Type.RLMT_NOFILE, soft=64, hard=65)
    assert container == ContainerInfo(
        type=ContainerInfo.Type.MESOS,
        linux_info=LinuxInfo(
            effective_capabilities=CapabilityInfo(capabilities=(capability.NET_RAW,)),
            bounding_capabilities=CapabilityInfo(capabilities=(capability.NET_RAW, capability.CHOWN)),
        ),
        rlimit_info=RLimitInfo(rlimits=(limit,)),
        tty_info=TTYInfo(),
    )


def test_an_image_for_the_containerizer_of_mesos_is_asked_for() -> None:
    container = container_of("--command=true", "--docker_image=busybox")
    assert container is not None
    assert container.mesos is not None
    assert container.mesos.image == Image(type=Image.Type.DOCKER, docker=Image.Docker(name="busybox"))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("--appc_image=busybox", "Appc"),
        ("--package=a", "HDFS"),
        ("--content_type=json", "actors talk to actors"),
    ],
)
def test_flags_of_what_is_not_there_yet_are_refused(word: str, reason: str) -> None:
    with pytest.raises(FlagError, match=f"is not supported: .*{reason}"):
        read("--name=n", "--command=true", word)


def test_the_defaults_of_what_is_not_there_may_be_asked_for() -> None:
    read("--name=n", "--command=true", "--content_type=protobuf", "--hadoop=hadoop")


def test_the_master_is_named_by_its_port() -> None:
    assert read("--command=true").leader == Pid("master", "anna", 6050)
    with pytest.raises(FlagError, match=r"--master: .*must end with a path"):
        _ = load(ExecuteFlags, ["--master=zk://a:2181"], {}, prefix="MESOS_").leader
