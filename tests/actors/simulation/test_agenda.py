from actors.simulation.agenda import Agenda
from actors.system import Timer
from transport.pid import Pid


def test_events_run_at_their_times_and_ties_in_the_order_of_their_planning() -> None:
    agenda, ran = Agenda(), list[tuple[float, object]]()

    def act(name: object) -> None:
        ran.append((agenda.now, name))

    agenda.after(2.0, act, "late")
    agenda.after(1.0, act, "first of two")
    agenda.at(1.0, act, "second of two")
    assert not agenda.advance(5.0, 100)
    assert ran == [(1.0, "first of two"), (1.0, "second of two"), (2.0, "late")]
    assert agenda.now == 5.0


def test_what_is_due_later_waits() -> None:
    agenda, ran = Agenda(), list[object]()
    agenda.after(1.0, ran.append, "due")
    agenda.after(3.0, ran.append, "not due")
    assert not agenda.advance(2.0, 100)
    assert ran == ["due"]


def test_it_stops_after_as_many_events_as_were_asked_for() -> None:
    agenda, ran = Agenda(), list[object]()
    for number in range(3):
        agenda.after(1.0, ran.append, number)
    assert agenda.advance(2.0, 2)
    assert ran == [0, 1]
    assert agenda.now == 1.0


def test_sweeping_forgets_cancelled_timers_alone() -> None:
    agenda, fired = Agenda(), list[object]()
    timers = [Timer(Pid("a", "h", 1), lambda: None) for _ in range(2000)]
    for timer in timers:
        agenda.after(1.0, fired.append, timer)
    for timer in timers[::2]:
        timer.cancel()
    agenda.sweep()
    assert len(agenda.heap) == 1000
    agenda.advance(2.0, 5000)
    assert fired == timers[1::2]


def test_stretching_moves_the_events_of_one_clock() -> None:
    agenda, slow, others = Agenda(), list[object](), list[object]()
    note_slow = slow.append
    agenda.after(2.0, note_slow, "stretched")
    agenda.after(3.0, others.append, "as before")
    agenda.advance(1.0, 10)
    agenda.stretch(note_slow, 4.0)
    agenda.advance(4.9, 10)
    assert (slow, others) == ([], ["as before"])
    agenda.advance(5.0, 10)
    assert slow == ["stretched"]
