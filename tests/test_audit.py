"""`audit`: our own items come through it clean, and a defect planted in the exported file is found by its name."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infoseek_offline import pipeline
from infoseek_offline.checks.audit import Audited, audit, table
from infoseek_offline.checks.foreign import find_page
from infoseek_offline.cli import main
from infoseek_offline.config import load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.dataset.exports import infoseek_tree
from infoseek_offline.errors import UsageError
from infoseek_offline.files import canonical_json
from infoseek_offline.records import Question

JSON = Any
BOUNDS = load_config("demo").bounds


@pytest.fixture(scope="module")
def ours(sample_run: Path) -> list[Question]:
    return pipeline.questions(sample_run)


@pytest.fixture(scope="module")
def exported(ours: list[Question]) -> list[JSON]:
    return [infoseek_tree(question) for question in ours]


def audited(items: list[JSON], home: Path, folder: Path) -> list[Audited]:
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return list(audit(path, home, BOUNDS))


def leaf_of(item: JSON) -> JSON:
    """A named child of the root."""
    return next(child for child in item["root"]["children"] if not child["children"] and not child["claims"])


def with_leaf(items: list[JSON]) -> JSON:
    """An item with a named child of the root, and with links alone, of which nothing is lost in the form."""

    def linked(node: JSON) -> bool:
        return all(c["target_id"] != node["id"] for c in node["claims"]) and all(map(linked, node["children"]))

    found = (i for i in items if linked(i["root"]) and any(not c["children"] and not c["claims"] for c in i["root"]["children"]))
    return copy.deepcopy(next(found))


# Export


def test_the_form_of_the_export(ours: list[Question], exported: list[JSON]) -> None:
    def walk(node: JSON) -> list[JSON]:
        return [node, *(below for child in node["children"] for below in walk(child))]

    for question, item in zip(ours, exported, strict=True):
        nodes = walk(item["root"])
        assert [list(n) for n in nodes[1:]] == [["id", "entity", "href", "claims", "children"]] * (len(nodes) - 1)
        assert list(nodes[0]) == ["id", "entity", "question", "href", "claims", "children"]
        assert {n["id"]: n["entity"] for n in nodes} == {v.id: v.title for v in question.tree.vertices}
        claims = [c for n in nodes for c in n["claims"]]
        assert len(claims) == len(question.clues) and {c["target_id"] for c in claims} <= {n["id"] for n in nodes}
        assert all("{" not in c["claim"] for c in claims)
        assert " " not in nodes[0]["href"]


GOLDEN = {
    "root": {
        "id": "A", "entity": "Kesh (moon)", "question": "Which moon?", "href": "/wiki/Kesh_%28moon%29",
        "claims": [{"target_id": "B", "claim": "Kesh (moon) orbits Brontes"}, {"target_id": "A", "claim": "Kesh (moon) is a moon"}],
        "children": [{"id": "B", "entity": "Brontes", "href": "/wiki/Brontes", "claims": [], "children": []}],
    }
}  # fmt: skip


def test_the_export_to_the_letter(ours: list[Question]) -> None:
    root, constraint = ours[0].tree.root, ours[0].tree.root.constraints[0]
    orbits = constraint.model_copy(update={"kind": "link", "wording": "{v} orbits {o}", "other": "B", "value": ""})
    is_moon = constraint.model_copy(update={"kind": "type", "wording": "{v} is a {o}", "other": "", "value": "moon"})
    moon = root.model_copy(update={"title": "Kesh (moon)", "constraints": (orbits, is_moon)})
    planet = root.model_copy(update={"id": "B", "title": "Brontes", "role": "leaf", "parent": "A", "constraints": ()})
    tree = ours[0].tree.model_copy(update={"vertices": (moon, planet)})
    assert infoseek_tree(ours[0].model_copy(update={"question": "Which moon?", "tree": tree})) == GOLDEN


# Our own


def test_our_own_items_are_clean_but_for_what_the_form_can_not_say(
    ours: list[Question], exported: list[JSON], sample_home: Path, tmp_path: Path
) -> None:
    """Vague vertices look like inner ones there, and R2 asks in other words."""
    found = audited(exported, sample_home, tmp_path)
    assert [item.answer for item in found] == [item["root"]["entity"] for item in exported]
    assert not any(item.unresolved or item.unsupported for item in found)
    plain = [item for item, q in zip(found, ours, strict=True) if not any(v.role == "blur" for v in q.tree.vertices)]
    read = [item for item in plain if not item.unread]
    assert len(read) > 0.7 * len(plain) > 5
    assert sum(set(item.defects) <= {"not found"} for item in read) > 0.9 * len(read), list(table(found))


# Planted defects


def test_names_of_no_page(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    item, whole = with_leaf(exported), with_leaf(exported)
    leaf = leaf_of(item)
    item["root"]["claims"] = [{**c, "claim": "?"} if c["target_id"] == leaf["id"] else c for c in item["root"]["claims"]]
    leaf.update(entity="Nowhereville", href="")
    whole["root"].update(entity="Nowhereville", href="")
    a, b = audited([item, whole], sample_home, tmp_path)
    assert a.unresolved == ("Nowhereville",) and "unresolved" in a.defects
    assert b.unresolved == ("Nowhereville",) and b.verdicts == ()


def test_a_clue_gone_leaves_more_answers(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    item = with_leaf(exported)
    gone = leaf_of(item)
    item["root"]["children"].remove(gone)
    item["root"]["claims"] = [c for c in item["root"]["claims"] if c["target_id"] != gone["id"]]
    assert "not unique" in audited([item], sample_home, tmp_path)[0].defects


def test_a_clue_twice_is_idle_and_included(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    item = with_leaf(exported)
    again = {**leaf_of(item), "id": "Z"}
    item["root"]["children"].append(again)
    item["root"]["claims"].append({"target_id": "Z", "claim": "again"})
    assert {"idle clue", "included clue", "needless clue"} <= set(audited([item], sample_home, tmp_path)[0].defects)


def test_a_false_claim(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    corpus = Corpus.open(sample_home / "corpus")
    item = with_leaf(exported)
    root = corpus.resolve(item["root"]["entity"])
    assert root is not None
    strange = next(p for p in corpus.answerable().tolist() if p not in corpus.neighbours(root) and p != root)
    leaf_of(item).update(entity=corpus.titles[strange], href="")
    assert {"unsupported", "not unique"} <= set(audited([item], sample_home, tmp_path)[0].defects)


def test_the_inner_vertices_flattened_can_be_skipped(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    item = with_leaf(exported)
    for child in item["root"]["children"]:
        child.update(claims=[], children=[])
    assert "skippable" in audited([item], sample_home, tmp_path)[0].defects


def test_the_answer_in_the_question_is_leaked_and_found(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    item = with_leaf(exported)
    item["root"]["question"] = f"What is {item['root']['entity']}?"
    assert {"leaked", "one search"} <= set(audited([item], sample_home, tmp_path)[0].defects)


# The other form


def test_question_answer_and_linked_pages(sample_home: Path, tmp_path: Path) -> None:
    corpus = Corpus.open(sample_home / "corpus")
    rich = max(corpus.answerable().tolist(), key=corpus.degree)
    near = [corpus.titles[p] for p in corpus.neighbours(rich).tolist() if p in set(corpus.answerable().tolist())]
    near.sort(key=lambda title: corpus.degree(corpus.resolve(title) or 0))
    answer = corpus.titles[rich]
    few, many, none = audited(
        [
            {"question": "Which one is it?", "answer": answer, "pages": near[-1:]},
            {"question": f"What is {answer}?", "answer": [answer], "pages": near[:3], "id": "mine"},
            {"question": "Which one is it?", "answer": answer, "pages": ["Nowhereville"]},
        ],
        sample_home,
        tmp_path,
    )
    assert "not unique" in few.defects and "leaked" not in few.defects and few.id == "line 1"
    assert "leaked" in many.defects and many.id == "mine"
    assert none.defects == ("unresolved", "no clue to check") and {v.check for v in none.verdicts} == {"L1", "R1"}
    assert {v.check for v in few.verdicts} == {"U1", "M1", "M3", "X1", "X5", "L1", "R1"}


# Other layouts


def of_ours(question: Question) -> JSON:
    return {
        "question": question.question,
        "answer": question.answer,
        "pages": [v.title for v in question.tree.vertices if v.role == "leaf"],
    }


def test_layouts_of_others_say_the_same(ours: list[Question], sample_home: Path, tmp_path: Path) -> None:
    plain = of_ours(ours[0])
    question, answer, pages = plain.values()
    no_support = {"title": "Nowhereville", "is_supporting": False}
    same: list[JSON] = [
        plain,
        {"_id": "hotpot", "question": question, "answer": answer, "supporting_facts": [[p, 0] for p in pages],
         "context": [["Nowhereville", ["x"]]]},
        {"question": question, "answer": answer, "supporting_facts": {"title": pages, "sent_id": [0] * len(pages)}},
        {"id": "musique", "question": question, "answer": "no page", "answer_aliases": [answer],
         "paragraphs": [*({"title": p, "is_supporting": True} for p in pages), no_support]},
        {"query": question, "answer": [answer], "urls": [f"https://x.example/wiki/{p.replace(' ', '_')}?y=1#z" for p in pages]},
        {"question": question, "answer": answer.upper(), "pages": [p.lower() for p in pages]},
    ]  # fmt: skip
    found = audited(same, sample_home, tmp_path)
    assert len({item.defects for item in found}) == 1
    assert len({canonical_json([v.model_dump(mode="json") for v in item.verdicts]) for item in found}) == 1
    assert not any(item.unresolved for item in found)
    table_file = tmp_path / "items.csv"
    with table_file.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "question", "answer", "pages"], ["7", question, answer, "|".join(pages)]])
    (row,) = audit(table_file, sample_home, BOUNDS)
    assert (row.id, row.defects) == ("7", found[0].defects)


def test_a_tree_in_a_string(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    whole, told = audited([exported[0], {"root": json.dumps(exported[0]["root"]), "vertices": 7}], sample_home, tmp_path)
    assert whole.defects == told.defects and whole.verdicts == told.verdicts


def test_an_alias_is_the_page_that_most_links_mean_by_it(make_corpus: Any) -> None:
    river, ship = "[[Vasa river|", "[[Vasa (ship)|"
    corpus = make_corpus({
        "Vasa river": "The Vasa river is a river.",
        "Vasa (ship)": "The Vasa is a ship.",
        "Old name": "#REDIRECT [[Vasa river]]",
        **{f"Town {n}": f"Town {n} lies on the {river}Long Water]], not on {ship}The Deep]]." for n in range(3)},
        "Town 9": f"Town 9 lies on {ship}Long Water]].",
        "Town 10": f"Town 10 lies on the {river}The Deep]].",
        "Town 11": f"Town 11 lies on the {river}The Deep]].",
        "Town 12": f"Town 12 lies on the {river}The Deep]].",
    })  # fmt: skip
    page = corpus.resolve("Vasa river")
    assert [find_page(corpus, name) for name in ("vasa RIVER", "old  name", "Old_name", "long water")] == [page] * 4
    assert find_page(corpus, "https://x.example/wiki/Vasa_river#Course") == page
    assert find_page(corpus, "the deep") is None, "as many mean the one as the other"


def test_what_is_no_item_is_told_and_the_rest_goes_on(ours: list[Question], sample_home: Path, tmp_path: Path) -> None:
    good = json.dumps(of_ours(ours[0]))
    path = tmp_path / "x.jsonl"
    lines = ["\ufeff{no", good, "", "[1]", '{"question": "x", "answer": []}', "[" * 100_000, good]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = list(audit(path, sample_home, BOUNDS))
    assert [(item.id, item.defects == ("unreadable",)) for item in found] == [
        ("line 1", True), ("line 2", False), ("line 4", True), ("line 5", True), ("line 6", True), ("line 7", False)
    ]  # fmt: skip
    assert all("line" in item.unread[0] for item in found if item.defects == ("unreadable",))


def test_values_of_any_kind_are_survived(ours: list[Question], sample_home: Path, tmp_path: Path) -> None:
    """Halves of surrogate pairs, numbers for titles, and ids of many lines: an item is judged or told to be none, in one line."""
    plain = of_ours(ours[0])
    odd: list[JSON] = [
        {**plain, "question": "\ud800 what?"}, {**plain, "pages": [{"title": 1.5}]}, {**plain, "pages": [{"title": 1789}]},
        {**plain, "id": "a\nb" * 90}, {**plain, "answer": {"a": 1}},
    ]  # fmt: skip
    found = audited(odd, sample_home, tmp_path)
    assert [json.loads(item.model_dump_json())["defects"] == ["unreadable"] for item in found] == [False] * 4 + [True]
    assert found[2].unresolved in ((), ("1789",))
    lines = list(table(found))[: len(odd)]
    assert all("\n" not in line and len(line) < 300 for line in lines)
    assert "the answer is missing" in lines[4]


@pytest.mark.parametrize(("mark", "suffix"), [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("\t", "csv"), ("|", "csv")])
def test_columns_by_the_mark_that_the_header_shows(
    ours: list[Question], sample_home: Path, tmp_path: Path, mark: str, suffix: str
) -> None:
    question, answer, pages = of_ours(ours[0]).values()
    path = tmp_path / f"items.{suffix}"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=mark).writerows([["Question", "Answer", "Pages"], [question, answer, json.dumps(pages)]])
    (row,) = audit(path, sample_home, BOUNDS)
    assert (row.question, row.answer, row.unresolved) == (question, answer, ())


def test_without_a_clue_only_the_words_are_judged(ours: list[Question], sample_home: Path, tmp_path: Path) -> None:
    answer = ours[0].answer
    bare, leaked, no_page = audited(
        [{"question": "Which one?", "answer": answer}, {"question": f"What is {answer}?", "answer": answer},
         {"question": "Was it in 1912 or later?", "answer": "1912"}], sample_home, tmp_path,
    )  # fmt: skip
    assert bare.defects == ("no clue to check",)
    assert set(leaked.defects) >= {"no clue to check", "leaked", "one search"}
    assert no_page.defects == ("unresolved", "leaked")


# The command


def test_the_command(exported: list[JSON], sample_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "trees.json"
    path.write_text(json.dumps(exported[:3]), encoding="utf-8")
    command = ["audit", str(path), "--home", str(sample_home), "--profile", "demo"]
    shown = CliRunner().invoke(main, command)
    assert shown.exit_code == 0 and shown.stdout.count("item ") == 3 and "not unique" in shown.stdout
    lines = CliRunner().invoke(main, [*command, "--json"]).stdout.splitlines()
    assert [json.loads(line)["answer"] for line in lines] == [item["root"]["entity"] for item in exported[:3]]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "no JSON"), ("[1]", "neither form"), ('{"a": 1}', "neither form"), ('{"root": {}}', "missing"),
     ('{"question": "x", "answer": []}', "missing"), ('{"root": {"entity": "Nowhere", "claims": 3}}', "")],
)  # fmt: skip
def test_other_files_are_refused_in_one_line(sample_home: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    if not said:
        assert next(audit(path, sample_home, BOUNDS)).unresolved == ("Nowhere",)
        return
    with pytest.raises(UsageError, match=said):
        list(audit(path, sample_home, BOUNDS))
    path.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="no item"):
        list(audit(path, sample_home, BOUNDS))
    with pytest.raises(UsageError, match="no file"):
        list(audit(tmp_path / "y.json", sample_home, BOUNDS))
