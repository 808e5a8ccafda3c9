from __future__ import annotations

from msgspec.structs import replace

from actors.gateway.streaming import StreamActor, streamed_by
from actors.simulation import Simulation
from actors.system import StoppingError
from tests.actors.gateway.fronts import front
from transport.http.exchange import PacedOutlet
from transport.pid import Pid


class Client:
    """An outlet that is read at once."""

    unread_bytes = 0

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = False

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def end(self) -> None:
        self.ended = True

    def abort(self) -> None:
        raise AssertionError("nothing is wrong")


class Echo(StreamActor):
    def __init__(self, outlet: PacedOutlet) -> None:
        self.outlet = outlet
        self.reasons: list[str] = []

    def hail(self) -> None:
        self.outlet.write(self.pid.name.encode())

    def close(self, reason: str) -> None:
        self.reasons.append(reason)
        self.terminate()


def test_the_body_is_written_by_an_actor_that_ends_with_its_client() -> None:
    sim, made = Simulation(1), list[Echo]()
    node = sim.node("master")

    def make(outlet: PacedOutlet) -> Echo:
        made.append(Echo(outlet))
        return made[-1]

    stage = replace(front(), spawn=node.spawn)
    streaming = streamed_by(stage, "echo-1", make, "text/plain", headers={"A": "b"}, begun=Echo.hail)
    assert (streaming.content_type, streaming.headers, made) == ("text/plain", {"A": "b"}, [])
    client = Client()
    streaming.begin(client)
    assert client.pieces == [b"echo-1"]
    streaming.ended("the client is gone")
    sim.run(0.1)
    assert made[0].reasons == ["the client is gone"]
    assert "echo-1" not in {actor.pid.name for actor in node.actors()}


def test_a_response_that_never_began_has_no_actor() -> None:
    streamed_by(front(), "echo-1", Echo, "text/plain").ended("only its head was asked for")


def test_on_a_node_that_stops_the_response_ends_at_once() -> None:
    def spawn(make: object, name: str) -> Pid:
        raise StoppingError(name)

    client = Client()
    streaming = streamed_by(replace(front(), spawn=spawn), "echo-1", Echo, "text/plain", begun=Echo.hail)
    streaming.begin(client)
    streaming.ended("the stream was ended")
    assert (client.pieces, client.ended) == ([], True)
