"""Turns a row of a table into the wikitext of its article."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from tables import (
    PLACEHOLDER,
    Row,
    Table,
    capital,
    date_parts,
    date_text,
    digest,
    is_template,
    normal_title,
    number_text,
    placeholders,
    plain_name,
    split_list,
    year_text,
)

LONG_LIST = 8
ONE_OF_MANY = {"are": "is", "were": "was", "have": "has", "belong": "belongs", "bear": "bears", "stand": "stands"}
LINK = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]]*))?\]\]")
REF = '<ref name="{key}">{{{{cite web |title={title} |website={source}}}}}</ref>'
AN = re.compile(
    r"(?i)(?!(uni(?!n)|use|usu|uti|uk|ura|eu|ewe|one\b|once|ub))[aeiou]|8|11\b|18\b|hour|honou?r|honest|heir|[flmnrsx][-\d ]"
)


def article_for(text: str) -> str:
    """ "a" or "an", by the sound of the first word that a reader sees."""
    shown = re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]]*)\]\]", r"\1", text).lstrip("'\"")
    return "an" if AN.match(shown) else "a"


def plain_link(title: str, words: str) -> str:
    """The shortest wikitext of a link: `[[comet]]s` rather than `[[Comet|comets]]`."""
    small = title[:1].lower() + title[1:]
    for target in (title, small):
        if words.startswith(target) and re.fullmatch(r"[a-z]*", words[len(target) :]):
            return f"[[{target}]]{words[len(target) :]}"
    return f"[[{title}|{words}]]"


def replace_field(template: str, name: str, value: str) -> str:
    return PLACEHOLDER.sub(lambda match: value if (match[2] or match[1]) == name else match[0], template)


def join_words(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


@dataclass
class Site:
    """All that an article needs to know of the other pages."""

    tables: list[Table]
    layout: dict
    rows: dict[str, Row] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    reverse: dict[str, dict[tuple[str, str], list[Row]]] = field(default_factory=dict)
    groups: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._the = re.compile("|".join(self.layout["the"]))
        for table in self.tables:
            for row in table.rows:
                self.rows.setdefault(row.title, row)
        for table in self.tables:
            for row in table.rows:
                for category in self.categories(row):
                    self.groups[category].append(row)

    def connect(self) -> None:
        """Collects, for every page, the rows that name it. Call when the redirects are known."""
        for table in self.tables:
            for name, config in table.fields.items():
                if config.get("kind") != "pages" or not config.get("reverse"):
                    continue
                for row in table.rows:
                    for title, _ in row.pages(name):
                        target = self.resolve(title)
                        if target in self.rows and target != row.title:
                            rows = self.reverse.setdefault(target, {}).setdefault((table.key, name), [])
                            if row not in rows:
                                rows.append(row)

    def resolve(self, title: str) -> str:
        title = normal_title(title)
        for _ in range(3):
            if title in self.rows or title not in self.redirects:
                break
            title = normal_title(self.redirects[title].partition("#")[0])
        return title

    def takes_the(self, title: str) -> bool:
        row = self.rows.get(title)
        return bool(self._the.fullmatch(title)) or bool(row and row.name.startswith("the "))

    def link(self, title: str, shown: str = "", before: str = "") -> str:
        """A link, with "the" in front of names that take it, unless the sentence has written an article already."""
        row = self.rows.get(title)
        words = re.sub(r"^the ", "", shown) or (row.text_name if row else plain_name(title))
        the = shown.startswith("the ") or (self.takes_the(title) and words in (title, plain_name(title)))
        before_it = "the " if the and not re.search(r"(?i)\b(the|an?|its|his|her)\s$", before) else ""
        return before_it + plain_link(title, words)

    def table_layout(self, table: Table) -> dict:
        return self.layout.get("table", {}).get(table.key, {})

    def repeats(self, row: Row, name: str) -> bool:
        """True where the layout says that another field of the row states the same, and it names the same pages."""
        other = self.table_layout(row.table).get("repeats", {}).get(name, "")
        return bool(other and row.cells.get(other) and row.cells[other] == row.cells[name])

    def categories(self, row: Row) -> list[str]:
        """The row's categories; one whose field holds several pages or words is written once for each."""
        found: list[str] = []
        for template in row.table.categories:
            names = placeholders(template)
            if any(not row.cells.get(name) for name in names):
                continue
            variants = [template]
            for name in names:
                variants = [replace_field(variant, name, value) for variant in variants for value in self.plain_values(row, name)]
            found += [capital(variant) for variant in variants if capital(variant) not in found]
        return found

    def plain_values(self, row: Row, name: str) -> list[str]:
        cell = row.cells[name]
        if row.kind(name) == "pages":
            pairs = [(title, shown or plain_name(title)) for title, shown in row.pages(name)]
            return ["the " + shown if self.takes_the(title) and shown == plain_name(title) else shown for title, shown in pairs]
        if row.kind(name) in ("date", "year"):
            return [year_text(date_parts(cell)[0])]
        return [number_text(cell)]


