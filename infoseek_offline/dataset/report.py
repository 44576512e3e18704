"""What a person reads: an item as a tree with evidence and certificate, a hit, a page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from infoseek_offline.corpus.dump import RawPage, SiteInfo, read_dump
from infoseek_offline.corpus.kinds import a
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.corpus.wikitext import parse_wikitext
from infoseek_offline.errors import CorpusError, UsageError
from infoseek_offline.records import Certificate, Constraint, Hit, Question, ResearchTree, Vertex
from infoseek_offline.retrieval.marks import marked

MEANING = {
    "U1": "the answer is unique", "U2": "every inner vertex is unique", "M1": "no clue is idle", "M2": "no level can be skipped",
    "M3": "no clue includes another", "M4": "no clue can be left out", "X1": "no single clue gives it away",
    "X2": "no hyperlink shortcut", "X3": "no page tells it all", "X4": "no way past the hierarchy",
    "X5": "no answer by association", "L1": "nothing leaks in the words", "R1": "one search does not find it",
    "R2": "each step can be found", "G1": "not known from memory", "G2": "the evidence gives the answer",
    "G3": "nothing else fits", "G4": "no way past an inner vertex",
}  # fmt: skip


def find_item(run: Path, item: str) -> Question:
    """An item by id or by its number from 1. Raises UsageError where there is none."""
    from infoseek_offline.pipeline import questions

    found = questions(run)
    if item.isascii() and item.isdigit() and 1 <= int(item) <= len(found):
        return found[int(item) - 1]
    for question in found:
        if question.id == item:
            return question
    raise UsageError(
        f"no item {item!r} in {run}: give a number from 1 to {len(found)}, or an id such as {found[0].id if found else 'q-…'}"
    )


def item_as_text(question: Question) -> str:
    lines = [
        question.question,
        *(f"Or: {other.question}" for other in question.phrasings),
        "",
        f"Answer: {question.answer}",
        f"Id: {question.id}   depth {question.depth}, {question.vertices} vertices, in the words of {_writer(question)}",
        "",
    ]
    lines += tree_as_lines(question.tree, question.certificate.verdicts[0].measured.get("extents", {}))
    lines += ["", "Evidence"]
    for vertex in question.tree.vertices:
        for constraint in vertex.constraints:
            evidence = constraint.evidence
            where = f"{evidence.title}" + (f", {evidence.section}" if evidence.section else "")
            lines.append(f"  {constraint.id:<5} [{evidence.document}] {where}: {_short(evidence.sentence)}")
    return "\n".join([*lines, "", *certificate_as_lines(question.certificate)])


def _writer(question: Question) -> str:
    return "the rules" if question.written_by == "rules" else question.written_by


def certificate_as_lines(certificate: Certificate) -> list[str]:
    """What was proved, a line a check with the proof's numbers."""
    lines = [f"Certificate ({certificate.reading} reading, corpus {certificate.corpus[:12]})"]
    for verdict in certificate.verdicts:
        measured = ", ".join(f"{k} {_value(v)}" for k, v in verdict.measured.items() if k != "extents")
        holds = "holds" if verdict.passed else "FAILS"
        lines.append(f"  {verdict.check}  {holds}  {MEANING.get(verdict.check, ''):<30} {measured}".rstrip())
    return lines


def tree_as_lines(tree: ResearchTree, extents: dict[str, int]) -> list[str]:
    """The tree from the root down; behind each clue how many pages meet it on its own."""
    lines: list[str] = []

    def walk(vertex: Vertex, indent: str) -> None:
        mark = {"root": "?", "inner": "?", "leaf": "=", "blur": "~"}[vertex.role]
        lines.append(f"{indent}{mark} {vertex.id}: {vertex.title} ({vertex.noun})")
        for constraint in vertex.constraints:
            size = f"   [{extents[constraint.id]:,} pages]" if constraint.id in extents else ""
            lines.append(f"{indent}    {constraint.id}: {in_words(tree, constraint)}{size}")
            if tree.is_join(vertex, constraint):
                lines[-1] += f"   (joined: {constraint.other} stands elsewhere in the tree)"
            elif constraint.other:
                walk(tree.vertex(constraint.other), indent + "        ")

    walk(tree.root, "")
    return lines


def in_words(tree: ResearchTree, constraint: Constraint) -> str:
    vertex = next(v.id for v in tree.vertices if constraint in v.constraints)
    other = constraint.other or constraint.value
    wording = constraint.wording.replace(" a {o}", f" {a(other)} {{o}}") if constraint.kind == "type" else constraint.wording
    return wording.replace("{v}", vertex).replace("{o}", other)


def hit_as_text(rank: int, hit: Hit, query: str = "", language: str = "en", bold: bool = False) -> str:
    """`query`'s words are marked: in bold type, or between asterisks."""
    scores = ", ".join(f"{name} {score:.4f}" for name, score in hit.scores.items())
    section = f" — {hit.section}" if hit.section else ""
    text = marked(_short(hit.text, 240), query, language, *(("\x1b[1m", "\x1b[0m") if bold else ("*", "*")))
    return f"{rank:>3}. {hit.title}{section}  [{hit.document}]  {hit.score:.4f} ({scores})\n     {text}"


