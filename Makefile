# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core-installed
DEV := $(VENV)/.dev-installed
# A worker a core, a thread each; tests of one file stay together, with what they share.
PARALLEL ?= --numprocesses auto --maxprocesses 4 --dist loadfile
export OMP_NUM_THREADS ?= 2
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo test test-all test-versions lint mutants benchmark docs model clean

demo: $(CORE) ## install the core, make a video from a prompt, audit it, and say where it lies
	@mkdir -p out
	$(BIN)/cusp generate "A glass of orange juice is pushed hard; it tips over and the juice pours out." -o out/juice.mp4 --seed 1
	$(BIN)/cusp show out/juice.mp4 -o out/juice.png
	$(BIN)/cusp audit out/juice.mp4 --html out/juice.html
	@echo
	@echo "The video:         $(CURDIR)/out/juice.mp4"
	@echo "Its contact sheet: $(CURDIR)/out/juice.png"
	@echo "Its audit:         $(CURDIR)/out/juice.html"
	@echo
	@echo "Go on, with cusp and python of this folder's .venv (once in every new shell):"
	@echo "  source .venv/bin/activate"
	@echo "Then, as they stand:"
	@echo '  cusp generate "three puppies romp over the grass" --candidates 8 -o out/puppies.mp4'
	@echo "  cusp record Snow -o out/snow.mp4 --seed 2"
	@echo "  cusp info out/puppies.mp4"

test: $(DEV) lint ## the same install with the test extras, then lint, types and the quick tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not long and not gpu and not browser" $(PARALLEL)

test-all: $(DEV) ## every test that this machine can run, the long ones too
	$(BIN)/python -m pytest --timeout 3600

test-versions: ## the bounds of pyproject.toml: lowest and highest versions on every Python here, the quick tests in each (hours)
	$(PYTHON) tests/versions.py $(VERSIONS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mutants: $(DEV) ## small faults put into every room, each tried against the nearest quick tests (hours on two cores)
	$(BIN)/python benchmarks/mutants.py --save
	$(BIN)/python -m benchmarks.results

benchmark: $(DEV) ## the quick form of every table in benchmarks/ (peers: pip install 'cuspworld[benchmarks]')
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script --quick || exit 1; done

docs: $(VENV)/bin/python ## the site, in site/: it needs zensical, and nothing of the package
	$(BIN)/pip install --quiet -c constraints.txt zensical
	$(BIN)/python -m benchmarks.results
	$(BIN)/python docs/reference.py
	$(BIN)/zensical build

model: $(DEV) ## the recipes of the shipped weights: record, train, check (hours on two cores)
	$(BIN)/python recipes/codec.py
	$(BIN)/python recipes/decoder.py --begin runs/codec/model
	$(BIN)/python recipes/folds.py
	$(BIN)/python recipes/adapt.py
	$(BIN)/python recipes/based.py --world Snow
	$(BIN)/python recipes/guidance.py
	$(BIN)/python recipes/enlarger.py
	$(BIN)/python recipes/twin_judge.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(CORE): $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e .
	touch $@

$(DEV): $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@ $(CORE)

clean:
	rm -rf out site build .pytest_cache .mypy_cache .ruff_cache
