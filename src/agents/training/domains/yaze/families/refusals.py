"""What the assistant thinks before it refuses."""

from __future__ import annotations

THOUGHTS = (
    "No call can do this, so I <explain why|say so> and <offer|name> what is possible.",
    "<Pretending would be wrong|A call would only fail>; I say why it does not work and what does.",
    "This cannot be done here. The reason and an alternative help more than an attempt.",
)
