from __future__ import annotations

import pytest

from actors.executor.containment.isolation import DEFAULT_CAPABILITIES, isolation_of
from actors.executor.containment.isolators import LINUX
from actors.executor.containment.rules import PLAIN, Rules
from tests.actors.executor.containment.containers import mesos
from transport.messages.container_spec import Device, Isolation, RLimit
from transport.records.container import ContainerInfo
from transport.records.linux import CapabilityInfo, LinuxInfo, RLimitInfo, SeccompInfo

Capability = CapabilityInfo.Capability
Ipc = LinuxInfo.IpcMode
Limit = RLimitInfo.RLimit
ALL = Rules(isolators=LINUX, private=("/work", "/run/pion"))


def isolation(
    container: ContainerInfo | None = None, rules: Rules = ALL, *, nested: bool = False
) -> Isolation:
    found = isolation_of(container, rules, (), nested=nested)
    return found or Isolation()


def linux(**fields: object) -> ContainerInfo:
    return mesos(linux_info=LinuxInfo(**fields))  # type: ignore[arg-type]


def able(*capabilities: CapabilityInfo.Capability) -> CapabilityInfo:
    return CapabilityInfo(capabilities=capabilities)


def test_plain_processes_are_kept_from_nothing() -> None:
    assert isolation_of(None, PLAIN, (), nested=False) is None


def test_with_every_isolator_a_container_has_all_of_its_own() -> None:
    assert isolation() == Isolation(
        namespaces=("mount", "pid", "ipc"),
        shm_bytes=64 * 2**20,
        private_tmp=True,
        hidden=("/work", "/run/pion"),
        read_only_host=True,
        bounding_capabilities=DEFAULT_CAPABILITIES,
        no_new_privileges=True,
        seccomp="default",
        devices=(),
    )


def test_root_cannot_change_the_hosts_own_files_unless_all_of_them_are_granted() -> None:
    both = ("filesystem/linux", "linux/capabilities")
    mighty = linux(effective_capabilities=able(Capability.SYS_ADMIN))
    cases = (
        (None, Rules(isolators=both), True, True),
        (None, Rules(isolators=both), False, False),
        (None, Rules(isolators=both, host_volumes=("*",)), True, False),
        (None, Rules(isolators=both, host_volumes=("/srv",)), True, True),
        (None, Rules(isolators=both[:1]), True, False),
        (mighty, Rules(isolators=both), True, False),
    )
    for container, rules, is_root, expected in cases:
        found = isolation_of(container, rules, (), nested=False, is_root=is_root) or Isolation()
        assert found.read_only_host is expected


@pytest.mark.parametrize(
    ("isolator", "expected"),
    [
        (
            "filesystem/linux",
            Isolation(namespaces=("mount",), private_tmp=True, hidden=("/work", "/run/pion")),
        ),
        ("namespaces/pid", Isolation(namespaces=("pid",))),
        ("namespaces/ipc", Isolation(namespaces=("ipc",), shm_bytes=64 * 2**20)),
        ("linux/capabilities", Isolation(bounding_capabilities=DEFAULT_CAPABILITIES)),
        ("linux/nnp", Isolation(no_new_privileges=True)),
        ("linux/seccomp", Isolation(seccomp="default")),
        ("cgroups/devices", Isolation(devices=(Device(path="/dev/fuse"),))),
        ("cgroups/mem", Isolation()),
    ],
)
def test_each_isolator_adds_its_part(isolator: str, expected: Isolation) -> None:
    rules = Rules(isolators=(isolator,), private=ALL.private, devices=(Device(path="/dev/fuse"),))
    assert isolation(None, rules) == expected


@pytest.mark.parametrize(
    ("container", "field"),
    [
        (linux(effective_capabilities=able(Capability.CHOWN)), "linux_info: capabilities: needs linux/cap"),
        (linux(bounding_capabilities=able()), "linux_info: capabilities"),
        (linux(seccomp=SeccompInfo(profile_name="a")), "linux_info.seccomp: needs linux/seccomp"),
        (linux(ipc_mode=Ipc.PRIVATE), "linux_info.ipc_mode: needs namespaces/ipc"),
        (linux(shm_size=64), "linux_info.shm_size: needs namespaces/ipc"),
        (linux(share_pid_namespace=False), "linux_info.share_pid_namespace: needs namespaces/pid"),
        (
            mesos(rlimit_info=RLimitInfo(rlimits=(Limit(type=Limit.Type.RLMT_CORE),))),
            "rlimit_info: needs posix",
        ),
        (mesos(hostname="box"), "hostname: needs filesystem/linux"),
    ],
)
def test_what_is_asked_for_without_its_isolator_is_refused(container: ContainerInfo, field: str) -> None:
    with pytest.raises(ValueError, match=f"container.{field}"):
        isolation(container, PLAIN)


def test_processes_may_be_shared_with_the_agent_unless_that_is_denied() -> None:
    sharing = linux(share_pid_namespace=True)
    assert "pid" not in isolation(sharing).namespaces
    denied = Rules(isolators=LINUX, denies_agent_pids=True)
    assert "pid" not in isolation(sharing, denied, nested=True).namespaces
    with pytest.raises(ValueError, match="share_pid_namespace: sharing the agent's is not allowed"):
        isolation(sharing, denied)


