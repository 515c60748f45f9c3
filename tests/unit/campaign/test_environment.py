from __future__ import annotations

from pathlib import Path

import pytest

from agents.campaign import environment as module
from agents.campaign.environment import environment_of
from agents.campaign.errors import UsageError


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folders = [tmp_path / "recipes", tmp_path / "here"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.chdir(folders[1])
    return folders[0] / "recipe.yaml"


def test_without_a_file_the_environment_is_what_it_is(recipe: Path) -> None:
    assert environment_of(recipe, {"A": "1"}) == {"A": "1"}
    assert environment_of(None, {"A": "1"}) == {"A": "1"}


def test_the_file_beside_the_recipe_counts_before_the_one_in_the_current_folder(recipe: Path) -> None:
    Path(".env").write_text("A=here\nB=here\n")
    assert environment_of(recipe, {}) == {"A": "here", "B": "here"}
    recipe.with_name(".env").write_text("A=beside\n")
    assert environment_of(recipe, {}) == {"A": "beside"}
    assert environment_of(None, {}) == {"A": "here", "B": "here"}


def test_variables_of_the_environment_win_and_empty_ones_do_not_count(recipe: Path) -> None:
    recipe.with_name(".env").write_text("A=file\nB=file\nC=\nD\nE=' '\n")
    assert environment_of(recipe, {"A": "real", "B": " ", "F": ""}) == {"A": "real", "B": "file"}


def test_values_are_taken_as_they_are_written(recipe: Path) -> None:
    recipe.with_name(".env").write_text("export KEY='sk-$A${B}#c' # mine\nA=a\nQ=\"x y\"\n")
    assert environment_of(recipe, {}) == {"KEY": "sk-$A${B}#c", "A": "a", "Q": "x y"}


def test_a_byte_order_mark_is_none_of_the_first_name(recipe: Path) -> None:
    recipe.with_name(".env").write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert environment_of(recipe, {}) == {"A": "1", "B": "2"}


def test_a_folder_of_that_name_is_no_file(recipe: Path) -> None:
    recipe.with_name(".env").mkdir()
    assert environment_of(recipe, {"A": "1"}) == {"A": "1"}


def test_a_file_that_is_not_utf_8_is_an_error_that_tells_no_value(recipe: Path) -> None:
    recipe.with_name(".env").write_bytes(b"KEY=s3cret-\xff\n")
    with pytest.raises(UsageError, match=r"\.env is not written in UTF-8") as caught:
        environment_of(recipe, {})
    assert "s3cret" not in f"{caught.value!r} {caught.value}"
    assert caught.value.cure


def test_a_file_that_cannot_be_read_is_an_error(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe.with_name(".env").write_text("A=1\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match=r"cannot read .*\.env: Permission denied"):
        environment_of(recipe, {})


def test_a_file_that_is_too_long_is_an_error(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    recipe.with_name(".env").write_text("A=12345678ü\n")  # cut inside a character
    with pytest.raises(UsageError, match="more than 10 bytes"):
        environment_of(recipe, {})


def test_a_line_that_is_no_variable_is_an_error_that_names_it_and_tells_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GOOD=1\n# a comment\n= s3cret\nB=2\n")
    with pytest.raises(UsageError, match=r"line 3 of .*\.env is no variable") as caught:
        environment_of(tmp_path / "recipe.yaml", {})
    assert "s3cret" not in str(caught.value)
