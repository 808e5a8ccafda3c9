import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from actors.simulation import Simulation, SimulationFailure
from actors.simulation.__main__ import main
from actors.simulation.replay import check, placements, run, seeds
from actors.trace.files import TraceFolder
from tests.actors.simulation import scenarios


def in_another_process(*arguments: str, hash_seed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "actors.simulation", *arguments],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_hashes_have_no_say_in_what_happens() -> None:
    outputs = [
        in_another_process(
            "tests.actors.simulation.scenarios:gossip", "--seeds", "0-9", hash_seed=hash_seed
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert len(set(re.findall("digest (.*)", outputs[0]))) == 10


def test_a_failing_seed_is_run_again_by_the_command_that_its_report_names() -> None:
    with pytest.raises(AssertionError) as failure:
        check(scenarios.unlucky_thirteen, range(10, 20))
    (report,) = failure.value.__notes__
    command = re.search("to see it again: python -m actors.simulation (.*)", report)
    assert command is not None
    again = in_another_process(*command.group(1).split(), hash_seed="0")
    assert again.returncode == 1
    assert again.stdout.startswith("seed 13 fails\n")
    assert report in again.stdout


def fail_always(_sim: Simulation) -> None:
    raise ValueError("unlucky")


@pytest.mark.parametrize(("scenario", "options"), [("local", {}), ("of the module", {"turns_kept": 5})])
def test_what_no_command_can_call_is_run_again_by_its_test(scenario: str, options: dict[str, int]) -> None:
    def fail_too(sim: Simulation) -> None:
        fail_always(sim)

    with pytest.raises(ValueError, match="unlucky") as failure:
        check(fail_too if scenario == "local" else fail_always, [17], **options)
    assert re.search(
        r"PION_SEED=17 python -m pytest 'tests/.*::test_what_no_command_can_call.*'",
        failure.value.__notes__[0],
    )


def test_a_failure_of_the_simulation_has_its_report_already() -> None:
    def wait_in_vain(sim: Simulation) -> None:
        sim.run_until(lambda: False, timeout_seconds=1.0)

    with pytest.raises(SimulationFailure) as failure:
        run(wait_in_vain, Simulation(17))
    assert str(failure.value).count("seed 17") == 1
    assert not hasattr(failure.value, "__notes__")


def test_a_scenario_runs_with_the_options_of_the_simulation() -> None:
    assert list(run(scenarios.gossip, Simulation(1, turns_kept=5)).history) != []
    assert len(list(run(scenarios.gossip, Simulation(1, turns_kept=5)).history)) == 5


def test_seeds_are_counted_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PION_SEED", raising=False)
    monkeypatch.delenv("PION_SEED_FACTOR", raising=False)
    assert list(seeds(3, first=5)) == [5, 6, 7]


def test_the_environment_may_ask_for_one_seed_or_for_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PION_SEED", raising=False)
    monkeypatch.setenv("PION_SEED_FACTOR", "100")
    assert seeds(3) == range(300)
    monkeypatch.delenv("PION_SEED_FACTOR")
    monkeypatch.setenv("PION_SEED", "17")
    assert seeds(3) == range(17, 18)
    monkeypatch.setenv("PION_SEED", "many")
    with pytest.raises(ValueError, match="PION_SEED=many: must be a whole number"):
        seeds(3)


def test_a_fault_is_placed_at_every_pass_of_every_point() -> None:
    places = list(placements(scenarios.write, 1, "crash"))
    points = [
        f"disk.{name}.{when}" for name in ("sync", "sync_folder", "write") for when in ("after", "before")
    ]
    assert places == [(point, "n", 1) for point in [*points, "writer.written"]]


def test_a_scenario_that_one_placement_breaks_names_it() -> None:
    def write_once(sim: Simulation) -> None:
        node = sim.node("n")
        node.spawn(scenarios.Writer, "writer")
        sim.run(1.0)
        assert node.up

    with pytest.raises(AssertionError) as failure:
        list(placements(write_once, 1, "crash"))
    assert "with crash at pass 1 of disk.sync.after on n" in failure.value.__notes__[0]


def test_the_command_tells_of_each_seed_and_ends_at_the_first_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scenario = "tests.actors.simulation.scenarios:unlucky_thirteen"
    assert main([scenario, "--seed", "1", "--seed", "2"]) == 0
    assert re.findall(r"seed (\d+) is well: \d+ turns", capsys.readouterr().out) == ["1", "2"]
    assert main([scenario, "--seeds", "12-20"]) == 1
    output = capsys.readouterr().out
    assert re.findall(r"seed (\d+) (?:is well|fails)", output) == ["12", "13"]
    assert "AssertionError: what did you expect" in output


def test_the_command_writes_what_actors_said_of_a_run_that_failed_too(tmp_path: Path) -> None:
    scenario = "tests.actors.simulation.scenarios:unlucky_thirteen"
    assert main([scenario, "--seed", "13", "--trace_dir", str(tmp_path)]) == 1
    assert {record.node for record in TraceFolder(tmp_path)} == {"a:5050", "b:5050", "c:5050"}


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["nonsense", "--seed", "1"], "must be module:function"),
        (["tests.actors.simulation.scenarios:nobody", "--seed", "1"], "has no such function"),
        (["tests.actors.simulation.scenarios:gossip", "--seeds", "7"], "must be FIRST-LAST"),
    ],
)
def test_the_command_refuses_what_it_cannot_run(arguments: list[str], refusal: str) -> None:
    with pytest.raises(SystemExit, match=refusal):
        main(arguments)
