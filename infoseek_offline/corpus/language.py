# ruff: noqa: E501 - the tables read best a language or a kind of template to a line
"""What differs from one language of wiki to the next: namespace words, link trails, redirect words, headings, infobox names.

Tables only, open to extension: a language that is missing falls back to the union of all the others where that is harmless
(redirect words, headings of back matter), and to the plain MediaWiki default where it is not (link trails).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# English canonical names, valid on every wiki whatever its language, with MediaWiki's own aliases.
CANONICAL_NAMESPACES: dict[str, int] = {
    "media": -2, "special": -1, "talk": 1, "user": 2, "user talk": 3, "project": 4, "project talk": 5, "file": 6, "image": 6,
    "file talk": 7, "image talk": 7, "mediawiki": 8, "mediawiki talk": 9, "template": 10, "template talk": 11, "help": 12,
    "help talk": 13, "category": 14, "category talk": 15,
}  # fmt: skip

# Words for a file that a language's wikis take besides the name in siteinfo (its older names, mostly).
_FILE_WORDS = {
    "en": "file image", "de": "datei bild", "fr": "fichier image", "es": "archivo imagen", "it": "file immagine",
    "nl": "bestand afbeelding", "pl": "plik grafika", "pt": "ficheiro imagem arquivo", "ru": "файл изображение",
    "bg": "файл картинка", "ja": "ファイル 画像", "vi": "tập_tin hình tập", "hy": "պատկեր", "bn": "চিত্র ছবি",
    "lv": "attēls fails", "ltg": "fails attāls", "sv": "fil bild", "da": "fil billede", "no": "fil bilde", "nb": "fil bilde",
    "fi": "tiedosto kuva", "cs": "soubor", "sk": "súbor obrázok", "hu": "fájl kép", "ro": "fișier imagine fişier",
    "tr": "dosya resim", "uk": "файл зображення", "be": "файл выява", "sr": "датотека слика slika", "hr": "datoteka slika",
    "sl": "slika datoteka", "lt": "vaizdas", "et": "pilt fail", "el": "αρχείο εικόνα", "he": "קובץ תמונה", "ar": "ملف صورة",
    "fa": "پرونده تصویر", "hi": "चित्र", "th": "ไฟล์ ภาพ", "ko": "파일 그림", "zh": "文件 图像 檔案 圖像 档案 图片", "id": "berkas gambar",
    "ms": "fail imej", "ca": "fitxer imatge", "eu": "fitxategi", "gl": "ficheiro imaxe arquivo", "eo": "dosiero",
    "la": "fasciculus imago", "ka": "ფაილი სურათი", "mr": "चित्र", "ta": "படிமம்", "te": "దస్త్రం బొమ్మ", "simple": "file image",
}  # fmt: skip
FILE_WORDS = "|".join(sorted({word.replace("_", "[ _]") for words in _FILE_WORDS.values() for word in words.split()}))
_CATEGORY_WORDS = {
    "de": "kategorie", "fr": "catégorie", "es": "categoría", "it": "categoria", "nl": "categorie", "pl": "kategoria",
    "pt": "categoria", "ru": "категория", "bg": "категория", "ja": "カテゴリ", "vi": "thể_loại", "hy": "կատեգորիա",
    "bn": "বিষয়শ্রেণী", "lv": "kategorija", "ltg": "kategoreja", "sv": "kategori", "da": "kategori", "no": "kategori",
    "nb": "kategori", "fi": "luokka", "cs": "kategorie", "sk": "kategória", "hu": "kategória", "ro": "categorie",
    "tr": "kategori", "uk": "категорія", "be": "катэгорыя", "sr": "категорија kategorija", "hr": "kategorija",
    "sl": "kategorija", "lt": "kategorija", "et": "kategooria", "el": "κατηγορία", "he": "קטגוריה", "ar": "تصنيف", "fa": "رده",
    "hi": "श्रेणी", "th": "หมวดหมู่", "ko": "분류", "zh": "分类 分類", "id": "kategori", "ms": "kategori", "ca": "categoria",
    "eu": "kategoria", "gl": "categoría", "eo": "kategorio", "la": "categoria", "ka": "კატეგორია", "mr": "वर्ग", "ta": "பகுப்பு",
    "te": "వర్గం",
}  # fmt: skip
_TEMPLATE_WORDS = {
    "de": "vorlage", "fr": "modèle", "es": "plantilla", "it": "template", "nl": "sjabloon", "pl": "szablon",
    "pt": "predefinição", "ru": "шаблон", "bg": "шаблон", "vi": "bản_mẫu", "hy": "կաղապար", "bn": "টেমপ্লেট", "lv": "veidne",
    "ltg": "taiss", "sv": "mall",
}  # fmt: skip


def namespace_words(language: str) -> dict[str, int]:
    """Casefolded namespace names (blanks, no underscores) of a language, besides those of siteinfo and the English ones."""
    base = language.split("-")[0]
    words: dict[str, int] = {}
    for table, number in ((_FILE_WORDS, 6), (_CATEGORY_WORDS, 14), (_TEMPLATE_WORDS, 10)):
        for word in table.get(base, "").split():
            words[word.replace("_", " ").casefold()] = number
    return words


# Codes of the Wikipedias: [[fr:X]] is an interlanguage link on each of them.
LANGUAGE_CODES = frozenset(
    "aa ab ace ady af ak als alt am ami an ang ann anp ar arc ary arz as ast atj av avk awa ay az azb ba ban bar bat-smg bbc bcl "
    "bdr be be-tarask be-x-old bew bg bh bi bjn blk bm bn bo bpy br bs btm bug bxr ca cbk-zam cdo ce ceb ch cho chr chy ckb co "
    "cr crh cs csb cu cv cy da dag de dga din diq dsb dtp dty dv dz ee el eml en eo es et eu ext fa fat ff fi fiu-vro fj fo fon "
    "fr frp frr fur fy ga gag gan gcr gd gl glk gn gom gor got gpe gsw gu guc gur guw gv ha hak haw he hi hif ho hr hsb ht hu "
    "hy hyw hz ia id ie ig igl ii ik ilo inh io is it iu ja jam jbo jv ka kaa kab kbd kbp kcg kg kge ki kj kk kl km kn knc ko "
    "koi kr krc ks ksh ku kus kv kw ky la lad lb lbe lez lfn lg li lij lld lmo ln lo lrc lt ltg lv lzh mad mai map-bms mdf mg mh "
    "mhr mi min mk ml mn mni mnw mo mos mr mrj ms mt mus mwl my myv mzn na nah nan nap nds nds-nl ne new ng nia nl nn no nb nov "
    "nqo nr nrm nso nup nv ny oc olo om or os pa pag pam pap pcd pcm pdc pfl pi pih pl pms pnb pnt ps pt pwn qu rm rmy rn ro "
    "roa-rup roa-tara rsk ru rue rup rw sa sah sat sc scn sco sd se sg sgs sh shi shn shy si simple sk skr sl sm smn sn so sq sr "
    "srn ss st stq su sv sw syl szl szy ta tay tcy tdd te tet tg th ti tig tk tl tly tn to tok tpi tr trv ts tt tum tw ty tyv "
    "udm ug uk ur uz ve vec vep vi vls vo vro wa war wo wuu xal xh xmf yi yo yue za zea zgh zh zh-classical zh-min-nan zh-yue "
    "zh-cn zh-tw zu".split()
)
INTERWIKI_PREFIXES = frozenset(
    "w wikipedia wikt wiktionary n wikinews b wikibooks q wikiquote s wikisource species wikispecies v wikiversity voy wikivoyage "
    "c commons m meta metawikipedia mw mediawikiwiki d wikidata wmf foundation foundationsite phab phabricator bugzilla mailarchive "
    "doi pmid pmc google wikia fandom imdb incubator betawikiversity outreach strategy toollabs toolforge tools translatewiki "
    "wikimania wikimedia wikitech arxiv hdl issn isbn dbdump gerrit mh miraheze".split()
)

# Letters that follow a link directly and belong to its anchor (MediaWiki's linkTrail of each language's messages file).
_TRAILS = {
    "de": "a-zäöüß", "fr": "a-zàâçéèêîôûäëïöüùÇÉÂÊÎÔÛÄËÏÖÜÀÈÙ", "es": "a-záéíóúñ", "it": "a-zàéèíîìóòúù", "nl": "a-zäöüïëéèà",
    "pl": "a-zęóąśłżźćńĘÓĄŚŁŻŹĆŃ", "pt": "áâãàéêẽçíòóôõq̃úüűũa-z", "ru": "a-zабвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "bg": "a-zабвгдежзийклмнопрстуфхцчшщъыьэюя", "uk": "a-zабвгґдеєжзиіїйклмнопрстуфхцчшщьєюяёъы", "be": "a-zабвгґджзеёжзійклмнопрстуўфхцчшыьэюяґ",
    "hy": "a-zաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև", "bn": "\u0980-\u09ff", "lv": "a-zA-ZĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽž",
    "ltg": "a-zA-ZĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽžÕõŌōŖŗY", "sv": "a-zåäöéÅÄÖÉ", "da": "a-zæøå", "no": "a-zæøå", "nb": "a-zæøå", "nn": "a-zæøå",
    "fi": "a-zäö", "cs": "a-záčďéěíňóřšťúůýž", "sk": "a-záäčďéíľĺňóôŕšťúýž", "hu": "a-záéíóúöüőűÁÉÍÓÚÖÜŐŰ", "ro": "a-zăâîşţșțĂÂÎŞŢȘȚ",
    "tr": "a-zÇĞçğİıÖöŞşÜüÂâÎîÛû", "sr": "abvgdđežzijklljmnnjoprstćufhcčdžšабвгдђежзијклљмнњопрстћуфхцчџш", "hr": "čšžćđßa-z",
    "sl": "a-zčćđžš", "lt": "a-ząčęėįšųūž", "et": "äöõšüža-z", "el": "a-zαβγδεζηθικλμνξοπρστυφχψωςΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώϊϋΐΰΆΈΉΊΌΎΏΪΫ",
    "he": "a-zא-ת", "ar": "a-zء-ي", "fa": "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآءأئؤة\u200c", "hi": "a-z\u0900-\u0963\u0966-\u097f",
    "ka": "a-zაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", "ca": "a-zàèéíòóúç·ïü", "eo": "a-zĉĝĥĵŝŭ", "mk": "a-zабвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "vi": "a-zàâçéèêîôûäëïöüùÇÉÂÊÎÔÛÄËÏÖÜÀÈÙ", "is": "áðéíóúýþæöa-z–", "gl": "áâãàéêẽçíòóôõq̃úüűũa-z", "eu": "a-z", "mr": "\u0900-\u0963\u0966-\u097fa-z",
    # No words are parted by blanks, so nothing tells where a trail would end.
    "ja": "", "zh": "", "ko": "", "yue": "", "wuu": "", "zh-yue": "", "zh-classical": "", "th": "",
}  # fmt: skip


@lru_cache(maxsize=64)
def link_trail(language: str) -> str:
    """A regex (one group) for the letters after `]]` that belong to the anchor; it always matches, perhaps nothing."""
    letters = _TRAILS.get(language, _TRAILS.get(language.split("-")[0], "a-z"))
    return f"([{letters}]*)" if letters else "()"


class LinkRules(NamedTuple):
    link: re.Pattern[str]  # groups: target, anchor or None, trail
    file: re.Pattern[str]  # the beginning of a file link


@lru_cache(maxsize=32)
def link_rules(language: str, files: tuple[str, ...]) -> LinkRules:
    """The regular expressions for links of a language; `files` are the wiki's names of the file namespace."""
    words = "|".join(re.escape(word).replace(r"\ ", "[ _]") for word in files)
    image = r"[^\[\]|\n]+\.(?:jpe?g|png|svg|gif|tiff?|webp|og[gv]|webm)\b"
    return LinkRules(
        # As MediaWiki reads it: the anchor runs to the first "]]" and holds no "[["; a "]" more belongs to it after a "[" in it.
        re.compile(
            r"\[\[([^\[\]|\n]*)(?:\|([^\[\]]*(?:\](?!\])[^\[\]]*)*(?:\[(?!\[)[^\[\]]*(?:(?:\[(?!\[)|\](?!\]))[^\[\]]*)*\]?(?=\]\]))?))?\]\]"
            + link_trail(language)
        ),
        # Wikis take over pages with the file words of other languages: certain where an image's name follows.
        re.compile(rf"\[\[[ _]*(?:(?:{words})[ _]*:|(?:{FILE_WORDS})[ _]*:{image})", re.IGNORECASE),
    )


