# `make lab` opens the lessons, `make test` checks everything. Both set up what they need, once.
PYTHON ?= python3
VENV   := .venv
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
else
BIN    := $(VENV)/bin
endif
STAMP  := $(VENV)/.installed
RUN    := $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help lab teach test unit notebooks data seeds times browser hooks lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1|/' | column -t -s '|'

# A wrong Python is said here, in one sentence, before anything is installed.
$(STAMP): requirements.lock pyproject.toml tools/check_python.py
	@$(PYTHON) tools/check_python.py
	@echo "Setting up in $(VENV): the first time takes a few minutes and about 3 GB."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "open('$(STAMP)', 'w').close()"

lab: $(STAMP) ## open the lessons in JupyterLab
	@$(RUN) -m tools.lab

teach: $(STAMP) ## open the solved edition, for instructors
	@$(RUN) -m tools.lab --solutions

test: $(STAMP) ## everything: ruff, types, unit tests, every notebook (ALL=1: the students' edition whole, too)
	@$(RUN) -m tools.test $(if $(ALL),--all)

unit: $(STAMP) ## ruff, types and the unit tests alone
	@$(RUN) -m tools.test --unit

notebooks: $(STAMP) ## rebuild the notebooks whose lesson changed, or what it uses
	@$(RUN) -m tools.build

data: $(STAMP) ## write everything under data/ again
	@$(RUN) -m tools.make_data

seeds: $(STAMP) ## run every lesson under five seeds and store each claim's worst margin
	@$(RUN) -m tools.seeds

browser: $(STAMP) ## run all of every lesson, both editions, in JupyterLab in a real browser
	@COURSE_BROWSER_ALL=1 $(RUN) -m pytest -q tests/test_browser.py

times: $(STAMP) ## measure every lesson: benchmarks/lesson_times.csv
	@$(RUN) -m tools.times

hooks: $(STAMP) ## check every commit and push: .pre-commit-config.yaml
	@$(RUN) -m pre_commit install

lock: ## resolve requirements.lock and environment.yml anew (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --upgrade --output-file requirements.lock
	$(PYTHON) tools/environment.py

clean: ## remove the environment; answers in work/ stay
	rm -rf $(VENV)
