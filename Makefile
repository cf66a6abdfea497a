# `make demo` and `make test` set up everything they need in .venv; each stands alone on a fresh clone.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test slow check bench

demo: .venv/base
	$(BIN)/heedful fetch minilm wiki-topics
	$(BIN)/heedful compare wiki-topics --out demo --minutes 15 --seeds 1
	$(BIN)/heedful predict demo "A comet's tail always points away from the Sun."

test: .venv/dev
	$(BIN)/heedful fetch minilm
	$(BIN)/python -m pytest

slow: .venv/dev
	$(BIN)/heedful fetch minilm wiki-topics bbc-news
	$(BIN)/python -m pytest -m slow

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py

bench: .venv/dev
	$(BIN)/python -m benchmarks

.venv/torch: constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) torch
	touch $@

.venv/base: .venv/torch pyproject.toml
	$(PIP) --editable .
	touch $@

.venv/dev: .venv/torch pyproject.toml
	$(PIP) --editable '.[dev]'
	touch $@
