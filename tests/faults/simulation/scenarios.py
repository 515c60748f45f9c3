"""What the simulated workflows are asked for, and how each ends when nobody disturbs it."""

from __future__ import annotations

from collections.abc import Sequence

from simulation.world import PILOT_TICKETS, Scenario

from agents.campaign.errors import ExitCode

NOISE = b"\x00\xff\xfe loading weights...\r\x1b[2K"


def _log(scores: Sequence[object]) -> tuple[bytes, ...]:
    """Return what a careless generator logs, in pieces that end anywhere: noise, redrawn lines, half lines."""
    text = b"".join(
        NOISE + f"[gen] quality_score: {score}\r\nProgress: {done}/{PILOT_TICKETS}\r".encode()
        for done, score in enumerate(scores, 1)
    )
    return (*(text[at : at + 41] for at in range(0, len(text), 41)), b"\n")


GOOD = [0.9, 0.8, 0.7, 0.85, 0.95, 0.75, 0.8, 0.9][:PILOT_TICKETS]

SCENARIOS = {
    Scenario("our pilot and campaign", (), "campaign_complete", ExitCode.DONE): 7,
    Scenario("a person approves", (("campaign.auto_launch", False),), "campaign_complete", ExitCode.DONE): 1,
    Scenario(
        "a pilot that is not good enough", (("gate.quality_threshold", 0.99),), "validation_failed", ExitCode.REJECTED
    ): 1,
    Scenario("somebody else's pilot, good", (), "campaign_complete", ExitCode.DONE, _log(GOOD)): 1,
    Scenario(
        "somebody else's pilot, with an impossible score",
        (),
        "validation_failed",
        ExitCode.FAILED,
        _log([*GOOD[:-1], "nan"]),
    ): 1,
}
"""Scenarios by how often they are drawn."""