# Words that make a page a redirect, after '#', casefolded.
REDIRECT_WORDS = (
    "redirect|weiterleitung|redirection|redirección|redireccion|rinvia|rinvio|doorverwijzing|patrz|przekieruj|tam|redirecionamento|"
    "перенаправление|перенапр|виж|転送|リダイレクト|đổi|วิธี|վերահղում|পুনর্নির্দেশ|পুনঃনির্দেশ|omdirigering|omdirigering|omdiriger|uudelleenohjaus|ohjaus|"
    "přesměruj|presmeruj|átirányítás|redirecteaza|yönlendirme|перенаправлення|преусмери|preusmeri|преусмјери|ανακατευθυνση|"
    "ανακατεύθυνση|הפניה|تحويل|تغییر_مسیر|تغییرمسیر|पुनर्प्रेषित|अनुप्रेषित|넘겨주기|重定向|alih|lencong|redirige|birzuzendu|redirección|"
    "alidirekti|gegevens|suunamine|saada|peradresavimas|pāradresācija|puoradresaceja|athsheoladh|tilvísun|պատահում|"
    "გადამისამართება|பகுப்பு_வழிமாற்று|వలస|दारीमार्ग|пренасочување|پھیریں|ohjaa"
)
REDIRECT = re.compile(rf"\s*#\s*(?:{REDIRECT_WORDS})\s*:?\s*\[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]", re.I)

