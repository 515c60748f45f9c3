"""Makes .venv on first use, from the locked requirements, with nothing but the standard library.

Owns the set-up of a fresh machine. Prints the path of the interpreter to go on with.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements" / "core.txt"
OLDEST = (3, 11)


def interpreter() -> Path:
    """Return the interpreter of .venv, made or brought up to date where needed.

    Raises:
        SystemExit: this Python is too old, or pip failed.
    """
    if sys.version_info < OLDEST:
        sys.exit(f"error: Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}")
    python = ENVIRONMENT / "bin" / "python"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = ENVIRONMENT / ".core-locked"
    with (ROOT / "scripts" / "bootstrap.py").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if python.exists() and stamp.exists() and stamp.read_text() == wanted:
            return python
        print("First use: setting up .venv (about a minute) ...", file=sys.stderr)
        if not (python.exists() and _has_pip(python)):
            venv.create(ENVIRONMENT, with_pip=True, clear=True)
        _pip(python, "--require-hashes", "-r", str(LOCK))
        _pip(python, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
        stamp.write_text(wanted)
    return python


def _has_pip(python: Path) -> bool:
    """Whether the environment was made to its end: pip is what comes last."""
    command = [str(python), "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 -- fixed arguments


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:  # noqa: S603 -- a fixed argument list
        sys.exit("error: pip failed; see its message above, then run the same command again")


if __name__ == "__main__":
    print(interpreter())
