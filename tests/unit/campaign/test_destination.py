from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.campaign.destination import TransferSection


def test_what_a_recipe_leaves_out_is_as_the_mission_has_it() -> None:
    section = TransferSection()
    assert (section.host, section.path, section.scripts) == (
        "medical-mechanica",
        "~/training/datasets/",
        "~/training/",
    )


@pytest.mark.parametrize(
    ("host", "user", "machine"),
    [
        ("medical-mechanica", None, "medical-mechanica"),
        ("zelda@192.168.1.7", "zelda", "192.168.1.7"),
        ("z.elda-2@gpu_box.example.org", "z.elda-2", "gpu_box.example.org"),
        ("fe80::1", None, "fe80::1"),
        ("zelda@::1", "zelda", "::1"),
    ],
)
def test_a_host_may_have_a_user_before_it(host: str, user: str | None, machine: str) -> None:
    section = TransferSection(host=host)
    assert (section.user, section.machine) == (user, machine)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "-oProxyCommand=reboot",
        "zelda@-o",
        "-l@gate",
        "@gate",
        "a b",
        "a\nb",
        "gate;reboot",
        "gate:22",
        "1:2",
        "a@b@c",
    ],
)
def test_what_ssh_or_a_shell_could_take_for_something_else_is_no_host(host: str) -> None:
    with pytest.raises(ValidationError, match="is no name or address"):
        TransferSection(host=host)


@pytest.mark.parametrize("path", ["~/training/datasets/", "/", "~/", "data", "/srv/a.b/c+d@e,f-g//", ".hidden/x"])
def test_folders_that_every_shell_leaves_alone_are_taken(path: str) -> None:
    assert TransferSection(path=path, scripts=path).path == path


@pytest.mark.parametrize(
    "path",
    ["", "~", "~zelda/x", "-rf", "/a/-b", "a b", "$HOME", "a;b", "a'b", 'a"b', "a\\b", "a\0b", "a\n", "*", "~/ä"],
)
def test_other_folders_are_refused(path: str) -> None:
    for key in ("path", "scripts"):
        with pytest.raises(ValidationError, match="is no folder"):
            TransferSection.model_validate({key: path})


@given(st.text(max_size=40))
def test_no_text_passes_that_a_shell_reads_otherwise(text: str) -> None:
    try:
        section = TransferSection(path=text)
    except ValidationError:
        return
    assert re.fullmatch(r"(~(?=/))?[A-Za-z0-9._+@,/-]+", section.path)
    assert not any(part.startswith("-") for part in section.path.split("/"))


def test_a_long_path_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValidationError):
        TransferSection(path="a" * 100_000 + "!")


@pytest.mark.parametrize("key", ["identity", "config"])
@pytest.mark.parametrize("path", ["", " ", "-F", "a\nb", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn"])
def test_a_key_is_named_by_its_file(key: str, path: str) -> None:
    with pytest.raises(ValidationError, match="is no path of a file"):
        TransferSection.model_validate({key: path})
