"""Whatever is wrong with a dump, a folder or the disk: one clear line, exit code 1, and what was there before is still good."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import dump_xml
from test_grow import invented_home, invented_wiki

from infoseek_offline.cli import main

XML = dump_xml(invented_wiki())


def infoseek(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(w) for w in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def fails(*words: object) -> str:
    """The one line with which the command fails."""
    code, stdout, stderr = infoseek(*words)
    assert (code, stdout) == (1, ""), stderr
    (line,) = stderr.splitlines()
    assert line.startswith("infoseek: ")
    return line.removeprefix("infoseek: ")


def state(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented_home(tmp_path_factory.mktemp("robust"))


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """A home of one's own, to damage."""
    shutil.copytree(built, tmp_path / "home")
    return tmp_path / "home"


def data(home: Path, out: Path, *more: object) -> list[object]:
    return ["data", "--home", home, "--out", out, "--profile", "demo", "--count", 2, "--workers", 1, *more]


# Dumps


def truncated(path: Path) -> None:
    packed = bz2.compress(XML.encode())
    path.write_bytes(packed[: len(packed) * 2 // 3])


def truncated_xml(path: Path) -> None:
    path.write_text(XML[: len(XML) // 2])


def corrupt(path: Path) -> None:
    packed = bytearray(bz2.compress(XML.encode()))
    packed[len(packed) // 2 :] = random.Random(1).randbytes(len(packed) - len(packed) // 2)
    path.write_bytes(bytes(packed))


def without_articles(path: Path) -> None:
    path.write_text(dump_xml({"Anvil": "#REDIRECT [[Bench]]"}).replace("<ns>0</ns>", "<ns>0</ns>"))


def only_talk(path: Path) -> None:
    path.write_text(XML.replace("<ns>0</ns>", "<ns>1</ns>"))


def stubs(path: Path) -> None:
    path.write_text(re.sub(r"<text[^>]*>[^<]*</text>", '<text id="7" bytes="9" />', XML))


BAD_DUMPS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "truncated bz2, nothing left": (truncated, "truncated"),
    "corrupt bz2, nothing left": (corrupt, "damaged"),
    "no articles": (without_articles, "holds no articles"),
    "talk pages only": (only_talk, "holds no articles"),
    "stubs": (stubs, "holds no texts"),
    "a text file": (lambda path: path.write_text("Dear diary,\n"), "not a MediaWiki export"),
    "a web page": (lambda path: path.write_text("<!DOCTYPE html><html><body>404</body></html>"), "an HTML page"),
    "a 7z archive": (lambda path: path.write_bytes(b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(500)), "a 7z archive"),
    "a zip archive": (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(500)), "a zip archive"),
    "a tar archive": (lambda path: path.write_bytes(b"a.xml".ljust(257, b"\0") + b"ustar" + XML.encode()), "a tar archive"),
    "tables": (lambda path: path.write_bytes(gzip.compress(b"-- MySQL dump\nCREATE TABLE `page` (a int);")), "an SQL dump"),
    "a multistream index": (lambda path: path.write_bytes(bz2.compress(b"600:1:Anvil\n600:2:Bench\n")), "the index of"),
    "JSON": (lambda path: path.write_text('{"query": {}}'), "JSON"),
    "an empty file, packed": (lambda path: path.write_bytes(bz2.compress(b"\n")), "empty when unpacked"),
    "a pipe": (lambda path: os.mkfifo(path), "a pipe"),
    "an empty file": (lambda path: path.touch(), "empty"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "nothing": (lambda path: None, "no such file"),
}


@pytest.mark.parametrize("make", list(BAD_DUMPS), ids=list(BAD_DUMPS))
@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_dump_is_refused_and_the_older_corpus_stays(built: Path, tmp_path: Path, make: str, workers: int) -> None:
    write, says = BAD_DUMPS[make]
    dump = tmp_path / "bad.xml.bz2"
    write(dump)
    before = state(built)
    line = fails("corpus", "build", dump, "--home", built, "--workers", workers)
    assert says in line and str(dump) in line
    assert state(built) == before
    assert {p.name for p in built.iterdir()} <= {"corpus", "search", "claims"}
    assert infoseek("search", "town", "--home", built)[0] == 0


def test_a_bad_dump_leaves_no_half_corpus_in_a_new_home(tmp_path: Path) -> None:
    truncated(tmp_path / "bad.xml.bz2")
    fails("corpus", "build", tmp_path / "bad.xml.bz2", "--home", tmp_path / "home")
    assert not (tmp_path / "home").exists() or list((tmp_path / "home").iterdir()) == []


def test_what_can_be_read_of_a_truncated_dump_is_read_and_the_rest_named(tmp_path: Path) -> None:
    truncated_xml(tmp_path / "bad.xml")
    code, stdout, stderr = infoseek("corpus", "build", tmp_path / "bad.xml", "--home", tmp_path / "home")
    manifest = json.loads(stdout)
    assert code == 0 and 10 < manifest["pages"]["total"] < 243
    assert manifest == json.loads((tmp_path / "home" / "corpus" / "manifest.json").read_text())
    (page, offset, reason), (_, end, last) = manifest["faults"]["named"]
    assert manifest["faults"]["count"] == 2 and page in XML and 0 < offset < end == len(XML) // 2
    assert reason == "the XML breaks off within the page" and last == "the XML breaks off: it has no </mediawiki>"
    assert f"not read, or mended: page '{page}', offset {offset}: {reason}" in stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_strict_makes_any_damage_an_error_and_keeps_the_older_corpus(home: Path, tmp_path: Path, workers: int) -> None:
    truncated_xml(tmp_path / "bad.xml")
    before = state(home)
    line = fails("corpus", "build", tmp_path / "bad.xml", "--home", home, "--strict", "--workers", workers)
    assert "breaks off" in line and str(tmp_path / "bad.xml") in line
    assert {name: digest for name, digest in state(home).items() if ".building" not in name} == before
    assert infoseek("corpus", "build", tmp_path / "bad.xml", "--home", home)[0] == 0
    assert {p.name for p in home.iterdir()} <= {"corpus", "search", "claims"}


def test_content_that_stands_in_other_namespaces_is_told(tmp_path: Path) -> None:
    dump = tmp_path / "firm.xml"
    pages = dump_xml({"Anvil": "x", **{f"Plan {n}": "x" for n in range(4)}})
    named = '<namespace key="3000">Plan</namespace><namespace key="10"'
    pages = re.sub(r"<title>Plan (\d)</title><ns>0", r"<title>Plan:\1</title><ns>3000", pages)
    dump.write_text(pages.replace('<namespace key="10"', named))
    code, _, said = infoseek("corpus", "build", dump, "--home", tmp_path / "home")
    assert code == 0 and "left out: pages of other namespaces (Plan 4); --namespace NAME reads one" in said
    code, _, said = infoseek("corpus", "build", dump, "--home", tmp_path / "home", "--namespace", "plan", "--namespace", "main")
    assert code == 0 and "left out" not in said and "corpus of 5 pages" in said


def test_second_pages_of_a_title_or_an_id_are_named(tmp_path: Path) -> None:
    pages = {"Anvil": "A tool by the [[Bench]].", "Bench": "Of wood.", "Cairn": "Of stone."}
    second = dump_xml({"Anvil": "Another text."}).replace("<id>1</id>", "<id>9</id>", 1)
    second = second[second.index("<page>") : second.index("</mediawiki>")]
    text = dump_xml(pages).replace("<id>3</id>", "<id>2</id>", 1).replace("</mediawiki>", second + "</mediawiki>")
    (tmp_path / "d.xml").write_text(text)
    code, stdout, stderr = infoseek("corpus", "build", tmp_path / "d.xml", "--home", tmp_path / "home")
    manifest = json.loads(stdout)
    assert code == 0 and manifest["pages"]["total"] == 3 and manifest["counts"]["duplicate titles"] == 1
    assert manifest["faults"]["named"] == [
        ["Anvil", text.rindex("<page>"), "a page of this title stands before it; left out"],
        ["Cairn", text.index("<page><title>Cairn"), "another page has its id 2; kept"],
    ]
    assert "page 'Anvil'" in stderr
    page = infoseek("corpus", "page", "Anvil", "--home", tmp_path / "home")[1]
    assert "A tool by the" in page and "Another text" not in page


def test_an_option_that_is_a_file_where_a_folder_should_be(built: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, stderr = infoseek("corpus", "build", built.parent / "invented.xml", "--home", tmp_path / "file")
    assert code == 2 and "Traceback" not in stderr
    line = fails("corpus", "build", built.parent / "invented.xml", "--home", tmp_path / "file" / "below")
    assert str(tmp_path / "file") in line


# Corpus and index


def test_no_corpus(tmp_path: Path) -> None:
    for words in (["index"], ["search", "x"], ["corpus", "page", "x"], ["data", "--out", tmp_path / "run"]):
        line = fails(*words, "--home", tmp_path)
        assert line == f"no corpus in {tmp_path / 'corpus'}: make one with 'infoseek corpus build DUMP' or 'make index DUMP=…'"
    assert not (tmp_path / "run").exists()


def test_a_corpus_without_its_manifest_is_no_corpus(home: Path, tmp_path: Path) -> None:
    (home / "corpus" / "manifest.json").unlink()
    assert fails("index", "--home", home).startswith("no corpus in ")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"x"', '{"format": 1}', "\x00"])
def test_a_damaged_manifest_of_a_corpus(home: Path, content: str) -> None:
    (home / "corpus" / "manifest.json").write_text(content)
    for words in (["index"], ["search", "x"]):
        assert "build" in fails(*words, "--home", home)


def test_a_manifest_of_another_version(home: Path) -> None:
    manifest = json.loads((home / "corpus" / "manifest.json").read_text())
    (home / "corpus" / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    assert "has corpus format 99, this version reads" in fails("search", "x", "--home", home)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "overwritten"])
@pytest.mark.parametrize("command", ["index", "corpus page", "data"])
def test_a_damaged_database(home: Path, tmp_path: Path, damage: str, command: str) -> None:
    path = home / "corpus" / "corpus.sqlite"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        changed = {"empty": b"", "cut": content[: len(content) // 3], "overwritten": b"\xff" * len(content)}
        path.write_bytes(changed[damage])
    words = {
        "index": ["index"],
        "corpus page": ["corpus", "page", "Anvil"],
        "data": ["data", "--out", tmp_path / "run", "--workers", 1],
    }
    before = state(home / "search")
    assert "corpus" in fails(*words[command], "--home", home)
    assert state(home / "search") == before


@pytest.mark.parametrize("name", ["near.npy", "link.npy", "kinds.npy"])
@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"\xff" * 100], ids=["empty", "cut", "overwritten"])
def test_a_damaged_array(home: Path, name: str, damage: bytes) -> None:
    (home / "corpus" / "graph" / name).write_bytes(damage)
    assert "damaged" in fails("search", "x", "--home", home)


def test_an_index_made_with_another_encoder(home: Path) -> None:
    line = fails("search", "x", "--home", home, "--encoder", "minilm")
    assert "was made with the encoder lsa, not with minilm; run: infoseek index --encoder minilm" in line
    assert infoseek("search", "town", "--home", home, "--encoder", "lsa")[0] == 0


def test_an_index_of_another_corpus(home: Path, tmp_path: Path) -> None:
    (tmp_path / "d.xml").write_text(dump_xml({"Anvil": "A tool by the [[Bench]].", "Bench": "Of wood."}))
    assert infoseek("corpus", "build", tmp_path / "d.xml", "--home", home)[0] == 0
    for words in (["search", "x", "--home", home], data(home, tmp_path / "run")):
        line = fails(*words)
        assert "was made of corpus" in line and "infoseek index" in line
    assert infoseek("index", "--home", home)[0] == 0
    assert infoseek("search", "tool", "--home", home)[0] == 0


def test_no_index(home: Path, tmp_path: Path) -> None:
    shutil.rmtree(home / "search")
    assert fails(*data(home, tmp_path / "run")) == f"no index at {home / 'search'}; run: infoseek index --home {home}"


@pytest.mark.parametrize("name", ["manifest.json", "claims.sqlite"])
def test_damaged_claims_are_read_again_or_named(home: Path, tmp_path: Path, name: str) -> None:
    """The claims are made from the corpus and can be made again; a damage is no traceback."""
    assert infoseek(*data(home, tmp_path / "one"))[0] == 0
    (home / "claims" / name).write_bytes(b"{")
    code, _, stderr = infoseek(*data(home, tmp_path / "two"))
    assert code == 0 or (code == 1 and "claims" in stderr and len(stderr.splitlines()) == 1)


@pytest.mark.parametrize("content", ["{", '{"id": "q-1"}', "\x00"])
def test_damaged_questions(home: Path, tmp_path: Path, content: str) -> None:
    assert infoseek(*data(home, tmp_path / "run"))[0] == 0
    (tmp_path / "run" / "questions.jsonl").write_text(content + "\n")
    assert "questions.jsonl" in fails("show", tmp_path / "run")


# A full disk


def test_a_full_disk_in_a_write_is_one_line_and_the_run_goes_on_later(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever write it is that fails first: config, chunk, questions, manifest, sums."""
    assert infoseek(*data(home, tmp_path / "whole"))[0] == 0
    whole = (tmp_path / "whole" / "SHA256SUMS").read_text()
    fsync = os.fsync
    for failing in range(20):
        out = tmp_path / f"run{failing}"
        left = failing

        def full(file: int) -> None:
            nonlocal left
            if left == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            left -= 1
            fsync(file)

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            code, _, stderr = infoseek(*data(home, out))
        if code == 0:
            assert failing > 4
            return
        assert code == 1 and "the disk is full: free some space and run the same command again" in stderr
        assert len(stderr.splitlines()) == 1 and not list(out.rglob("*.tmp"))
        assert infoseek(*data(home, out))[0] == 0
        assert (out / "SHA256SUMS").read_text() == whole
    pytest.fail("a run of two questions writes fewer than twenty files")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A function: bytes to a folder on a disk of that size. Needs root and mount."""
    mounted: list[Path] = []

    def make(size: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        try:
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
            )
        except OSError:
            pytest.skip("no mount here")
        if done.returncode:
            pytest.skip("no right to mount here")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def room_of(folder: Path) -> int:
    """Bytes that a copy of the folder takes on a disk with pages of 4 KB."""
    return sum(4096 if p.is_dir() else -(-p.stat().st_size // 4096) * 4096 for p in folder.rglob("*"))


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9])
def test_a_full_disk_while_the_corpus_is_built(built: Path, small_disk: Callable[[int], Path], part: float) -> None:
    disk = small_disk(int(room_of(built / "corpus") * part))
    words = ["corpus", "build", built.parent / "invented.xml", "--home", disk / "home", "--workers", 1]
    assert "the disk is full" in fails(*words)
    assert not (disk / "home" / "corpus").exists()
    assert {p.name for p in disk.glob("home/*")} <= {".corpus.building"}
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    assert infoseek(*words)[0] == 0, "the same command goes on"
    assert state(disk / "home" / "corpus") == state(built / "corpus")
    assert {p.name for p in disk.glob("home/*")} == {"corpus"}


def test_a_full_disk_leaves_the_older_corpus(built: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(room_of(built / "corpus") * 3 // 2)
    shutil.copytree(built / "corpus", disk / "home" / "corpus")
    before = state(disk)
    line = fails("corpus", "build", built.parent / "invented.xml", "--home", disk / "home", "--workers", 1)
    assert "the disk is full" in line
    assert {name: digest for name, digest in state(disk).items() if ".building" not in name} == before
    assert infoseek("corpus", "page", next(iter(invented_wiki())), "--home", disk / "home")[0] == 0


@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_a_full_disk_while_the_index_is_built(built: Path, small_disk: Callable[[int], Path], part: float) -> None:
    disk = small_disk(room_of(built / "corpus") + int(room_of(built / "search") * part) + 16384)
    shutil.copytree(built / "corpus", disk / "home" / "corpus")
    line = fails("index", "--home", disk / "home")
    assert "full" in line or "No space left" in line
    assert {p.name for p in (disk / "home").iterdir()} <= {"corpus", ".search.building"}, "vectors that were made wait for room"
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    assert infoseek("index", "--home", disk / "home")[0] == 0
    assert state(disk / "home" / "search") == state(built / "search")
    assert {p.name for p in (disk / "home").iterdir()} == {"corpus", "search"}


@pytest.mark.parametrize("room", [0, 24_000, 60_000])
def test_a_full_disk_while_a_run_is_made(
    built: Path, home: Path, tmp_path: Path, small_disk: Callable[[int], Path], room: int
) -> None:
    assert infoseek(*data(home, tmp_path / "whole", "--count", 20))[0] == 0
    disk = small_disk(room or 4096)
    line = fails(*data(home, disk / "run", "--count", 20))
    assert "the disk is full" in line
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    assert infoseek(*data(home, disk / "run", "--count", 20))[0] == 0
    assert (disk / "run" / "SHA256SUMS").read_text() == (tmp_path / "whole" / "SHA256SUMS").read_text()


def test_a_folder_that_may_not_be_written(built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "run"))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert fails(*data(built, tmp_path / "run")) == f"{tmp_path / 'run'}: Permission denied"