class Article:
    """Writes one row's article. State: which fields are told, how the subject was last named, what is linked already."""

    def __init__(self, site: Site, row: Row) -> None:
        self.site, self.row = site, row
        self.told: set[str] = set()
        self.naming = "name"  # how the last sentence named the subject: name, noun or pronoun
        self.linked: set[str] = {row.title}

    # -- sentences ---------------------------------------------------------------------------------------------------

    def value(self, name: str, before: str) -> str:
        """A field as it stands in running text."""
        row, cell, kind = self.row, self.row.cells.get(name, ""), self.row.kind(name)
        if kind == "pages":
            pages = row.pages(name)
            return join_words([self.site.link(*page, before=before if n == 0 else "") for n, page in enumerate(pages)])
        if kind == "year":
            return year_text(cell)
        if kind == "date":
            return date_text(cell)
        if kind == "number":
            return number_text(cell)
        return join_words(split_list(cell)) if "[[" in cell or ";" in cell else cell

    def subject(self, form: str, key: str, before: str, after: str, referred: bool) -> str:
        """The subject's name or pronoun. `form` is it, its or name, with a capital where it opens a sentence."""
        if form == "Name" and not before and self.naming == "name" and re.match(r" (?!who|which)|'s ", after):
            form, referred = ("Its" if after.startswith("'s") else "It"), True  # a pronoun: the name stood in the sentence before
        row = self.row
        gender = row.cells.get("gender", "").lower()
        pronoun = {"m": ("he", "his"), "f": ("she", "her")}.get(gender, ("it", "its"))[form.lower() == "its"]
        roll = digest(row.title, key, "subject") % 100
        name = re.sub(r"^[Tt]he ", "", row.name) if self.site.takes_the(row.title) else row.name
        if name != row.name or (self.site.takes_the(row.title) and name == row.full_name):
            name = name if re.search(r"(?i)\bthe '*$", before) else "the " + name
        noun = row.noun if not gender and self.naming != "noun" and before == "" else ""
        if form.lower() == "name":
            naming, words = "name", name
        elif referred:
            naming, words = "pronoun", pronoun
        elif self.naming == "fresh" or (roll < 22 and self.naming != "name"):
            naming, words = "name", name
        elif noun and roll > 88:
            naming, words = "noun", f"the {noun}"
        else:
            naming, words = "pronoun", pronoun
        if form.lower() == "its" and words != pronoun:
            words += "'" if words.startswith("the ") and words.endswith("s") and row.table.key == "countries" else "'s"
        self.naming = naming
        return capital(words) if form[0].isupper() else words

    def fill(self, sentence: str, key: str, items: str = "") -> str:
        """Replaces the placeholders of a sentence from left to right."""
        out, position, referred = "", 0, False
        for match in PLACEHOLDER.finditer(sentence):
            if is_template(sentence, match):
                continue
            out += sentence[position : match.start()]
            position = match.end()
            how, name = (match[1], match[2]) if match[2] else ("", match[1])
            if name.lower() in ("it", "its", "name"):
                words = self.subject(name, key, out, sentence[position:], referred)
                if sentence[position:].startswith("'s") and words.lower() in ("its", "his", "her"):
                    position += 2
                out += words
                referred = True
            elif name.lower() == "title":
                out += self.row.full_name
            elif name.lower() == "noun":
                out += self.row.noun
            elif name.lower() == "was":
                ended = any(self.row.cells.get(end) for end in ("died", "ended"))
                out += capital("was" if ended else "is") if name[0].isupper() else "was" if ended else "is"
            elif name.lower() == "items":
                words = items if not re.search(r"(?i)\bthe $", out) else items.removeprefix("the ")
                out += capital(words) if name[0].isupper() else words
            else:
                column = name if name in self.row.cells else name[:1].lower() + name[1:]
                text = year_text(date_parts(self.row.cells[column])[0]) if how == "year" else self.value(column, out)
                text = f"{article_for(text)} {text}" if how.lower() == "a" else text
                out += capital_first(text) if (name[0].isupper() or how[:1].isupper() or ends_sentence(out)) else text
        return finish(out + sentence[position:])

    def choose(self, sentences: list[str], key: str) -> str:
        """One of the sentences whose fields are all filled; one that tells nothing twice goes before one that does."""
        fit = [text for text in sentences if all(self.filled(name) for name in placeholders(text))]
        fresh = [text for text in fit if not any(name in self.told for name in placeholders(text))]
        fit = fresh or fit
        return fit[digest(self.row.title, key) % len(fit)] if fit else ""

    def filled(self, name: str) -> bool:
        return bool(self.row.cells.get(name) or self.row.cells.get(name[:1].lower() + name[1:]))

    def tell(self, sentences: list[str], key: str) -> str:
        sentence = self.choose(sentences, key)
        self.told |= {key, *placeholders(sentence)} if sentence else set()
        for name in placeholders(sentence):
            if self.row.kind(name) == "pages" and len(self.row.pages(name)) == 1:
                sentence = re.sub(rf"\b(were|are) (\{{{name}\}})", lambda match: f"{ONE_OF_MANY[match[1]]} {match[2]}", sentence)
        return self.fill(sentence, key) if sentence else ""

    def lead(self) -> str:
        row = self.row
        sentence = self.choose(row.table.lead, "lead") or "'''{name}''' {was} " + f"{article_for(row.noun)} {row.noun}."
        self.told |= set(placeholders(sentence))
        bold = re.search(r"'''\{([Nn]ame|title)\}'''", sentence)
        if bold:
            head = sentence[: bold.start()]
            the = "the " if self.site.takes_the(row.title) and not re.search(r"(?i)\bthe $", head) else ""
            sentence = f"{head}{the if head else capital(the)}'''{row.full_name}'''{sentence[bold.end() :]}"
        text = self.fill(sentence, "lead")
        self.naming = "name"
        return text

    # -- the parts of the page ----------------------------------------------------------------------------------------

    def field_sections(self) -> list[tuple[str, list[str]]]:
        """(heading, sentences); the first has no heading. A page of few sentences has no headings at all."""
        layout = self.site.table_layout(self.row.table).get("sections", {})
        heading_of = {name: heading for heading, names in layout.items() for name in names}
        filled = [name for name in self.row.table.fields if self.row.cells.get(name)]
        headed = len(filled) >= 6
        sections: dict[str, list[str]] = {"": []}
        for name in self.row.table.fields:
            if name in self.told or not self.row.cells.get(name) or self.year_of_date(name) or self.site.repeats(self.row, name):
                continue
            config = self.row.table.fields[name]
            heading = (config.get("section") or heading_of.get(name, "")) if headed else ""
            if heading not in sections:
                sections[heading] = []
            if heading and not sections[heading]:
                self.naming = "fresh"
            sentence = self.tell(config.get("sentences", []), name)
            if sentence:
                sections[heading].append(sentence)
        return [(heading, sentences) for heading, sentences in sections.items() if sentences or not heading]

    def year_of_date(self, name: str) -> bool:
        """True for a year that a date of the row states more exactly: the date is told in its place."""
        cells, row = self.row.cells, self.row
        if row.kind(name) != "year":
            return False
        dates = [other for other, config in row.table.fields.items() if config.get("kind") == "date" and cells.get(other)]
        told = [other for other in dates if other in self.told or row.table.fields[other].get("sentences")]
        return any(date_parts(cells[other])[0] == cells[name] for other in told)

    def reverse_sections(self) -> list[tuple[str, list[str]]]:
        sections: dict[str, list[str]] = {}
        for (table_key, name), rows in sorted(self.site.reverse.get(self.row.title, {}).items()):
            table = next(table for table in self.site.tables if table.key == table_key)
            config = table.fields[name]
            rows = [row for row in rows if row.title not in self.linked and not self.site.repeats(row, name)]
            if not rows:
                continue
            heading = config.get("reverse_section", "")
            heading = self.site.layout["headings"].get(heading, heading)
            if heading not in sections:
                sections[heading] = []
                self.naming = "fresh"
            sections[heading].append(self.reverse_sentence(config, f"{table_key}.{name}", rows))
        return list(sections.items())

    def reverse_sentence(self, config: dict, key: str, rows: list[Row]) -> str:
        one = len(rows) == 1
        sentences = (config.get("reverse_one") if one else None) or config["reverse"]
        sentence = sentences[digest(self.row.title, key) % len(sentences)]
        sentence = singular(sentence) if one else sentence
        more = len(rows) > LONG_LIST
        if more:
            order = {id(row): n for n, row in enumerate(rows)}
            rows = sorted(rows, key=lambda row: digest(self.row.title, row.title))[:LONG_LIST]
            rows.sort(key=lambda row: order[id(row)])
        items = join_words([self.site.link(row.title) for row in rows])
        if more and not re.search(r"(?i)\b(among|includ|other|such as|for example)", sentence):
            opens = "{Items}" in sentence
            items += ", among others," if opens or not re.search(r"\{items\}[.,;]", sentence) else ", among others"
        return self.fill(sentence, key, items)

    def infobox(self) -> str:
        row, lines = self.row, []
        for name, config in row.table.fields.items():
            parameter, cell = config.get("infobox"), row.cells.get(name, "")
            if parameter and cell:
                lines.append(f"| {parameter} = {self.infobox_value(name, config, cell)}")
        if not row.table.infobox or not lines:
            return ""
        return "{{" + row.table.infobox + "\n" + "\n".join([f"| name = {row.full_name}", *lines]) + "\n}}\n"

    def infobox_value(self, name: str, config: dict, cell: str) -> str:
        kind, roll = config.get("kind", "text"), digest(self.row.title, name, "infobox")
        if kind == "pages":
            links = [self.site.link(title, shown, before="the ") for title, shown in self.row.pages(name)]
            if len(links) == 1:
                return links[0]
            styles = ("{{plainlist|\n* " + "\n* ".join(links) + "\n}}", "<br>".join(links), "{{hlist|" + "|".join(links) + "}}")
            return styles[roll % 3]
        if kind == "date":
            year, month, day = date_parts(cell)
            if name in ("born", "died") and day and not year.startswith("-"):
                return "{{" + ("birth" if name == "born" else "death") + f" date|{int(year)}|{month}|{day}}}}}"
            return date_text(cell)
        if kind == "year":
            return year_text(cell)
        if kind == "number":
            unit = config.get("unit") or self.row.cells.get(name.split("_")[-1] + "_unit", "")
            unit = f" {unit}" if unit and unit != "°" else unit
            extra = {1: " <!-- rounded -->", 2: f'<ref name="{self.row.table.key}" />'}.get(roll % 17, "")
            return number_text(cell) + unit + extra
        return cell.replace(";", ", ").replace(" ,", ",").replace("  ", " ")

    def see_also(self) -> list[str]:
        """Two to four pages of the same category that the page does not link yet."""
        wanted = 2 + digest(self.row.title, "see also") % 3
        found: list[str] = []
        names = [name for name in self.site.categories(self.row) if not any(letter.isdigit() for letter in name)]
        groups = [*sorted((self.site.groups[name] for name in names), key=len), self.row.table.rows]
        for rows in groups:
            for row in sorted(rows, key=lambda row: digest(self.row.title, row.title, "see also")):
                if row.title not in self.linked | set(found) and len(found) < wanted:
                    found.append(row.title)
        return [f"* [[{title}]]" for title in sorted(found)]

    def navbox(self) -> str:
        """The pages of the row's narrowest category that has four or more."""
        sizes = [(len(self.site.groups[name]), name) for name in self.site.categories(self.row)]
        groups = [(size, name) for size, name in sizes if size >= 4]
        if not groups:
            return ""
        name = min(groups)[1]
        rows = sorted(self.site.groups[name], key=lambda row: (row is not self.row, digest(name, row.title)))[:14]
        links = [
            f"[[{row.title}]]" if row.full_name == row.title else f"[[{row.title}|{row.full_name}]]"
            for row in sorted(rows, key=lambda row: row.title)
        ]
        return f"{{{{Navbox\n| name = {name}\n| title = {name}\n| listclass = hlist\n| list1 =\n* " + "\n* ".join(links) + "\n}}\n"

    def text(self) -> str:
        row = self.row
        source = self.site.table_layout(row.table).get("source", f"{capital(row.noun)} data tables")
        ref = REF.format(key=row.table.key, title=row.full_name, source=source)
        lead = self.lead()
        (_, first), *sections = self.field_sections()
        opening = paragraphs([lead, *first], row.title)
        opening[0] = add_ref(opening[0], ref, row.title)
        if row.cells.get("note"):
            opening.append(finish(row.cells["note"]))
        if len(opening) > 1 and (len(opening[-1]) + len(opening[-2]) < 450 or len(first) == 0):
            opening[-2:] = [" ".join(opening[-2:])]
        parts = {"": self.unlink_repeated(opening)}
        for heading, sentences in sections:
            parts[heading] = self.unlink_repeated(paragraphs(sentences, row.title + heading))
        reverse = self.reverse_sections()
        short = not sections and len(reverse) == 1 and len(first) < 3
        for heading, sentences in reverse:
            parts.setdefault("" if short else heading, []).extend(self.unlink_repeated(paragraphs(sentences, row.title + heading)))
        out = [(f"== {heading} ==\n" if heading else "") + "\n\n".join(texts) + "\n" for heading, texts in parts.items()]
        if digest(row.title, "again") % 3 == 0:
            out[-1] = out[-1].rstrip() + f'<ref name="{row.table.key}" />\n'
        also = self.see_also()
        if also:
            out.append("== See also ==\n" + "\n".join(also) + "\n")
        out.append("== References ==\n{{reflist}}\n")
        categories = "\n".join(f"[[Category:{name}]]" for name in self.site.categories(row))
        return self.infobox() + "\n".join(out) + "\n" + self.navbox() + "\n" + categories

    def unlink_repeated(self, parts: list[str]) -> list[str]:
        """Links a page once only, as an encyclopedia does, and never to itself; notes what is linked."""

        def replace(match: re.Match[str]) -> str:
            title = self.site.resolve(match[1].partition("#")[0])
            shown = match[2] if match[2] is not None else match[1]
            if title in self.linked and not match[1].startswith((":", "File:")):
                return shown
            self.linked.add(title)
            return match[0]

        return [LINK.sub(replace, part) for part in parts]