def test_shared_memory_may_be_the_agents_unless_that_is_denied() -> None:
    sharing = linux(ipc_mode=Ipc.SHARE_PARENT)
    assert isolation(sharing).shm_bytes is None
    denied = Rules(isolators=LINUX, denies_agent_ipc=True)
    assert "ipc" not in isolation(sharing, denied, nested=True).namespaces
    with pytest.raises(ValueError, match="ipc_mode: sharing the agent's is not allowed"):
        isolation(sharing, denied)
    with pytest.raises(ValueError, match="shm_size: must not be set where ipc_mode is SHARE_PARENT"):
        isolation(linux(ipc_mode=Ipc.SHARE_PARENT, shm_size=1))


def test_shared_memory_is_as_large_as_somebody_says() -> None:
    rules = Rules(isolators=LINUX, shm_bytes=4096)
    assert isolation(None, rules).shm_bytes == 4096
    assert isolation(linux(ipc_mode=Ipc.PRIVATE, shm_size=16), rules).shm_bytes == 16 * 2**20


def test_capabilities_are_what_the_container_asks_for_within_what_the_agent_allows() -> None:
    rules = Rules(
        isolators=LINUX, effective_capabilities=("chown",), bounding_capabilities=("chown", "net_raw")
    )
    default = isolation(None, rules)
    assert (default.effective_capabilities, default.bounding_capabilities) == (
        ("chown",),
        ("chown", "net_raw"),
    )
    asked = isolation(linux(capability_info=able(Capability.NET_RAW)), rules)
    assert asked.effective_capabilities == ("net_raw",)
    with pytest.raises(ValueError, match="effective_capabilities: SYS_ADMIN: not allowed by the bounding"):
        isolation(linux(effective_capabilities=able(Capability.SYS_ADMIN)), rules)
    with pytest.raises(ValueError, match="bounding_capabilities: SYS_ADMIN: not allowed by the agent's"):
        isolation(linux(bounding_capabilities=able(Capability.SYS_ADMIN)), rules)
    with pytest.raises(ValueError, match="UNKNOWN is no capability"):
        isolation(linux(effective_capabilities=able(Capability.UNKNOWN)), rules)


def test_what_a_container_can_do_is_all_that_it_can_ever_do_where_nobody_says_more() -> None:
    found = isolation(linux(effective_capabilities=able(Capability.CHOWN)))
    assert found.bounding_capabilities == ("chown",)
    found = isolation(linux(bounding_capabilities=able(Capability.KILL)))
    assert (found.effective_capabilities, found.bounding_capabilities) == (None, ("kill",))


def test_a_seccomp_profile_is_a_file_of_the_agents_folder() -> None:
    rules = Rules(isolators=LINUX, seccomp_dir="/etc/seccomp", seccomp_profile="strict.json")
    assert isolation(None, rules).seccomp == "/etc/seccomp/strict.json"
    named = linux(seccomp=SeccompInfo(profile_name="own.json"))
    assert isolation(named, rules).seccomp == "/etc/seccomp/own.json"
    assert isolation(linux(seccomp=SeccompInfo(unconfined=True)), rules).seccomp is None
    with pytest.raises(ValueError, match=r"'own.json': the agent has no --seccomp_config_dir"):
        isolation(named)
    for name in ("../passwd", "/etc/passwd", ".."):
        with pytest.raises(ValueError, match=r"profile_name: .*: must be a file's name"):
            isolation(linux(seccomp=SeccompInfo(profile_name=name)), rules)
    with pytest.raises(ValueError, match="has a profile_name and is unconfined"):
        isolation(linux(seccomp=SeccompInfo(profile_name="a", unconfined=True)), rules)


def test_limits_of_processes_are_passed_on_or_refused() -> None:
    limits = (Limit(type=Limit.Type.RLMT_NOFILE, soft=10, hard=20), Limit(type=Limit.Type.RLMT_CORE))
    found = isolation(mesos(rlimit_info=RLimitInfo(rlimits=limits)))
    assert found.rlimits == (RLimit(name="nofile", soft=10, hard=20), RLimit(name="core"))
    for limit, rule in (
        (Limit(type=Limit.Type.RLMT_NOFILE, soft=10), "must have both hard and soft, or neither"),
        (Limit(type=Limit.Type.RLMT_NOFILE, soft=20, hard=10), "soft must not be more than hard"),
        (Limit(), "must have a type"),
    ):
        with pytest.raises(ValueError, match=f"container.rlimit_info: .*{rule}"):
            isolation(mesos(rlimit_info=RLimitInfo(rlimits=(limit,))))


def test_a_hostname_needs_a_namespace_and_must_be_one() -> None:
    found = isolation(mesos(hostname="box.example"))
    assert (found.hostname, "uts" in found.namespaces) == ("box.example", True)
    for name in ("-box", "a b", "x" * 65, "a\0"):
        with pytest.raises(ValueError, match=r"container.hostname"):
            isolation(mesos(hostname=name))
