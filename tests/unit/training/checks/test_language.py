# ruff: noqa: RUF001 -- letters of other scripts are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.described import LanguageSection
from agents.campaign.errors import UsageError
from agents.training.checks.language import LANGUAGES, language, most_like, require_known
from agents.training.checks.words import words_of

TEXTS = {
    "en": "The routine reads the controller once in every frame and writes what it has found into a buffer, "
    "so that the rest of the program does not have to wait for it.",
    "de": "Die Routine liest in jedem Bild einmal den Controller und schreibt das Ergebnis in einen Puffer, "
    "damit der Rest des Programms nicht darauf warten muss.",
    "fr": "La routine lit la manette une fois par image et écrit le résultat dans un tampon, pour que le reste du "
    "programme ne doive pas attendre, ce qui est plus simple.",
    "es": "La rutina lee el mando una vez por cada imagen y escribe el resultado en un búfer, para que el resto del "
    "programa no tenga que esperar cuando hay más trabajo.",
    "it": "La routine legge il controller una volta per ogni immagine e scrive il risultato in un buffer, così che il "
    "resto del programma non debba aspettare quando è occupato.",
    "pt": "A rotina lê o controle uma vez em cada quadro e escreve o resultado em um buffer, para que o resto do "
    "programa não tenha de esperar quando há mais trabalho.",
    "nl": "De routine leest de controller één keer per beeld en schrijft het resultaat in een buffer, zodat de rest "
    "van het programma er niet op hoeft te wachten.",
    "sv": "Rutinen läser av handkontrollen en gång för varje bild och skriver resultatet till en buffert, så att "
    "resten av programmet inte behöver vänta när det är mycket att göra.",
    "da": "Rutinen læser controlleren en gang for hvert billede og skriver resultatet til en buffer, så resten af "
    "programmet ikke skal vente, når der er meget at lave.",
    "pl": "Procedura czyta kontroler raz na każdą klatkę i zapisuje wynik do bufora, dlatego reszta programu nie musi "
    "na to czekać, jak to było w starszych grach.",
    "cs": "Rutina čte ovladač jednou za každý snímek a zapisuje výsledek do paměti, takže zbytek programu na to nemusí "
    "čekat, jak je to ve starších hrách, které to nemají.",
    "tr": "Rutin her karede denetleyiciyi bir kez okur ve sonucu bir arabelleğe yazar, böylece programın geri kalanı "
    "bunun için beklemek zorunda değil, ama daha çok bellek gerekir.",
    "ru": "Процедура читает контроллер один раз за кадр и записывает результат в буфер, чтобы остальная часть "
    "программы не ждала его, как это было в старых играх.",
    "uk": "Процедура читає контролер один раз за кадр і записує результат у буфер, щоб решта програми не чекала на "
    "нього, як це було у старих іграх, які того не мали.",
    "el": "Η ρουτίνα διαβάζει το χειριστήριο μία φορά σε κάθε καρέ και γράφει το αποτέλεσμα στη μνήμη.",
    "he": "השגרה קוראת את הבקר פעם אחת בכל פריים וכותבת את התוצאה לזיכרון כדי שהתוכנית לא תחכה.",
    "ar": "يقرأ البرنامج وحدة التحكم مرة واحدة في كل إطار ويكتب النتيجة في الذاكرة.",
    "hi": "यह रूटीन हर फ्रेम में एक बार नियंत्रक को पढ़ता है और परिणाम को स्मृति में लिखता है।",
    "th": "โปรแกรม นี้ อ่าน ตัวควบคุม หนึ่งครั้ง ใน ทุก เฟรม และ เขียน ผลลัพธ์ ลงใน หน่วยความจำ",
    "ko": "이 루틴은 매 프레임마다 컨트롤러를 한 번 읽고 결과를 버퍼에 기록합니다.",
    "ja": "このルーチンは毎フレームに一度コントローラーを読み取り、結果をバッファに書き込みます。",
    "zh": "这个例程每一帧读取一次控制器,并把结果写入缓冲区,这样程序的其余部分就不用等待。",
}


