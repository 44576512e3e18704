"""Tables for saying a relation from its other side; read by clauses.py. Words only, no logic.

Keys of INVERSE are the middle of "{o} MIDDLE {v}", values the verb phrase that says the same of {v}. After "|" stands what may be
put before a long {o}: "sent {o} | into space" is also "sent into space {o}".
"""

from __future__ import annotations

import re

INVERSE = {
    # persons
    "studied at": "is the alma mater of {o}",
    "graduated from": "is the alma mater of {o}",
    "was educated at": "educated {o}",
    "was born in": "is the birthplace of {o}",
    "was born at": "is the birthplace of {o}",
    "died in": "is the place of death of {o}",
    "died at": "is the place of death of {o}",
    "was buried at": "is the burial place of {o}",
    "was buried in": "is the burial place of {o}",
    "lived in": "was a home of {o}",
    "worked at": "employed {o}",
    "worked for": "employed {o}",
    "worked in": "was among the fields of {o}",
    "was interested in": "interested {o}",
    "was a student of": "taught {o}",
    "was a doctoral student of": "supervised the doctorate of {o}",
    "taught": "was taught by {o}",
    "taught at": "had {o} | on its staff",
    "was the doctoral advisor of": "was a doctoral student of {o}",
    "worked with": "worked with {o}",
    "worked together with": "worked together with {o}",
    "collaborated with": "collaborated with {o}",
    "corresponded with": "corresponded with {o}",
    "travelled with": "travelled with {o}",
    "was married to": "was married to {o}",
    "was the partner of": "was the partner of {o}",
    "was a sibling of": "was a sibling of {o}",
    "was related to": "was related to {o}",
    "was a child of": "was a parent of {o}",
    "was a parent of": "was a child of {o}",
    "is a member of": "has {o} | among its members",
    "was a member of": "had {o} | among its members",
    "became a member of": "had {o} | among its members",
    "joined": "was joined by {o}",
    "received": "was awarded to {o}",
    "is known for": "is closely associated with {o}",
    "was a citizen of": "counted {o} | among its citizens",
    "was involved in": "involved {o}",
    "took part in": "had {o} | among its participants",
    "held the office of": "was held by {o}",
    "flew on": "carried {o}",
    "was the flight of": "flew on {o}",
    "became a student at": "had {o} | among its students",
    "was a student at": "had {o} | among its students",
    "held a degree from": "gave a degree to {o}",
    "received a degree from": "gave a degree to {o}",
    "learned at": "had {o} | among its students",
    "was elected to": "elected {o}",
    "was honoured with": "was awarded to {o}",
    "was awarded": "was awarded to {o}",
    "was remembered for": "is associated with {o}",
    "is remembered for": "is associated with {o}",
    "had posts at": "employed {o}",
    "held posts at": "employed {o}",
    # places
    "is in": "is home to {o}",
    "is on": "is home to {o}",
    "was in": "was home to {o}",
    "is part of": "includes {o}",
    "was part of": "included {o}",
    "is near": "is near {o}",
    "came from": "was home to {o}",
    "lies on": "has {o} | on its banks",
    "lies by": "has {o} | on its shore",
    "belongs to": "includes {o}",
    "borders": "borders {o}",
    "borders on": "borders on {o}",
    "is twinned with": "is twinned with {o}",
    "has had the use of": "has been used by {o}",
    "took place in": "was the scene of {o}",
    "crystallises in": "is the crystal system of {o}",
    "flows into": "receives the waters of {o}",
    "flows through": "is crossed by {o}",
    "is a tributary of": "has {o} | as a tributary",
    "has a coast on": "washes the coast of {o}",
    "is based at": "is home to {o}",
    "drains partly into": "receives waters from {o}",
    "has its headquarters in": "is the seat of {o}",
    "is affiliated with": "is affiliated with {o}",
    "is connected with": "is connected with {o}",
    "has its source in": "is the source of {o}",
    # space
    "orbits": "is orbited by {o}",
    "flew past": "was passed by {o}",
    "was sent to": "was the destination of {o}",
    "set out for": "was the destination of {o}",
    "set out from": "was the starting point of {o}",
    "was launched from": "was the launch site of {o}",
    "was launched aboard": "launched {o}",
    "lifted off from": "was the launch site of {o}",
    "took off from": "was the launch site of {o}",
    "started from": "was the starting point of {o}",
    "relied on": "was used by {o}",
    "took pictures of": "was photographed by {o}",
    "sent home images of": "was photographed by {o}",
    "was found at": "is where {o} was found",
    "is honoured by": "honours {o}",
    "is accompanied by": "accompanies {o}",
    "launched rockets from": "was used for launches by {o}",
    "was a mission of": "has {o} | among its missions",
    "was discovered at": "is where {o} was discovered",
    "was discovered in": "is where {o} was discovered",
    "was discovered with": "was used in the discovery of {o}",
    "was derived from": "gave rise to {o}",
    "was developed in": "is the country of origin of {o}",
    # things
    "belongs to the genus": "is the genus of {o}",
    "belongs to the family": "is the family of {o}",
    "belongs to the order": "is the order of {o}",
    "belongs to the class": "is the class of {o}",
    "belongs to the phylum": "is the phylum of {o}",
    "belongs to the kingdom": "is the kingdom of {o}",
    "belongs to the genre of": "is the genre of {o}",
    "is in the constellation": "contains {o}",
    "uses the engine": "is the engine of {o}",
    "came out of": "was a source of {o}",
    "is named after": "is the namesake of {o}",
    "was named after": "is the namesake of {o}",
    "is based on": "is the basis of {o}",
    "is awarded for": "is honoured by {o}",
    "is awarded in": "is the place of award of {o}",
    "is devoted to": "is the concern of {o}",
    "occurs in": "contains {o}",
    "contains": "is found in {o}",
    "was first found in": "is where {o} was first found",
    "is an ore of": "is obtained from {o}",
    "starred in": "starred {o}",
    "played for": "had {o} | among its players",
    "fought in": "had {o} | among its combatants",
    "is dedicated to": "is honoured at {o}",
    "is kept in": "holds {o}",
    "belonged to": "included {o}",
    # fiction
    "is allied with": "is allied with {o}",
    "is an enemy of": "is an enemy of {o}",
    "is a rival of": "is a rival of {o}",
    "is a friend of": "is a friend of {o}",
    "was romantically involved with": "was romantically involved with {o}",
    "appears in": "features {o}",
    "appeared in": "featured {o}",
    "drops": "is dropped by {o}",
    "is made of": "is the material of {o}",
    "comes from": "is home to {o}",
    "is obtained from": "is the source of {o}",
    "served on": "had {o} | among its crew",
    "evolves from": "evolves into {o}",
    "evolves into": "evolves from {o}",
}

