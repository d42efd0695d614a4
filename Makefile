# make run     set up, then open the window; without a display, bend the built-in film with the default preset
# make check   set up, then in a minute: lint, types, import rules, the tests that need neither film nor window nor GPU
# make test    set up, then everything that must hold before a change is kept
# make coverage   the tests, and which lines of the studio none of them runs
# make bench   the benchmarks against peers
# make screenshots   the pictures of the documentation, from the real window
# make depths        the filter sheet at each depth, of every network and at three sizes, into out/depths

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := out

# OpenGL without a screen, by the software rasteriser where there is no GPU; what Qt's window needs; for the tests of
# the window a display that nobody sees.
OPENGL := libegl1 libgl1 libgl1-mesa-dri libglx-mesa0
WINDOW := libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 \
  libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libdbus-1-3 libfontconfig1 libglib2.0-0
DISPLAY_FOR_TESTS := xvfb fonts-dejavu-core
HAS_DISPLAY := $(if $(filter Linux,$(shell uname)),$(DISPLAY)$(WAYLAND_DISPLAY),yes)

# Bytecode is kept: each worker of the tests would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run check test test-slow coverage lint bench screenshots depths system presets gallery clean

run: $(VENV)/.installed
	@sh .ci/system-packages $(OPENGL) $(if $(HAS_DISPLAY),$(WINDOW))
ifneq ($(HAS_DISPLAY),)
	$(BIN)/studio
else
	@mkdir -p $(OUT)
	@echo "There is no display: the demo film goes through the default preset instead of a window."
	$(BIN)/studio render demo $(OUT)/demo.mp4 --size 256 --overwrite
endif

test: system lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

# What is quick and needs little of a machine, with a few examples of what is generated; the shipped networks, the wheel
# and whole engines come with `make test`.
CHECKED := model ops edits control io cli plugins learn test_api.py test_build.py test_structure.py test_architecture_page.py
check: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal --examples 8 --fresh 0 \
	  -m "not slow and not long and not gl and not window and not film" $(addprefix tests/,$(CHECKED))

test-slow: system $(VENV)/.tested
	LP_NATIVE_VECTOR_WIDTH=256 $(BIN)/pytest -m slow

coverage: system $(VENV)/.tested
	@$(BIN)/coverage erase
	-OMP_NUM_THREADS=1 $(BIN)/coverage run -m pytest -n 2
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --sort=miss

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: system $(VENV)/.tested
	$(BIN)/python -m benchmarks

screenshots: system $(VENV)/.tested
	$(BIN)/python -m tools.make_screenshots

depths: system $(VENV)/.tested
	$(BIN)/python -m tools.make_depths $(OUT)/depths

# Presets are made from recipes; this makes the shipped ones anew.
presets: $(VENV)/.installed
	$(BIN)/python -m tools.make_presets

# Every network and every preset in pictures: docs/gallery.md.
gallery: $(VENV)/.installed
	$(BIN)/python -m tools.make_gallery

system:
	@sh .ci/system-packages $(OPENGL) $(WINDOW) $(DISPLAY_FOR_TESTS)

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
