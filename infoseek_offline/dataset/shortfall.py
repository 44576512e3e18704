"""Why a run has fewer items than were asked for, in plain words, and what to change: from its manifest and its corpus."""

from __future__ import annotations

from typing import Any

import numpy as np

from infoseek_offline.claims.links import has_sentence_rules, reads_little
from infoseek_offline.corpus.store import Corpus

SHOWN = 2  # reasons of trees that never were finished, and as many checks
DEAD_END = "{n} tries came to a dead end: no clue was left that tells enough and gives nothing away"
GROWN = {
    "no page to start with": "{n} tries had nowhere to start: no page that the answer's page is linked with can be found by "
    "clues of its own and has {least} others or more near it",
    "no move left": DEAD_END,
    "no clue left": DEAD_END,
    "no second branch": "{n} tries found no second branch: --branching chain:1 asks for none",
    "the branches do not meet": "in {n} tries the branches did not meet: a smaller --joins",
    "too shallow": "{n} trees were too shallow: a smaller --depth",
    "too few vertices": "{n} trees were too small: a smaller --vertices",
}
STRUCTURE = "{n} trees gave the answer away, or left more than one ({checks})"
CHECKED = {
    "L1": "{n} trees would have shown a hidden name in their words: titles of this wiki share many words",
    "R1": "{n} trees were found by one search among {top_k} hits: in a small wiki these are much of it; --profile demo looks at 3",
    "R2": "{n} trees have a step of which no search finds the evidence among {solve_k} hits: try another --encoder of "
    "'infoseek index', or a larger solve_k under [bounds] in a profile of your own",
    "spread": "{n} trees hold, but a page or a relation of theirs stands in enough items: a larger --count admits more",
    "asked already": "{n} trees hold, but their question is another's: a wider --vertices",
    "difficulty": "{n} trees hold, but are not of the difficulty that was asked for: a wider --difficulty",
}


def why_fewer(manifest: dict[str, Any], corpus: Corpus) -> list[str]:
    """A line each: what was tried, the main reasons of loss before a tree was finished and after, and what would give more."""
    bounds, asked = manifest["config"]["bounds"], manifest["asked"]
    lines = [f"asked for {asked:,}: all {manifest['answer pages']:,} answer pages were tried, no more trees hold"]
    given_up: dict[str, int] = {}
    for reason, count in manifest["trees given up"].items():
        words = GROWN.get(reason, "{n} trees were given up: " + reason.replace("{", "").replace("}", ""))
        given_up[words] = given_up.get(words, 0) + count
    failed: dict[str, int] = {}
    for step in manifest["funnel"]:
        if step["step"] == "structure" and step["lost"]:
            words = STRUCTURE.replace("{checks}", ", ".join(f"{check} {n:,}" for check, n in step["lost"].items()))
            failed[words] = sum(step["lost"].values())
        elif step["step"] != "grown":
            failed |= {CHECKED.get(check, "{n} trees failed the gate " + check): count for check, count in step["lost"].items()}
    for reasons in (given_up, failed):
        for words, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]:
            lines.append("  " + words.format(n=f"{count:,}", least=bounds["min_clue"], **bounds))
    if has_sentence_rules(corpus.language) and reads_little(corpus):
        lines.append(
            "  most links of this wiki say no more than that two pages are connected, which a question says three times at most"
        )
    articles = corpus.answerable()
    near = (corpus.near_ptr[articles + 1] - corpus.near_ptr[articles]).astype(np.int64)
    enough = int((near >= bounds["min_clue"]).sum())
    if 2 * enough < len(articles):
        lines.append(
            f"  of {len(articles):,} articles {enough:,} link to, mention, or are linked from {bounds['min_clue']} others or more: "
            "a dump that holds more of the pages that its articles link to gives more"
        )
    elif not failed or sum(failed.values()) < sum(given_up.values()):
        lines.append("  another --seed tries other ways; more facts and links on the pages give more")
    return lines
