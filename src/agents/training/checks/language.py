"""Whether an answer is written in the language that was asked for.

Pure. Owns how languages are told apart: by their letters, and by the words that every sentence of them needs. Never
says which of hundreds of languages a text is in.
"""

# ruff: noqa: RUF001 -- letters of other scripts are what this module is about

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from agents.campaign.described import LanguageSection
from agents.campaign.errors import UsageError
from agents.training.checks.words import words_of
from agents.training.sample import Check

LONGEST_READ = 20_000
"""Characters of an answer that are looked at."""
FEWEST_WORDS = 5
"""With fewer words of prose nothing is known."""
ENOUGH_WORDS = 20
"""With so many words some function words are expected."""
EXPECTED_SHARE = 0.1
"""Share of function words that prose has at least; in most it is 0.3 to 0.5."""
SHORT_PHRASE = 6
"""Words between two marks; where there are fewer, as in lists of commands, function words may be left out."""
OWN_LETTERS = 0.3
"""Share of words in the letters of its language that prose has at least; the others are names and terms."""
LEAST_KANA = 0.1
"""Share of kana in Japanese; Chinese has none."""

_LETTERS = {
    "latin": "A-Za-z\u00c0-\u024f\u1e00-\u1eff",
    "cyrillic": "\u0400-\u04ff",
    "greek": "\u0370-\u03ff",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff",
    "devanagari": "\u0900-\u097f",
    "thai": "\u0e00-\u0e7f",
    "hangul": "\uac00-\ud7af",
    "kana": "\u3040-\u30ff",
    "han": "\u3400-\u4dbf\u4e00-\u9fff",
}
_SCRIPT = re.compile("|".join(f"(?P<{script}>[{letters}])" for script, letters in _LETTERS.items()))

_BY_LETTERS = {
    "el": "greek",
    "he": "hebrew",
    "ar": "arabic",
    "hi": "devanagari",
    "th": "thai",
    "ko": "hangul",
    "ja": "kana",
    "zh": "han",
}
"""Languages that are told by their letters alone, and so not from others that are written in the same ones."""

_LATIN = {
    "en": "the of and to a in is that for it as was with be by on not he this are or his from at which but have an "
    "had they you were their one all we can has there been if more when will would who so no i its how what "
    "these into",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus "
    "er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber "
    "vor zur bis mehr",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou on "
    "son aux d l qu c n s mais comme cette ces elle être sa ont leur nous vous je tout si même fait été sans "
    "deux",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí "
    "porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante es son "
    "fue ha ser está",
    "it": "di e il la che in un a per è una sono non con i si da le dei del della come più al nel alla gli ma lo "
    "anche se ha questo o delle degli dal essere ai su cui nella sua dalla suo tra loro quando quello questa "
    "era stato l dell c",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à "
    "seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem "
    "mesmo aos são",
    "nl": "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou "
    "of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben "
    "deze wordt",
    "sv": "och i att det som en på är av för med den till har de inte om ett men var jag sig från vi så kan när år "
    "han nu skulle efter här eller under mot alla hur man vara detta dessa sin också där hade varit bara "
    "mycket",
    "da": "og i at det er en til af på som den for de med der ikke et har om var han men sig fra vi kan så ved "
    "eller hun skal efter ud være blev jeg hvor også over mod alle hvad man dette disse sin havde været meget "
    "når ind op",
    "pl": "i w na z do się nie to że jest a o jak po co tak za od przez ale dla przy czy być są jego który która "
    "które tym tego ten ta te lub oraz może już tylko było był była będzie gdy więc bardzo można jako jej ich",
    "cs": "a v je na se to že s z do o i ve pro za k by si ale jako po od jsou které který která nebo při co jak "
    "tak být byl byla bylo také až jeho není už ze kdy než jen pokud této tento tato tím může aby podle mezi",
    "tr": "ve bir bu da de için ile çok olarak ne daha gibi en var mi o kadar ama ki sonra ya olan veya ise değil "
    "her şey ben sen biz onun şu hem göre diye tarafından olduğu bunun nasıl neden iki üzerinde ancak yok",
}
_CYRILLIC = {
    "ru": "и в не на я что он с как а то это по но из у за от так о же к для вы бы мы его только её было или если "
    "при уже ещё когда этот эта эти который которые быть был была есть может чтобы также до во она они их",
    "uk": "і в не на що я з він як а до це у та по за від так про й для ви але його бо або якщо при вже ще коли цей "
    "ця ці який які бути був була є може щоб також вона вони їх де те її ми чи під із зі",
}
_FUNCTION_WORDS = {
    script: {language: frozenset(words.split()) for language, words in languages.items()}
    for script, languages in (("latin", _LATIN), ("cyrillic", _CYRILLIC))
}
_SCRIPT_OF = _BY_LETTERS | {language: script for script, found in _FUNCTION_WORDS.items() for language in found}

