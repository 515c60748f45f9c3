"""A generator that knows nothing of this project except what its log must say.

``python3 own_generator.py --pilot 190`` finishes 190 samples, ``python3 own_generator.py 300`` goes on until 300 are
accepted. It makes nothing: it only tells of a score for every sample, and of its progress.
"""

import random
import sys


def main(*, is_pilot: bool, total: int) -> None:
    """Log samples until ``total`` are finished (pilot) or accepted (campaign)."""
    rng = random.Random(190)  # noqa: S311 -- an example wants the same numbers every time
    done = 0
    while done < total:
        quality = rng.triangular(0.5, 1.0, 0.95)
        accepted = quality >= 0.7
        done += accepted or is_pilot
        print(f"Sample {'accepted' if accepted else 'rejected'}: domain=example quality_score={quality:.3f}")
        print(f"Progress: {done}/{total}", flush=True)


if __name__ == "__main__":
    main(is_pilot="--pilot" in sys.argv, total=int(sys.argv[-1]))
