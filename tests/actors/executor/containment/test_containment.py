from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.executor.container_spec import PATH
from actors.executor.containment.containment import Contained, Containment
from actors.executor.containment.isolators import LINUX
from actors.executor.containment.rules import Rules
from actors.executor.containment.volumes import Place
from tests.actors.executor.containment.containers import (
    NETWORK,
    SANDBOX_PATH,
    docker,
    host_volume,
    launch,
    mesos,
    persistent,
    sandbox_volume,
    task,
)
from tests.actors.executor.tasks import environment
from transport.messages.container_spec import ConsoleSpec, DockerVolume, WantedFile
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo, TTYInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import ExecutorID
from transport.records.image import Image
from transport.records.linux import LinuxInfo
from transport.records.network import NetworkInfo
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.secret import Secret
from transport.records.value import Value
from transport.records.volume import Volume

MIB = 2**20
PLAIN = Containment()
DOCKER = Containment(Rules(containerizers=("docker", "mesos")))
LINUX_TOO = Containment(Rules(isolators=LINUX, work_dir="/work"))
VOLUMES = "/work/volumes/roles/web db"


def test_a_task_finds_its_executors_environment_then_its_own_then_its_role() -> None:
    command = CommandInfo(
        value="true", environment=environment({"B": "task", "C": "task", "MESOS_ALLOCATION_ROLE": "forged"})
    )
    held = Resource(
        name="cpus",
        type=Value.Type.SCALAR,
        scalar=Value.Scalar(value=1.0),
        allocation_info=Resource.AllocationInfo(role="web"),
    )
    around = {"A": "executor", "B": "executor", "PION_AGENT_PID": "agent@h:1", "MESOS_SANDBOX": "/elsewhere"}
    spec = PLAIN.task(launch(environment=around), task(None, "", command, held), "container-1")
    assert spec.environment == {
        "PATH": PATH,
        "A": "executor",
        "B": "task",
        "C": "task",
        "MESOS_SANDBOX": "/work/sandbox",
        "MESOS_ALLOCATION_ROLE": "web",
    }


def test_the_path_may_be_another() -> None:
    spec = PLAIN.task(launch(environment={"PATH": "/opt"}), task(), "container-1")
    assert spec.environment["PATH"] == "/opt"


def test_a_task_may_use_what_it_and_its_executor_were_given() -> None:
    limits = PLAIN.task(launch(), task(resources="cpus:1;mem:64;ports:[80-80]"), "c").limits
    assert limits is not None
    assert (limits.cpus, limits.memory_limit_bytes, limits.ports) == (1.1, 96 * MIB, ((80, 80),))


def test_a_task_of_docker_has_its_persistent_volumes_where_its_sandbox_leads_to() -> None:
    containment = Containment(Rules(containerizers=("docker",), work_dir="/work"))
    held = (persistent(), persistent("ro", "seen", Volume.Mode.RO))
    volumes = (host_volume("/opt", "tools"),)
    spec = containment.task(launch(), task(docker(volumes=volumes), "cpus:1", None, *held), "c")
    assert spec.docker is not None
    assert spec.docker.volumes == (
        DockerVolume(source="/opt", target="/mnt/mesos/sandbox/tools"),
        DockerVolume(source=f"{VOLUMES}/db", target=f"{VOLUMES}/db"),
        DockerVolume(source=f"{VOLUMES}/ro", target=f"{VOLUMES}/ro", read_only=True),
    )


