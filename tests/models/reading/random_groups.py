"""Random Brian2 groups that Brian2 can run: equations, conditions, functions, units, resets, refractoriness, noise.

``python tests/models/reading/random_groups.py FIRST LAST`` compares the groups of these seeds with Brian2, prints those
that are not equal, and how many are refused for which reason.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

import brian2
from brian2 import NeuronGroup, ms, mV
from brian2.core.base import BrianObjectException

if __package__:
    from . import abroad_groups as abroad
else:  # as a script, without the package of the tests
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import abroad_groups as abroad

#: Pure numbers between about -2 and 2; X is a number of order 1 that changes.
BOUNDED = (
    "tanh(X)",
    "sin(X)",
    "cos(2*X)",
    "exp(-X**2)",
    "exp(-abs(X))",
    "1/(1 + exp(-3*X))",
    "1/(1 + X**2)",
    "arctan(X)",
    "clip(X, -0.5, 0.8)",
    "sign(X)",
    "log(1 + X**2)",
    "sqrt(1 + abs(X)) - 1",
    "X/(1 + abs(X))",
    "exprel(clip(X, -3, 3)) - 1",
    "(X % 0.7)",
    "0.3*floor(2*clip(X, -2, 2))",
    "0.3*ceil(clip(X, -2, 2))",
    "0.2*(clip(X, -2, 2) // 0.3)",
    "int(X > 0.2)",
    "int(X > 0.1 and X <= 0.9)",
    "int(not (X > 0.4) or X > 0.8)*0.5",
    "expm1(-abs(X))",
    "log1p(abs(X))",
    "log10(1 + abs(X))",
    "sinh(clip(X, -1, 1))",
    "arcsin(clip(X, -1, 1))",
    "X**3/(1 + X**4)",
    "clip(X, -1, 1)**2",
)
#: Numbers that depend on the time.
IN_TIME = (
    "sin(2*pi*t/(23*ms))",
    "int(t > 20*ms)",
    "exp(-t/(40*ms))",
    "int(t % (30*ms) < 12*ms)",
    "exp(-(t - lastspike)/(5*ms))*int(t > lastspike)",
    "int(timestep(t, 0.1*ms) % 7 < 3)",
)
METHODS = ("euler", "rk2", "rk4", "heun", "exponential_euler", "exact")


class Draft:
    """The texts of one group."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        chance = self._random.random
        self.unit, self._scale = self.choice([("volt", "mV"), ("1", "")])
        self._more = [name for name in ("w", "n_next", "theta") if chance() < 0.45]
        self._noisy, self._linear = chance() < 0.3, chance() < 0.25
        self._lines: list[str] = []
        self._subexpressions: list[str] = []
        self.values: dict[str, object] = {}
        for name in self._more:
            self._variable(name)
        for name in ("a_", "b"):
            if chance() < 0.4 and not self._linear:
                self._subexpression(name)
        self._voltage()
        self.equations = "\n".join(self._random.sample(self._lines, len(self._lines)))
        self.threshold, self.reset = self._threshold(), self._reset()
        self.refractory = self._refractory()
        self.method = self._method()

    def choice(self, several):  # type: ignore[no-untyped-def]
        """Choose one of several."""
        return self._random.choice(list(several))

    def _number(self, low: float = 0.1, high: float = 1.0) -> str:
        return f"{self._random.uniform(low, high):.3g}"

    def _of(self, number: str) -> str:
        """Return a number in the unit of the voltage."""
        return f"{number}*{self._scale}" if self._scale else number

    def _pure(self) -> str:
        """Return a pure number of order 1 that changes."""
        v = f"(v/(10*{self._scale}))" if self._scale else "(v/10)"
        known = [v, *self._more, *self._subexpressions]
        return self.choice([v, self.choice(known), f"({self.choice(known)} - {self._number()})"])

    def _term(self) -> str:
        """Return a bounded pure number."""
        if self._random.random() < 0.2:
            return self.choice(IN_TIME)
        found = self.choice(BOUNDED).replace("X", self._pure())
        return f"{found}*{self.choice(BOUNDED).replace('X', self._pure())}" if self._random.random() < 0.2 else found

    def _variable(self, name: str) -> None:
        gain, tau = self._number(), self._number(5, 40)
        v = f"v/(10*{self._scale})" if self._scale else "v/10"
        driven = v if self._linear else self.choice([v, self.choice(BOUNDED).replace("X", f"({v})")])
        held = self.choice(["", "", " (unless refractory)"])
        self._lines.append(f"d{name}/dt = ({gain}*{driven} - {name})/({tau}*ms) : 1{held}")

    def _subexpression(self, name: str) -> None:
        flag = self.choice(["", "", "", " (constant over dt)"])
        self._lines.append(f"{name} = {self._number()}*{self._term()} + {self._number()} : 1{flag}")
        self._subexpressions.append(name)

    def _voltage(self) -> None:
        terms = ["drive - v", *(f"{self._of(self._number(0.2, 3))}*{name}" for name in self._more)]
        if not self._linear:
            terms += [f"{self._of(self._number(0.2, 3))}*{self._term()}" for _ in range(self._random.randint(0, 3))]
        if self._noisy:
            noise = self.choice(["xi*sqrt(tau)", "xi_1*sqrt(tau)", "randn()", "(rand() - 0.5)"])
            terms.append(f"{self._of(self._number(0.5, 3))}*{noise}")
        held = self.choice([" (unless refractory)", " (unless refractory)", ""])
        self._lines += [f"dv/dt = ({' + '.join(terms)})/tau : {self.unit}{held}", f"drive : {self.unit}"]
        self.values |= {"v": self._of("i*1.0"), "drive": self._of(f"({self._number(9, 16)} + i)")}
        tau = self._random.uniform(5, 20)
        if self._random.random() < 0.3:
            self._lines.append(f"tau : second{self.choice(['', ' (constant)', ' (shared, constant)'])}")
            self.values["tau"] = f"{tau:.3g}*ms"
        else:
            self._tau = tau
        self.values |= {name: f"{self._number(0, 0.5)} + 0.1*i" for name in self._more}

    def _threshold(self) -> str:
        level, low = self._of(self._number(7, 9)), self._of("2")
        found = [f"v > {level}", f"{level} < v", f"v - {level} > 0*{self._scale or '1'}", f"v >= {level}"]
        found.append(f"v > {level} and not_refractory")
        found.append(f"v > {level} and v > {low}")
        found.append(f"not (v <= {level})")
        found += [f"v > {level} + {self._of('1')}*{name}" for name in self._more]
        found += [f"v > {level} and {name} > -5" for name in self._more]
        if "b" in self._subexpressions:
            found.append(f"v > {level} + {self._of('0.2')}*b")
        return str(self.choice(found))

    def _reset(self) -> str:
        found = [self.choice([f"v = {self._of('0.5')}", f"v = {self._of('0.3')} + 0.1*v", f"v -= {self._of('6.5')}"])]
        for name in self._more:
            found += self.choice([[], [f"{name} += 0.1"], [f"{name} = 0.5*{name}"], [f"{name} = clip({name}, 0, 0.6)"]])
        self._random.shuffle(found)
        return self.choice(["; ", "\n"]).join(found)

    def _refractory(self) -> object:
        level = self._of(self._number(1, 3))
        found = [False, 2 * ms, 0.37 * ms, "2*ms", f"v < {level}", "t - lastspike < 1.73*ms"]
        found += [f"(1 + abs({name}))*ms" for name in self._more]
        found += [f"v < {level} or {name} > 3" for name in self._more]
        return self.choice(found)

    def _method(self) -> str:
        if self._noisy:
            return "euler"
        if self._linear:
            return str(self.choice(METHODS))
        return str(self.choice(METHODS[:5]))

    def made(self) -> abroad.Abroad:
        """Make the group."""
        names = {} if "tau" in self.values else {"tau": self._tau * ms}
        group = NeuronGroup(
            3,
            self.equations,
            threshold=self.threshold,
            reset=self.reset,
            refractory=self.refractory,
            method=self.method,
            namespace={**names, "mV": mV, "ms": ms},
        )
        for name, value in self.values.items():
            setattr(group, name, brian2.Quantity(1) * eval(str(value), {"ms": ms, "i": 1}) if name == "tau" else value)
        return abroad.Abroad(group, names, 1, {"input": "drive"})

    def __str__(self) -> str:
        return (
            f"{self.equations}\nthreshold {self.threshold!r} reset {self.reset!r} refractory {self.refractory!r} "
            f"method {self.method!r} values {self.values}"
        )


