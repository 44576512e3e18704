"""Passages to vectors, in shards: what is slow is done by worker processes, and never twice.

Each shard of `SHARD` passages is encoded by itself into `vectors/NNNNNN.npy` (float16, passages × dimension), written whole or not
at all; a build that was killed goes on with those that are missing. The shards are the same bytes whatever the number of workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from infoseek_offline.engine import map_ordered
from infoseek_offline.retrieval.encoder import Encoder, Vectors, load_encoder
from infoseek_offline.retrieval.lsa import LsaEncoder
from infoseek_offline.retrieval.tokenise import Numbered, hashed

SHARD = 2_048
Say = Callable[[str, int, int], None]


def tokenise(shards: Iterable[list[str]], language: str, workers: int) -> Numbered:
    """The terms of shards of texts, in order."""
    parts = [hashed([], language).numbered(), *map_ordered(partial(_tokenise, language), shards, workers=workers)]
    vocabulary = np.unique(np.concatenate([part.vocabulary for part in parts]))
    ids = [np.searchsorted(vocabulary, part.vocabulary).astype(np.int32)[part.ids] for part in parts]
    return Numbered(vocabulary, np.concatenate(ids), np.concatenate([part.lengths for part in parts]))


def _tokenise(language: str, texts: list[str]) -> Numbered:
    return hashed(texts, language).numbered()


class Shards:
    """All vectors as rows, mapped; slices of them come as float32."""

    def __init__(self, folder: Path, count: int, dimension: int) -> None:
        self.shape = (count, dimension)
        self._parts = [np.load(shard_path(folder, n), mmap_mode="r", allow_pickle=False) for n in range(-(-count // SHARD))]

    def __getitem__(self, rows: slice) -> Vectors:
        start, stop, step = rows.indices(self.shape[0])
        pieces = [np.empty((0, self.shape[1]), np.float32)]
        while start < stop:
            number, offset = divmod(start, SHARD)
            piece = self._parts[number][offset : stop - number * SHARD : step]
            pieces.append(piece.astype(np.float32))
            start += step * len(piece)
        return np.concatenate(pieces)


def encode(
    model: Encoder, saved: Path, folder: Path, shards: Callable[[], Iterator[list[str]]], tokens: Numbered, workers: int, say: Say
) -> Shards:
    """The shards that are missing in `folder` are made; `saved` is where `model` was saved, for the workers to load."""
    global _model, _tokens
    folder.mkdir(exist_ok=True)
    count = len(tokens.lengths)
    numbers = [n for n in range(-(-count // SHARD)) if not shard_path(folder, n).is_file()]
    if isinstance(model, LsaEncoder):  # the terms are there: no text is read again
        _model, _tokens = model, tokens
        items: Iterable[Any] = ((n, None) for n in numbers)
        made = map_ordered(partial(_encode, folder), items, workers=workers)
    else:
        wanted = set(numbers)
        items = ((n, texts) for n, texts in enumerate(shards()) if n in wanted) if wanted else ()
        if workers == 1:
            _model = model
            made = map_ordered(partial(_encode, folder), items)
        else:  # torch does not survive a fork
            load = partial(_load, saved)
            made = map_ordered(partial(_encode, folder), items, workers=workers, setup=load, ahead=2, method="spawn")
    known = -(-count // SHARD) - len(numbers)
    for done, _ in enumerate(made, known + 1):
        say("encode", min(count, done * SHARD), count)
    return Shards(folder, count, model.dimension)


_model: Encoder
_tokens: Numbered


def _load(saved: Path) -> None:
    global _model
    _model = load_encoder(saved)


def _encode(folder: Path, item: tuple[int, list[str] | None]) -> int:
    number, texts = item
    if texts is None:
        assert isinstance(_model, LsaEncoder)
        start = number * SHARD
        vectors = _model.encode_tokens(_tokens.rows(start, min(start + SHARD, len(_tokens.lengths))))
    else:
        vectors = _model.encode_documents(texts)
    path = shard_path(folder, number)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:  # written, not mapped: a full disk is then an error, and not a killed process
        np.save(file, vectors.astype(np.float16), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    return number


def shard_path(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.npy"
