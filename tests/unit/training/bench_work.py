"""Work for a bench; a module of its own, because worker processes import it by name."""

from __future__ import annotations

import os
import time


def add(context: dict[str, int], number: int) -> int:
    return number + context["add"]


def pid(_: dict[str, int], __: int) -> int:
    return os.getpid()


def fail(_: dict[str, int], number: int) -> int:
    raise ArithmeticError(f"cannot work on {number}")


def hang(_: dict[str, int], seconds: float) -> None:
    time.sleep(seconds)
