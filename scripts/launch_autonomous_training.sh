#!/usr/bin/env bash
# The seed's bash door: sets up .venv on first use, then starts the autonomous workflow in the background.
# Settings: QUALITY_THRESHOLD (0.75), CAMPAIGN_TARGET (34500), AUTO_LAUNCH (true), CONTEXT_ROOT (~/.context).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 "$here/launch_training.py" auto --background "$@"
