"""Reading dumps: every packing and encoding, the newest revision, redirects, titles, and damage as one clear line."""

from __future__ import annotations

import bz2
import gzip
import lzma
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import zstandard
from lxml import etree

from infoseek_offline.corpus import dump as dump_module
from infoseek_offline.corpus.dump import RawPage, SiteInfo, read_dump
from infoseek_offline.errors import DumpError

HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="{language}">
  <siteinfo><sitename>Harbour Wiki</sitename><dbname>{language}wiki</dbname><case>{case}</case>
  <namespaces><namespace key="0" case="first-letter" /><namespace key="6">Datei</namespace>
  <namespace key="14">Kategorie</namespace><namespace key="10">Vorlage</namespace></namespaces></siteinfo>
"""
PAGE = """  <page><title>{title}</title><ns>{ns}</ns><id>{id}</id>{redirect}
  <revision><id>{revision}</id><timestamp>2024-05-0{day}T10:00:00Z</timestamp>
  <text xml:space="preserve">{text}</text></revision></page>
"""


def page(title: str, text: str, number: int = 1, ns: int = 0, redirect: str = "", day: int = 1) -> str:
    tag = f'<redirect title="{redirect}" />' if redirect else ""
    return PAGE.format(title=title, ns=ns, id=number, redirect=tag, revision=number * 10, day=day, text=text)


def dump(*pages: str, language: str = "de", case: str = "first-letter") -> str:
    return HEAD.format(language=language, case=case) + "".join(pages) + "</mediawiki>\n"


SMALL = dump(
    page("Lantern", "A lantern hangs here.", 1), page("Pier", "The pier is long. žluťoučký", 2), page("Datei:X.png", "x", 3, 6)
)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def titles(path: Path) -> list[str]:
    return [p.title for p in read_dump(path)]


@pytest.mark.parametrize(
    "pack",
    [lambda b: b, bz2.compress, gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress],
    ids=["plain", "bzip2", "gzip", "xz", "zstd"],
)
def test_packing_is_recognised_by_content_not_name(tmp_path: Path, pack) -> None:
    path = write(tmp_path / "dump.dat", pack(SMALL.encode()))
    pages = list(read_dump(path))
    assert [p.title for p in pages] == ["Lantern", "Pier", "Datei:X.png"]
    assert pages[1] == RawPage("Pier", 0, 2, 20, "2024-05-01T10:00:00Z", "", "The pier is long. žluťoučký")
    assert pages[2].ns == 6


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_all_streams_of_a_multistream_file_are_read(tmp_path: Path, pack) -> None:
    cuts = [0, 400, 700, 900, len(SMALL)]
    data = b"".join(pack(SMALL[a:b].encode()) for a, b in pairwise(cuts))
    assert titles(write(tmp_path / "multi", data)) == ["Lantern", "Pier", "Datei:X.png"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le-bom", "utf-16-be-bom", "utf-8-sig", "declared"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    if encoding == "declared":
        data = ('<?xml version="1.0" encoding="UTF-16"?>\n' + SMALL).encode("utf-16")
    elif encoding == "utf-16-le-bom":
        data = b"\xff\xfe" + SMALL.encode("utf-16-le")
    elif encoding == "utf-16-be-bom":
        data = b"\xfe\xff" + SMALL.encode("utf-16-be")
    else:
        data = SMALL.encode(encoding)
    pages = list(read_dump(write(tmp_path / "d.xml", data)))
    assert pages[1].text.endswith("žluťoučký")


def test_older_exports_without_ns_elements_or_siteinfo(tmp_path: Path) -> None:
    text = SMALL.replace("export-0.11", "export-0.3")
    for tag in ("<ns>0</ns>", "<ns>6</ns>"):
        text = text.replace(tag, "")
    assert [p.ns for p in read_dump(write(tmp_path / "old.xml", text.encode()))] == [0, 0, 6]
    bare = "<mediawiki>" + page("Lantern", "x") + "</mediawiki>"
    reader = read_dump(write(tmp_path / "bare.xml", bare.encode()))
    assert reader.site.namespaces["category"] == 14 and [p.title for p in reader] == ["Lantern"]


def test_the_newest_revision_counts_wherever_it_stands(tmp_path: Path) -> None:
    revisions = "".join(
        f"<revision><id>{i}</id><timestamp>{stamp}</timestamp><text>text {i}</text></revision>"
        for i, stamp in ((1, "2020-01-01T00:00:00Z"), (2, "2023-01-01T00:00:00Z"), (3, "2021-01-01T00:00:00Z"))
    )
    xml = dump(f"<page><title>Lantern</title><ns>0</ns><id>7</id>{revisions}</page>")
    (only,) = read_dump(write(tmp_path / "h.xml", xml.encode()))
    assert (only.source_id, only.revision, only.text) == (7, 2, "text 2")


def test_an_empty_text_does_not_swallow_the_next_page(tmp_path: Path) -> None:
    xml = dump(page("A", "").replace('<text xml:space="preserve"></text>', "<text/>"), page("B", "there"))
    assert [(p.title, p.text) for p in read_dump(write(tmp_path / "e.xml", xml.encode()))] == [("A", ""), ("B", "there")]


@pytest.mark.parametrize(
    "word",
    ["REDIRECT", "redirect", "WEITERLEITUNG", "転送", "վերահղում", "đổi", "পুনর্নির্দেশ", "rinvia", "перенаправление", "виж"],
)
def test_redirects_by_tag_or_by_word(tmp_path: Path, word: str) -> None:
    xml = dump(
        page("Old", f"#{word} [[New pier]]"), page("Tagged", "#X [[Y]]", redirect="Target"), page("Plain", "No #REDIRECT [[Z]]")
    )
    assert [p.redirect for p in read_dump(write(tmp_path / "r.xml", xml.encode()))] == ["New pier", "Target", ""]


def test_a_redirect_to_a_section_keeps_the_section(tmp_path: Path) -> None:
    xml = dump(page("Old", "#REDIRECT [[Pier#History]]", redirect="Pier"))
    assert next(iter(read_dump(write(tmp_path / "s.xml", xml.encode())))).redirect == "Pier#History"


def test_site_information_and_localised_namespaces(tmp_path: Path) -> None:
    site = read_dump(write(tmp_path / "d.xml", SMALL.encode())).site
    assert (site.dbname, site.sitename, site.language, site.case) == ("dewiki", "Harbour Wiki", "de", "first-letter")
    for name, number in {"datei": 6, "bild": 6, "file": 6, "image": 6, "kategorie": 14, "category": 14, "vorlage": 10}.items():
        assert site.namespaces[name] == number
    assert site.normalise_title("kategorie:häfen") == (14, "Häfen", "", False)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("pier", (0, "Pier", "", False)),
        (" pier_ of  stone ", (0, "Pier of stone", "", False)),
        (":Pier", (0, "Pier", "", False)),
        ("Pier#The_old  part", (0, "Pier", "The old part", False)),
        ("#History", (0, "", "History", False)),
        ("2001: A Space Odyssey", (0, "2001: A Space Odyssey", "", False)),
        ("Star Trek: Voyager", (0, "Star Trek: Voyager", "", False)),
        ("fr:jetée", (0, "fr:jetée", "", True)),
        (":fr:Jetée", (0, "fr:Jetée", "", True)),
        ("wikt:pier", (0, "wikt:pier", "", True)),
        ("Category: piers", (14, "Piers", "", False)),
        ("user talk:ann", (3, "Ann", "", False)),
        ("Caf%C3%A9", (0, "Café", "", False)),
        ("100% wool", (0, "100% wool", "", False)),
        ("AT&amp;T", (0, "AT&T", "", False)),
        ("Cafe\u0301", (0, "Café", "", False)),
        ("\u200eélan\u200f", (0, "Élan", "", False)),
        ("ßtreet", (0, "ßtreet", "", False)),
        ("жизнь", (0, "Жизнь", "", False)),
        ("a/b \"c\"", (0, "A/b \"c\"", "", False)),
        ("", (0, "", "", False)),
    ],
)  # fmt: skip
def test_titles_are_normalised_as_mediawiki_does(raw: str, expected: tuple[int, str, str, bool]) -> None:
    assert SiteInfo().normalise_title(raw) == expected


def test_case_sensitive_wikis_keep_the_first_letter() -> None:
    assert SiteInfo(case="case-sensitive").normalise_title("pier")[1] == "pier"


@pytest.mark.parametrize(
    ("name", "data"), [("empty", b""), ("html", b"<html><body>404</body></html>"), ("text", b"hello"), ("zip", b"PK\x03\x04zz")]
)
def test_what_is_no_dump_is_refused_in_one_line(tmp_path: Path, name: str, data: bytes) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(DumpError, match=str(path)) as error:
        read_dump(path)
    assert "\n" not in str(error.value)


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DumpError, match="no such file"):
        read_dump(tmp_path / "nothing.xml")
    with pytest.raises(DumpError, match="is a folder"):
        read_dump(tmp_path)


MANY = dump(*(page(f"Pier {i}", f"Number {i} {hash(str(i)) if i % 2 else i * 7919}. " * 40, i) for i in range(400)))


@pytest.mark.parametrize(
    "pack",
    [bz2.compress, gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress],
    ids=["bzip2", "gzip", "xz", "zstd"],
)
def test_truncated_packed_data_fails_after_the_pages_before_it(tmp_path: Path, pack) -> None:
    # In many small streams, so that something can be read before the cut.
    data = b"".join(pack(MANY[i : i + 50_000].encode()) for i in range(0, len(MANY), 50_000))
    path = write(tmp_path / "cut", data[: len(data) - 300])
    reader = read_dump(path)
    seen = [p.title for p in reader]
    assert 0 < len(seen) < 400 and seen == [f"Pier {i}" for i in range(len(seen))]
    assert any("truncated" in fault.reason or "breaks off" in fault.reason for fault in reader.faults)
    with pytest.raises(DumpError, match=r"truncated|breaks off|in two") as error:
        list(read_dump(path, strict=True))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_pages_before_the_damage_are_yielded(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.xml", MANY.encode()[: MANY.index("Pier 300")])
    reader = read_dump(path)
    assert [p.title for p in reader] == [f"Pier {i}" for i in range(300)]
    cut, end = reader.faults
    assert cut.reason == "the XML breaks off within the page" and path.read_bytes()[cut.offset :].startswith(b"<page>")
    assert end.reason == "the XML breaks off: it has no </mediawiki>"


def test_corrupt_bytes_in_the_middle(tmp_path: Path) -> None:
    data = bytearray(bz2.compress(MANY.encode()))
    data[len(data) // 2 : len(data) // 2 + 20] = b"\x00" * 20
    path = write(tmp_path / "bad.bz2", bytes(data))
    with pytest.raises(DumpError, match="damaged"):
        list(read_dump(path, strict=True))


def broken_in_the_middle(tmp_path: Path) -> Path:
    """Streams of a hundred pages, the third of them overwritten in its middle."""
    pages = [page(f"Pier {i}", f"Number {i}. " * 40, i) for i in range(500)]
    texts = [dump().replace("</mediawiki>\n", ""), *("".join(pages[i : i + 100]) for i in range(0, 500, 100)), "</mediawiki>\n"]
    streams = [bytearray(bz2.compress(t.encode())) for t in texts]
    middle = len(streams[3]) // 2
    streams[3][middle : middle + 30] = bytes(30)
    return write(tmp_path / "broken.bz2", b"".join(streams))


def test_a_broken_stream_costs_its_pages_and_no_other(tmp_path: Path) -> None:
    path = broken_in_the_middle(tmp_path)
    reader = read_dump(path)
    assert [p.title for p in reader] == [f"Pier {i}" for i in range(500) if not 200 <= i < 300]
    (fault,) = reader.faults
    assert "damaged in the block at byte" in fault.reason and 0 < fault.offset < path.stat().st_size


@pytest.mark.parametrize("segment", [1000, 20_000, 1 << 22])
@pytest.mark.parametrize("pack", [bytes, bz2.compress, lzma.compress], ids=["plain", "bzip2", "xz"])
def test_where_segments_begin_changes_nothing(tmp_path: Path, pack, segment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infoseek_offline.corpus.packed.SEGMENT", segment)
    text = dump(*(page(f"Pier {i}", f"Number {i}, {i * 7919} planks. " * (1 + i * i % 97), i) for i in range(900)))
    streams = [text.encode()[i : i + 30_000] for i in range(0, len(text.encode()), 30_000)]
    path = write(tmp_path / "d", b"".join(map(pack, streams)))
    reader = read_dump(path)
    assert [p.title for p in reader] == [f"Pier {i}" for i in range(900)] and reader.faults == []


def test_a_single_stream_of_many_blocks_is_entered_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infoseek_offline.corpus.packed.SEGMENT", 20_000)
    noise = Random(3)
    text = dump(*(page(f"Pier {i}", " ".join(str(noise.random()) for _ in range(20)), i) for i in range(2000)))
    path = write(tmp_path / "d.bz2", bz2.compress(text.encode(), 1))
    reader = read_dump(path)
    assert len(list(reader.source.segments())) > 5
    assert [p.title for p in reader] == [f"Pier {i}" for i in range(2000)] and reader.faults == []


def test_invalid_utf_8_is_replaced_and_said(tmp_path: Path) -> None:
    data = dump(page("A", "one"), page("B", "two XX three"), page("C", "four")).encode().replace(b"XX", b"\xff\xfe")
    reader = read_dump(write(tmp_path / "d.xml", data))
    assert [(p.title, p.text) for p in reader] == [("A", "one"), ("B", "two \ufffd\ufffd three"), ("C", "four")]
    (fault,) = reader.faults
    assert (fault.page, fault.reason) == ("B", "mended: invalid UTF-8, read as U+FFFD")
    assert data[fault.offset :].startswith(b"<page><title>B</title>")


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "&#8;", "&#x1F;", "&undefined;", "a < b", "<b>"])
def test_what_is_no_xml_costs_at_most_its_page(tmp_path: Path, bad: str) -> None:
    reader = read_dump(write(tmp_path / "d.xml", dump(page("A", "one"), page("B", f"two {bad} three"), page("C", "four")).encode()))
    pages = {p.title: p.text for p in reader}
    assert pages["A"] == "one" and pages["C"] == "four" and pages["B"].startswith("two ")
    assert [f.page for f in reader.faults] == ["B"]


@pytest.mark.parametrize("lost", ["</page>", "<page>", "</text></revision></page>\n  <page>"])
def test_a_lost_tag_costs_its_page_alone(tmp_path: Path, lost: str) -> None:
    text = dump(page("A", "one"), page("B", "two"), page("C", "four"), page("D", "five"))
    at = text.index(lost, text.index("<title>A"))
    reader = read_dump(write(tmp_path / "d.xml", (text[:at] + text[at + len(lost) :]).encode()))
    found = [p.title for p in reader]
    assert len(found) >= 3 - (lost.count("<") - 1) and found[-2:] == ["C", "D"] and reader.faults


def test_other_export_versions_and_elements_nobody_knows(tmp_path: Path) -> None:
    for version in ("0.3", "0.5", "0.10", "0.11", "0.42", "2.0"):
        text = SMALL.replace("0.11", version).replace("</id>", "</id><novel kind='x'><id>9</id></novel>")
        reader = read_dump(write(tmp_path / "d.xml", text.encode()))
        assert [(p.title, p.source_id) for p in reader] == [("Lantern", 1), ("Pier", 2), ("Datei:X.png", 3)]
        assert reader.site.dbname == "dewiki" and reader.faults == []


def test_a_title_of_ten_thousand_characters(tmp_path: Path) -> None:
    title = "Pier" * 2500
    assert titles(write(tmp_path / "d.xml", dump(page(title, "x"), page("B", "y")).encode())) == [title, "B"]


def test_a_page_of_many_revisions_is_not_held_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infoseek_offline.corpus.cut.MANY_BYTES", 50_000)
    monkeypatch.setattr("infoseek_offline.corpus.packed.CHUNK", 10_000)
    newest = 37
    revisions = "".join(
        f"<revision><id>{i}</id><timestamp>2020-01-01T00:{99 if i == newest else i % 60:02}:00Z</timestamp>"
        f"<text>text {i} {'x' * 900}</text></revision>"
        for i in range(1, 1000)
    )
    xml = dump(page("A", "a"), f"<page><title>Lantern</title><ns>0</ns><id>7</id>{revisions}</page>", page("B", "b"))
    for pack in (bytes, lzma.compress):
        reader = read_dump(write(tmp_path / "h.xml", pack(xml.encode())))
        assert [(p.title, p.text[:7]) for p in reader] == [("A", "a"), ("Lantern", "text 37"), ("B", "b")]
        assert reader.faults == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_are_refused(tmp_path: Path, encoding: str) -> None:
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>' + dump(page("A", "&l9;"))
    with pytest.raises(DumpError, match="document type"):
        list(read_dump(write(tmp_path / "bomb.xml", xml.encode(encoding))))


def test_a_page_of_fifty_megabytes(tmp_path: Path) -> None:
    xml = dump(page("Big", "All the water runs here. " * 2_100_000), page("After", "x"))
    sizes = [(p.title, len(p.text)) for p in read_dump(write(tmp_path / "big.xml.gz", gzip.compress(xml.encode(), 1)))]
    assert sizes == [("Big", 52_500_000), ("After", 1)]


def test_titles_are_read_as_mediawiki_writes_them(tmp_path: Path) -> None:
    xml = dump(page("\u200flantern\u200e", "x"), page("Cafe\u0301_du_Nord", "x"), page("Datei:a.png", "x", 3, 6))
    assert titles(write(tmp_path / "a.xml", xml.encode())) == ["Lantern", "Café du Nord", "Datei:a.png"]
    (tmp_path / "b.xml").write_text(dump(page("lantern", "x"), case="case-sensitive"), "utf-8")
    assert titles(tmp_path / "b.xml") == ["lantern"]


def test_what_a_text_is_and_whether_it_was_taken_out(tmp_path: Path) -> None:
    other = "<content><role>mediainfo</role><model>wikibase-mediainfo</model><text>{}</text></content>"
    xml = dump(
        page("A", "x").replace("<text ", "<model>json</model><text "),
        page("B", "x").replace('<text xml:space="preserve">x</text>', '<text bytes="9" deleted="deleted" />'),
        page("C", "x").replace("</text>", f"</text>{other}").replace("<text ", "<model>wikitext</model><text ", 1),
    )
    found = [(p.title, p.model, p.deleted, p.text) for p in read_dump(write(tmp_path / "a.xml", xml.encode()))]
    assert found == [("A", "json", False, "x"), ("B", "wikitext", True, ""), ("C", "wikitext", False, "x")]


def test_namespaces_to_read_by_name_or_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", SMALL.encode())
    assert read_dump(path).site.content == {0}
    assert read_dump(path, namespaces=["main", "vorlage", "14"]).site.content == {0, 10, 14}
    for wrong in ("Quark", "99", "Special"):
        with pytest.raises(DumpError, match=rf"no namespace '{wrong}'; give one of: main \(0\), .*Vorlage \(10\)"):
            read_dump(path, namespaces=[wrong])


USUAL = """<page>
    <title>L&#039;Île {n}</title>
    <ns>0</ns>
    <id>7</id>
    <redirect title="The &quot;Pier&quot;" />
    <revision>
      <id>70</id>
      <parentid>69</parentid>
      <timestamp>2024-05-01T10:00:00Z</timestamp>
      <contributor>
        <username>A &amp; B</username>
        <id>3</id>
      </contributor>
      <minor />
      <comment>x &lt;y&gt;</comment>
      <origin>70</origin>
      <model>wikitext</model>
      <format>text/x-wiki</format>
      <text bytes="9" sha1="abc" xml:space="preserve">'''Île''' &amp; a &lt;b&gt;pier&lt;/b&gt; ]]&gt;
