"""The command `infoseek`: parses, calls the library, prints. stdout is data, stderr is talk."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from infoseek_offline import __version__
from infoseek_offline.engine import cpu_count
from infoseek_offline.errors import UsageError
from infoseek_offline.parameters import Gates, Level, Shares, Span
from infoseek_offline.talk import Ordered, progress, say, say_faults, say_left_out

HOME = Path("index") / "samplewiki"

home_option = click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=HOME, show_default=True,
    help="Folder that holds the corpus and the index of one wiki.",
)  # fmt: skip


workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=None,
    help="Worker processes; the result is the same for any number.  [default: all cores]",
)


fusion_option = click.option(
    "--fusion", type=click.Choice(["scores", "rrf"]), default=None,
    help="How hybrid fuses: levelled scores, or reciprocal rank fusion.  [default: as the index says]",
)  # fmt: skip


@click.group(cls=Ordered, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="infoseek")
def main() -> None:
    """Turn a MediaWiki dump into a certified deep-research data set, with no network.

    The commands stand in the order in which they are used:

    \b
      infoseek corpus build wiki-pages-articles.xml.bz2 --home index/wiki
      infoseek index  --home index/wiki
      infoseek data   --home index/wiki --out runs/first --count 1000 --seed 7
      infoseek verify runs/first --home index/wiki
      infoseek show   runs/first 1
    """


@main.command()
@home_option
@click.option("--model", default=None, help="Try this language model instead: a GGUF file, a server's URL, or batch:DIR.")
@click.option("--run", type=click.Path(path_type=Path), default=None, help="Expect of --model what the items of this run took.")
def doctor(home: Path, model: str | None, run: Path | None) -> None:
    """Say what is installed, what is found, and whether it is enough; or whether a language model is of use, and how fast.

    Exit code 0 when the core can work, 1 when something that it needs is missing, the index is damaged, or the model fails a
    test.
    """
    from infoseek_offline.doctor import examine, examine_model

    findings = examine_model(model, run) if model else examine(home)
    for finding in findings:
        click.echo(f"{finding.mark:<8} {finding.what:<24} {finding.detail}")
    if any(f.mark in ("missing", "failed") for f in findings):
        raise SystemExit(1)


@main.group()
def corpus() -> None:
    """Parse a dump into a corpus, or look at one of its pages."""


@corpus.command("build")
@click.argument("dump", type=click.Path(path_type=Path))
@home_option
@click.option("--strict", is_flag=True, help="Refuse a dump with any damage, instead of leaving out what can't be read.")
@click.option("--passage-words", type=click.IntRange(20, 2000), default=100, show_default=True, help="Words of a passage, about.")
@click.option(
    "--namespace", "namespaces", multiple=True, metavar="NAME",
    help="Read this namespace, by name or number; several where given again.  [default: main]",
)  # fmt: skip
@workers_option
def corpus_build(
    dump: Path, home: Path, strict: bool, passage_words: int, namespaces: tuple[str, ...], workers: int | None
) -> None:
    """Parse DUMP, a MediaWiki export (.xml, .bz2, .gz, .xz or .zst), into an entity-linked corpus in the home folder.

    Prints the corpus's manifest as JSON, which names what could not be read. A corpus that is there already is replaced when the
    new one is complete. Killed, the same command goes on where it was.
    """
    from infoseek_offline import pipeline

    with progress(dump.name) as show:
        manifest = pipeline.corpus(
            dump, home, workers=workers or cpu_count(), strict=strict, passage_words=passage_words, namespaces=namespaces,
            progress=show,
        )  # fmt: skip
    click.echo(json.dumps(manifest, ensure_ascii=False, indent=1))
    pages = manifest["pages"]
    say_faults(manifest["faults"])
    say(f"corpus of {pages['total']:,} pages ({pages['article']:,} articles) in {home / 'corpus'}")
    say_left_out(manifest)
    say(f"next: infoseek index --home {home}")


@corpus.command("page")
@click.argument("title")
@home_option
@click.option("--dump", type=click.Path(path_type=Path), default=None, help="The corpus's dump: adds the page's wikitext from it.")
@click.option("--json", "as_json", is_flag=True, help="The whole record as JSON.")
def corpus_page(title: str, home: Path, dump: Path | None, as_json: bool) -> None:
    """Show what was read from the page TITLE: text, links, infobox, and why a link is not evidence.

    With --dump, beside it the wikitext that it was read from, the links that lead to no page, and the templates that were
    dropped.
    """
    from infoseek_offline.corpus.store import Corpus
    from infoseek_offline.dataset.report import page_as_json, page_as_text

    opened = Corpus.open(home / "corpus")
    click.echo(page_as_json(opened, title, dump) if as_json else page_as_text(opened, title, dump))


@main.command()
@home_option
@click.option(
    "--encoder",
    default="lsa",
    show_default=True,
    help="lsa (fitted on the corpus), minilm, a sentence-transformers folder, or distil[:FOLDER] (static, for big corpora).",
)
@click.option("--factory", default=None, help="FAISS factory string: Flat, SQ8, HNSW32, IVF1024,SQ8 …  [default: by size]")
@click.option("--nprobe", type=click.IntRange(1), default=None, help="Lists of an IVF index that a query looks into.")
@click.option("--truncate-dim", type=click.IntRange(1), default=None, help="Dimensions of a model's vectors that are kept.")
@click.option("--backend", type=click.Choice(["torch", "onnx", "openvino"]), default="torch", help="What runs a model.")
@click.option("--device", default="cpu", show_default=True, help="Where a model runs: cpu, cuda, mps.")
@click.option("--query-prompt", default=None, help="Put before queries.  [default: the model's own]")
@click.option("--document-prompt", default=None, help="Put before passages.  [default: the model's own]")
@click.option("--fusion", type=click.Choice(["scores", "rrf"]), default="scores", show_default=True,
              help="How hybrid search fuses: by levelled scores, or by ranks (reciprocal rank fusion).")  # fmt: skip
@click.option("--selftest", is_flag=True, help="Search 500 known items, and write their recall@10 into the manifest.")
@workers_option
def index(
    home: Path, encoder: str, factory: str | None, nprobe: int | None, fusion: Any, selftest: bool, workers: int | None, **run: Any
) -> None:
    """Make the search index of the corpus in the home folder: FAISS for dense, BM25 for sparse search.

    Prints the index's manifest as JSON. A build that was killed goes on where it was. docs/retrieval.md says what to choose.
    """
    from infoseek_offline import pipeline
    from infoseek_offline.retrieval.encoder import Settings
    from infoseek_offline.retrieval.recall import warning

    with progress("index") as show:
        manifest = pipeline.index(
            home, encoder=encoder, settings=Settings(**run), factory=factory, nprobe=nprobe, fusion=fusion, selftest=selftest,
            workers=workers or cpu_count(), progress=show,
        )  # fmt: skip
    click.echo(json.dumps(manifest, ensure_ascii=False, indent=1))
    if missed := warning(manifest["dense"]):
        say(missed)
    say(f"index of {manifest['passages']:,} passages in {home / 'search'}; next: infoseek data --home {home} --out runs/first")


@main.command()
@click.argument("query")
@home_option
@click.option("-k", type=click.IntRange(1, 1000), default=5, show_default=True, help="Number of hits.")
@click.option("--mode", type=click.Choice(["dense", "sparse", "hybrid"]), default="hybrid", show_default=True)
@fusion_option
@click.option("--encoder", default=None, help="Refuse an index that was made with another encoder.")
@click.option("--exclude", multiple=True, metavar="TITLE", help="Search as if this page did not exist.")
@click.option("--page", "pages", multiple=True, metavar="TITLE", help="Search only this page.")
@click.option("--section", "sections", multiple=True, metavar="TITLE", help="Search only sections of this title.")
@click.option("--eval", "qrels", type=click.Path(path_type=Path), default=None,
              help="Measure instead: QUERY is a file of queries (JSON lines), this one their judgements (TSV).")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a hit.")
def search(
    query: str, home: Path, k: int, mode: Any, fusion: Any, encoder: str | None, exclude: tuple[str, ...], pages: tuple[str, ...],
    sections: tuple[str, ...], qrels: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Search the passages of the corpus for QUERY and print the best hits.

    The query's words are marked; in brackets stand the document id and the score of each component.
    """
    from infoseek_offline import pipeline
    from infoseek_offline.dataset.report import hit_as_text, page_of
    from infoseek_offline.retrieval.evaluate import evaluate, read_qrels, read_queries
    from infoseek_offline.retrieval.searcher import MODES

    if not query.strip():
        raise UsageError("the query is empty: say what to look for")
    searcher = pipeline.open_searcher(home, encoder, fusion)
    if qrels:
        found = evaluate(searcher, read_queries(Path(query)), read_qrels(qrels), MODES)
        click.echo(json.dumps(found, indent=1))
        return
    opened = pipeline.Corpus.open(home / "corpus")
    only = [page_of(opened, title) for title in pages] or None
    hidden = [page_of(opened, title) for title in exclude]
    hits = searcher.search(query, k, mode, hidden, pages=only, sections=sections or None)
    for rank, hit in enumerate(hits, 1):
        line = hit_as_text(rank, hit, query, opened.language, bold=sys.stdout.isatty())
        click.echo(hit.model_dump_json() if as_json else line)
    if not hits:
        say("no hits" + (" there" if only or sections else ": no word of the query stands in the corpus"))


