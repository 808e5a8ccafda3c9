"""What perf counted of a container."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, UInt64, number


class PerfStatistics(Record):
    """Events counted in the `duration` (seconds) that began at `timestamp` (seconds since 1970)."""

    timestamp: Annotated[float, number(1)]
    duration: Annotated[float, number(2)]
    cycles: Annotated[UInt64 | None, number(3)] = None
    stalled_cycles_frontend: Annotated[UInt64 | None, number(4)] = None
    stalled_cycles_backend: Annotated[UInt64 | None, number(5)] = None
    instructions: Annotated[UInt64 | None, number(6)] = None
    cache_references: Annotated[UInt64 | None, number(7)] = None
    cache_misses: Annotated[UInt64 | None, number(8)] = None
    branches: Annotated[UInt64 | None, number(9)] = None
    branch_misses: Annotated[UInt64 | None, number(10)] = None
    bus_cycles: Annotated[UInt64 | None, number(11)] = None
    ref_cycles: Annotated[UInt64 | None, number(12)] = None
    cpu_clock: Annotated[float | None, number(13)] = None
    task_clock: Annotated[float | None, number(14)] = None
    page_faults: Annotated[UInt64 | None, number(15)] = None
    minor_faults: Annotated[UInt64 | None, number(16)] = None
    major_faults: Annotated[UInt64 | None, number(17)] = None
    context_switches: Annotated[UInt64 | None, number(18)] = None
    cpu_migrations: Annotated[UInt64 | None, number(19)] = None
    alignment_faults: Annotated[UInt64 | None, number(20)] = None
    emulation_faults: Annotated[UInt64 | None, number(21)] = None
    l1_dcache_loads: Annotated[UInt64 | None, number(22)] = None
    l1_dcache_load_misses: Annotated[UInt64 | None, number(23)] = None
    l1_dcache_stores: Annotated[UInt64 | None, number(24)] = None
    l1_dcache_store_misses: Annotated[UInt64 | None, number(25)] = None
    l1_dcache_prefetches: Annotated[UInt64 | None, number(26)] = None
    l1_dcache_prefetch_misses: Annotated[UInt64 | None, number(27)] = None
    l1_icache_loads: Annotated[UInt64 | None, number(28)] = None
    l1_icache_load_misses: Annotated[UInt64 | None, number(29)] = None
    l1_icache_prefetches: Annotated[UInt64 | None, number(30)] = None
    l1_icache_prefetch_misses: Annotated[UInt64 | None, number(31)] = None
    llc_loads: Annotated[UInt64 | None, number(32)] = None
    llc_load_misses: Annotated[UInt64 | None, number(33)] = None
    llc_stores: Annotated[UInt64 | None, number(34)] = None
    llc_store_misses: Annotated[UInt64 | None, number(35)] = None
    llc_prefetches: Annotated[UInt64 | None, number(36)] = None
    llc_prefetch_misses: Annotated[UInt64 | None, number(37)] = None
    dtlb_loads: Annotated[UInt64 | None, number(38)] = None
    dtlb_load_misses: Annotated[UInt64 | None, number(39)] = None
    dtlb_stores: Annotated[UInt64 | None, number(40)] = None
    dtlb_store_misses: Annotated[UInt64 | None, number(41)] = None
    dtlb_prefetches: Annotated[UInt64 | None, number(42)] = None
    dtlb_prefetch_misses: Annotated[UInt64 | None, number(43)] = None
    itlb_loads: Annotated[UInt64 | None, number(44)] = None
    itlb_load_misses: Annotated[UInt64 | None, number(45)] = None
    branch_loads: Annotated[UInt64 | None, number(46)] = None
    branch_load_misses: Annotated[UInt64 | None, number(47)] = None
    node_loads: Annotated[UInt64 | None, number(48)] = None
    node_load_misses: Annotated[UInt64 | None, number(49)] = None
    node_stores: Annotated[UInt64 | None, number(50)] = None
    node_store_misses: Annotated[UInt64 | None, number(51)] = None
    node_prefetches: Annotated[UInt64 | None, number(52)] = None
    node_prefetch_misses: Annotated[UInt64 | None, number(53)] = None
