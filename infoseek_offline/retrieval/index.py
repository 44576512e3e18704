"""Building an index: passages in, a folder out (folder.py says which files). The same passages give the same bytes.

What encoders and BM25 see of a passage is its context text: "title — section", a new line, the passage's text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from infoseek_offline.engine import batches
from infoseek_offline.errors import IndexError_, UsageError
from infoseek_offline.files import digest_of, write_json
from infoseek_offline.records import Passage
from infoseek_offline.retrieval.dense import DenseIndex, build_dense, default_nprobe
from infoseek_offline.retrieval.encoder import (
    DESCRIPTION,
    Encoder,
    Settings,
    check_settings,
    is_distilled,
    load_encoder,
    make_encoder,
)
from infoseek_offline.retrieval.folder import FORMAT, VECTORS, building, check_sizes, file_table, read_manifest, write_manifest
from infoseek_offline.retrieval.lsa import LsaEncoder
from infoseek_offline.retrieval.ranking import FUSIONS, Fusion
from infoseek_offline.retrieval.recall import TOP, measure, sample_queries
from infoseek_offline.retrieval.shards import SHARD, Say, encode, tokenise
from infoseek_offline.retrieval.sparse import build_sparse
from infoseek_offline.retrieval.tokenise import Numbered

FIT_ON = 200_000  # passages that an encoder is fitted on at most, evenly spaced: its memory is bounded so

Measure = Callable[[Path, dict[str, Any]], dict[str, Any]]


def context_text(passage: Passage) -> str:
    head = f"{passage.title} — {passage.section}" if passage.section else passage.title
    return f"{head}\n{passage.text}"


def build_index(
    passages: Iterable[Passage] | Callable[[], Iterable[Passage]],
    folder: Path,
    *,
    encoder: str = "lsa",
    settings: Settings | None = None,
    factory: str | None = None,
    nprobe: int | None = None,
    fusion: Fusion = "scores",
    language: str = "en",
    corpus_digest: str,
    workers: int = 1,
    selftest: Measure | None = None,
    progress: Say | None = None,
) -> dict[str, Any]:
    """Index `passages` into `folder` and give the manifest. An index that stands there is replaced only by a whole new one.

    `passages` is read up to three times where it is a function that gives them afresh, else held in memory; pages must ascend.
    `fusion` is how searches of the index fuse, where they do not say otherwise.
    `selftest` is called with the folder and the manifest before it is finished, and what it gives goes into the manifest.
    Raises IndexError_ where there are no passages, where the encoder can't be had, or where the folder can't be written (see
    folder.building); UsageError for a factory or settings that do not fit.
    """
    give = passages if callable(passages) else _again(passages)
    say = progress or (lambda what, done, total: None)
    settings = settings or Settings()
    check_settings(encoder, settings)
    if fusion not in FUSIONS:
        raise UsageError(f"no fusion {fusion}: say scores or rrf")
    versions = _versions(encoder, settings)
    key = {"corpus": corpus_digest, "encoder": encoder, **asdict(settings), "language": language, "versions": versions}
    key = _with_model(key, encoder)
    asked = digest_of(key, factory)
    if not selftest and (retuned := _retuned(Path(folder), asked, nprobe, fusion)):
        return retuned
    with building(Path(folder), key) as work:
        identities = _Identities()
        tokens = tokenise(identities.shards(give, say), language, workers)
        count = identities.write(work)

        model = _encoder(work / "encoder", encoder, tokens, language, settings, say)
        vectors = encode(model, work / "encoder", work / VECTORS, lambda: _shards(give()), tokens, workers, say)

        say("dense", 0, count)
        dense = build_dense(vectors, work / "dense.faiss", factory, nprobe)
        recall = measure(DenseIndex(work / "dense.faiss", dense), vectors, lambda: sample_queries(give(), count, model), dense)
        say("sparse", 0, count)
        sparse = build_sparse(tokens, work / "sparse")

        manifest = {
            "format": FORMAT,
            "asked": asked,
            "corpus": corpus_digest,
            "language": language,
            "passages": count,
            "pages": len(set(identities.pages)),
            "encoder": model.describe(),
            "dense": {**dense, **recall},
            "sparse": sparse,
            "fusion": fusion,
            "versions": versions,
            "files": {n: entry for n, entry in file_table(work).items() if n.split("/")[0] not in (VECTORS, "building.json")},
        }
        if selftest:
            write_manifest(work, manifest)
            manifest["selftest"] = selftest(work, manifest)
        write_manifest(work, manifest)
    return manifest


def _retuned(folder: Path, asked: str, nprobe: int | None, fusion: Fusion) -> dict[str, Any] | None:
    """The index that is there with another nprobe or fusion, where that is all that differs and its recall was measured: what a
    build would give, without it. Asked for just what is there, it is built again."""
    try:
        manifest = read_manifest(folder)
        dense = manifest["dense"]
        if manifest["asked"] != asked or "selftest" in manifest or not (nprobe or manifest["fusion"] != fusion):
            return None
        if dense["lists"] or nprobe:
            nprobe = nprobe or default_nprobe(dense["lists"])
            dense.update({"nprobe": nprobe, f"recall@{TOP}": dense["recall by nprobe"][str(nprobe)]})
        check_sizes(folder, manifest)
    except (IndexError_, KeyError, TypeError):
        return None
    manifest["fusion"] = fusion
    write_manifest(folder, manifest)
    return manifest


class _Identities:
    """Who the passages are, gathered while their texts go by."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []
        self.pages: list[int] = []
        self.sections: list[int] = []
        self._titles: dict[str, int] = {}

    def shards(self, give: Callable[[], Iterable[Passage]], say: Say) -> Iterator[list[str]]:
        def noted() -> Iterator[Passage]:
            for passage in give():
                self.ids.append(passage.id.encode())
                self.pages.append(passage.page)
                self.sections.append(self._titles.setdefault(passage.section, len(self._titles)))
                yield passage

        for texts in _shards(noted()):
            yield texts
            say("terms", len(self.ids), 0)

    def write(self, work: Path) -> int:
        """Into the index's files; gives the number of passages."""
        if not self.ids:
            raise IndexError_("the corpus has no passages to index; look at its pages with: infoseek corpus --help")
        if len(set(self.ids)) < len(self.ids):
            raise ValueError("document ids are not unique")
        if any(later < earlier for earlier, later in zip(self.pages, self.pages[1:], strict=False)):
            raise ValueError("passages are not in the order of their pages")
        titles = sorted(self._titles)
        line = {title: number for number, title in enumerate(titles)}
        place = np.array([line[title] for title in self._titles], np.int32)  # by order of appearance
        np.save(work / "documents.npy", np.array(self.ids, np.bytes_), allow_pickle=False)
        np.save(work / "pages.npy", np.array(self.pages, np.int32), allow_pickle=False)
        np.save(work / "sections.npy", place[np.array(self.sections, np.int64)], allow_pickle=False)
        write_json(work / "sections.json", titles)
        return len(self.ids)


