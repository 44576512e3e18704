"""All claims of one line of a run: of an item, or of a rejected tree. `verify.py` says which there are."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from infoseek_offline import __version__
from infoseek_offline.checks.counted import LEFT_OUT, Told, failed_claims, fits, told_by
from infoseek_offline.checks.heard import GATES, KEPT, Gated, Ledger
from infoseek_offline.checks.keyed import is_worded, kinds_of, said_in_italian
from infoseek_offline.checks.recompute import Measured, Proof, Sets, difficulty_claims, history_claims, says_range
from infoseek_offline.checks.retold import Retold
from infoseek_offline.checks.searched import Searches
from infoseek_offline.checks.stored import Stored, StoredPage, head
from infoseek_offline.checks.told import RULES, borne_out, clue_claims
from infoseek_offline.files import canonical_json, digest_of
from infoseek_offline.records import Constraint, Evidence, Question, Rejection, ResearchTree, Vertex
from infoseek_offline.retrieval.searcher import Searcher

VERDICTS = ("U1", "U2", "M1", "M2", "M3", "M4", "X1", "X2", "X3", "X4", "X5", "L1", "R1", "R2")
BOUNDS = ("min_skipped", "min_clue", "hub_degree", "top_k", "solve_k")
BARE = ("connected", "{s} is connected with {o}")  # key and wording of a link of which no more is said


Line = TypeVar("Line", Question, Rejection)


@dataclass(frozen=True)
class Failure:
    """`item` is a question's id, "line N" where it has none, or "run"."""

    item: str
    claim: str
    detail: str


@dataclass
class Claims:
    """The claims of one item, as they are looked at. `asks` is its question, "" where the line is no record, and `answer`
    the title of its answer."""

    item: str
    asks: str = ""
    answer: str = ""
    told: Told | None = None  # what the record adds to the manifest's figures; None where it is none
    refuses: tuple[Sequence[str], Sequence[tuple[Sequence[str], str]]] | None = None  # of a rejected tree: failed checks, repairs
    looked_at: int = 0
    failures: list[Failure] = field(default_factory=list)

    def hold(self, claim: str, holds: bool, detail: str) -> bool:
        self.looked_at += 1
        if not holds:
            self.failures.append(Failure(self.item, claim, detail))
        return holds

    def equal(self, claim: str, what: str, recorded: Any, found: Any) -> bool:
        """Equal as JSON: 1, 1.0 and true are three things."""
        same = canonical_json(recorded) == canonical_json(found)
        return self.hold(claim, same, f"{what} is recorded as {_short(recorded)}, and is {_short(found)}")