# Headings of what is no running text: their links are never evidence. Casefolded.
_BACKMATTER = {
    "en": "see also|references|notes|footnotes|bibliography|further reading|external links|external link|sources|literature|citations|"
    "notes and references|references and notes|works cited|general references|publications|links|reference|source|related pages|"
    "other websites|explanatory notes|selected bibliography|references and further reading|notes and citations|endnotes",
    "de": "siehe auch|einzelnachweise|quellen|literatur|weblinks|anmerkungen|fußnoten|belege|einzelbelege|referenzen|schriften|nachweise",
    "fr": "voir aussi|références|notes|notes et références|bibliographie|liens externes|sources|annexes|articles connexes|lien externe|"
    "liens internes|références et notes",
    "es": "véase también|referencias|notas|bibliografía|enlaces externos|fuentes|lecturas adicionales|notas y referencias|"
    "referencias y notas|enlace externo",
    "it": "voci correlate|note|bibliografia|collegamenti esterni|altri progetti|fonti|riferimenti|pagine correlate",
    "nl": "zie ook|referenties|noten|bronnen|literatuur|externe links|externe link|bronvermelding|voetnoten|bronnen, noten en/of referenties",
    "pl": "zobacz też|przypisy|bibliografia|linki zewnętrzne|uwagi|źródła|literatura",
    "pt": "ver também|referências|notas|bibliografia|ligações externas|fontes|leitura adicional|notas e referências|ligação externa|"
    "links externos|referências bibliográficas",
    "ru": "см. также|примечания|литература|ссылки|источники|библиография|комментарии|сноски|см. также:",
    "bg": "вижте също|виж също|източници|бележки|литература|външни препратки|библиография|вижте още|бележки и източници",
    "ja": "関連項目|脚注|出典|参考文献|外部リンク|注釈|注|参照|脚注・出典|参考資料|注釈・出典|関連文献|参照文献|関連書籍|外部サイト",
    "vi": "xem thêm|tham khảo|chú thích|liên kết ngoài|thư mục|nguồn|ghi chú|đọc thêm|chú giải|tài liệu tham khảo|nguồn tham khảo",
    "hy": "տես նաև|տե՛ս նաև|տե՜ս նաև|ծանոթագրություններ|գրականություն|արտաքին հղումներ|աղբյուրներ|նշումներ|հղումներ|ծանոթագրություն",
    "bn": "আরও দেখুন|আরো দেখুন|তথ্যসূত্র|টীকা|পাদটীকা|বহিঃসংযোগ|গ্রন্থপঞ্জি|গ্রন্থপঞ্জী|আরও পড়ুন|উৎস|সূত্র|বহিঃ সংযোগ|আরো পড়ুন|তথ্যসূত্র ও টীকা|বহিসংযোগ",
    "lv": "skatīt arī|atsauces|piezīmes|literatūra|ārējās saites|bibliogrāfija|avoti|atsauces un piezīmes|ārējā saite",
    "ltg": "verīs taipoš|atsauces|nūruodis|literatura|aizruobežu saitis|ōrejuos saitis|olūti|vuiraudi|aizdorba|sotys|pīzeimis|īteikumi|"
    "nūruodis i olūti|olūti i nūruodis|nūruodis i pīzeimis|teiklavītys|teiklavīts|ateik|avoti|ruodeituoji|informaceja",
    "sv": "se även|referenser|noter|källor|litteratur|externa länkar|bibliografi|vidare läsning|fotnoter|källor och referenser|länkar",
}
BACKMATTER_HEADINGS = frozenset(word for words in _BACKMATTER.values() for word in words.split("|"))

