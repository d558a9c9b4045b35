# `make lab` opens the lessons, `make test` checks everything. Both set up what they need, once.
# The first Python that runs, unless one is named; tools/set_up.py finds another if this one cannot be used.
PYTHON ?= $(shell unset PYTHONHOME; for python in python3 python $(RUN); do \
          $$python -c "import sys; sys.exit(sys.version_info < (3, 6))" 2>/dev/null && echo $$python && break; done)
NO_PYTHON := No Python runs here. Install Python 3.11, 3.12 or 3.13, then give the same command again.
ifeq ($(OS),Windows_NT)
RUN    := .venv/Scripts/python
else
RUN    := .venv/bin/python
endif
# What other programs tell their Python is not for the course.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP

.DEFAULT_GOAL := help
.PHONY: help ready lab teach test unit notebooks data seeds reproduce times browser hooks lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The environment: made where there is none, mended where it is of another folder, Python or set of pins.
ready:
	@$(if $(strip $(PYTHON)),$(PYTHON) tools/set_up.py,echo "$(NO_PYTHON)" >&2; exit 1)

lab: ready ## open the lessons in JupyterLab
	@$(RUN) -m tools.lab

teach: ready ## open the solved edition, for instructors
	@$(RUN) -m tools.lab --solutions

test: ready ## everything: ruff, types, unit tests, every notebook (ALL=1: the students' edition whole, too)
	@$(RUN) -m tools.test $(if $(ALL),--all)

unit: ready ## ruff, types and the unit tests alone
	@$(RUN) -m tools.test --unit

notebooks: ready ## rebuild the notebooks whose lesson changed, or what it uses
	@$(RUN) -m tools.build

data: ready ## write everything under data/ again
	@$(RUN) -m tools.make_data

seeds: ready ## run every lesson under five seeds and store each claim's worst margin
	@$(RUN) -m tools.seeds

reproduce: ready ## run rows of the stored tables again: which come back? (TABLES="lag.csv look.csv", ROWS=10, ALL=1)
	@$(RUN) -m tools.reproduce $(if $(ALL),--all) $(if $(ROWS),--rows $(ROWS)) $(if $(TABLES),--tables $(TABLES))

browser: ready ## run all of every lesson, both editions, in JupyterLab in a real browser
	@COURSE_BROWSER_ALL=1 $(RUN) -m pytest -q tests/test_browser.py

times: ready ## measure every lesson: benchmarks/lesson_times.csv
	@$(RUN) -m tools.times

hooks: ready ## check every commit and push: .pre-commit-config.yaml
	@$(RUN) -m pre_commit install

lock: ## resolve requirements.lock and environment.yml anew (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --upgrade --output-file requirements.lock
	$(PYTHON) tools/environment.py

clean: ## remove the environment; answers in work/ stay
	rm -rf .venv
