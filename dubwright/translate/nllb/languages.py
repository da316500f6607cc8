"""Which of the codes of FLORES-200, by which NLLB is told languages, is meant by a BCP-47 tag."""

from __future__ import annotations

import langcodes

from dubwright import languages
from dubwright.errors import LanguageError

# A language, or one as it is in a territory, and its codes: an ISO 639-3 language and the script that it is written in,
# the usual one first. Where BCP-47 has one subtag for several languages it is the one that most speak.
_TABLE = (
    "ace=ace_Latn,ace_Arab acm=acm_Arab acq=acq_Arab aeb=aeb_Arab af=afr_Latn ajp=ajp_Arab ak=aka_Latn am=amh_Ethi "
    "apc=apc_Arab ar=arb_Arab ars=ars_Arab ary=ary_Arab arz=arz_Arab as=asm_Beng ast=ast_Latn awa=awa_Deva "
    "ay=ayr_Latn az=azj_Latn azb=azb_Arab ba=bak_Cyrl ban=ban_Latn be=bel_Cyrl bem=bem_Latn bg=bul_Cyrl bho=bho_Deva "
    "bjn=bjn_Latn,bjn_Arab bm=bam_Latn bn=ben_Beng bo=bod_Tibt bs=bos_Latn bug=bug_Latn ca=cat_Latn ceb=ceb_Latn "
    "cjk=cjk_Latn ckb=ckb_Arab crh=crh_Latn cs=ces_Latn cy=cym_Latn da=dan_Latn de=deu_Latn din=dik_Latn dyu=dyu_Latn "
    "dz=dzo_Tibt ee=ewe_Latn el=ell_Grek en=eng_Latn eo=epo_Latn es=spa_Latn et=est_Latn eu=eus_Latn fa=pes_Arab "
    "fa-AF=prs_Arab ff=fuv_Latn fi=fin_Latn fil=tgl_Latn fj=fij_Latn fo=fao_Latn fon=fon_Latn fr=fra_Latn "
    "fur=fur_Latn fuv=fuv_Latn ga=gle_Latn gd=gla_Latn gl=glg_Latn gn=grn_Latn gu=guj_Gujr ha=hau_Latn he=heb_Hebr "
    "hi=hin_Deva hne=hne_Deva hr=hrv_Latn ht=hat_Latn hu=hun_Latn hy=hye_Armn id=ind_Latn ig=ibo_Latn ilo=ilo_Latn "
    "is=isl_Latn it=ita_Latn ja=jpn_Jpan jv=jav_Latn ka=kat_Geor kab=kab_Latn kac=kac_Latn kam=kam_Latn kbp=kbp_Latn "
    "kea=kea_Latn kg=kon_Latn ki=kik_Latn kk=kaz_Cyrl km=khm_Khmr kmb=kmb_Latn kn=kan_Knda ko=kor_Hang "
    "kr=knc_Latn,knc_Arab ks=kas_Arab,kas_Deva ku=kmr_Latn ky=kir_Cyrl lb=ltz_Latn lg=lug_Latn li=lim_Latn "
    "lij=lij_Latn lmo=lmo_Latn ln=lin_Latn lo=lao_Laoo lt=lit_Latn ltg=ltg_Latn lua=lua_Latn luo=luo_Latn "
    "lus=lus_Latn lv=lvs_Latn mag=mag_Deva mai=mai_Deva mg=plt_Latn mi=mri_Latn min=min_Latn mk=mkd_Cyrl ml=mal_Mlym "
    "mn=khk_Cyrl mni=mni_Beng mos=mos_Latn mr=mar_Deva ms=zsm_Latn mt=mlt_Latn my=mya_Mymr nb=nob_Latn ne=npi_Deva "
    "nl=nld_Latn nn=nno_Latn no=nob_Latn nso=nso_Latn nus=nus_Latn ny=nya_Latn oc=oci_Latn om=gaz_Latn or=ory_Orya "
    "pa=pan_Guru pag=pag_Latn pap=pap_Latn pbt=pbt_Arab pl=pol_Latn prs=prs_Arab ps=pbt_Arab pt=por_Latn qu=quy_Latn "
    "quy=quy_Latn rn=run_Latn ro=ron_Latn ru=rus_Cyrl rw=kin_Latn sa=san_Deva sat=sat_Beng sc=srd_Latn scn=scn_Latn "
    "sd=snd_Arab sg=sag_Latn shn=shn_Mymr si=sin_Sinh sk=slk_Latn sl=slv_Latn sm=smo_Latn sn=sna_Latn so=som_Latn "
    "sq=als_Latn sr=srp_Cyrl ss=ssw_Latn st=sot_Latn su=sun_Latn sv=swe_Latn sw=swh_Latn szl=szl_Latn ta=tam_Taml "
    "taq=taq_Latn,taq_Tfng te=tel_Telu tg=tgk_Cyrl th=tha_Thai ti=tir_Ethi tk=tuk_Latn tn=tsn_Latn tpi=tpi_Latn "
    "tr=tur_Latn ts=tso_Latn tt=tat_Cyrl tum=tum_Latn tw=twi_Latn tzm=tzm_Tfng ug=uig_Arab uk=ukr_Cyrl umb=umb_Latn "
    "ur=urd_Arab uz=uzn_Latn vec=vec_Latn vi=vie_Latn war=war_Latn wo=wol_Latn xh=xho_Latn yi=ydd_Hebr yo=yor_Latn "
    "yue=yue_Hant zh=zho_Hans,zho_Hant zu=zul_Latn"
)
CODES: dict[str, tuple[str, ...]] = {
    language: tuple(codes.split(",")) for language, codes in (entry.split("=") for entry in _TABLE.split())
}
LANGUAGES = frozenset(CODES)


def code(tag: str) -> str:
    """NLLB's name of a language: `zho_Hans` of `zh`, `zho_Hant` of `zh-TW`, `por_Latn` of `pt-BR`.

    Raises `LanguageError` for a language that it does not know, or not in the script that the tag names.
    """
    language = langcodes.Language.get(tag)
    codes = CODES.get(f"{language.language}-{language.territory}") or CODES.get(language.language or "", ())
    script = language.script or language.maximize().script
    for known in codes:
        if known.endswith(f"_{script}"):
            return known
    if not codes or language.script:
        raise LanguageError(
            f"NLLB does not know {languages.name(tag)} ({tag})",
            field="language",
            remedy="take another translation engine for this language, or leave it out",
        )
    return codes[0]
