"""What Linux offers to a container: capabilities, seccomp, namespaces, limits, devices."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport import record
from transport.record import Record, UInt32, UInt64, number
from transport.records.enumeration import Enumeration


class CapabilityInfo(Record):
    """Linux capabilities."""

    class Capability(Enumeration):
        """Linux capabilities; less 1000 their numbers are the kernel's."""

        UNKNOWN = auto(), 0
        CHOWN = auto(), 1000
        DAC_OVERRIDE = auto(), 1001
        DAC_READ_SEARCH = auto(), 1002
        FOWNER = auto(), 1003
        FSETID = auto(), 1004
        KILL = auto(), 1005
        SETGID = auto(), 1006
        SETUID = auto(), 1007
        SETPCAP = auto(), 1008
        LINUX_IMMUTABLE = auto(), 1009
        NET_BIND_SERVICE = auto(), 1010
        NET_BROADCAST = auto(), 1011
        NET_ADMIN = auto(), 1012
        NET_RAW = auto(), 1013
        IPC_LOCK = auto(), 1014
        IPC_OWNER = auto(), 1015
        SYS_MODULE = auto(), 1016
        SYS_RAWIO = auto(), 1017
        SYS_CHROOT = auto(), 1018
        SYS_PTRACE = auto(), 1019
        SYS_PACCT = auto(), 1020
        SYS_ADMIN = auto(), 1021
        SYS_BOOT = auto(), 1022
        SYS_NICE = auto(), 1023
        SYS_RESOURCE = auto(), 1024
        SYS_TIME = auto(), 1025
        SYS_TTY_CONFIG = auto(), 1026
        MKNOD = auto(), 1027
        LEASE = auto(), 1028
        AUDIT_WRITE = auto(), 1029
        AUDIT_CONTROL = auto(), 1030
        SETFCAP = auto(), 1031
        MAC_OVERRIDE = auto(), 1032
        MAC_ADMIN = auto(), 1033
        SYSLOG = auto(), 1034
        WAKE_ALARM = auto(), 1035
        BLOCK_SUSPEND = auto(), 1036
        AUDIT_READ = auto(), 1037
        PERFMON = auto(), 1038
        BPF = auto(), 1039
        CHECKPOINT_RESTORE = auto(), 1040

    capabilities: Annotated[tuple[Capability, ...], number(1)] = ()


class SeccompInfo(Record):
    """Which seccomp profile confines a container."""

    profile_name: Annotated[str | None, number(1)] = None
    unconfined: Annotated[bool | None, number(2)] = None


class LinuxInfo(Record):
    """What a container has of Linux; `shm_size` is in MB."""

    class IpcMode(Enumeration):
        """Whether the container has an IPC namespace and /dev/shm of its own."""

        UNKNOWN = auto(), 0
        PRIVATE = auto(), 1
        SHARE_PARENT = auto(), 2

    capability_info: Annotated[CapabilityInfo | None, number(1, deprecated=True)] = None
    bounding_capabilities: Annotated[CapabilityInfo | None, number(2)] = None
    effective_capabilities: Annotated[CapabilityInfo | None, number(3)] = None
    share_pid_namespace: Annotated[bool | None, number(4)] = None
    seccomp: Annotated[SeccompInfo | None, number(5)] = None
    ipc_mode: Annotated[IpcMode | None, number(6)] = None
    shm_size: Annotated[UInt32 | None, number(7)] = None
    share_cgroups: Annotated[bool | None, number(8, True)] = None


class RLimitInfo(Record):
    """Limits of a container's processes."""

    class RLimit(Record):
        """One limit; without `hard` and `soft` it is unlimited."""

        class Type(Enumeration):
            """What is limited, named as for setrlimit."""

            UNKNOWN = auto(), 0
            RLMT_AS = auto(), 1
            RLMT_CORE = auto(), 2
            RLMT_CPU = auto(), 3
            RLMT_DATA = auto(), 4
            RLMT_FSIZE = auto(), 5
            RLMT_LOCKS = auto(), 6
            RLMT_MEMLOCK = auto(), 7
            RLMT_MSGQUEUE = auto(), 8
            RLMT_NICE = auto(), 9
            RLMT_NOFILE = auto(), 10
            RLMT_NPROC = auto(), 11
            RLMT_RSS = auto(), 12
            RLMT_RTPRIO = auto(), 13
            RLMT_RTTIME = auto(), 14
            RLMT_SIGPENDING = auto(), 15
            RLMT_STACK = auto(), 16

        type: Annotated[Type | None, number(1)] = None
        hard: Annotated[UInt64 | None, number(2)] = None
        soft: Annotated[UInt64 | None, number(3)] = None

    rlimits: Annotated[tuple[RLimit, ...], number(1)] = ()


class Device(Record):
    """A device, by path or by number."""

    class Number(Record):
        """A device by its number."""

        major_number: Annotated[UInt64, number(1)]
        minor_number: Annotated[UInt64, number(2)]

    # One of the fields is itself called number.
    path: Annotated[str | None, record.number(1)] = None
    number: Annotated[Number | None, record.number(2)] = None


class DeviceAccess(Record):
    """What may be done with a device."""

    class Access(Record):
        """Reading, writing, making a node of it."""

        read: Annotated[bool | None, number(1)] = None
        write: Annotated[bool | None, number(2)] = None
        mknod: Annotated[bool | None, number(3)] = None

    device: Annotated[Device, number(1)]
    access: Annotated[Access, number(2)]


class DeviceWhitelist(Record):
    """The devices a container may use."""

    allowed_devices: Annotated[tuple[DeviceAccess, ...], number(1)] = ()
