"""Where in the world a master or an agent stands."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, number


class DomainInfo(Record):
    """The domains that a master or agent belongs to."""

    class FaultDomain(Record):
        """Hosts that tend to fail together: a zone within a region."""

        class RegionInfo(Record):
            """A region; networks between regions are slow."""

            name: Annotated[str, number(1)]

        class ZoneInfo(Record):
            """A zone of a region; networks between its zones are fast."""

            name: Annotated[str, number(1)]

        region: Annotated[RegionInfo, number(1)]
        zone: Annotated[ZoneInfo, number(2)]

    fault_domain: Annotated[FaultDomain | None, number(1)] = None