LANGUAGES = tuple(sorted(_SCRIPT_OF))
"""The languages that are known, by ISO 639-1."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*+`", re.DOTALL)
_MARKS = re.compile(r"[.!?:;,\n]+")
_TOO_LITTLE = "too little prose to tell"


def require_known(language: str) -> None:
    """Raise UsageError for a ``language`` that no text could be recognised as."""
    if language not in _SCRIPT_OF:
        known = ", ".join(LANGUAGES)
        raise UsageError(f"checks.language: {language!r} cannot be told from other languages", f"use one of {known}")


def language(section: LanguageSection, answer: str) -> Check:
    """Return 1 where the prose of ``answer`` is in the language of ``section``; 0 where it is clearly in another one.

    Code is no prose. With fewer than five words of it, or without function words in short phrases, nothing is known,
    which is no fault. Raises UsageError for a language that is not known.
    """
    require_known(section.language)
    prose = _CODE.sub(" ", answer[:LONGEST_READ])
    words = words_of(prose)
    if len(words) < FEWEST_WORDS:
        return Check("language", 1.0, _TOO_LITTLE)
    in_letters = _in_letters(words, section.language)
    in_words, other = _in_function_words(prose, words, section.language)
    if in_letters < in_words:
        return Check("language", in_letters, f"its letters are not those of {section.language}")
    return Check("language", in_words, other)


def most_like(words: Sequence[str], script: str = "latin") -> str | None:
    """Return the language of ``script`` that has most of ``words``, which are in lower case; None without any."""
    hits = _hits(words, script)
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else None


def _hits(words: Sequence[str], script: str) -> dict[str, int]:
    """Return how many of ``words`` are function words, by language."""
    return {name: sum(word in known for word in words) for name, known in _FUNCTION_WORDS[script].items()}


def _in_letters(words: Sequence[str], wanted: str) -> float:
    """Return 1 where enough of ``words`` are in the letters of the language, down to 0 where none is."""
    found = Counter(letter.lastgroup for word in words if (letter := _SCRIPT.match(word)))
    script, east_asian = _SCRIPT_OF[wanted], found["kana"] + found["han"]
    own = found[script]
    if script in {"kana", "han"}:
        has_kana = found["kana"] >= LEAST_KANA * east_asian
        own = east_asian if has_kana == (wanted == "ja") else 0
    return min(1.0, own / (OWN_LETTERS * found.total())) if found else 1.0


def _in_function_words(prose: str, words: Sequence[str], wanted: str) -> tuple[float, str]:
    """Return 1 where no language has more of ``words``, 0 where one has twice as many; and what is to be said of it."""
    script = _SCRIPT_OF[wanted]
    if script not in _FUNCTION_WORDS:
        return 1.0, ""
    hits = _hits(words, script)
    best = max(hits, key=hits.__getitem__)
    if hits[wanted] < hits[best]:
        return max(0.0, 2.0 * hits[wanted] / hits[best] - 1.0), f"it reads like {best}, not {wanted}"
    share = hits[wanted] / len(words)
    if len(words) >= ENOUGH_WORDS and share < EXPECTED_SHARE and not _is_in_short_phrases(prose, words):
        return share / EXPECTED_SHARE, f"hardly a word of it is {wanted}"
    return 1.0, "" if share else _TOO_LITTLE


def _is_in_short_phrases(prose: str, words: Sequence[str]) -> bool:
    phrases = sum(any(map(str.isalpha, phrase)) for phrase in _MARKS.split(prose))
    return len(words) < SHORT_PHRASE * phrases
