"""Prompts are files, `agents/prompts/NAME.md`, versioned by their digest: what is the same in all calls, and what changes.

A file has two parts, headed `# system` and `# user`. The system part is the same in all calls, so that a server's prefix cache
holds it. In the user part `<<name>>` stands for a value; values are put in in one pass, so that a page whose text holds
`<<name>>` changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Message

FOLDER = Path(__file__).parent.parent / "agents" / "prompts"
_PLACE = re.compile(r"<<([a-z_]+)>>")


@dataclass(frozen=True)
class Prompt:
    name: str
    system: str
    user: str

    @property
    def digest(self) -> str:
        return digest_of("prompt", self.system, self.user)

    def messages(self, **values: str) -> tuple[Message, ...]:
        """The two messages. Raises KeyError for a place without a value."""
        return Message("system", self.system), Message("user", _PLACE.sub(lambda place: values[place[1]], self.user))


@lru_cache(maxsize=32)
def load_prompt(name: str) -> Prompt:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    found = re.fullmatch(r"# system\n(.+?)\n# user\n(.+)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{name}.md has no '# system' and '# user'")
    return Prompt(name, found[1].strip(), found[2].strip())


def prompt_digests() -> dict[str, str]:
    """The digests of all prompts by name, for a run's configuration."""
    return {path.stem: load_prompt(path.stem).digest for path in sorted(FOLDER.glob("*.md"))}
