from actors.supervisor import RestartBudget


def test_restarts_are_allowed_up_to_the_intensity_each_later_than_the_one_before() -> None:
    budget = RestartBudget(intensity=3, period_seconds=60, backoff_seconds=0.1)
    assert [budget.restart(now) for now in (0, 1, 2, 3)] == [0.0, 0.1, 0.2, None]


def test_restarts_older_than_the_period_do_not_count() -> None:
    budget = RestartBudget(intensity=1, period_seconds=60, backoff_seconds=0.1)
    assert budget.restart(0.0) == 0.0
    assert budget.restart(59.9) is None
    assert budget.restart(60.0) == 0.0


def test_a_budget_is_unused_once_its_latest_restart_is_older_than_the_period() -> None:
    budget = RestartBudget(intensity=2, period_seconds=60, backoff_seconds=0.1)
    assert budget.unused(0.0)
    budget.restart(0.0)
    assert not budget.unused(59.9)
    assert budget.unused(60.0)


def test_an_intensity_of_zero_never_restarts() -> None:
    assert RestartBudget(intensity=0, period_seconds=60, backoff_seconds=0.1).restart(0.0) is None
