"""What makes a build scale: the same bytes for any workers, segments and kills; titles by hash; words of a text as arrays."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import dump_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from infoseek_offline import pipeline
from infoseek_offline.corpus import names
from infoseek_offline.corpus.names import NAME, Entries, NameTable, name_hashes, resolve
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.corpus.words import words_of
from infoseek_offline.errors import CorpusError, DumpError, InfoseekError

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
from forge import forge  # noqa: E402

SMALL_SEGMENT = 6000


def state(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forged") / "forged.xml.bz2"
    forge(300, path, seed=3)
    return path


@pytest.fixture(scope="module")
def whole(forged: Path) -> dict[str, str]:
    """The files of the corpus, built in one process and one segment."""
    pipeline.corpus(forged, forged.parent / "whole")
    return state(forged.parent / "whole" / "corpus")


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infoseek_offline.corpus.packed.SEGMENT", SMALL_SEGMENT)


# The same bytes


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_bytes_depend_on_the_dump_alone(
    forged: Path, whole: dict[str, str], tmp_path: Path, workers: int, small_segments: None
) -> None:
    pipeline.corpus(forged, tmp_path, workers=workers)
    assert state(tmp_path / "corpus") == whole
    assert {p.name for p in tmp_path.iterdir()} == {"corpus"}


@pytest.mark.parametrize("ending", [".xml", ".xml.gz", ".xml.xz", ".xml.zst"])
def test_other_packings_give_the_same_corpus(
    whole: dict[str, str], forged: Path, tmp_path: Path, ending: str, small_segments: None
) -> None:
    forge(300, tmp_path / f"forged{ending}", seed=3)
    pipeline.corpus(tmp_path / f"forged{ending}", tmp_path / "home", workers=2)
    found = state(tmp_path / "home" / "corpus")
    assert {n for n in whole if whole[n] != found[n]} == {"manifest.json"}, "which names the dump"
    assert Corpus.open(tmp_path / "home" / "corpus").digest == Corpus.open(forged.parent / "whole" / "corpus").digest


def test_the_forge_gives_the_same_bytes_for_any_workers(forged: Path, tmp_path: Path) -> None:
    forge(300, tmp_path / "again.xml.bz2", seed=3, workers=2)
    assert (tmp_path / "again.xml.bz2").read_bytes() == forged.read_bytes()
    forge(300, tmp_path / "other.xml.bz2", seed=4)
    assert (tmp_path / "other.xml.bz2").read_bytes() != forged.read_bytes()


# Kills

KILLED = """
import os, signal, sys
from pathlib import Path
from infoseek_offline.corpus import packed
from infoseek_offline.corpus.build import build_corpus
packed.SEGMENT = {segment}
def kill(stage, done, total=0):
    if (stage, done) == ({stage!r}, {done}):
        os.kill(os.getpid(), signal.SIGKILL)