def test_a_task_of_docker_knows_nothing_of_its_executor() -> None:
    command = CommandInfo(
        value="true",
        environment=environment({"A": "b"}),
        uris=(CommandInfo.URI(value="http://h/file"),),
    )
    spec = DOCKER.task(launch(environment={"E": "executor"}), task(docker(), command=command), "container-1")
    assert spec.environment == {
        "A": "b",
        "MESOS_SANDBOX": "/mnt/mesos/sandbox",
        "MESOS_CONTAINER_NAME": "mesos-container-1",
    }
    assert (spec.docker is not None, spec.isolation) == (True, None)
    assert (spec.arguments, spec.directory) == (("-c", "true"), "/work/sandbox")
    assert (spec.stdout, spec.stderr) == ("/work/sandbox/stdout", "/work/sandbox/stderr")
    assert spec.files == (WantedFile(uri="http://h/file"),)
    assert spec.limits is not None
    assert (spec.limits.cpus, spec.limits.memory_limit_bytes) == (1.0, 64 * MIB)
    assert spec.docker is not None
    assert spec.docker.labels == {
        "framework_id": "framework-1",
        "executor_id": "executor-1",
        "task_id": "task-1",
    }


def test_ports_are_those_it_was_given_also_of_a_container_for_which_dockerd_listens() -> None:
    bridged = DOCKER.task(launch(), task(docker(network=NETWORK.BRIDGE), "ports:[80-80]"), "c").limits
    shared = DOCKER.task(launch(), task(docker(), "ports:[80-80]"), "c").limits
    assert bridged is not None
    assert shared is not None
    assert bridged.ports == shared.ports == ((80, 80),)


def test_an_executor_of_docker_finds_what_any_executor_does_and_its_sandbox() -> None:
    info = ExecutorInfo(
        executor_id=ExecutorID(value="own"),
        command=CommandInfo(shell=False),
        container=docker(),
        resources=tuple(Resources.parse("cpus:2;mem:128")),
    )
    spec = DOCKER.executor(launch(info, {"MESOS_SANDBOX": "/work/sandbox", "PION_AGENT_PID": "agent@h:1"}))
    assert spec.environment == {
        "MESOS_SANDBOX": "/mnt/mesos/sandbox",
        "MESOS_CONTAINER_NAME": "mesos-container-1",
        "PION_AGENT_PID": "agent@h:1",
    }
    assert spec.limits is not None
    assert spec.limits.cpus == 2.0


@pytest.mark.parametrize(
    ("containment", "container", "rule"),
    [
        (PLAIN, docker(), r"container.type: .* makes DOCKER ones \(--containerizers=mesos\)"),
        (Containment(Rules(containerizers=("docker",))), None, "makes MESOS ones"),
        (
            PLAIN,
            mesos(mesos=ContainerInfo.MesosInfo(image=Image(type=Image.Type.DOCKER))),
            "container.mesos.image: images are not supported",
        ),
        (PLAIN, mesos(network_infos=(NetworkInfo(name="calico"),)), "container.network_infos"),
        (PLAIN, replace(docker(), type=ContainerInfo.Type.MESOS), "container.docker: must not be set"),
        (PLAIN, mesos(linux_info=LinuxInfo(shm_size=1)), "container.linux_info.shm_size"),
    ],
)
def test_what_cannot_be_had_is_refused_with_its_field(
    containment: Containment, container: ContainerInfo | None, rule: str
) -> None:
    with pytest.raises(ValueError, match=rule):
        containment.task(launch(), task(container), "c")


@pytest.mark.parametrize(
    "container",
    [None, mesos(), mesos(mesos=ContainerInfo.MesosInfo()), mesos(network_infos=(NetworkInfo(),))],
)
def test_a_container_that_asks_for_nothing_can_be_had(container: ContainerInfo | None) -> None:
    assert PLAIN.task(launch(), task(container), "c").isolation is None


def test_who_says_nothing_of_its_container_gets_what_the_agents_flags_say() -> None:
    rules = Rules(containerizers=("docker", "mesos"), default_container=docker("default"))
    spec = Containment(rules).task(launch(), task(), "c")
    assert spec.docker is not None
    assert spec.docker.image == "default"
    assert Containment(rules).task(launch(), task(mesos()), "c").docker is None


