"""Whether sources may be used at all, by the licences that they name.

Pure. Owns the refusal. Never looks at a text: what a source says of itself is believed.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.campaign.described import PolicySection, SourceSection
from agents.campaign.errors import UsageError


def refuse_unlicensed(sections: Sequence[SourceSection], policy: PolicySection) -> None:
    """Return if every source may be used; SPDX names are the same in capitals and small letters.

    Raises:
        UsageError: a source names a licence that is not allowed, or none where ``policy`` refuses that.
    """
    names = ", ".join(policy.licences) or "none"
    allowed = {licence.strip().casefold() for licence in policy.licences}
    for section in sections:
        if section.licence is None and policy.unlicensed == "refuse":
            raise UsageError(
                f"source {place_of(section)} names no licence",
                f"give it a licence, `own` for what you wrote yourself; allowed are: {names}",
            )
        if section.licence is not None and section.licence.strip().casefold() not in allowed:
            raise UsageError(
                f"source {place_of(section)} has the licence {section.licence}, which is not allowed",
                f"leave the source out, or allow its licence in policy.licences; allowed are: {names}",
            )


def place_of(section: SourceSection) -> str:
    """Return where a source is, for people: its patterns, or its dataset."""
    return section.hub or ", ".join(section.files or ())
