"""A language model of random weights in half a megabyte, in a file that real llama.cpp loads; what it says is nonsense."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import numpy as np

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WIDTH, HEADS, HIDDEN = 32, 2, 64
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # gguf.TokenType


def vocabulary() -> list[tuple[str, float, int]]:
    """(text, score, kind): special tokens, all bytes, and pairs of letters with or without a blank, so that prompts stay short."""
    special = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    special += [("<|im_start|>", 0.0, CONTROL), ("<|im_end|>", 0.0, CONTROL)]
    plain = [f"<0x{byte:02X}>" for byte in range(256)]
    pairs = ["▁", *("▁" + a for a in ascii_lowercase), *(a + b for a, b in product(ascii_lowercase, repeat=2))]
    longer = [f"▁{a}{b}" for a, b in product(ascii_lowercase, repeat=2)]
    return [*special, *((b, 0.0, BYTE) for b in plain), *((p, -1.0, NORMAL) for p in longer), *((p, -2.0, NORMAL) for p in pairs)]


def write_tiny_gguf(
    path: Path,
    *,
    seed: int = 1,
    context: int = 4096,
    template: str | None = CHATML,
    without: Collection[str] = (),
    scale: float = 0.5,
) -> Path:
    """Llama's architecture, one layer. The same arguments give the same bytes; tokens of `without` are left out."""
    import gguf

    tokens = [token for token in vocabulary() if token[0] not in without]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(4)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    if template is not None:
        writer.add_chat_template(template)
    chance = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return (chance.standard_normal(shape) * scale).astype(np.float32)

    writer.add_tensor("token_embd.weight", weights(len(tokens), WIDTH))
    writer.add_tensor("blk.0.attn_norm.weight", np.ones(WIDTH, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", weights(WIDTH, WIDTH))
    writer.add_tensor("blk.0.ffn_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("blk.0.ffn_gate.weight", weights(HIDDEN, WIDTH))
    writer.add_tensor("blk.0.ffn_up.weight", weights(HIDDEN, WIDTH))
    writer.add_tensor("blk.0.ffn_down.weight", weights(WIDTH, HIDDEN))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output.weight", weights(len(tokens), WIDTH))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
