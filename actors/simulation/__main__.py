"""`python -m actors.simulation module:scenario --seed 17`: run a scenario again, or with many seeds.

Prints a line for each seed that went well; ends with status 1 and the report at the first that did not.
With --trace_dir, `pion trace story ID --trace_dir DIR` tells afterwards what the last run was about.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from pathlib import Path

from actors.simulation.replay import Scenario, prepare, run


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line says; returns the exit status."""
    options = _parser().parse_args(arguments)
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does, also when called from elsewhere
    scenario = _find(options.scenario)
    for seed in options.seed or _range(options.seeds):
        sim = prepare(scenario, seed, trace=options.trace_dir is not None)
        try:
            run(scenario, sim)
        except Exception:  # noqa: BLE001  a scenario may fail in any way
            sys.stdout.write(f"seed {seed} fails\n{traceback.format_exc()}")
            return 1
        finally:
            if options.trace_dir is not None:
                sim.write_trace(options.trace_dir)
        sys.stdout.write(
            f"seed {seed} is well: {len(sim.history)} turns in {sim.now:.3f} virtual seconds, "
            f"digest {sim.digest()}\n"
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m actors.simulation", description=main.__doc__)
    parser.add_argument("scenario", help="module:function, where the function takes a Simulation")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, action="append", help="run this seed; may be given several times")
    which.add_argument("--seeds", metavar="FIRST-LAST", help="run all of these seeds")
    parser.add_argument("--trace_dir", metavar="DIR", type=Path, help="write what actors said to this folder")
    return parser


def _find(name: str) -> Scenario:
    module_name, colon, function = name.partition(":")
    if not colon:
        raise SystemExit(f"scenario {name!r}: must be module:function")
    scenario = getattr(importlib.import_module(module_name), function, None)
    if not callable(scenario):
        raise SystemExit(f"scenario {name!r}: {module_name} has no such function")
    return scenario  # type: ignore[no-any-return]


def _range(text: str) -> range:
    first, dash, last = text.partition("-")
    if not (dash and first.isdigit() and last.isdigit()):
        raise SystemExit(f"--seeds {text}: must be FIRST-LAST, such as 0-999")
    return range(int(first), int(last) + 1)


if __name__ == "__main__":
    sys.exit(main())
