"""All connections of a node: dialing, greeting, sending, breaking."""

from __future__ import annotations

import random

import pytest

from tests.transport.switching import Net, Node, Note
from transport import frame
from transport.codec import encode
from transport.limits import Limits
from transport.message import Message
from transport.pid import Address, Pid

SMALL = Limits(frame_bytes=16 * 1024, window=16, queue_messages=50, queue_bytes=10_000)


def two_nodes(limits: Limits | None = None) -> tuple[Net, Node, Node]:
    net = Net()
    return net, net.node(1, limits=limits), net.node(2, limits=limits)


def test_messages_arrive_in_order_with_sender_target_and_trace() -> None:
    net, one, two = two_nodes()
    for number in range(1_000):
        one.send(two, Note(number))
    net.run()
    assert two.messages == [Note(number) for number in range(1_000)]
    first = two.received[0]
    assert (first.sender, first.to) == (Pid("a", "h", 1, 7), Pid("b", "h", 2))
    assert (first.trace, first.span, first.parent) == (1, 2, 3)


def test_one_connection_serves_both_directions() -> None:
    net, one, two = two_nodes()
    net.walls.add(one.address)
    one.send(two, Note(1))
    net.run()
    two.send(one, Note(2))
    net.run()
    assert one.messages == [Note(2)]
    assert len(net.cables) == 1


def test_the_same_actors_share_their_pids() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    one.send(two, Note(2))
    net.run()
    assert two.received[0].sender is two.received[1].sender
    assert two.received[0].to is two.received[1].to


def test_messages_to_several_actors_share_a_frame() -> None:
    net, one, two = two_nodes()
    for number in range(100):
        one.send(two, Note(number), name=f"actor-{number % 3}")
    net.run()
    assert [(envelope.to.name, envelope.message) for envelope in two.received] == [
        (f"actor-{number % 3}", Note(number)) for number in range(100)
    ]


def test_the_epoch_goes_with_every_message() -> None:
    net, one, two = two_nodes()
    one.board.epoch = 12
    one.send(two, Note())
    net.run()
    assert two.received[0].epoch == 12


def test_nothing_but_hello_is_sent_before_the_answer() -> None:
    net, one, two = two_nodes()
    one.send(two, Note())
    one.work()
    assert [frame.read(header).kind for _side, header, _body in net.cables[0].under_way] == [
        frame.Hello.kind_code
    ]


def test_both_sides_learn_of_the_pair_once() -> None:
    net, one, two = two_nodes()
    one.send(two, Note())
    two.send(one, Note())
    net.run()
    assert one.opens == [two.address]
    assert two.opens == [one.address]


def test_two_nodes_that_dial_each_other_at_once_keep_order_and_break_once() -> None:
    net, one, two = two_nodes()
    for number in range(10):
        one.send(two, Note(number))
        two.send(one, Note(number))
    net.run()
    for number in range(10, 20):
        one.send(two, Note(number))
        two.send(one, Note(number))
    net.run()
    assert one.messages == two.messages == [Note(number) for number in range(20)]
    assert len(net.cables) == 2
    net.cut(net.cables[0])
    net.run()
    assert [address for address, _reason in one.breaks] == [two.address]
    assert [address for address, _reason in two.breaks] == [one.address]
    assert all(cable.broken for cable in net.cables)


def test_a_node_that_cannot_be_dialed_is_reached_over_the_connection_it_dialed() -> None:
    net, one, two = two_nodes()
    net.walls.add(one.address)
    two.send(one, Note(1))
    two.work()
    one.send(two, Note(2))
    net.run()
    net.pass_time(6.0)  # the dial of `two` is given up, the pair stands
    assert one.messages == [Note(1)]
    assert two.messages == [Note(2)]
    assert not two.breaks


def test_a_dial_without_answer_breaks_the_pair_and_drops_what_waits() -> None:
    net, one, two = two_nodes()
    net.walls.add(two.address)
    one.send(two, Note(1))
    net.run()
    net.pass_time(5.5)
    assert [address for address, _reason in one.breaks] == [two.address]
    assert "no HELLO" in one.breaks[0][1]
    assert [message for message, _reason in one.drops] == [Note(1)]


