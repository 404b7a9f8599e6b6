"""Random models with steep smooth terms, and their correct solutions by quadrature in 80-bit arithmetic."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from spikecost.models.definition.neuron import NeuronModel

#: Each kind of smooth term: its text with height a, centre c and width k, and its value over the height.
TERMS = {
    "step": ("{a}*tanh((v - {c})/{k})", lambda x: np.tanh(x)),
    "bump": ("{a}*exp(-((v - {c})/{k})**2)", lambda x: np.exp(-x * x)),
    "exponential": ("{a}*exp((v - {c})/{k})", np.exp),
    "logistic": ("{a}/(1 + exp(-(v - {c})/{k}))", lambda x: 1 / (1 + np.exp(-x))),
    "resonance": ("{a}/(1 + ((v - {c})/{k})**2)", lambda x: 1 / (1 + x * x)),
}
#: Terms that jump or have kinks, at -1, 0 or 1 width from the centre.
ROUGH = {
    "jump": ("{a}*int(v > {c})", lambda x: (x > 0) * 1),
    "size": ("{a}*abs((v - {c})/{k})", np.abs),
    "rectifier": ("{a}*(v - {c} + abs(v - {c}))/{k}", lambda x: x + np.abs(x)),
    "clipped": ("{a}*(abs((v - {c})/{k} + 1) - abs((v - {c})/{k} - 1))", lambda x: np.abs(x + 1) - np.abs(x - 1)),
    "root": ("{a}*sqrt(abs((v - {c})/{k}))", lambda x: np.sqrt(np.abs(x))),
    "power": ("{a}*abs((v - {c})/{k})**1.5", lambda x: np.abs(x) ** 1.5),
}
#: Terms that grow without bound; their height is positive, so that v does not come to rest.
GROWING = ("exponential", "size", "rectifier", "root", "power")
#: What a term is multiplied by: nothing, or a switch that is on above s, below t, or between them.
SWITCHES = {"always": "", "above": "*int(v > {s})", "below": "*int(v < {t})", "between": "*int(v > {s})*int(v < {t})"}
#: Number of successive seeds for which `Scalar.switched` draws the same functions, so that they share compiled code.
ALIKE = 10
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
#: Edges of the pieces of the quadrature: in widths from a centre (finer towards kinks), and over the whole range.
_EDGES = np.array([0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512])
_FINE_EDGES = 2.0 ** -np.arange(2, 50, 2)
_RANGE = np.linspace(0, 1, 17)


@dataclass(frozen=True)
class Scalar:
    """``v' = (I - leak v + terms)/(10 ms)`` from 0 to the threshold 1."""

    kinds: tuple[str, ...]
    leak: str
    drive: str
    numbers: tuple[tuple[str, str, str], ...]
    """Height, centre and width of each term, as decimals."""
    switches: tuple[tuple[str, str, str], ...] = ()
    """Kind of each term's switch, and its two voltages; none if all terms are smooth and always on."""

    @classmethod
    def drawn(cls, seed: int) -> "Scalar":
        """A model with one or two smooth terms."""
        rng = np.random.default_rng(seed)
        leak = float(rng.choice([0, 1, 1, 2]))
        drive = rng.uniform(1.2, 6) * max(leak, 1)
        kinds = tuple(sorted(rng.choice(list(TERMS), rng.integers(1, 3))))
        numbers = tuple(_numbers(rng, kind, drive) for kind in kinds)
        return cls(kinds, f"{leak:g}", f"{drive:.4g}", numbers)

    @classmethod
    def switched(cls, seed: int) -> "Scalar":
        """A model with one to three terms, of which some have kinks or are on over a part of the range of v."""
        alike, rng = np.random.default_rng([seed // ALIKE, 3]), np.random.default_rng([seed, 4])
        kinds = tuple(sorted(alike.choice([*TERMS, *ROUGH], alike.integers(1, 4))))
        leak = float(rng.choice([0, 1, 1, 2]))
        drive = rng.uniform(1.2, 6) * max(leak, 1)
        switches = []
        for name in alike.choice(list(SWITCHES), len(kinds)):
            low, high = np.sort(rng.uniform(0.02, 0.98, 2))
            switches.append((str(name), f"{low:.4g}", f"{high:.4g}"))
        numbers = tuple(_numbers(rng, kind, drive) for kind in kinds)
        return cls(kinds, f"{leak:g}", f"{drive:.4g}", numbers, tuple(switches))

    @property
    def _named(self) -> dict[str, str]:
        """Every number by its name in the model."""
        named = {}
        for i, three in enumerate(self.numbers):
            named |= {f"{name}{i}": value for name, value in zip("ack", three, strict=True)}
        for i, (kind, *two) in enumerate(self.switches):
            used = {f"{name}{i}": value for name, value in zip("st", two, strict=True)}
            named |= {name: value for name, value in used.items() if f"{{{name[0]}}}" in SWITCHES[kind]}
        return named

    @property
    def model(self) -> NeuronModel:
        """The model with its numbers as parameters, so that models of the same kinds share compiled code."""
        terms = []
        for i, kind in enumerate(self.kinds):
            text = {**TERMS, **ROUGH}[kind][0] + (SWITCHES[self.switches[i][0]] if self.switches else "")
            terms.append(text.format(**{name: f"{name}{i}" for name in "ackst"}))
        parameters = {name: float(value) for name, value in self._named.items()}
        declared = "\n".join(f"{name} : 1" for name in (*parameters, "leak", "I"))
        return NeuronModel(
            name="random",
            equations=f"dv/dt = (I - leak*v + {' + '.join(terms)})/(10*ms) : 1\n{declared}",
            threshold="v > 1",
            reset="v = 0",
            parameters={**parameters, "leak": float(self.leak)},
            initial={"v": 0},
        )

    def speed(self, v):
        """v', in 1/ms."""
        total = _number(self.drive) - _number(self.leak) * v
        with np.errstate(over="ignore"):
            for i, (kind, (height, centre, width)) in enumerate(zip(self.kinds, self.numbers, strict=True)):
                shape = {**TERMS, **ROUGH}[kind][1]
                term = _number(height) * shape((v - _number(centre)) / _number(width))
                total = total + (np.where(self._on(i, v), term, 0) if self.switches else term)
        return total / 10

    def _on(self, i, v):
        kind, low, high = self.switches[i]
        above = v > _number(low) if kind in ("above", "between") else True
        return above & (v < _number(high) if kind in ("below", "between") else True)

    def interval(self) -> tuple[float, float] | None:
        """The interval between spikes in ms, and its uncertainty; None if v comes to rest."""
        edges = self._edges()
        if self.speed(_inside(edges)).min() <= 0:
            return None
        # halved until the result no longer changes
        found = self._integral(edges)
        while True:
            edges = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
            before, found = found, self._integral(edges)
            if abs(found - before) <= 1e-17 * found or len(edges) > 20_000:
                return float(found), float(abs(found - before))

    def _edges(self):
        edges = [_RANGE]
        for kind, (_, centre, width) in zip(self.kinds, self.numbers, strict=True):
            at, scale = _number(centre), _number(width)
            if kind not in ROUGH:
                edges += [at + scale * _EDGES, at - scale * _EDGES]
                continue
            for kink in (at - scale, at, at + scale):
                edges += [kink + scale * _FINE_EDGES, [kink], kink - scale * _FINE_EDGES]
        edges += [[_number(voltage)] for _, *two in self.switches for voltage in two]
        return np.unique(np.clip(np.concatenate([np.asarray(x, np.longdouble) for x in edges]), 0, 1))

    def _integral(self, edges):
        half = np.diff(edges)[:, None] / 2
        v = edges[:-1, None] + half * (1 + _NODES.astype(np.longdouble))
        return (half * _WEIGHTS.astype(np.longdouble) / self.speed(v)).sum()


def _numbers(rng, kind, drive):
    height = rng.uniform(-0.8, 0.8) * drive
    return (
        f"{abs(height) if kind in GROWING else height:.4g}",
        f"{rng.uniform(0.05, 0.95):.4g}",
        f"{10 ** rng.uniform(-3, 0):.4g}",
    )


def _number(text):
    return np.longdouble(float(text))  # the model has doubles


def _inside(edges):
    """Points between edges, and beside each edge."""
    within = edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0, 1, 65)[1:-1]
    return np.concatenate([within.ravel(), np.nextafter(edges[:-1], 2), np.nextafter(edges[1:], -2)])


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
