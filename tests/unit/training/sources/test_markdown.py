from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.sources.markdown import LONGEST_TITLE, split

GUIDE = """\
---
title: Guide
tags: [a, b]
---
Words before any heading.

# Install

Get it.

## Linux ##

```sh
# not a heading
make install
```

Other systems
-------------

~~~~
~~~
# still code
~~~~
Done.

# Use

1. Call it:

   - ```sh
     # of a list
     run
     ```

Title
=====
### Deep
"""


def names(text: str) -> list[str]:
    return [cut.name for cut in split(text)]


def test_sections_are_headings_with_what_follows_them() -> None:
    cuts = {cut.name: cut.text for cut in split(GUIDE)}
    assert list(cuts) == ["", "Install", "Install > Linux", "Install > Other systems", "Use", "Title", "Title > Deep"]
    assert cuts[""] == "Words before any heading.\n"
    assert cuts["Install"] == "# Install\n\nGet it.\n"
    assert cuts["Install > Linux"].startswith("## Linux ##\n\n```sh\n# not a heading\n")
    assert cuts["Install > Other systems"].endswith("~~~~\nDone.\n")
    assert cuts["Title"] == "Title\n====="


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("# A", "A"),
        ("   ###### A", "A"),
        ("#\tA", "A"),
        ("# A # B #", "A # B"),
        ("# A#", "A#"),
        ("# `code` _and_ more", "`code` _and_ more"),
        ("#", ""),
        ("## ##", ""),
        ("A\n=", "A"),
        ("  A b  \n---   ", "A b"),
    ],
)
def test_a_heading_is_called_by_its_title(line: str, name: str) -> None:
    cuts = split(f"before\n\n{line}\n\nafter")
    assert [(cut.name, cut.text) for cut in cuts] == [("", "before\n"), (name, f"{line}\n\nafter")]


@pytest.mark.parametrize(
    "line",
    [
        "#A",
        "####### A",
        "    # A",
        "\t# A",
        r"\# A",
        "A\n\n---",
        "A\nB\n---",
        "- A\n---",
        "1. A\n---",
        "> A\n---",
        "| A |\n---",
        "***\n---",
        "A\n- - -",
        "A\n    ---",
        "A\n=-=",
        "```\nA\n---\n# B",
        "~~~ `x`\n# B",
        "````\n```\n# B\n````",
        "1. ```\n   # B\n   ```",
    ],
)
def test_what_only_looks_like_a_heading_is_none(line: str) -> None:
    assert names(f"before\n\n{line}\n") == [""]


def test_code_in_a_line_opens_no_fence() -> None:
    assert names("``` a ```\n# A\n") == ["", "A"]


def test_a_fence_is_closed_by_one_of_its_kind_without_words() -> None:
    assert names("```\n~~~\n``` x\n# A\n`````\n# B") == ["", "B"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("---\na: 1\n---\nbody", "body"),
        ("---\n# comment\na: 1\n...\nbody", "body"),
        ("---\n---\nbody", "body"),
        ("---\n\nA rule above\n\n---\nbody", None),
        ("---\na: 1\nnever closed", None),
        ("text\n---\na: 1\n---", None),
    ],
)
def test_front_matter_is_left_out(text: str, rest: str | None) -> None:
    assert "\n".join(cut.text for cut in split(text)) == (text if rest is None else rest)


def test_names_stay_short_below_endless_titles() -> None:
    text = f"# {'a' * 10_000}\n" + "## b\n" * 3
    assert {len(name) for name in names(text)} == {LONGEST_TITLE, LONGEST_TITLE + len(" > b")}


LINES = st.sampled_from(
    [
        "# A",
        "## B",
        "### ",
        "text",
        "more",
        "",
        "  ",
        "---",
        "===",
        "- item",
        "```",
        "~~~",
        "````",
        "> q",
        "    # c",
        "--- x",
    ]
)


TEXTS = st.lists(LINES, max_size=30).map("\n".join) | st.text() | st.text(alphabet="#`~-= a\n\t")


@given(TEXTS)
@settings(deadline=None)
def test_every_line_is_in_one_section(text: str) -> None:
    text = f"\n{text}"
    lines = [line for cut in split(text) for line in cut.text.split("\n")]
    assert [line for line in lines if line.strip()] == [line for line in text.split("\n") if line.strip()]


@given(TEXTS)
@settings(deadline=None)
def test_a_section_ends_where_another_begins(text: str) -> None:
    cuts = split(f"---\n{text}")
    assert all(cut.text.strip() for cut in cuts)
    assert all(f"---\n{text}".endswith("\n".join(cut.text for cut in cuts[at:])) for at in range(len(cuts)))


@pytest.mark.parametrize(
    "unit", ["# ", "#", "# #", "\n", " ", "- ", "1. ", "`", "```", ">", "=", "-\n- ", "\t", "\u2003"]
)
def test_long_texts_take_time_in_proportion(unit: str) -> None:
    text = (unit * 2_000_000)[:2_000_000] + "x"
    start = time.process_time()
    split(text)
    assert time.process_time() - start < 5.0
