"""All bugs, each as one spoilt method."""

from __future__ import annotations

from typing import Final

from tests.simulation.paxos.planted.coordinator import COORDINATOR
from tests.simulation.paxos.planted.recovery import RECOVERY
from tests.simulation.paxos.planted.replica import REPLICA

BUGS: Final = (*REPLICA, *COORDINATOR, *RECOVERY)