def _again(passages: Iterable[Passage]) -> Callable[[], Iterable[Passage]]:
    kept = list(passages)
    return lambda: kept


def _shards(passages: Iterable[Passage]) -> Iterator[list[str]]:
    return batches((context_text(passage) for passage in passages), SHARD)


def _encoder(folder: Path, spec: str, tokens: Numbered, language: str, settings: Settings, say: Say) -> Encoder:
    """Made and saved, or what a killed build of the same had saved."""
    if (folder / DESCRIPTION).is_file():  # written last
        return load_encoder(folder)
    count = len(tokens.lengths)
    say("fit encoder", 0, min(count, FIT_ON))
    if spec == "lsa":
        model: Encoder = LsaEncoder.fit_tokens(tokens.rows(0, count, -(-count // FIT_ON)), language)
    else:
        model = make_encoder(spec, language=language, settings=settings)
    folder.mkdir(exist_ok=True)
    model.save(folder)
    return model


def _with_model(key: dict[str, Any], spec: str) -> dict[str, Any]:
    """With the digest of the model, so that a killed build does not go on with another."""
    if spec == "lsa":
        return key
    from infoseek_offline.retrieval.static import teacher_digest
    from infoseek_offline.retrieval.transformer import model_digest, model_folder

    return {**key, "model": teacher_digest(spec) if is_distilled(spec) else model_digest(model_folder(spec))}


def _versions(encoder: str, settings: Settings) -> dict[str, str]:
    """What the bytes depend on besides the passages."""
    import faiss

    packages = ["bm25s", "numpy", "scipy", "scikit-learn", "PyStemmer"]
    if encoder != "lsa":
        packages += ["torch", "model2vec" if is_distilled(encoder) else "sentence-transformers"]
    packages += {"onnx": ["onnxruntime"], "openvino": ["openvino"]}.get(settings.backend, [])
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return {"faiss": faiss.__version__, **found}
