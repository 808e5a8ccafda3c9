"""What makes a node a master: its actors, put together from flags."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Final

from actors import MESOS_VERSION
from actors.election.address import MASTER, spawn_zookeeper
from actors.election.url import ZooKeeperUrl
from actors.flags import FlagError
from actors.master import gateway
from actors.master.candidate import Election, start
from actors.master.court import (
    ALLOCATOR,
    OBSERVER,
    REGISTRAR,
    STORE,
    allocator_settings,
)
from actors.master.flags import MasterFlags
from actors.metrics import Registry
from actors.pykka_system import PykkaSystem
from transport.pid import Address as NodeAddress
from transport.pid import Pid
from transport.records.address import Address
from transport.records.master import MasterInfo

__all__ = [
    "ALLOCATOR",
    "MASTER",
    "OBSERVER",
    "REGISTRAR",
    "STORE",
    "MasterCrew",
    "allocator_settings",
    "master_info",
]

_Capability: Final = MasterInfo.Capability


class MasterCrew:
    """The actors of a master; those of a reign come and go with it, the others are vital.

    Raises FlagError for flags that do not go together.
    """

    def __init__(self, flags: MasterFlags) -> None:
        if flags.registry == "replicated_log" and flags.work_dir is None:
            raise FlagError("--work_dir: must be given unless --registry=in_memory")
        self._url = _zookeeper(flags)
        allocator_settings(flags)
        self._flags = flags

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """Start them: first those that others depend on."""
        web = gateway.listen(system, self._flags, metrics)
        flags, url, election = dataclasses.replace(self._flags, port=web.port), self._url, None
        identity = master_info(flags, "", system.address)
        if url is not None:
            zookeeper = spawn_zookeeper(system, url, flags.zk_session_timeout.seconds)
            election = Election(zookeeper, url.path, str(url))
        self._warn(system)
        start(system, system.address, flags, identity, election, metrics)

    def _warn(self, system: PykkaSystem) -> None:
        """Say what is legitimate and yet may surprise."""
        flags, log = self._flags, system.logger(Pid("", *system.address))
        if flags.zk is None and flags.quorum not in (None, 1):
            log.warning("--quorum is ignored without --zk, as this is the only master", quorum=flags.quorum)
        if flags.zk is not None and flags.registry == "in_memory":
            log.warning(
                "the registry ends with each leader: agents that were marked gone may come back, and quotas, "
                "weights and maintenance are lost",
                registry=flags.registry,
            )


def _zookeeper(flags: MasterFlags) -> ZooKeeperUrl | None:
    """Where masters are elected, if they are; raises FlagError."""
    if flags.zk is None:
        return None
    try:
        url = ZooKeeperUrl.parse(flags.zk)
    except ValueError as error:
        raise FlagError(f"--zk: {error}") from None
    if flags.quorum is None and flags.registry == "replicated_log":
        raise FlagError(
            "--quorum: must be given with --zk: how many masters are more than half of them, 2 of 3 or 3 of 5"
        )
    return url


def master_info(flags: MasterFlags, reign: str, listening: NodeAddress) -> MasterInfo:
    """What a master says about itself; `reign` is its id, new at each start."""
    packed = ipaddress.ip_address(flags.advertise_host).packed
    hostname = flags.shown_hostname
    return MasterInfo(
        id=reign,
        ip=int.from_bytes(packed[:4], "little"),
        port=flags.port,
        pid=f"{MASTER}@{listening.host}:{flags.port}",
        hostname=hostname,
        version=MESOS_VERSION,
        address=Address(hostname=hostname, ip=flags.advertise_host, port=flags.port),
        capabilities=(
            _Capability(type=_Capability.Type.AGENT_UPDATE),
            _Capability(type=_Capability.Type.AGENT_DRAINING),
            _Capability(type=_Capability.Type.QUOTA_V2),
        ),
    )