def row_of(seed: int) -> tuple[Draft, abroad.Row] | None:
    """Return a group and what becomes of it; None if Brian2 itself does not take it."""
    draft = Draft(seed)
    try:
        row = abroad.what_becomes(abroad.Row(str(seed), ""), draft.made())
    except BrianObjectException:  # code that Brian2 writes and cannot run
        return None
    except Exception:
        if takes(draft):
            raise
        return None
    return (draft, row) if row.spikes is not None or takes(draft) else None


def takes(draft: Draft) -> bool:
    """Whether Brian2 itself takes a group."""
    try:
        made = draft.made()
        brian2.Network(made.group).run(0 * ms, namespace=dict(made.names))
    except Exception:  # such as a method that does not apply
        return False
    return True


def main(first: int, last: int) -> None:
    """Compare the groups of some seeds."""
    brian2.BrianLogger.log_level_error()
    brian2.prefs.codegen.target = "numpy"
    said: Counter[str] = Counter()
    for seed in range(first, last):
        found = row_of(seed)
        if found is None:
            said["not taken by Brian2"] += 1
            continue
        draft, row = found
        kind = "equal" if row.equal else f"refused: {row.refused}" if row.refused else "not equal"
        said[kind[:110] if row.equal or not row.spikes else "not equal"] += 1
        said["spikes"] += row.spikes or 0
        if not row.equal:
            sys.stdout.write(f"--- {seed}: {kind} {row.note} ({row.spikes} spikes)\n{draft}\n")
    sys.stdout.write("\n".join(f"{count:6} {kind}" for kind, count in said.most_common()) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
