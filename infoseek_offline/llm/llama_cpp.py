"""Any GGUF file, by llama.cpp in this process.

Context length, chat template and special tokens are the file's, threads all of the machine's, layers on the GPU where llama.cpp was
built with one; each can be told otherwise. Weights are mapped, so that processes share them; each process has its own context, made
at its first call, and threads take turns.

What llama-cpp-python would do by itself, and is kept from doing here:

- an OpenAI `json_schema` is dropped without a word, and a schema that can't be converted becomes "any JSON": schemas are converted
  by `grammar_of`, which raises ValueError, and kept by sampling.py;
- a grammar that llama.cpp can't parse ends the process: it is tried before it is used;
- so does a vocabulary in which the grammar's next character can't be written: such a file is refused when it is opened;
- strings may hold raw line ends, which JSON does not allow: the grammar is mended;
- integer bounds are not kept: short ranges become choices, and every answer is checked against its schema all the same;
- seed 0 at loading means a random one, and so does 2^32 - 1 at a call: draws come from a generator of ours, seeded by the call;
- the cache of the prompt before changes the last bits: `reset()` before each call, but for a system message that is read in a piece
  of its own anyway, and held as long as prompts begin with it;
- top-k 40 and min-p 0.05 are on unless told otherwise: only what the request says is used;
- a file without chat template is taken for Llama 2: here it gets template.py's `PLAIN`, which is stated by `template`;
- a template that can't be read keeps the file from being opened, though another one is given: none is read then;
- templates may write today's date into a prompt: they get a fixed one;
- tokens are counted in a buffer as large as the file says its context is, which may be any number: ours is as large as the text;
- tokens of more than 32 bytes are left out of an answer's text: they get a larger buffer;
- text that looks like a special token is read as one: in contents it is broken up.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from ctypes import create_string_buffer
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from infoseek_offline.engine import cpu_count
from infoseek_offline.errors import MissingExtra, ModelError
from infoseek_offline.files import digest_of, file_sha256, read_json, write_json
from infoseek_offline.llm.base import SMALLEST_CONTEXT, Completion, Message, Request
from infoseek_offline.llm.checked import demand_bounds, read_answer
from infoseek_offline.llm.sampling import Sampler, Unwritable
from infoseek_offline.llm.template import ChatTemplate, unread_templates

MAGIC = b"GGUF"
LARGEST_CONTEXT = 8192  # of itself: the memory of a context grows with it, and no prompt of ours needs more
WRITTEN = '{}[]":,-0123456789truefals\\'  # what JSON of our schemas is written with, besides letters
CHARACTER, PRINTABLE = r'[^"\\]', r'[^"\\\x7F\x00-\x1F]'  # in strings: as converted, and as JSON has it
RANGE = 256  # integers of at most so many values become choices in the grammar
BYTES_A_THREAD = 1 << 26  # with less to do, threads wait for each other longer than they work
LARGE = 1 << 26  # bytes of a file whose digest is remembered
PIECE = 64  # bytes that a token's text usually has at most
ERROR = 4  # GGML_LOG_LEVEL_ERROR


class LlamaCpp:
    def __init__(
        self,
        path: Path,
        *,
        context: int | None = None,
        threads: int | None = None,
        gpu_layers: int | None = None,
        template: str | None = None,
    ) -> None:
        """Raises MissingExtra without llama-cpp-python, ModelError for a file that is missing, damaged or of no use here."""
        try:
            import llama_cpp  # noqa: F401
        except ImportError as error:
            raise MissingExtra("a GGUF model", "llama-cpp-python", "llm") from error
        self.path, self.name = path, path.name
        self.gpu_layers = gpu_layers
        self._told_context, self._told_template = context, template
        self._lock, self._process = threading.Lock(), 0
        check_file(path)
        self.threads = threads or min(cpu_count(), 1 + path.stat().st_size // BYTES_A_THREAD)
        self._load()
        digest = file_digest(path)
        self.digest = digest_of("gguf", digest, template) if template else digest_of("gguf", digest)
        self.context: int = min(self._size, self._llama.n_ctx())  # which rounds up

    @property
    def template(self) -> str:
        """Where the chat template comes from: "given", "file" or "plain"."""
        return self._template.source

    @property
    def description(self) -> str:
        """How it is run, for people."""
        return f"threads: {self.threads}, chat template: {self.template}"

    # Loading

    def _load(self) -> None:
        import llama_cpp

        self._lock = threading.Lock()
        complaints, _ = _listen()
        complaints.clear()
        on_gpu = self.gpu_layers if self.gpu_layers is not None else (-1 if llama_cpp.llama_supports_gpu_offload() else 0)
        try:
            with unread_templates():
                self._size = self._find_context()
                self._llama = llama_cpp.Llama(
                    str(self.path),
                    n_ctx=self._size,
                    n_gpu_layers=on_gpu,
                    n_threads=self.threads,
                    n_threads_batch=self.threads,
                    swa_full=True,  # so that what is held is all there, in models with sliding windows too
                    verbose=False,
                )
        except ModelError:
            raise
        except Exception as error:  # of llama.cpp many kinds
            said = complaints[0] if complaints else str(error)
            raise ModelError(
                f"{self.path} can't be loaded ({said}): it is damaged, too large for this machine, or newer than this "
                "llama.cpp; copy it again, or give another file"
            ) from error
        self._process = os.getpid()
        self._held: list[int] = []  # tokens at the beginning of the context that the next prompt may begin with
        self._prefixes: dict[str, list[int]] = {}
        self._special = self._read_vocabulary()
        self._template = self._open_template()

    def _find_context(self) -> int:
        """What was told, or what the model was trained for, within bounds."""
        import llama_cpp

        vocabulary = llama_cpp.Llama(str(self.path), vocab_only=True, n_ctx=SMALLEST_CONTEXT, verbose=False)
        known = vocabulary.metadata
        vocabulary.close()
        trained = int(known.get(f"{known.get('general.architecture')}.context_length", LARGEST_CONTEXT))
        size = self._told_context or min(trained, LARGEST_CONTEXT)
        if size > trained > 0:
            raise ModelError(f"{self.path} was trained for a context of {trained} tokens, {size} are more: give a smaller context")
        if size < SMALLEST_CONTEXT:
            raise ModelError(f"{self.path} has a context of {size} tokens, {SMALLEST_CONTEXT} are needed: use another model")
        return size

    def _read_vocabulary(self) -> list[str]:
        """Texts of the tokens that mean something to the model, longest first."""
        import llama_cpp

        model = self._llama._model
        texts = [model.token_get_text(token) for token in range(self._llama.n_vocab())]
        known = {text: token for token, text in enumerate(texts)}

        def is_byte(number: int) -> bool:
            """Where the file does not say so, "<0x7B>" is six characters and no brace."""
            token = known.get(f"<0x{number:02X}>")
            return token is not None and bool(llama_cpp.llama_vocab_get_attr(model.vocab, token) & llama_cpp.LLAMA_TOKEN_ATTR_BYTE)

        unwritable = [c for c in WRITTEN if c not in known and not is_byte(ord(c))]
        if model.vocab_type() == llama_cpp.LLAMA_VOCAB_TYPE_SPM:  # anything may have to be written by its bytes
            unwritable += [f"<0x{number:02X}>" for number in range(256) if not is_byte(number)]
        if unwritable or self._llama.token_eos() < 0:
            what = unwritable[0] if unwritable else "an end"
            raise ModelError(f"{self.path} has a vocabulary that can't write JSON ({what} is missing): use another model")
        special = {text for token, text in enumerate(texts) if llama_cpp.llama_vocab_is_control(model.vocab, token)}
        return sorted((text for text in special if len(text) > 1), key=lambda text: (-len(text), text))

    def _open_template(self) -> ChatTemplate:
        tokens = self._llama.token_bos(), self._llama.token_eos()
        begin, end = (self._llama._model.token_get_text(token) if token >= 0 else "" for token in tokens)
        return ChatTemplate(str(self.path), self._llama.metadata, self._told_template, begin=begin, end=end)

    def _ready(self) -> Any:
        if self._process != os.getpid():  # a fork's context and threads are its parent's
            self._load()
        return self._llama

    # Prompts

    def _prompt(self, messages: tuple[Message, ...]) -> list[int]:
        llama = self._ready()
        contents = [{"role": m.role, "content": self._harmless(m.content)} for m in messages]
        text = self._template.render(contents)
        tokens = self._tokens(text.encode("utf-8", "replace"))
        first = llama.token_bos()
        return [first, *tokens] if llama._model.add_bos_token() and first >= 0 and tokens[:1] != [first] else tokens

    def _tokens(self, text: bytes) -> list[int]:
        """Special tokens among them."""
        import llama_cpp

        vocabulary, size = self._llama._model.vocab, len(text) + 16  # no token is empty, and a blank may be put in front
        tokens = (llama_cpp.llama_token * size)()
        count = llama_cpp.llama_tokenize(vocabulary, text, len(text), tokens, size, False, True)
        if count < 0:
            raise ModelError(f"{self.path} can't count the tokens of a text of {len(text)} bytes: use another model")
        return list(tokens[:count])

    def _text(self, tokens: list[int]) -> str:
        import llama_cpp

        vocabulary, text, piece = self._llama._model.vocab, bytearray(), create_string_buffer(PIECE)
        for token in tokens:
            length = llama_cpp.llama_token_to_piece(vocabulary, token, piece, len(piece), 0, False)
            if length < 0:  # a run of blanks, say
                piece = create_string_buffer(-length)
                length = llama_cpp.llama_token_to_piece(vocabulary, token, piece, len(piece), 0, False)
            text += piece.raw[:length]
        return text.decode("utf-8", "ignore")

    def _harmless(self, text: str) -> str:
        for special in self._special:
            if special in text:
                text = text.replace(special, f"{special[0]} {special[1:]}")
        return text

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        with self._lock:
            return len(self._prompt(messages))

    # Answers

    def complete(self, request: Request) -> Completion:
        demand_bounds(request.schema)
        with self._lock:
            tokens = self._prompt(request.messages)
            room = self.context - len(tokens)
            if room < 2:
                reason = f"a prompt of {len(tokens)} tokens does not fit a context of {self.context}"
                return Completion("", None, reason, len(tokens), 0, 0.0)
            started = time.perf_counter()
            try:
                written, cut = self._write(tokens, request, min(request.sampling.max_tokens, room - 1))
            except RuntimeError as error:  # llama_decode
                raise ModelError(f"{self.path} can't go on ({error}): use a smaller model, or fewer --workers") from error
            except Unwritable as error:
                raise ModelError(f"{self.path} has a vocabulary that can't write JSON ({error}): use another model") from error
            text = self._text(written)
            seconds = time.perf_counter() - started
        return read_answer(
            request, text, prompt_tokens=len(tokens), completion_tokens=len(written), seconds=seconds, cut=cut
        )

    def _write(self, prompt: list[int], request: Request, most: int) -> tuple[list[int], bool]:
        """The answer's tokens, and whether there would have been more."""
        import llama_cpp

        llama = self._llama
        vocabulary, written = llama._model.vocab, list[int]()
        with Sampler(vocabulary, grammar_of(json.dumps(dict(request.schema))), request.sampling, request.seed) as sampler:
            self._read(prompt, self._prefix(request.messages))
            while len(written) < most:
                logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(llama.ctx, -1), (llama.n_vocab(),))
                token = sampler.choose(logits)
                if llama_cpp.llama_vocab_is_eog(vocabulary, token):
                    return written, False
                sampler.accept(token)
                written.append(token)
                llama.eval([token])
        return written, True


    def _prefix(self, messages: tuple[Message, ...]) -> list[int]:
        """The tokens with which all prompts of this system message begin."""
        if len(messages) < 2 or messages[0].role != "system":
            return []
        system = messages[0]
        if system.content not in self._prefixes:
            one, other = (self._prompt((system, Message("user", text))) for text in ("a", "Z9"))
            self._prefixes[system.content] = one[: _alike(one, other)]
        return self._prefixes[system.content]

    def _read(self, prompt: list[int], prefix: list[int]) -> None:
        """The prefix is read by itself, and once where prompts with the same one follow each other; the rest is read after it.

        So the last bits are the same whatever was asked before: all is computed in the same pieces.
        """
        llama = self._llama
        length = _alike(prompt, prefix)
        if length and self._held == prompt[:length]:
            llama.n_tokens = length
        else:
            self._held = []
            llama.reset()
            if length:
                llama.eval(prompt[:length])
            if not (llama._is_recurrent or llama._is_hybrid):  # which can't go back
                self._held = prompt[:length]
        llama.eval(prompt[length:])


