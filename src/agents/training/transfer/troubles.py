"""What the complaints of ssh and rsync mean: what happened, what cures it, and whether to try again.

Pure. Knows the words of OpenSSH and rsync, in the C locale, and those of the C library on either machine. A trouble
that passes is a pause: the same command goes on where the transfer ended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.campaign.errors import CampaignError, PausedError, UsageError
from agents.campaign.printable import printable
from agents.campaign.secrets import hidden
from agents.training.transfer.survey import Survey

PACKAGES = {"ssh": "openssh-client", "rsync": "rsync"}
"""Debian's package of each program."""
_SHOWN = 400
"""Characters of what nobody has words for."""
_AGAIN = "then run the same command again: what has arrived is kept"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One row of the table: what is complained about, and what to say.

    ``{host}``, ``{by_hand}`` (the line that leads there) and ``{said}`` (the telling line) are filled in.
    """

    pattern: str
    kind: type[CampaignError]
    what: str
    cure: str


TROUBLES = (
    Trouble(
        r"(?s)Load key [^\n]*: bad permissions.*Permission denied \(",
        CampaignError,
        "ssh ignores a private key that others may read, and {host} lets nobody in without one",
        "take the rights away: chmod 600 FILE, where FILE is the private key; then try: {by_hand} true",
    ),
    Trouble(
        r"Permission denied \([a-z][\w,.@-]*\)|Too many authentication failures",
        CampaignError,
        "{host} refuses the key, or none is offered; passwords are never asked for",
        "install your public key there: ssh-copy-id {host}; where it has a passphrase, load it: ssh-add; name another "
        "one as transfer.identity; then try: {by_hand} true",
    ),
    Trouble(
        r"(?s)HOST IDENTIFICATION HAS CHANGED.*Host key verification failed",
        CampaignError,
        "the host key of {host} is not the one that is known: another machine may answer in its place",
        "ask its owner for the new fingerprint; where it is right, forget the old key as ssh says: {by_hand} true",
    ),
    Trouble(
        r"Host key verification failed",
        CampaignError,
        "the host key of {host} is not known here yet",
        "connect once by hand and compare the fingerprint: {by_hand}",
    ),
    Trouble(
        r"Temporary failure in name resolution",
        PausedError,
        "the name {host} cannot be looked up at the moment",
        f"mend the network of this machine, {_AGAIN}",
    ),
    Trouble(
        r"Could not resolve hostname",
        UsageError,
        "no machine {host} is known: {said}",
        "mend the name at transfer.host or --host, or give {host} an address in ~/.ssh/config: HostName ADDRESS",
    ),
    Trouble(
        r"Can't open user config file|Bad configuration option|bad configuration options|no argument after keyword",
        UsageError,
        "ssh cannot read its configuration: {said}",
        "mend that file, or name another one as transfer.config",
    ),
    Trouble(
        r"No space left on device|Disk quota exceeded|\((?:28|122)\)",
        PausedError,
        "the disk of {host} is full",
        f"free space there, or send to another disk with --path, {_AGAIN}",
    ),
    Trouble(
        r"\[sender\] (?:link_stat|send_files failed to open|change_dir)|file has vanished|code 24",
        CampaignError,
        "the dataset changed while it was sent: {said}",
        "let nothing write into its folder, then run the same command again",
    ),
    Trouble(
        r"mkdir[ :]|Permission denied \(13\)|Read-only file system|Operation not permitted|Not a directory",
        CampaignError,
        "the folder on {host} cannot be written: {said}",
        "give the user there a folder of their own with --path, or mend its permissions",
    ),
    Trouble(
        r"code 11\b",
        PausedError,
        "{host} could not write what was sent, and not say why: its disk may be full",
        f"see what is free there: {{by_hand}} df -h; {_AGAIN}",
    ),
    Trouble(
        r"Connection refused|No route to host|Network is unreachable|Host is down|banner exchange"
        r"|Connection timed out|Connection to \S+ port \d+ timed out|Operation timed out",
        PausedError,
        "{host} cannot be reached: {said}",
        f"see that it is switched on, that sshd listens there and that transfer.port is right, {_AGAIN}",
    ),
    Trouble(
        r"not responding|closed by|Connection reset|Broken pipe|connection unexpectedly closed|timeout after|code 30"
        r"|code 12|code 10",
        PausedError,
        "the connection to {host} was lost: {said}",
        "run the same command again: what has arrived is kept",
    ),
)
"""The first row that matches is what happened: what is certain and comes first stands above what follows from it."""


def trouble_of(complaints: str, code: int, host: str, by_hand: str) -> CampaignError:
    """Return what a program that ended with ``code`` meant by its ``complaints``.

    ``by_hand`` is the line with which a person reaches ``host``.
    """
    told = f"{complaints}\n(code {code})"
    trouble = next((one for one in TROUBLES if re.search(one.pattern, told)), None)
    if trouble is None:
        return CampaignError(
            f"the transfer to {host} failed with code {code}: {_last_words(complaints, '')}",
            f"try by hand: {by_hand} true",
        )
    words = {"host": host, "by_hand": by_hand, "said": _last_words(complaints, trouble.pattern)}
    return trouble.kind(trouble.what.format(**words), trouble.cure.format(**words))


def _last_words(complaints: str, pattern: str) -> str:
    """Return the line that matches ``pattern``, else the last ones, for people: short, printable, without secrets."""
    lines = [line for raw in complaints.splitlines() if (line := printable(raw).strip())]
    telling = next((line for line in lines if pattern and re.search(pattern, line)), None)
    text = hidden(telling or "; ".join(lines[-3:]) or "it said nothing")
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def unready(survey: Survey, host: str, by_hand: str) -> CampaignError | None:
    """Return why a machine that answered cannot be sent to; None where it can."""
    if survey.noise:
        return CampaignError(
            f"the login shell of {host} prints text where rsync speaks: {_last_words(survey.noise, '')}",
            f"make its start files silent where nobody looks on, e.g. ~/.bashrc there; silent it is when this is: "
            f"{by_hand} true",
        )
    if not survey.has_rsync:
        return CampaignError(f"rsync is not installed on {host}", "install it there, on Debian: apt-get install rsync")
    if not survey.has_sums:
        return CampaignError(
            f"{host} cannot compute SHA-256 sums",
            "install one of sha256sum (on Debian: apt-get install coreutils), shasum and python3 there",
        )
    return None


def not_installed(programs: Sequence[str]) -> CampaignError:
    """Return the error of a machine, this one, that lacks ``programs``."""
    packages = " ".join(PACKAGES[program] for program in programs)
    return CampaignError(
        f"{' and '.join(programs)} cannot be found on this machine",
        f"install it, on Debian: apt-get install {packages}",
    )