@main.command()
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; by default this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free port.")
@click.option("--stdio", is_flag=True, help="Speak MCP on stdin and stdout instead of HTTP.")
@fusion_option
@click.option("--encoder", default=None, help="Refuse an index that was made with another encoder.")
def serve(home: Path, host: str, port: int, stdio: bool, fusion: Any, encoder: str | None) -> None:
    """Serve the index to search agents: POST /retrieve as Search-R1 and verl ask, and MCP at /mcp or on stdio.

    Listens on http://127.0.0.1:8000 until interrupted; /docs says what can be asked. Needs the extra `serve`.
    """
    from infoseek_offline import pipeline
    from infoseek_offline.errors import MissingExtra

    try:
        from infoseek_offline.retrieval.mcp_server import run_stdio
        from infoseek_offline.retrieval.serve import listen, make_app, run
    except ImportError as error:
        raise MissingExtra("infoseek serve", error.name or "fastapi", "serve") from error
    searcher = pipeline.open_searcher(home, encoder, fusion)
    if stdio:
        run_stdio(searcher)
        return
    bound = listen(host, port)
    name = f"http://{host}:{bound.getsockname()[1]}"
    say(f"{len(searcher):,} passages on {name}  (POST /retrieve, GET /docs, MCP at {name}/mcp); stop with Ctrl-C")
    run(make_app(searcher, host), bound)


