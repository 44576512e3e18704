"""The corpus: what is associated with what, what counts as evidence, and the same bytes for the same dump."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import dump_xml

from infoseek_offline import pipeline
from infoseek_offline.corpus import parts
from infoseek_offline.corpus.build import build_corpus
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.errors import CorpusError, DumpError
from infoseek_offline.files import canonical_json, file_sha256
from infoseek_offline.records import Link, LinkKind, PageKind

MakeCorpus = Callable[..., Corpus]


def page(corpus: Corpus, title: str) -> int:
    found = corpus.resolve(title)
    assert found is not None, title
    return found


def near(corpus: Corpus, title: str) -> set[str]:
    return {corpus.titles[p] for p in corpus.neighbours(page(corpus, title))}


def links(corpus: Corpus, title: str) -> list[Link]:
    return corpus.links(page(corpus, title))


def mentioned(corpus: Corpus, title: str) -> set[str]:
    """Pages that a page mentions without a link."""
    at = page(corpus, title)
    rows = corpus.mention[corpus.mention_ptr[at] : corpus.mention_ptr[at + 1]]
    return {corpus.titles[int(row[0])] for row in rows}


# Links and redirects


def test_a_link_associates_both_ways(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus({"Anvil": "By the [[Bench]].", "Bench": "Of wood.", "Cairn": "Of stone."})
    assert (near(corpus, "Anvil"), near(corpus, "Bench"), near(corpus, "Cairn")) == ({"Bench"}, {"Anvil"}, set())
    assert corpus.degree(page(corpus, "Bench")) == 1


def test_a_link_to_the_page_itself_and_to_no_page_are_dropped_and_counted(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus({"Anvil": "[[Anvil]] and [[Nowhere]] and [[Bench]].", "Bench": "Of wood."})
    assert [link.target for link in links(corpus, "Anvil")] == [page(corpus, "Bench")]
    assert corpus.manifest["counts"]["links to missing pages"] == 1


def test_redirects_lead_to_their_page_through_chains_and_sections(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Anvil": "By the [[Old bench|seat]].", "Bench": "Of wood.\n\n== Legs ==\nFour.",
            "Old bench": "#REDIRECT [[Middle bench]]",
            "Middle bench": "#REDIRECT [[Bench]]", "Legs": "#REDIRECT [[Bench#Legs]]", "Cairn": "On [[Legs|four]].",
        }
    )  # fmt: skip
    assert corpus.size == 3, "a redirect is no page"
    assert near(corpus, "Bench") == {"Anvil", "Cairn"}
    assert {corpus.titles[page(corpus, t)] for t in ("Old bench", "Middle bench", "Legs", "old_bench")} == {"Bench"}
    assert corpus.redirects(page(corpus, "Bench")) == ["Middle bench", "Old bench"], "a redirect to a part is no name of the whole"


def test_redirects_that_lead_nowhere_or_in_a_loop(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Anvil": "[[Loop]] [[Gone]] [[Self]] [[Bench]]", "Bench": "Of wood.",
            "Loop": "#REDIRECT [[Pool]]", "Pool": "#REDIRECT [[Loop]]",
            "Gone": "#REDIRECT [[Nowhere]]", "Self": "#REDIRECT [[Self]]",
        }
    )  # fmt: skip
    assert near(corpus, "Anvil") == {"Bench"}
    assert [corpus.resolve(t) for t in ("Loop", "Pool", "Gone", "Self", "Nothing")] == [None] * 5
    assert corpus.manifest["counts"]["redirects to nowhere"] == 4


def test_links_in_all_parts_of_a_page_associate_and_only_text_and_infobox_are_evidence(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Anvil": "{{Infobox tool\n| maker = [[Bench]]\n}}\nIt stands by the [[Cairn]].<ref>[[Dingle]], 1901.</ref>\n"
            "[[File:A.jpg|thumb|In the [[Esker]]]]\n{|\n| [[Fjard]]\n|}\n\n"
            "== See also ==\n* [[Gully]]\n\n== References ==\n* [[Hollow]]",
            **dict.fromkeys(("Bench", "Cairn", "Dingle", "Esker", "Fjard", "Gully", "Hollow"), "Here."),
        }
    )
    kinds = {corpus.titles[link.target]: link.kind for link in links(corpus, "Anvil")}
    assert kinds == {
        "Bench": LinkKind.INFOBOX, "Cairn": LinkKind.PROSE, "Dingle": LinkKind.REFERENCE, "Esker": LinkKind.CAPTION,
        "Fjard": LinkKind.TABLE, "Gully": LinkKind.BACKMATTER, "Hollow": LinkKind.BACKMATTER,
    }  # fmt: skip
    assert {corpus.titles[link.target] for link in links(corpus, "Anvil") if link.is_evidence} == {"Bench", "Cairn"}
    assert near(corpus, "Anvil") == set(kinds)


def test_names_in_captions_and_tables_associate_too(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Anvil": "It is old.\n[[File:A.jpg|thumb|Carried to Ostrava]]\n{|\n| Zlatan || 1901\n|}\n",
            "Ostrava": "A town.", "Zlatan": "A smith.", "Bench": "Of wood.",
        }
    )  # fmt: skip
    assert near(corpus, "Anvil") == {"Ostrava", "Zlatan"}
    at = page(corpus, "Anvil")
    assert (corpus.mention[corpus.mention_ptr[at] : corpus.mention_ptr[at + 1], 1] == -1).all(), "no place in the text, no evidence"
    assert "Ostrava" not in corpus.page(at).text


# Kinds of pages


def test_a_disambiguation_page_associates_with_all_that_it_lists_and_so_does_who_links_to_it(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Anvil": "Made in [[Mercury]].", "Mercury": "'''Mercury''' may be:\n* [[Bench]]\n* [[Cairn]]\n{{disambiguation}}",
            "Bench": "Of wood.", "Cairn": "Of stone.", "Dingle": "Seen with Mercury.",
        }
    )  # fmt: skip
    assert corpus.page(page(corpus, "Mercury")).kind is PageKind.DISAMBIGUATION
    assert near(corpus, "Mercury") == {"Anvil", "Bench", "Cairn", "Dingle"}
    assert near(corpus, "Anvil") == near(corpus, "Dingle") == {"Mercury", "Bench", "Cairn"}
    assert near(corpus, "Bench") == {"Mercury", "Anvil", "Dingle"}


def test_lists_and_disambiguation_pages_are_no_answers(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Anvil": "A tool.", "List of tools": "* [[Anvil]]", "Anvil (disambiguation)": "* [[Anvil]]\n* [[Bench]]",
            "Bench": "Of wood.", "Surnames": "* [[Anvil]]\n{{surname}}", "Tools by age": "* [[Bench]] [[Category:Lists of tools]]",
        }
    )  # fmt: skip
    assert {corpus.titles[p] for p in corpus.answerable()} == {"Anvil", "Bench"}
    assert corpus.manifest["pages"] == {"total": 6, "article": 2, "disambiguation": 2, "list": 2}
    assert {p.title for p in corpus.passages()} == {"Anvil", "Bench", "List of tools", "Tools by age"}, "lists can be found, too"


# Mentions


@pytest.mark.parametrize(
    ("text", "title", "counts"),
    [
        ("It was made in Ostrava.", "Ostrava", True),
        ("Seen by Mercury at dawn.", "Mercury (planet)", True),
        ("Kepler's laws hold.", "Kepler", True),
        ("Kepler’s laws hold.", "Kepler", True),
        ("In OSTRAVA it rains.", "Ostrava", True),
        ("By the river Elbe (Ostrava).", "Ostrava", True),
        ("The Upper Bench Hall was built.", "Upper Bench Hall", True),
        ("The upper bench hall was built.", "Upper Bench Hall", True),
        ("He sat on a bench there.", "Bench", False),
        ("Two Benches stood there.", "Bench", False),
        ("The Ostravan school.", "Ostrava", False),
        ("Upper and Bench and Hall.", "Upper Bench Hall", False),
        ("In 1901 it rained.", "1901", False),
        ("第谷は天文学者である。", "天文学", True),
        ("Die Straße nach Zürich.", "Zürich", True),
    ],
)
def test_a_title_in_the_text_without_a_link(make_corpus: MakeCorpus, text: str, title: str, counts: bool) -> None:
    corpus = make_corpus({"Anvil": f"Here. {text}", title: "Something else."})
    assert (mentioned(corpus, "Anvil") == {title}) is counts
    assert (near(corpus, title) == {"Anvil"}) is counts


def test_redirects_and_anchors_are_names_as_well(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {
            "Ostrava": "A town.", "Steel City": "#REDIRECT [[Ostrava]]", "Anvil": "Made in Steel City.",
            "Bench": "Bought in [[Ostrava|Black Harbour]].", "Cairn": "Near Black Harbour.",
        }
    )  # fmt: skip
    assert near(corpus, "Ostrava") == {"Anvil", "Bench", "Cairn"}
    assert {alias for alias, _ in corpus.aliases(page(corpus, "Ostrava"))} == {"Ostrava", "Steel City", "Black Harbour"}


def test_a_name_does_not_run_over_the_end_of_a_line(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus({"Anvil": "It is Upper\n\nBench Hall is not.", "Upper Bench Hall": "A hall."})
    assert mentioned(corpus, "Anvil") == set()


def test_a_name_inside_a_link_to_the_same_page_is_that_link(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus({"Anvil": "Made in [[Ostrava]].", "Ostrava": "A town."})
    assert mentioned(corpus, "Anvil") == set()


# Text, evidence, passages


def test_every_evidence_link_of_the_sample_wiki_stands_where_it_says(sample_home: Path) -> None:
    """The anchor is a span of the stored text, inside one sentence, inside one passage of its section."""
    corpus = Corpus.open(sample_home / "corpus")
    seen = 0
    for at in range(corpus.size):
        record = corpus.page(at)
        sentences = corpus.sentence_spans(at)
        assert all(a < b for a, b in sentences) and all(b <= c for (_, b), (c, _) in pairwise(sentences))
        for link in corpus.links(at):
            if not link.is_evidence:
                continue
            evidence = corpus.evidence(at, link.start, link.end)
            anchor = record.text[link.start : link.end]
            assert evidence.anchor == anchor == anchor.strip() != ""
            assert anchor in evidence.sentence and "\n" not in evidence.sentence
            assert anchor in corpus.passage(evidence.document).text
            seen += 1
        for fact in corpus.facts(at):
            assert record.text[fact.start : fact.end] == fact.value
            assert record.prose_end <= fact.start
    assert seen > 3000


def test_passages_are_whole_sentences_of_one_section(sample_home: Path) -> None:
    corpus = Corpus.open(sample_home / "corpus")
    ids = set()
    for passage in corpus.passages():
        assert passage.id == f"{passage.page}-{passage.id.split('-')[1]}" and " " not in passage.id
        ids.add(passage.id)
        sentences = corpus.sentence_spans(passage.page)
        assert passage.start in {a for a, _ in sentences} and passage.end in {b for _, b in sentences}
        (section,) = [s for s in corpus.sections(passage.page) if s.start <= passage.start and passage.end <= s.end]
        assert section.title == passage.section
        assert passage == corpus.passage(passage.id)
    articles = {int(p) for p in corpus.answerable()}
    assert articles <= {int(i.split("-")[0]) for i in ids} | {p for p in articles if not corpus.sentence_spans(p)}


def test_every_sentence_is_in_exactly_one_passage(make_corpus: MakeCorpus) -> None:
    text = "\n\n".join(
        f"== Part {n} ==\n" + " ".join(f"Sentence {n} {i} tells of wet stones." for i in range(30)) for n in range(5)
    )
    corpus = make_corpus({"Anvil": text})
    spans = [(p.start, p.end) for p in corpus.passages()]
    for a, b in corpus.sentence_spans(0):
        assert sum(start <= a and b <= end for start, end in spans) == 1
    assert len(spans) == 10, "30 sentences of six or seven words are two passages"


@pytest.mark.parametrize("document", ["", "x", "0", "0-99", "99-0", "0-0; DROP TABLE page"])
def test_a_document_id_that_does_not_exist(make_corpus: MakeCorpus, document: str) -> None:
    with pytest.raises(CorpusError, match="document"):
        make_corpus({"Anvil": "A tool."}).passage(document)


# Types


@pytest.mark.parametrize(
    ("text", "types", "noun"),
    [
        ("'''Anvil''' is a small moon of [[Bench]].", ("moon",), "moon"),
        ("'''Anvil''' was a German chemist and poet.", ("chemist", "poet"), "chemist"),
        ("{{Infobox river\n| length = 3 km\n}}\n'''Anvil''' flows.", ("river",), "river"),
        ("{{Infobox tool\n| length = 3 km\n}}\n'''Anvil''' is a heavy hammer.", ("hammer", "tool"), "hammer"),
        ("'''Anvil''' lies there.", (), ""),
    ],
)
def test_what_kind_of_thing_a_page_is(make_corpus: MakeCorpus, text: str, types: tuple[str, ...], noun: str) -> None:
    corpus = make_corpus({"Anvil": text, "Bench": "Of wood."})
    assert corpus.page(0).types == types
    assert corpus.nouns[0] == noun


def test_the_noun_has_two_words_where_the_corpus_says_both(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus({name: f"'''{name}''' is a chemical element." for name in ("Anvil", "Bench", "Cairn", "Dingle")})
    assert set(corpus.nouns) == {"chemical element"}
    assert corpus.page(0).types == ("element",)


# The same bytes


def digests(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): file_sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_bytes_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    """Every file, not only the digest in the manifest; the tiny wiki is big enough for several chunks."""
    pages = {f"Page {n}": f"'''Page {n}''' is a page by [[Page {(n * 7) % 100}]], after Page {(n * 3) % 100}." for n in range(100)}
    (tmp_path / "d.xml").write_text(dump_xml(pages), encoding="utf-8")
    one = pipeline.corpus(tmp_path / "d.xml", tmp_path / "one", workers=1)
    two = pipeline.corpus(tmp_path / "d.xml", tmp_path / "two", workers=2)
    assert one == two
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_text_gives_another_digest(make_home: Callable[..., Path]) -> None:
    first = Corpus.open(make_home({"Anvil": "A tool.", "Bench": "Of wood."}) / "corpus").digest
    second = Corpus.open(make_home({"Anvil": "A tool!", "Bench": "Of wood."}) / "corpus").digest
    assert first != second


# What real dumps hold

STRANGE = [
    "AC/DC",
    '"Heroes" (album)',
    "L'Âge d'or",
    "C++ & <C>",
    "日本",
    "𝔘nicode 🙂",
    "50% grey",
    "A: B",
    "..",
    "What?",
    "Ωμέγα",
    "a–b",
]


def test_titles_of_every_kind(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus(
        {t: f"Here. By the [[Bench]], {n}." for n, t in enumerate(STRANGE)} | {"Bench": " ".join(f"[[{t}]]" for t in STRANGE)}
    )
    first_letter = [t[:1].upper() + t[1:] for t in STRANGE]
    assert [t for t in STRANGE if corpus.resolve(t) is None] == []
    assert near(corpus, "Bench") >= {t for t in corpus.titles if t != "Bench" and t in first_letter}
    for passage in corpus.passages():
        assert " " not in passage.id and "/" not in passage.id
        assert corpus.passage(passage.id) == passage


def test_a_page_of_two_megabytes_is_no_trouble(make_corpus: MakeCorpus) -> None:
    line = "The [[Bench]] of '''wood''' and {{convert|3|km}} stands by the [[Cairn|old cairn]], it is said.<ref>[[Bench]]</ref> "
    text = "\n\n".join(f"== Part {n} ==\n" + line * 100 for n in range(175))
    assert len(text) > 2_000_000
    corpus = make_corpus({"Anvil": text + "[" * 5000 + "{" * 5000 + "<" * 5000, "Bench": "Of wood.", "Cairn": "Of stone."})
    assert near(corpus, "Anvil") == {"Bench", "Cairn"}


def test_a_title_that_comes_twice_counts_once(tmp_path: Path) -> None:
    once = dump_xml({"Anvil": "The first.", "Bench": "Of wood."})
    twice = once.replace("</mediawiki>", "") + once[once.index("<page>") :].replace("The first.", "The second.")
    (tmp_path / "d.xml").write_text(twice, encoding="utf-8")
    manifest = pipeline.corpus(tmp_path / "d.xml", tmp_path)
    assert manifest["pages"]["total"] == 2 and manifest["counts"]["duplicate titles"] == 2
    assert Corpus.open(tmp_path / "corpus").page(0).text.strip() == "The first."


def test_empty_pages_are_pages(make_corpus: MakeCorpus) -> None:
    corpus = make_corpus({"Anvil": "", "Bench": "{{stub}}", "Cairn": "[[Anvil]]"})
    assert corpus.size == 3 and near(corpus, "Anvil") == {"Cairn"}
    assert corpus.sentence_spans(0) == [] and [p.title for p in corpus.passages()] == ["Cairn"]


def test_links_of_some_kinds_are_those_with_a_place_in_the_text(make_corpus: MakeCorpus) -> None:
    pages = {"Anvil": "{{Infobox tool|of=[[Bench]]|by=x|at=y}} By [[Cairn]].<ref>[[Dingle]]</ref>\n\n{|\n| [[Esker]]\n|}"}
    corpus = make_corpus(pages | dict.fromkeys(("Bench", "Cairn", "Dingle", "Esker"), "Here."))
    page = corpus.resolve("Anvil") or 0
    every = corpus.links(page)
    assert len(every) == 4
    for kinds in ((LinkKind.PROSE,), (LinkKind.INFOBOX,), (LinkKind.PROSE, LinkKind.INFOBOX), (LinkKind.TABLE, LinkKind.REFERENCE)):
        assert corpus.links(page, *kinds) == [link for link in every if link.kind in kinds and link.start >= 0]


def firm(path: Path) -> Path:
    """A dump with content in a namespace of its own, and pages of other kinds."""
    pages = [
        ("Ann", 0, "", "<text>Leads [[Projekt:gaia]], see [[Rules]].</text>"),
        ("Projekt:Gaia", 3000, "", "<text>Of [[Ann]], not Gaia.</text>"),
        ("Rules", 0, '<redirect title="Firm:Ann" />', "<text>#REDIRECT [[Firm:Ann]]</text>"),
        ("Data", 0, "", '<model>json</model><text>{"a": "[[Ann]]"}</text>'),
        ("Gone", 0, "", '<text bytes="3" deleted="deleted" />'),
    ]
    path.write_text(
        '<mediawiki version="0.11" xml:lang="en"><siteinfo><sitename>Firm</sitename><dbname>firm</dbname><namespaces>'
        '<namespace key="0" /><namespace key="4">Firm</namespace><namespace key="3000">Projekt</namespace></namespaces></siteinfo>'
        + "".join(
            f"<page><title>{title}</title><ns>{ns}</ns><id>{n}</id>{redirect}<revision><id>{n}</id>{text}</revision></page>"
            for n, (title, ns, redirect, text) in enumerate(pages, 1)
        )
        + "</mediawiki>",
        "utf-8",
    )
    return path


def test_other_namespaces_are_counted_and_read_where_asked_for(tmp_path: Path) -> None:
    dump = firm(tmp_path / "firm.xml")
    alone = build_corpus(dump, tmp_path / "alone")
    assert alone["pages"]["total"] == 1 and alone["other namespaces"] == [[3000, "Projekt", 1]]
    assert alone["counts"]["pages that are no wikitext"] == alone["counts"]["pages whose text was taken out"] == 1
    both = build_corpus(dump, tmp_path / "both", namespaces=["main", "projekt"])
    corpus = Corpus.open(tmp_path / "both")
    assert list(corpus.titles) == ["Ann", "Projekt:Gaia"] and both["site"]["namespaces"] == [0, 3000]
    assert [(link.source, link.target) for page in (0, 1) for link in corpus.links(page)] == [(0, 1), (1, 0)]
    assert corpus.resolve("projekt:Gaia") == 1 and corpus.resolve("Rules") is None, "a redirect to a namespace that is not read"
    assert {"Gaia", "Projekt:Gaia"} <= {alias for alias, *_ in corpus.aliases(1)}


def test_a_dump_without_pages_in_the_main_namespace_says_where_they_are(tmp_path: Path) -> None:
    dump = firm(tmp_path / "firm.xml")
    with pytest.raises(DumpError, match=r"namespaces that are read: Firm; but 4 of main, 1 of Projekt, which --namespace reads"):
        build_corpus(dump, tmp_path / "none", namespaces=["4"])


def test_rows_are_written_as_canonical_json_writes_them() -> None:
    odd = 'a "quoted"\\ línea\n\t\x01\x7f\u2028 北 😀 \ufdd2'
    assert parts._words_json([]) == "[]" and parts._words_json([odd, "", "b"]) == canonical_json([odd, "", "b"])
    sections = [["", 0, 0, 12, 1], [odd, 2, 13, 40, 0]]
    assert parts._sections_json(sections) == canonical_json(sections)
    fields = [[odd, 3, 9, []], ["born", 10, 20, [[1787.0274, 1787.0274, "year"], [-1e-7, 1e22, "km2"]]]]
    assert parts._fields_json(fields) == canonical_json(fields) and parts._fields_json([]) == "[]"
