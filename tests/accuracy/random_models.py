"""Random models with steep smooth terms, and their correct solutions by quadrature in 80-bit arithmetic."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from spikecost.models.definition.neuron import NeuronModel

#: Each kind of term: its text with height a, centre c and width k, and its value.
TERMS = {
    "step": ("a*tanh((v - c)/k)", lambda x: np.tanh(x)),
    "bump": ("a*exp(-((v - c)/k)**2)", lambda x: np.exp(-x * x)),
    "exponential": ("a*exp((v - c)/k)", np.exp),
    "logistic": ("a/(1 + exp(-(v - c)/k))", lambda x: 1 / (1 + np.exp(-x))),
    "resonance": ("a/(1 + ((v - c)/k)**2)", lambda x: 1 / (1 + x * x)),
}
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
#: Edges of the pieces of the quadrature: in widths from a centre, and over the whole range.
_EDGES = np.array([0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512])
_RANGE = np.linspace(0, 1, 17)


@dataclass(frozen=True)
class Scalar:
    """``v' = (I - leak v + terms)/(10 ms)`` from 0 to the threshold 1."""

    kinds: tuple[str, ...]
    leak: str
    drive: str
    numbers: tuple[tuple[str, str, str], ...]
    """Height, centre and width of each term, as decimals."""

    @classmethod
    def drawn(cls, seed: int) -> "Scalar":
        rng = np.random.default_rng(seed)
        leak = float(rng.choice([0, 1, 1, 2]))
        drive = rng.uniform(1.2, 6) * max(leak, 1)
        kinds = tuple(sorted(rng.choice(list(TERMS), rng.integers(1, 3))))
        numbers = []
        for kind in kinds:
            height = rng.uniform(-0.8, 0.8) * drive
            numbers.append(
                (
                    f"{abs(height) if kind == 'exponential' else height:.4g}",
                    f"{rng.uniform(0.05, 0.95):.4g}",
                    f"{10 ** rng.uniform(-3, 0):.4g}",
                )
            )
        return cls(kinds, f"{leak:g}", f"{drive:.4g}", tuple(numbers))

    @property
    def model(self) -> NeuronModel:
        """The model with its numbers as parameters, so that models of the same kinds share compiled code."""
        names = ("a", "c", "k")
        text = " + ".join(
            TERMS[kind][0].replace("a", f"a{i}", 1).replace("c)", f"c{i})").replace("/k", f"/k{i}")
            for i, kind in enumerate(self.kinds)
        )
        parameters = {
            f"{name}{i}": float(value)
            for i, three in enumerate(self.numbers)
            for name, value in zip(names, three, strict=True)
        }
        declared = "\n".join(f"{name} : 1" for name in (*parameters, "leak", "I"))
        return NeuronModel(
            name="random",
            equations=f"dv/dt = (I - leak*v + {text})/(10*ms) : 1\n{declared}",
            threshold="v > 1",
            reset="v = 0",
            parameters={**parameters, "leak": float(self.leak)},
            initial={"v": 0},
        )

    def speed(self, v):
        """v', in 1/ms."""

        def number(text):
            return np.longdouble(float(text))  # the model has doubles

        total = number(self.drive) - number(self.leak) * v
        with np.errstate(over="ignore"):
            for kind, (height, centre, width) in zip(self.kinds, self.numbers, strict=True):
                total = total + number(height) * TERMS[kind][1]((v - number(centre)) / number(width))
        return total / 10

    def interval(self) -> tuple[float, float] | None:
        """The interval between spikes in ms, and its uncertainty; None if v comes to rest."""
        edges = [_RANGE]
        for _, centre, width in self.numbers:
            edges += [float(centre) + float(width) * _EDGES, float(centre) - float(width) * _EDGES]
        edges = np.unique(np.clip(np.concatenate(edges), 0, 1)).astype(np.longdouble)
        if self.speed(_fine(edges)).min() <= 0:
            return None
        # halved until the result no longer changes
        found = self._integral(edges)
        while True:
            edges = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
            before, found = found, self._integral(edges)
            if abs(found - before) <= 1e-17 * found or len(edges) > 20_000:
                return float(found), float(abs(found - before))

    def _integral(self, edges):
        half = np.diff(edges)[:, None] / 2
        v = edges[:-1, None] + half * (1 + _NODES.astype(np.longdouble))
        return (half * _WEIGHTS.astype(np.longdouble) / self.speed(v)).sum()


def _fine(edges):
    return (edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0, 1, 65)).ravel()


