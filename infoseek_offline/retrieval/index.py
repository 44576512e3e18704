"""Building an index: passages in, a folder out (folder.py says which files). The same passages give the same bytes.

What encoders and BM25 see of a passage is its context text: "title — section", a new line, the passage's text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from infoseek_offline.errors import IndexError_
from infoseek_offline.records import Passage
from infoseek_offline.retrieval.dense import build_dense
from infoseek_offline.retrieval.encoder import Encoder, Vectors, make_encoder
from infoseek_offline.retrieval.folder import FORMAT, building, file_table, write_manifest
from infoseek_offline.retrieval.sparse import build_sparse
from infoseek_offline.retrieval.tokenise import terms

BATCH = 1_024
FIT_ON = 200_000  # passages that an encoder is fitted on at most, evenly spaced: its memory is bounded so

T = TypeVar("T")
Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


def context_text(passage: Passage) -> str:
    head = f"{passage.title} — {passage.section}" if passage.section else passage.title
    return f"{head}\n{passage.text}"


def build_index(
    passages: Iterable[Passage] | Callable[[], Iterable[Passage]],
    folder: Path,
    *,
    encoder: str = "lsa",
    language: str = "en",
    corpus_digest: str,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index `passages` into `folder` and give the manifest. An index that stands there is replaced only by a whole new one.

    `passages` is read three times where it is a function that gives them afresh, else held in memory. Raises IndexError_ where
    there are none, where the encoder can't be had, or where the folder can't be written (see folder.building).
    """
    give = passages if callable(passages) else _again(passages)
    say = progress or (lambda what, done, total: None)
    with building(Path(folder)) as work:
        ids, pages = _identities(give)
        count = len(ids)
        np.save(work / "documents.npy", np.array([i.encode() for i in ids], dtype=np.bytes_), allow_pickle=False)
        np.save(work / "pages.npy", np.array(pages, dtype=np.int32), allow_pickle=False)

        step = -(-count // FIT_ON)
        sample = _counted(islice(_texts(give), 0, None, step), "fit encoder", -(-count // step), say)
        model = make_encoder(encoder, sample, language)
        (work / "encoder").mkdir()
        model.save(work / "encoder")

        vectors = _encode(model, _texts(give), count, work / "vectors.tmp", say)
        say("dense", 0, count)
        dense = build_dense(vectors, work / "dense.faiss")
        del vectors
        (work / "vectors.tmp").unlink()

        tokens = (terms(text, language) for text in _texts(give))
        sparse = build_sparse(_counted(tokens, "sparse", count, say), work / "sparse")

        manifest = {
            "format": FORMAT,
            "corpus": corpus_digest,
            "language": language,
            "passages": count,
            "pages": len(set(pages)),
            "encoder": model.describe(),
            "dense": dense,
            "sparse": sparse,
            "versions": _versions(encoder),
            "files": file_table(work),
        }
        write_manifest(work, manifest)
    return manifest


def _again(passages: Iterable[Passage]) -> Callable[[], Iterable[Passage]]:
    kept = list(passages)
    return lambda: kept


def _texts(give: Callable[[], Iterable[Passage]]) -> Iterator[str]:
    return (context_text(passage) for passage in give())


def _identities(give: Callable[[], Iterable[Passage]]) -> tuple[list[str], list[int]]:
    ids: list[str] = []
    pages: list[int] = []
    for passage in give():
        ids.append(passage.id)
        pages.append(passage.page)
    if not ids:
        raise IndexError_("the corpus has no passages to index; look at its pages with: infoseek corpus --help")
    if len(set(ids)) < len(ids):
        raise ValueError("document ids are not unique")
    return ids, pages


def _encode(model: Encoder, texts: Iterator[str], count: int, path: Path, say: Progress) -> Vectors:
    """All vectors, in a mapped file: a million of 256 dimensions are 1 GB, which memory need not hold."""
    done = 0
    with path.open("wb") as file:  # written, not mapped: a full disk is then an error, and not a killed process
        while batch := list(islice(texts, BATCH)):
            file.write(np.ascontiguousarray(model.encode_documents(batch)).data)
            done += len(batch)
            say("encode", done, count)
    if done != count:
        raise ValueError(f"the passages changed while they were indexed: {count}, then {done}")
    return np.memmap(path, dtype=np.float32, mode="r", shape=(count, model.dimension))


def _counted(items: Iterable[T], what: str, total: int, say: Progress) -> Iterator[T]:
    for done, item in enumerate(items, 1):
        yield item
        if done % BATCH == 0 or done == total:
            say(what, done, total)


def _versions(encoder: str) -> dict[str, str]:
    """What the bytes depend on besides the passages."""
    import faiss

    packages = ["bm25s", "numpy", "scipy", "scikit-learn", "PyStemmer"]
    if encoder != "lsa":
        packages += ["sentence-transformers", "torch"]
    return {"faiss": faiss.__version__, **{package: version(package) for package in packages}}
