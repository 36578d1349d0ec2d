# Thin on purpose: each target makes .venv if it has to, then lets nox do the work (noxfile.py).
RUN := python3 tests/tools/bootstrap.py

.PHONY: help demo test clean
.DEFAULT_GOAL := help

help:  ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile
	@echo 'More: $(RUN) nox --list'

demo:  ## Patch 12 simulated VMs, see 2 fail and be rolled back
	@$(RUN) nox -s demo

test:  ## Everything that CI runs
	@$(RUN) nox

clean:  ## Remove what the two above have made
	@rm -rf .venv .ansible .mypy_cache .pytest_cache .ruff_cache tests/output
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
