import threading
from typing import ClassVar

from actors.mailbox import Mailbox
from transport.envelope import Envelope
from transport.message import Message
from transport.pid import Pid

A = Pid("a", "host", 1)


class Work(Message):
    number: int


class Probe(Message):
    urgent: ClassVar[bool] = True


def work(number: int) -> Envelope:
    return Envelope(A, A, Work(number))


def drain(mailbox: Mailbox) -> list[object]:
    taken = []
    while (envelope := mailbox.take_now()) is not None:
        taken.append(envelope.message)
    return taken


def test_messages_are_taken_in_the_order_in_which_they_were_posted() -> None:
    mailbox = Mailbox(bound=10)
    for number in range(5):
        assert mailbox.post(work(number))
    assert mailbox.depth() == 5
    assert drain(mailbox) == [Work(number) for number in range(5)]
    assert mailbox.empty()


def test_a_full_mailbox_refuses_and_counts_but_takes_signals() -> None:
    mailbox = Mailbox(bound=2)
    assert [mailbox.post(work(number)) for number in range(4)] == [True, True, False, False]
    assert mailbox.overflows == 2
    mailbox.post_signal(work(9))
    assert drain(mailbox) == [Work(0), Work(1), Work(9)]
    assert mailbox.post(work(10))


def test_urgent_messages_pass_by_those_that_wait_and_by_the_bound() -> None:
    mailbox = Mailbox(bound=1)
    assert mailbox.post(work(1))
    assert mailbox.post(Envelope(A, A, Probe()))
    assert drain(mailbox) == [Probe(), Work(1)]


def test_taking_waits_until_another_thread_posts() -> None:
    mailbox = Mailbox(bound=10)
    taken: list[object] = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    envelope = work(7)
    assert mailbox.post(envelope)
    thread.join(timeout=10)
    assert taken == [envelope]


def test_pykka_finds_in_it_the_inbox_that_its_loop_expects() -> None:
    mailbox = Mailbox(bound=10)
    assert mailbox.post(work(1))
    assert not mailbox.empty()
    taken = mailbox.get()
    assert (taken.message, taken.reply_to) == (work(1), None)
    assert mailbox.empty()


def test_a_closed_mailbox_discards_what_waits_and_what_comes_late() -> None:
    mailbox = Mailbox(bound=2)
    discarded: list[Envelope] = []
    before, urgent, late, late_urgent = work(1), Envelope(A, A, Probe()), work(3), Envelope(A, A, Probe())
    mailbox.post(before)
    mailbox.post(urgent)
    mailbox.close(lambda envelope, _reason: discarded.append(envelope))
    assert discarded == [before, urgent]
    assert mailbox.post(late)
    assert mailbox.post(late_urgent)
    assert discarded == [before, urgent, late, late_urgent]
    mailbox.post_urgent(urgent)
    assert mailbox.empty()


def test_of_many_posts_while_a_mailbox_closes_each_is_taken_or_discarded() -> None:
    mailbox = Mailbox(bound=100_000)
    discarded: list[Envelope] = []

    def post() -> None:
        for number in range(2_000):
            mailbox.post(work(number))

    posters = [threading.Thread(target=post) for _ in range(3)]
    for poster in posters:
        poster.start()
    taken = [mailbox.take() for _ in range(500)]
    mailbox.close(lambda envelope, _reason: discarded.append(envelope))
    for poster in posters:
        poster.join()
    assert len(taken) + len(discarded) == 6_000