def test_a_failed_dial_is_followed_by_a_pause_that_grows() -> None:
    net, one, two = two_nodes()
    pauses = []
    for _ in range(10):
        began = net.now
        peer = one.board.connect(two.address, net.now)
        one.work()
        while not peer.links:
            net.now += 0.01
            one.board.tick(net.now)
        pauses.append(net.now - began)
        one.board.lost(peer.links[0].channel, "refused", net.now)
    assert pauses[0] == 0.0
    assert pauses[1] < 0.12
    assert 1.9 < pauses[-1] <= 4.02
    assert len(one.breaks) == 10


def test_the_other_side_may_dial_while_a_pause_lasts() -> None:
    net, one, two = two_nodes()
    net.walls.add(two.address)
    peer = one.board.connect(two.address, net.now)
    one.work()
    one.board.lost(peer.links[0].channel, "refused", net.now)
    one.send(two, Note(1))
    two.board.connect(one.address, net.now)
    net.run()
    assert two.messages == [Note(1)]


def test_a_broken_connection_is_told_once_and_the_next_message_dials_anew() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    net.cut(net.cables[0])
    assert one.breaks == [(two.address, "cut")]
    assert two.breaks == [(one.address, "cut")]
    one.send(two, Note(2))
    net.pass_time(1.0)
    assert two.messages == [Note(1), Note(2)]
    assert len(one.breaks) == 1


def test_what_is_under_way_on_a_broken_connection_never_arrives_later() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    one.send(two, Note(2))
    one.work()
    net.cut(net.cables[0])
    one.send(two, Note(3))
    net.pass_time(1.0)
    assert two.messages == [Note(1), Note(3)]


def test_a_silent_peer_is_asked_and_then_lost() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    two.stopped = True
    net.pass_time(14.5)
    assert not one.breaks
    net.pass_time(1.0)
    assert [address for address, _reason in one.breaks] == [two.address]
    assert one.board.counts["silent"] == 1


def test_a_pair_of_two_silent_connections_breaks_once() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    two.send(one, Note(1))
    net.run()
    assert len(one.peer(two).links) == 2
    two.stopped = True
    net.pass_time(20.0)
    assert [address for address, _reason in one.breaks] == [two.address]


def test_an_address_that_cannot_even_be_dialed_is_reported_with_its_messages() -> None:
    net, one, _two = two_nodes()
    nowhere = Address("nowhere", 9)
    one.undialable.add(nowhere)
    one.send(nowhere, Note(1))
    one.send(nowhere, Note(2))
    net.run()
    assert one.breaks == [(nowhere, "the connection broke")]
    assert [message for message, _reason in one.drops] == [Note(1), Note(2)]


def test_a_peer_that_only_listens_is_not_silent() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    net.pass_time(60.0)
    assert not one.breaks
    assert not two.breaks


def test_a_new_incarnation_breaks_the_older_pair_at_once() -> None:
    net, one, two = two_nodes()
    two.send(one, Note(1))
    net.run()
    two.stopped = True
    reborn = net.node(2, incarnation=2)
    one.send(two, Note(2))
    one.work()  # under way to the old one
    reborn.send(one, Note(3))
    net.run()
    assert one.breaks == [(two.address, "a new incarnation of the node took its place")]
    assert reborn.messages == []
    one.send(reborn, Note(4))
    net.run()
    assert reborn.messages == [Note(4)]
    assert one.peer(reborn).status().incarnation == 2


def test_a_peer_that_connects_anew_breaks_the_older_pair() -> None:
    net, one, two = two_nodes()
    two.send(one, Note(1))
    net.run()
    cable = net.cables[0]
    cable.broken = True
    two.board.lost(cable.ends[0][1], "only this side noticed", net.now)
    cable.broken = False
    two.send(one, Note(2))
    net.pass_time(1.0)
    assert one.messages == [Note(1), Note(2)]
    assert one.breaks == [(two.address, "the node connected anew")]
    assert len(two.breaks) == 1


def test_a_connection_of_an_older_session_is_refused() -> None:
    net, one, _two = two_nodes()
    newer, older = net.stranger(one), net.stranger(one)
    newer.hello(session=6)
    older.hello(session=5)
    assert "older session" in older.farewell
    assert not one.breaks


def test_a_third_connection_of_a_session_is_refused() -> None:
    net, one, _two = two_nodes()
    strangers = [net.stranger(one) for _ in range(3)]
    for stranger in strangers:
        stranger.hello()
    assert "third connection" in strangers[2].farewell
    assert not one.breaks


