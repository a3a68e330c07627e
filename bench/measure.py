"""Interleaved pairs, medians with intervals, and verdicts.

All sides of a comparison take turns in one run, every other round in reverse; the first
round is dropped; what counts is the quotient of each round. The interval is a bootstrap
of the median (95 %, seeded). One peer is measured twice in each round: the quotient of
these two says what the machine adds by itself (the A/A control).
"""
import os
import random
import statistics

SEED, RESAMPLES = 9, 4000
CONTROL = 0.03


def median(values):
    return statistics.median(values)


def percentile(values, share):
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def interval(values):
    """(median, low, high)"""
    chance = random.Random(SEED)
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return median(values), medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]


def rounds_of(usual):
    """BENCH_ROUNDS makes it quicker, and says less."""
    return min(usual, int(os.environ.get("BENCH_ROUNDS", usual)))


def interleave(sides, rounds, warm=False, said=print):
    """{name: [sample of each round]} of {name: function}, without a first round, unless
    all sides are `warm`."""
    rounds = rounds_of(rounds)
    found = {name: [] for name in sides}
    for number in range(1 if warm else 0, rounds + 1):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        for name in order:
            sample = sides[name]()
            if number > 0:
                found[name].append(sample)
        said(f"    round {number} of {rounds}" + ("" if number else " (dropped)"))
    return found


def quotients(ours, theirs):
    return [one / other for one, other in zip(ours, theirs)]


def row(what, value, goal, *, at_most=None, at_least=None, note="", unit="", ours="", theirs=""):
    """A line of a table. `value` is a number or (median, low, high): then the bound of the
    interval that is the worse one has to meet the goal."""
    middle, low, high = value if isinstance(value, tuple) else (value, value, value)
    met, short = None, ""
    if at_most is not None:
        met, short = high <= at_most, f"{(high / at_most - 1) * 100:.0f} % above it" if at_most else "above it"
    if at_least is not None:
        met, short = low >= at_least, f"{(1 - low / at_least) * 100:.0f} % below it"
    shown = figure(middle, unit) if low == high else f"{figure(middle, unit)} [{figure(low)}–{figure(high)}]"
    verdict = "" if met is None else "met" if met else f"**short**: {short}"
    return {"what": what, "ours": ours, "theirs": theirs, "value": shown, "goal": goal, "verdict": verdict, "met": met, "note": note}


def control(what, one, other):
    """The A/A control of a comparison; `met` is None when it is fine."""
    middle, low, high = interval(quotients(one, other))
    fine = abs(middle - 1) <= CONTROL
    verdict = "valid" if fine else "**void**: the machine was not still"
    return {"what": f"A/A control of {what}", "ours": "", "theirs": "", "value": f"{figure(middle)} [{figure(low)}–{figure(high)}]",
            "goal": f"1.00 ± {CONTROL}", "verdict": verdict, "met": None if fine else False, "note": ""}


def figure(value, unit=""):
    if isinstance(value, str):
        return value
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}".replace(",", " ") + (f" {unit}" if unit else "")


def rate(values, unit="/s"):
    return f"{figure(median(values))}{unit}"
