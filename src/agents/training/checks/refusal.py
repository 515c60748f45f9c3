"""Whether an answer declines instead of answering.

Pure. Owns how refusals begin, in some languages. Only beginnings are looked at: what an answer says later about
refusing, or about what cannot be done, is part of the answer.
"""

# ruff: noqa: RUF001 -- letters of other scripts are what this module is about

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from agents.campaign.printable import printable
from agents.training.sample import Check

LONGEST_BEGINNING = 400
"""Characters in which a refusal begins."""
LONGEST_NON_ANSWER = 80
"""Characters of an answer that says nothing but that there is none."""


@dataclass(frozen=True, slots=True)
class _Phrases:
    """What refusals of a language are made of: regular expressions of text in lower case.

    An apology declines with an inability in the same sentence, an inability with a service that follows it at once.
    """

    apology: str
    unable: str
    service: str
    as_model: str
    other: str = "(?!)"
    ignorance: str = "(?!)"
    """Is no answer if it is all that is said."""

    @property
    def declining(self) -> str:
        return (
            rf"(?:{self.apology}).{{0,60}}?(?:{self.unable})"
            rf"|(?!we\b)(?:{self.unable})(?: \w+)?? ?(?:{self.service})|{self.as_model}|{self.other}"
        )


_MODEL = r"(?:ai|artificial intelligence|language model|llm)(?: (?:language model|assistant|model|system|chatbot))?"
_UNABLE = (
    r"(?:(?:just|simply|really|also) )?(?:can(?:'t|not| not)|(?:won't|will not)(?: be able to)?"
    r"|do(?:n't| not) (?:know|understand|feel|provide|support|think i can"
    r"|have (?:access|enough|sufficient|any|information|knowledge|permission|personal|the (?:ability|information)))"
    r"|must decline|have to decline|have no (?:access|way|information|knowledge|idea)"
    r"|(?:'m|'re| am| are) (?:un|not )(?:able|allowed|permitted|comfortable|willing|authori[sz]ed|capable|equipped"
    r"|going|programmed|designed|in a position|sure)\b(?: to| of| with)?)"
)
_OBJECT = (
    r"(?= (?:\w+ ){0,2}?(?:this|that|these|those|such|any|anything|it|you|your|content|answers?|responses?|reply"
    r"|questions?|samples?|tasks?|instructions?|dialogues?|conversations?|stor(?:y|ies)|poems?|essays?|articles?"
    r"|texts?|material|output|json|summar(?:y|ies)|explanations?|translations?|jokes?|malware|exploits?)\b)"
)
"""What is asked of a model; whoever cannot create a directory declines nothing."""
_SERVICE = (
    r"(?:(?:help(?:ing)?(?! but\b| it\b| \w+ing\b)|assist(?:ing)?|comply|fulfill?|provid(?:e|ing)"
    r"|answer(?:ing)?|respond|discuss(?:ing)?|engag(?:e|ing)|summari[sz]e|translate|participate"
    r"|continue (?:with )?(?:this|that)|complete (?:this|that|your)|give (?:you|any|advice))\b"
    rf"|(?:generat(?:e|ing)|creat(?:e|ing)|writ(?:e|ing)|produc(?:e|ing)|shar(?:e|ing)|offer){_OBJECT}"
    r"|do (?:this|that)(?: for you)?(?:$|[,;] (?:as|because|but|i|since|sorry)\b| (?:as|because|since)\b))"
)
_POLITELY = r"(?:respectfully|politely|kindly|regretfully)"
_TOO_LITTLE = r"(?:enough|sufficient|adequate) (?:\w+ )??(?:information|context|details?|data)\b"
_LANGUAGES = (
    _Phrases(
        apology=r"(?:(?:i(?:'m| am)|we(?:'re| are)) )?(?:\w+ly |so |very )?sorry\b|(?:i|my|our) apolog\w+|apologies\b"
        r"|i regret\b|(?:unfortunately|regrettably)\b(?!.{0,20}\bwe\b)|i(?:'m| am) afraid\b",
        unable=rf"\bi ?{_UNABLE}|\bwe ?{_UNABLE}(?: \w+)?? ?{_SERVICE}",
        service=_SERVICE,
        as_model=rf"as an? (?:\w+ ){{0,2}}?{_MODEL}(?:,| (?:i|developed|created|trained|without)\b).{{0,80}}?"
        r"\b(?:i|my)\b",
        other=rf"i (?:(?:must|have to|need to|will have to) )?(?:{_POLITELY} )?(?:decline|refuse)(?:[.,!]|$"
        r"| to (?:answer|help|assist|comply|respond|discuss|provide|write|do (?:this|that|so))\b| (?:this|that|your)\b)"
        r"|i(?:'d| would) (?:rather not|prefer not to)\b|i prefer not to\b"
        r"|(?:this|that)(?:'s| is)(?:n't| not) (?:something (?:i|we) can\b|possible for me\b)"
        r"|(?:this|that) goes against my\b"
        r"|(?:this|that|your) (?:\w+ )?(?:violates|is against) (?:my|our|the) (?:guidelines|polic|content|programming)"
        r"|(?:this|that|your|the) (?:\w+ ){0,2}?(?:is|was|were|has been|have been) (?:blocked|declined|filtered|flagged"
        r"|refused|rejected)\b.{0,60}?\b(?:content|safety|usage) (?:management )?(?:polic|filter|guidelines|system)"
        r"|(?:this|your) (?:request|question|task) (?:can(?:'t|not| not)|could(?:n't| not)) be (?:answered|completed"
        r"|fulfil\w+|granted|handled|met|processed)\b"
        rf"|i (?:do(?:n't| not) have|lack) {_TOO_LITTLE}|there is(?:n't| not) {_TOO_LITTLE}.{{0,60}}?\bto\b"
        r"|the (?:\w+ )??(?:text|passage|excerpt|document|source|context|article|snippet|material|input)"
        r"(?: (?:provided|given|above))? (?:does(?:n't| not) (?:contain|provide|include|give|have|offer)|lacks)"
        rf" {_TOO_LITTLE}"
        rf"|i(?:'m| am) (?:just|only) an? {_MODEL}\b"
        r"|it (?:would be|is|'s) (?:inappropriate|unethical|not appropriate|irresponsible) for me\b"
        r"|my (?:guidelines|programming|policies) (?:do not|don't|prevents?|prohibits?)\b",
        ignorance=r"i (?:do(?:n't| not) (?:really )?know\b(?! of\b)|have no (?:idea|answer)\b)"
        r"|i(?:'m| am) (?:not sure|unsure)\b|no (?:idea|answer|comment|response)\b|n/a\b|not (?:applicable|available)\b"
        r"|todo\b|tbd\b",
    ),
    _Phrases(
        apology=r"(?:es )?tut mir (?:\w+ )?leid\b|entschuldigung\b|leider\b",
        unable=r"\b(?:ich (?:kann|darf)|(?:kann|darf) ich)\b.{0,60}?\bnicht\b|\bich bin nicht in der lage\b",
        service=r"(?:weiter)?helfen\b|(?:be)?antworten\b|unterstützen\b|erfüllen\b|bereitstellen\b",
        as_model=r"als (?:ki|künstliche intelligenz|sprachmodell|ki-\w+)\b.{0,60}?\b(?:ich|mir)\b",
        ignorance=r"(?:das )?wei(?:ß|ss) ich nicht\b|ich wei(?:ß|ss) (?:es |das )?nicht\b|keine ahnung\b",
    ),
    _Phrases(
        apology=r"(?:je suis )?(?:\w+ment )?(?:désolée?|navrée?)\b|malheureusement\b",
        unable=r"\bje (?:ne |n')(?:peux|suis|pourrai|ai) pas\b(?: en mesure de| capable de)?(?: (?:vous|te|t'))?",
        service=r"aider\b|répondre\b|fournir\b|satisfaire\b|assister\b",
        as_model=r"en tant qu(?:'|e )(?:ia|intelligence artificielle|modèle de langage)\b.{0,60}?\bje\b",
        ignorance=r"je ne sais pas\b|aucune idée\b",
    ),
    _Phrases(
        apology=r"lo siento\b|lo lamento\b|disculpa\w*\b|lamentablemente\b",
        unable=r"\bno (?:puedo|podemos|tengo acceso|me es posible|soy capaz de)\b",
        service=r"ayudar\w*\b|responder\b|proporcionar\b|cumplir\b|asistir\w*\b",
        as_model=r"como (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje)\b.{0,60}?\bno\b",
        ignorance=r"no (?:lo )?sé\b|ni idea\b",
    ),
    _Phrases(
        apology=r"mi dispiace\b|mi spiace\b|spiacente\b|purtroppo\b",
        unable=r"\bnon (?:posso|sono in grado di|mi è possibile)\b",
        service=r"aiutar\w*\b|rispondere\b|fornire\b|assister\w*\b",
        as_model=r"(?:in quanto|come) (?:ia|intelligenza artificiale|modello linguistico)\b.{0,60}?\bnon\b",
        ignorance=r"non (?:lo )?so\b",
    ),
    _Phrases(
        apology=r"(?:me )?desculpe?\b|sinto muito\b|lamento\b|peço desculpas?\b|infelizmente\b",
        unable=r"\bnão (?:posso|podemos|consigo|tenho acesso|sou capaz de)\b",
        service=r"ajud\w+\b|responder\b|fornecer\b|atender\b",
        as_model=r"como (?:uma? )?(?:ia|inteligência artificial|modelo de linguagem)\b.{0,60}?\bnão\b",
        ignorance=r"não sei\b",
    ),
    _Phrases(
        apology=r"het spijt me\b|sorry\b|helaas\b",
        unable=r"\b(?:ik (?:kan|mag)|(?:kan|mag) ik)\b.{0,60}?\bniet\b",
        service=r"helpen\b|beantwoorden\b|antwoorden\b",
        as_model=r"als (?:ai|kunstmatige intelligentie|taalmodel|ai-\w+)\b.{0,60}?\bik\b",
        ignorance=r"(?:dat )?weet ik niet\b|ik weet het niet\b",
    ),
    _Phrases(
        apology=r"извините\b|простите\b|к сожалению\b|сожалею\b",
        unable=r"\bя не (?:могу|имею)\b|\bне могу\b",
        service=r"помочь\b|ответить\b|предоставить\b|выполнить\b",
        as_model=r"как (?:ии|искусственный интеллект|языковая модель)\b.{0,60}?\bне\b",
        ignorance=r"(?:я )?не знаю\b",
    ),
    _Phrases(
        apology=r"[很非常]{0,2}(?:抱歉|对不起|對不起)",
        unable=r"我?(?:无法|無法|不能|不便|没有办法)",
        service=r"回答|提供|协助|協助|帮助|幫助|满足",
        as_model=r"作为(?:一个|一名)?(?:ai|人工智能|语言模型).{0,30}?(?:我|无法|不能)",
        ignorance=r"我?不知道",
    ),
    _Phrases(
        apology=r"(?:大変)?申し訳|すみません|ごめんなさい",
        unable=r"できません|できかねます|いたしかねます|お答えでき",
        service=r"(?!)",
        as_model=r"(?:ai|人工知能|言語モデル)(?:として|なので|であるため).{0,40}?ません",
        ignorance=r"[わ分]かりません",
    ),
)
_INTERJECTION = (
    r"(?:(?:well|hi|hello|hey|oh|okay|ok|no|but|however|(?:i'm |i am )?sorry|thanks|thank you),? (?:but )?)?"
)
_ENDS = str.maketrans({**dict.fromkeys(".!?:\u3002\uff01\uff1f", "\n"), "\u2019": "'"})
_OPENERS = " \t\r\"'*_#>-([{\u201c\u2018\u201e\u00ab"


def refusal(answer: str) -> Check:
    """Return 0 for an answer whose beginning declines, or that only says there is none; 1 for any other one."""
    beginning = answer[:LONGEST_BEGINNING].lower().translate(_ENDS)
    for sentence in beginning.split("\n"):
        if found := _declining().match(sentence.lstrip(_OPENERS)):
            return Check("refusal", 0.0, f"it declines: {printable(found[0])}")
    if len(answer) <= LONGEST_NON_ANSWER and (found := _ignorance().match(beginning.lstrip(f"{_OPENERS}\n"))):
        return Check("refusal", 0.0, f"it is no answer: {found[0]}")
    return Check("refusal", 1.0)


@cache
def _declining() -> re.Pattern[str]:
    return re.compile(f"{_INTERJECTION}(?:{'|'.join(phrases.declining for phrases in _LANGUAGES)})")


@cache
def _ignorance() -> re.Pattern[str]:
    return re.compile("|".join(phrases.ignorance for phrases in _LANGUAGES))
