"""The calls are made; what do their results say?"""

from __future__ import annotations

from itertools import product

from agents.training.domains.yaze import names
from agents.training.domains.yaze.dialog import Call, Case, Decline, Forms, Tell
from agents.training.domains.yaze.families.patterns import named
from agents.training.domains.yaze.families.scene import Scene, act, are_independent
from agents.training.domains.yaze.requests import LONE, READS, SEARCHES, WRITES, Deed, Make, memory
from agents.training.domains.yaze.requests.draw import Tale, forms
from agents.training.domains.yaze.wording import capital, written

_RARE = names.several(
    "Kraken;Submarine;Harpsichord;Volcano;Parrot;Zeppelin;Walrus;Sundial;Tornado;Penguin;Carousel;"
    "Lobster;Microscope;Trumpet;Pyramid;Saxophone;Avalanche;Beehive;Chandelier;Dragonfly;Elevator;"
    "Fountain;Gondola;Hourglass;Igloo;Jukebox;Kaleidoscope;Lighthouse;Marionette;Obelisk;Porcupine;"
    "Rhubarb;Scarecrow;Telescope;Umbrella;Viaduct;Windmill;Xylophone;Yacht;Zither"
)
_READ = (
    "{tool} has answered, so I can tell the user {aim}.",
    "The result says it all: {aim}. <No further call is needed|Nothing else has to be called>, I report it.",
    "Now I know {aim}, which is what the user asked for; I state it as {tool} has it.",
)
_CHANGED = (
    "{tool} succeeded: I was asked to {aim}, and report <what changed|the change>.",
    "The edit is made, as the user asked: {aim}. I report it the way the result has it.",
    "The result confirms that I did what I was asked to, {aim}; the user should hear what is there now.",
)


def told(deed: Deed, tale: Tale) -> Tell:
    """Return the want of telling the result of one deed."""
    said = forms({"tool": deed.call.name, "aim": deed.aim}, *(_CHANGED if deed.changes else _READ))
    return Tell(tale.facts, tale.replies, said, tale.also)


def _one(scene: Scene, makes: tuple[Make, ...]) -> Case:
    if scene.rng.random() < (0.0, 0.2, 0.45)[scene.level - 1]:
        scene.finishes(scene.deed((*READS, *SEARCHES)))
    deed = scene.deed(makes)
    scene.asks(deed)
    return scene.case(told(deed, deed.tell(scene.does(deed))), [])


def read(scene: Scene) -> Case:
    """Tell what was read."""
    return _one(scene, READS)


def search(scene: Scene) -> Case:
    """Tell what was found."""
    return _one(scene, SEARCHES)


def write(scene: Scene) -> Case:
    """Tell what was changed."""
    return _one(scene, WRITES)


def several(scene: Scene) -> Case:
    """Tell the results of several calls."""
    makes = [make for make in (*READS, *SEARCHES, *WRITES) if make not in LONE]
    deeds: list[Deed] = []
    while len(deeds) < 1 + max(1, scene.level - scene.rng.randint(0, 1)):
        deed = scene.deed(makes)
        is_new = all(deed.call.name != other.call.name for other in deeds)
        if is_new and are_independent(scene.world, [deed.call, *(other.call for other in deeds)]):
            deeds.append(deed)
    scene.user(*(deed.asks for deed in deeds))
    results = scene.calls(written(scene.rng, act(*deeds).thoughts), *(deed.call for deed in deeds))
    tales = [deed.tell(result) for deed, result in zip(deeds, results, strict=True)]
    replies = tuple(" ".join(map(capital, parts)) for parts in list(product(*(tale.replies for tale in tales)))[:12])
    facts = tuple(fact for tale in tales for fact in tale.facts)
    said = forms(
        {"all": "Both" if len(deeds) == 2 else f"All {len(deeds)}"},
        "{all} calls succeeded; I report their results <in order|one after the other>.",
        "{all} results are in, and I <tell|report> them.",
    )
    return scene.case(Tell(facts, replies, said, tuple(fact for tale in tales for fact in tale.also)), [])


_HITS = r"\b(?:match\w*|hits?|results?|found|find|search\w*|occur\w*|exists?|there (?:is|are|was|were))\b"


