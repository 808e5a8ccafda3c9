from actors.simulation.replay import check, seeds
from tests.simulation.acquaintance import stay_acquainted


def test_links_tell_of_every_end_and_of_each_once() -> None:
    check(stay_acquainted, seeds(1_500))
