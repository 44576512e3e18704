"""One page as a person looks at it: what was read, why a link is no evidence, and the wikitext beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from infoseek_offline.cli import main

ANVIL = (
    "{{Infobox tool|maker=[[Bench]]|mass={{convert|12|kg|lb}}|made=3 May 1901}}\nBy the [[Cairn]].<ref>[[Dingle]]</ref> "
    "[[Nowhere]] {{Strange|x}} {{Strange|y}}\n[[File:A.jpg|thumb|An [[Esker]]]]\n== See also ==\n[[Fjard]]"
)
PAGES = {"Anvil": ANVIL, **dict.fromkeys(("Bench", "Cairn", "Dingle", "Esker", "Fjard"), "Here."), "Block": "#REDIRECT [[Anvil]]"}
MakeHome = Callable[..., Path]


def show(*words: object) -> Result:
    return CliRunner().invoke(main, ["corpus", "page", *map(str, words)])


def test_a_page_shows_why_a_link_is_no_evidence(make_home: MakeHome) -> None:
    home = make_home(PAGES)
    links = json.loads(show("Anvil", "--home", home, "--json").stdout)["links"]
    assert {link["target"]: (link["kind"], link["evidence"], link["why_not"]) for link in links} == {
        "Bench": ("infobox", True, ""),
        "Cairn": ("prose", True, ""),
        "Dingle": ("reference", False, "in a reference"),
        "Esker": ("caption", False, "in a file's caption"),
        "Fjard": ("backmatter", False, "in a section like See also or References"),
    }
    text = show("Anvil", "--home", home).stdout
    assert "  Cairn -> Cairn\n" in text and "  - -> Dingle   not evidence: in a reference\n" in text


def test_facts_are_shown_with_what_can_be_compared(make_home: MakeHome) -> None:
    text = show("Anvil", "--home", make_home(PAGES)).stdout
    assert "  mass: 12 kg   [12 kg]\n" in text and "  made: 3 May 1901   [1901.33 year]\n" in text


def test_the_wikitext_stands_beside_it_when_the_dump_is_given(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home(PAGES)
    record = json.loads(show("Block", "--home", home, "--dump", tmp_path / "dump.xml", "--json").stdout)
    assert record["title"] == "Anvil" and record["wikitext"] == ANVIL
    assert record["links_to_no_page"] == ["Nowhere"] and record["templates_dropped"] == {"Strange": 2}
    text = show("Anvil", "--home", home, "--dump", tmp_path / "dump.xml").stdout
    said = "Links to no page of this corpus: Nowhere\nTemplates not read as text: Strange (2)\n\nWikitext\n"
    assert text.endswith(f"{said}{ANVIL}\n")
    assert "wikitext" not in json.loads(show("Anvil", "--home", home, "--json").stdout)


def test_the_wikitext_of_another_dump_is_refused(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home(PAGES)
    dump = tmp_path / "dump.xml"
    dump.write_text(dump.read_text().replace("<revision><id>1</id>", "<revision><id>77</id>"))
    result = show("Anvil", "--home", home, "--dump", dump)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr == f"infoseek: {dump} has no revision 1 of 'Anvil': give the dump that this corpus was built from\n"
    assert "no such file" in show("Anvil", "--home", home, "--dump", tmp_path / "nothing").stderr
