"""A GGUF file's chat template, another one, or a plain one: from messages to the text of a prompt.

Templates differ in what they take. One that raises at a system message, or leaves it out, gets it in front of the user's; one that
leaves out the user's is refused, since a model would answer prompts that it does not see. Jinja2 in a sandbox runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any

from infoseek_offline.errors import ModelError

KEY = "tokenizer.chat_template"
DATE = date(2025, 1, 1)  # what a template that asks for today's date is told
PLAIN = (
    "{% for message in messages %}### {{ message['role'] }}\n{{ message['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}### assistant\n{% endif %}"
)
SYSTEM, USER = "Of planes.", "Which of trees?"  # what is looked for in a prompt
Contents = list[dict[str, Any]]


class ChatTemplate:
    """`source` says where it comes from: "given", "file" or "plain"."""

    def __init__(self, file: str, metadata: Mapping[str, str], told: str | None, *, begin: str, end: str) -> None:
        """Raises ModelError for one that can't be read, or does not take our messages."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        own = metadata.get(KEY)
        self.source = "given" if told else "file" if own else "plain"
        self._file = file
        try:
            self._formatter = Jinja2ChatFormatter(told or own or PLAIN, eos_token=end, bos_token=begin)
        except Exception as error:  # jinja2's of many kinds
            raise self._unusable("can't be read", error) from error
        self._formatter.strftime_now = DATE.strftime  # type: ignore[method-assign, assignment]
        self._merges = not self._takes_system()

    def render(self, contents: Contents) -> str:
        """The prompt's text, up to where the answer begins."""
        try:
            return self._render(_merged(contents) if self._merges else contents)
        except Exception as error:
            raise self._unusable("does not take our messages", error) from error

    def _render(self, contents: Contents) -> str:
        made: Any = self._formatter
        return str(made(messages=contents, enable_thinking=False).prompt)

    def _takes_system(self) -> bool:
        contents = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USER}]
        try:
            text = self._render(contents)
        except Exception:  # templates without a system role raise
            text = ""
        if SYSTEM in text and USER in text:
            return True
        try:
            text = self._render(_merged(contents))
        except Exception as error:
            raise self._unusable("does not take our messages", error) from error
        if SYSTEM not in text or USER not in text:
            raise self._unusable("leaves out our messages", text[:60])
        return False

    def _unusable(self, what: str, error: object) -> ModelError:
        fault = f"{what} ({' '.join(str(error).split())})"
        return ModelError(f"{self._file} has a chat template that {fault}: give another, as {self._file}?template=FILE.jinja")


def _merged(contents: Contents) -> Contents:
    """The system's message in front of the first user's."""
    if len(contents) < 2 or contents[0]["role"] != "system":
        return contents
    system, first, *rest = contents
    return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]


@contextmanager
def unread_templates() -> Iterator[None]:
    """llama-cpp-python reads the file's templates when it opens it, and can't open one whose template it can't read, though another
    is given."""
    from llama_cpp import llama_chat_format

    kept = llama_chat_format.Jinja2ChatFormatter
    llama_chat_format.Jinja2ChatFormatter = lambda **_: SimpleNamespace(to_chat_handler=lambda: None)  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        llama_chat_format.Jinja2ChatFormatter = kept  # type: ignore[misc]
