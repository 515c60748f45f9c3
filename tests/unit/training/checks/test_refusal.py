# ruff: noqa: RUF001 -- letters of other scripts are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.checks.refusal import LONGEST_BEGINNING, refusal

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t help with that.",
    "As an AI language model, I do not have personal opinions, but the routine Link_Main reads $7E00F0.",
    "I cannot assist with that request.",
    "I don't know.",
    "I do not know the answer to that.",
    "I'm not sure.",
    "N/A",
    "Sorry, I am unable to provide the information about Link_Main at $7E0010.",
    "Thank you for the question about Link_Main. Unfortunately, I am not able to explain how it works.",
    "I must decline.",
    "I have to decline this request.",
    "I refuse to answer.",
    "I'm afraid I can't do that, Dave.",
    "I won't help with that",
    "**I'm sorry**, but I cannot continue.",
    '{"output": "I\'m sorry, but I can\'t help."}',
    "Hi! I can't assist with this.",
    "Hello, I'm unable to help with that.",
    "This is not something I can help with.",
    "Well, I can't help you there.",
    "I apologize, but I'm not able to write this.",
    "My apologies. I can't provide an answer.",
    "It would be inappropriate for me to answer.",
    "I'm just an AI and cannot do this.",
    "I would rather not answer that.",
    "I do not feel comfortable answering that, sorry.",
    "Es tut mir leid, aber ich kann dabei nicht helfen.",
    "Ich kann dir dabei leider nicht helfen.",
    "Als KI-Sprachmodell habe ich keine Meinung.",
    "Als KI kann ich das nicht.",
    "Das weiß ich nicht.",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "Désolé, je ne peux pas répondre à cette question.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo ayudarte con eso.",
    "Mi dispiace, ma non posso aiutarti.",
    "Desculpe, mas não posso ajudar com isso.",
    "Het spijt me, maar ik kan daar niet mee helpen.",
    "Извините, но я не могу помочь с этим.",
    "抱歉，我无法回答这个问题。",
    "对不起，我不能提供帮助。",
    "作为一个AI语言模型，我无法做到。",
    "申し訳ございませんが、お答えできません。",
    "I cannot fulfill this request.",
    "I'm unable to fulfil your request",
    "We're sorry, we cannot help.",
    "Unfortunately, I don't have access to the source code.",
    "I’m really sorry, but I don't have enough information to answer.",
    "I can not help you with this",
    "Sorry. I can't do that.",
    "I'm sorry but as an AI I cannot do it",
    "I must respectfully decline to help with this request.",
    "I respectfully decline.",
    "I don't have enough information in the text to answer this.",
    "I do not have sufficient context to write a question about this text.",
    "The provided text does not contain enough information to write a question and its answer.",
    "The text doesn't provide sufficient detail for that.",
    "There is not enough information in the passage to answer the question.",
    "Sorry, that's not something I can do.",
    "I'm sorry, but this isn't something I can help with.",
    "That is not possible for me.",
    "I won't be able to complete that.",
    "I will not be able to help you with this.",
    "Your request cannot be completed.",
    "Sorry, this request can't be processed.",
    "This response was blocked by our content policy.",
    "Your prompt was flagged by the content management policy of the service.",
    "The response was filtered due to the prompt triggering the safety system.",
    "I cannot create content of that kind.",
    "I can't write a story about this.",
    "I can't generate that.",
    "I cannot create malware.",
    "I can't do this for you.",
    "I can't do that, as it would be wrong.",
    "Sorry, we are not able to answer questions about that.",
]
ANSWERS = [
    "We cannot create instances of an abstract class, as the compiler refuses to.",
    "Unfortunately, we do not know who wrote the routine.",
    "The function refuses to write when the flag is set.",
    "I can't believe it's fast, but the loop takes 12 cycles.",
    "I can't help but notice that the loop never ends.",
    "The server cannot provide a page when it is down.",
    "We cannot access private members from outside the class.",
    "If you don't know the address, read the table at $8000.",
    "Sorry for the long answer: the routine clears the buffer.",
    "I'm sorry to hear that your cat is ill. Give it water.",
    "Refusing a connection is done with RST.",
    "As an AI engineer, I recommend that you read the paper.",
    "The as_model flag tells that it is an AI.",
    "You cannot divide by zero, so the code checks for it first.",
    "Unfortunately, the routine does not check its input, so it may crash.",
    "I don't know of any faster way than LDA #$00, which takes two cycles.",
    "Do not assist the reader with comments.",
    '"I\'m sorry, Dave" is a line of HAL in the film of 1968.',
    "The response I can't find is documented here: nothing helps.",
    "No, the flag is never set.",
    "Not available before version 2.0, the option was added with the rewrite of the parser by the new team.",
    "Entschuldigung heißt auf Englisch sorry.",
    "Yes.",
    "I refuse to believe that a loop of this kind terminates, and here is why.",
    "It is 5 bytes long.",
    "We're sorry we missed this bug; the fix is to clear the carry.",
    "I would not recommend a loop here.",
    "I can help with that: the routine clears the carry flag first.",
    "You'll see: I can't stress enough how important the carry is.",
    "I cannot create a directory there: the disk is read-only, and so the script ends with an error.",
    "I can't write to the file, because another process holds its lock.",
    "I can't do this alone, said the fox, and the crow flew down to help.",
    "Sorry, we do not have this item in stock.",
    "Sorry, we do not have a table before eight.",
    "Sorry, we can't deliver on Sundays.",
    "We're sorry, we don't know when the next train leaves.",
    "Sorry, this page was moved.",
    "The request cannot be completed because the certificate has expired; renew it.",
    "The connection was blocked by the policy of the firewall.",
    "The text does not contain any number.",
    "The message was rejected by the server, which had no space left.",
    "There is not enough memory to load the model.",
    "I decline the noun in the first exercise: rosa, rosae.",
]


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_found(answer: str) -> None:
    check = refusal(answer)
    assert check.score == 0.0
    assert check.detail.startswith(("it declines: ", "it is no answer: "))


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_talks_about_refusing_is_none(answer: str) -> None:
    assert refusal(answer).score == 1.0


def test_case_and_apostrophes_do_not_matter() -> None:
    for answer in REFUSALS:
        assert refusal(answer.upper().replace("'", "\u2019")).score == 0.0


def test_only_the_beginning_counts() -> None:
    start = "The loop runs until the carry is clear. " * (LONGEST_BEGINNING // 40)
    assert refusal(f"{start}I cannot help with that.").score == 1.0
    assert refusal(f"{start[:80]}I cannot help with that.").score == 0.0


def test_not_knowing_is_no_answer_only_by_itself() -> None:
    assert refusal("I don't know.").score == 0.0
    assert refusal(f"I don't know. {'But the table at $8000 has the address of every routine. ' * 2}").score == 1.0


@given(st.text(st.characters()) | st.text("imsory,. 'can\u2019t\n\x00\ud800", max_size=500))
def test_any_text_is_judged(answer: str) -> None:
    check = refusal(answer)
    assert check.score in {0.0, 1.0}
    assert check.detail.isprintable()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["sorry ", "i can't ", "no, ", "as an ai, ", "\n", "\x00", "抱歉"])
def test_large_texts_end_soon(piece: str) -> None:
    assert refusal(piece * 200_000).score in {0.0, 1.0}
