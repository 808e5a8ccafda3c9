"""Which Pion this is, as Mesos' `/version` and `/state` tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import actors
from actors import __version__
from transport.records.daemon import VersionInfo


@cache
def version_info() -> VersionInfo:
    """The version, and when it was packaged: the time of the file that holds its number.

    Nobody is said to have built it, and no commit, as by a Mesos that was built from a release.
    """
    built = int(Path(actors.__file__).stat().st_mtime)
    date = datetime.fromtimestamp(built, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return VersionInfo(version=__version__, build_date=date, build_time=float(built), build_user="")
