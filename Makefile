# What people type. Everything runs from a bare clone: the first target makes its own virtual environment.

PYTHON ?= python3
WORKERS ?= auto
HOST ?= 127.0.0.1
PORT ?= 8000

venv := .venv
bin := $(venv)/bin
ready := $(venv)/.ready

.PHONY: demo serve test check lint bench pictures gallery system venv constraints clean

demo: system venv           ## issue, verify and alter a licence of every kind
	$(bin)/certgen demo

# A code carries the address its workspace was made with, so another HOST or PORT needs a workspace of its own.
serve: public := $(if $(filter 127.0.0.1:8000,$(HOST):$(PORT)),demo/home,serve-$(HOST)-$(PORT)-home)
serve: venv                 ## the public pages; HOST=<lan address> makes a licence whose codes a phone opens
	@test -f $(public)/certgen.toml || \
	    if [ $(public) = demo/home ]; then $(bin)/certgen demo; else \
	    $(bin)/certgen init --home $(public) --origin http://$(HOST):$(PORT) && $(bin)/certgen issue food-business \
	        templates/food-business/sample.json --home $(public) --out $(public)/licences; fi
	-@$(bin)/certgen publish --home $(public)   # a workspace of an older release has no status key yet: told, and served all the same
	$(bin)/certgen serve --public --home $(public) --host $(HOST) --port $(PORT)

test: system venv           ## everything
	$(bin)/python -m pytest -n $(WORKERS) --maxprocesses 4

check: lint                 ## lint and the quick tests, under a minute
	$(bin)/python -m pytest -n $(WORKERS) --maxprocesses 4 -m "not slow"

lint: venv                  ## static: format, ruff, types, import contracts
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports

bench: venv                 ## every measurement beside its peer; obvious.py is the peer
	@set -e; for script in $(filter-out bench/obvious.py bench/_%.py,$(sort $(wildcard bench/*.py))); do \
	    echo "== $$script"; $(bin)/python $$script; done

pictures: venv              ## draw the pictures of the README and of the pages anew, after a change of a template, of a page or of its words
	$(bin)/python docs/pictures.py
	$(bin)/python docs/page_pictures.py

gallery: venv               ## draw every kind, guides and press sheets into docs/gallery, and the contact sheet
	$(bin)/python docs/gallery.py

system:                     ## what the operating system must provide; see the script
	@.ci/system

venv: $(ready)

# A half-made environment has no stamp, so it is thrown away and made again. -qq: a machine with several package
# sources prints a line for each that lacks a package; errors still show.
$(ready): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "certgen needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/system python3-venv
	@echo "making $(venv) (about a minute)"
	@rm -rf $(venv)
	@$(PYTHON) -m venv $(venv)
	@$(bin)/python -m pip install -qq --require-hashes -r constraints.txt
	@$(bin)/python -m pip install -qq --no-deps --no-build-isolation --no-index -e .
	@touch $@

# Resolves again from pyproject.toml and rewrites every hash. Versions already in constraints.txt stay unless UPGRADE=--upgrade.
constraints:
	@$(PYTHON) -m venv $(venv)-lock && $(venv)-lock/bin/pip install -qq uv
	$(venv)-lock/bin/uv pip compile -q --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-annotate --custom-compile-command "make constraints" $(UPGRADE) pyproject.toml -o constraints.txt
	@rm -rf $(venv)-lock

clean:                      ## the environment and caches; never a workspace
	rm -rf $(venv) $(venv)-lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
