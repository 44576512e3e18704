"""How a page is called in running text: its name with the article that the corpus uses, and whether it is a person."""

from __future__ import annotations

import re
from functools import lru_cache

from infoseek_offline.corpus.store import LINK_KINDS, Corpus
from infoseek_offline.records import LinkKind

PERSON_KEYS = frozenset({"born", "died", "birth date", "death date", "birth place", "birthplace", "death place", "spouse", "alma mater"})
PERSON_NOUNS = frozenset(
    (
    "person scientist physicist chemist astronomer mathematician biologist geologist botanist zoologist naturalist "
    "mineralogist engineer inventor explorer navigator mountaineer astronaut cosmonaut physician surgeon philosopher writer "
    "author poet novelist playwright journalist painter sculptor artist architect composer singer musician pianist "
    "guitarist rapper conductor actor actress director producer comedian dancer model politician president minister king "
    "queen emperor empress prince princess duke general admiral officer soldier lawyer judge economist historian linguist "
    "theologian bishop pope saint monk priest theorist cosmologist geophysicist astrophysicist crystallographer pharmacist "
    "metallurgist geographer cartographer seaman footballer player athlete cricketer swimmer boxer wrestler cyclist runner "
    "coach manager businessman businesswoman entrepreneur activist educator teacher professor scholar psychologist "
    "sociologist anthropologist archaeologist aviator pilot traveller missionary statesman nobleman noblewoman officeholder "
    "royalty emperor kami deity god goddess character logician programmer"
).split()
)
_SAMPLE = 40  # links looked at for the article


class Names:
    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.name = lru_cache(maxsize=65536)(self._name)
        self.is_person = lru_cache(maxsize=65536)(self._is_person)
        bases: dict[str, int] = {}
        for title in corpus.titles:
            base = base_title(title)
            bases[base] = bases.get(base, 0) + 1
        self._bases = bases

    def _name(self, page: int) -> str:
        """ "the Rhine", "Göttingen", "the planet Mercury" (where the bare name is another page's too)."""
        title = self.corpus.titles[page]
        base = base_title(title)
        if self._bases.get(base, 0) > 1 and base != title:
            noun = self.corpus.nouns[page] or title[len(base) :].strip(" ()")
            return f"the {noun} {base}"
        return f"the {base}" if self._takes_article(page) and not base.lower().startswith("the ") else base

    def _takes_article(self, page: int) -> bool:
        """Whether most links to the page that show its name have "the" before them."""
        corpus = self.corpus
        base = base_title(corpus.titles[page])
        prose = LINK_KINDS.index(LinkKind.PROSE)
        with_article = shown = 0
        for source in corpus.neighbours(page)[: _SAMPLE * 3].tolist():
            low, high = int(corpus.link_ptr[source]), int(corpus.link_ptr[source + 1])
            rows = corpus.link[low:high]
            for row, kind in zip(rows, corpus.link_kind[low:high], strict=True):
                if int(row[0]) != page or kind != prose or row[1] < 0:
                    continue
                text = corpus.page(source).text
                if text[int(row[1]) : int(row[2])] != base:
                    continue
                shown += 1
                with_article += bool(re.search(r"\b[Tt]he $", text[max(0, int(row[1]) - 5) : int(row[1])]))
            if shown >= _SAMPLE:
                break
        return shown > 0 and with_article * 2 > shown

    def _is_person(self, page: int) -> bool:
        head = self.corpus.nouns[page].rsplit(" ", 1)[-1]
        if head in PERSON_NOUNS or head.endswith(("ologist", "nomer", "ographer")):
            return True
        return any(f.key in PERSON_KEYS and f.key not in ("born", "died") for f in self.corpus.facts(page))


def base_title(title: str) -> str:
    """The title without its "(…)"."""
    return re.sub(r"\s*\([^()]*\)$", "", title) or title
