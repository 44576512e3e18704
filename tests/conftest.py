"""Fixtures: the sample wiki's corpus and index, a finished run on it, and small corpora written in a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from models import BAD, RandomModel, ScriptedModel, bad_model

from infoseek_offline import pipeline
from infoseek_offline.config import Config, load_config
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.retrieval.searcher import Searcher

SAMPLE = Path(__file__).parent.parent / "sample" / "samplewiki.xml.bz2"

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """No test may connect to anything but this machine."""
    import socket

    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else address
            if host not in ("127.0.0.1", "::1", "localhost"):
                raise AssertionError(f"a test tried to reach {address}")
        real(self, address)  # type: ignore[arg-type]

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = real  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with the corpus and the index of the sample wiki."""
    home = tmp_path_factory.mktemp("home") / "samplewiki"
    pipeline.corpus(SAMPLE, home, workers=2)
    pipeline.index(home, workers=2)
    return home


@pytest.fixture(scope="session")
def demo_config() -> Config:
    return load_config("demo", count=40, seed=5, phrasings=3)


@pytest.fixture(scope="session")
def sample_run(sample_home: Path, demo_config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 40 items on the sample wiki; tests must not change it."""
    out = tmp_path_factory.mktemp("runs") / "run"
    pipeline.data(sample_home, out, demo_config, workers=2)
    return out


def dump_xml(pages: dict[str, str], language: str = "en") -> str:
    """A MediaWiki export of pages given as title -> wikitext; "#REDIRECT [[X]]" makes a redirect."""
    body = []
    for number, (title, text) in enumerate(pages.items(), 1):
        redirect = ""
        if text.startswith("#REDIRECT [["):
            redirect = f'<redirect title="{escape(text[12 : text.index("]]")], {chr(34): "&quot;"})}" />'
        body.append(
            f"<page><title>{escape(title)}</title><ns>0</ns><id>{number}</id>{redirect}<revision><id>{number}</id>"
            f"<timestamp>2026-01-01T00:00:00Z</timestamp><model>wikitext</model><format>text/x-wiki</format>"
            f'<text xml:space="preserve">{escape(text)}</text></revision></page>'
        )
    return (
        f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="{language}"><siteinfo>'
        f"<sitename>Test</sitename><dbname>testwiki</dbname><base>x</base><generator>x</generator><case>first-letter</case>"
        '<namespaces><namespace key="0" case="first-letter" /><namespace key="6" case="first-letter">File</namespace>'
        '<namespace key="10" case="first-letter">Template</namespace>'
        '<namespace key="14" case="first-letter">Category</namespace></namespaces></siteinfo>' + "".join(body) + "</mediawiki>"
    )


@pytest.fixture
def make_home(tmp_path: Path) -> Callable[..., Path]:
    """A function: pages (title -> wikitext) to a home folder with their corpus, and with their index where asked for."""

    def make(pages: dict[str, str], index: bool = False, language: str = "en") -> Path:
        home = tmp_path / "home"
        dump = tmp_path / "dump.xml"
        dump.write_text(dump_xml(pages, language), encoding="utf-8")
        pipeline.corpus(dump, home)
        if index:
            pipeline.index(home)
        return home

    return make


@pytest.fixture
def make_corpus(make_home: Callable[..., Path]) -> Callable[..., Corpus]:
    def make(pages: dict[str, str], language: str = "en") -> Corpus:
        return Corpus.open(make_home(pages, language=language) / "corpus")

    return make


@pytest.fixture(scope="session")
def sound_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from world import world

    folder = tmp_path_factory.mktemp("sound")
    (folder / "dump.xml").write_text(dump_xml(world()), encoding="utf-8")
    pipeline.corpus(folder / "dump.xml", folder / "home")
    pipeline.index(folder / "home")
    return folder / "home"


@pytest.fixture(scope="session")
def sound(sound_home: Path) -> Corpus:
    return Corpus.open(sound_home / "corpus")


@pytest.fixture(scope="session")
def sound_searcher(sound_home: Path, sound: Corpus) -> Searcher:
    return Searcher.open(sound_home / "search", sound)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights in a file that llama.cpp loads; tests must not change it."""
    from tiny_gguf import write_tiny_gguf

    return write_tiny_gguf(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture
def scripted() -> type[ScriptedModel]:
    """`scripted(answers)`: a language model with a queue of answers, or a function of the request, and a `history`."""
    return ScriptedModel


@pytest.fixture
def random_model() -> RandomModel:
    return RandomModel()


@pytest.fixture(params=[*BAD, "random"])
def any_bad_model(request: pytest.FixtureRequest) -> ScriptedModel:
    """Each model that is of no use: garbage, refusals, echoes, no end, nothing, and random answers within the schema."""
    return RandomModel() if request.param == "random" else bad_model(request.param)
