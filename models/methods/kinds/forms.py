"""Forms of right-hand sides that methods need."""

from __future__ import annotations

from ...algebra.draft import Derivatives, NotApplicable
from ...algebra.expression import Expr, names
from ...algebra.polynomial import coefficients, linear_parts


def gates(f: Derivatives) -> list[str]:
    """Return the gates: variables that relax linearly at a rate that depends on the voltage.

    Raises
    ------
    NotApplicable
        If there are no gates.
    """
    found = []
    for name, value in f.right_hand_sides.items():
        parts = linear_parts(value, name)
        if name != f.voltage and parts is not None and f.voltage in names(parts[1]):
            found.append(name)
    if not found:
        raise NotApplicable(
            f"the model has no gate: no variable relaxes linearly at a rate that depends on {f.voltage}"
        )
    return found


def groups(f: Derivatives) -> list[list[str]]:
    """Return the variables in groups, the group of the voltage first.

    Within a group, no variable enters the derivative of another.
    """
    found: list[list[str]] = [[f.voltage]]
    sides = f.right_hand_sides
    for name, value in sides.items():
        if name == f.voltage:
            continue
        free = (
            group
            for group in found[1:]
            if not names(value) & set(group) and not any(name in names(sides[other]) for other in group)
        )
        group = next(free, None)
        if group is None:
            found.append([name])
        else:
            group.append(name)
    return found


def izhikevich(f: Derivatives) -> tuple[str, str, Expr]:
    """Return the voltage v, the recovery variable u, and the factor of u in dv/dt of a model of Izhikevich's form.

    The form is ``dv/dt = p + q v + r v**2 + s u`` and ``du/dt = k + l v + m u``, where no factor depends on v or u, and
    r is not zero.

    Raises
    ------
    NotApplicable
        If the model has another form.
    """
    v, sides = f.voltage, f.right_hand_sides
    if len(sides) != 2:
        raise NotApplicable(f"the model has {len(sides)} variable{'s' * (len(sides) != 1)}, not Izhikevich's v and u")
    u = next(name for name in sides if name != v)
    parabola = coefficients(sides[v], v) or ()
    if len(parabola) != 3:
        raise NotApplicable(f"d{v}/dt is not quadratic in {v}, as Izhikevich's is")
    offset, recovery = linear_parts(parabola[0], u), linear_parts(sides[u], u)
    slope = recovery and linear_parts(recovery[0], v)
    if (
        offset is None
        or recovery is None
        or slope is None
        or any({u, v} & names(factor) for factor in (*parabola[1:], offset[1], recovery[1], *slope))
    ):
        raise NotApplicable(f"{u} does not enter d{v}/dt and d{u}/dt linearly, as in Izhikevich's model")
    return v, u, offset[1]
