"""The voices of the people who write: terse, polite, chatty, careless.

Owns how a request becomes what somebody types; a clause that begins with ``=`` is a whole sentence. Never changes a
name, a number or a quotation.
"""

from __future__ import annotations

import re
from random import Random

from agents.training.domains.yaze.dialog import Forms, User
from agents.training.phrases import phrase, vary

_FRAMES = (
    "{A}.",
    "{A}",
    "{A}, please.",
    "Please {a}.",
    "<Can|Could> you {a}?",
    "<Can|Could> you {a} <for me|real quick|when you have a moment>?",
    "I <want|need> you to {a}.",
    "<Next|Next up|Next step>: {a}.",
    "<Go ahead and|Now> {a}.",
    "{a} <pls|plz|thx>",
    "{a}",
    "<Hey|Hi>, {a} <please|if you can>.",
    "Would you {a}?",
    "Let's {a}.",
)
_OPENINGS = (
    "<Back at it|Still at it|Late night session>. ",
    "<OK|Okay|Alright>, ",
    "<Quick one|Small thing|One more thing>: ",
    "<A playtester|My brother|Somebody on the forum> <complained|asked>, so: ",
    "<Before I go on|Before I forget|While we are here>: ",
    "I'm <cleaning up|tidying|going over> this area <today|now>. ",
    "<For the next release|For the demo build|For the patch notes> I need this. ",
    "<Hi!|Hello!|Good morning.|Evening!> ",
    "<I lost my notes|My notes are a mess|Can't find my notes>, so ",
    "<Got an idea|Trying something|Experimenting here>. ",
)
_CLOSINGS = (
    " <Thanks!|Thank you!|Thx.|Cheers.>",
    " <No rush.|Take your time.>",
    " <I'll test it after that.|I'll check it in the emulator later.>",
    " <It's for the new build.|That's all for now.>",
)
_SLIPS = {
    "the": "teh",
    "with": "wiht",
    "change": "chnage",
    "which": "wich",
    "address": "adress",
    "palette": "pallete",
    "message": "mesage",
    "please": "plese",
    "sprites": "sprtes",
    "search": "serach",
    "sprite": "sprit",
    "entrance": "entrence",
}
_QUOTED = re.compile(r"(\"[^\"]*\"|`[^`]*`)")
_WORD = re.compile(r"(?<![\w$])[a-z]+(?![\w:])")
_JOINTS = (", and ", " and ", "; then ", ". Also ", ", then ", " - and ")


def spoken(rng: Random, user: User) -> str:
    """Return what the user types."""
    if user.sentences and (not user.clauses or rng.random() < 0.4):
        text = phrase(rng, user.sentences)
    elif len(user.clauses) == 1:
        text = _framed(rng, phrase(rng, user.clauses[0]))
    else:
        text = _several(rng, user.clauses)
    if (
        user.clauses
        and "\n" not in text
        and rng.random() < 0.22
        and not text.startswith(("Hey", "Hi", "Next", "Go ", "Now ", "And ", "Then ", "OK", "Same"))
    ):
        opening = phrase(rng, _OPENINGS)
        text = opening + (text if opening.rstrip()[-1] in ".!?" else lowered(text))
    if rng.random() < 0.15 and text[-1] in ".!?":
        text += phrase(rng, _CLOSINGS)
    return _careless(rng, text)


def _framed(rng: Random, clause: str) -> str:
    if clause.startswith("="):
        return clause[1:]
    frame = phrase(rng, _FRAMES)
    while " me " in clause and ("Let's" in frame or "for me" in frame):
        frame = phrase(rng, _FRAMES)
    text = frame.replace("{A}", capital(clause)).replace("{a}", clause)
    return text[:-1] if text.endswith(('.".', '?".', '!".')) else text


def _several(rng: Random, clauses: tuple[Forms, ...]) -> str:
    said = [phrase(rng, clause) for clause in clauses]
    style = rng.random()
    if style < 0.3:
        return vary(rng, "<Some things|A few things|Several things|This is the list>: ") + " ".join(
            f"{n}) {clause}" for n, clause in enumerate(said, 1)
        )
    if style < 0.45:
        return vary(rng, "<Please|Can you>\n") + "\n".join(f"- {clause}" for clause in said)
    joint = rng.choice(_JOINTS) if len(said) == 2 else ", "
    last = joint if len(said) == 2 else vary(rng, "<, and |, and then | and finally >")
    return _framed(rng, joint.join(said[:-1]) + last + said[-1])


def _careless(rng: Random, text: str) -> str:
    style = rng.random()
    if style < 0.14:
        text = lowered(text).rstrip(".")
    elif style < 0.22:
        parts = _QUOTED.split(text)
        parts[::2] = [_WORD.sub(lambda found: _slipped(rng, found[0]), part) for part in parts[::2]]
        text = "".join(parts)
    return text


def _slipped(rng: Random, word: str) -> str:
    return _SLIPS[word] if word in _SLIPS and rng.random() < 0.5 else word


def capital(text: str) -> str:
    """Return ``text`` with a capital at its beginning, unless it begins with a name of something."""
    first = text.partition(" ")[0].rstrip(".,:;")
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def lowered(text: str) -> str:
    """Return ``text`` with its first letter small, unless that is ``I`` or a name."""
    first, _, rest = text.partition(" ")
    if first == "A":
        return f"a {rest}"
    is_plain = (
        first.rstrip(".,:;?!").replace("'", "").isalpha() and first[1:].islower() and first[:2] not in {"I", "I'"}
    )
    is_name = rest[:1].isupper()
    return text[:1].lower() + text[1:] if is_plain and not is_name else text


def written(rng: Random, forms: Forms) -> str:
    """Return one of ``forms`` as a whole sentence."""
    return capital(phrase(rng, forms))
