"""The complaints are what OpenSSH 9.2 and rsync 3.5.0 really said, on Debian, in the C locale."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.errors import CampaignError, PausedError, UsageError
from agents.training.transfer.survey import Survey
from agents.training.transfer.troubles import not_installed, trouble_of, unready

CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
Host key for medical-mechanica has changed and you have requested strict checking.\r
"""
ENDED = "rsync: connection unexpectedly closed (0 bytes received so far) [sender]\n"
LOST = "rsync error: error in rsync protocol data stream (code 12) at io.c(285) [sender=3.5.0]\n"
ROWS = [
    (255, "zelda@127.0.0.1: Permission denied (publickey).\r\n", CampaignError, "refuses the key", "ssh-copy-id gate"),
    (
        255,
        "Permissions 0644 for '/k' are too open.\r\nLoad key \"/k\": bad permissions\r\n"
        "zelda@127.0.0.1: Permission denied (publickey).\r\n",
        CampaignError,
        "ignores a private key",
        "chmod 600",
    ),
    (255, f"{CHANGED}Host key verification failed.\r\n", CampaignError, "not the one that is known", "fingerprint"),
    (
        255,
        "No ED25519 host key is known for gate and you have requested strict checking.\r\n"
        "Host key verification failed.\r\n",
        CampaignError,
        "not known here yet",
        "by hand",
    ),
    (
        12,
        f"ssh: Could not resolve hostname gate: Name or service not known\r\n{ENDED}{LOST}",
        UsageError,
        "no machine gate is known",
        "--host",
    ),
    (
        255,
        "ssh: Could not resolve hostname gate: Temporary failure in name resolution\r\n",
        PausedError,
        "cannot be looked up",
        "network",
    ),
    (255, "ssh: connect to host 127.0.0.1 port 2298: Connection refused\r\n", PausedError, "be reached", "again"),
    (
        255,
        "Connection timed out during banner exchange\r\nConnection to 10.255.255.1 port 2299 timed out\r\n",
        PausedError,
        "be reached",
        "sshd",
    ),
    (
        255,
        "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 127.0.0.1 port 1\r\n",
        PausedError,
        "was lost",
        "again",
    ),
    (
        255,
        "/home/zelda/.ssh/config: line 9: Bad configuration option: nosuch\r\n",
        UsageError,
        "Bad configuration option: nosuch",
        "transfer.config",
    ),
    (
        255,
        "Connection to 127.0.0.1 closed by remote host.\r\n\nrsync: [sender] write error: Broken pipe (32)\n"
        "rsync error: unexplained error (code 255) at io.c(949) [sender=3.5.0]\n",
        PausedError,
        "was lost",
        "kept",
    ),
    (12, ENDED + LOST, PausedError, "was lost", "again"),
    (
        11,
        'rsync: [receiver] write failed on "/srv/a.bin": No space left on device (28)\n'
        "rsync error: error in file IO (code 11) at receiver.c(657) [receiver=3.5.0]\n",
        PausedError,
        "disk of gate is full",
        "free space",
    ),
    (11, "", PausedError, "its disk may be full", "df -h"),
    (
        11,
        'rsync: [Receiver] mkdir "/root/x" failed: Permission denied (13)\n',
        CampaignError,
        "cannot be written: rsync: [Receiver] mkdir",
        "--path",
    ),
    (0, "mkdir: cannot create directory '/proc/x': No such file or directory\n", CampaignError, "be written", "--path"),
    (
        23,
        'rsync: [sender] link_stat "/d/nope.bin" failed: No such file or directory (2)\n'
        "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1394)\n",
        CampaignError,
        "changed while it was sent",
        "nothing write",
    ),
    (1, "This service allows sftp connections only.\n", CampaignError, "sftp connections only", "by hand: ssh gate"),
    (7, "", CampaignError, "code 7: it said nothing", "by hand"),
]


@pytest.mark.parametrize(("code", "complaints", "kind", "what", "cure"), ROWS)
def test_complaints_are_understood(code: int, complaints: str, kind: type[CampaignError], what: str, cure: str) -> None:
    error = trouble_of(complaints, code, "gate", "ssh gate")
    assert type(error) is kind
    assert what in error.what
    assert cure in error.cure
    assert "{" not in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 -- our own error


def test_a_key_that_was_ignored_is_no_trouble_where_another_one_served() -> None:
    ignored = 'Load key "/k": bad permissions\r\n'
    full = 'rsync: [receiver] write failed on "/srv/a.bin": No space left on device (28)\n'
    assert "full" in trouble_of(ignored + full, 11, "gate", "ssh gate").what


@given(st.text(max_size=2_000), st.integers(0, 255))
def test_whatever_is_said_becomes_two_short_printable_lines(complaints: str, code: int) -> None:
    error = trouble_of(complaints, code, "gate", "ssh gate")
    assert error.what.isprintable()
    assert len(error.what) < 600


def test_no_secret_is_repeated() -> None:
    error = trouble_of("proxy: Authorization: Bearer abcdef0123456789abcdef0123456789abcdef", 1, "gate", "ssh gate")
    assert "abcdef" not in str(error)


READY = Survey(noise="", is_made=True, has_rsync=True, has_sums=True, free_bytes=1, sizes={}, sums={})


@pytest.mark.parametrize(
    ("survey", "what"),
    [
        (Survey("welcome\n", True, True, True, 1, {}, {}), "prints text where rsync speaks: welcome"),
        (Survey("", True, False, True, 1, {}, {}), "rsync is not installed on gate"),
        (Survey("", True, True, False, 1, {}, {}), "gate cannot compute SHA-256 sums"),
    ],
)
def test_a_machine_must_be_silent_and_have_its_tools(survey: Survey, what: str) -> None:
    error = unready(survey, "gate", "ssh gate")
    assert error is not None
    assert what in error.what
    assert unready(READY, "gate", "ssh gate") is None


def test_the_packages_that_are_missing_here_are_named() -> None:
    assert "apt-get install openssh-client rsync" in not_installed(["ssh", "rsync"]).cure
    assert "openssh" not in not_installed(["rsync"]).cure
