"""The records that cross a boundary: between stages, between agents and loop, into files.

All are frozen pydantic models; unknown fields are refused, so that a record of another version is noticed. Page ids are the
corpus's dense ids (0 … pages-1, dump order). Spans are half-open character offsets into the page's stored text.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from infoseek_offline.files import digest_of


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PageKind(StrEnum):
    """What a namespace-0 page is. Only articles are answerable (the universe U of hcsp.md)."""

    ARTICLE = "article"
    DISAMBIGUATION = "disambiguation"
    LIST = "list"


class LinkKind(StrEnum):
    """Where a link stands. Only prose and infobox links are evidence; all count for association."""

    PROSE = "prose"
    INFOBOX = "infobox"
    CAPTION = "caption"
    TABLE = "table"
    REFERENCE = "reference"
    TEMPLATE = "template"
    GALLERY = "gallery"
    HATNOTE = "hatnote"
    BACKMATTER = "backmatter"  # in "See also", "References", "External links" and their like


class Section(Record):
    title: str
    level: int
    start: int
    end: int
    evidence: bool


class Link(Record):
    """A link of a page's stored text. `start == end == -1` where the link has no place in the text."""

    source: int
    target: int
    start: int
    end: int
    kind: LinkKind

    @property
    def is_evidence(self) -> bool:
        return self.kind in (LinkKind.PROSE, LinkKind.INFOBOX) and self.start >= 0


class Quantity(Record):
    """A number or date read from an infobox value. Dates are years with a fraction (1787-01-11 is 1787.0274)."""

    low: float
    high: float
    unit: str  # "" for a bare number, "year" for dates, else the unit as written, lower case


class Fact(Record):
    """An infobox field as stated by a page; `start:end` is the value's span in the page's text."""

    page: int
    key: str  # normalised: lower case, spaces for underscores
    value: str
    start: int
    end: int
    quantities: tuple[Quantity, ...]
    links: tuple[int, ...]


class Page(Record):
    id: int
    title: str
    source_id: int  # the wiki's own page id
    revision: int
    timestamp: str
    kind: PageKind
    text: str
    prose_end: int  # text[prose_end:] is the infobox, one "key: value" a line
    infobox: str  # the infobox template's name, "" without one
    types: tuple[str, ...]  # head nouns, lower case: first sentence, infobox
    categories: tuple[str, ...]


class Passage(Record):
    """Whole sentences of one section, the unit of search; the id holds no spaces."""

    id: str
    page: int
    title: str
    section: str
    start: int
    end: int
    text: str


class Hit(Record):
    """A search result. `score` orders the hits of one search; `scores` holds each component's own."""

    document: str
    page: int
    title: str
    section: str
    text: str
    score: float
    scores: dict[str, float]


class Evidence(Record):
    """Where the corpus says it. `text[start:end]` of the page's text is `anchor`; `sentence` is the sentence (or the infobox
    line) around it; `document` is the passage that holds it."""

    page: int
    title: str
    section: str
    start: int
    end: int
    anchor: str
    sentence: str
    document: str


class Claim(Record):
    """A statement read from a page. `wording` is a full clause with the placeholders `{s}` and `{o}`, in the third person:
    "{s} was discovered by {o}", "the mean radius of {s} is {o}". For a link claim `object` is a page; for a literal it is None
    and `value` holds the text. For a model's link claim `value` is a blurred wording of the object ("a town in Norway")."""

    subject: int
    object: int | None
    kind: Literal["link", "literal", "category", "type"]
    source: Literal["infobox", "sentence", "category", "type", "model"]
    key: str  # the relation's key: the infobox key, or the phrase without its placeholders
    wording: str
    value: str
    quantities: tuple[Quantity, ...] = ()
    confidence: float
    evidence: Evidence


class Constraint(Record):
    """One clue of a vertex. Its extent depends on `kind` (hcsp.md): `link` on `other`, `fact` on key and value, `interval` on
    key, low, high and unit, `category` and `type` on value. `wording` has the placeholders `{v}` and `{o}`."""

    id: str
    kind: Literal["link", "fact", "interval", "category", "type"]
    wording: str
    key: str = ""
    value: str = ""
    other: str = ""  # the vertex at the other end of a link
    low: float | None = None
    high: float | None = None
    unit: str = ""
    exact: str = ""  # what a blurred value was before, as the page states it
    evidence: Evidence