# Beginnings of an infobox's template name, casefolded; "infobox" may also stand anywhere in it.
INFOBOX_NAME = re.compile(
    r"infobox|info box|infoboks|infocaixa|infokast|infotabula|infolåda|^(?:automatic[ _])?taxobox|^speciesbox|^subspeciesbox|^info\/|^bio\b|"
    r"^ficha\b|^карточка|^картка|инфокутия|^տեղեկաքարտ|^քարտ\b|^թեքարտ|^hộp thông tin|^thông tin\b|^bảng phân loại|^তথ্যছক|^ज्ञानसन्दूक|"
    r"^geobox|^chembox|^drugbox|^elementbox|^protein ?box|^planetbox|^starbox|^box[ _]|^tabella|^divisione amministrativa|"
    r"^persona\b|^基礎情報|^personendaten\b|^taxobox|^automatictaxobox|faktaruta|^faktamall|^ficha de|^infotable|"
    r"^szablon infobox|infobox$|^info-|^veidne:infotable|^karte\b"
)  # fmt: skip
_NO_INFOBOX = re.compile(r"infobox (?:start|end|mapframe)|^bio icon|^bio-stub|^infobox[^|]*/(?:doc|style)|^personendaten")


def is_infobox_name(name: str) -> bool:
    """Does the template's name (any case) say that it is an infobox?"""
    low = name.casefold().replace("_", " ")
    return bool(INFOBOX_NAME.search(low)) and not _NO_INFOBOX.search(low)


