"""Judgement: other right answers are right, and what only looks right is not."""

import orjson
import pytest

from agents.training.domains.yaze import conversation
from agents.training.domains.yaze.dialog import Act, Ask, Call, Case, Decline, Tell, User
from agents.training.domains.yaze.editor import TOOLS
from agents.training.domains.yaze.editor.tool import address_of
from agents.training.domains.yaze.facts import changed, fact
from agents.training.domains.yaze.grade import graded
from agents.training.domains.yaze.ground import Ground
from agents.training.domains.yaze.world import World

WORLD = World(Ground("7"))
AT = address_of(WORLD, WORLD.ground.data_page * 0x8000 + 0x40)
ROOM = sorted(WORLD.table("rooms"))[0]


def case(want: object) -> Case:
    return Case(WORLD, "brief", tuple(TOOLS), (User(sentences=("do it",)),), want)  # type: ignore[arg-type]


def quality(want: object, **answer: object) -> float:
    made = case(want)
    return graded(made, conversation.heard_in(made, "1", 0), orjson.dumps(answer).decode())[0]


def calls(*made: tuple[str, dict[str, object]]) -> list[dict[str, object]]:
    return [{"name": name, "arguments": arguments} for name, arguments in made]


READ = Act(((Call("rom-read", {"address": AT, "length": 4}),),), (), ("bytes",))
WRITE = Act(
    (
        (
            Call("rom-write", {"address": AT, "bytes": "A9 0F"}),
            Call("dungeon-set-effect", {"room": ROOM, "effect": "dark"}),
        ),
    ),
    (),
    ("effect",),
)


@pytest.mark.parametrize("address", [AT, AT.replace(":", ""), "0x" + AT[1:].replace(":", "")])
def test_any_notation_of_an_address_is_right(address: str) -> None:
    assert quality(READ, tool_calls=calls(("rom-read", {"address": address, "length": 4}))) == 0.6


def test_another_length_than_the_one_that_was_given_is_not_enough() -> None:
    thought = "The user wants the bytes there, and rom-read has them."
    assert quality(READ, thought=thought, tool_calls=calls(("rom-read", {"address": AT, "length": 4}))) >= 0.95
    assert 0.3 < quality(READ, thought=thought, tool_calls=calls(("rom-read", {"address": AT, "length": 8}))) < 0.7
    assert quality(READ, thought=thought, tool_calls=calls(("rom-read", {"address": AT, "length": 3}))) <= 0.3


def test_needless_reads_cost_and_many_are_wrong() -> None:
    extra = ("rom-info", {})
    one = quality(READ, tool_calls=calls(("rom-read", {"address": AT, "length": 4}), extra))
    many = quality(READ, tool_calls=calls(("rom-read", {"address": AT, "length": 4}), *[extra] * 4))
    assert many <= 0.3 < one < 0.6


def test_order_and_splitting_do_not_matter_but_the_state_does() -> None:
    low, high = ("rom-write", {"address": AT, "bytes": "A9"}), ("rom-write", {"address": f"{AT[:-1]}1", "bytes": "0F"})
    effect = ("dungeon-set-effect", {"room": f"0x{ROOM:X}", "effect": "dark"})
    assert quality(WRITE, tool_calls=calls(effect, ("rom-write", {"address": AT, "bytes": "A90F"}))) == 0.6
    assert quality(WRITE, tool_calls=calls(effect, low, high)) > 0.5
    assert quality(WRITE, tool_calls=calls(effect, low)) <= 0.3
    assert quality(WRITE, tool_calls=calls(effect, low, high, ("rom-save", {}))) <= 0.3


def test_a_thought_about_the_matter_is_worth_something() -> None:
    made = calls(("rom-read", {"address": AT, "length": 4}))
    assert quality(
        READ, thought="The user wants four bytes at that address, which rom-read has.", tool_calls=made
    ) == pytest.approx(1.0)
    assert quality(READ, thought="The bytes of Velvet Palace are at $123456, I guess.", tool_calls=made) < 0.9


TELL = Tell((fact("Ember Moth", 3, 4), fact("0x1A")), ("Ember Moth at (3, 4), id 0x1A.",), ())


def test_a_reply_states_the_facts_and_nothing_else() -> None:
    assert (
        quality(
            TELL,
            thought="The list came back with one sprite, which I report to the user.",
            reply="It is an Ember Moth (26) at x 3, y 4.",
        )
        >= 0.9
    )
    assert quality(TELL, reply="It is an Ember Moth (26) at x 3, y 5.") <= 0.3
    assert quality(TELL, reply="Ember Moth (0x1A) at (3, 4), and one more at (77, 4).") <= 0.3
    assert quality(TELL, reply="Ember Moth (0x1A) at (3, 4), says `Boss_Reset`.") <= 0.3
    assert quality(TELL, tool_calls=calls(("rom-info", {}))) <= 0.3


def test_a_question_asks_for_what_is_missing() -> None:
    want = Ask((r"\baddress\b",), ("At which address?",), ())
    assert (
        quality(
            want,
            thought="The address is missing in the request, so I ask the user.",
            reply="At which address should that go?",
        )
        >= 0.9
    )
    assert quality(want, reply="How are you today?") <= 0.3
    assert quality(want, reply="I have written it to the address.") <= 0.3


def test_a_refusal_gives_its_reason_and_claims_nothing() -> None:
    want = Decline((r"n't|\bno\b", r"\blocked\b"), (r"\bfree space\b",), ("No, it is locked.",), ())
    assert (
        quality(
            want,
            thought="The range is locked by the project, so a call would only be refused.",
            reply="I can't, it is locked; free space would do.",
        )
        >= 0.9
    )
    assert quality(want, reply="I can't.") <= 0.3
    assert quality(want, reply="It isn't locked any more. Done! I wrote it.") <= 0.3


@pytest.mark.parametrize(
    "reply", ["I made no change, it is locked; free space isn't.", "It isn't done yet: it is locked."]
)
def test_saying_that_nothing_was_done_is_no_claim(reply: str) -> None:
    want = Decline((r"n't|\bno\b", r"\blocked\b"), (), ("No, it is locked.",), ())
    assert quality(want, reply=reply) >= 0.6


@pytest.mark.parametrize(
    ("thought", "least", "most"),
    [
        ("", 0.6, 0.6),
        ("Done.", 0.6, 0.65),
        ("banana telephone umbrella giraffe pancake trombone cactus marble walnut kettle", 0.6, 0.65),
        ("I report the result.", 0.65, 0.85),
        ("The result of the call has the sprite that the user asked for, so I report it.", 0.95, 1.0),
    ],
)
def test_the_worth_of_a_right_answer_is_its_thought(thought: str, least: float, most: float) -> None:
    found = quality(TELL, thought=thought, reply="It is an Ember Moth (0x1A) at (3, 4).")
    assert round(least, 3) <= round(found, 3) <= most


CHANGE = Tell((fact("Amber Well"), fact(7), changed(3, 7)), ("The Amber Well has music 7 now; it was 3.",), ())


def test_an_old_value_must_not_be_called_new() -> None:
    assert quality(CHANGE, reply="Music of the Amber Well: 7 (was 3).") >= 0.6
    assert quality(CHANGE, reply="Music of the Amber Well: 3 (was 7).") <= 0.3


def test_a_reply_that_never_ends_is_wrong() -> None:
    assert quality(TELL, reply="Ember Moth (0x1A) at (3, 4). " * 400) <= 0.3
