"""Turns a declaration in `pages/lists.toml` into the wikitext of a list page."""

from __future__ import annotations

import re
from collections import defaultdict

from render import Article, Site, capital_first
from tables import Row, capital, date_parts


def list_rows(site: Site, spec: dict) -> list[Row]:
    table = next(table for table in site.tables if table.key == spec["table"])
    rows = []
    for row in table.rows:
        values = {name: [title for title, _ in row.pages(name)] + [row.cells.get(name, "")] for name in spec.get("where", {})}
        if all(any(want == value for value in values[name]) for name, want in spec.get("where", {}).items()):
            rows.append(row)
    name = spec.get("sort", "title")

    def key(row: Row) -> tuple[float, str]:
        cell = row.cells.get(name, "")
        if cell and row.kind(name) == "date":
            year, month, day = date_parts(cell)
            return int(year) * 372 + month * 31 + day, row.title
        return (float(cell), row.title) if cell and row.kind(name) in ("number", "year") else (0.0, cell + row.title)

    return sorted(rows, key=key)[: spec.get("limit", 1000)]


def list_page(site: Site, spec: dict) -> str:
    """A list page: a wikitable, bullets, or both (a table and, by the field `group`, bullets under headings)."""
    rows, columns = list_rows(site, spec), spec.get("columns", [])
    articles = {row.title: Article(site, row) for row in rows}
    heads = [spec.get("heads", {}).get(name, capital(name.replace("_", " "))) for name in columns]
    parts = [spec["intro"] + "\n"]
    if spec["style"] in ("table", "mixed"):
        caption = f"|+ {capital(spec['title'].removeprefix('List of '))}" if spec.get("caption") else "|-"
        lines = ['{| class="wikitable sortable"', caption, "! " + " !! ".join(["Name", *heads])]
        for row in rows:
            lines += [
                "|-",
                table_row(
                    [capital_first(site.link(row.title, before="the ")), *(cell(articles[row.title], name) for name in columns)]
                ),
            ]
        parts.append("\n".join([*lines, "|}"]) + "\n")
    if spec["style"] in ("bullets", "mixed"):
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            values = site.plain_values(row, spec["group"]) if spec.get("group") and row.cells.get(spec["group"]) else [""]
            groups[capital(values[0])].append(row)
        for heading in sorted(groups):
            bullets = [bullet(site, articles[row.title], spec) for row in groups[heading]]
            parts.append((f"== {heading} ==\n" if heading else "") + "\n".join(bullets) + "\n")
    if spec.get("see_also"):
        parts.append("== See also ==\n" + "\n".join(f"* [[{title}]]" for title in spec["see_also"]) + "\n")
    return "\n".join(parts) + f"\n[[Category:{spec.get('category', 'Lists')}]]"


def bullet(site: Site, article: Article, spec: dict) -> str:
    told = [article.value(name, "") for name in spec.get("bullet", []) if article.row.cells.get(name)]
    return f"* {capital_first(site.link(article.row.title, before='the '))}" + (f" – {', '.join(told)}" if told else "")


def cell(article: Article, name: str) -> str:
    row = article.row
    if not row.cells.get(name):
        return "{{n/a}}"
    return re.sub(r'<ref name="[a-z]+" />', "", article.infobox_value(name, row.table.fields.get(name, {}), row.cells[name]))


def table_row(cells: list[str]) -> str:
    """One line, or a line for each cell where one of them runs over several lines."""
    if any("\n" in text for text in cells):
        return "\n".join("| " + text for text in cells)
    return "| " + " || ".join(cells)
