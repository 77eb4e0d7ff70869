"""How near the pace of a batch comes to what a service bears, simulated.

Prints for limits of concurrency, limits of rate and random throttling the good answers
a second as a share of the best possible, and the share that was throttled, both in the
second half of the run; the worst of two seeds. Latencies are log-normal, sigma 0.5.

From the root of the checkout::

    python benchmarks/pace.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from paced import Rate, Service

KINDS = {"1.6 s": (1.6, 0.05, 400.0), "20 ms": (0.02, 0.002, 20.0)}
RATES = {"1.6 s": (3, 5, 12, 36), "20 ms": (5, 30, 150, 400)}


def print_row(name: str, best: float | None, seconds: float, **service: object) -> None:
    """Simulate with two seeds, and print the worse numbers."""
    runs = [Service(spread=0.5, seed=seed, **service).run(seconds) for seed in (0, 1)]
    speed = min(run.speed() / (best or run.best) for run in runs)
    throttled = max(run.throttled() for run in runs)
    print(f"{name:34} {speed:6.0%} {throttled:10.1%}")


def main() -> None:
    """Print the table."""
    print(f"{'':34} {'speed':>6} {'throttled':>10}")
    for latency, (median, quick, seconds) in KINDS.items():
        kind = {"median": median, "quick": quick}
        mean = Service(spread=0.5, median=median).mean
        for limit in (1, 4, 16, 64):
            rate = Rate(concurrent=limit)
            name = f"{latency}, {limit} at a time"
            print_row(name, limit / mean, seconds, rate=rate, **kind)
        for speed in RATES[latency]:
            rate, longer = Rate(per_second=speed), max(seconds, 300 / speed)
            print_row(f"{latency}, {speed}/s", speed, longer, rate=rate, **kind)
        for most in (8, 16, 64):
            for chance in (0.01, 0.02, 0.05, 0.1, 0.2):
                name = f"{latency}, {most} at most, {chance:.0%} by chance"
                print_row(name, None, seconds, most=most, chance=chance, **kind)


if __name__ == "__main__":
    main()
