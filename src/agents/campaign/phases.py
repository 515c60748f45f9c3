"""The workflow as a table: (phase, happening) -> phase. A step that is not listed is an error."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from agents.campaign.errors import ExitCode


class Phase(StrEnum):
    """Where a workflow stands."""

    CHOOSING_CANDIDATE = "choosing_candidate"
    STARTING_PILOT = "starting_pilot"
    MONITORING_PILOT = "monitoring_pilot"
    VALIDATING_PILOT = "validating_pilot"
    VALIDATION_COMPLETE = "validation_complete"
    CAMPAIGN_LAUNCHED = "campaign_launched"
    AFTER_CAMPAIGN = "after_campaign"
    CAMPAIGN_COMPLETE = "campaign_complete"
    VALIDATION_FAILED = "validation_failed"
    AWAITING_APPROVAL = "awaiting_approval"
    LAUNCH_FAILED = "launch_failed"
    CAMPAIGN_FAILED = "campaign_failed"
    PAUSED = "paused"
    STOPPED = "stopped"

    @property
    def is_end(self) -> bool:
        """Whether nothing more happens until a person runs a command."""
        return self in _ENDS

    @property
    def exit_code(self) -> ExitCode:
        """What an orchestrator that ends here exits with."""
        return _ENDS.get(self, ExitCode.FAILED)

    @property
    def next_step(self) -> str:
        """What happens next, or what a person can do."""
        return _NEXT[self]


class Happening(StrEnum):
    """What moves a workflow."""

    CHOSEN = "chosen"
    TRIAL_ENDED = "trial_ended"
    PILOT_STARTED = "pilot_started"
    PILOT_COMPLETE = "pilot_complete"
    PILOT_ENDED = "pilot_ended"
    APPROVED = "approved"
    NOT_APPROVED = "not_approved"
    UNDECIDED = "undecided"
    TOPPED_UP = "topped_up"
    APPROVAL_NEEDED = "approval_needed"
    LAUNCHED = "launched"
    LAUNCH_REFUSED = "launch_refused"
    CAMPAIGN_DONE = "campaign_done"
    FOLLOW_UPS_BEGUN = "follow_ups_begun"
    FOLLOW_UP_ENDED = "follow_up_ended"
    FOLLOW_UPS_DONE = "follow_ups_done"
    FOLLOW_UPS_FAILED = "follow_ups_failed"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_DIED = "campaign_died"
    RELAUNCHED = "relaunched"
    STOP_ASKED = "stop_asked"
    RESUMED_CHOICE = "resumed_choice"
    RESUMED_PILOT = "resumed_pilot"
    RESUMED_WATCH = "resumed_watch"
    RESUMED_LAUNCH = "resumed_launch"


Moved = tuple[Happening, dict[str, Any]]
"""What happened, and the results to keep with it."""

_P, _H = Phase, Happening

_ENDS = {
    _P.CAMPAIGN_COMPLETE: ExitCode.DONE,
    _P.VALIDATION_FAILED: ExitCode.REJECTED,
    _P.AWAITING_APPROVAL: ExitCode.WAITING,
    _P.LAUNCH_FAILED: ExitCode.FAILED,
    _P.CAMPAIGN_FAILED: ExitCode.FAILED,
    _P.PAUSED: ExitCode.PAUSED,
    _P.STOPPED: ExitCode.PAUSED,
}

_NEXT = {
    _P.CHOOSING_CANDIDATE: "The candidates are tried; the best one makes the pilot.",
    _P.STARTING_PILOT: "The pilot is being started.",
    _P.MONITORING_PILOT: "The pilot is watched until it is complete.",
    _P.VALIDATING_PILOT: "The gate decides.",
    _P.VALIDATION_COMPLETE: "The campaign is launched.",
    _P.CAMPAIGN_LAUNCHED: "The campaign is watched to its end.",
    _P.AFTER_CAMPAIGN: "The campaign is complete. What the recipe has after it is done, one thing after the other.",
    _P.CAMPAIGN_COMPLETE: "Look at the samples: `campaign samples --accepted`, and the folder training/datasets.",
    _P.VALIDATION_FAILED: "Read why with `campaign report`, change the recipe, then run the same command again. What "
    "is settled is never asked again: the same recipe gets the same verdict. Where the recipe was not at fault, "
    "another `seed` makes another pilot.",
    _P.AWAITING_APPROVAL: "Look at the verdict with `campaign report`, then run `campaign approve`; a verdict that "
    "does not approve needs `--override` and a reason.",
    _P.LAUNCH_FAILED: "Mend the cause, then run the same command again.",
    _P.CAMPAIGN_FAILED: "Look at the end of full_campaign.log, mend the cause, then run the same command again.",
    _P.PAUSED: "Mend the cause, then run the same command again: it goes on where it stopped.",
    _P.STOPPED: "What runs goes on, if it was not stopped too. Run the same command again to watch it to its end.",
}

_RESUMABLE = (
    *(_P.CHOOSING_CANDIDATE, _P.STARTING_PILOT, _P.MONITORING_PILOT, _P.VALIDATING_PILOT, _P.VALIDATION_COMPLETE),
    *(_P.CAMPAIGN_LAUNCHED, _P.AFTER_CAMPAIGN),
    *_ENDS,
)

TABLE: dict[tuple[Phase, Happening], Phase] = {
    (_P.CHOOSING_CANDIDATE, _H.CHOSEN): _P.STARTING_PILOT,
    (_P.CHOOSING_CANDIDATE, _H.TRIAL_ENDED): _P.PAUSED,
    (_P.STARTING_PILOT, _H.PILOT_STARTED): _P.MONITORING_PILOT,
    (_P.STARTING_PILOT, _H.PILOT_ENDED): _P.PAUSED,
    (_P.MONITORING_PILOT, _H.PILOT_COMPLETE): _P.VALIDATING_PILOT,
    (_P.MONITORING_PILOT, _H.PILOT_ENDED): _P.PAUSED,
    (_P.VALIDATING_PILOT, _H.APPROVED): _P.VALIDATION_COMPLETE,
    (_P.VALIDATING_PILOT, _H.NOT_APPROVED): _P.VALIDATION_FAILED,
    (_P.VALIDATING_PILOT, _H.TOPPED_UP): _P.STARTING_PILOT,
    (_P.VALIDATING_PILOT, _H.UNDECIDED): _P.AWAITING_APPROVAL,
    (_P.VALIDATION_COMPLETE, _H.APPROVAL_NEEDED): _P.AWAITING_APPROVAL,
    (_P.VALIDATION_COMPLETE, _H.LAUNCHED): _P.CAMPAIGN_LAUNCHED,
    (_P.VALIDATION_COMPLETE, _H.LAUNCH_REFUSED): _P.LAUNCH_FAILED,
    (_P.VALIDATION_COMPLETE, _H.CAMPAIGN_PAUSED): _P.PAUSED,
    (_P.CAMPAIGN_LAUNCHED, _H.RELAUNCHED): _P.CAMPAIGN_LAUNCHED,
    (_P.CAMPAIGN_LAUNCHED, _H.CAMPAIGN_DONE): _P.CAMPAIGN_COMPLETE,
    (_P.CAMPAIGN_LAUNCHED, _H.FOLLOW_UPS_BEGUN): _P.AFTER_CAMPAIGN,
    (_P.AFTER_CAMPAIGN, _H.FOLLOW_UP_ENDED): _P.AFTER_CAMPAIGN,
    (_P.AFTER_CAMPAIGN, _H.FOLLOW_UPS_DONE): _P.CAMPAIGN_COMPLETE,
    (_P.AFTER_CAMPAIGN, _H.FOLLOW_UPS_FAILED): _P.PAUSED,
    (_P.CAMPAIGN_LAUNCHED, _H.CAMPAIGN_PAUSED): _P.PAUSED,
    (_P.CAMPAIGN_LAUNCHED, _H.CAMPAIGN_DIED): _P.CAMPAIGN_FAILED,
    **{(phase, _H.STOP_ASKED): _P.STOPPED for phase in _P if phase not in _ENDS},
    **{(phase, _H.RESUMED_CHOICE): _P.CHOOSING_CANDIDATE for phase in _RESUMABLE},
    **{(phase, _H.RESUMED_PILOT): _P.STARTING_PILOT for phase in _RESUMABLE},
    **{(phase, _H.RESUMED_WATCH): _P.MONITORING_PILOT for phase in _RESUMABLE},
    **{(phase, _H.RESUMED_LAUNCH): _P.VALIDATION_COMPLETE for phase in _RESUMABLE},
}


def step(phase: Phase, happening: Happening) -> Phase:
    """Return the phase that follows.

    Raises:
        ValueError: the table does not list this step.
    """
    try:
        return TABLE[phase, happening]
    except KeyError:
        raise ValueError(f"{happening} cannot happen in phase {phase}") from None
