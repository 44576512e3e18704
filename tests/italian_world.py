"""A made-up Italian wiki in the form of it.wikipedia: a region with towns, rivers, mountains, persons, churches and paintings.

All names are syllables drawn by a fixed seed, so that nothing of it is anybody's text.
"""

from __future__ import annotations

import random

SYLLABLES = "ba ro le mi ver san ca no ta gli fo ri pe lu ga mon vi do".split()
FIRST = {name: "F" if name[-1] in "ae" else "M" for name in "Guido Bice Carlo Donata Pietro Fiamma Lapo Marta Ugo".split()}
WORK = {"M": ("pittore", "scultore", "poeta", "architetto"), "F": ("pittrice", "scultrice", "poetessa", "architetta")}
REGION = "Valdora"


class _Names:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.used: set[str] = set()

    def new(self, syllables: int, *endings: str) -> str:
        while True:
            name = "".join(self.rng.choice(SYLLABLES) for _ in range(syllables)).capitalize() + self.rng.choice(endings or ("",))
            if name not in self.used:
                self.used.add(name)
                return name


def italian_world(seed: int = 77) -> dict[str, str]:
    """Title -> wikitext, some 150 pages."""
    rng = random.Random(seed)
    names = _Names(rng)
    provinces = {f"Provincia di {name}": name for name in (names.new(3), names.new(3), names.new(3))}
    towns = [*provinces.values(), *(names.new(2, "sano", "no", "nzo", "te") for _ in range(24))]
    rivers, mountains = [names.new(2, "ro") for _ in range(9)], [f"Monte {names.new(2)}" for _ in range(10)]
    lakes, schools = [f"Lago di {town}" for town in rng.sample(towns, 5)], [f"Università di {town}" for town in towns[:3]]
    persons = [f"{rng.choice([*FIRST])} {names.new(3, 'ni', 'tti', 'lli', 'sso')}" for _ in range(60)]
    paintings = [f"Ritratto di {names.new(2, 'na')}" for _ in range(14)]
    pages = {REGION: f"La '''{REGION}''' è una regione bagnata dal [[{rivers[0]}]].\n[[Categoria:Regioni]]"}
    for name, capital in provinces.items():
        pages[name] = f"La '''{name}''' è una provincia della [[{REGION}]]. Il capoluogo è [[{capital}]].\n[[Categoria:Province]]"
    for town in towns:
        own = rng.choice([*provinces])
        pages[town] = (
            f"{{{{Divisione amministrativa|Nome={town}|Divisione amm grado 2={own}|Altitudine={rng.randint(10, 1500)}|"
            f"Abitanti={rng.randint(300, 90000)}|Amministratore locale=[[{rng.choice(persons)}]]}}}}\n"
            f"'''{town}''' è un comune della [[{own}]] in [[{REGION}]]. È bagnato dal fiume [[{rng.choice(rivers)}]]. "
            f"Confina con [[{rng.choice(towns)}]].\n[[Categoria:Comuni della {own}]]"
        )
    for river in rivers:
        pages[river] = (
            f"{{{{Corso d'acqua|nome={river}|lunghezza={rng.randint(20, 300)}|nasce=[[{rng.choice(mountains)}]]}}}}\n"
            f"Il '''{river}''' è un fiume della [[{REGION}]]. Sfocia nel [[{rng.choice(lakes)}]]. "
            f"Attraversa [[{rng.choice(towns)}]].\n[[Categoria:Fiumi della {REGION}]]"
        )
    for mountain in mountains:
        pages[mountain] = (
            f"{{{{Montagna|nome={mountain}|altezza={rng.randint(600, 4000)}}}}}\nIl '''{mountain}''' è una montagna. "
            f"Fu scalato per la prima volta da [[{rng.choice(persons)}]].\n[[Categoria:Montagne della {REGION}]]"
        )
    for lake in lakes:
        pages[lake] = f"Il '''{lake}''' è un lago. Si trova nel comune di [[{lake[8:]}]].\n[[Categoria:Laghi della {REGION}]]"
    for school in schools:
        pages[school] = f"L''''{school}''' è un'università con sede a [[{school[14:]}]].\n[[Categoria:Università]]"
    for person in persons:
        first, last = person.split()
        sex, born = FIRST[first], rng.randint(1480, 1930)
        end = "a" if sex == "F" else "o"
        pages[person] = (
            f"{{{{Bio|Nome={first}|Cognome={last}|Sesso={sex}|LuogoNascita={rng.choice(towns)}|AnnoNascita={born}|"
            f"LuogoMorte={rng.choice(towns)}|AnnoMorte={born + rng.randint(35, 80)}|Attività={rng.choice(WORK[sex])}}}}}\n"
            f"Studiò all'[[{rng.choice(schools)}]]. Fu alliev{end} di [[{rng.choice(persons)}]] e sposò [[{rng.choice(persons)}]]."
            f"{rng.choice(['', f' Si trasferì a [[{rng.choice(towns)}]].'])}\n[[Categoria:Artisti]]"
        )
    for painting in paintings:
        pages[painting] = (
            f"{{{{Opera d'arte|titolo={painting}|artista=[[{rng.choice(persons)}]]|anno={rng.randint(1490, 1900)}}}}}\n"
            f"'''{painting}''' è un dipinto. È conservato a [[{rng.choice(towns)}]].\n[[Categoria:Dipinti]]"
        )
    return pages