# Inverses that read better than "in which {o} was born" also where {o} is short.
PREFERRED = frozenset(
    (
        "was a student of;was a doctoral student of;taught;was the doctoral advisor of;worked with;worked together with;"
        "collaborated with;corresponded with;travelled with;was married to;was the partner of;was a sibling of;"
        "was related to;was a child of;was a parent of;is part of;was part of;is near;borders;borders on;is twinned with;"
        "is affiliated with;is connected with;orbits;flew past;received;was interested in;flew on;occurs in;starred in;"
        "is kept in;was sent to;is a tributary of;has a coast on;joined;is a member of;was a member of;took part in;"
        "studied at;set out for;set out from;is in;is on;was in;held the office of;belongs to the genus;belongs to the family;"
        "belongs to the order;belongs to the class;belongs to the phylum;belongs to the kingdom;"
        "belongs to the genre of;is in the constellation;"
        "was honoured with;was awarded;was a mission of;uses the engine;came out of;has had the use of;took place in;contains;"
        "crystallises in;drains partly into;is allied with;is an enemy of;is a rival of;is a friend of;"
        "was romantically involved with;drops;is made of;is obtained from;evolves from;evolves into"
    ).split(";")
)

# Participle -> past, where they differ or don't end in "ed"; "" where the active says something else.
PAST = {
    "written": "wrote", "given": "gave", "taken": "took", "drawn": "drew", "chosen": "chose", "driven": "drove", "worn": "wore",
    "flown": "flew", "seen": "saw", "begun": "began", "sung": "sang", "overthrown": "overthrew", "undertaken": "undertook",
    "overseen": "oversaw", "known": "", "born": "", "built": "built", "led": "led", "made": "made", "won": "won", "held": "held",
    "taught": "taught", "found": "found", "bought": "bought", "sold": "sold", "fought": "fought", "sent": "sent", "laid": "laid",
    "set": "", "put": "", "cast": "cast", "shot": "shot", "struck": "struck", "lost": "lost", "left": "left", "met": "met",
    "hit": "hit", "read": "read", "run": "ran", "shown": "showed", "told": "told", "thought": "", "brought": "brought",
    "spoken": "spoke", "stolen": "stole", "broken": "broke", "woven": "wove", "hidden": "hid", "grown": "grew",
}  # fmt: skip

