"""What the examples share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from actors.node.plugin import PluginError, load, parse
from frameworks.examples.echo_executor import EchoExecutor
from frameworks.examples.programs import EXECUTOR_NEEDS, executor_info
from transport.records.resources import Resources


def test_an_executor_is_found_by_the_python_that_the_framework_runs_on() -> None:
    kind = f"{EchoExecutor.__module__}:{EchoExecutor.__qualname__}"
    info = executor_info("echo", kind)
    assert info.command is not None
    assert info.command.value == f"{sys.executable} -m actors.executor.driver {kind}"
    assert info.command.environment is not None
    (variable,) = info.command.environment.variables
    assert (Path(variable.value or "") / "frameworks" / "examples" / "echo_executor.py").is_file()
    assert Resources(info.resources) == EXECUTOR_NEEDS


@pytest.mark.parametrize(
    "plugged",
    [
        "experiment:Experiment,master=anna:5050,tasks=3",
        "long_lived:LongLived,master=anna:5050,tasks=3,command=sleep 5,resources=cpus:1;mem:32",
        f"word_count:WordCount,master=anna:5050,folder={Path(__file__).parent},endings=.py,.md,parts=3",
        "sharing:Sharing,master=zk://anna:2181,ben:2181/mesos",
        "sharing:Sharer,master=anna:5050,name=one,needs=cpus:1,cpus:2",
    ],
)
def test_every_example_can_be_an_actor_of_a_node(plugged: str) -> None:
    make = load(parse(f"example=frameworks.examples.{plugged}"))
    assert make().__class__.__name__ in plugged


def test_a_master_that_cannot_be_found_is_told_at_once() -> None:
    make = load(parse("example=frameworks.examples.experiment:Experiment,master=zk://anna:2181"))
    with pytest.raises(ValueError, match="must end with a path"):
        make()
    with pytest.raises(PluginError, match="setting master: must be given"):
        load(parse("example=frameworks.examples.experiment:Experiment"))
