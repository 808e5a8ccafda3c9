"""What a master serves over HTTP at its --port, whether it leads or not (mesos-protocol.md §1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from actors.election.asking import DETECTOR
from actors.gateway.asking import ANSWER_SECONDS, NoSuchActorError
from actors.gateway.attached import attached_log
from actors.gateway.common_calls import common_calls
from actors.gateway.files import Files, file_routes
from actors.gateway.front import Front
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost, Server
from actors.gateway.help import described_routes
from actors.gateway.inspection import inspection_routes
from actors.gateway.operator import CallHandler, OperatorApi
from actors.gateway.ordinary import ordinary_routes
from actors.log.recoverer import RECOVERY
from actors.master.flags import MasterFlags
from actors.master.http.described import ENDPOINTS
from actors.master.http.endpoints import endpoint_routes
from actors.master.http.operator_calls import operator_calls
from actors.master.http.operator_endpoints import operator_endpoints
from actors.master.http.registry_endpoint import registry_route
from actors.master.http.scheduler_api import scheduler_routes
from actors.master.http.view_calls import view_calls
from actors.master.leading import Leading, Lookout
from actors.master.log_view import LogView
from actors.master.page import HEADERS, Page
from actors.master.redirection import to_leader, web_address
from actors.metrics import Registry
from actors.process import handles
from actors.pykka_system import PykkaSystem
from transport.http.exchange import HTML, HttpError, Request, Response, refusal, show, unavailable
from transport.http.routes import Route, Routes
from transport.http.server import raise_descriptors
from transport.limits import MIB
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.replication import LogStatus, ReadLogStatus
from transport.pid import Address, Pid
from transport.records.enumeration import Enumeration
from transport.records.master_call import Call
from transport.records.master_event import Event
from transport.records.master_response import Response as CallResponse
from transport.records.scheduler_call import Call as SchedulerCall
from transport.records.scheduler_event import Event as SchedulerEvent

#: The first part of a path, which may be left out.
_PREFIX: Final = "master"
#: As `actors.cli` calls it.
_DAEMON: Final = "mesos-master"
#: Where its log is shown, if it is.
_LOG: Final = "/master/log"
_BODY_BYTES: Final = 16 * MIB
#: What a leader answers from what it has recovered so far (mesos-protocol.md §1.6).
_EARLY: Final = ("/state", "/state-summary", "/slaves", "/frameworks", "/tasks", "/roles")
#: The detector ends with the node, or has not been spawned yet.
_LOOK_AGAIN_SECONDS: Final = 0.2
#: By then somebody else leads, unless it is only from here that the leader cannot be reached.
_ELECTED_SECONDS: Final = 15.0


#: What clients say and get, in the order in which it is likely to be needed.
_SPOKEN: Final = (SchedulerCall, SchedulerEvent, Call, CallResponse, Event)


class MasterGateway(Gateway):
    """Owns a master's HTTP server, and keeps it informed of who leads.

    A leader that has just died leads until its session ends. No client is sent there any more: it might wait
    for ever for somebody to answer.
    """

    def __init__(self, server: Server, lookout: Lookout) -> None:
        super().__init__(server, _SPOKEN)
        self._lookout = lookout
        self._detected = LeaderDetected(None)

    def initialize(self) -> None:
        """Watch the detector."""
        super().initialize()
        self._watch()

    @handles(LeaderDetected)
    def leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        """Requests go there from now on, if it is this node that knows."""
        if sender.address == self.pid.address:
            if (before := self._there()) is not None:
                self.unlink(before)
            self._detected = message
            self._trust(message)

    def exited(self, pid: Pid) -> None:
        """Without a detector nobody is known to lead, and nobody can be asked without the leader's."""
        if pid.address == self.pid.address:
            self._detected = self._lookout.leader = LeaderDetected(None)
            self.delay(_LOOK_AGAIN_SECONDS, self._watch)
        elif pid == self._there():
            reason = f"the master at {pid.address} led, and cannot be reached"
            self._lookout.leader = LeaderDetected(None, self._detected.epoch, reason=reason)
            self.delay(_ELECTED_SECONDS, self._trust, self._detected)

    def _trust(self, leader: LeaderDetected) -> None:
        """Send clients there, until its node is seen to be gone."""
        if leader is self._detected:
            self._lookout.leader = leader
            if (there := self._there()) is not None:
                self.link(there)

    def _there(self) -> Pid | None:
        """The detector of the leader's node, if that is another one: an actor that each master's node has."""
        master = self._detected.master
        if master is None or master.address == self.pid.address:
            return None
        return Pid(DETECTOR, *master.address)

    def _watch(self) -> None:
        detector = Pid(DETECTOR, *self.pid.address)
        self.link(detector)
        self.send(detector, WatchLeader())


