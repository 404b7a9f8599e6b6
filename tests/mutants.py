"""Plant typical bugs in the package, one at a time: which of them do the tests see? ``tox -e mutants`` runs this.

Each line of `MUTANTS` is one bug: a wrong sign, unit, weight or comparison, exchanged arguments, something that is not
reset. It is planted in a copy of the installed package, and the tests that should see it run until one fails. If none
fails, all tests of the same part run. With ``SPIKECOST_DEEP`` set, the tests are those of the whole product.

usage: mutants.py [--seconds N] [WORD ...]     only bugs whose file contains one of the words
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

#: The tests that `tox` runs.
OF_TOX = "not browser and not slow"
TESTS = Path(__file__).parent
#: Seconds that the tests of one bug may take.
SECONDS = 240


@dataclass(frozen=True)
class Mutant:
    """A bug: the text in a file that it replaces, and the tests that should see it."""

    file: str
    old: str
    new: str
    tests: str


def _in(folder: str, tests: str, *bugs: tuple[str, str, str]) -> list[Mutant]:
    return [Mutant(f"{folder}/{file}", old, new, tests) for file, old, new in bugs]


MUTANTS = [
    # --- expressions, and the code that is made of them
    *_in(
        "models/algebra",
        "models/algebra models/methods models/definition/parts/test_tables.py models/test_step.py",
        ("expression.py", "return min(max(whole, 0), int(count) - 1)", "return min(max(whole, 0), int(count))"),
        ("expression.py", '"at_most": lambda a, b: a <= b', '"at_most": lambda a, b: a < b'),
        ("rewriting.py", 'return self._op("sub", b, _arg(a))', 'return self._op("sub", _arg(a), b)'),
        (
            "rewriting.py",
            'node.kind in ("add", "mul", "div") and all(',
            'node.kind in ("add", "sub", "mul", "div") and all(',
        ),
        ("rewriting.py", "-1: self._neg(b), 2: self._add(b, b)", "-1: b, 2: self._add(b, b)"),
        ("rewriting.py", "return self._select(condition, no, yes)", "return self._select(condition, yes, no)"),
        ("polynomial.py", "return half * half * base if power % 2 else half * half", "return half * half"),
        ("polynomial.py", "return Const(-b.value) if isinstance(b, Const) else -b", "return b"),
        ("simplify.py", "all(id(arg) in found for arg in node.args)", "any(id(arg) in found for arg in node.args)"),
    ),
    *_in(
        "models/algebra",
        "models/algebra/test_functions.py harness/test_adaptive.py models/methods",
        ("taylor_series.py", "minus(a[k], total(times(y[i], y[k - i]) for i in range(1, k)))", "a[k]"),
        ("taylor_series.py", "for i in range((k + 1) // 2))", "for i in range(k // 2))"),
    ),
    # --- methods and detections
    *_in(
        "models/methods",
        "models/test_step.py models/test_order.py harness/test_orders.py harness/test_methods.py",
        ("rk4.py", "k3 = f(x + dt / 2 * k2, at=MIDDLE)", "k3 = f(x + dt / 2 * k1, at=MIDDLE)"),
        ("rk4.py", "k4 = f(x + dt * k3, at=END)", "k4 = f(x + dt * k3)"),
        ("heun.py", "k2 = f(x + dt * k1, at=END)", "k2 = f(x + dt * k1)"),
        ("strang.py", "x = _flow(part, f.let(x), dt / 2, f)", "x = _flow(part, f.let(x), dt, f)"),
        ("exponential_euler.py", "* exp(b * dt) - asymptote", "* exp(b * dt) + asymptote"),
        ("rush_larsen.py", "if name not in relaxing]", "if name in relaxing]"),
        ("izhikevich2003.py", "return x + dt * f(x, only=[u])", "return x + dt / 2 * f(x, only=[u])"),
        (
            "kinds/fixed_step.py",
            "if inclusive else less)(level, proposed",
            "if inclusive else at_most)(level, proposed",
        ),
        ("kinds/fixed_step.py", "done + theta * (until - done)", "theta * (until - done)"),
        ("kinds/fixed_step.py", '"ends": less(left, remaining)', '"ends": less(remaining, left)'),
        ("kinds/fixed_step.py", "2 * (first + last) - 4 * half", "(first + last) - 2 * half"),
    ),
    *_in(
        "models/methods",
        "harness/test_adaptive.py models/methods harness/test_refractory.py",
        ("dormand_prince.py", '"22/525", "-1/40"', '"22/525", "1/40"'),
        ("dormand_prince.py", "expr(Fraction(-1, 10))", "expr(Fraction(-1, 5))"),
        ("dormand_prince.py", "slope = a1 + s * (2 * a2 + s * (3 * a3", "slope = a1 + s * (2 * a2 + s * (2 * a3"),
        ("dormand_prince.py", 'less(at, Var("_end"))', 'less(Var("_end"), at)'),
        ("parker_sochacki.py", "Fraction(1, 2**k))", "Fraction(1, 2))"),
        ("parker_sochacki.c.j2", "if (small & were_small) {", "if (small) {"),
        ("parker_sochacki.c.j2", "s._low_ = 0.0; s._high_ = 1.0;", "s._low_ = 0.0; s._high_ = 0.5;"),
        ("kinds/events.py", '"_until_next": until - end', '"_until_next": until'),
    ),
    *_in(
        "models/methods",
        "harness/kernels harness/test_refractory.py harness/measuring/test_counted_equals_retired.py",
        ("kinds/fixed_step.c.j2", '"@_ = @_reset_;" if resets else "@_ = @_next_;"', '"@_ = @_next_;"'),
        *(
            (
                "kinds/fixed_step.c.j2",
                "{% if waits %}" + " " * indent + "const {{ real }} left_ = left[l];",
                "{% if waits %}" + " " * indent + "const {{ real }} left_ = left[0];",
            )
            for indent in (20, 28)  # a step alone, and several at once
        ),
        ("kinds/fixed_step.c.j2", "stopped |= {{ fired }}", "stopped = {{ fired }}"),
        ("kinds/fixed_step.c.j2", "k += {{ ahead - 1 }}; continue;", "k += {{ ahead }}; continue;"),
        ("kinds/fixed_step.c.j2", '__asm__ volatile("" : "+r"(in_{{ n }}), "+r"(p_{{ n }}));', ""),
    ),
    *_in(
        "models/detection",
        "models/test_step.py harness/test_orders.py harness/test_refractory.py",
        ("hermite.py", "3 * rise - 2 * start - end", "3 * rise - 2 * start + end"),
        ("linear.py", "crossing.start + theta *", "crossing.end + theta *"),
        ("grid_start.py", "return Const(Fraction(0)), crossing.end", "return Const(Fraction(1)), crossing.end"),
        ("base.py", "self.level), theta, 0)", "self.level), 0, theta)"),
        ("base.py", "(self.level - self.start[v]) /", "(self.start[v] - self.level) /"),
    ),
    # --- the language, definitions
    *_in(
        "models/definition/language",
        "models/definition/language models/definition models/reading",
        ("units.py", "_EXPONENTS = (-2, -14, -3,", "_EXPONENTS = (-2, -14, 0,"),
        ("units.py", "if duration <= 0:", "if duration < 0:"),
        ("units.py", 'result / value if operator == "/"', 'result / value if operator == "*"'),
        ("units.py", "sign, numerator = (-1 if numerator < 0 else 1)", "sign, numerator = (1 if numerator < 0 else 1)"),
        ("equations.py", '">": ("less", True)', '">": ("less", False)'),
        (
            "grammar.py",
            "return (Negative(operand), self._deeper(depth)) if",
            "return (operand, self._deeper(depth)) if",
        ),
    ),
    *_in(
        "models/definition",
        "models/definition models/test_step.py",
        ("parts/tables.py", "for i in range(self._count + 1)])", "for i in range(self._count + 1)][::-1])"),
        ("parts/tables.py", "+ self._fraction *", "- self._fraction *"),
        (
            "parts/threshold.py",
            '">=" if condition.kind == "at_most" else ">"',
            '">" if condition.kind == "at_most" else ">="',
        ),
        ("conductance.py", "*({REVERSAL} - {voltage})", "*({voltage} - {REVERSAL})"),
    ),
    # --- counts and conventions
    *_in(
        "flops",
        "flops/test_operations.py flops/test_contraction.py flops/conventions",
        ("operations.py", 'yield from ["mul"] * (abs(power) - 1)', 'yield from ["mul"] * abs(power)'),
        ("operations.py", "dt == 1 and _is_dt(arg)", "_is_dt(arg)"),
        ("operations.py", 'for name in ("check", "resume", "once", "advance"))', 'for name in ("check", "resume"))'),
        ("contraction.py", 'totals["fma"] += len(sums)', 'totals["fma"] += 1'),
        ("conventions/izhikevich2004.py", "(CALLS, 10)", "(CALLS, 11)"),
        ("conventions/energy45nm.py", "5 * _MUL + 2 * _ADD", "4 * _MUL + 2 * _ADD"),
        ("conventions/base.py", 'return self.weights["mul"] + self.weights["add"]', 'return self.weights["mul"]'),
    ),
    *_in(
        "flops/counters/machine_code",
        "flops/counters/machine_code flops/counters/test_selftest.py",
        ("instruction.py", '"s": 32, "d": 64', '"s": 64, "d": 64'),
        ("instruction.py", "return registers[-1] == registers[-2]", "return False"),
    ),
    # --- kernels, stimuli, measurements
    *_in(
        "harness/kernels",
        "harness/kernels harness/test_refractory.py harness/test_adaptive.py models/test_step.py",
        ("c_blocks.py", '"at_most": "<="', '"at_most": "<"'),
        ("c_blocks.py", "if (out->count < out->capacity) {", "if (out->count <= out->capacity) {"),
        ("c_blocks.py", "((double)steps + part) * step) : p[0];", "(double)steps * step) : p[0];"),
        ("arguments.py", "math.floor(steps + 1e-3) - 1", "math.floor(steps + 1e-3)"),
        ("sampled.py", "PLACES = (0.0, 0.5, 1.0)", "PLACES = (0.0, 1.0, 0.5)"),
        ("arguments.py", "(place + at) * self._setting", "place * self._setting"),
    ),
    *_in(
        "harness/stimuli",
        "harness/stimuli",
        ("parts/shape.py", "omega=self.omega + 2 * self.sweep * s", "omega=self.omega + self.sweep * s"),
        ("base.py", 'searchsorted(ends, times, side="right")', 'searchsorted(ends, times, side="left")'),
        ("kinds/ornstein_uhlenbeck.py", "math.sqrt(1 - memory**2)", "(1 - memory)"),
        ("kinds/chirp.py", "sweep=math.pi *", "sweep=2 * math.pi *"),
        ("kinds/sine.py", "omega=2 * math.pi *", "omega=math.pi *"),
        ("kinds/poisson_conductance.py", "conductance += at[knot] * jump", "conductance = at[knot] * jump"),
    ),
    *_in(
        "harness/measuring",
        "harness/measuring/test_spike_cost.py harness/measuring/test_measure.py harness/measuring/test_timing.py",
        ("spike_cost.py", "three[kind] - two[kind] - step.get(kind, 0)", "three[kind] - two[kind]"),
        ("measure.py", "expected *= repetitions", "expected *= 1"),
        ("timing.py", "each / min(before, after)", "each * min(before, after)"),
    ),
    # --- measures, references, the search for dt
    *_in(
        "accuracy/measures",
        "accuracy/measures",
        ("gamma.py", "if abs(distance) <= window:", "if abs(distance) < window:"),
        ("gamma.py", "by_chance * len(reference)", "by_chance * len(train)"),
        ("victor_purpura.py", "older[low - 1 : high] + q * apart", "older[low - 1 : high] + 2 * q * apart"),
        ("van_rossum.py", "np.expm1(-2 * gaps)", "np.expm1(-gaps)"),
        ("spike_distance.py", "s1 * (x2 / x) + s2 * (x1 / x)", "s1 * (x1 / x) + s2 * (x2 / x)"),
        ("spike_trains.py", "len(train) - matched)", "len(reference) - matched)"),
        ("spike_trains.py", "float(1000 * (at @ differences))", "float(at @ differences)"),
    ),
    *_in(
        "accuracy/references",
        "accuracy/references/test_closed_form.py accuracy/references/test_reference.py "
        "accuracy/references/inspection/test_inspection.py accuracy/references/test_integrate_and_fire_models.py",
        ("closed_form.py", "top = -rise / self.k if", "top = rise / self.k if"),
        ("closed_form.py", "free_from = now + refractory", "free_from = now"),
        ("closed_form.py", "if self.c > 0 and w * w_level <= 0:", "if False:"),
        (
            "reference.py",
            "max(2 * float(np.abs(found - other).max(initial=0)), shared_rounding(found))",
            "max(0 * float(np.abs(found - other).max(initial=0)), shared_rounding(found))",
        ),
        ("reference.py", "if found.size != other.size:", "if False:"),
        ("flow/conditions.py", "return no + condition * (yes - no)", "return yes + condition * (no - yes)"),
        ("taylor.py", "at.free_from = at.now + lasts", "at.free_from = at.now"),
        ("inspection/inspector.py", "return None if good.all() else", "return None if True else"),
        ("inspection/inspector.py", "moved *= steps.lengths[:, None]", "moved *= 1.0"),
    ),
    *_in(
        "accuracy/references",
        "accuracy/references/test_from_rest.py",
        (
            "inspection/inspector.py",
            "np.where(itself <= 1, NEGLIGIBLE / others, 0.0)",
            "np.where(itself <= 1, 0.0, 0.0)",
        ),
    ),
    *_in(
        "accuracy/search",
        "accuracy/search/test_criterion.py accuracy/search/test_tolerance.py accuracy/search reports/test_verified.py",
        ("tolerance.py", "SPARE, LEAST = 1, 0.7", "SPARE, LEAST = 0, 0.7"),
        ("tolerance.py", "2 * scaled[-1] - scaled[", "scaled[-1] + 0 * scaled["),
        (
            "tolerance.py",
            "self.times_over(setting, criterion).min() >= 1",
            "self.times_over(setting, criterion).max() >= 1",
        ),
        ("judging.py", "times[times <= trials[i].compared.stop]", "times"),
        ("criterion.py", "found[(runs.missing > 0) | (runs.extra > 0)]", "found[runs.missing > 0]"),
        ("criterion.py", "REFERENCE_MARGIN = 1000", "REFERENCE_MARGIN = 10"),
        (
            "stability.py",
            "(stable, middle) if _diverges(curve, middle) else",
            "(stable, middle) if not _diverges(curve, middle) else",
        ),
        ("sweep.py", "math.sqrt(low * high)", "low * high"),
        ("voltage.py", "spikes + model.refractory_ms + margin", "spikes + margin"),
    ),
    *_in(
        "accuracy/study",
        "accuracy/study/test_winners.py accuracy/study/test_cost_ratio.py accuracy/study/test_intervals.py "
        "accuracy/study/test_witness.py accuracy/study/test_cost.py reports/results/test_leaders.py "
        "accuracy/study/test_runner.py reports/test_verified.py",
        ("winners.py", "or own < best[label][0]:", "or own > best[label][0]:"),
        (
            "winners.py",
            "CostRatio.of_cases(self.candidates[1], self.candidates[0])",
            "CostRatio.of_cases(self.candidates[0], self.candidates[1])",
        ),
        (
            "winners.py",
            "return cost / (longer if curve.by_dt else longer**0.5)",
            "return cost * (longer if curve.by_dt else longer**0.5)",
        ),
        ("cost.py", "of_spikes / spikes if spikes else 0.0", "of_spikes / horizon if spikes else 0.0"),
        ("cost.py", "if name in method.at_spikes}", "if name == 'spike'}"),
        ("intervals.py", "low <= RESOLUTION and high >= 1 / RESOLUTION", "low <= 1 and high >= 1"),
    ),
    *_in(
        "accuracy/study",
        "accuracy/study/test_witness.py",
        ("witness.py", "if times.size and _apart(times, before) <= _near(times, trial):", "if times.size:"),
        ("witness.py", "away if np.isfinite(away) else", "away if True else"),
        ("witness.py", "error.maximum if error.matched else 0.0", "error.maximum"),
        ("witness.py", "return len(orders) > 1 or", "return True or"),
    ),
    *_in(
        "accuracy/regimes",
        "accuracy/regimes/test_firing.py accuracy/regimes",
        (
            "firing.py",
            "1000 / (float(times[-1] - times[-1 - intervals]) / intervals)",
            "1000 * intervals / float(times[-1] - times[0])",
        ),
        (
            "drive.py",
            "low, high = (low, middle) if enough(middle) else (middle, high)",
            "low, high = (middle, high) if enough(middle) else (low, middle)",
        ),
        ("regime.py", '"ms/s": 3000 / self.horizon', '"ms/s": 3 / self.horizon'),
    ),
    *_in(
        "accuracy/regimes",
        "accuracy/regimes/test_regime.py",
        ("regime.py", "or is_mean_rate(rate, wanted):", "or True:"),
        ("drives.py", "return NoValue(error.said) if sure else None", "return NoValue(error.said)"),
    ),
    # --- verdicts on figures
    *_in(
        "reports/regression",
        "reports/regression/test_judge.py reports/regression/test_of_run.py reports/regression/kept reports/regression",
        (
            "judge.py",
            "worse = before - after if kind.lower_is_worse else",
            "worse = after - before if kind.lower_is_worse else",
        ),
        (
            "judge.py",
            "allowed = limit.soft_percent if worse > 0 else",
            "allowed = limit.soft_percent if worse < 0 else",
        ),
        ("judge.py", "value < limit.hard if kind.lower_is_worse else value > limit.hard", "value > limit.hard"),
        ("of_run.py", "if part == _STEP:", 'if part in (_STEP, "once per run"):'),
        ("of_run.py", 'float(row["calibrations_per_ms"]) * dt', 'float(row["calibrations_per_ms"]) / dt'),
        ("kept/timing_gate.py", "now > middle * (1 + gate.threshold_percent / 100)", "now > middle"),
        ("kept/limits.py", "max(matching, key=", "min(matching, key="),
        ("kept/history.py", "if not cursor.rowcount:", "if cursor.rowcount:"),
    ),
]


def is_outdated(mutant: Mutant) -> bool:
    """Whether the code has changed so that the bug cannot be planted; its line in `MUTANTS` must be mended."""
    return (TESTS.parent / mutant.file).read_text().count(mutant.old) != 1


class Copy:
    """A copy of the installed package, in which a bug is planted while tests run."""

    def __init__(self, folder: Path, seconds: int) -> None:
        installed = find_spec("spikecost")
        assert installed is not None
        assert installed.origin is not None
        self._root, self._seconds = folder / "spikecost", seconds
        nothing = shutil.ignore_patterns("tests", "docs", "__pycache__", ".*")
        shutil.copytree(Path(installed.origin).parent, self._root, ignore=nothing)
        # bytecode is chosen by the time of a file in seconds: two bugs within a second would be taken for one
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "SPIKECOST_CACHE": str(folder / "cache"),
        }

    def with_bug(self, mutant: Mutant, tests: list[str]) -> tuple[str, str]:
        """Return whether tests see a bug, and the first that does."""
        file = self._root / mutant.file
        whole = file.read_text()
        file.write_text(whole.replace(mutant.old, mutant.new))
        try:
            return self.run(tests)
        finally:
            file.write_text(whole)

    def run(self, tests: list[str]) -> tuple[str, str]:
        """Run tests until the first fails; return ``seen``, ``not ended`` or ``survived``, and the test."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", OF_TOX, *tests]
        try:
            ran = subprocess.run(
                command,
                cwd=TESTS.parent,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "not ended", ""
        if ran.returncode == 0:
            return "survived", ""
        lines = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if not lines:
            return "seen", ran.stdout[-300:] + ran.stderr[-300:]
        # without its parameters, which may contain anything
        return "seen", lines[0].partition(" ")[2].partition("[")[0].split(" - ")[0]


def main() -> int:
    """Plant every bug; return 1 if one is not seen in time, or cannot be planted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only bugs whose file contains one of the words")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="time for the tests of one bug")
    options = parser.parse_args()
    chosen = [each for each in MUTANTS if not options.words or any(word in each.file for word in options.words)]
    outcomes: Counter[str] = Counter()
    by: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder), options.seconds)
        for n, mutant in enumerate(chosen, 1):
            start = time.monotonic()
            outcome, test = "outdated", ""
            if not is_outdated(mutant):
                outcome, test = copy.with_bug(mutant, [f"tests/{each}" for each in mutant.tests.split()])
            if outcome == "survived":
                outcome, test = copy.with_bug(mutant, [f"tests/{mutant.file.partition('/')[0]}"])
            outcomes[outcome] += 1
            by |= {test} - {""}
            line = f"{n}/{len(chosen)} {outcome}: {mutant.file}: {mutant.old!r} -> {mutant.new!r} ({test})"
            sys.stdout.write(f"{line} {time.monotonic() - start:.0f} s\n")
            sys.stdout.flush()
        # a test that fails without a bug sees nothing
        again = sorted(each for each in by if each.startswith("tests/"))
        outcome, test = copy.run(again) if again else ("survived", "")
        if outcome != "survived":
            sys.exit(f"{test} fails without a bug, too")
    sys.stdout.write(", ".join(f"{n} {outcome}" for outcome, n in outcomes.items()) + "\n")
    return 1 if outcomes.keys() - {"seen"} else 0


if __name__ == "__main__":
    sys.exit(main())