@main.command()
@home_option
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The run's folder; run the same command again to go on."
)
@click.option("--profile", default="standard", show_default=True, help="demo, standard, full, or a TOML file: all the bounds.")
@click.option("--count", type=int, default=None, help="Number of questions.  [default: the profile's]")
@click.option("--seed", type=int, default=None, help="Seed of all random choices.  [default: 1]")
@click.option(
    "--reading",
    type=click.Choice(["open", "closed"]),
    default=None,
    help="open: what the corpus does not state may be true (stronger); closed: it is false.  [default: open]",
)
@click.option("--depth", type=Span(), default=None, metavar="A-B", help="Depth of the trees.  [default: the profile's]")
@click.option("--vertices", type=Span(), default=None, metavar="A-B", help="Vertices of the trees.  [default: the profile's]")
@click.option(
    "--phrasings", type=click.IntRange(1, 5), default=None, help="Questions of each tree, in different words.  [default: 1]"
)
@click.option(
    "--difficulty",
    type=Level(),
    default=None,
    metavar="LEVEL",
    help="easy, medium or hard, or a range of searches that a solver who knows the tree's shape needs.  [default: any]",
)
@click.option(
    "--branching",
    type=Shares(),
    default=None,
    metavar="MIX",
    help="Proportions of the shapes, as chain:2,bush:1,balanced:1; one that is not named does not come.  "
    "[default: the profile's; a third each]",
)
@click.option(
    "--joins", type=click.FloatRange(0, 1), is_flag=False, flag_value=1.0, default=None, metavar="[SHARE]",
    help="The share of items of which two branches are to meet in one page; 1 without a SHARE.  [default: 0]",
)  # fmt: skip
@click.option(
    "--model", "spec", default=None, metavar="SPEC",
    help="A language model that plans, reads and writes: a GGUF file, a server's URL, or batch:DIR.  [default: rules alone]",
)  # fmt: skip
@click.option(
    "--gates", type=Gates(), default=None, metavar="NAMES",
    help="What the model must (not) do with each question: all, or some of closed,open,alternatives,bridge.  [default: none]",
)  # fmt: skip
@click.option("--price-in", type=float, default=None, help="Of a million prompt tokens, for the costs in the manifest.")
@click.option("--price-out", type=float, default=None, help="Of a million tokens of answers.")
@workers_option
def data(
    home: Path,
    out: Path,
    profile: str,
    count: int | None,
    seed: int | None,
    reading: str | None,
    depth: tuple[int, int] | None,
    vertices: tuple[int, int] | None,
    difficulty: tuple[int, int] | None,
    branching: dict[str, float] | None,
    joins: float | None,
    phrasings: int | None,
    spec: str | None,
    gates: tuple[str, ...] | None,
    price_in: float | None,
    price_out: float | None,
    workers: int | None,
) -> None:
    """Grow research trees over the corpus, certify them, and write the accepted ones as questions.

    Needs the corpus and the index in the home folder. Prints the run's manifest as JSON. The same corpus, seed and profile give
    the same bytes, whatever the number of workers and wherever a run was killed and started again.

    With --model the questions are in the model's words where these hold, and every answer is kept in the run's folder, so that
    none is asked for twice. A server is asked by as many threads as there are workers. batch:DIR writes what can be asked now to
    a file in DIR and ends with exit code 75; the same command goes on when the answers are there. --gates puts each question to
    the model: from memory, from its evidence, for other answers, and with a step of the way hidden (docs/certificates.md).
    """
    from infoseek_offline import pipeline
    from infoseek_offline.config import load_config
    from infoseek_offline.corpus.store import Corpus
    from infoseek_offline.dataset.shortfall import why_fewer

    shape = {
        **(dict(zip(("min_depth", "max_depth"), depth, strict=True)) if depth else {}),
        **(dict(zip(("min_vertices", "max_vertices"), vertices, strict=True)) if vertices else {}),
        "branching": branching,
        "joins": joins,
    }
    config = load_config(
        profile, count=count, seed=seed, reading=reading, difficulty=difficulty, phrasings=phrasings, shape=shape, gates=gates,
        price_in=price_in, price_out=price_out,
    )  # fmt: skip
    if config.gates and spec is None:
        raise UsageError("gates need a language model: give one with --model, or leave out --gates")
    model = None
    if spec is not None:
        from infoseek_offline.llm.open import open_model

        model = open_model(spec)
        for line in getattr(model, "report", ()):
            say(line)
    with progress("data", config.count) as show:
        manifest = pipeline.data(home, out, config, model=model, workers=workers or cpu_count(), progress=show)
    click.echo(json.dumps(manifest, ensure_ascii=False, indent=1))
    if spec is not None:
        say(f"what became of all proposals, and what they cost: infoseek show {out} --costs")
    say(f"{manifest['accepted']:,} questions in {out / 'questions.jsonl'}; next: infoseek verify {out} --home {home}")
    if manifest["accepted"] < manifest["asked"]:
        for line in why_fewer(manifest, Corpus.open(home / "corpus")):
            say(line)


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@home_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Keep the new run here.  [default: it is removed]")
@workers_option
def reproduce(run: Path, home: Path, out: Path | None, workers: int | None) -> None:
    """Make the data set of RUN again, with no model, and compare it byte for byte.

    What a model answered comes from RUN's ledger. Exit code 0 when all files are the same; 1 with those that differ.
    """
    import tempfile

    from infoseek_offline import pipeline

    with tempfile.TemporaryDirectory() as scratch, progress("reproduce") as show:
        again = out or Path(scratch) / "run"
        wrong = pipeline.reproduce(run, home, again, workers=workers or cpu_count(), progress=show)
    for name in wrong:
        click.echo(f"{name} differs")
    say(f"{run} made again, with no model: " + (f"{len(wrong)} files differ" if wrong else "all files are the same, byte for byte"))
    if wrong:
        raise SystemExit(1)


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@home_option
@click.option("--no-search", is_flag=True, help="Leave out R1 and R2, which need the index; says so in its result.")
@workers_option
def verify(run: Path, home: Path, no_search: bool, workers: int | None) -> None:
    """Recompute every certificate of RUN from the stored corpus, without the code that made it.

    Exit code 0 when all hold; 1 with the item and the claim that does not.
    """
    from infoseek_offline.checks.verify import verify_run

    report = verify_run(run, home, search=not no_search, workers=workers or cpu_count())
    for failure in report.failures:
        click.echo(f"{failure.item}  {failure.claim}  {failure.detail}")
    left_out = "" if report.searched else " (R1 and R2 left out)"
    if report.unheard:
        left_out += " (no ledger: what the model said is taken from the records)"
    if not report.retold:
        left_out += " (a run of another version: the words of the rules were not told again)"
    say(
        f"{report.items:,} items, {report.claims:,} claims recomputed{left_out}: "
        + (f"{len(report.failures)} fail" if report.failures else "all hold")
    )
    if report.failures:
        raise SystemExit(1)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@click.option("--profile", default="standard", show_default=True, help="demo, standard, full, or a TOML file: the bounds.")