build_corpus(Path(sys.argv[1]), Path(sys.argv[2]), workers=2, progress=kill)
"""
STAGES = [("link", 2), ("alias", 1), ("find", 3), ("mention", 1), ("near", 1), ("assemble", 1), ("assemble", 9)]


def killed(forged: Path, folder: Path, stage: str, done: int) -> None:
    code = KILLED.format(stage=stage, done=done, segment=SMALL_SEGMENT)
    made = subprocess.run([sys.executable, "-c", code, str(forged), str(folder)], capture_output=True, cwd=ROOT, check=False)
    assert made.returncode == -signal.SIGKILL, made.stderr.decode()


def test_a_build_killed_in_every_stage_goes_on_and_ends_with_the_same_bytes(
    forged: Path, whole: dict[str, str], tmp_path: Path, small_segments: None
) -> None:
    folder = tmp_path / "corpus"
    work = tmp_path / ".corpus.building"
    for stage in ("resolve", "lists", "table", "common"):  # these have one step
        STAGES.append((stage, 0))
    made: dict[str, int] = {}
    for stage, done in sorted(
        STAGES, key=lambda s: "resolve link lists alias table find common mention near assemble".split().index(s[0])
    ):
        killed(forged, folder, stage, done)
        assert not folder.exists()
        parts = {p.name: p.stat().st_mtime_ns for p in work.glob("read-*.sqlite")}
        assert len(parts) > 3 and parts == (made or parts), f"read again after a kill in {stage}"
        made = parts
    pipeline.corpus(forged, tmp_path, workers=2)
    assert state(folder) == whole
    assert not work.exists()


def test_a_build_killed_while_it_reads_keeps_what_it_has_read(
    forged: Path, whole: dict[str, str], tmp_path: Path, small_segments: None
) -> None:
    folder, work = tmp_path / "corpus", tmp_path / ".corpus.building"
    code = KILLED.format(stage="none", done=0, segment=SMALL_SEGMENT)
    for _ in range(3):
        build = subprocess.Popen([sys.executable, "-c", code, str(forged), str(folder)], cwd=ROOT, stderr=subprocess.DEVNULL)
        before = len(list(work.glob("read-*.sqlite")))
        while len(list(work.glob("read-*.sqlite"))) <= before and build.poll() is None:
            pass
        os.kill(build.pid, signal.SIGKILL)
        build.wait()
    assert len(list(work.glob("read-*.sqlite"))) >= 3
    pipeline.corpus(forged, tmp_path, workers=1)
    assert state(folder) == whole


def test_a_worker_that_is_killed_is_said_and_the_build_goes_on(
    forged: Path, whole: dict[str, str], tmp_path: Path, small_segments: None
) -> None:
    def kill_a_worker(stage: str, done: int, total: int = 0) -> None:
        if stage == "find":
            os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    with pytest.raises(InfoseekError, match="a worker process was killed"):
        pipeline.corpus(forged, tmp_path, workers=2, progress=kill_a_worker)
    assert not (tmp_path / "corpus").exists()
    pipeline.corpus(forged, tmp_path, workers=2)
    assert state(tmp_path / "corpus") == whole


def test_what_another_dump_left_behind_is_thrown_away(forged: Path, tmp_path: Path, small_segments: None) -> None:
    killed(forged, tmp_path / "corpus", "find", 1)
    assert (tmp_path / ".corpus.building" / "read.done").exists()
    (tmp_path / "d.xml").write_text(dump_xml({"Anvil": "A tool by the [[Bench]].", "Bench": "Of wood."}))
    assert pipeline.corpus(tmp_path / "d.xml", tmp_path)["pages"]["total"] == 2
    assert not (tmp_path / ".corpus.building").exists()


def test_two_builds_of_one_corpus_do_not_mix(forged: Path, tmp_path: Path) -> None:
    import fcntl

    (tmp_path / ".corpus.building").mkdir()
    with (tmp_path / ".corpus.building" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CorpusError, match="another build works in"):
            pipeline.corpus(forged, tmp_path)


# Titles by hash


def entries(pages: list[tuple[str, str | None]]) -> Entries:
    """Of (title, what it leads to or None for an article); a target may have a section part."""
    targets = [(t or "").partition("#") for _, t in pages]
    return Entries(
        name_hashes(t for t, _ in pages),
        name_hashes(t[0] for t in targets),
        np.array([t is not None for _, t in pages], bool),
        np.array([bool(t[2]) for t in targets], bool),
    )


def followed(pages: list[tuple[str, str | None]]) -> list[int]:
    """The page of each entry, by a dict of strings."""
    first: dict[str, int] = {}
    for at, (title, _) in enumerate(pages):
        first.setdefault(title, at)
    ids = {at: n for n, at in enumerate(a for a in first.values() if pages[a][1] is None)}
    found = []
    for at, (title, target) in enumerate(pages):
        if first[title] != at:
            found.append(-2)
            continue
        hops = 0
        here: int | None = at
        while here is not None and target is not None and hops <= names.MAX_REDIRECTS:
            here = first.get(target.partition("#")[0])
            target = pages[here][1] if here is not None else None
            hops += 1
        found.append(ids.get(here, -1) if here is not None else -1)
    return found


@given(st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.none() | st.sampled_from([*"ABCDEFGHX", "A#s", "B#t"])), max_size=14))
@settings(max_examples=400, deadline=None)
def test_redirects_lead_where_a_dict_says(pages: list[tuple[str, str | None]]) -> None:
    assert resolve(entries(pages)).page.tolist() == followed(pages)


def test_the_section_of_a_chain_is_the_first_that_it_names() -> None:
    found = resolve(entries([("A", None), ("B", "A#one"), ("C", "B"), ("D", "C#two"), ("E", "A")]))
    assert found.section_from.tolist() == [-1, 1, 1, 3, -1]


def test_two_titles_of_one_hash_are_noticed(monkeypatch: pytest.MonkeyPatch, make_corpus: Callable[..., Corpus]) -> None:
    def same(titles: list[str]) -> np.ndarray:
        found = name_hashes(titles).copy()
        found["hash"] %= 2
        return found

    monkeypatch.setattr("infoseek_offline.corpus.parts.name_hashes", same)
    with pytest.raises(DumpError, match="same 64-bit hash"):
        make_corpus({"Anvil": "A.", "Bench": "B.", "Cairn": "C."})


def test_a_link_to_a_missing_title_of_the_same_hash_finds_nothing(tmp_path: Path) -> None:
    known = np.array([(5, 1), (9, 1)], NAME)
    for name, array in (("hash", known["hash"]), ("check", known["check"]), ("page", np.array([3, 4], np.int32))):
        np.save(tmp_path / f"name_{name}.npy", array)
    assert NameTable(tmp_path).find(np.array([(9, 1), (5, 2), (7, 1), (10, 1)], NAME)).tolist() == [4, -1, -1, -1]


# Words

_ALONE = "[぀-ヿ㐀-鿿豈-﫿]"
TOKEN = re.compile(rf"{_ALONE}|(?:(?!{_ALONE})[^\W_])+(?:['’](?:(?!{_ALONE})[^\W\d_])+)?")


@given(
    st.text(alphabet="abzABZ019 ,.\n-_éßΩжщ第谷は['’sS", max_size=60).filter(lambda t: not re.search(r"['’]\w*['’]|['’]\w*\d", t))
)
@settings(max_examples=400, deadline=None)
def test_words_are_those_of_a_pattern(text: str) -> None:
    words = words_of(text)
    expected = [(m.start(), m.end() - (2 if re.search(r".['’][sS]$", m.group()) else 0)) for m in TOKEN.finditer(text)]
    assert list(zip(words.start.tolist(), words.end.tolist(), strict=True)) == expected
    assert words.capital.tolist() == [not text[a].islower() for a, _ in expected]
    assert words.line.tolist() == [text.count("\n", 0, a) for a, _ in expected]


def test_a_word_has_one_hash_wherever_it_stands() -> None:
    words = words_of("Kepler saw KEPLER, kepler's star and Keplers\nkepler")
    same = {h for h, a, b in zip(words.hash.tolist(), words.start, words.end, strict=True) if b - a == 6}
    assert len(same) == 1 and len(set(words.hash.tolist())) == 5


# Opening


def test_titles_and_nouns_are_read_when_asked_for(sample_home: Path) -> None:
    corpus = Corpus.open(sample_home / "corpus")
    rows = corpus.rows("SELECT title, noun FROM page ORDER BY id")
    assert list(corpus.titles) == [r[0] for r in rows] and list(corpus.nouns) == [r[1] for r in rows]
    assert corpus.titles[5] == rows[5][0] and corpus.titles[-1] == rows[-1][0] and corpus.titles[2:4] == [r[0] for r in rows[2:4]]
    assert len(corpus.titles) == corpus.size
    with pytest.raises(IndexError):
        corpus.titles[corpus.size]
