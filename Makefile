# Everything a person does here, in one word each. `make help` lists them.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
DEMO ?=
X_OPENAPI ?=
XDIST ?= -n auto --dist loadfile --no-loadscope-reorder
# What one test process has compiled, the others and those it starts need not compile again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(XDIST) -q

.DEFAULT_GOAL := help
.PHONY: help run test check lint types floors templates bench faults conformance assets marks messages pins clean dev

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | expand -t 14

run: $(VENV)/run.stamp static/dist/manifest.json planner/translations/.stamp ## Set everything up and start the product (DEMO=1 loads the demo quarter)
	@$(BIN)/python -m planner.start --host $(HOST) --port $(PORT) $(if $(DEMO),--demo)

test: dev ## Set everything up and run the tests (make check also does the journeys and looks over every page in a browser)
	@$(PYTEST) -m 'not faults and not walk'

dev: $(VENV)/dev.stamp static/dist/manifest.json planner/translations/.stamp

check: dev lint types floors templates ## The gate: style, types, import floors, templates, tests
	@$(PYTEST)

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check .

types: $(VENV)/dev.stamp
	@$(BIN)/mypy

floors: $(VENV)/dev.stamp
	@$(BIN)/lint-imports

templates: $(VENV)/dev.stamp
	@$(BIN)/djlint templates --lint --quiet

bench: dev ## Measure speed as ratios: one line a bench, `name figure gate aim met|short` (FULL=1: a million posts on PostgreSQL too)
	@$(BIN)/python -m tests.bench $(if $(FULL),--full)

faults: dev ## The whole fault suite of the outbox, and every other long walk (make test runs a cut of each)
	@$(PYTEST) -m 'faults or not faults' --junitxml=$(VENV)/faults.xml tests/publishing tests/jobs
	@$(BIN)/python -m tests.tally $(VENV)/faults.xml
	@$(PYTEST) -m faults --ignore=tests/publishing --ignore=tests/jobs tests

conformance: dev ## What is sent and the sandbox's answers against what the platforms publish (X_OPENAPI=path adds X's own document)
	@PLANNER_TEST_X_OPENAPI=$(if $(X_OPENAPI),$(abspath $(X_OPENAPI))) $(BIN)/python -m pytest -q -rs tests/conformance

assets: ## Build scripts and styles into static/dist
	@rm -f static/dist/manifest.json && $(MAKE) --no-print-directory static/dist/manifest.json

marks: dev ## Make the font of the calendar's marks anew from their drawings
	@$(BIN)/python assets/icons/marks.py

messages: $(VENV)/dev.stamp ## Extract sentences and refresh the French catalogue
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext -k lazy_pgettext:1c,2 -k N_ --ignore-dirs '.* node_modules' --no-wrap --no-location --sort-output -o planner/translations/messages.pot .
	@$(BIN)/pybabel -q update -i planner/translations/messages.pot -d planner/translations -l fr --no-wrap --no-fuzzy-matching --ignore-obsolete
	@rm -f planner/translations/.stamp && $(MAKE) --no-print-directory planner/translations/.stamp

pins: $(VENV)/run.stamp ## Pin every requirement again, with hashes
	@$(BIN)/pip -q install uv
	@for name in requirements requirements-scale requirements-dev; do \
	  $(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make pins" $$name.in -o $$name.txt || exit 1; done

clean: ## Remove what was built (never the data folder)
	@rm -rf $(VENV) node_modules static/dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Making a virtual environment in $(VENV)…"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(VENV)/bin/python
	@echo "Installing the libraries, each checked against its hash…"
	@$(BIN)/pip -q --disable-pip-version-check install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-scale.txt requirements-dev.txt $(VENV)/run.stamp
	@echo "Installing what the tests need…"
	@$(BIN)/pip -q --disable-pip-version-check install --require-hashes -r requirements-scale.txt
	@$(BIN)/pip -q --disable-pip-version-check install --require-hashes -r requirements-dev.txt
	@touch $@

static/dist/manifest.json: package.json package-lock.json build.mjs $(wildcard assets/*/*) | $(VENV)/run.stamp
	@echo "Building scripts and styles…"
	@sh scripts/build-assets.sh $(BIN)
	@touch $@

planner/translations/.stamp: $(wildcard planner/translations/*/LC_MESSAGES/*.po) | $(VENV)/run.stamp
	@$(BIN)/pybabel -q compile -d planner/translations 2>/dev/null
	@touch $@