</text>
      <sha1>abc</sha1>
    </revision>
  </page>"""


PIECES = [
    "", "\t", "\r", "&#13;", "&nbsp;", "&", ">", "]]>", "<!-- x -->", "<?x y?>", "<![CDATA[x]]>", "\x01", "\ufffe", "\xa0",
    "<b>x</b>",
]  # fmt: skip
PLACES = ["{n}", " B</user", "y&gt;", "<text", "a &lt;b", 'Pier"', "10:00", "</text>", "<sha1>", "</revision>", "<ns>"]
ELEMENTS = [
    "<id>8</id>", "<title>Other</title>", "<model>json</model>", "<model></model>", '<comment deleted="deleted" />',
    "<text>y</text>",
]  # fmt: skip


def _page_changes() -> list[str]:
    plain = USUAL.replace("L&#039;", "").replace("The &quot;Pier&quot;", "Pier")
    changed = [plain.replace(place, piece + place, 1) for piece in PIECES for place in PLACES]
    for one in ELEMENTS:
        changed += [plain.replace(at, one + at, 1) for at in ("<ns>", "<minor />", "<sha1>", "</revision>", "</page>")]
    return [plain, USUAL, plain.replace(' bytes="9"', ' deleted="deleted"'), *changed]


def test_the_short_way_through_a_usual_page_reads_what_the_parser_reads() -> None:
    site, short = SiteInfo(), 0
    for text in _page_changes():
        data = text.encode("utf-8")
        usual = dump_module._usual_page(data, site)
        if usual is not None:
            short += 1
            assert usual == dump_module._page(etree.fromstring(data, dump_module._parser()), site), text
    assert short > 40
    plain = dump_module._usual_page(_page_changes()[0].encode(), site)
    assert plain is not None and (plain.title, plain.redirect, plain.model) == ("Île {n}", "Pier", "wikitext")