def test_another_name_of_a_node_leads_to_the_same_pair() -> None:
    net, one, two = two_nodes()
    alias = Address("localhost", 2)
    net.nodes[alias] = two
    one.send(alias, Note(1))
    net.run()
    one.send(two, Note(2))
    two.send(one, Note(3))
    net.run()
    assert two.messages == [Note(1), Note(2)]
    assert one.messages == [Note(3)]
    assert one.received[0].sender.address == two.address
    assert len(net.cables) == 1
    net.cut(net.cables[0])
    assert [address for address, _reason in one.breaks] == [alias, two.address]


def test_another_name_of_a_connected_node_joins_the_pair_that_stands() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    alias = Address("localhost", 2)
    net.nodes[alias] = two
    one.send(alias, Note(2))
    net.run()
    one.send(alias, Note(3))
    net.run()
    assert two.messages == [Note(1), Note(2), Note(3)]
    assert not one.breaks
    assert not two.breaks
    del net.nodes[alias]
    net.cut(net.cables[0])
    assert [address for address, _reason in one.breaks] == [two.address, alias]


def test_a_node_does_not_talk_to_itself() -> None:
    net, one, _two = two_nodes()
    alias = Address("localhost", 1)
    net.nodes[alias] = one
    one.send(alias, Note(1))
    net.run()
    assert [address for address, _reason in one.breaks] == [alias]
    assert one.messages == []


def test_a_node_that_claims_our_address_is_refused() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.say(frame.hello(5, one.address, 9, 2_048, one.address))
    assert "own address" in stranger.farewell
    assert one.board.counts["self"] == 1


def test_another_version_of_the_protocol_is_told_so() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    hello = bytearray(frame.hello(5, Address("x", 9), 1, 2_048, one.address))
    hello[1] = 2
    stranger.say(bytes(hello))
    assert stranger.farewell == "protocol version 2, but this node speaks version 1"
    assert one.refusals == [stranger.farewell]
    assert stranger.cable.broken


def test_a_refusal_is_the_reason_that_the_dialing_side_reports() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    one.work()
    net.cables[0].under_way.clear()
    cable = net.cables[0]
    cable.under_way.append((0, frame.bye(0, "no room"), b""))
    net.run()
    assert one.breaks == [(two.address, "the peer said: no room")]


@pytest.mark.parametrize(
    "header",
    [
        frame.ping(5),
        frame.grant(5, 1),
        frame.bye(5, "hm"),
        frame.batch(5, 0, 0, [frame.route(Pid("a", "x", 1), Pid("b", "h", 1), Note.type_name)], [0], [0], []),
        b"",
        b"GET / HTTP/1.1",
        b"\x93\x01\x63\x00\x00",
        b"\x9a\x01\x01" + b"\xc1" * 20,
    ],
    ids=["ping", "grant", "bye", "batch", "empty", "http", "unknown kind", "malformed hello"],
)
def test_a_connection_that_does_not_begin_with_hello_is_closed(header: bytes) -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.say(header)
    assert stranger.cable.broken
    assert len(one.refusals) == 1
    assert not one.board.links
    stranger.hello()
    assert not one.opens


def test_frames_after_the_end_of_a_connection_are_ignored() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.say(b"garbage")
    one.board.received(stranger.cable.ends[1][1], frame.ping(5), b"", net.now)
    assert one.board.counts["garbage"] == 1
    assert one.board.counts["order"] == 0


def test_a_second_hello_breaks_the_pair() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    stranger.hello()
    assert stranger.farewell == "Hello on a connection that is open"
    assert len(one.breaks) == 1


def test_a_replayed_batch_breaks_the_pair_and_is_not_delivered() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    stranger.batch(0, [b"\x81\xa6number\x01"])
    stranger.batch(0, [b"\x81\xa6number\x01"])
    assert one.messages == [Note(1)]
    assert stranger.farewell == "message 0 where 1 is next"


def test_a_batch_of_another_session_breaks_the_pair() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    stranger.batch(0, [b"\x80"], session=4)
    assert one.messages == []
    assert len(one.breaks) == 1


