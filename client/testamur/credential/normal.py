"""One normal form for what people type and machines compare: headers, level keys, certificate and student numbers.

A spreadsheet, a PDF and an input method write one text in several ways: full-width digits and brackets, marks apart
from their letters (NFD), radicals in the place of ideographs. Compared are normal forms alone, everywhere alike, so
that nothing passes for new, or for missing, because it was typed otherwise. Names are kept as they are written.
"""

import unicodedata
from typing import Final

__all__ = ["identity", "ideographs", "normal_form"]

_RADICALS: Final = (
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺"
    "⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲"
)
_IDEOGRAPHS: Final = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀"
    "聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀"
)
_IDEOGRAPH_OF: Final = {
    **{ord(radical): ideograph for radical, ideograph in zip(_RADICALS, _IDEOGRAPHS, strict=True)},
    # Kangxi radicals and the two others that Unicode itself decomposes
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), 0x2E9F, 0x2EF3)},
}
"""Radicals by the ideograph that looks alike (Unicode's EquivalentUnifiedIdeograph.txt)."""


def ideographs(text: str) -> str:
    """`text` with ideographs in the place of radicals, which no register means: PDF readers put them there."""
    return text.translate(_IDEOGRAPH_OF) if not text.isascii() else text


def normal_form(text: str) -> str:
    """`text` as it is compared: NFKC (full-width to usual, marks joined to their letters) without radicals and without
    blanks at the ends."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", ideographs(text)).strip()


def identity(text: str) -> str:
    """The normal form without regard to letter case and blanks: two numbers with one identity are one number."""
    return "".join(normal_form(text).casefold().split())
