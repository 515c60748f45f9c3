"""Another machine that datasets are sent to, as a recipe names it.

Owns the keys below ``transfer``. Never reaches that machine, and holds no secret: keys are named by their files.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from pydantic import Field, field_validator

from agents.campaign.section import Seconds, Section

_USER = r"[A-Za-z_][A-Za-z0-9_.-]{0,63}"
_HOST = re.compile(rf"(?:(?P<user>{_USER})@)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,252}}|[0-9A-Fa-f:.]+)")
_PART = r"[A-Za-z0-9._][A-Za-z0-9._+@,-]*"
_FOLDER = re.compile(rf"(?:~/|/)?(?:{_PART}(?:/+{_PART})*/*)?")
"""Only characters that no shell changes: the shell of the other machine reads them."""


class TransferSection(Section):
    """Where ``campaign transfer`` sends datasets, and how it gets there. Not part of the fingerprint."""

    host: str = "medical-mechanica"
    """The machine as ssh knows it: a name of ``~/.ssh/config`` or an address; ``user@`` may stand before it."""
    path: str = "~/training/datasets/"
    """The folder there that gets a folder for each dataset."""
    scripts: str | None = "~/training/"
    """The folder there that gets the datasets' ``train_*.py`` too, to be run from it; null leaves them in theirs."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """What ssh's configuration says when unset."""
    identity: str | None = None
    """File of the private key; what ssh's configuration and agent offer when unset."""
    config: str | None = None
    """A file that ssh reads instead of ``~/.ssh/config``."""
    bandwidth_mb: float | None = Field(default=None, ge=0.01, le=100_000.0, allow_inf_nan=False)
    """Megabytes that are sent in a second at most."""
    connect_seconds: Seconds = 15.0
    """How long a connection may take to come about."""

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        found = _HOST.fullmatch(host)
        if found is None or (":" in found["name"] and not _is_ipv6(found["name"])):
            raise ValueError("is no name or address of a machine, like medical-mechanica or zelda@192.168.1.7")
        return host

    @field_validator("path", "scripts")
    @classmethod
    def _is_a_folder_there(cls, path: str | None) -> str | None:
        if path is not None and (not path or _FOLDER.fullmatch(path) is None):
            raise ValueError("is no folder like ~/training/datasets/, of letters, digits and ._+@,- alone")
        return path

    @field_validator("identity", "config")
    @classmethod
    def _is_a_file_here(cls, path: str | None) -> str | None:
        if path is not None and (not path.strip() or path.startswith("-") or not path.isprintable()):
            raise ValueError("is no path of a file")
        return path

    @property
    def user(self) -> str | None:
        """Who logs in there; None leaves it to ssh."""
        return _parts(self.host)["user"]

    @property
    def machine(self) -> str:
        """The host without the user."""
        return str(_parts(self.host)["name"])


def _parts(host: str) -> dict[str, str | None]:
    found = _HOST.fullmatch(host)
    assert found is not None  # noqa: S101 -- the section was validated
    return found.groupdict()


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
