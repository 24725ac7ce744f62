# Python 3.11+ and make are all a machine needs. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
OUT    ?= .bench
# Each holds judges that others wrote; beside one another, or beside ours, pip would quietly take old ones.
JUDGES := .venv-judges .venv-judges-aws .venv-judges-tls .venv-judges-kserve
JUDGED := $(JUDGES:=/.installed)

.DEFAULT_GOAL := help
.PHONY: help setup demo test judges judged check format golden bench soak tools e2e image lock clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment with everything pinned by hash

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "aiinfra needs Python 3.11 or later; this is %d.%d. Name another with: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@echo "Setting up $(VENV) (about 900 MB, two minutes on a fast link) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Run one example end to end: declare, review, serve, predict
	@$(BIN)/python tools/demo.py

test: $(STAMP) check judged ## Types, lint, every test and the judges (at most 12 minutes cold on 2 cores)
	@$(BIN)/python -m pytest -m "not soak and not e2e"

judges: $(STAMP) judged ## Only the judges: what we make, judged by programs nobody here wrote, in environments of their own
	@$(BIN)/python -m pytest -m "judges and not e2e"

# Side by side: what takes long is fetching them.
judged:
	@$(MAKE) --no-print-directory -j4 $(JUDGED)

.venv-%/.installed: requirements/%.txt
	@echo "Setting up .venv-$* (tens of seconds on a fast link) ..."
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $< || { \
	  echo "The judges of $< could not be installed; pip says above why. They come from a package index:" >&2; \
	  echo "this needs a network or a mirror (PIP_INDEX_URL). Without one, 'make check' is lint and types, and" >&2; \
	  echo "$(BIN)/python -m pytest -m 'not soak and not e2e and not judges' is every test but theirs." >&2; exit 1; }
	@touch $@

check: $(STAMP) ## Lint and types alone; prints how many single ignores there are
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyrefly check
	@$(BIN)/python tools/count_ignores.py

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

golden: $(STAMP) judged ## Rewrite the golden files; review the difference as you would review code
	@$(BIN)/python -m pytest -m "not soak and not e2e" --update-golden

bench: $(STAMP) ## Timings, each as a ratio against a named rival of the same run
	@$(BIN)/python tools/run_benches.py --out $(OUT)

soak: $(STAMP) ## The long ones: kill loops, full mutation sets, properties with new examples
	@$(BIN)/python -m pytest -m soak
	@$(BIN)/python -m pytest -m "not soak and not e2e and not judges" --hypothesis-profile=explore $$(grep -rl "hypothesis import" tests --include="test_*.py")

tools: ## Build what others wrote and e2e runs: a Kubernetes control plane, kwok, kubeconform, Benthos (needs Go; minutes, once)
	@$(PYTHON) tools/build_tools.py

e2e: $(STAMP) ## The real Pulumi CLI, where it is on PATH, and a real API server and judges, where `make tools` built them
	@$(BIN)/python -m pytest -m "e2e and not soak"

image: $(STAMP) ## The server's image as an OCI layout, without Docker (needs mmdebstrap); ARCH=arm64 for the other
	@$(BIN)/python tools/image/build.py --out build/image $(if $(ARCH),--architecture $(ARCH))

lock: ## Pin the requirements again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all --group dev pyproject.toml requirements/build.in -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra pulumi pyproject.toml -o requirements/pulumi.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra server pyproject.toml -o requirements/server.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/judges.in -o requirements/judges.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/judges-aws.in -o requirements/judges-aws.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/judges-tls.in -o requirements/judges-tls.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/judges-kserve.in -o requirements/judges-kserve.txt

clean: ## Remove what was made here
	rm -rf $(VENV) $(JUDGES) $(OUT) .pytest_cache .ruff_cache dist build
