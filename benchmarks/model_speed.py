"""What a call of a model of real size costs in this process, and what of it is ours: weights of a real shape, random, in Q4_K.

    python benchmarks/model_speed.py [tiny|1b|3b|8b] [PROMPT_TOKENS] [THREADS]

Reads a prompt and writes an answer within a schema, then reads the same prompt and writes as many tokens without any schema by
llama-cpp-python alone. Speed does not depend on what weights say. Processor seconds are printed beside those of the clock, since
other work on the machine slows only the clock.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from tiny_gguf import CHATML, NORMAL, vocabulary

from infoseek_offline.llm.base import Message, Request, Sampling
from infoseek_offline.llm.llama_cpp import LlamaCpp

# layers, width, heads, key-value heads, hidden width, tokens: as Llama 3.2 and 3.1 have them
SHAPES = {
    "tiny": (2, 256, 4, 2, 512, 150_000),
    "1b": (16, 2048, 32, 8, 8192, 128_000),
    "3b": (28, 3072, 24, 8, 8192, 128_000),
    "8b": (32, 4096, 32, 8, 14336, 128_000),
}
BLOCK, BLOCK_BYTES = 256, 144  # Q4_K
SCHEMA = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 200},
        "move": {"type": "string", "enum": [f"m{number}" for number in range(1, 13)]},
    },
    "required": ["reason", "move"],
    "additionalProperties": False,
}


def forge(path: Path, shape: str) -> None:
    import gguf

    layers, width, heads, kv_heads, hidden, count = SHAPES[shape]
    chance = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(8192)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    tokens = words(count)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(4)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHATML)

    def weights(name: str, rows: int, columns: int) -> None:
        blocks = chance.integers(0, 256, (rows * columns // BLOCK, BLOCK_BYTES), dtype=np.uint8)
        blocks[:, :4] = np.array([2e-4, 1e-4], np.float16).view(np.uint8)  # the scales, so that all stays finite
        row = columns // BLOCK * BLOCK_BYTES
        writer.add_tensor(f"{name}.weight", blocks.reshape(rows, row), raw_dtype=gguf.GGMLQuantizationType.Q4_K)

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))

    weights("token_embd", len(tokens), width)  # and the output's too, as in small models
    norm("output_norm")
    for layer in range(layers):
        norm(f"blk.{layer}.attn_norm")
        norm(f"blk.{layer}.ffn_norm")
        for name in ("attn_q", "attn_output"):
            weights(f"blk.{layer}.{name}", width, width)
        for name in ("attn_k", "attn_v"):
            weights(f"blk.{layer}.{name}", width * kv_heads // heads, width)
        for name in ("ffn_gate", "ffn_up"):
            weights(f"blk.{layer}.{name}", hidden, width)
        weights(f"blk.{layer}.ffn_down", width, hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def words(count: int) -> list[tuple[str, float, int]]:
    """The small vocabulary of the tests and made-up words, so that sampling and grammar have as much to do as in a real one."""
    tokens, chance = vocabulary(), random.Random(1)
    known = {text for text, _, _ in tokens}
    while len(tokens) < count:
        word = chance.choice(("▁", "")) + "".join(chance.choices("etaoinshrdlucmfwypvbgkqjxz", k=chance.randint(3, 9)))
        if word not in known:
            known.add(word)
            tokens.append((word, -3.0, NORMAL))
    return tokens


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """(result, seconds, processor seconds)."""
    clock, processor = time.perf_counter(), time.process_time()
    return work(), time.perf_counter() - clock, time.process_time() - processor


def main(shape: str, size: int, threads: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{shape}.gguf"
        forge(path, shape)
        model = LlamaCpp(path, threads=threads)
        print(f"{shape}: {path.stat().st_size / 1e9:.2f} GB, threads: {threads}")
        text = "the river was there "
        while model.count_tokens((Message("user", text * 2),)) < size:
            text *= 2
        messages = (Message("user", text),)
        sampling = Sampling(temperature=0.7, max_tokens=64)
        model.complete(Request("canary", (Message("user", "a"),), SCHEMA, 1, Sampling(max_tokens=2)))  # pages come into memory
        # Twice with other lengths of the answer: the difference is what writing takes, the rest is reading.
        one, _, first = timed(lambda: model.complete(Request("canary", messages, SCHEMA, 1, Sampling(0.7, 1.0, 2))))
        answer, clock, whole = timed(lambda: model.complete(Request("canary", messages, SCHEMA, 1, sampling)))
        written = answer.completion_tokens - one.completion_tokens
        llama, prompt = model._llama, model._prompt(messages)
        llama.reset()
        raw, _, plain = timed(lambda: llama.create_completion(prompt=prompt, max_tokens=answer.completion_tokens, seed=1))
        reading = first - (whole - first) / written * one.completion_tokens
        print(f"read {answer.prompt_tokens:,} tokens at {answer.prompt_tokens / reading:,.0f} a processor second")
        print(f"wrote {answer.completion_tokens} tokens at {written / (whole - first):,.1f} a processor second")
        said = f"{whole / plain:.2f} of llama-cpp-python alone ({raw['usage']['completion_tokens']} tokens without a schema)"
        print(f"all in {clock:.1f} s by the clock, {whole:.1f} s of processor; {said}")


if __name__ == "__main__":
    arguments = sys.argv[1:] + ["1b", "512", "1"][len(sys.argv) - 1 :]
    main(arguments[0], int(arguments[1]), int(arguments[2]))
