from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.errors import UsageError
from agents.training.sources import functions
from agents.training.sources.cut import Cut
from agents.training.sources.functions import split

SPRITES = """\
// Licence

#include <vector>
int count; // trailing
void reset() { count = 0; }

/* Names it,
 * for people. */
// Never fails.
static const char *name_of(int id)
{
  return "Müller";
}

namespace game { namespace io::rom {
class Sprite : public Thing {
 public:
  // Makes one.
  Sprite() : x(1) {}
  ~Sprite() = default;
  Sprite(const Sprite&) = delete;
  void declared();
  bool operator==(const Sprite& other) const { return true; }
  operator bool() const { return x; }
  int operator()(int a) { struct Local { int q() { return 1; } }; return a; }
  /** Any. */
  template <class T>
  T& get(T t) noexcept { return t; }
  struct Inner { void run() {} };
  friend void swap(Sprite&, Sprite&) { }
};
}
void Sprite::declared() { }
template <> int spec<3>() { return 3; }
}
extern "C" {
int plain(void) { return 1; }
}
#ifdef A
void (*signal(int sig, void (*handler)(int)))(int) { return handler; }
#else
auto trailing() -> int { return [](int a) { return a; }(1); }
#endif
int prototype(int);
Thing::Thing() try : x(1) { } catch (...) { }
"""


def named(text: str, language: functions.Language = "C++") -> dict[str, str]:
    return {cut.name: cut.text for cut in split(text, language)}


def test_functions_and_methods_are_found_by_their_full_names() -> None:
    inside = "game::io::rom::Sprite"
    assert list(named(SPRITES)) == [
        *("reset", "name_of", f"{inside}::Sprite", f"{inside}::operator==", f"{inside}::operator bool"),
        *(f"{inside}::operator()", f"{inside}::get", f"{inside}::Inner::run", f"{inside}::swap"),
        *("game::Sprite::declared", "game::spec<3>", "plain", "signal", "trailing", "Thing::Thing"),
    ]


def test_a_function_has_the_comment_directly_above_it() -> None:
    found = named(SPRITES)
    assert found["reset"] == "void reset() { count = 0; }"
    assert found["name_of"].startswith("/* Names it,\n * for people. */\n// Never fails.\nstatic")
    assert found["name_of"].endswith('return "Müller";\n}')
    assert found["game::io::rom::Sprite::Sprite"] == "  // Makes one.\n  Sprite() : x(1) {}"
    assert found["game::io::rom::Sprite::get"].startswith("  /** Any. */\n  template <class T>\n  T& get")


def test_c_may_use_the_keywords_of_cpp() -> None:
    text = "/* Old. */\nint new(class, this)\n  int class; char *this;\n{\n  return class;\n}"
    assert named(text, "C") == {"new": text}


@pytest.mark.parametrize("broken", ["}", "@@@ ###", "int a = = 3;", "int a = 3", "BEGIN_DECLS", "MACRO(a)", "int f( {"])
@pytest.mark.parametrize("language", ["C", "C++"])
def test_what_does_not_parse_hides_no_functions_after_it(broken: str, language: functions.Language) -> None:
    assert list(named(f"{broken}\n\nint f() {{ return 1; }}\nint g() {{ return 2; }}\n", language)) == ["f", "g"]


def test_without_functions_there_is_nothing() -> None:
    assert split("") == split("int x;\nstruct S { int a; };\nint f(int);\n") == []


@given(st.text() | st.text(alphabet="{}()<>;:*& \n/#\"'af=,"), st.sampled_from(["C", "C++"]))
@settings(deadline=None, max_examples=200)
def test_any_text_is_cut_into_parts_of_it(text: str, language: functions.Language) -> None:
    for cut in split(text, language):
        assert cut.text in text


@given(st.lists(st.tuples(st.sampled_from(["int f{}(int a) {{ return a; }}", "void g{}()\n{{\n}}"]), st.booleans())))
@settings(deadline=None)
def test_functions_come_back_as_they_were(shapes: list[tuple[str, bool]]) -> None:
    texts = [("// about\n" if told else "") + shape.format(at) for at, (shape, told) in enumerate(shapes)]
    for language in ("C", "C++"):
        assert [cut.text for cut in split("\n\n".join(texts), language)] == texts


def test_what_the_parser_labours_on_is_one_cut() -> None:
    text = "if(a) else " * 20_000
    start = time.process_time()
    assert split(text, "C") == [Cut("", text)]
    assert time.process_time() - start < 5.0
    assert named("int f(void) { return 1; }", "C") != {}, "the parser is as good as new"


def test_deep_nesting_is_no_danger() -> None:
    deep = "namespace " + "a" * 50 + " { "
    cuts = split(deep * 5_000 + "void f() {}" + "}" * 5_000)
    assert [len(cut.name) < 200 for cut in cuts] == [True]


def test_a_missing_grammar_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter_cpp", None)
    functions._parser.cache_clear()
    with pytest.raises(UsageError) as caught:
        split("int f() {}")
    assert ".[code]" in caught.value.cure
    assert "tree_sitter_cpp" in caught.value.what
