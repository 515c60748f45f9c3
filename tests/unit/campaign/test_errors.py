from __future__ import annotations

import pickle

import pytest

from agents.campaign import errors
from agents.campaign.errors import CampaignError, ExitCode

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CampaignError)]


def test_the_exit_codes_are_those_that_scripts_rely_on() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "REJECTED": 3,
        "ALREADY_RUNNING": 4,
        "WAITING": 5,
        "PAUSED": 6,
        "TRY_AGAIN": 75,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_tells_what_happened_and_the_cure_and_never_exits_with_zero(kind: type[CampaignError]) -> None:
    error = kind("the disk is full", "free space")
    assert str(error) == "the disk is full\n  cure: free space"
    assert error.exit_code is not ExitCode.DONE
    assert error.document() == {"error": "the disk is full", "cure": "free space", "exit_code": error.exit_code}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_a_process_boundary_whole(kind: type[CampaignError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", "cure")))  # noqa: S301 -- our own bytes
    assert (type(error), error.what, error.cure) == (kind, "what", "cure")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_told_as_json_keeps_its_words_and_exit_code(kind: type[CampaignError]) -> None:
    again = errors.error_of(kind("what", "cure").document())
    assert (again.what, again.cure, again.exit_code) == ("what", "cure", kind.exit_code)