@dataclass(frozen=True)
class Coupled:
    """A voltage with steep terms, an adaptation, and (three variables) a gate that opens over a narrow range of it."""

    scalar: Scalar
    adaptation: tuple[float, float, float]
    """Slope, time constant in ms, and jump at a spike."""
    gate: tuple[float, float, float, float] | None
    """Centre, width, time constant in ms, and strength."""

    @classmethod
    def drawn(cls, seed: int) -> "Coupled":
        scalar = Scalar.drawn(seed)
        # no exponential above exp(6), so that the other solver's steps are not too many
        least = [
            (1 - float(c)) / 6 if kind == "exponential" else 0.01
            for kind, (_, c, _) in zip(scalar.kinds, scalar.numbers, strict=True)
        ]
        widths = tuple((a, c, f"{max(float(k), w):.4g}") for (a, c, k), w in zip(scalar.numbers, least, strict=True))
        rng = np.random.default_rng([seed, 1])
        gate = (rng.uniform(0.1, 0.9), 10 ** rng.uniform(-2, 0), rng.uniform(0.5, 20), rng.uniform(-1, 1))
        return cls(
            Scalar(scalar.kinds, scalar.leak, scalar.drive, widths),
            (rng.uniform(-0.5, 1), rng.uniform(2, 100), rng.uniform(0, 0.5)),
            gate if rng.random() < 0.5 else None,
        )

    @property
    def width(self) -> float:
        """The smallest width."""
        widths = [float(k) for _, _, k in self.scalar.numbers]
        return min([*widths, self.gate[1]] if self.gate else widths)

    @property
    def model(self) -> NeuronModel:
        base = self.scalar.model
        slope, tau, jump = self.adaptation
        parameters = {**base.parameters, "slope": slope, "tau_w": tau, "jump": jump}
        first, *declared = base.equations.split("\n")
        gated, more, initial = "", [], {"v": 0, "w": 0}
        if self.gate:
            parameters |= dict(zip(("xc", "xk", "tau_x", "strength"), self.gate, strict=True))
            gated, initial = " + strength*x", {**initial, "x": 0}
            more = ["dx/dt = (1/(1 + exp(-(v - xc)/xk)) - x)/(tau_x*ms) : 1"]
        equations = [
            first.replace(")/(10*ms)", f" - w{gated})/(10*ms)"),
            "dw/dt = (slope*v - w)/(tau_w*ms) : 1",
            *more,
            *declared,
            *(f"{name} : 1" for name in parameters if name not in base.parameters),
        ]
        return base.replace(
            equations="\n".join(equations), reset="v = 0; w += jump", parameters=parameters, initial=initial
        )

    def speed(self, _, state):
        """The change of the state per ms."""
        v, w, *x = state
        slope, tau, _ = self.adaptation
        rise = float(self.scalar.speed(np.longdouble(v))) - w / 10
        if not self.gate:
            return [rise, (slope * v - w) / tau]
        centre, width, tau_x, strength = self.gate
        opened = 1 / (1 + np.exp(-(v - centre) / width))
        return [rise + strength * x[0] / 10, (slope * v - w) / tau, (opened - x[0]) / tau_x]

    def spikes(self, horizon: float, most: int) -> list[float]:
        """The first spike times in ms before a horizon, with steps shorter than the width of every term."""

        def crossing(_, state):
            return state[0] - 1

        crossing.terminal, crossing.direction = True, 1
        state, now, found = np.zeros(3 if self.gate else 2), 0.0, []
        while now < horizon and len(found) < most:
            fastest = max(abs(self.speed(0, [v, *state[1:]])[0]) for v in np.linspace(0, 1, 201))
            solved = solve_ivp(
                self.speed,
                (now, horizon),
                state,
                "DOP853",
                rtol=1e-12,
                atol=1e-14,
                events=crossing,
                max_step=self.width / 2 / fastest,
            )
            now, state = solved.t[-1], solved.y[:, -1].copy()
            if solved.status == 1:
                found.append(now)
                state[0], state[1] = 0, state[1] + self.adaptation[2]
        return found


#: The parts of a random expression: smooth and not smooth, of state, input and parameters.
FORMS = (
    "({a} + {b})",
    "({a} - {b})",
    "({a})*({b})",
    "tanh({a})",
    "exp(-({a})**2)",
    "abs({a})",
    "sqrt(abs({a}))",
    "1/(1 + ({a})**2)",
    "int({a} > {b})",
    "abs({a})**1.5/(1 + abs({a}))",
    "exprel(-abs({a}))",
)


def expression(rng, depth: int) -> str:
    """A random expression with a given depth of nested functions."""
    if not depth:
        return str(rng.choice(["v", "w", "I", "p", "q", "0.3", "1.7"]))
    a, b = expression(rng, depth - 1), expression(rng, int(rng.integers(0, depth)))
    return FORMS[rng.integers(len(FORMS))].format(a=a, b=b)


def of_random_functions(rng) -> NeuronModel:
    """A model that fires, with a random function in each of its two equations."""
    return NeuronModel(
        name="random",
        equations=f"""
        dv/dt = (2 - v + 0.5*tanh({expression(rng, 3)}) + 0.2*I)/(10*ms) : 1
        dw/dt = (tanh({expression(rng, 2)}) - w)/(20*ms) : 1
        I : 1
        p : 1
        q : 1
        """,
        threshold="v > 1",
        reset="v = 0; w += 0.1",
        parameters={"p": float(rng.normal()), "q": float(rng.choice([0, 0.5]))},
        initial={"v": 0, "w": 0},
    )
