"""The next token from llama.cpp's logits, within a grammar.

A token is drawn first and shown to the grammar alone; only where it does not fit, the grammar goes over the whole vocabulary and
another is drawn from what it leaves. The distribution is the same as when the grammar goes first; with a vocabulary of 150,000
tokens a draw that fits takes half a millisecond, and the grammar over all of them ten to thirty. Draws come from a generator seeded
by the call.
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoseek_offline.llm.base import Sampling

FIRST = 512  # of the most probable tokens, which nearly always hold all that top-p leaves

Logits = NDArray[np.float32]


class Unwritable(Exception):
    """The vocabulary has no token for what has to come next."""


class Sampler:
    """For one answer; a context manager, which frees what llama.cpp holds.

    Raises ValueError for a grammar that llama.cpp can't parse, which would end the process where it is used.
    """

    def __init__(self, vocabulary: Any, grammar: str, sampling: Sampling, seed: int) -> None:
        import llama_cpp

        self._llama_cpp, self._sampling = llama_cpp, sampling
        self._chance = np.random.default_rng(seed % 2**64)
        self._grammar = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root") if grammar else None
        if not self._grammar:  # and an empty one would allow anything
            raise ValueError(f"llama.cpp does not take the grammar {grammar[:200]!r}")

    def __enter__(self) -> Sampler:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._llama_cpp.llama_sampler_free(self._grammar)

    def choose(self, logits: Logits) -> int:
        """A token that the grammar takes. The caller tells it by `accept`, unless it is one that ends the answer."""
        token = self._draw(logits)
        if self._fits(np.array([token], np.int32))[0]:
            return token
        fits = self._fits(np.arange(len(logits), dtype=np.int32))
        if not fits.any():
            raise Unwritable("the schema goes on with what no token writes")
        return self._draw(np.where(fits, logits, -np.inf))

    def accept(self, token: int) -> None:
        self._llama_cpp.llama_sampler_accept(self._grammar, token)

    def _fits(self, tokens: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of the tokens may come next."""
        data = np.zeros(len(tokens), np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)]))
        data["id"] = tokens
        pointer = data.ctypes.data_as(self._llama_cpp.llama_token_data_p)
        array = self._llama_cpp.llama_token_data_array(data=pointer, size=len(tokens), selected=-1, sorted=False)
        self._llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))
        fits: NDArray[np.bool_] = np.isfinite(data["logit"])
        return fits

    def _draw(self, logits: Logits) -> int:
        best = float(logits.max())
        if not np.isfinite(best):  # damaged weights: anything is as good
            logits, best = np.where(np.isneginf(logits), -np.inf, 0).astype(np.float32), 0.0
        if self._sampling.temperature <= 0:
            return int(np.argmax(logits))
        shares = np.exp((logits - best) / self._sampling.temperature, dtype=np.float64)
        tokens = self._nucleus(shares)
        sums = np.cumsum(shares[tokens] if tokens is not None else shares)
        place = min(int(np.searchsorted(sums, self._chance.random() * sums[-1], side="right")), len(sums) - 1)
        return int(tokens[place]) if tokens is not None else place

    def _nucleus(self, shares: NDArray[np.float64]) -> NDArray[np.intp] | None:
        """The most probable tokens that have top-p together, the most probable first; None for all."""
        if self._sampling.top_p >= 1:
            return None
        enough = self._sampling.top_p * shares.sum()
        first = np.argpartition(shares, -min(FIRST, len(shares)))[-FIRST:]
        if shares[first].sum() < enough:
            first = np.arange(len(shares))
        ordered = first[np.lexsort((first, -shares[first]))]
        return ordered[: 1 + int(np.searchsorted(np.cumsum(shares[ordered]), enough))]
