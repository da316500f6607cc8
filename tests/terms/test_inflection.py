"""Renderings in the forms that their languages give them, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubwright.terms import inflection

# Language, rendering, texts that hold it, texts that do not; the latter after a bar.
CASES: dict[str, list[tuple[str, str]]] = {
    "en": [
        (
            "Master Qin",
            "Master Qin's lantern. | Yes, MASTER QIN! | the master  qin / Master Qing. | Master, Qin is here.",
        ),
        ("Your Majesty", "Her Majesty's man | Your Majesties / Her Highness | Majesty"),
        ("Mr. Shen", "Mr Shen, sit. | Mister Shen is out. | Mr. Shen’s office / Mrs. Shen is out. | Mr. Shenk"),
        ("the Dowager", "Your Dowager sleeps. | The Dowager's medicine / The Dowagerish"),
        ("President Gu", "president gu's guest / The Presidents Gu wait. | President Guan | President Gus"),
        ("swordsman", "Two swordsmen came. | a swordsman's oath / swordsmanship"),
        ("lady", "three ladies | the lady's fan / laden | ladybird"),
        ("An", "An, come here! | Ask An. / an apple | Anna | ant"),
        ("He", "Ms. He knows. | He’s sword / she | hers | the"),
        ("Sect Leader", "the Sect Leaders | sect leader's / Sect Leadership | the sect's leader"),
        ("Master of Jade Peak", "the Master of the Jade Peak / the Master of Jade"),
        ("thief", "Thieves! | a thief's hand / thieving"),
        ("CEO", "both CEOs | the CEO's car / CEOX"),
        ("Xi'an", "in Xi’an | Xi'an's walls / Xian"),
    ],
    "es": [
        ("el maestro Qin", "la casa del maestro Qin | al maestro Qin | maestro Qin / la maestra Qin | maestro Qing"),
        ("maestro", "los maestros | la maestra | Maestro, mire. / maestría | maestrante"),
        ("hermana", "las hermanas / el hermano | los hermanos | hermanastra"),
        ("señor Shen", "el Sr. Shen | Señor Shen / la señora Shen | señorita Shen"),
        ("joven señor", "los jóvenes señores | el joven Sr. / la joven señora"),
        ("líder de la secta", "los líderes de la secta | líder de secta | la líder de las sectas / líder sectario"),
        ("capitán", "los capitanes | la capitana / capitanear"),
        ("emperatriz", "las emperatrices / emperador"),
        ("director general", "la directora general | directores generales / dirección general"),
        ("Su Alteza", "Vuestra Alteza | su alteza / alteza | Su Altezano"),
        ("Gu", "Gu, espera. / gusto | Gus"),
    ],
    "fr": [
        ("l'impératrice", "d’impératrice en impératrice | les impératrices | L’impératrice ! / impérative"),
        ("maître Qin", "chez maître Qin | Maîtres Qin / maîtresse Qin | maître Qing"),
        ("M. Shen", "Monsieur Shen | M Shen / Mme Shen | Messire Shen"),
        ("chef de la secte", "les chefs de la secte | chef de secte | chef des sectes / chef secte"),
        ("général", "les généraux | mon général / généralement"),
        ("grand frère", "grands frères / grande sœur | grand-mère"),
        ("directeur", "la directrice | les directeurs / direction"),
        ("château noir", "les châteaux noirs / châtelain noir"),
        ("Long", "Long, viens ! / long | longue"),
    ],
    "pt-BR": [
        ("o mestre Qin", "a casa do mestre Qin | ao mestre Qin / mestra Qin | mestre Qing"),
        ("Sr. Shen", "o senhor Shen | Sr Shen / a Sra. Shen | senhora Shen"),
        ("capitão", "os capitães | capitão! / capital"),
        ("irmã", "as irmãs / o irmão | irmandade"),
        ("líder da seita", "líderes das seitas | o líder de seita / líder seita"),
        ("general", "os generais / generalizar"),
        ("imperador", "imperadores / império | imperatriz"),
        ("discípulo", "a discípula | os discípulos / disciplina"),
        ("Sua Majestade", "Vossa Majestade | sua majestade / Majestade | Sua Alteza"),
        ("homem", "os homens / homenagem"),
    ],
    "it": [
        ("il maestro Qin", "del maestro Qin | dal maestro Qin | maestri Qin / maestra Qin"),
        ("signor Shen", "il sig. Shen | Signore Shen / signora Shen"),
        ("capo della setta", "i capi della setta | capo di setta / capo setta"),
        ("amico", "gli amici | un amico / amicizia"),
        ("la principessa", "le principesse | principessa! / principe"),
        ("discepolo", "i discepoli | la discepola / disciplina"),
        ("generale", "i generali / generalmente"),
        ("fratello", "i fratelli / sorella | fratellanza"),
        ("imperatore", "gli imperatori | l'imperatrice / impero"),
    ],
    "de": [
        ("der Meister", "des Meisters | den Meistern | dem Meister / Meisterin | Meisterschaft"),
        ("Meister Qin", "Meister Qins Laterne | Meister Qin / Meister Qing | Meisterin Qin"),
        ("junger Herr", "der junge Herr | dem jungen Herrn | junge Herren / junge Frau | Jungherr"),
        ("Bruder", "die Brüder | des Bruders | seinen Brüdern / Bruderschaft"),
        ("Shen-Gruppe", "die Shen Gruppe | der Shen-Gruppen | die Shengruppe / Gruppe Shen | Shen-Gruppierung"),
        ("Herr Shen", "Herrn Shen | Hr. Shen | Herr Shens Büro / Frau Shen | Herr Shenk"),
        ("die Kaiserin", "der Kaiserinnen | Kaiserin! / der Kaiser | Kaiserinwitwe"),
        ("General", "des Generals | die Generäle | den Generälen / generell"),
        ("Eure Hoheit", "Eurer Hoheit | Ihre Hoheit / Hoheit | Eure Majestät"),
        ("Kronprinz", "dem Kronprinzen | die Kronprinzen / Kronprinzessin"),
        ("Fürst", "den Fürsten | die Fürsten / Fürstin"),
        ("Lu", "Lus Schwert | Lu, warte! / Luft | Luz"),
    ],
    "ru": [
        (
            "Мастер Цинь",
            "мастера Циня | мастеру Циню | с мастером Цинем | О, мастер Цинь! / мастерская Циня | Мастер Цин",
        ),
        ("Лу Ваньцин", "Лу Ваньцина нет | видел Лу Ваньцин / Ваньцин Лу | Лу Ваньцинский"),
        ("императрица", "императрицу | императрицей | императриц / император | императрицын"),
        ("старший брат", "старшего брата | старшему брату | старшие братья / старшина брат | старшая сестра"),
        ("отец", "отца | с отцом | отцы / отечество | отцвёл"),
        ("госпожа Хэ", "госпожу Хэ | госпоже Хэ | г-жа Хэ / господин Хэ | госпожа Хэн"),
        ("секта", "в секте | сектой | сект / сектант | сектор"),
        ("генерал", "генералы | генералом | генералу / генеральный | генералитет"),
        ("Гу", "Гу, подожди! / Гуань | гусь | губа"),
        ("Ваше Величество", "Вашего Величества | Её Величеству / Величество | Ваше Высочество"),
        ("учёный", "ученого | учёным / учение"),
    ],
    "tr": [
        ("Qin Usta", "Qin Usta'nın feneri | Qin Usta’ya sor | qin usta / Qin Ustaoğlu | Usta Qin"),
        ("usta", "ustam | ustaya | ustamın | ustalar | ustadan / ustura | üst"),
        ("Wanqing", "Wanqing'i gördüm | Wanqing! / Wanqingen"),
        ("abla", "ablam | ablası | ablama / ablak | abluka"),
        ("tarikat", "tarikata | tarikatın | tarikatlar / tarikatçı"),
        ("çocuk", "çocuğu | çocuklar | çocuk / çocukça değilmiş"),
        ("majesteleri", "majestelerine | majesteleri / majeste"),
        ("Gu", "Gu'ya söyle | Gu, bekle! / gurur | güç"),
        ("efendi", "efendim | efendimiz | efendiler / efe"),
    ],
    "ar": [
        (
            "المعلم تشين",
            "للمعلم تشين | والمعلم تشين | بالمعلم تشين | يا معلم تشين | المُعَلِّم تشين / المعلمة تشين | معلم تشينغ",
        ),
        ("معلم", "المعلم | معلمي | ومعلمه | كالمعلم | معلماً / تعلم | معلومة"),
        ("أختي", "اختي | وأختي | أُختي / اخوتي | تختي"),
        ("الإمبراطورة", "للامبراطورة | الإمبراطوره | إمبراطورتي / الإمبراطور | امبراطورية"),
        ("لو وانتشينغ", "ولو وانتشينغ هنا | لو وانتشينغ، تعالي | لو وانتشينغ؟ / وانتشينغ لو | لو وان"),
        ("السيد شن", "للسيد شن | سيد شن | السيّد شن / السيدة شن | السيد شنغ"),
        ("الطائفة", "طائفتنا | للطائفة | بالطائفة / طواف | طائف"),
        ("لي", "يا لي، تعال | لي! / ولي العهد | ليل | علي"),
        ("مؤامرة", "المؤامرات | والمؤامرة | موامرة / مؤتمر"),
    ],
    "hi": [
        ("मास्टर चिन", "मास्टर चिन ने कहा | मास्टर चिनजी | मास्टर चिन को / मास्टर चिंता | मास्टरनी चिन"),
        ("लड़का", "लड़के ने | लड़कों को | लडका / लड़की | लड़कपन"),
        ("दीदी", "दीदी को | दीदियों ने | दीदी! / दीद | दादी"),
        ("गुरु", "गुरु जी | गुरुजी | गुरुओं का गुरु / गुरुत्व | गुर"),
        ("राजकुमारी", "राजकुमारी का | राजकुमारियाँ / राजकुमार ने"),
        ("महाराज", "महाराज, सुनिए | महाराज की जय / महाराजा | महाराष्ट्र"),
        ("चाँद", "चांद | चाँद पर / चाँदी | चंदा"),
        ("शेन", "शेन, रुको! | शेन से / शेनझोउ | शेना"),
        ("दरवाज़ा", "दरवाज़े पर | दरवाजा | दरवाजे / दर"),
    ],
    "ko": [
        ("루완칭", "루완칭이 왔다 | 루완칭은 | 루완칭에게 | 루완칭! | 루완칭입니다 | 루완칭이야 / 루완칭찬 | 소루완칭"),
        ("사부님", "사부님께서 | 사부님, 저예요 | 사부님의 등불 / 태사부님 | 사부남"),
        ("심 회장", "심회장님 | 심 회장은 | 심 회장님께 / 심 회사 | 심 회장실"),
        ("누나", "누나가 | 누나야 | 누나들은 / 누나탄 | 누난들"),
        ("폐하", "폐하! | 폐하께서는 | 폐하를 / 폐하늘"),
        ("가문", "가문의 | 가문을 / 가문비나무 | 가물"),
        ("진", "진이 | 진은 왔다 | 진! / 진심 | 사진 | 진짜"),
        ("천뢰", "천뢰에서 | 천뢰로 / 천뢰격"),
    ],
    "id": [
        ("Guru Qin", "Guru Qin! | guru qin / Guru Qing | guruh Qin"),
        ("guru", "gurunya | guruku | guru-guru | gurumu / gurun | gurung"),
        ("Pak Shen", "Bapak Shen | pak shen / Ibu Shen | Pak Sheng"),
        ("kakak", "kakakku | kakaknya / kakaktua | kaka"),
        ("Yang Mulia", "Yang Mulia pun | yang mulialah / yang muliawan"),
        ("Gu", "Gu, tunggu! / guna | Gunya"),
        ("sekte", "sektenya | sekte kita / sektor"),
        ("Nyonya He", "Nyonya He | ny. He / Nyonya Heng"),
    ],
    "vi": [
        ("sư phụ Tần", "Sư phụ Tần! | của sư phụ Tần / sư phụ Tân | sư phu Tần"),
        ("hòa thượng", "hoà thượng | Hòa thượng / hóa thượng | hoa thượng"),
        ("chị gái", "chị gái tôi | Chị gái! / chi gái | chị gai"),
        ("Thẩm tổng", "Thẩm tổng, | thẩm tổng / Thâm tổng | Thẩm tổngg"),
        ("hoàng hậu", "Hoàng hậu | hoàng  hậu / hoàng hâu"),
        ("thúy", "thuý | Thúy / thủy | thùy"),
        ("Lục", "Lục! | Lục đến / lúc | Lụcc"),
        ("tiểu thư", "Tiểu thư | các tiểu thư / tiểu thứ"),
    ],
    "th": [
        ("อาจารย์ฉิน", "ท่านอาจารย์ฉินครับ | อาจารย์ ฉิน | เรียกอาจารย์ฉินมา / อาจารย์ฉิ่น | อาจารย์ฉินิ"),
        ("หว่านฉิง", "หว่านฉิงอยู่ไหน | พี่หว่านฉิง / หว่านฉิ่ง | เหว่านฉิง"),
        ("กู้", "คุณกู้ครับ | กู้! / กู้ำ | เกู้"),
        ("น้ำทิพย์", "น้ําทิพย์ | ดื่มน้ำทิพย์ / น้าทิพย์"),
        ("ท่านแม่ทัพ", "ท่านแม่ทัพขอรับ | ท่าน แม่ทัพ / ท่านแม่ทัพ์"),
        ("ฮองเฮา", "ฮองเฮาเสด็จ | ถวายฮองเฮา / ฮองเฮ"),
        ("พี่สาว", "พี่สาวของข้า | พี่สาว! / พี่สา | พี่สาวะ"),
        ("Lu", "คุณ Lu ครับ | ลู่ (Lu) / Luna | Lulu"),
    ],
    "ja": [
        ("リン", "リンさん | 「リン」 | リン、待て / リンゴ | プリン | リーン"),
        ("陸晩晴", "陸晩晴さんは | 陸 晩晴 | 陸・晩晴 / 陸晩"),
        ("秦", "秦さん | 秦様 | 秦師匠 | 秦は / 秦始皇 | 大秦国"),
        ("師匠", "お師匠さま | 師匠、 | 師匠の / 師長"),
        ("シェン社長", "シェン社長は | シェン・社長 / シェンズ社長 | ワシェン社長"),
        ("ルー・ワンチン", "ルーワンチン | ルー＝ワンチン | ルー・ワンチン様 / ルー・ワンチンギ"),
        ("姉上", "姉上、 | 姉上様 / 姉さん"),
        ("Lu", "Luさん | Lu、 / Lucy"),
    ],
    "zh-Hant": [
        ("師父", "師父，您來了 | 我師父說 / 師傅"),
        ("陸晚晴", "陸晚晴！ | 是陸晚晴嗎 / 陸晚"),
    ],
    "pl": [
        ("Qin", "Qin! | mistrz Qin / Qing | qin"),
        ("mistrz Qin", "Mistrz Qin | mistrz qin / mistrz Qing"),
    ],
}
TABLE = [(tag, rendering, texts) for tag, cases in CASES.items() for rendering, texts in cases]


def _texts(half: str) -> list[str]:
    return [text.strip() for text in half.split("|")]


@pytest.mark.parametrize(("language", "rendering", "texts"), TABLE)
def test_renderings_are_found_in_their_forms_and_nowhere_else(language: str, rendering: str, texts: str) -> None:
    holding, lacking = texts.rsplit(" / ", 1)
    missed = [text for text in _texts(holding) if not inflection.rendered(text, rendering, language)]
    wrong = [text for text in _texts(lacking) if inflection.rendered(text, rendering, language)]
    assert (missed, wrong) == ([], [])


def test_every_language_has_cases_enough() -> None:
    counts = {tag: sum(texts.count("|") + 2 for _, texts in cases) for tag, cases in CASES.items()}
    assert all(count >= 16 for tag, count in counts.items() if tag not in ("zh-Hant", "pl")), counts


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(CASES)), st.text(max_size=12), st.text(max_size=20))
def test_anything_may_be_a_rendering(language: str, rendering: str, text: str) -> None:
    inflection.rendered(text, rendering, language)
    assert inflection.blank(text, [rendering], language) is not None
    if rendering.strip() and rendering.split() == [rendering] and rendering.isalpha() and rendering.isascii():
        assert inflection.rendered(f"“{rendering}”", rendering, language)


def test_what_is_no_word_is_found_nowhere() -> None:
    assert not inflection.rendered("— …", "…", "en")
    assert not inflection.rendered("", "", "en")


def test_blanking_takes_the_inflected_form_with_it() -> None:
    assert inflection.blank("La casa del maestro Qin.", ["el maestro Qin"], "es").split() == ["La", "casa", "del", "."]
    assert inflection.blank("Master Qin's lantern", ["Master Qin"], "en").split() == ["lantern"]
