# Short names for the commands in README.md and docs/development.md.
.PHONY: demo test benchmarks simulation lock clean setup

demo: setup
	.venv/bin/pion demo

test:
	sh .ci/test

# A benchmark, or a part of one such as runtime.wire.
NAME = all
benchmarks: setup
	.venv/bin/python -m tests.benchmarks $(NAME)

# One seed of a scenario: a function of a module that takes a Simulation.
SCENARIO = tests.actors.simulation.scenarios:gossip
SEED = 1
simulation: setup
	.venv/bin/python -m actors.simulation $(SCENARIO) --seed $(SEED)

lock:
	sh .ci/lock

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache

setup:
	@sh .ci/setup
