"""XTTS-v2's studio speakers, by the names under which `speakers_xtts.pth` has them.

The sexes are those that the voices' makers gave. Three whose names and sexes were told otherwise elsewhere (Andrew
Chipper, Badr Odhiambo, Suad Qasim) are left out.
"""

from __future__ import annotations

from itertools import zip_longest

from dubwright.dub.engine import Voice

_FEMALE = (
    "Claribel Dervla",
    "Daisy Studious",
    "Gracie Wise",
    "Ana Florence",
    "Sofia Hellen",
    "Nova Hogarth",
    "Tammie Ema",
    "Alison Dietlinde",
    "Annmarie Nele",
    "Asya Anara",
    "Brenda Stern",
    "Gitta Nikolina",
    "Henriette Usha",
    "Tammy Grit",
    "Tanja Adelina",
    "Vjollca Johnnie",
    "Maja Ruoho",
    "Uta Obando",
    "Lidiya Szekeres",
    "Chandra MacFarland",
    "Szofi Granger",
    "Camilla Holmström",
    "Lilya Stainthorpe",
    "Zofija Kendrick",
    "Narelle Moon",
    "Barbora MacLean",
    "Alexandra Hisakawa",
    "Alma María",
    "Rosemary Okafor",
)
_MALE = (
    "Damien Black",
    "Viktor Eka",
    "Craig Gutsy",
    "Luis Moray",
    "Aaron Dreschner",
    "Dionisio Schuyler",
    "Royston Min",
    "Abrahan Mack",
    "Adde Michal",
    "Baldur Sanjin",
    "Gilberto Mathias",
    "Ilkin Urbano",
    "Kazuhiko Atallah",
    "Ludvig Milivoj",
    "Torcull Diarmuid",
    "Viktor Menelaos",
    "Zacharie Aimilios",
    "Ige Behringer",
    "Filip Traverse",
    "Damjan Chapman",
    "Wulf Carlevaro",
    "Kumar Dahl",
    "Eugenio Mataracı",
    "Ferran Simen",
    "Xavier Hayasaka",
    "Marcos Rudaski",
)
# One of each sex in turn.
VOICES = tuple(
    Voice(name, sex)
    for pair in zip_longest(((name, "female") for name in _FEMALE), ((name, "male") for name in _MALE))
    for name, sex in filter(None, pair)
)
