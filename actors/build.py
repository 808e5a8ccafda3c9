"""Which Mesos and which Pion this is, as Mesos' `/version` and `/state` tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import actors
from actors import MESOS_VERSION, __version__
from transport.records.daemon import VersionInfo


@cache
def version_info() -> VersionInfo:
    """The version, and when it was packaged: the time of the file that holds its number.

    No commit is told, as by a Mesos that was built from a release; the builder tells which Pion it is.
    """
    built = int(Path(actors.__file__).stat().st_mtime)
    date = datetime.fromtimestamp(built, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return VersionInfo(
        version=MESOS_VERSION, build_date=date, build_time=float(built), build_user=f"pion {__version__}"
    )