# Participle -> present, for "is awarded by".
PRESENT_ACTIVE = {
    "awarded": "awards", "owned": "owns", "operated": "operates", "managed": "manages", "fed": "feeds", "drained": "drains",
    "published": "publishes", "orbited": "orbits", "bordered": "borders", "crossed": "crosses", "surrounded": "surrounds",
    "used": "uses", "run": "runs", "led": "leads", "headed": "heads", "administered": "administers", "governed": "governs",
    "maintained": "maintains", "represented": "represents", "produced": "produces", "made": "makes", "formed": "forms",
    "traversed": "traverses", "dominated": "dominates", "funded": "funds", "organised": "organises", "organized": "organizes",
    "caused": "causes", "inhabited": "inhabits", "served": "serves", "given": "gives", "presented": "presents",
    "ruled": "rules", "sold": "sells", "wielded": "wields",
}  # fmt: skip

# Finite verb -> its passive, for verbs whose passive is certain.
TRANSITIVE = {
    verb: ("was", verb)
    for verb in (
        "discovered founded designed developed invented created produced directed composed edited translated illustrated "
        "narrated published recorded named described isolated explored sponsored commissioned visited influenced inspired "
        "commanded managed represented replaced succeeded preceded married supported built led made won held bought sold "
        "lost found sent surveyed observed photographed crossed conquered climbed established constructed examined "
        "investigated mapped launched operated owned introduced identified predicted proposed suggested prepared synthesised "
        "synthesized studied used employed mentioned dedicated opened occupied defeated attacked captured destroyed restored "
        "rebuilt enlarged expanded absorbed adopted awarded appointed attended played served followed nominated elected "
        "killed trained mentored wielded piloted portrayed voiced "
        "selected carried orbited imaged passed reached analysed analyzed catalogued measured extracted"
    ).split()
} | {
    "wrote": ("was", "written"), "drew": ("was", "drawn"), "saw": ("was", "seen"), "took": ("was", "taken"),
    "gave": ("was", "given"),
    "chose": ("was", "chosen"), "overthrew": ("was", "overthrown"), "oversaw": ("was", "overseen"), "sang": ("was", "sung"),
    "contains": ("is", "contained"), "drains": ("is", "drained"), "owns": ("is", "owned"), "operates": ("is", "operated"),
    "crosses": ("is", "crossed"), "surrounds": ("is", "surrounded"), "uses": ("is", "used"), "carries": ("is", "carried"),
    "runs": ("is", "run"), "borders": ("is", "bordered"), "awards": ("is", "awarded"), "feeds": ("is", "fed"),
    "publishes": ("is", "published"),
}  # fmt: skip