def test_messages_that_cannot_be_read_are_counted_and_the_tenth_and_one_ends_it() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    for number in range(5):
        stranger.batch(number, [b"\x80"], type_name="NobodyKnowsThis")
    for number in range(5, 10):
        stranger.batch(number, [b"\xc1"])
    assert one.board.counts["unknown_type"] == 5
    assert one.board.counts["malformed"] == 5
    assert not one.breaks
    stranger.batch(10, [b"\xc1"])
    assert "too many messages that cannot be read" in one.breaks[0][1]


def test_unreadable_messages_are_forgiven_after_a_minute() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    for number in range(30):
        stranger.batch(number, [b"\xc1"])
        net.now += 7.0
        one.board.received(stranger.cable.ends[1][1], frame.pong(5), b"", net.now)
    assert not one.breaks


def test_a_good_message_beside_a_bad_one_is_delivered() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    stranger.batch(0, [b"\xc1", b"\x81\xa6number\x02"])
    assert one.messages == [Note(2)]


def test_unknown_fields_of_messages_and_frames_are_ignored() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    hello = bytearray(frame.hello(5, Address("x", 9), 1, 2_048, one.address))
    hello[0] += 1
    stranger.say(bytes(hello) + b"\xc0")
    stranger.batch(0, [b"\x82\xa6number\x01\xa3new\xc0"])
    assert one.messages == [Note(1)]


def test_a_peer_may_have_its_window_under_way_and_no_more() -> None:
    net, one, two = two_nodes(SMALL)
    two.spends = False
    for number in range(40):
        one.send(two, Note(number))
    net.run()
    assert len(two.received) == SMALL.window
    for envelope in two.received[:2]:
        assert envelope.credit is not None
        envelope.credit.spend()
    net.run()
    assert len(two.received) == SMALL.window + 2
    two.spends = True
    for envelope in two.received[2:]:
        assert envelope.credit is not None
        envelope.credit.spend()
    net.run()
    assert two.messages == [Note(number) for number in range(40)]


def test_a_large_message_costs_more_credit_than_a_small_one() -> None:
    net, one, two = two_nodes(Limits(frame_bytes=100_000, window=16))
    two.spends = False
    for number in range(4):
        one.send(two, Note(number, "x" * 5 * 16 * 1024))
    net.run()
    assert len(two.received) == 2
    for envelope in two.received:
        assert envelope.credit is not None
        envelope.credit.spend()
    net.run()
    assert len(two.received) == 4


def test_dropped_messages_give_their_credit_back() -> None:
    net, one, _two = two_nodes(SMALL)
    stranger = net.stranger(one)
    stranger.hello()
    stranger.batch(0, [b"\xc1"] * 8)
    grants = [seen.units for seen in stranger.seen if isinstance(seen, frame.Grant)]
    assert grants[-1] == 8


def test_a_peer_that_ignores_its_credit_is_cut_off_and_refused_for_a_while() -> None:
    net, one, _two = two_nodes(SMALL)
    one.spends = False
    stranger = net.stranger(one)
    stranger.hello()
    stranger.batch(0, [b"\x80"] * SMALL.window)
    assert not one.breaks
    stranger.batch(SMALL.window, [b"\x80"])
    assert len(one.received) == SMALL.window
    assert stranger.cable.broken
    assert one.board.counts["flood"] == 1
    again = net.stranger(one)
    again.hello(session=6)
    assert "refused for another" in again.farewell
    net.pass_time(10.0)
    once_more = net.stranger(one)
    once_more.hello(session=7)
    assert len(one.opens) == 2


def test_credit_that_was_never_used_cannot_be_granted() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    stranger.say(frame.grant(5, 1))
    assert "granted back" in stranger.farewell


def test_an_overflowing_queue_disconnects_that_peer_and_nobody_else() -> None:
    net, one, two = two_nodes(SMALL)
    three = net.node(3, limits=SMALL)
    one.send(three, Note(0))
    one.send(two, Note(0))
    net.run()
    two.spends = False
    for number in range(100):
        one.send(two, Note(number))
        one.work()
    assert [address for address, _reason in one.breaks] == [two.address]
    assert "too many messages waited" in one.breaks[0][1]
    lost = [message for message, _reason in one.drops]
    assert len(lost) > SMALL.queue_messages
    one.send(three, Note(1))
    net.run()
    assert three.messages == [Note(0), Note(1)]


