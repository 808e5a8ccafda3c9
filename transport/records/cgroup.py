"""What control groups tell of a container."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, UInt64, number
from transport.records.enumeration import Enumeration
from transport.records.linux import Device


class CgroupInfo(Record):
    """What control groups tell of a container."""

    class Blkio(Record):
        """The counters of block devices."""

        class Operation(Enumeration):
            """What was counted."""

            UNKNOWN = auto(), 0
            TOTAL = auto(), 1
            READ = auto(), 2
            WRITE = auto(), 3
            SYNC = auto(), 4
            ASYNC = auto(), 5
            DISCARD = auto(), 6

        class Value(Record):
            """One counter."""

            op: Annotated[CgroupInfo.Blkio.Operation | None, number(1)] = None
            value: Annotated[UInt64 | None, number(2)] = None

        class CFQ(Record):
            """The counters of the CFQ scheduler."""

            class Statistics(Record):
                """The counters of one device."""

                device: Annotated[Device.Number | None, number(1)] = None
                sectors: Annotated[UInt64 | None, number(2)] = None
                time: Annotated[UInt64 | None, number(3)] = None
                io_serviced: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(4)] = ()
                io_service_bytes: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(5)] = ()
                io_service_time: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(6)] = ()
                io_wait_time: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(7)] = ()
                io_merged: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(8)] = ()
                io_queued: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(9)] = ()

        class Throttling(Record):
            """The counters of throttling."""

            class Statistics(Record):
                """The counters of one device."""

                device: Annotated[Device.Number | None, number(1)] = None
                io_serviced: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(2)] = ()
                io_service_bytes: Annotated[tuple[CgroupInfo.Blkio.Value, ...], number(3)] = ()

        class Statistics(Record):
            """The counters of all devices."""

            cfq: Annotated[tuple[CgroupInfo.Blkio.CFQ.Statistics, ...], number(1)] = ()
            cfq_recursive: Annotated[tuple[CgroupInfo.Blkio.CFQ.Statistics, ...], number(2)] = ()
            throttling: Annotated[tuple[CgroupInfo.Blkio.Throttling.Statistics, ...], number(3)] = ()

    class NetCls(Record):
        """The class of the container's network traffic."""

        classid: Annotated[UInt32 | None, number(1)] = None

    net_cls: Annotated[NetCls | None, number(1)] = None