# Words of file links that are layout and no caption.
FILE_OPTION = re.compile(
    r"\s*(?:thumb|thumbnail|frame|framed|frameless|border|right|left|center|centre|none|baseline|middle|sub|super|top|bottom|text-top|"
    r"text-bottom|upright(?:[ =].*)?|\d*x?\d+ ?px|(?:alt|link|page|lang|class|thumb|start|end|thumbtime)\s*=.*|mini|miniatur|rechts|links|"
    r"hochkant(?:=.*)?|vignette|gauche|droite|centré|derecha|izquierda|destra|sinistra|miniatura|miniaturadeimagen|miniatyr|höger|"
    r"vänster|мини|справа|слева|миниатюра|мини|дясно|ляво|サムネイル|右|左|nhỏ|phải|trái|մինի|աջից|ձախից|থাম্ব|ডান|বাম|doprawa|"
    r"dolewa|sīktēls|pa labi|pa kreisi)\s*$",
    re.IGNORECASE,
)
# Templates with named parameters at the top of a page that are no infobox, and infobox keys that say how and not what.
NO_BOX = re.compile(
    r"^(?:cite|citation|use |map ?link|map ?frame|multiple issues|article issues|redirect|about|pp-|nav|coord|lang|convert|quote|authority|reflist|portal|"
    r"ambox|tmbox|ombox|multiple image|location map|good article|featured|refimprove|unreferenced|sister|wikt|commons|family ?tree|chart|"
    r"persondata|default|#|interprogetto|thesaurus|ill\b|nihongo|normdaten|import|copied|translat|draft|expand|not |col-|succession|s-)|"
    r"navbox|sidebar|stub|issues|archiv|attached",
    re.IGNORECASE,
)
SKIP_KEY = re.compile(
    r"^(?:image|img|photo|picture|pic|logo|flag|seal|coat|crest|shield|map|pushpin|caption|alt|style|bgcolor|"
    r"footnote|website|homepage|url|sito|targa|coord|latitud\w*|longitud\w*|latns|longew|lat|long|latd|longd|lat[dms]|lon[gdms]?|module|embed|child|nocat|signature|below|mapframe|"
    r"audio|icon|zoom|relief|marker|label|border|background|bild|karte|wappen|immagine|didascalia|mappa|stemma|bandiera|afbeelding|imagen|"
    r"mapa|bandera|escudo|foto|grafika|obraz|картинка|изображение|карта|герб|флаг|снимка|画像\w*|緯度\w*|経度\w*|ラベル\w*|アイコン|地図\w*|説明|hình|bản đồ|chú thích|պատկեր|քարտեզ|"
    r"চিত্র|মানচিত্র|ক্যাপশন|attels|attāls|karoga|attēls|ref|references|native name lang|dms|name list style|box width|title style)(?:\d|\b)|"
    r"(?:image|caption|_?alt|size|style|map|logo|footnotes?|url|website|coordinates|upright|link|ref|mapsize|px|lang|画像|説明)\d*$",
    re.IGNORECASE,
)  # fmt: skip
