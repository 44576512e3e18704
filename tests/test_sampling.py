"""Tokens are drawn as their probabilities say, within the grammar, and the same again by the same seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from infoseek_offline.llm.base import Sampling
from infoseek_offline.llm.llama_cpp import LlamaCpp
from infoseek_offline.llm.sampling import FIRST, Logits, Sampler

DRAWS = 4000


@pytest.fixture(scope="module")
def model(tiny_gguf: Path) -> LlamaCpp:
    return LlamaCpp(tiny_gguf)


@pytest.fixture
def logits(model: LlamaCpp) -> Callable[..., Logits]:
    """Logits of the shares that are given by token text; all others have nothing, or `rest`."""

    def logits(rest: float = 0.0, **shares: float) -> Logits:
        made = np.full(model._llama.n_vocab(), rest, np.float32)
        for text, share in shares.items():
            made[token(model, text)] = share
        with np.errstate(divide="ignore"):
            return np.log(made)

    return logits


def token(model: LlamaCpp, text: str) -> int:
    (found,) = model._llama.tokenize(text.encode(), False, False)
    return int(found)


def draw(model: LlamaCpp, grammar: str, logits: Logits, sampling: Sampling, count: int = 1, seed: int = 7) -> Counter[str]:
    """What is drawn as an answer's first token, by text."""
    with Sampler(model._llama._model.vocab, grammar, sampling, seed) as sampler:
        tokens = [sampler.choose(logits) for _ in range(count)]
    return Counter(model._llama.detokenize([one]).decode() for one in tokens)


ANY = "root ::= [a-z]+"
HOT = Sampling(temperature=1.0)


def test_a_grammar_leaves_the_shares_of_what_it_takes_as_they_are(model: LlamaCpp, logits: Callable[..., Logits]) -> None:
    """What it does not take has six tenths here, so that most draws are drawn again."""
    drawn = draw(model, 'root ::= "ab" | "cd" | "ef"', logits(ab=0.1, cd=0.2, ef=0.1, gh=0.6), HOT, DRAWS)
    assert set(drawn) == {"ab", "cd", "ef"}
    for text, share in (("ab", 0.25), ("cd", 0.5), ("ef", 0.25)):
        assert abs(drawn[text] / DRAWS - share) < 4 * np.sqrt(share * (1 - share) / DRAWS)


def test_the_temperature_sharpens(model: LlamaCpp, logits: Callable[..., Logits]) -> None:
    drawn = draw(model, ANY, logits(ab=0.6, cd=0.4), Sampling(temperature=0.5), DRAWS)
    share = 0.6**2 / (0.6**2 + 0.4**2)
    assert abs(drawn["ab"] / DRAWS - share) < 4 * np.sqrt(share * (1 - share) / DRAWS)


def test_without_temperature_it_is_the_most_probable_that_the_grammar_takes(
    model: LlamaCpp, logits: Callable[..., Logits]
) -> None:
    some = logits(ab=0.2, cd=0.3, ef=0.5)
    assert draw(model, ANY, some, Sampling(), 5) == {"ef": 5}
    assert draw(model, 'root ::= "ab" | "cd"', some, Sampling(), 5) == {"cd": 5}


def test_top_p_leaves_the_most_probable_that_have_it_together(model: LlamaCpp, logits: Callable[..., Logits]) -> None:
    some = logits(ab=0.5, cd=0.3, ef=0.15, gh=0.05)
    assert set(draw(model, ANY, some, Sampling(1.0, 0.79), 500)) == {"ab", "cd"}
    assert set(draw(model, ANY, some, Sampling(1.0, 0.81), 500)) == {"ab", "cd", "ef"}
    assert set(draw(model, ANY, some, Sampling(1.0, 0.01), 50)) == {"ab"}


def test_nothing_else_is_left_out(model: LlamaCpp, logits: Callable[..., Logits]) -> None:
    """No top-k, no min-p: of tokens that are all alike, more are drawn than any such bound would leave, with top-p and without."""
    alike = logits(rest=1.0)
    for top_p in (1.0, 0.9):
        assert len(draw(model, ANY, alike, Sampling(1.0, top_p), DRAWS)) > FIRST


def test_the_same_seed_draws_the_same(model: LlamaCpp, logits: Callable[..., Logits]) -> None:
    alike = logits(rest=1.0)
    one, same, other = (draw(model, ANY, alike, HOT, 20, seed) for seed in (1, 1, 2))
    assert one == same != other


def test_a_grammar_that_can_not_be_parsed_is_an_error(
    model: LlamaCpp, logits: Callable[..., Logits]
) -> None:
    for grammar in ('root ::= "a', "root ::= nowhere", "", "root ::= root"):
        with pytest.raises(ValueError, match="does not take the grammar"):
            draw(model, grammar, logits(ab=1.0), HOT)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_of_damaged_weights_draw_something(model: LlamaCpp, value: float) -> None:
    broken = np.full(model._llama.n_vocab(), value, np.float32)
    assert draw(model, ANY, broken, HOT).total() == draw(model, ANY, broken, Sampling()).total() == 1