class Vertex(Record):
    """An entity of a research tree. Roles: `root` the answer; `inner` a described page, to be found first; `leaf` a page that
    the question names; `blur` a page that the question leaves vague on purpose ("a city in Germany"), described by constraints
    of its own that many pages meet."""

    id: str
    page: int
    title: str
    role: Literal["root", "inner", "leaf", "blur"]
    parent: str
    depth: int
    noun: str  # what kind of thing, for the question: "moon"
    constraints: tuple[Constraint, ...]


class ResearchTree(Record):
    """A vertex hangs on its parent's link. An inner vertex may be joined: then links of other vertices of its parent's level lead
    to it as well, and its depth is the number of steps to the root whichever way is taken."""

    vertices: tuple[Vertex, ...]  # the root first, level by level, parents before children

    @property
    def root(self) -> Vertex:
        return self.vertices[0]

    @property
    def depth(self) -> int:
        return max(v.depth for v in self.vertices)

    def vertex(self, vertex_id: str) -> Vertex:
        return next(v for v in self.vertices if v.id == vertex_id)

    def children(self, vertex_id: str) -> tuple[Vertex, ...]:
        return tuple(v for v in self.vertices if v.parent == vertex_id)

    def is_join(self, vertex: Vertex, constraint: Constraint) -> bool:
        """Whether the vertex's constraint leads to an inner vertex that hangs on another one."""
        return bool(constraint.other) and self.vertex(constraint.other).parent != vertex.id

    @property
    def joined(self) -> tuple[str, ...]:
        """The vertices to which more than one link leads, the deepest first."""
        links = Counter(c.other for v in self.vertices for c in v.constraints if c.other)
        return tuple(v.id for v in reversed(self.vertices) if links[v.id] > 1)


class Verdict(Record):
    """What a check found. `measured` holds the proof's numbers, keyed as docs/certificates.md says."""

    check: str
    passed: bool
    reason: str
    measured: dict[str, Any]


class Mend(Record):
    """One repair of a tree: which checks had failed, what was done, and the clues that went and came, with all names."""

    failed: tuple[str, ...]
    how: Literal["blurred", "widened", "narrowed", "removed", "replaced", "added"]
    before: tuple[str, ...]
    after: tuple[str, ...]


class Difficulty(Record):
    """How hard an item is. `bits`: by constraint id, how much the clue tells of which page is meant, log2 of all articles over
    those that meet it; `smallest`: the fewest candidates that a vertex has one clue before it is found; `searches` and
    `answer_shows`: what R2's solver needs in all, and at which search the answer's page first shows (0: at none)."""

    vertices: int
    depth: int
    bits: dict[str, float]
    smallest: int
    searches: int
    answer_shows: int


class Certificate(Record):
    reading: Literal["open", "closed"]
    corpus: str  # digest of the corpus's manifest
    bounds: dict[str, int]  # the bounds in force: m, k, hub degree, top k
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        return all(v.passed for v in self.verdicts)


class Phrasing(Record):
    """Another question of the same tree; all clues are in it, in other words or another order."""

    id: str
    question: str
    clues: dict[str, str]


class Question(Record):
    """One item of the data set (a line of questions.jsonl)."""

    id: str
    question: str
    answer: str
    answer_aliases: tuple[str, ...]
    depth: int
    vertices: int
    tree: ResearchTree
    evidence_documents: tuple[str, ...]  # needed to answer
    gold_documents: tuple[str, ...]  # contain the answer
    clues: dict[str, str]  # constraint id -> the words of the question that state it
    written_by: str  # "rules", or the name of the model that put it into these words
    difficulty: Difficulty
    history: tuple[Mend, ...]  # repairs of the tree, before it held
    phrasings: tuple[Phrasing, ...] = ()  # where more than one was asked for, those besides `question`
    certificate: Certificate


class Rejection(Record):
    """A tree that was not accepted (a line of rejected.jsonl), with all its verdicts. `key` says which try it was (of a tree that
    holds and was left out, the item's id); `id` is a digest of all the rest, since not all of it can be computed again."""

    id: str
    key: str
    answer: str
    failed: tuple[str, ...]
    history: tuple[Mend, ...]  # repairs that did not help
    question: str
    tree: ResearchTree | None
    verdicts: tuple[Verdict, ...]

    @classmethod
    def of(cls, **fields: Any) -> Rejection:
        """With its id."""
        told = cls(id="", **fields)
        return told.model_copy(update={"id": "r-" + digest_of(told.model_dump(mode="json", exclude={"id"}))})
