"""Names that a model may give to its constants, parameters and variables."""

from __future__ import annotations

import re

import brian2
from brian2.equations.equations import Equations

from ...ground.errors import UserError, short

#: The largest length of the name of a variable, a parameter or a constant.
LONGEST_NAME = 64
NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}")
#: Brian2's name of the time, which a model's texts may use.
TIME = "t"
#: Brian2's name of the time of the last spike, and its value before the first spike, in ms.
LAST_SPIKE, NEVER = "lastspike", -1e7
#: Brian2's name for whether a neuron is not refractory, which is true or false.
NOT_REFRACTORY = "not_refractory"
#: Names of Brian2 that become variables of a model that uses them.
OF_TIME = (TIME, LAST_SPIKE)
#: Variables that Brian2 gives to every group, in addition to those that its `Equations` class knows.
OF_GROUPS = {"t", "dt", "t_in_timesteps", "i", "N", "lastspike", "not_refractory", "xi"}


def check_name(name: str, where: str) -> None:
    """Refuse a name that has its own meaning in Brian2, which would read the same text differently.

    Raises
    ------
    UserError
        If it is a variable, constant, function or unit of Brian2, or not a valid name; `where` says where it is used.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f"{where} '{short(name)}' is not a name; use up to {LONGEST_NAME} letters, digits and _, a letter first"
        )
    try:
        Equations.check_identifier(name)
    except SyntaxError as error:
        reason = str(error)
    else:
        own = name in OF_GROUPS or isinstance(getattr(brian2, name, None), brian2.Unit)
        reason = f"'{name}' is a variable or unit of Brian2" if own else ""
    if reason:
        raise UserError(
            f"{where} '{name}' cannot have this name: {reason.rstrip('.')}; Brian2 would read the same "
            "text differently: choose another name"
        )