@pytest.mark.parametrize("container", [None, docker()])
def test_references_to_secrets_are_refused_by_the_name_of_the_variable(container: ContainerInfo) -> None:
    reference = Secret(type=Secret.Type.REFERENCE, reference=Secret.Reference(name="vault"))
    variable = Environment.Variable(name="KEY", type=Environment.Variable.Type.SECRET, secret=reference)
    command = CommandInfo(value="true", environment=Environment(variables=(variable,)))
    with pytest.raises(
        ValueError, match=r"command.environment.variables: 'KEY': its secret must have a value"
    ):
        DOCKER.task(launch(), task(container, command=command), "c")
    info = ExecutorInfo(executor_id=ExecutorID(value="own"), command=command, container=container)
    with pytest.raises(ValueError, match="'KEY': its secret must have a value"):
        DOCKER.executor(launch(info))


# Nested ones.


def test_tasks_of_a_group_share_what_they_were_given_unless_they_ask_for_limits_of_their_own() -> None:
    shared = PLAIN.nested_task(launch(), task(), "container-1.a", "/work/sandbox/containers/a", "10.0.0.1")
    assert (shared.limits, shared.environment["MESOS_CONTAINER_IP"]) == (None, "10.0.0.1")
    own = task(mesos(linux_info=LinuxInfo(share_cgroups=False)))
    limits = PLAIN.nested_task(launch(), own, "container-1.a", "/b", "10.0.0.1").limits
    assert limits is not None
    assert limits.memory_limit_bytes == 64 * MIB


def test_all_tasks_of_a_group_together_may_use_what_they_and_their_executor_were_given() -> None:
    limits = PLAIN.family(launch(), [task(), task(resources="cpus:1;mem:64;disk:10")])
    assert (limits.cpus, limits.memory_limit_bytes, limits.disk_bytes) == (2.1, 160 * MIB, 10 * MIB)
    bursting = replace(task(), limits={"mem": Value.Scalar(value=1024.0)})
    assert PLAIN.family(launch(), [bursting]).memory_limit_bytes is None


def test_tasks_of_a_group_are_not_dockers() -> None:
    with pytest.raises(ValueError, match="Docker ContainerInfo is not supported on a task of a group"):
        DOCKER.nested_task(launch(), task(docker()), "container-1.a", "/b", "10.0.0.1")


def test_volumes_of_the_parent_are_mounted_or_links() -> None:
    container = mesos(volumes=(sandbox_volume(SANDBOX_PATH.Type.PARENT),))
    sharing = task(container, "cpus:1", None, persistent())
    spec = LINUX_TOO.nested_task(launch(), sharing, "container-1.a", "/work/sandbox/containers/a", "h")
    assert spec.isolation is not None
    assert [mount.target for mount in spec.isolation.mounts] == ["kept", "common"]
    assert LINUX_TOO.links(container, (persistent(),)) == {}
    assert PLAIN.links(container, (persistent(),)) == {"kept": "kept", "common": "data/common"}


# Operators' containers.


def contained(container: ContainerInfo | None) -> Contained:
    return Contained(
        container_id="container-1.a",
        command=CommandInfo(value="top"),
        container=container,
        place=Place("/work/sandbox"),
        user=None,
        environment={},
    )


def test_a_session_runs_in_all_that_is_around_it_and_its_client_reads_what_it_writes() -> None:
    spec = LINUX_TOO.session(contained(mesos(tty_info=TTYInfo())))
    assert (spec.inside, spec.isolation, spec.stdout) == (True, None, None)
    assert spec.console == ConsoleSpec(terminal=(0, 0), waits=True)


def test_operators_launch_no_containers_of_docker() -> None:
    for launched in (DOCKER.session, DOCKER.guest):
        with pytest.raises(ValueError, match=r"container.type: must be MESOS"):
            launched(contained(docker()))
    with pytest.raises(ValueError, match=r"container.volumes: a session sees what"):
        DOCKER.session(contained(mesos(volumes=(sandbox_volume(SANDBOX_PATH.Type.SELF),))))
