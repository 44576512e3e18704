"""The figures of a run's manifest counted again, from its items and its rejected trees alone.

What no line of the run tells can't be counted again: how many answer pages and how many tries there were, and why trees were given
up that never were finished. Of these it is seen that they agree with each other; `infoseek reproduce` makes them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from infoseek_offline.files import digest_of
from infoseek_offline.records import Question, Rejection, ResearchTree

Claim = tuple[str, bool, str]
MANIFEST = "manifest.json"
STRUCTURE = ("U1", "U2", "M1", "M2", "M3", "M4", "X1", "X2", "X3", "X4", "X5")
STEPS = {
    "structure": STRUCTURE, "words": ("L1",), "search": ("R1", "R2"), "closed book": ("G1",), "open book": ("G2",),
    "alternatives": ("G3",), "bridge": ("G4",), "spread": ("difficulty", "spread", "asked already"),
}  # fmt: skip
LEFT_OUT = ("spread", "asked already")  # trees that hold, and are in no item all the same
MOST_PAGE, MOST_RELATION = (0.05, 5), (0.3, 20)  # share of the items asked for, and what is allowed in any case
COMMONEST = 10
# Figures of which no line of the run tells.
UNTOLD = {"answer pages tried", "tried a second time", "trees given up", "costs", "digest"}
# The least depth and number of vertices of a shape.
LEAST = {"chain": (2, 3), "bush": (2, 5), "balanced": (3, 6)}

Told = dict[str, Any]  # what one record adds to the figures


def told_by(question: Question, proved: Mapping[str, Any]) -> Told:
    """`proved` is what was measured anew, by check."""
    tree = question.tree
    links = {c.wording for v in tree.vertices for c in v.constraints if c.kind == "link" and c.key != "connected"}
    return {
        "answer": question.answer,
        "joined": bool(tree.joined),
        "shape": shape_of(tree),
        "history": [(m.failed, m.how) for m in question.history],
        "inner": sorted({v.title for v in tree.vertices if v.role == "inner"}),
        "relations": sorted(links),
        "bare": any(c.key == "connected" for v in tree.vertices for c in v.constraints),
        "attack": _attack(proved),
        "counts": {
            "depths": [str(question.depth)],
            "vertices": [str(question.vertices)],
            "phrasings": [str(1 + len(question.phrasings))],
            "difficulty": [level_of(question.difficulty.searches)],
            "searches": [str(question.difficulty.searches)],
            "clues": [c.kind for v in tree.vertices for c in v.constraints],
            "blurs": list(_blurs(tree)),
            "written by": [question.written_by],
            "nouns": [tree.root.noun],
        },
    }


def level_of(searches: int) -> str:
    return "easy" if searches < 3 else "medium" if searches == 3 else "hard"


def shape_of(tree: ResearchTree) -> str:
    parents = Counter(v.parent for v in tree.vertices if v.role == "inner")
    if max(parents.values(), default=0) < 2:
        return "chain"
    return "bush" if set(parents) == {tree.root.id} else "balanced"


def _blurs(tree: ResearchTree) -> Iterator[str]:
    for vertex in tree.vertices:
        for c in vertex.constraints:
            if c.kind == "interval":
                yield "date" if c.unit == "year" else "number"
            elif c.kind == "category":
                yield "category"
            elif vertex.role == "blur":
                yield "place" if c.kind == "link" else "name"


def _attack(proved: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """By solver: whether it is left with the answer alone, and its chance by lot. R1 forbids the first."""
    lots = [1 / max(1, n) for n in proved["M4"]["without"].values()]
    found = {"one search": (0.0, 0.0), "a clue dropped": (float(1.0 in lots), sum(lots) / max(1, len(lots)))}
    for solver, check in (("hierarchy ignored", "X4"), ("association", "X5")):
        at_best = [1 / at["pages"] for at in proved[check].values() if at["answer"] == at["best"]]
        found[solver] = (float(1.0 in at_best), max(at_best, default=0.0))
    return found


class Counted:
    """What the lines of a run tell together; `add` and `refuse` are called in their order."""

    def __init__(self) -> None:
        self.items = self.joined = self.bare = self.rejected = 0
        self.counts: dict[str, Counter[str]] = {}
        self.shapes: Counter[str] = Counter()
        self.inner: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.at_step: dict[str, Counter[str]] = {name: Counter() for name in STEPS}
        self.lost: Counter[str] = Counter()
        self.attack: dict[str, list[float]] = {}
        self.repairs = {"trees": 0, "held at once": 0, "held after repair": 0}
        self.first: Counter[str] = Counter()
        self.healed: Counter[str] = Counter()
        self.how: Counter[str] = Counter()

    def add(self, told: Told) -> None:
        self.items += 1
        self.joined += told["joined"]
        self.bare += told["bare"]
        self.shapes[told["shape"]] += 1
        for name, values in told["counts"].items():
            self.counts.setdefault(name, Counter()).update(values)
        self.inner.update(told["inner"])
        self.relations.update(told["relations"])
        for solver, pair in told["attack"].items():
            sums = self.attack.setdefault(solver, [0.0, 0.0])
            sums[0], sums[1] = sums[0] + pair[0], sums[1] + pair[1]
        self._repair(told["history"], ())

    def refuse(self, failed: Sequence[str], history: Sequence[tuple[Sequence[str], str]]) -> None:
        """A line of rejected.jsonl."""
        self.rejected += 1
        self.failed.update(failed)
        step = next((name for name, checks in STEPS.items() if not set(checks).isdisjoint(failed)), "spread")
        self.lost[step] += 1
        self.at_step[step].update(check for check in failed if check in STEPS[step])
        self._repair(history, [check for check in failed if check not in LEFT_OUT])

    def _repair(self, history: Sequence[tuple[Sequence[str], str]], failed: Collection[str]) -> None:
        self.repairs["trees"] += 1
        begun_with = history[0][0] if history else failed
        self.first.update(begun_with)
        if not failed:
            self.repairs["held after repair" if history else "held at once"] += 1
            self.healed.update(begun_with)
            self.how.update(how for _, how in history)

    def figures(self, settings: Mapping[str, Any], articles: int, grown_lost: Mapping[str, int]) -> dict[str, Any]:
        """What the manifest must say; `grown_lost` is taken from it."""
        config = settings["config"]
        count, gates = int(config["count"]), list(config["gates"])
        counts = {name: dict(self.counts.get(name, {})) for name in _NAMES}
        steps = [n for n in STEPS if n not in _GATED or _GATED[n] in gates]
        left = sum(grown_lost.values()) + self.rejected + self.items
        funnel = [{"step": "begun", "left": left, "lost": {}}]
        for name in ("grown", *steps):
            left -= sum(grown_lost.values()) if name == "grown" else self.lost[name]
            funnel.append({"step": name, "left": left, "lost": dict(grown_lost if name == "grown" else self.at_step[name])})
        solvers = self.attack or {s: [0.0, 0.0] for s in ("one search", "a clue dropped", "hierarchy ignored", "association")}
        return {
            "asked": count,
            "accepted": self.items,
            "rejected": self.rejected,
            "answer pages": articles,
            **counts,
            "kinds of answers": _commonest(self.counts.get("nouns", Counter())),
            "inner vertices": _spread(self.inner, MOST_PAGE, count),
            "relations": _spread(self.relations, MOST_RELATION, count),
            "bare connections": self.bare,
            "attack": {
                s: {"singled out": round(a / max(1, self.items), 4), "by lot": round(b / max(1, self.items), 4)}
                for s, (a, b) in solvers.items()
            },
            "repair": {
                **self.repairs,
                "by check": {c: {"failed": n, "mended": self.healed[c]} for c, n in self.first.items()},
                "how": dict(self.how),
            },
            "failed checks of rejected trees": dict(self.failed),
            "funnel": funnel,
            **settings,
        }  # fmt: skip


_NAMES = ("depths", "vertices", "phrasings", "difficulty", "searches", "clues", "blurs", "written by")
_GATED = {"closed book": "closed", "open book": "open", "alternatives": "alternatives", "bridge": "bridge"}


def _spread(counts: Counter[str], bound: tuple[float, int], count: int) -> dict[str, Any]:
    return {"different": len(counts), "at most": max(bound[1], int(bound[0] * count)), "commonest": _commonest(counts)}


def _commonest(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:COMMONEST])


def manifest_claims(manifest: dict[str, Any], counted: Counted, settings: dict[str, Any], articles: int) -> Iterator[Claim]:
    """Raises LookupError, TypeError, ValueError and the like where the manifest or the settings are of another form."""
    given_up = dict(manifest["trees given up"])
    yield _holds("trees given up", _counts(*given_up.values()) and all(given_up.values()), "holds no count")
    told = digest_of({name: value for name, value in manifest.items() if name != "digest"})
    yield _same("digest", manifest.get("digest"), told)
    found = counted.figures(settings, articles, given_up)
    for name, value in found.items():
        yield _same(name, manifest.get(name), value)
    for name, counts in (("inner vertices", counted.inner), ("relations", counted.relations)):
        most = max(counts.values(), default=0)
        yield _holds(name, most <= found[name]["at most"], f"of one there are {most}, more than {found[name]['at most']}")
    strange = set(manifest) - set(found) - UNTOLD - {"shapes"}
    yield MANIFEST, not strange, f"nothing is known of {', '.join(sorted(strange))}"
    yield from _shapes(manifest["shapes"], counted, settings["config"]["shape"], found["funnel"][0]["left"])
    tried, again = manifest["answer pages tried"], manifest.get("tried a second time", 0)
    pages = _counts(tried, again) and again <= tried <= articles and counted.items <= tried + again
    pages = pages and (tried == articles or (counted.items == found["asked"] and not again))
    yield _holds("answer pages tried", pages, f"is {tried}, and {again} a second time, of {articles}")
    yield _holds("tried a second time", "tried a second time" not in manifest or again > 0, "is 0")
    yield _holds("costs", ("costs" in manifest) == ("model" in settings), "are there without a model, or missing")


def _shapes(shapes: dict[str, Any], counted: Counted, shape: dict[str, Any], begun: int) -> Iterator[Claim]:
    weights = {
        name: float(weight) if LEAST[name][0] <= shape["max_depth"] and LEAST[name][1] <= shape["max_vertices"] else 0.0
        for name, weight in shape["branching"].items()
    }
    total = sum(weights.values())
    asked = {name: round(weight / total, 4) for name, weight in weights.items()}
    joins = float(shape.get("joins", 0))
    if joins:
        asked["joins"] = round(joins, 4)
    came = {name: counted.shapes[name] for name in asked} | ({"joins": counted.joined} if joins else {})
    yield _same("the shapes asked for", {name: at["asked"] for name, at in shapes.items()}, asked)
    yield _same("the shapes that came", {name: at["came"] for name, at in shapes.items()}, came)
    tries = [at["tried"] for at in shapes.values()]
    enough = _counts(*tries) and sum(tries) >= begun
    yield _holds("shapes", enough and all(len(at) == 3 for at in shapes.values()), f"{tries} tries of {begun} trees")


def _counts(*values: Any) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _holds(name: str, holds: bool, detail: str) -> Claim:
    return MANIFEST, holds, f"{name} {detail}"


def _same(name: str, recorded: Any, found: Any) -> Claim:
    return MANIFEST, _typed(recorded) == _typed(found), f"{name} is recorded as {_short(recorded)}, and is {_short(found)}"


def _typed(value: Any) -> Any:
    """Comparable as JSON: 1, 1.0 and true are three things."""
    if isinstance(value, dict):
        return {k: _typed(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_typed(v) for v in value]
    return (type(value).__name__, value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 160 else text[:159] + "…"


# An item, or a rejected tree, and what was asked for


def fits(question: Question, config: Mapping[str, Any]) -> Iterator[Claim]:
    """Whether the item is one that was asked for."""
    shape, told = config["shape"], "is not what was asked for"
    sizes = {"depth": (question.depth, "depth"), "number of vertices": (question.vertices, "vertices")}
    for name, (size, bound) in sizes.items():
        yield "asked", shape[f"min_{bound}"] <= size <= shape[f"max_{bound}"], f"a {name} of {size} {told}"
    most = max(len(v.constraints) for v in question.tree.vertices)
    yield "asked", most <= shape["max_constraints"], f"{most} clues of one vertex are more than was asked for"
    yield "asked", len(question.phrasings) < config["phrasings"], f"{1 + len(question.phrasings)} phrasings {told}"
    yield "asked", not question.tree.joined or shape.get("joins", 0) > 0, "no joins were asked for"
    low, high = config["difficulty"]
    yield "asked", low <= question.difficulty.searches <= high, f"a difficulty of {question.difficulty.searches} searches {told}"


def failed_claims(rejection: Rejection, gates: Sequence[str]) -> Iterator[Claim]:
    """Whether the verdicts are those that a tree has that fails there: a group that fails spares those behind it."""
    told = rejection.model_dump(mode="json", exclude={"id"})
    yield "id", rejection.id == "r-" + digest_of(told), f"{rejection.id} is not the digest of what the line says"
    passed = {v.check: v.passed for v in rejection.verdicts}
    groups = [STRUCTURE, ("L1",), ("R1", "R2"), *((gate,) for gate in gates), ("difficulty",)]
    wanted: list[str] = []
    for group in groups:
        if all(passed.get(name, False) for name in wanted):
            wanted += [name for name in group if name != "difficulty" or name in passed]
    yield "verdicts", [v.check for v in rejection.verdicts] == wanted, f"are {' '.join(passed)}, not {' '.join(wanted)}"
    fails = tuple(name for name, holds in passed.items() if not holds)
    left_out = not fails and len(rejection.failed) == 1 and rejection.failed[0] in LEFT_OUT
    yield "failed", left_out or (rejection.failed == fails != ()), f"{rejection.failed} are not those that failed: {fails}"
    for v in rejection.verdicts:
        yield v.check, v.passed == (v.reason == ""), "says a reason and holds, or says none"
