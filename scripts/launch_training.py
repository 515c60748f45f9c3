#!/usr/bin/env python3
"""The seed's Python door: the same command line as ``campaign``, on any Python, from any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bootstrap import interpreter

if __name__ == "__main__":
    python = str(interpreter())
    os.execv(python, [python, "-m", "agents", *sys.argv[1:]])  # noqa: S606 -- the interpreter of .venv
