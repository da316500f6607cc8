"""Terms that hypothesis makes up: whatever a glossary may hold, above all what formats trip over."""

from __future__ import annotations

from hypothesis import strategies as st

from dubwright.errors import ManifestError
from dubwright.series.facts import Term
from dubwright.terms import exchange

# Quotes, separators, markup, what begins a formula, scripts that are composed or run the other way.
_ALPHABET = "|\\'\"=+-@＝,;<>&#] \u3000aZé é秦晴จารم्मلد\U0001f3ee\U00020000\u200c\u00a0"


def _valid(term: Term) -> bool:
    try:
        exchange.term(term.model_dump(), "drawn")
    except ManifestError:
        return False
    return True


def _texts(most: int = 8, also: str = "") -> st.SearchStrategy[str]:
    return st.text(_ALPHABET + also, min_size=1, max_size=most).map(str.strip).filter(bool)


_TERM = st.builds(
    Term,
    source=_texts(),
    renderings=st.dictionaries(st.sampled_from(("en", "es", "pt-BR", "ar", "zh-Hant")), _texts(), max_size=2),
    aliases=st.lists(_texts(), max_size=2, unique=True).map(tuple),
    kind=st.sampled_from(("name", "address", "place", "sect", "term", "organisation")),
    sex=st.sampled_from(("female", "male", "unknown")),
    status=st.sampled_from(("proposed", "approved")),
    notes=st.one_of(st.just(""), _texts(30, "\n\t")),
).filter(_valid)

GLOSSARIES = st.lists(_TERM, min_size=1, max_size=3, unique_by=lambda term: term.source).map(tuple)