class Desk:
    """The handlers of what any master serves, whoever leads."""

    def __init__(self, flags: MasterFlags, lookout: Lookout, front: Front) -> None:
        self._cluster = flags.cluster or ""
        #: Where this master's page is reached; the port is found late when it is to be a free one.
        self.web = Address(flags.advertise_host, flags.port)
        self._lookout = lookout
        self._front = front

    def routes(self) -> Iterator[Route]:
        """Where they are found."""
        yield Route("/", self.page, exact=True)
        yield Route("/redirect", self.redirect, exact=True)
        yield Route("/log/status", self.log_status)

    async def redirect(self, _request: Request) -> Response:
        """Lead to the leader, which may be this master."""
        return to_leader(self._lookout.leader)

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
            leads=leader.master is not None and leader.master.address == self._front.here,
            epoch=leader.epoch,
            nobody=leader.reason,
            log=log,
            trouble=trouble,
        )
        return Response(200, page.render().encode(), HTML, HEADERS)

    async def _log_status(self) -> LogStatus:
        status = await self._front.ask(RECOVERY, ReadLogStatus())
        if not isinstance(status, LogStatus):
            raise HttpError(unavailable(f"{RECOVERY} answered something else"))
        return status


def listen(
    system: PykkaSystem, flags: MasterFlags, metrics: Registry, answer_seconds: float = ANSWER_SECONDS
) -> Address:
    """Serve HTTP at --port from now on; raises StartError when that cannot be had.

    Returns the address: its port is the one that was found when --port=0.
    """
    raise_descriptors()
    lookout = Lookout()
    desks: list[Desk] = []
    files = Files(tuple(attached_log(_LOG, flags.log_file(_DAEMON))))

    def routes(front: Front) -> Routes:
        desks.append(Desk(flags, lookout, front))
        leading = Leading(lookout, front.here, metrics)
        ordinary = (*ordinary_routes(flags, metrics), *file_routes(files), *inspection_routes(front))
        led = _led(leading, _leaders_routes(front, flags, files))
        every = described_routes("Pion master", _PREFIX, (*ordinary, *desks[0].routes(), *led), ENDPOINTS)
        return Routes(every, prefixes=(_PREFIX,))

    host = HttpHost(system, metrics, routes, answer_seconds)
    address = host.listen(flags)
    desks[0].web = Address(flags.advertise_host, address.port)
    system.spawn(lambda: MasterGateway(host.server, lookout), GATEWAY, vital=True)
    return address


def _leaders_routes(front: Front, flags: MasterFlags, files: Files) -> Iterator[Route]:
    """What only the leader serves: the parts, put together."""
    yield from scheduler_routes(front)
    yield from operator_endpoints(front)
    yield from endpoint_routes(front)
    yield registry_route(front)
    operator = OperatorApi(Call, _calls(front, flags, files))
    for path in ("/api/v1", "/api/v1/operator"):
        yield Route(path, operator.handle, ("POST",), _BODY_BYTES)


def _calls(front: Front, flags: MasterFlags, files: Files) -> Mapping[Enumeration, CallHandler[Call]]:
    """Who answers which call of operators."""
    return {
        **common_calls(front, flags, files, Call, CallResponse),
        **operator_calls(front),
        **view_calls(front),
    }


def _led(leading: Leading, routes: Iterable[Route]) -> Iterator[Route]:
    """The same, on this master while it leads."""
    for route in routes:
        guard = leading.led if route.path in _EARLY else leading.led_call
        yield msgspec.structs.replace(route, handler=guard(route.handler))
