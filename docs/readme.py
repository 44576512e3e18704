"""Make the parts of the README that are made: its example, from the demo's run, and its layout, from the first lines of the files.

    make readme                 both
    python docs/readme.py       the layout alone (a test compares it)
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from infoseek_offline import pipeline
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.report import certificate_as_lines, tree_as_lines
from infoseek_offline.records import Question

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def choose(items: list[Question]) -> int:
    def fits(item: Question) -> bool:
        roles = [vertex.role for vertex in item.tree.vertices]
        return item.depth == 3 and {"leaf", "blur"} <= set(roles) and roles.count("inner") >= 2

    return min(range(len(items)), key=lambda i: (not fits(items[i]), len(items[i].question), i))


def example(run: Path, home: Path) -> str:
    items = pipeline.questions(run)
    number = choose(items)
    item = items[number]
    pages = Corpus.open(home / "corpus").manifest["pages"]["article"]
    extents = item.certificate.verdicts[0].measured.get("extents", {})
    tree = "\n".join(tree_as_lines(item.tree, extents))
    proof = "\n".join(certificate_as_lines(item.certificate))
    return f"""From the demo (`infoseek show runs/demo {number + 1}`):

> {item.question}
>
> Answer: **{item.answer}**

```
{tree}
```

In the tree, `?` is described and must be found, `=` is named in the question, `~` is left vague. In brackets: how many of the
{pages:,} articles fit that clue on its own. The certificate of this item says:

```
{proof}
```"""


# What stands outside the package, in the order in which it is met.
OUTSIDE = {
    "Makefile": "demo, index, data, verify, test, lint, sample, readme",
    "cli.py": "`python cli.py` from a checkout",
    "sample/": "the sample wiki: its facts as tables, and the script that writes its dump",
    "index/": "where `make index` builds corpora and indexes",
    "docs/": "certificates, models, quality, retrieval, scale, and the script that makes parts of this page",
    "benchmarks/": "what measures speed and accuracy, a peer beside us in the same run",
    "tests/": "the specification",
}
# Packages and files in the order of the pipeline; what is not named here follows by name.
ORDER = (
    "pipeline.py cli.py demo.py config.py records.py errors.py run.py engine.py files.py doctor.py corpus retrieval claims trees "
    "agents llm checks questions dataset trajectories"
).split()
WIDTH = 24
LONGEST = 108  # characters behind a file's name


def first_line(path: Path) -> str:
    """What a module's docstring says first: its first sentence, of a long one what stands before a colon."""
    text = " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split())
    sentence = re.split(r"(?<=[^.]{3})[.](?:\s|$)", text, maxsplit=1)[0]
    return sentence if len(sentence) <= LONGEST else re.split(r"[:;(]\s?", sentence, maxsplit=1)[0].strip()


def layout() -> str:
    package = ROOT / "infoseek_offline"
    lines = [f"{name:<{WIDTH}}{what}" for name, what in OUTSIDE.items() if (ROOT / name).exists()]
    lines.append("infoseek_offline/")

    def rank(path: Path) -> tuple[int, str]:
        return (ORDER.index(path.name) if path.name in ORDER else len(ORDER), path.name)

    for path in sorted((p for p in package.iterdir() if not p.name.startswith("_")), key=rank):
        if path.suffix == ".py":
            lines.append(f"  {path.name:<{WIDTH - 2}}{first_line(path)}")
        elif (path / "__init__.py").is_file():
            lines.append(f"  {path.name}/")
            for module in sorted(path.glob("*.py")):
                if not module.name.startswith("_"):
                    lines.append(f"    {module.name:<{WIDTH - 4}}{first_line(module)}")
    return "```\n" + "\n".join(lines) + "\n```"


def replace(text: str, mark: str, made: str) -> str:
    begin, end = f"<!-- {mark}: made by `make readme` -->", f"<!-- end of {mark} -->"
    changed, count = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{made}\n{end}", text, flags=re.S)
    if count != 1:
        raise SystemExit(f"{README} has no place for the {mark}: it needs the lines {begin} and {end}")
    return changed


def main(arguments: list[str]) -> None:
    text = replace(README.read_text(encoding="utf-8"), "layout", layout())
    if arguments:
        text = replace(text, "example", example(Path(arguments[0]), Path(arguments[1])))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
