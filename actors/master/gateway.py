"""What a master serves over HTTP at its --port, whether it leads or not (mesos-protocol.md §1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from actors.election.asking import DETECTOR
from actors.gateway.asking import ANSWER_SECONDS, Ask, NoSuchActorError, asking
from actors.gateway.gateway import GATEWAY, Gateway, Server, serve
from actors.gateway.ordinary import ordinary_routes
from actors.log.recoverer import RECOVERY
from actors.master.flags import MasterFlags
from actors.master.log_view import LogView
from actors.master.page import HEADERS, Page
from actors.master.redirection import LED, answer_elsewhere, to_leader, web_address
from actors.metrics import Registry
from actors.process import handles
from actors.pykka_system import PykkaSystem
from transport.http.exchange import HTML, HttpError, Request, Response, refusal, say, show, unavailable
from transport.http.routes import Route, Routes
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.replication import LogStatus, ReadLogStatus
from transport.pid import Address, Pid

#: The first part of a path, which may be left out.
_PREFIX: Final = "master"
#: The detector ends with the node, or has not been spawned yet.
_LOOK_AGAIN_SECONDS: Final = 0.2


class Lookout:
    """Who leads, for the handlers on the server's thread: the gateway's actor writes it, whole."""

    def __init__(self) -> None:
        self.leader = LeaderDetected(None)


class MasterGateway(Gateway):
    """Owns a master's HTTP server, and keeps it informed of who leads."""

    def __init__(self, server: Server, lookout: Lookout) -> None:
        super().__init__(server)
        self._lookout = lookout

    def initialize(self) -> None:
        """Watch the detector."""
        self._watch()

    @handles(LeaderDetected)
    def leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        """Requests go there from now on, if it is this node that knows."""
        if sender.address == self.pid.address:
            self._lookout.leader = message

    def exited(self, pid: Pid) -> None:
        """Without a detector nobody is known to lead."""
        self._lookout.leader = LeaderDetected(None)
        self.delay(_LOOK_AGAIN_SECONDS, self._watch)

    def _watch(self) -> None:
        detector = Pid(DETECTOR, *self.pid.address)
        self.link(detector)
        self.send(detector, WatchLeader())


class Desk:
    """The handlers of what a master alone serves."""

    def __init__(
        self, flags: MasterFlags, own: Address, lookout: Lookout, metrics: Registry, ask: Ask
    ) -> None:
        self._cluster = flags.cluster or ""
        #: Where this master's page is reached; the port is found late when it is to be a free one.
        self.web = Address(flags.advertise_host, flags.port)
        #: Where its actors are reached.
        self._own = own
        self._lookout = lookout
        self._metrics = metrics
        self._ask = ask

    def routes(self) -> Iterator[Route]:
        """Where they are found."""
        yield Route("/", self.page, exact=True)
        yield Route("/redirect", self.redirect, exact=True)
        yield Route("/log/status", self.log_status)
        for path, methods in LED.items():
            yield Route(path, self.call if path.startswith("/api/") else self.led, methods)

    async def redirect(self, _request: Request) -> Response:
        """Lead to the leader, which may be this master."""
        return to_leader(self._lookout.leader)

    async def call(self, request: Request) -> Response:
        """Answer a call of the v1 API, which waits until the leader has recovered."""
        elsewhere = answer_elsewhere(self._lookout.leader, self._own, request)
        if elsewhere is None and not self._metrics.value("master/recovered"):
            return unavailable("Master has not finished recovery")
        return elsewhere or _not_there_yet(request)

    async def led(self, request: Request) -> Response:
        """Answer what else only a leader can."""
        return answer_elsewhere(self._lookout.leader, self._own, request) or _not_there_yet(request)

    async def log_status(self, request: Request) -> Response:
        """Tell how the log fares."""
        try:
            return show(request, LogView.of(await self._log_status()))
        except NoSuchActorError:
            raise refusal(404, "this master keeps no replicated log, or is starting or ending") from None

    async def page(self, _request: Request) -> Response:
        """Tell people all of it."""
        log, trouble = None, ""
        try:
            log = LogView.of(await self._log_status())
        except NoSuchActorError:
            pass
        except HttpError as error:
            trouble = str(error)
        leader = self._lookout.leader
        page = Page(
            cluster=self._cluster,
            own=self.web,
            leader=web_address(leader),
            leads=leader.master is not None and leader.master.address == self._own,
            epoch=leader.epoch,
            nobody=leader.reason,
            log=log,
            trouble=trouble,
        )
        return Response(200, page.render().encode(), HTML, HEADERS)

    async def _log_status(self) -> LogStatus:
        status = await self._ask(RECOVERY, ReadLogStatus())
        if not isinstance(status, LogStatus):
            raise HttpError(unavailable(f"{RECOVERY} answered something else"))
        return status


def _not_there_yet(request: Request) -> Response:
    path = request.target.partition("?")[0]
    return say(501, f"{path}: Mesos' HTTP APIs are not there yet; use Pion's own frameworks and commands")


def listen(
    system: PykkaSystem, flags: MasterFlags, metrics: Registry, answer_seconds: float = ANSWER_SECONDS
) -> Address:
    """Serve HTTP at --port from now on; raises StartError when that cannot be had.

    Returns the address: its port is the one that was found when --port=0.
    """
    lookout = Lookout()
    desk = Desk(flags, system.address, lookout, metrics, asking(system, answer_seconds))
    routes = Routes((*ordinary_routes(flags, metrics), *desk.routes()), prefixes=(_PREFIX,))
    server, address = serve(system, flags, routes)
    desk.web = Address(flags.advertise_host, address.port)
    system.spawn(lambda: MasterGateway(server, lookout), GATEWAY, vital=True)
    return address
