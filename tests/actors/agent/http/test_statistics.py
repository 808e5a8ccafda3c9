from __future__ import annotations

from msgspec import to_builtins
from msgspec.structs import replace

from actors.agent.http import reads
from actors.agent.http.statistics import Given, given, statistics
from tests.actors.agent.http.readings import agent_read, executor, task
from transport.decoders import convert
from transport.messages.agent_reading import AgentRead
from transport.messages.containing import ContainersMeasured, ContainerUsage, VolumeUsage
from transport.records.agent_response import Response
from transport.records.cgroup import CgroupInfo
from transport.records.container import ContainerStatus
from transport.records.network import NetworkInfo
from transport.records.resource import Resource
from transport.records.statistics import DiskStatistics, ResourceStatistics
from transport.records.task_status import TaskState, TaskStatus
from transport.records.value import Value

MIB = 2**20
HOST = "10.0.0.9"
READ = agent_read("one", "/sandbox", None)


def shown(read: AgentRead = READ, **usages: ContainerUsage) -> list[Response.GetContainers.Container]:
    """All containers, where these are measured; `_` stands for a dot."""
    named = {name.replace("_", "."): usage for name, usage in usages.items()}
    return list(reads.containers(read, ContainersMeasured(named, 1.5), HOST, nested=True, standalone=True))


def addresses(container: Response.GetContainers.Container) -> list[str | None]:
    assert container.container_status is not None
    return [one.ip_address for info in container.container_status.network_infos for one in info.ip_addresses]


def test_what_nobody_counts_is_left_out() -> None:
    assert statistics((ContainerUsage(processes=1, threads=2, memory_bytes=5),), 1.5) == ResourceStatistics(
        timestamp=1.5,
        processes=1,
        threads=2,
        cpus_user_time_secs=0.0,
        cpus_system_time_secs=0.0,
        mem_rss_bytes=5,
    )


#: By the names of both records, what control groups and networks count.
COUNTED = {
    "cpus_nr_periods": ("cpu_periods", 4),
    "cpus_nr_throttled": ("throttled_periods", 5),
    "cpus_throttled_time_secs": ("throttled_seconds", 0.6),
    "mem_total_bytes": ("total_memory_bytes", 7),
    "mem_anon_bytes": ("anonymous_bytes", 8),
    "mem_file_bytes": ("file_bytes", 9),
    "mem_cache_bytes": ("file_bytes", 9),
    "mem_mapped_file_bytes": ("mapped_file_bytes", 10),
    "mem_swap_bytes": ("swap_bytes", 11),
    "mem_unevictable_bytes": ("unevictable_bytes", 12),
    "mem_kmem_usage_bytes": ("kernel_bytes", 13),
    "mem_kmem_tcp_usage_bytes": ("kernel_tcp_bytes", 14),
    "mem_limit_bytes": ("memory_limit_bytes", 15),
    "mem_soft_limit_bytes": ("soft_memory_limit_bytes", 16),
    "net_rx_bytes": ("received_bytes", 20),
    "net_rx_packets": ("received_packets", 21),
    "net_rx_errors": ("received_errors", 22),
    "net_rx_dropped": ("received_dropped", 23),
    "net_tx_bytes": ("sent_bytes", 24),
    "net_tx_packets": ("sent_packets", 25),
    "net_tx_errors": ("sent_errors", 26),
    "net_tx_dropped": ("sent_dropped", 27),
}


def test_what_control_groups_count_is_told_by_the_names_of_mesos() -> None:
    usage = convert(dict(COUNTED.values()), ContainerUsage)
    found = to_builtins(statistics((usage,), 1.5, Given({"cpus": 2.0, "mem": 64.0})))
    assert {name: found[name] for name in COUNTED} == {name: value for name, (_, value) in COUNTED.items()}
    assert (found["cpus_limit"], found["mem_total_memsw_bytes"]) == (2.0, 18)


def test_how_often_there_was_pressure_is_told_level_by_level() -> None:
    found = statistics((ContainerUsage(memory_pressure=(1, 2, 3)), ContainerUsage()), 1.5)
    assert found.mem_low_pressure_counter == 1
    assert found.mem_medium_pressure_counter == 2
    assert found.mem_critical_pressure_counter == 3


