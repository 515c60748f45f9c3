from __future__ import annotations

import os
from errno import EACCES
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.campaign.errors import UsageError
from agents.training.sources.patterns import find

FILES = [
    *("a.md", "b.txt", "notes/a.md", "notes/b.md", "notes/deep/er/c.md", "notes/deep/notes/d.md"),
    *(".hidden.md", ".git/e.md", "notes/.draft/f.md", "odd[1]/g.md", "notes/deep/.h.md"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "here"


def names(folder: Path, *patterns: str) -> list[str]:
    return [found.name for found in find(patterns, folder)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.md", ["a.md"]),
        ("./a.md", ["a.md"]),
        ("*.md", ["a.md"]),
        ("*", ["a.md", "b.txt"]),
        ("[ab].*", ["a.md", "b.txt"]),
        ("?.txt", ["b.txt"]),
        ("*/*.md", ["notes/a.md", "notes/b.md", "odd[1]/g.md"]),
        ("notes/**/*.md", ["notes/a.md", "notes/b.md", "notes/deep/er/c.md", "notes/deep/notes/d.md"]),
        ("notes/**", ["notes/a.md", "notes/b.md", "notes/deep/er/c.md", "notes/deep/notes/d.md"]),
        ("**/notes/*.md", ["notes/a.md", "notes/b.md", "notes/deep/notes/d.md"]),
        ("**/**/**/d.md", ["notes/deep/notes/d.md"]),
        ("**/notes/**/notes/**", ["notes/deep/notes/d.md"]),
        ("odd[1]/*.md", ["odd[1]/g.md"]),
        ("odd[1]/g.md", ["odd[1]/g.md"]),
        (".git/*.md", [".git/e.md"]),
        (".*.md", [".hidden.md"]),
        ("notes/.draft/f.md", ["notes/.draft/f.md"]),
        ("notes/../a.md", ["notes/../a.md"]),
    ],
)
def test_patterns(folder: Path, pattern: str, expected: list[str]) -> None:
    if pattern == "odd[1]/*.md":
        with pytest.raises(UsageError):
            find([pattern], folder)
        pattern = "odd[[]1]/*.md"
    assert names(folder, pattern) == expected


def test_a_file_is_found_once_whatever_leads_to_it(folder: Path) -> None:
    (folder / "link.md").symlink_to("a.md")
    (folder / "z.md").hardlink_to(folder / "a.md")
    assert names(folder, "*.md", "a.md", str(folder / "a.md"), "**/[ab].md") == ["a.md", "notes/a.md", "notes/b.md"]


def test_relative_patterns_start_at_the_folder_and_others_do_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder / "notes"))
    assert names(folder / "notes", str(folder / "*.md")) == [str(folder / "a.md")]
    assert names(folder, str(folder / "*.md")) == ["a.md"]
    assert names(folder, "~/*.md") == ["notes/a.md", "notes/b.md"]
    assert names(folder / "notes", "../*.md") == ["../a.md"]
    assert names(folder / "odd[1]", "*.md") == ["g.md"]


def test_only_regular_files_are_found(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    (folder / "folder.md").mkdir()
    (folder / "nowhere.md").symlink_to("missing")
    (folder / "round.md").symlink_to("round.md")
    assert names(folder, "*.md") == ["a.md"]


def test_linked_folders_are_not_entered_behind_a_wildcard(folder: Path) -> None:
    (folder / "notes" / "loop").symlink_to(folder)
    (folder / "notes" / "deep" / "loop").symlink_to("..")
    assert names(folder, "notes/**/*.md") == [name for name in FILES if name.startswith("notes/") and "/." not in name]
    assert names(folder, "notes/loop/*.md") == ["notes/loop/a.md"]


def test_links_out_of_what_the_pattern_says_do_not_count(folder: Path) -> None:
    secret = folder.parent / "secret.md"
    secret.write_text("secret")
    (folder / "notes" / "out.md").symlink_to(secret)
    (folder / "notes" / "in.md").symlink_to("deep/er/c.md")
    assert names(folder, "notes/*.md") == ["notes/a.md", "notes/b.md", "notes/in.md"]
    assert names(folder, "notes/out.md") == ["notes/out.md"]


@pytest.mark.parametrize(
    "pattern",
    ["missing.md", "missing/*.md", "a.md/*", "*.rs", "notes/*/a.md", "*/../a.md", "\0/*", "no\0.md", "{a,b}.md"],
)
def test_a_pattern_without_files_is_refused(folder: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="matches no file") as caught:
        find(["a.md", pattern], folder)
    assert str(folder) in caught.value.cure


@pytest.mark.parametrize(
    ("pattern", "better"), [("notes", "notes/**"), ("notes/", "notes/**"), ("", "**"), (".", "**")]
)
def test_a_folder_is_no_file(folder: Path, pattern: str, better: str) -> None:
    with pytest.raises(UsageError, match="it is a folder") as caught:
        find([pattern], folder)
    assert caught.value.cure.endswith(f"write {better}")


def test_nobodys_home_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="nobody's home is ~nobody-of-that-name"):
        find(["~nobody-of-that-name/*.md"], folder)


def test_a_folder_that_cannot_be_listed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(UsageError, match=f"folder {folder} cannot be listed: Permission denied"):
        find(["*.md"], folder)


@pytest.mark.parametrize("pattern", ["a" * 256, f"notes/{'a' * 300}/*.md", "a/" * 3_000, f"*/{'a' * 256}"])
def test_a_pattern_that_is_too_long_is_refused(folder: Path, pattern: str) -> None:
    with pytest.raises(UsageError) as refused:
        find([pattern], folder)
    assert len(refused.value.what) < 1_000


def test_a_file_that_cannot_be_looked_at_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> bool:
        raise PermissionError(EACCES, os.strerror(EACCES), str(path))

    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(UsageError, match=r"notes/a\.md: Permission denied") as refused:
        find(["notes/a.md"], folder)
    assert "readable" in refused.value.cure


def test_names_that_could_drive_a_terminal_are_made_harmless(tmp_path: Path) -> None:
    tmp_path.joinpath("a\x1b[31m\n.md").write_text("a")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text("b")
    assert names(tmp_path, "*.md") == ["a [31m .md", " .md"]


PARTS = st.lists(
    st.sampled_from(["**", "*", "notes", "deep", "er", "[a-z]*", "*.md", "c.md", ".draft"]), min_size=1, max_size=5
)


@given(PARTS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_patterns_mean_what_they_mean_to_the_standard_library(folder: Path, parts: list[str]) -> None:
    pattern = "/".join(parts)
    expected = {path for path in folder.glob(f"{pattern}/*" if parts[-1] == "**" else pattern) if path.is_file()}
    if ".draft" not in parts:
        expected = {
            path for path in expected if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        }
    else:
        expected = {path for path in expected if path.name == "f.md"}
    if expected:
        assert [found.path for found in find([pattern], folder)] == sorted(expected, key=str)
    else:
        with pytest.raises(UsageError):
            find([pattern], folder)