def singular(sentence: str) -> str:
    """A reverse sentence made for several items, for one: "{Items} are its moons" becomes "{Items} is"."""
    for many, one in ONE_OF_MANY.items():
        sentence = re.sub(rf"\b{many} (\{{items\}})", rf"{one} \1", sentence)
        sentence = re.sub(rf"^(\{{Items\}}) {many}\b", rf"\1 {one}", sentence)
    return sentence


def ends_sentence(text: str) -> bool:
    return not text or bool(re.search(r"[.!?] $", text))


def capital_first(text: str) -> str:
    """Capitalises the word that a reader sees first: `[[a|b c]]` becomes `[[a|B c]]`."""
    match = re.match(r"(\[\[(?:[^\[\]|]*\|)?)(.*)", text, re.DOTALL)
    return match[1] + capital(match[2]) if match else capital(text)


def finish(text: str) -> str:
    """A sentence with its full stop, and with none doubled after "Jr." and the like."""
    text = re.sub(r"\s+", " ", text).strip()
    text = text if text.endswith((".", "!", "?", ">", '."', ".]]")) else text + "."
    text = text[:-1] if text.endswith(".]].") else text
    return re.sub(r",\.", ".", re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)).replace(",,", ",")


def paragraphs(sentences: list[str], key: str) -> list[str]:
    """Groups sentences by threes or fours; a single one at the end stays with those before it."""
    size = 3 + digest(key, "paragraph") % 2
    parts = [sentences[n : n + size] for n in range(0, len(sentences), size)]
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [parts[-2] + parts[-1]]
    return [" ".join(part) for part in parts]


def add_ref(paragraph: str, ref: str, key: str) -> str:
    """Puts the reference after the first sentence or at the end of the paragraph."""
    ends = [match.end() for match in re.finditer(r"(?<=[a-z\])])\.(?= [A-Z])", paragraph)]
    if ends and digest(key, "ref") % 2:
        return paragraph[: ends[0]] + ref + paragraph[ends[0] :]
    return paragraph + ref
