# The project's commands. Everything they make is in .venv and .sluice; the engine is kept in the user's cache folder.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
# Two files of tests at a time, in the order of their names: long ones come first, so that none of them is left over.
TWO := $(BIN)/python -m pytest -rs -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup check style fast test test-long demo demo-containers image clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## .venv with the pinned requirements, and the pulumi engine; again: instant
	@$(BIN)/python -m rehearsal.engine

check: setup ## format, lint, types and the fast tests: before each commit
	@$(MAKE) --no-print-directory -j2 style fast

test: setup style ## make check, and the slow and end-to-end tests on the real engine; about 75 minutes on two cores
	$(BIN)/python -m pytest -rs -n 2 --dist loadfile -m "not docker and not alone and not long"
	SLUICE_INSTALL_DOCKER=1 $(TWO) -m "docker and not alone and not long"
	$(BIN)/python -m pytest -rs -m "alone and not long"

test-long: setup ## what make test leaves out: crashes at every other step, twenty releases in a row, and such
	SLUICE_INSTALL_DOCKER=1 $(TWO) -m long

demo: setup ## releases, a refused one, a rollback, under traffic on a local cloud; about two minutes
	$(BIN)/python -m rehearsal demo

demo-containers: setup ## the same story on containers, with real Docker: a daemon that answers, or one of its own; about four minutes
	$(BIN)/python -m rehearsal demo --containers

image: setup ## sluice/node, the image that apps are layered on; needs a Docker daemon and Debian's apt-get
	@$(BIN)/python -m images node

clean: ## end the rehearsal cloud and its Docker daemon; remove .venv, .sluice and what the tools left; the engine's cache stays
	@if [ -e .sluice/rehearsal/state.json ] && [ -x $(BIN)/python ]; then $(BIN)/python -m rehearsal down; fi
	@if [ -e .sluice/rehearsal/docker -o -e .sluice/rehearsal/registry ] && [ -x $(BIN)/python ]; then $(BIN)/python -m rehearsal docker down; fi
	rm -rf $(VENV) .sluice .pytest_cache .hypothesis .ruff_cache
	find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

style: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright

fast: setup
	$(BIN)/python -m pytest -q -m "not slow" --ignore tests/e2e

# The stamp is the last thing that is made, so what was interrupted is made anew.
$(VENV)/.installed: requirements.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  rm -rf $(VENV); \
	  for python in $(PYTHONS); do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "setup: $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) && break; \
	    rm -rf $(VENV); \
	    echo "error: $$python cannot make a virtual environment (on Debian: apt-get install python3-venv)" >&2; exit 1; \
	  done; \
	  [ -d $(VENV) ] || { \
	    echo "error: Python 3.11 or newer is needed, and none of these is: $(PYTHONS)." \
	      "Install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; }; }
	$(BIN)/python -m pip install --disable-pip-version-check --requirement requirements.txt
	@touch $@