# Idioms of an encyclopedia, and plainer words for the same.
SAME = {
    "is a satellite of": "orbits",
    "is a natural satellite of": "orbits",
    "is a moon of": "orbits",
    "is one of the moons of": "orbits",
    "has a name in": "is known for",
    "followed on": "followed",
    "came upon": "discovered",
    "is in the gift of": "is awarded by",
    "was used for the launch of": "launched",
    "was the flight of": "carried",
    "takes its name from": "is named after",
    "took its name from": "was named after",
    "has worked at": "worked at",
    "is located in": "is in",
    "is situated in": "is in",
    "lies in": "is in",
    "belongs to the history of": "is connected with",
    "shares a border with": "borders",
    "has a common border with": "borders",
    "borders on": "borders",
    "became a student at": "studied at",
    "was a student at": "studied at",
    "looks out on": "lies by",
    "is a place of teaching and research in": "is in",
    "is a place of higher learning in": "is in",
    "is best known for": "is known for",
    "was known for": "is known for",
    "was the teacher of": "taught",
    "is the son of": "is a son of",
    "is the daughter of": "is a daughter of",
    "is the brother of": "is a brother of",
}
# Nouns with "of" that stand for a verb: "the birthplace of A was B" is "A was born in B".
NOUN_FOR_VERB = {
    "birthplace": "was born in",
    "place of birth": "was born in",
    "place of death": "died in",
    "place of discovery": "was discovered in",
    "site of the discovery": "was discovered at",
    "burial place": "was buried in",
    "starting point": "set out from",
    "launch site": "was launched from",
    "alma mater": "studied at",
}
# What says too little of the other page, or needs the sentence that it was taken from.
VAGUE = re.compile(
    r"\b(?:often|sometimes|usually) (?:treated|mentioned|used|seen)\b|\btreated in works\b|\bnext to\b|\bhad the company\b|"
    r"\bcounted\b|\badded to the knowledge\b|\bat the service\b|\blives? on\b|\bhistory of\b|\bgoes? back in part\b|"
    r"\bin connection with\b|\b(?:is|was) (?:students|members|children|pupils|parts|elements|moons|sons|daughters)\b|"
    r"\bhad made\b|\b(?:told|took|brought|travelled|traveled|went) (?:the )?\{|"
    r"\bspent (?:in|at|on)\b|\bjoined to\b|\bdiscoveries include\b|\bsome(?:thing|body|one)\b|"
    r"\bused the\b|\bwent to \{|\bcame to the attention\b|\b(?:type|kind|form|sort) of [a-z]+ of \{|"
    r"\} (?:discovered|found|gave|made|took|spent|fled|produced|wrote|built) (?:in|at|on|from|his|her) |"
    r"\bfor [a-z]+ of (?:the )?\{|\bis an? (?:asteroid|comet|planet|star) of (?:the )?\{o|"
    r"\b(?:is|was) an? (?:[a-z]+ )?(?:prize|medal|award) of\b|\bplaces? of (?:higher )?learning of\b|"
    r"\b(?:is|was) an? [a-z ]+ under (?:the )?\{|\b(?:is|was) [a-z]+ (?:beyond|above|below|outside) the [a-z]+ of\b|"
    r"\bthe (?:first|second|third|fourth|fifth|sixth|last|only|other) of \{|\bthe (?:first|second|third|fourth|fifth) of the \{|"
    r"\brepresented by\b|\bthe study of\b|\bshared (?:the|a) \w+ with\b|"
    r"\brepresents (?:the )?\{|\bthe [a-z]+[^suia\W]s \{o|\bstrong\b|\boccasions\b|\bin turn\b|\bpart in the foundation\b"
)

# Clauses that are right but that a reader stumbles over, with how much less often they are taken: the first always, the second
# where a description takes the place of {o} ("is known for the ocean by which …").
HARD_TO_READ = {
    "drains partly into {o}": 0.2,
    "receives waters from {o}": 0.3,
    "{o} is known": 0.4,
    "is closely associated with {o}": 0.3,
    "is associated with {o}": 0.3,
    "is linked with {o}": 0.4,
    "is the concern of {o}": 0.2,
    "was among the fields of {o}": 0.2,
    "is home to {o}": 0.7,
    "is where {o} was discovered": 0.7,
    "is the country of origin of {o}": 0.6,
    "belonged to {o}": 0.3,
}
HARD_WHEN_NESTED = {
    "is known for {o}": 0.15,
    "worked in {o}": 0.3,
    "is closely associated with {o}": 0.2,
    "is where {o} was discovered": 0.7,
    "is the namesake of {o}": 0.6,
    "is a {o}": 0.2,
    "interested {o}": 0.3,
}
