"""Spanish, Portuguese, French and Italian: number, gender, contracted articles.

Gender changes only where no name stands in the rendering: a *maestro* may be a *maestra*, *maestro Qin* may not; and never
where it is all that a word says, as of kin: *hermano* is not *hermana*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dubwright.terms.inflection.grammar import Grammar, Word, spelled

# Endings of the singular with those of the other number and gender. The first that fits counts.
Endings = tuple[tuple[str, tuple[str, ...]], ...]

_SPANISH_NUMBER: Endings = (
    ("z", ("z", "ces")),
    ("ón", ("ón", "ones")),
    ("án", ("án", "anes")),
    ("én", ("én", "enes")),
    ("ín", ("ín", "ines")),
    ("és", ("és", "eses")),
    ("joven", ("joven", "jóvenes")),
    ("orden", ("orden", "órdenes")),
    ("virgen", ("virgen", "vírgenes")),
    ("s", ("s",)),
    ("a", ("as?",)), ("e", ("es?",)), ("o", ("os?",)), ("é", ("és?",)), ("á", ("ás?",)), ("ó", ("ós?",)),
    ("í", ("í(?:e?s)?",)), ("ú", ("ú(?:e?s)?",)), ("i", ("is?",)), ("u", ("us?",)),
    ("", ("(?:es)?",)),
)  # fmt: skip
_SPANISH_GENDER: Endings = (
    ("o", ("[oa]s?",)),
    ("or", ("or(?:a|es|as)?",)),
    ("ón", ("ón", "on(?:a|es|as)")),
    ("án", ("án", "an(?:a|es|as)")),
    ("és", ("és", "es(?:a|es|as)")),
)
_SPANISH_FIXED = (
    "señor señorito don hermano hermanito hijo hijito padre tío abuelo nieto sobrino primo cuñado suegro esposo novio chico"
    " muchacho niño amo rey duque príncipe hombre viudo mayordomo"
)
_PORTUGUESE_NUMBER: Endings = (
    ("ão", ("ão", "ões", "ães", "ãos")),
    ("m", ("m", "ns")),
    ("al", ("al", "ais")),
    ("el", ("el", "éis", "eis")),
    ("ol", ("ol", "óis")),
    ("ul", ("ul", "uis")),
    ("il", ("il", "is")),
    ("ês", ("ês", "eses")),
    ("s", ("s", "ses")),
    ("r", ("r(?:es)?",)),
    ("z", ("z(?:es)?",)),
    ("", ("s?",)),
)
_PORTUGUESE_GENDER: Endings = (
    ("o", ("[oa]s?",)),
    ("or", ("or(?:a|es|as)?",)),
    ("ês", ("ês", "es(?:a|es|as)")),
)
_PORTUGUESE_FIXED = (
    "senhor senhorito dom irmão irmãozinho filho tio avô neto sobrinho primo cunhado sogro esposo marido noivo menino moço"
    " garoto viúvo"
)
_FRENCH_NUMBER: Endings = (
    ("eau", ("eaux?",)),
    ("eu", ("eux?",)),
    ("al", ("al", "aux", "als")),
    ("ail", ("ails?", "aux")),
    ("s", ("s",)),
    ("x", ("x",)),
    ("z", ("z",)),
    ("", ("s?",)),
)
_FRENCH_GENDER: Endings = (
    ("teur", ("teurs?", "trices?", "teuses?")),
    ("eur", ("eurs?", "euses?", "eures?")),
    ("eux", ("eux", "euses?")),
    ("ier", ("iers?", "ières?")),
    ("er", ("ers?", "ères?")),
    ("ien", ("iens?", "iennes?")),
    ("if", ("ifs?", "ives?")),
    ("al", ("als?", "aux", "ales?")),
    ("é", ("ée?s?",)),
    ("i", ("ie?s?",)),
    ("d", ("de?s?",)),
    ("t", ("te?s?",)),
)
_FRENCH_FIXED = "monsieur seigneur frère père oncle fils mari roi prince duc petit-fils cousin beau-frère"
_ITALIAN_NUMBER: Endings = (
    ("co", ("co", "chi", "ci")),
    ("go", ("go", "ghi", "gi")),
    ("ca", ("ca", "che")),
    ("ga", ("ga", "ghe")),
    ("io", ("io", "ii?")),
    ("cia", ("cia", "cie", "ce")),
    ("gia", ("gia", "gie", "ge")),
    ("ore", ("ore?", "ori")),
    ("ista", ("ista", "isti", "iste")),
    ("o", ("o", "i")),
    ("a", ("a", "e")),
    ("e", ("e", "i")),
    ("", ("",)),
)
_ITALIAN_GENDER: Endings = (
    ("tore", ("tore?", "tori", "trice", "trici")),
    ("ro", ("r[oaie]",)),
    ("lo", ("l[oaie]",)),
    ("to", ("t[oaie]",)),
    ("no", ("n[oaie]",)),
)
_ITALIAN_FIXED = (
    "signore signor don fratello fratellino figlio zio nonno cugino cognato suocero sposo marito ragazzo bambino"
)


def _rules(number: Endings, gender: Endings, fixed: str) -> Callable[[Word], str]:
    never = frozenset(fixed.split())

    def forms(word: Word) -> str:
        text, lower = word.text, word.text.lower()
        if word.short_name or not text[-1:].isalpha() or (word.capital and not word.first):
            # A name, behind a title.
            return spelled(text)
        changes = [number]
        if not word.named and lower not in never and not (word.capital and not word.alone):
            changes.append(gender)
        patterns = []
        for rules in changes:
            found = next((rule for rule in rules if lower.endswith(rule[0])), None)
            if found:
                stem = spelled(text[: len(text) - len(found[0])])
                patterns += [stem + ending for ending in found[1]]
        return "|".join(patterns) or spelled(text)

    return forms


def _links(groups: Mapping[str, str]) -> dict[str, str]:
    """Each of the words of a group → the group's pattern."""
    return {word: pattern for words, pattern in groups.items() for word in words.split()}


