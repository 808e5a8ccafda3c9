"""What was measured of a container."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, UInt32, UInt64, number
from transport.records.cgroup import CgroupInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import ContainerID, TaskID
from transport.records.labels import Labels
from transport.records.perf_statistics import PerfStatistics
from transport.records.resource import Resource
from transport.records.snmp_statistics import SNMPStatistics
from transport.records.value import Value


class DiskStatistics(Record):
    """How much of a disk is used."""

    source: Annotated[Resource.DiskInfo.Source | None, number(1)] = None
    persistence: Annotated[Resource.DiskInfo.Persistence | None, number(2)] = None
    limit_bytes: Annotated[UInt64 | None, number(3)] = None
    used_bytes: Annotated[UInt64 | None, number(4)] = None


class TrafficControlStatistics(Record):
    """Counters of one queueing discipline of a container's network."""

    id: Annotated[str, number(1)]
    backlog: Annotated[UInt64 | None, number(2)] = None
    bytes: Annotated[UInt64 | None, number(3)] = None
    drops: Annotated[UInt64 | None, number(4)] = None
    overlimits: Annotated[UInt64 | None, number(5)] = None
    packets: Annotated[UInt64 | None, number(6)] = None
    qlen: Annotated[UInt64 | None, number(7)] = None
    ratebps: Annotated[UInt64 | None, number(8)] = None
    ratepps: Annotated[UInt64 | None, number(9)] = None
    requeues: Annotated[UInt64 | None, number(10)] = None