class Verifier:
    """The opened home. `model` is the name of the run's, "" for a run by rules; `settings` are the run's, for what was asked."""

    def __init__(
        self,
        home: Path,
        reading: str,
        bounds: dict[str, int],
        *,
        search: bool = True,
        version: str = __version__,
        gates: Sequence[str] = (),
        model: str = "",
        ledger: Ledger | Path | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.stored = Stored(home / "corpus")
        self.reading, self.bounds = reading, bounds
        self.english = self.stored.language.split("-")[0] in ("en", "simple")
        self.italian = self.stored.language.split("-")[0] == "it"
        stage = settings.get("stage") if settings else Retold.stage
        self.same_words = version == __version__  # else the phrase table may be another
        self.retold = Retold(home / "corpus") if self.same_words and stage == Retold.stage else None
        self.searcher = Searcher.open(home / "search", self.stored) if search else None
        self.searches = Searches(self.searcher, self.stored, bounds) if self.searcher else None
        self.gates, self.model, self.settings = gates, model, settings
        self.ledger = Ledger(ledger) if isinstance(ledger, Path) else ledger

    @cached_property
    def sets(self) -> Sets:
        return Sets(self.stored, self.reading)

    def verify_line(self, number: int, line: bytes) -> Claims:
        """All claims of one line of questions.jsonl. Raises nothing for a wrong record, whatever is wrong with it."""
        claims = Claims(f"line {number}")
        question = _read(Question, line, claims)
        if question is None:
            return claims
        claims.asks, claims.answer = question.question, question.answer
        if not self._certificate(question, claims) or not self._tree(question.tree, claims):
            return claims
        self._item(question, claims)
        if self.settings is not None:
            for claim in fits(question, self.settings["config"]):
                claims.hold(*claim)
        for claim in history_claims(question.history, question.tree, VERDICTS):
            claims.hold(*claim)
        sound = True
        for vertex in question.tree.vertices:
            for constraint in vertex.constraints:
                sound &= self._stated(question.tree, vertex, constraint, claims)
        said = clue_claims(self.stored, question.tree, question.question, question.clues, question.written_by)
        texts = [question.question]
        for number, other in enumerate(question.phrasings, 2):
            claims.equal("phrasing", "the id", other.id, "p-" + digest_of(other.question, question.answer, other.clues, number))
            claims.hold("phrasing", other.question not in texts, f"phrasing {number} is told twice")
            texts.append(other.question)
            said = chain(said, clue_claims(self.stored, question.tree, other.question, other.clues))
        if self.retold is not None and question.written_by == RULES:
            said = chain(said, self.retold.claims(question))
        for claim in said:
            claims.hold(*claim)
        if not sound:
            return claims
        self._proved(question, claims)
        return claims

    def _proved(self, question: Question, claims: Claims) -> None:
        recorded = {v.check: v for v in question.certificate.verdicts}
        proved: dict[str, Any] = {}
        for name, (holds, measured) in self._proof(question):
            proved[name] = measured
            claims.hold(name, holds, f"does not hold: {_short(measured)}")
            claims.equal(name, "what was measured", recorded[name].measured, measured)
        for claim in difficulty_claims(question, len(self.stored.universe), proved):
            claims.hold(*claim)
        claims.told = told_by(question, proved)

    def verify_rejected(self, number: int, line: bytes) -> Claims:
        """All claims of one line of rejected.jsonl, but for R1 of words that are not kept: of a model, of further phrasings."""
        claims = Claims(f"rejected {number}", refuses=((), ()))
        rejection = _read(Rejection, line, claims)
        if rejection is None:
            return claims
        claims.refuses = (rejection.failed, [(m.failed, m.how) for m in rejection.history])
        for claim in failed_claims(rejection, [GATES[gate] for gate in self.gates]):
            claims.hold(*claim)
        tree = rejection.tree
        if not claims.hold("tree", tree is not None, "there is none") or tree is None or not self._tree(tree, claims):
            return claims
        claims.equal("answer", "the answer", rejection.answer, tree.root.title)
        claims.hold("key", self._is_key(rejection), f"{rejection.key} is not what this tree has")
        for claim in history_claims(rejection.history, tree, (*VERDICTS, "difficulty")):
            claims.hold(*claim)
        sound = [self._stated(tree, vertex, c, claims) for vertex in tree.vertices for c in vertex.constraints]
        words = self.retold.first(tree) if self.retold is not None and not self.model else None
        if self.retold is not None and not self.model:
            asked = words is not None and words.question == rejection.question
            claims.hold("words", asked, "the question is not what the rules say of this tree")
        if all(sound):
            self._refuted(rejection, tree, claims, words.clues if words else None)
        return claims

    def _is_key(self, rejection: Rejection) -> bool:
        if not set(LEFT_OUT).isdisjoint(rejection.failed):
            return rejection.key.startswith("q-")
        if self.settings is None:
            return True
        stage, config = self.settings["stage"], self.settings["config"]
        tries = range(2 * config["attempts"])
        return any(rejection.key == digest_of("tree", stage, config["seed"], rejection.answer, n) for n in tries)

    def _refuted(self, rejection: Rejection, tree: ResearchTree, claims: Claims, clues: dict[str, str] | None) -> None:
        """`clues` are the words of the rules, where these are known: the line does not tell them."""
        recorded = {v.check: v for v in rejection.verdicts}
        found: dict[str, Measured] = dict(Proof(self.sets, tree, self.bounds, rejection.question).claims())
        if self.searches is not None and "R2" in recorded:
            found["R2"] = self.searches.found_by_search(tree)
        if self.searches is not None and clues is not None and "R1" in recorded:
            alone = self.settings is not None and self.settings["config"]["phrasings"] == 1
            if alone or not recorded["R1"].passed:  # else it may be told of phrasings that are not there
                found["R1"] = self.searches.found_by_one(tree.root.page, [("question", rejection.question), *clues.items()])
        for name in set(found) & set(recorded):
            holds, measured = found[name]
            said = "hold" if recorded[name].passed else "fail"
            claims.hold(name, holds == recorded[name].passed, f"is said to {said}, and does not")
            claims.equal(name, "what was measured", recorded[name].measured, measured)

    def _certificate(self, question: Question, claims: Claims) -> bool:
        certificate = question.certificate
        good = claims.equal("certificate", "the corpus", certificate.corpus, self.stored.digest)
        claims.equal("certificate", "the reading", certificate.reading, self.reading)
        claims.equal("certificate", "the bounds", certificate.bounds, self.bounds)
        names = [v.check for v in certificate.verdicts]
        wanted = [*VERDICTS, *(GATES[gate] for gate in self.gates)]
        good &= claims.hold("certificate", names == wanted, f"the verdicts are {' '.join(names)}, not {' '.join(wanted)}")
        for verdict in certificate.verdicts:
            passed = verdict.passed and not verdict.reason
            name = verdict.check if verdict.check in wanted else "certificate"
            claims.hold(name, passed, f"is recorded as failed: {verdict.reason or 'no reason'}")
        return good

    # The tree

    def _tree(self, tree: ResearchTree, claims: Claims) -> bool:
        """Whether vertices and constraints are a tree over pages of the corpus; all later claims rely on it."""
        before = len(claims.failures)
        if not claims.hold("tree", bool(tree.vertices), "it has no vertices"):
            return False
        known: dict[str, Vertex] = {}
        links = Counter(c.other for v in tree.vertices for c in v.constraints if c.kind == "link")
        first = {c.other: v.id for v in reversed(tree.vertices) for c in v.constraints if c.kind == "link"}
        for place, v in enumerate(tree.vertices):
            parent = known.get(v.parent)
            claims.equal(
                "tree", f"the id of vertex {place}", v.id, chr(ord("A") + place % 26) + (str(place // 26) if place > 25 else "")
            )
            ids = [f"{v.id}.{n}" for n in range(1, len(v.constraints) + 1)]
            claims.equal("tree", f"the ids of constraints of {v.id}", [c.id for c in v.constraints], ids)
            claims.hold("tree", (v.role == "root") == (place == 0), f"{v.id}: role {v.role} at place {place}")
            if place == 0:
                claims.hold("tree", v.parent == "" and v.depth == 0, f"{v.id}: the root has a parent or a depth")
            elif claims.hold("tree", parent is not None, f"{v.id}: its parent {v.parent!r} does not stand before it"):
                assert parent is not None
                claims.equal("tree", f"the depth of {v.id}", v.depth, parent.depth + 1)
                held = sum(c.other == v.id for c in parent.constraints)
                claims.equal("tree", f"what {v.id} hangs on", v.parent, first.get(v.id, ""))
                fits = held == 1 == links[v.id] or (held == 1 and v.role == "inner")
                claims.hold("tree", fits, f"{v.id} hangs on {links[v.id]} links, {held} of them its parent's")
            count = len(v.constraints)
            claims.hold("tree", (count > 0) == (v.role != "leaf"), f"{v.id}: a {v.role} with {count} constraints")
            self._vertex(v, claims)
            known[v.id] = v
        for name in links:
            claims.hold("tree", name in known and known[name].role != "root", f"a link leads to {name!r}, no vertex below the root")
        for v in tree.vertices:  # also a join goes one level down: there are no circles, and a depth is a distance
            below = [known[c.other] for c in v.constraints if c.kind == "link" and c.other in known]
            joins = [w for w in below if w.parent != v.id]
            claims.hold("tree", all(w.depth == v.depth + 1 for w in below), f"{v.id}: a link of it leads not one level down")
            fits = len({w.id for w in below}) == len(below) and (v.role == "inner" or not joins)
            claims.hold("tree", fits, f"{v.id}: a {v.role} is joined, or one vertex twice")
            if links[v.id] > 1:
                alone = sum(w.noun.split()[-1:] == v.noun.split()[-1:] for w in tree.vertices if w.role != "leaf") == 1
                claims.hold("tree", alone, f"{v.id}: it is joined, and not the only {v.noun}")
        return len(claims.failures) == before

    def _vertex(self, v: Vertex, claims: Claims) -> None:
        if claims.hold("tree", v.page in self.stored.universe, f"{v.id}: page {v.page} is no article of the corpus"):
            claims.equal("tree", f"the title of {v.id}", v.title, self.stored.titles[v.page])
            claims.equal("tree", f"the noun of {v.id}", v.noun, self.stored.nouns[v.page] or "subject")
        for c in v.constraints:
            ranged = c.kind == "interval"
            used = {"value": c.kind != "link", "other": c.kind == "link", "low": ranged, "high": ranged, "exact": ranged}
            for name, wanted in used.items():
                is_set = getattr(c, name) not in ("", None)
                claims.hold("tree", is_set == wanted, f"{c.id}: {c.kind} {'without' if wanted else 'with'} {name}")
            claims.hold("tree", c.kind == "interval" or c.unit == "", f"{c.id}: {c.kind} with a unit")

    # The item

    def _item(self, question: Question, claims: Claims) -> None:
        tree = question.tree
        answer = tree.vertices[0]
        constraints = [c for v in tree.vertices for c in v.constraints]
        gold = [c for c in constraints if c.evidence.page == answer.page or (c in answer.constraints and c.kind == "link")]
        redirects = [alias for alias, _, source in self.stored.aliases(answer.page) if source == "redirect"]
        history = [m.model_dump(mode="json") for m in question.history]
        told = digest_of(question.question, answer.title, question.clues, [c.wording for c in constraints], history)
        claims.equal("item", "the id", question.id, "q-" + told)
        claims.equal("item", "the answer", question.answer, self.stored.titles[answer.page])
        bare = re.sub(r"\s*\([^()]*\)$", "", answer.title) or answer.title
        names = [name for name in dict.fromkeys([bare, *redirects]) if name != answer.title]
        claims.equal("item", "the list of aliases", question.answer_aliases, names)
        claims.equal("item", "the depth", question.depth, max(v.depth for v in tree.vertices))
        claims.equal("item", "the number of vertices", question.vertices, len(tree.vertices))
        claims.equal("item", "the list of evidence documents", question.evidence_documents, _documents(constraints))
        claims.equal("item", "the list of gold documents", question.gold_documents, _documents(gold))
        self._author(question, claims)

    def _author(self, question: Question, claims: Claims) -> None:
        """Who wrote the question: the rules or the run's model. The ledger has what the model proposed, and what was accepted."""
        by = question.written_by
        claims.hold("item", by == RULES or by == self.model != "", f"is said to be written by {by!r}, not by {self.model!r}")
        claims.hold("item", by == RULES or not question.tree.joined, f"{by!r} may not put branches that meet into words")
        if self.ledger is not None:
            ruled = by == RULES and question.question[:KEPT] not in self.ledger.accepted
            told = by != RULES and question.question in self.ledger.written
            claims.hold("item", ruled or told, f"is said to be written by {by!r}; the ledger says otherwise")

    # Evidence

    def _stated(self, tree: ResearchTree, vertex: Vertex, c: Constraint, claims: Claims) -> bool:
        """Whether the page says it there."""
        claim, e = f"evidence {c.id}", c.evidence
        claims.hold(claim, c.wording == " ".join(c.wording.split()), f"{c.wording!r} is not said with single spaces")
        if not claims.hold(claim, 0 <= e.page < self.stored.size, f"no page {e.page}"):
            return False
        page = self.stored.page(e.page)
        good = self._quoted(page, e, claim, claims)
        if c.kind == "link":
            pair = (vertex.page, tree.vertex(c.other).page)
            other = pair[1] if e.page == pair[0] else pair[0]
            good &= claims.hold(claim, e.page in pair, "stands on the page of neither side")
            title = self.stored.titles[other]
            resolved = self.stored.resolve(e.anchor) == other
            shown = page.links_to(e.start, e.end, other) or (resolved and page.is_name_in_text(e.start, e.end, other))
            shown = shown or (
                page.is_name_in_field(e.start, e.end, other) and (resolved or _base(title).casefold() == e.anchor.casefold())
            )
            good &= claims.hold(claim, shown, f"{e.anchor!r} at {e.start}:{e.end} of {page.title} is no link to {title}")
            keys = [re.sub(r"\s*\d+$", "", f.key) for f in page.fields if f.start <= e.start and e.end <= f.end]
            said = _said_of(c.wording, vertex_is_subject=e.page == pair[0])
            phrase = " ".join(said.replace("{s}", " ").replace("{o}", " ").split())
            fits = c.key in keys and self._field_says(page, said, c.key, c) if keys else (c.key == phrase or (c.key, said) == BARE)
            if not keys and said != BARE[1] and (self.english or not self.model):
                told = borne_out(said, e.sentence) if self.english else self.italian and said_in_italian(said, e.sentence, e.anchor)
                good &= claims.hold(claim, told, f"{c.wording!r} is in none of the sentence's words")
            return claims.hold(claim, fits, f"{c.wording!r} with key {c.key!r} is not what stands there") and good
        good &= claims.hold(claim, e.page == vertex.page, f"stands on the page {e.title}, not on {vertex.title}")
        if c.kind == "category":
            member = c.value in page.categories and c.key == c.value and c.wording == "{v} is one of the {o}"
            good &= claims.hold(claim, member, f"{page.title} is not in the category {c.value!r}")
        elif c.kind == "type":
            told = c.value in page.types and c.value == head(e.anchor.casefold())
            told &= (c.key, c.wording) == ("type", "{v} is a {o}")
            good &= claims.hold(claim, told, f"{page.title} is not said to be a {c.value!r} there")
        else:
            fields = [f for f in page.fields if (f.key, f.start, f.end) == (c.key, e.start, e.end)]
            value = c.exact if c.kind == "interval" else c.value
            good &= claims.hold(claim, any(f.value == value for f in fields), f"no field {c.key!r} of value {value!r} there")
            said = _said_of(c.wording, vertex_is_subject=True)
            fits = self._field_says(page, said, re.sub(r"\s*\d+$", "", c.key), c)
            good &= claims.hold(claim, fits, f"{c.wording!r} is not what key {c.key!r} says")
            if c.kind == "interval":
                assert c.low is not None and c.high is not None
                inside = any(q.unit == c.unit and c.low <= q.low <= q.high <= c.high for f in fields for q in f.quantities)
                good &= claims.hold(claim, inside, f"{value!r} is not known to be from {c.low} to {c.high} {c.unit}".rstrip())
                good &= claims.hold(claim, says_range(c), f"{c.value!r} does not say from {c.low} to {c.high} {c.unit}".rstrip())
        return good

    def _quoted(self, page: StoredPage, e: Evidence, claim: str, claims: Claims) -> bool:
        """Whether all words and names of the evidence are the page's."""
        inside = 0 <= e.start < e.end <= len(page.text)
        good = claims.hold(claim, inside and page.text[e.start : e.end] == e.anchor, f"{e.start}:{e.end} is not {e.anchor!r}")
        around = [page.text[a:b] for a, b in page.sentences if a <= e.start and e.end <= b]
        good &= claims.equal(claim, "the sentence", e.sentence, around[0] if around else None)
        section = [title for title, a, b in page.sections if a <= e.start < b]
        good &= claims.equal(claim, "the section", e.section, section[0] if section else "")
        good &= claims.equal(claim, "the title", e.title, page.title)
        low, high = page.passages.get(e.document, (0, 0))
        return claims.hold(claim, low <= e.start < e.end <= high, f"passage {e.document} does not hold {e.start}:{e.end}") and good

    def _field_says(self, page: StoredPage, said: str, key: str, c: Constraint) -> bool:
        """Whether an infobox key may be worded so. In a run of another version, whose table is not at hand, any wording may be."""
        known = is_worded(said, key, kinds_of(c.kind, c.unit), page.infobox, self.english)
        return known or (said != "" and not self.same_words)

    # Proofs

    def _proof(self, question: Question) -> Iterator[tuple[str, Measured]]:
        others = [other.question for other in question.phrasings]
        proof = Proof(self.sets, question.tree, self.bounds, question.question, *others)
        yield from proof.claims()
        if self.searches is not None:
            yield from self.searches.claims(question)
        yield from Gated(proof, question, self.model, self.searcher, self.ledger).claims(self.gates)


def _read(kind: type[Line], line: bytes, claims: Claims) -> Line | None:
    """The record of a line, which must be in the form in which records are written; None, and why, where it is none. A question's
    claims go by its id from there on."""
    try:
        record = kind.model_validate_json(line)
    except ValidationError as error:
        wrong = error.errors()[0]
        claims.hold("record", False, f"{'.'.join(str(part) for part in wrong['loc']) or 'line'}: {wrong['msg']}")
        return None
    if isinstance(record, Question):
        claims.item = record.id or claims.item
    as_written = canonical_json(record.model_dump(mode="json")).encode("utf-8", "surrogatepass")
    claims.hold("record", as_written == line, "the line is not in the form in which records are written")
    return record


def _documents(constraints: list[Constraint]) -> list[str]:
    return list(dict.fromkeys(c.evidence.document for c in constraints))


def _base(title: str) -> str:
    """The title without its "(…)"."""
    return re.sub(r"\s*\([^()]*\)$", "", title) or title


def _said_of(wording: str, vertex_is_subject: bool) -> str:
    """A wording with the page that states it as {s}, the other side as {o}; "" where it does not name each once."""
    if wording.count("{v}") != 1 or wording.count("{o}") != 1:
        return ""
    return wording.replace("{v}", "{s}") if vertex_is_subject else wording.replace("{o}", "{s}").replace("{v}", "{o}")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else text[:199] + "…"
