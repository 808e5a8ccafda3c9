"""What a check shows, told whenever it changes (mesos-protocol.md §3.9)."""

from __future__ import annotations

from actors.executor.checks.look import Seen
from transport.records.check import CheckInfo, CheckStatusInfo


class Check:
    """Keeps the result of a check, which every update of the task carries."""

    def __init__(self, info: CheckInfo) -> None:
        self._type = info.type
        #: Without a result until there is one.
        self.status = self._status(Seen())

    def take(self, seen: Seen) -> bool:
        """Take in a look; whether its result is another than before. One that showed nothing has none."""
        before, self.status = self.status, self._status(seen)
        return self.status != before

    def _status(self, seen: Seen) -> CheckStatusInfo:
        kind = self._type
        if kind is CheckInfo.Type.COMMAND:
            return CheckStatusInfo(type=kind, command=CheckStatusInfo.Command(exit_code=seen.exit_code))
        if kind is CheckInfo.Type.HTTP:
            return CheckStatusInfo(type=kind, http=CheckStatusInfo.Http(status_code=seen.status_code))
        return CheckStatusInfo(type=kind, tcp=CheckStatusInfo.Tcp(succeeded=seen.connected))