def test_a_queue_overflows_by_bytes_too() -> None:
    _net, one, two = two_nodes(SMALL)
    for number in range(3):
        one.send(two, Note(number, "x" * 4_000))
    assert one.board.counts["overflow"] == 1
    assert len(one.drops) == 3


def test_a_connection_without_room_keeps_what_is_to_be_sent() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    one.full = True
    one.send(two, Note(2))
    one.send(two, Note(3))
    assert one.board.pump(net.now) is False
    one.full = False
    net.run()
    assert two.messages == [Note(1), Note(2), Note(3)]
    assert one.board.pump(net.now) is True


def test_a_peer_that_asks_without_reading_the_answers_is_lost() -> None:
    net, one, _two = two_nodes()
    stranger = net.stranger(one)
    stranger.hello()
    one.full = True
    for _ in range(70):
        stranger.say(frame.ping(5))
    assert "does not read" in one.breaks[0][1]


def test_a_connection_that_breaks_while_sending_is_lost_at_once() -> None:
    net, one, two = two_nodes()
    one.send(two, Note(1))
    net.run()
    net.cables[0].broken = True
    one.send(two, Note(2))
    one.work()
    assert one.breaks == [(two.address, "the connection broke")]


def test_an_ending_node_says_goodbye_and_reports_what_it_could_not_send() -> None:
    net, one, two = two_nodes(SMALL)
    two.spends = False
    for number in range(20):
        one.send(two, Note(number))
    net.run()
    one.board.farewell("the node stops")
    one.stopped = True
    net.run()
    assert two.breaks == [(one.address, "the peer said: the node stops")]
    assert [message for message, _reason in one.drops] == [Note(number) for number in range(16, 20)]


def test_connecting_to_a_peer_twice_is_connecting_once() -> None:
    net, one, two = two_nodes()
    one.board.connect(two.address, net.now)
    one.board.connect(two.address, net.now)
    net.run()
    one.board.connect(two.address, net.now)
    assert len(net.cables) == 1


def test_plain_messages_travel_as_they_are() -> None:
    net, one, two = two_nodes()
    one.send(two, {"plain": [1, 2.5, None, "text", b"bytes"]})
    net.run()
    assert two.messages == [{"plain": [1, 2.5, None, "text", b"bytes"]}]


def test_damaged_frames_are_refused_and_never_raise() -> None:
    rng = random.Random(11)
    route = frame.route(Pid("a", "x", 1), Pid("b", "h", 1), Note.type_name)
    payload = encode(Note(1, "text"))[1]
    net, one, _two = two_nodes()
    size = len(payload)
    good = [
        (frame.hello(5, Address("x", 999), 1, 2_048, one.address), b""),
        (frame.batch(5, 0, 3, [route], [size, size], [0, 0], []), payload * 2),
        (frame.batch(5, 2, 3, [route, route], [size, size], [0, 1], [1, 2, 3, 4, 5, 6]), payload * 2),
        (frame.grant(5, 0), b""),
        (frame.ping(5), b""),
        (frame.bye(5, "enough", Address("h", 2)), b""),
    ]
    for _ in range(3_000):
        stranger = net.stranger(one)
        damaged = rng.randrange(len(good))
        for position, (header, body) in enumerate(good):
            if position == damaged:
                header, body = damage(rng, header), damage(rng, body)
            stranger.say(header, body)
        net.cut(stranger.cable)
        net.cables.clear()
        net.now += 20.0
    assert not one.board.links
    assert not list(one.board.peers)
    assert one.board.counts["garbage"] > 300
    assert {type(message) for message in one.messages} == {Note}


def damage(rng: random.Random, data: bytes) -> bytes:
    """The same with some bytes changed, added or missing."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        place = rng.randint(0, len(changed))
        match rng.randrange(3):
            case 0:
                changed[place : place + 1] = bytes([rng.choice((0x00, 0x7F, 0x90, 0xC1, 0xDD, 0xFF))])
            case 1:
                changed[place:place] = rng.randbytes(rng.randint(1, 8))
            case _:
                del changed[place : place + rng.randint(1, 8)]
    return bytes(changed)


class Known(Message):
    value: int


def test_a_batch_may_mix_types() -> None:
    net, one, two = two_nodes()
    one.send(two, Known(1))
    one.send(two, [1])
    one.send(two, Note(2))
    net.run()
    assert two.messages == [Known(1), [1], Note(2)]
