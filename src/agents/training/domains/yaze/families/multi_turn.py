"""The conversation goes on: more of the same, a correction, an answer, a yes, a step back."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Act, Call, Case, Forms
from agents.training.domains.yaze.facts import Fact, fact
from agents.training.domains.yaze.families.clarify import confirmation, gapped
from agents.training.domains.yaze.families.reply import told
from agents.training.domains.yaze.families.scene import Scene, act
from agents.training.domains.yaze.requests import (
    EDITS,
    READS,
    SEARCHES,
    WRITES,
    Deed,
    rom,
)
from agents.training.domains.yaze.requests.draw import Tale, counted, forms, listed
from agents.training.domains.yaze.wording import written


def _pair(scene: Scene) -> tuple[Deed, Deed]:
    """Return two deeds of the same kind for different things."""
    while True:
        make = scene.rng.choice((*READS, *SEARCHES, *WRITES))
        first, second = make(scene.draw), make(scene.draw)
        if second.again and second.call.name == first.call.name and second.call != first.call:
            return first, second


def follow_up(scene: Scene) -> Case:
    """More of the same, said in few words."""
    first, second = _pair(scene)
    scene.finishes(first)
    scene.user(sentences=second.again)
    if scene.level > 1 and scene.rng.random() < 0.35:
        return scene.case(told(second, second.tell(scene.does(second))), [])
    lead = (
        "The user wants the same again.",
        "Another one of that kind.",
        "A follow-up.",
        "Same tool, other target.",
        "It goes on.",
    )
    return scene.case(act(second, opening=lead), [second.call.name])


def answered(scene: Scene) -> Case:
    """The user answers the question that the assistant had."""
    deed, gap = gapped(scene, (*WRITES, *WRITES, *READS, *SEARCHES))
    scene.user(gap.clauses)
    scene.says(gap.questions)
    if scene.rng.random() < 0.65:
        scene.user(sentences=gap.answers)
    else:
        scene.user(
            deed.asks,
            sentences=forms(
                {"ask": deed.asks[0]}, "<Right|Sorry|Ah yes>: {ask}.", "<Good point|True>, I forgot. {ask}."
            ),
        )
    lead = (
        "Now the request is complete.",
        "That answers my question.",
        "The missing piece is there.",
        "With the answer nothing is open any more.",
    )
    return scene.case(act(deed, opening=lead), [deed.call.name])


_YES = (
    "Yes, go ahead.",
    "<Yes|Yep|Yeah>, do it.",
    "<Sure|Of course>, <please do|go on>.",
    "ok do it",
    "Confirmed.",
    "Yes please, <I have a backup|that's what I want>.",
    "<I'm sure|Positive>, <go|do it>.",
    "yes",
    "Correct, that's the one.",
    "<Affirmative|Right>, <proceed|go ahead>.",
)


def confirmed(scene: Scene) -> Case:
    """The user says yes."""
    if scene.rng.random() < (0.0, 0.3, 0.6)[scene.level - 1]:
        scene.finishes(scene.deed((*READS, *SEARCHES)))
    deed, ask = confirmation(scene)
    scene.asks(deed)
    scene.says(ask.replies)
    scene.user(sentences=_YES)
    lead = ("The user has confirmed it.", "That was a yes.", "Confirmed.", "The go-ahead is given.")
    return scene.case(act(deed, opening=lead), [deed.call.name])


def wrap_up(scene: Scene) -> Case:
    """After some edits the user wants them saved, or compared with the backup that was made before them."""
    backup = scene.deed([rom.backup]) if scene.rng.random() < 0.5 else None
    if backup:
        scene.finishes(backup)
    for _ in range(scene.rng.randint(1, scene.level)):
        scene.finishes(scene.deed(EDITS))
    deed = rom.compare(backup.call.arguments["name"]) if backup else rom.save(scene.draw)
    scene.asks(deed)
    if scene.rng.random() < 0.35:
        return scene.case(told(deed, deed.tell(scene.does(deed))), [])
    return scene.case(act(deed), [deed.call.name])


_NOTHING = r"\b(?:0|zero|no|none|nothing)\b|\b(?:all|every)"
_BACK_ONE = (
    "The last edit has to go: I was told to {last}. rom-undo goes {n} step back.",
    "My last edit was this: {last}. rom-undo with {n} step reverts it.",
    "The user wants the edit by {tool} reverted, so rom-undo goes {n} step back.",
)
_BACK = (
    "{n} edits have to go, the last of them this one: {last}. rom-undo takes the number of steps.",
    "rom-undo with {n} steps takes the last edits back, beginning with this one: {last}.",
    "The user wants {n} steps back, from the call of {tool} on; rom-undo <does that|goes back that far>.",
)


def undo(scene: Scene) -> Case:
    """The user takes edits back."""
    count = scene.rng.randint(1, 1 + scene.level)
    deeds: list[Deed] = []
    while len(deeds) < count:
        deed = scene.deed(EDITS)
        if all(deed.call != other.call for other in deeds):
            deeds.append(deed)
            scene.finishes(deed)
    steps = scene.rng.randint(1, count)
    words = ("one", "two", "three", "four")[steps - 1]
    said: Forms
    if steps == 1:
        said = (
            "<Undo that|Take that back|Revert that>, please.",
            "<Hmm, no|No good>. Undo the last edit.",
            "<Revert|Roll back> the last change, it <looks wrong|breaks something>.",
            "That was a mistake, undo it.",
            "undo",
        )
    elif steps == count:
        said = (
            f"<Undo|Revert|Take back> all {words} edits.",
            f"Forget it, roll back everything you <changed|did> just now, all {words}.",
            f"<Bad idea|That was a bad idea>. Undo the {words} edits.",
        )
    else:
        said = (
            f"<Undo|Revert|Take back> the last {words} edits.",
            f"Roll back the last {words}, but keep what was before.",
            f"The last {words} changes have to go.",
        )
    scene.user(sentences=said)
    call = Call("rom-undo", {"steps": steps})
    last = deeds[-1]
    values = {"n": steps, "s": "" if steps == 1 else "s", "last": last.aim, "tool": last.call.name}
    thoughts = forms(values, *(_BACK_ONE if steps == 1 else _BACK))
    if scene.rng.random() < 0.25:
        result = scene.calls(written(scene.rng, thoughts), call)[0]
        left = result["left"]
        tale = Tale(
            forms(
                {
                    **values,
                    "labels": listed([f"`{label}`" for label in result["undone"]]),
                    "left": f"{counted(left, 'earlier edit')} can still be undone"
                    if left
                    else "Nothing is left to undo",
                },
                "<Undone|Taken back>: {labels}. {left}.",
                "I <undid|took back> {n} edit{s}: {labels}. {left}.",
            ),
            (
                *(
                    Fact((label.partition(" ")[0], *(said.lower() for said in deed.anchors if said not in label)))
                    for label, deed in zip(result["undone"], reversed(deeds), strict=False)
                ),
                Fact(pattern=_NOTHING) if not left else fact(left),
            ),
        )
        done = Deed(call, (), f"take back {counted(steps, 'edit')}", lambda _: tale, (), changes=True)
        return scene.case(told(done, tale), [])
    return scene.case(Act(((call,),), thoughts, ("rom-undo", str(steps))), [call.name])


FAMILIES = {
    "multi_turn.answered": answered,
    "multi_turn.confirmed": confirmed,
    "multi_turn.follow_up": follow_up,
    "multi_turn.undo": undo,
    "multi_turn.wrap_up": wrap_up,
}