def empty(scene: Scene) -> Case:
    """Say that nothing was found, and what to try."""
    call, clauses, what, hint = _fruitless(scene)
    scene.user(clauses)
    scene.calls(
        written(
            scene.rng,
            forms(
                {"tool": call.name, "some": _some(what)},
                "I search for {some} with {tool}.",
                "{tool} can tell whether there is {some}.",
                "The user looks for {some}, a case for {tool}.",
            ),
        ),
        call,
    )
    values = {"what": what, "hint": hint, "tool": call.name}
    replies = forms(
        values,
        "<I found no|There is no> {what}. {hint}",
        "Nothing: there <is|seems to be> no {what}. {hint}",
        "The search came back empty, <no {what} here|so there is no {what}>. {hint}",
        "No luck - no {what}. {hint}",
    )
    said = forms(
        values,
        "The result is empty, so I say that and <offer|propose> another try.",
        "{tool} found nothing; <inventing a hit would be wrong|I must not make up a hit>.",
    )
    term = next(str(value) for key, value in reversed(call.arguments.items()) if key not in {"bank", "map", "kind"})
    nothing = r"\b(?:no|nothing|none|not|empty|without|zero|0)\b|n't"
    return scene.case(
        Decline(
            (nothing, rf"{named(term)}|{_HITS}"),
            (named(term), r"\b(can|could|shall|want|try|another|other|should|instead)\b"),
            replies,
            said,
        ),
        [],
    )


def _fruitless(scene: Scene) -> tuple[Call, Forms, str, str]:
    """Return a call that finds nothing, how it is asked for, what is missing, and a hint."""
    draw, rng, world = scene.draw, scene.rng, scene.world
    kind = rng.randrange(5)
    if kind == 0:
        texts = " ".join(entry["text"] for entry in world.table("messages").values()).lower()
        word = draw.one([word for word in _RARE if word.lower() not in texts])
        clauses = forms(
            {"w": word},
            'search the messages for "{w}"',
            "find the message that mentions {w}",
            "look for {w} in the dialogue",
        )
        return (
            Call("message-search", {"text": word}),
            clauses,
            f'message with "{word}"',
            rng.choice(("Should I try a shorter word?", "Do you remember another word of it? I can search again.")),
        )
    if kind == 1:
        known = " ".join(world.table("symbols")).lower()
        word = draw.one([word for word in _RARE if word.lower() not in known])
        clauses = forms({"w": word}, "find the label with {w} in its name", "search the symbols for {w}")
        return (
            Call("symbol-search", {"text": word}),
            clauses,
            f'label with "{word}" in its name',
            rng.choice(
                (
                    "A different part of the name could help.",
                    "Shall I try another spelling?",
                    "It may be called something else; give me an address and I can try symbol-at.",
                )
            ),
        )
    if kind == 2:
        area = draw.map()
        grid = world.ground.tiles(area.at)
        tile = next(tile for tile in iter(lambda: rng.randrange(0x20, 0xE00), None) if tile not in grid)
        clauses = forms(
            {"t": draw.hex(tile, 3), "map": area.said},
            "find tile16 {t} on {map}",
            "show me where tile {t} is used on {map}",
        )
        return (
            Call("overworld-find-tile", {"map": area.id, "tile": f"0x{tile:03X}"}),
            clauses,
            f"tile16 0x{tile:03X} on {area.full}",
            rng.choice(("I can search another map.", "Shall I look on another map?")),
        )
    if kind == 3:
        table, label = rng.choice((("creatures", "sprite"), ("things", "item")))
        known = " ".join(world.table(table).values()).lower()
        word = draw.one([word for word in _RARE if word.lower() not in known])
        clauses = forms(
            {"w": word, "k": label}, "find the {k} id of {w}", "look up the {k} {w}", "search the {k} names for {w}"
        )
        return (
            Call("name-search", {"kind": label, "text": word}),
            clauses,
            f"{label} called {word}",
            rng.choice(
                (
                    "Could it have another name in this project?",
                    "I can search again if you give me another part of the name.",
                )
            ),
        )
    at = memory.address(draw, memory.data_offset(draw))[1]
    bank_number = int(at[1:3], 16)
    parts = [f"{value:02X}" for value in rng.randbytes(rng.randint(5, 8))]
    values = {"p": " ".join(parts), "bank": draw.hex(bank_number)}
    clauses = forms(values, "find {p} in bank {bank}", "search bank {bank} for {p}")
    return (
        Call("rom-find", {"pattern": " ".join(parts), "bank": f"${bank_number:02X}"}),
        clauses,
        f"`{' '.join(parts)}` in bank ${bank_number:02X}",
        rng.choice(("I can try another bank, or a pattern with ?? for unknown bytes.", "Shall I search another bank?")),
    )


def _some(what: str) -> str:
    """Return ``what`` with an article, unless it has a number of its own."""
    return what if what.startswith(("`", "tile16")) else f"{'an' if what[0] == 'i' else 'a'} {what}"


FAMILIES = {
    "reply.empty": empty,
    "reply.read": read,
    "reply.search": search,
    "reply.several": several,
    "reply.write": write,
}