def _alike(one: list[int], other: list[int]) -> int:
    """How many tokens both begin with, at least one being left of each."""
    most = min(len(one), len(other) + 1) - 1
    return next((n for n in range(most) if one[n] != other[n]), most)


@lru_cache(maxsize=256)
def grammar_of(schema: str) -> str:
    """The grammar of a schema, JSON to GBNF. Raises ValueError where it can't be converted."""
    from llama_cpp import LlamaGrammar

    try:
        text = LlamaGrammar.from_json_schema(json.dumps(_with_choices(json.loads(schema))), verbose=False)._grammar
        return text.replace(CHARACTER, PRINTABLE)
    except Exception as error:  # AssertionError, KeyError and more of the converter
        raise ValueError(f"no grammar can be made of the schema ({error}): {schema[:200]}") from error


def _with_choices(schema: Any) -> Any:
    """Integers of a short range as choices, which a grammar can keep."""
    if isinstance(schema, list):
        return [_with_choices(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "integer" and schema["maximum"] - schema["minimum"] < RANGE:
        return {"enum": list(range(schema["minimum"], schema["maximum"] + 1))}
    return {name: _with_choices(part) for name, part in schema.items()}


def check_file(path: Path) -> None:
    """Raises ModelError for a path that can't be a GGUF file."""
    if not path.is_file():
        raise ModelError(f"no model {path}: give the path of a GGUF file, the URL of a server, or batch:DIR (docs/models.md)")
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if head != MAGIC:
        raise ModelError(f"{path} is no GGUF file (it begins with {head!r}): convert it with llama.cpp, or copy it again")


def file_digest(path: Path) -> str:
    """SHA-256 of a file; a large one of the same size and time is not read again."""
    state = path.stat()
    if state.st_size < LARGE:
        return file_sha256(path)
    memory = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "infoseek" / "digests.json"
    place, now = str(path.resolve()), [state.st_size, state.st_mtime_ns]
    known: dict[str, list[Any]] = {}
    with contextlib.suppress(OSError, ValueError):
        known = read_json(memory)
    if known.get(place, [])[:2] != now:
        known[place] = [*now, file_sha256(path)]
        with contextlib.suppress(OSError):  # a machine without a place for it reads the file again
            write_json(memory, known)
    return str(known[place][2])


@cache
def _listen() -> tuple[list[str], Any]:
    """llama.cpp's lines are not for our stderr; its errors are kept here, and the first one says why a file can't be loaded."""
    import ctypes

    import llama_cpp

    complaints: list[str] = []

    @llama_cpp.llama_log_callback
    def hear(level: int, text: bytes, _: Any) -> None:
        if level == ERROR and text.strip():
            complaints.append(" ".join(text.decode("utf-8", "replace").split()))

    llama_cpp.llama_log_set(hear, ctypes.c_void_p(0))
    return complaints, hear  # which must live as long as llama.cpp may call it
