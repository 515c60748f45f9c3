"""A generator that knows nothing of this project except what its log must say.

``python3 own_generator.py SAMPLES``: makes nothing, and tells of a score for every sample and of its progress.
"""

import random
import sys


def main(total: int) -> None:
    """Log ``total`` samples."""
    rng = random.Random(190)  # noqa: S311 -- an example wants the same numbers every time
    for done in range(1, total + 1):
        quality = rng.triangular(0.5, 1.0, 0.95)
        judged = "accepted" if quality >= 0.7 else "rejected"
        print(f"Sample {judged}: domain=example quality_score={quality:.3f}")
        print(f"Progress: {done}/{total}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
