# make run     set up, then bend the built-in film with the default preset
# make test    set up, then everything that must hold before a change is kept
# make bench   the benchmarks against peers

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := out

# OpenGL without a screen, by the software rasteriser where there is no GPU.
SYSTEM := libegl1 libgl1 libgl1-mesa-dri

.PHONY: run test test-slow lint bench system presets clean

run: $(VENV)/.installed
	@mkdir -p $(OUT)
	$(BIN)/studio render demo $(OUT)/demo.mp4 --size 256

test: system lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

test-slow: system $(VENV)/.tested
	$(BIN)/pytest -m slow

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: system $(VENV)/.tested
	$(BIN)/python -m benchmarks

# Presets are made from recipes; this makes the shipped ones anew.
presets: $(VENV)/.installed
	$(BIN)/python presets/make_presets.py

system:
	@sh .ci/system-packages $(SYSTEM)

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; say which with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing what the studio needs into $(VENV) (PyTorch is large; once only) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info
