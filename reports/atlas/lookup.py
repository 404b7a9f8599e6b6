"""The atlas as a table."""

from __future__ import annotations

import pandas as pd

from ...models.ground.errors import UserError, check_list, check_text, short
from ...models.ground.named_files import name_in
from ...models.ground.registry import known_are
from ...models.methods import DOUBLE
from . import kept
from .columns import COLUMNS
from .plan import check_drive, check_precision


def atlas(
    models: list[str] | None = None, *, stimulus: str | None = None, level: str | None = None, precision: str = DOUBLE
) -> pd.DataFrame:
    """Return the atlas: what every model of the catalogue costs at equal accuracy, with every method, in every regime.

    Nothing is run. One row per model and preset, regime, method, detection and tolerance, and one per way that cannot
    run the model. The meaning of each column, with its unit, is in ``frame.attrs["columns"]``, and in
    `spikecost.reports.atlas.columns.COLUMNS`.

    Parameters
    ----------
    models : list of str, optional
        Such as ``["lif", "adex:bursting"]``; without a preset, all presets. By default all models.
    stimulus : str, optional
        A kind of drive, such as ``"constant"``.
    level : str, optional
        Such as ``"20 Hz"`` or ``"1.5 x rheobase"``.
    precision : str, optional
        The number format: ``"double"``, or ``"single"``, which the atlas has for LIF, Izhikevich's model (RS) and
        Hodgkin-Huxley under currents.

    Raises
    ------
    UserError
        If the atlas has no row of a model, or no such stimulus, level or precision.

    Examples
    --------
    >>> import spikecost as sc
    >>> rows = sc.atlas(["lif"], stimulus="constant", level="20 Hz")
    >>> rows[["model", "method", "tolerance", "status", "dt_ms", "flops_per_ms"]]  # doctest: +SKIP
    """
    if models is not None:
        check_list(models, "models", "['lif']")
        models = list(models)
        for name in models:
            check_text(name, "a model of the atlas", "lif")
    wanted = {name: value for name, value in (("stimulus", stimulus), ("level", level)) if value is not None}
    if stimulus is not None:
        check_drive(stimulus, "stimulus")
    check_precision(precision)
    if level is not None:
        check_text(level, "level", "20 Hz")
        has = dict.fromkeys(kept.read(columns=["level"])["level"])
        if level not in has:
            raise UserError(f"the atlas has no level '{short(level)}': {known_are(level, has)}")
    rows = kept.read(models=map(name_in, models or ()), wanted=wanted, precision=precision)
    if models is not None:
        rows = rows[rows["model"].isin(models) | rows["model"].map(name_in).isin(models)]
        known = {*rows["model"], *map(name_in, rows["model"])}
        absent = [name for name in models if name not in known]
        if absent:
            raise UserError(
                f"the atlas has nothing of {', '.join(map(short, absent))} with these choices; "
                "`spikecost atlas info` says what it has"
            )
    rows = rows.reset_index(drop=True)
    rows.attrs["columns"] = dict(COLUMNS)
    return rows