def test_bytes_of_block_devices_are_told_together() -> None:
    blkio = CgroupInfo.Blkio
    found = statistics((ContainerUsage(read_bytes=3, written_bytes=4), ContainerUsage(read_bytes=5)), 1.5)
    values = (
        blkio.Value(op=blkio.Operation.READ, value=8),
        blkio.Value(op=blkio.Operation.WRITE, value=4),
    )
    assert found.blkio_statistics == blkio.Statistics(
        throttling=(blkio.Throttling.Statistics(io_service_bytes=values),)
    )


def test_disks_are_told_one_by_one_with_the_sandbox_first() -> None:
    volume = VolumeUsage(persistence_id="data", limit_bytes=8 * MIB, used_bytes=MIB)
    usage = ContainerUsage(disk_bytes=5, disk_limit_bytes=10 * MIB, volumes=(volume,))
    found = statistics((usage,), 1.5)
    assert (found.disk_used_bytes, found.disk_limit_bytes) == (5, 10 * MIB)
    persistence = Resource.DiskInfo.Persistence(id="data")
    assert found.disk_statistics == (
        DiskStatistics(limit_bytes=10 * MIB, used_bytes=5),
        DiskStatistics(persistence=persistence, limit_bytes=8 * MIB, used_bytes=MIB),
    )


def test_limits_of_tasks_are_told_beside_what_they_requested() -> None:
    limited = replace(task("limited"), limits={"mem": Value.Scalar(value=64.0)})
    free = replace(task("free"), limits={"cpus": Value.Scalar(value=float("inf"))})
    found = statistics((ContainerUsage(),), 1.5, given(executor("e", "one", launched=(limited, free))))
    assert (found.cpus_limit, found.cpus_soft_limit) == (None, 0.3)
    assert (found.mem_limit_bytes, found.mem_soft_limit_bytes) == (128 * MIB, 96 * MIB)


def test_limits_are_not_added_up_for_they_may_be_that_of_all_together() -> None:
    nested = ContainerUsage(memory_limit_bytes=96 * MIB, soft_memory_limit_bytes=64 * MIB)
    found = statistics((nested, nested), 1.5, Given({"mem": 96.0}))
    assert (found.mem_limit_bytes, found.mem_soft_limit_bytes) == (96 * MIB, None)


def test_what_counts_nested_containers_itself_is_not_added_to_them() -> None:
    nested = ContainerUsage(process=8, processes=1, memory_bytes=5)
    own = ContainerUsage(process=7, processes=3, memory_bytes=20)
    summed, _ = shown(one=own, one_a=nested)
    assert summed.resource_statistics is not None
    assert (summed.resource_statistics.processes, summed.resource_statistics.mem_rss_bytes) == (4, 25)
    whole, _ = shown(one=replace(own, includes_nested=True), one_a=nested)
    assert whole.resource_statistics is not None
    assert (whole.resource_statistics.processes, whole.resource_statistics.mem_rss_bytes) == (3, 20)


def test_nested_and_standalone_containers_are_told_with_whom_they_belong_to() -> None:
    usage = ContainerUsage(process=8)
    _, nested, other, inner = shown(one=usage, one_a=usage, other=usage, other_b=usage)
    assert nested.executor_id is not None and nested.executor_id.value == "one"
    assert nested.container_id.value == "a"
    assert nested.container_id.parent is not None and nested.container_id.parent.value == "one"
    assert (other.executor_id, other.framework_id, other.container_id.value) == (None, None, "other")
    assert inner.container_id.parent == other.container_id


def reached_at(*hosts: str) -> AgentRead:
    """An agent with one executor, whose task said that it is reached there, one after the other."""
    statuses = tuple(
        TaskStatus(
            task_id=task("now").task_id,
            state=TaskState.TASK_RUNNING,
            container_status=ContainerStatus(
                network_infos=(NetworkInfo(ip_addresses=(NetworkInfo.IPAddress(ip_address=host),)),)
            ),
        )
        for host in hosts
    )
    launched = replace(task("now"), statuses=(*task("now").statuses, *statuses))
    framework = replace(READ.frameworks[0], executors=(executor("one", "one", launched=(launched,)),))
    return replace(READ, frameworks=(framework,))


def test_addresses_of_a_container_are_told_if_they_are_its_own() -> None:
    for hosts, told in (((), []), ((HOST,), []), (("172.17.0.2",), ["172.17.0.2"])):
        own, nested = shown(reached_at(*hosts), one=ContainerUsage(), one_a=ContainerUsage())
        assert addresses(own) == addresses(nested) == told
    assert addresses(*shown(reached_at("172.17.0.2", "172.17.0.3"), one=ContainerUsage())) == ["172.17.0.3"]
