"""What makes a node a master: its actors, put together from flags."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final

from actors import __version__
from actors.election.standalone import StandaloneDetector
from actors.flags import FlagError
from actors.master.court import (
    ALLOCATOR,
    MASTER,
    OBSERVER,
    REGISTRAR,
    STORE,
    Court,
    allocator_settings,
)
from actors.master.flags import MasterFlags
from actors.master.leadership import LEADERSHIP, Leadership
from actors.master.mandate import Mandate
from actors.metrics import Registry
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.state.memory import MemoryStore
from actors.state.single import SingleStore
from actors.state.store import Variable
from transport.pid import Address as NodeAddress
from transport.records.address import Address
from transport.records.master import MasterInfo

__all__ = [
    "ALLOCATOR",
    "DETECTOR",
    "LEADERSHIP",
    "MASTER",
    "OBSERVER",
    "REGISTRAR",
    "STORE",
    "MasterCrew",
    "allocator_settings",
    "master_info",
]

#: The name of the actor that knows who leads.
DETECTOR: Final = "detector"

_Capability = MasterInfo.Capability


class MasterCrew:
    """The actors of a master; those of a reign come and go with it, the others are vital.

    Raises FlagError for flags that do not go together.
    """

    def __init__(self, flags: MasterFlags) -> None:
        if flags.registry == "replicated_log" and flags.work_dir is None:
            raise FlagError("--work_dir: must be given unless --registry=in_memory")
        if flags.zk is not None:
            raise FlagError("--zk: is not there yet")
        allocator_settings(flags)
        self._flags = flags

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """Start them: first those that others depend on."""
        flags = self._flags
        identity = master_info(flags, "", system.address)
        detector = system.spawn(lambda: StandaloneDetector(system.pid_of(MASTER)), DETECTOR, vital=True)
        court = Court(flags, identity, self._store_maker(), metrics)
        rejoin = flags.on_leadership_loss == "rejoin"
        # The youngest of all: nothing that takes its time ends between a reign's actors and their owner.
        system.spawn(lambda: Leadership(court, None, detector, rejoin=rejoin), LEADERSHIP, vital=True)

    def _store_maker(self) -> Callable[[Mandate], Process]:
        if self._flags.registry == "in_memory":
            kept: dict[str, Variable] = {}
            return lambda _mandate: MemoryStore(kept)
        return lambda _mandate: SingleStore()


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
        version=__version__,
        address=Address(hostname=hostname, ip=flags.advertise_host, port=flags.port),
        capabilities=(
            _Capability(type=_Capability.Type.AGENT_UPDATE),
            _Capability(type=_Capability.Type.AGENT_DRAINING),
            _Capability(type=_Capability.Type.QUOTA_V2),
        ),
    )
