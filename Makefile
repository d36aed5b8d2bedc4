# make report              every notebook on data/sample, as HTML in reports/
# make report DATA=DIR     the same on your own exports
# make test                lint, types, all tests, every notebook, the report in a browser
# make test-all            the same and what takes long
# make site                the documentation as a site in site/, with the report of the sample
# make lab                 JupyterLab in notebooks/
# make bench               speed, as ratios against what one would pick instead
# make validity            do intervals hold what they say, on simulated fleets (almost two hours on 2 cores)

PYTHON ?= python3
VENV   ?= .venv
DATA   ?= data/sample
OUT    ?= reports
ARGS   ?=
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules

.PHONY: report test test-all site lab bench validity sample lock clean

report: $(READY)
	$(BIN)/srelib report "$(DATA)" --out "$(OUT)" $(ARGS)

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) -m "not slow" --nbval-lax --nbval-current-env --nbval-cell-timeout 300 \
		tests srelib notebooks $(ARGS)

test-all: test
	$(PYTEST) -m slow tests srelib $(ARGS)

site: $(READY)
	$(BIN)/srelib report data/sample --out reports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir site

lab: $(READY)
	$(BIN)/jupyter lab notebooks --ServerApp.jpserver_extensions="{'srelib.notebook': True}"

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

validity: $(READY)
	$(BIN)/python -m tests.validity --write $(ARGS)

sample: $(READY)
	$(BIN)/python data/make_sample.py data/sample --truth tests/truth/sample.json

# The lock names versions and hashes, never an index; needs uv (pip install uv).
lock:
	uv pip compile pyproject.toml --extra test --extra docs --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "srelib needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

clean:
	rm -rf $(VENV) $(OUT)
