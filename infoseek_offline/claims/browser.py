"""All claims that a page states, from its infobox, its sentences, its categories and its type."""

from __future__ import annotations

from infoseek_offline.claims.categories import category_claims, type_claims
from infoseek_offline.claims.infobox import infobox_claims
from infoseek_offline.claims.links import connected_claims, named_value_claims
from infoseek_offline.claims.sentences import sentence_claims
from infoseek_offline.corpus.store import Corpus
from infoseek_offline.records import Claim


def read_claims(corpus: Corpus, page: int) -> list[Claim]:
    """Pure: the same page gives the same claims, in the same order."""
    readers = (infobox_claims, named_value_claims, sentence_claims, connected_claims, category_claims, type_claims)
    return [claim for reader in readers for claim in reader(corpus, page)]
