# Short names for the commands in README.md.
.PHONY: demo test benchmarks simulation lock clean

demo: setup
	.venv/bin/pion demo

test: setup
	.venv/bin/pytest

# NAME is one of runtime, allocator, launch, log, failover, state, api, containers, marathon, pages, all.
NAME = all
benchmarks: setup
	.venv/bin/python -m tests.benchmarks $(NAME)

.PHONY: setup
setup:
	@sh .ci/setup

lock:
	sh .ci/lock

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache
