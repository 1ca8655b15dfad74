# From a fresh clone: `make run`, and open the address it prints; `make test` before you hand anything on.
# Nothing here needs root, and nothing is installed outside this folder.

PYTHON ?= python3
export PORT ?= 8000
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench soak sbom lock clean

help:   ## these lines
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup:  ## what it takes to run
	@$(PYTHON) tools/bootstrap.py run

run: setup      ## serve on 127.0.0.1:$PORT, on SQLite or $DATABASE_URL
	@exec .venv/bin/casereview serve $(ARGS)

test:   ## every test: unit, PostgreSQL, browser, scenarios; ARGS="-k …" for some
	@$(PYTHON) tools/bootstrap.py test
	@exec .venv/bin/python -m pytest -n 2 $(ARGS)

check:  ## linters, types, who may import whom, the house rules of safety, and the packs
	@$(PYTHON) tools/bootstrap.py check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/deptry engine webforms
	.venv/bin/vulture
	.venv/bin/bandit -q -c pyproject.toml -r engine webforms tools
	.venv/bin/python tools/rules.py
	.venv/bin/casereview check

bench: setup    ## measure; ARGS=http for one part
	@exec .venv/bin/casereview bench $(ARGS)

soak:   ## the long fault runs
	@$(PYTHON) tools/bootstrap.py test
	@exec .venv/bin/python -m pytest -m soak $(ARGS)

sbom:   ## everything this is made of, as CycloneDX in build/sbom.json
	@$(PYTHON) tools/bootstrap.py test
	@.venv/bin/python tools/sbom.py

lock:   ## write requirements/*.lock and package-lock.json anew; ARGS=--upgrade for newer versions of what we do not name
	@$(PYTHON) tools/bootstrap.py lock $(ARGS)

clean:  ## back to a fresh clone, except for data in var/
	rm -rf .venv .tools node_modules webforms/static engine/feel/feel.js tests/browser/modeller/built build
