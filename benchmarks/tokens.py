"""Tokens for an accepted item: our loop against one that sends the whole page and the whole tree with each move.

Both grow the same trees from the same pages by the same moves of a scripted model, and are told the same in their system prompts;
what differs is what a call shows and brings back. The other loop, as InfoSeek's released one, has no candidate sets: for each move
its Planner is sent the tree as it stands (InfoSeek's JSON) with the page at hand, and its Browser the page and the
tree, which it writes back with the move made. The same move of the same tree, which it would make again in a later attempt, is
not counted again, since we do not ask again either. Four characters count as a token.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infoseek_offline import pipeline
from infoseek_offline.agents.base import Move
from infoseek_offline.agents.lines import move_line
from infoseek_offline.agents.model_planner import ModelPlanner
from infoseek_offline.config import load_config
from infoseek_offline.dataset.exports import tree_node
from infoseek_offline.files import digest_of
from infoseek_offline.llm.base import Completion, Message, Request
from infoseek_offline.llm.checked import read_answer
from infoseek_offline.llm.prompts import load_prompt
from infoseek_offline.trees.grow import Growth


def tokens(text: str) -> int:
    return -(-len(text) // 4)


CLAIM = re.compile(
    r"^(s\d+): (?:It|He|She|The \w+|[A-Z][^\[\]]*?) "
    r"((?:was|is|has|had|lies|[a-z]+ed)\b[^\[\]]*?) \[[^\]]*\]\((k\d+)[^)]*\)"
)


class Scripted:
    """Takes the first move and names three to go on with; claims the first link of a sentence in the sentence's words; finds all
    claims true; refuses to write (the rules' words are taken then)."""

    name, context = "scripted", 4096
    digest = digest_of("benchmark", name)

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        return sum(tokens(m.content) + 4 for m in messages)

    def complete(self, request: Request) -> Completion:
        answer: Any = {}
        if request.stage == "planner":
            ids = request.schema["properties"]["move"]["enum"]
            answer = {"reason": "it narrows the candidates down and is of another kind", "move": ids[0], "then": ids[1:4]}
        elif request.stage == "browser":
            found = [CLAIM.match(line) for line in request.messages[-1].content.splitlines()]
            said = [(m[1], m[3], f"{{page}} {m[2]} {{link}}"[:90]) for m in found if m]
            answer = {"claims": [{"sentence": s, "link": k, "relation": relation, "blur": ""} for s, k, relation in said]}
        elif request.stage == "judge":
            answer = dict.fromkeys(request.schema["properties"], "yes")
        text = json.dumps(answer)
        self.calls[request.stage] += 1
        self.used[request.stage] += self.count_tokens(request.messages) + tokens(text)
        return read_answer(request, text)


class Whole:
    """What the other loop would have sent and got for the same moves."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.moves = 0
        self._sent: set[str] = set()

    def move(self, growth: Growth, move: Move) -> None:
        page = growth.corpus.page(growth.draft.vertices[move.vertex].page).text
        grown = growth.draft.freeze()
        tree = json.dumps({"root": tree_node(grown, grown.root)}, ensure_ascii=False)
        self.moves += 1
        assert move.option is not None
        sent = digest_of(page, tree, move_line(growth, move))
        if sent in self._sent:
            return
        self._sent.add(sent)
        for stage, answer in (("planner", 60), ("browser", tokens(tree))):
            self.calls[stage] += 1
            self.used[stage] += tokens(load_prompt(stage).system + page + tree) + 8 + answer


def main(home: Path, count: int, profile: str) -> None:
    model, whole = Scripted(), Whole()
    choose = ModelPlanner.choose

    def watched(self: ModelPlanner, growth: Growth, moves: Sequence[Move]) -> Move:
        move = choose(self, growth, moves)
        if move.option is not None:
            whole.move(growth, move)
        return move

    ModelPlanner.choose = watched  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        made = pipeline.data(home, Path(folder) / "run", load_config(profile, count=count), model=model)
    accepted = max(1, made["accepted"])
    print(f"{made['accepted']} items of {made['answer pages tried']} answer pages, {whole.moves:,} moves")
    for name, one in (("ours", model), ("whole page and tree", whole)):
        parts = ", ".join(f"{s} {one.used[s] / accepted:,.0f} in {one.calls[s] / accepted:,.1f} calls" for s in one.used)
        print(f"{name:<20} {sum(one.used.values()) / accepted:10,.0f} tokens an item: {parts}")
    agents = sum(model.used[stage] for stage in ("planner", "browser", "judge"))
    print(f"planning and reading: {sum(whole.used.values()) / agents:.1f} times fewer; all: ", end="")
    print(f"{sum(whole.used.values()) / sum(model.used.values()):.1f} times fewer")


if __name__ == "__main__":
    words = [*sys.argv[1:], *[""] * 3]
    main(Path(words[0] or "index/samplewiki"), int(words[1] or 20), words[2] or "demo")