class ResourceStatistics(Record):
    """What a container used, measured at `timestamp` (seconds since 1970)."""

    class RatePercentiles(Record):
        """How a rate was spread over the sampled window."""

        min: Annotated[UInt64 | None, number(1)] = None
        max: Annotated[UInt64 | None, number(2)] = None
        p50: Annotated[UInt64 | None, number(3)] = None
        p90: Annotated[UInt64 | None, number(4)] = None
        p95: Annotated[UInt64 | None, number(5)] = None
        p99: Annotated[UInt64 | None, number(6)] = None
        p999: Annotated[UInt64 | None, number(7)] = None
        p9999: Annotated[UInt64 | None, number(8)] = None
        samples: Annotated[UInt64 | None, number(9)] = None

    class RateStatistics(Record):
        """Network rates of a container over a window of time."""

        rx_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(1)] = None
        rx_packet_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(2)] = None
        rx_drop_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(3)] = None
        rx_error_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(4)] = None
        tx_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(5)] = None
        tx_packet_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(6)] = None
        tx_drop_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(7)] = None
        tx_error_rate: Annotated[ResourceStatistics.RatePercentiles | None, number(8)] = None
        sampling_window_secs: Annotated[float | None, number(9)] = None
        sampling_interval_secs: Annotated[float | None, number(10)] = None

    timestamp: Annotated[float, number(1)]
    processes: Annotated[UInt32 | None, number(30)] = None
    threads: Annotated[UInt32 | None, number(31)] = None
    cpus_user_time_secs: Annotated[float | None, number(2)] = None
    cpus_system_time_secs: Annotated[float | None, number(3)] = None
    cpus_limit: Annotated[float | None, number(4)] = None
    cpus_soft_limit: Annotated[float | None, number(45)] = None
    cpus_nr_periods: Annotated[UInt32 | None, number(7)] = None
    cpus_nr_throttled: Annotated[UInt32 | None, number(8)] = None
    cpus_throttled_time_secs: Annotated[float | None, number(9)] = None
    mem_total_bytes: Annotated[UInt64 | None, number(36)] = None
    mem_total_memsw_bytes: Annotated[UInt64 | None, number(37)] = None
    mem_kmem_usage_bytes: Annotated[UInt64 | None, number(52)] = None
    mem_kmem_tcp_usage_bytes: Annotated[UInt64 | None, number(53)] = None
    mem_limit_bytes: Annotated[UInt64 | None, number(6)] = None
    mem_soft_limit_bytes: Annotated[UInt64 | None, number(38)] = None
    mem_file_bytes: Annotated[UInt64 | None, number(10)] = None
    mem_anon_bytes: Annotated[UInt64 | None, number(11)] = None
    mem_cache_bytes: Annotated[UInt64 | None, number(39)] = None
    mem_rss_bytes: Annotated[UInt64 | None, number(5)] = None
    mem_mapped_file_bytes: Annotated[UInt64 | None, number(12)] = None
    mem_swap_bytes: Annotated[UInt64 | None, number(40)] = None
    mem_unevictable_bytes: Annotated[UInt64 | None, number(41)] = None
    mem_low_pressure_counter: Annotated[UInt64 | None, number(32)] = None
    mem_medium_pressure_counter: Annotated[UInt64 | None, number(33)] = None
    mem_critical_pressure_counter: Annotated[UInt64 | None, number(34)] = None
    disk_limit_bytes: Annotated[UInt64 | None, number(26)] = None
    disk_used_bytes: Annotated[UInt64 | None, number(27)] = None
    disk_statistics: Annotated[tuple[DiskStatistics, ...], number(43)] = ()
    blkio_statistics: Annotated[CgroupInfo.Blkio.Statistics | None, number(44)] = None
    perf: Annotated[PerfStatistics | None, number(13)] = None
    net_rx_packets: Annotated[UInt64 | None, number(14)] = None
    net_rx_bytes: Annotated[UInt64 | None, number(15)] = None
    net_rx_errors: Annotated[UInt64 | None, number(16)] = None
    net_rx_dropped: Annotated[UInt64 | None, number(17)] = None
    net_tx_packets: Annotated[UInt64 | None, number(18)] = None
    net_tx_bytes: Annotated[UInt64 | None, number(19)] = None
    net_tx_errors: Annotated[UInt64 | None, number(20)] = None
    net_tx_dropped: Annotated[UInt64 | None, number(21)] = None
    net_tx_rate_limit: Annotated[UInt64 | None, number(46)] = None
    net_tx_burst_rate_limit: Annotated[UInt64 | None, number(47)] = None
    net_tx_burst_size: Annotated[UInt64 | None, number(48)] = None
    net_rx_rate_limit: Annotated[UInt64 | None, number(49)] = None
    net_rx_burst_rate_limit: Annotated[UInt64 | None, number(50)] = None
    net_rx_burst_size: Annotated[UInt64 | None, number(51)] = None
    net_rate_statistics: Annotated[RateStatistics | None, number(54)] = None
    net_ephemeral_ports: Annotated[Value.Range | None, number(55)] = None
    net_tcp_rtt_microsecs_p50: Annotated[float | None, number(22)] = None
    net_tcp_rtt_microsecs_p90: Annotated[float | None, number(23)] = None
    net_tcp_rtt_microsecs_p95: Annotated[float | None, number(24)] = None
    net_tcp_rtt_microsecs_p99: Annotated[float | None, number(25)] = None
    net_tcp_active_connections: Annotated[float | None, number(28)] = None
    net_tcp_time_wait_connections: Annotated[float | None, number(29)] = None
    net_traffic_control_statistics: Annotated[tuple[TrafficControlStatistics, ...], number(35)] = ()
    net_snmp_statistics: Annotated[SNMPStatistics | None, number(42)] = None


class ResourceUsage(Record):
    """What the executors of an agent are allocated, and what they use."""

    class Executor(Record):
        """What one executor is allocated, and what it uses."""

        class Task(Record):
            """What one task of the executor is allocated."""

            name: Annotated[str, number(1)]
            id: Annotated[TaskID, number(2)]
            resources: Annotated[tuple[Resource, ...], number(3)] = ()
            labels: Annotated[Labels | None, number(4)] = None

        executor_info: Annotated[ExecutorInfo, number(1)]
        allocated: Annotated[tuple[Resource, ...], number(2)] = ()
        statistics: Annotated[ResourceStatistics | None, number(3)] = None
        container_id: Annotated[ContainerID, number(4)]
        tasks: Annotated[tuple[Task, ...], number(5)] = ()

    executors: Annotated[tuple[Executor, ...], number(1)] = ()
    total: Annotated[tuple[Resource, ...], number(2)] = ()