def score(wanted: str, answer: str) -> float:
    return language(LanguageSection(language=wanted), answer).score


def test_every_known_language_has_a_text() -> None:
    assert set(TEXTS) == set(LANGUAGES)


@pytest.mark.parametrize("wanted", TEXTS)
def test_texts_are_in_their_language_and_in_no_other(wanted: str) -> None:
    scores = {written: score(wanted, text) for written, text in TEXTS.items()}
    assert scores.pop(wanted) == 1.0
    assert max(scores.values()) < 0.5, scores


def test_code_is_no_prose() -> None:
    code = "```c\nif (the and of to a in is that for it as was with be by on not he) { return this or his; }\n```"
    assert score("de", f"{TEXTS['de']}\n{code}\nDas `for it as was with be` ist Code.") == 1.0
    assert score("de", f"{code}\nJa.") == 1.0


def test_terms_of_another_language_are_allowed() -> None:
    assert score("ja", "この関数は buffer と cache を clear します。それから return します。") == 1.0
    assert score("de", "Die Funktion ruft den Event Handler auf und gibt dann das Result Object zurück.") == 1.0


@pytest.mark.parametrize("answer", ["", "42", "Paris", "LDA #$00", "Ja, gerne doch.", "🙂 🙂 🙂"])
def test_too_little_prose_is_no_fault(answer: str) -> None:
    assert score("en", answer) == 1.0


TERSE = (
    "1. Open browser.\n2. Download installer.\n3. Run installer.\n4. Accept licence.\n5. Choose folder.\n"
    "6. Click Install.\n7. Restart computer.\n8. Launch program.\n9. Enter password.\n10. Check settings."
)


@pytest.mark.parametrize(
    "answer",
    [
        TERSE,
        "Instale Python, ejecute pruebas, revise resultados.",
        "Flour, sugar, eggs, butter, vanilla extract, baking powder, salt, milk, chocolate chips, walnuts, raisins, "
        "honey, yeast, cream, lemon zest, cinnamon",
    ],
)
def test_short_phrases_without_function_words_are_of_any_language(answer: str) -> None:
    check = language(LanguageSection(language="en"), answer)
    assert (check.score, check.detail) == (1.0, "too little prose to tell")


def test_short_phrases_with_few_function_words_are_in_their_language() -> None:
    assert score("en", TERSE.replace("Download", "Download the")) == 1.0
    assert score("de", TERSE.replace("Download", "Download the")) == 0.0


def test_prose_without_any_word_of_the_language_is_in_another_one() -> None:
    finnish = "Rutiini lukee ohjaimen kerran jokaisella kuvalla ja kirjoittaa tuloksen puskuriin, jotta muun ohjelman"
    assert score("en", f"{finnish} ei tarvitse odottaa sitä kauemmin kuin välttämätöntä") == 0.0


def test_a_language_nobody_can_tell_is_refused() -> None:
    with pytest.raises(UsageError, match="'fi' cannot be told") as refused:
        require_known("fi")
    assert "en" in refused.value.cure
    with pytest.raises(UsageError):
        score("fi", TEXTS["en"])


def test_most_like_names_the_language_or_none() -> None:
    assert most_like(words_of(TEXTS["de"])) == "de"
    assert most_like(words_of(TEXTS["uk"]), "cyrillic") == "uk"
    assert most_like(["xyzzy"]) is None


@given(st.text(st.characters()), st.sampled_from(LANGUAGES))
def test_any_text_is_judged(answer: str, wanted: str) -> None:
    check = language(LanguageSection(language=wanted), answer)
    assert 0.0 <= check.score <= 1.0
    assert check == language(LanguageSection(language=wanted), answer)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["the ", "`", "```", "\x00", "漢", "\ud800 "])
def test_large_texts_end_soon(piece: str) -> None:
    assert 0.0 <= score("en", piece * (1_000_000 // len(piece))) <= 1.0