def page_of(corpus: Corpus, title: str) -> int:
    """The id of the page of a title or redirect. Raises CorpusError where there is none."""
    page = corpus.resolve(title)
    if page is None:
        raise CorpusError(f"no page {title!r} in {corpus.folder}: titles are case-sensitive after the first letter")
    return page


# Why a link of a kind is no evidence.
WHY_NOT = {
    "caption": "in a file's caption", "table": "in a table", "reference": "in a reference", "gallery": "in a gallery",
    "template": "in a template that is not read as text", "hatnote": "in a hatnote or a heading: it leads elsewhere",
    "backmatter": "in a section like See also or References",
}  # fmt: skip


def page_record(corpus: Corpus, title: str, dump: Path | None = None) -> dict[str, Any]:
    """All that was read from a page; with the dump of the corpus also its wikitext, and the links that lead to no page."""
    page = page_of(corpus, title)
    record = corpus.page(page).model_dump(mode="json")
    record["sections"] = [s.model_dump(mode="json") for s in corpus.sections(page)]
    record["redirects"] = corpus.redirects(page)
    record["links"] = [
        {"target": corpus.titles[link.target], "anchor": record["text"][link.start : link.end] if link.start >= 0 else "",
         "start": link.start, "end": link.end, "kind": link.kind.value, "evidence": link.is_evidence,
         "why_not": "" if link.is_evidence else WHY_NOT.get(link.kind.value, "it has no place in the text")}
        for link in corpus.links(page)
    ]  # fmt: skip
    record["facts"] = [f.model_dump(mode="json") for f in corpus.facts(page)]
    record["associated_pages"] = corpus.degree(page)
    if dump is not None:
        raw, site = _raw_page(dump, record["title"], record["revision"], corpus.manifest["site"]["namespaces"])
        parsed = parse_wikitext(raw.text, raw.title, site)
        missing = dict.fromkeys(link.target for link in parsed.links if corpus.resolve(link.target) is None)
        record["links_to_no_page"] = list(missing)
        record["templates_dropped"] = dict(sorted(parsed.dropped.items()))
        record["wikitext"] = raw.text
    return record


def _raw_page(dump: Path, title: str, revision: int, namespaces: list[int]) -> tuple[RawPage, SiteInfo]:
    """Raises CorpusError where the dump has not the page in the revision that the corpus was read from."""
    reader = read_dump(dump)
    for raw in reader:
        if raw.title == title:
            if raw.revision != revision:
                break
            return raw, replace(reader.site, content=frozenset(namespaces), _titles={})
    raise CorpusError(f"{dump} has no revision {revision} of {title!r}: give the dump that this corpus was built from")


def page_as_json(corpus: Corpus, title: str, dump: Path | None = None) -> str:
    return json.dumps(page_record(corpus, title, dump), ensure_ascii=False, indent=1)


def page_as_text(corpus: Corpus, title: str, dump: Path | None = None) -> str:
    record = page_record(corpus, title, dump)
    lines = [f"{record['title']}  (page {record['id']}, {record['kind']}; {', '.join(record['types']) or 'type unknown'})", ""]
    for section in record["sections"]:
        if section["title"]:
            lines.append(
                f"{'#' * max(1, section['level'])} {section['title']}" + ("" if section["evidence"] else "   (not evidence)")
            )
        lines += [record["text"][section["start"] : section["end"]].strip(), ""]
    if record["facts"]:
        lines.append(f"Facts of {record['infobox']}" if record["infobox"] else "Facts")
    for fact in record["facts"]:
        read = (f"{q['low']:g}{'' if q['low'] == q['high'] else ' to {:g}'.format(q['high'])} {q['unit']}".strip()
                for q in fact["quantities"])  # fmt: skip
        lines.append(f"  {fact['key']}: {fact['value']}" + "".join(f"   [{text}]" for text in read))
    lines.append("Links")
    for link in record["links"]:
        why = f"   not evidence: {link['why_not']}" if link["why_not"] else ""
        lines.append(f"  {link['anchor'] or '-'} -> {link['target']}{why}")
    for name in ("categories", "redirects"):
        lines.append(f"{name.capitalize()}: {', '.join(record[name]) or 'none'}")
    lines.append(f"Associated pages: {record['associated_pages']}")
    if dump is not None:
        lines.append(f"Links to no page of this corpus: {', '.join(record['links_to_no_page']) or 'none'}")
        dropped = (f"{name} ({count})" for name, count in record["templates_dropped"].items())
        lines.append(f"Templates not read as text: {', '.join(dropped) or 'none'}")
        lines += ["", "Wikitext", record["wikitext"]]
    return "\n".join(lines)


def _short(text: str, size: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= size else flat[: size - 1].rsplit(" ", 1)[0] + " …"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} {_value(v)}" for k, v in value.items()) + "}"
    return str(value)