@click.option("--reading", type=click.Choice(["open", "closed"]), default="open", show_default=True, help="As for 'infoseek data'.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an item, with all verdicts.")
def audit(file: Path, home: Path, profile: str, reading: Any, as_json: bool) -> None:
    """Run the checks on FILE, a data set of others, against a corpus that holds its pages.

    FILE is JSON, JSON lines or CSV: InfoSeek's trees ({"root": node}), or {"question", "answer", "pages": [titles]}, also in the
    layouts of HotpotQA, 2WikiMultihopQA and MuSiQue. Says of each item what is not unique, idle, skippable, leaked, found by one
    search or by association, and which names are no pages here.
    """
    from infoseek_offline.checks.audit import audit as audit_file
    from infoseek_offline.checks.audit import table
    from infoseek_offline.config import load_config

    found = []
    for item in audit_file(file, home, load_config(profile).bounds, reading):
        if as_json:
            click.echo(item.model_dump_json())
        found.append(item)
    if not as_json:
        for line in table(found):
            click.echo(line)


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("item", default="1")
@click.option("--costs", is_flag=True, help="Instead of an item: the yield of the whole run, and what its model cost.")
@click.option("--json", "as_json", is_flag=True, help="The record as JSON.")
def show(run: Path, item: str, costs: bool, as_json: bool) -> None:
    """Show one ITEM of RUN (its id, or its number from 1): the question, its tree, evidence and certificate."""
    from infoseek_offline.dataset.report import find_item, item_as_text

    if costs:
        from infoseek_offline.dataset.yields import costs_as_text, costs_of

        found = costs_of(run)
        click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else costs_as_text(found))
        return
    question = find_item(run, item)
    click.echo(question.model_dump_json(indent=1) if as_json else item_as_text(question))