_ES_OF = r"del?(?:\s+(?:l[ao]s?|el))?"
_ES_TO = r"al?(?:\s+(?:l[ao]s?|el))?"
SPANISH = Grammar(
    forms=_rules(_SPANISH_NUMBER, _SPANISH_GENDER, _SPANISH_FIXED),
    articles=frozenset(("el", "la", "los", "las", "un", "una", "unos", "unas", "lo")),
    links=_links({"de del": _ES_OF, "a al": _ES_TO, "la las los el": "(?:la|las|los|el)"}),
    same={
        "sr": r"(?:sr\.?|señor)",
        "señor": r"(?:sr(?:es)?\.?|señor(?:es)?)",
        "sra": r"(?:sra\.?|señora)",
        "señora": r"(?:sras?\.?|señoras?)",
        "srta": r"(?:srta\.?|señorita)",
        "señorita": r"(?:srtas?\.?|señoritas?)",
        "dr": r"(?:dr\.?|doctor)",
        "dra": r"(?:dra\.?|doctora)",
        "su": "(?:sus?|vuestras?)",
        "vuestra": "(?:sus?|vuestras?)",
    },
)
_PT_OF = "(?:de|d[oa]s?)"
PORTUGUESE = Grammar(
    forms=_rules(_PORTUGUESE_NUMBER, _PORTUGUESE_GENDER, _PORTUGUESE_FIXED),
    articles=frozenset(("o", "a", "os", "as", "um", "uma", "uns", "umas")),
    links=_links({"de do da dos das": _PT_OF, "a ao à aos às": "(?:a|aos?|às?)", "em no na nos nas": "(?:em|n[oa]s?)"}),
    same={
        "sr": r"(?:sr\.?|senhor)",
        "senhor": r"(?:srs?\.?|senhor(?:es)?)",
        "sra": r"(?:sra\.?|senhora)",
        "senhora": r"(?:sras?\.?|senhoras?)",
        "srta": r"(?:srta\.?|senhorita)",
        "dr": r"(?:dr\.?|doutor)",
        "dra": r"(?:dra\.?|doutora)",
        "sua": "(?:suas?|vossas?)",
        "vossa": "(?:suas?|vossas?)",
    },
)
_FR_OF = r"(?:de|du|des)(?:\s+(?:la|les?))?"
FRENCH = Grammar(
    forms=_rules(_FRENCH_NUMBER, _FRENCH_GENDER, _FRENCH_FIXED),
    articles=frozenset(("le", "la", "les", "un", "une", "des", "l'")),
    links=_links({"de du des": _FR_OF, "à au aux": r"(?:à|au|aux)(?:\s+la)?", "le la les": "(?:le|la|les)"}),
    same={
        "m": r"(?:m\.?|monsieur)",
        "monsieur": r"(?:m\.|monsieur|messieurs)",
        "mme": r"(?:mme|madame)",
        "madame": r"(?:mme|madame|mesdames)",
        "mlle": r"(?:mlle|mademoiselle)",
        "mademoiselle": r"(?:mlle|mademoiselle|mesdemoiselles)",
        "dr": r"(?:dr\.?|docteur)",
        "votre": "(?:votre|vos|sa|son|ses)",
    },
)
_IT_OF = r"(?:di|del|dello|della|dei|degli|delle)"
ITALIAN = Grammar(
    forms=_rules(_ITALIAN_NUMBER, _ITALIAN_GENDER, _ITALIAN_FIXED),
    articles=frozenset(("il", "lo", "la", "i", "gli", "le", "un", "uno", "una", "l'", "un'")),
    links=_links(
        {"di del dello della dei degli delle": _IT_OF, "a al allo alla ai agli alle": "a(?:l|llo|lla|i|gli|lle)?"}
    ),
    same={
        "sig": r"(?:sig\.?|signore?)",
        "signor": r"(?:sig\.?|signore?)",
        "signore": r"(?:sig\.?|signor[ei]?)",
        "signora": r"(?:sig\.ra|signor[ae])",
        "dott": r"(?:dott\.?|dottore?)",
    },
)
