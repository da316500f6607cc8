"""Which language a line written in Latin letters is in, told from its commonest words: enough to notice English in
a Spanish track, no more.
"""

from __future__ import annotations

import re

# The words that dialogue is full of. A word that means something in several of these languages still counts for each.
COMMON_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "de": "ich du er sie es wir ihr der die das den dem ein eine einen nicht und ist sind war bin hast habe haben"
        " was wer wie wo warum mich dich mir dir mit auf für zu von aus nach bei wenn dass aber noch nur schon kein hier"
        " jetzt immer will kann muss sein mein dein",
        "en": "i you he she it we they the a an and or but not is are was were am be been have has had do does did don't"
        " didn't can't won't i'm you're it's that's what's he's she's i'll let's what who how where when why this that"
        " these those my your his her our their me him us them to of in on at for with from by about if then so just now"
        " here there out up get go let will would can could should want know think please sorry all too",
        "es": "yo tú él ella nosotros ellos el la los las un una unos y o pero no es son era eres soy está están estoy"
        " ha he has hay que qué quién cómo dónde cuándo por para con sin de del en al me te se lo le nos mi tu su este"
        " esta eso esto si sí ya más muy aquí ahora siempre nunca todo puedo quiero tengo fue a e en como cuando para da di"
        " voy va vas vamos ese esa así también",
        "fr": "je tu il elle nous vous ils le la les un une des et ou mais ne pas est sont était suis es ai as a avez"
        " que qui quoi comment où quand pourquoi pour avec sans de du en au me te se lui mon ton son ma ta sa ce cette"
        " c'est j'ai si oui plus très ici maintenant toujours jamais tout veux peux",
        "id": "aku saya kamu kau anda dia kami kita mereka yang dan atau tapi tidak tak bukan ini itu di ke dari untuk"
        " dengan apa siapa bagaimana mana kapan kenapa mengapa sudah akan bisa harus jangan ada adalah saja lagi sini",
        "it": "io tu lui lei noi voi loro il lo la gli le un una e o ma non è sono era sei ho hai ha che chi come dove"
        " quando perché per con senza di del in al mi ti si ci mio tuo suo questo questa se sì più molto qui ora sempre a da",
        "pt": "eu tu você ele ela nós eles o a os as um uma e ou mas não é são era estou está estão foi que quem como"
        " onde quando por para com sem de do da em no na me te se lhe meu teu seu minha este esta isso isto já mais muito"
        " aqui agora sempre nunca tudo posso quero tenho",
        "tr": "ben sen o biz siz onlar bir ve ya ama değil bu şu ne kim nasıl nerede neden için ile de da mi mı var yok"
        " çok daha şimdi burada her evet hayır benim senin onu beni seni",
        "vi": "tôi anh em chị cô ông bà nó chúng ta mày tao là và hay nhưng không của cho với này đó gì ai sao đâu khi"
        " đã sẽ đang có được phải một người đi rồi ở ra vào lại thì mà nếu",
    }.items()
}
# So many words of another language, and so many more than of the language wanted, are no accident.
LEAST_WORDS = 2
LEAST_SHARE = 0.3


def commonest_language(text: str, wanted: str) -> str | None:
    """A language other than `wanted` that a text is evidently in; None where there is none or too little to tell by."""
    found = [word.replace("’", "'") for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower())]
    counts = {language: sum(word in words for word in found) for language, words in COMMON_WORDS.items()}
    own = counts.pop(wanted, 0)
    language = max(counts, key=lambda name: counts[name])
    count = counts[language]
    # Related languages share words; only a clear lead counts, and a clearer one where the wanted is not listed.
    lead = count - own if wanted in COMMON_WORDS else count - 1
    # "No power, no rain" is one word of Spanish, however often.
    several = len(COMMON_WORDS[language].intersection(found)) >= LEAST_WORDS
    return language if several and lead >= LEAST_WORDS and count >= LEAST_SHARE * len(found) else None
