"""What an operator decides about fetching, and what can be told of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_KIB = 1024
_MIB = 1024 * _KIB
_GIB = 1024 * _MIB

#: Where clouds tell a machine's secrets to whoever asks from it, and all addresses that are for one link.
REFUSED_NETWORKS = (
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::254/128",
    "100.100.100.200/32",
    "192.0.0.192/32",
)


class FetchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes; paths are absolute."""

    #: Below it each pool makes a folder of its own.
    cache_dir: str
    #: 0 for no cache (mesos-flags.tsv, as the next one).
    cache_bytes: int = 2 * _GIB
    #: A server that sends less than a byte a second for so long is given up.
    stall_timeout_seconds: float = 60.0
    #: All files of one order together must be there by then.
    limit_seconds: float = 6 * 3600.0
    #: Processor time of one order.
    cpu_seconds: int = 3600
    #: What paths that are not absolute begin at.
    frameworks_home: str | None = None
    #: Orders that are worked on at a time. One that takes longer than `slow_after_seconds` leaves its place
    #: to the next, so that large files do not hold up small ones, until there are so many slow ones.
    parallel: int = 8
    slow_after_seconds: float = 5.0
    parallel_slow: int = 24
    #: Of all that one order writes, unpacked files and their archives alike.
    largest_bytes: int = 10 * _GIB
    #: Of one archive. Nomad stops at 4,096, but what people unpack for real (Hadoop, node_modules) has more.
    most_files: int = 100_000
    #: Beyond the first so many bytes, an archive may not grow by more than this factor.
    ratio: int = 200
    ratio_free_bytes: int = 256 * _MIB
    refused_networks: tuple[str, ...] = REFUSED_NETWORKS
    #: Below which files of this host must lie; None: what the user may read is fetched.
    file_prefixes: tuple[str, ...] | None = None
    #: Below which they must not lie, whoever asks: the folders of the agent.
    hidden: tuple[str, ...] = ()
    #: `http://host:port` by scheme, `http` or `https`; those of this process' environment do not count.
    proxies: Mapping[str, str] = {}
    #: Who vouches for servers, as a file of certificates; None: whom the system trusts.
    authorities: str | None = None


class FetchStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of the cache, and orders since the pool began; one that was stopped counts for neither."""

    cache_total_bytes: int
    cache_used_bytes: int
    succeeded: int
    failed: int
