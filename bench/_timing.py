"""Time things against each other in one run, so that a busy minute hits all of them alike."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def interleave(
    things: Mapping[str, Callable[[], object]], rounds: int = 30, *, at_least_s: float = 0.001, warm: int = 1
) -> dict[str, float]:
    """Call everything in turn, `rounds` times over; give the median seconds of one call of each.

    What takes less than `at_least_s` is called several times a round, since the clock has a grain.
    """
    return {name: median(times) for name, times in race(things, rounds, at_least_s=at_least_s, warm=warm).items()}


def race(
    things: Mapping[str, Callable[[], object]], rounds: int = 30, *, at_least_s: float = 0.001, warm: int = 1
) -> dict[str, list[float]]:
    """Do as `interleave` does, and give the seconds of every round."""
    repeats = {name: _repeats(call, at_least_s, warm) for name, call in things.items()}
    times: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, call in things.items():
            times[name].append(_once(call, repeats[name]))
    return times


def noise(times: Mapping[str, list[float]]) -> str:
    """Say how busy the machine was: by how much the median round was slower than the fastest, and one in ten."""
    slower = [median(values) / min(values) - 1 for values in times.values()]
    late = [sorted(values)[len(values) * 9 // 10] / min(values) - 1 for values in times.values()]
    return f"noise: the median round took {median(slower):.0%} longer than the fastest, one in ten {median(late):.0%}"


def say(seconds: float) -> str:
    """Write a duration in the unit that suits it."""
    for limit, factor, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def row(name: str, ours: float, peer: float | None = None, limit: float | None = None, wanted: str = "") -> str:
    """Write one line for a figure (seconds): ours; the peer, and its multiple of ours; the limit, and ours of it.

    `wanted` says what must be reached and the aim.
    """
    line = f"{name:<44} {say(ours):>9}"
    line += f"   peer {say(peer):>9}   {peer / ours:>7.1f}x" if peer is not None else " " * 27
    line += f"   limit {say(limit):>9}   {ours / limit:>6.1f} of it" if limit is not None else " " * 33
    return f"{line}   {wanted}".rstrip()


def _once(call: Callable[[], object], repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        call()
    return (perf_counter() - start) / repeats


def _repeats(call: Callable[[], object], at_least_s: float, warm: int) -> int:
    for _ in range(warm):
        call()
    return max(1, round(at_least_s / max(_once(call, 1), 1e-9)))
