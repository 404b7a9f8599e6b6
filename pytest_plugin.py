"""The pytest plugin: the fixture ``spikecost``, for the tests of projects that use spikecost.

::

    def test_my_model_stays_cheap(spikecost):
        assert spikecost.cost("my_model.py:model", tolerance="0.1 ms") <= 500

With ``--spikecost-baseline=FILE`` each figure that a cost consists of is also compared with that file, and the session
fails if no test asks for a figure of the file; ``--spikecost-update`` makes or renews the file. Failures are shown as a
table. `spikecost.reports.regression.guard` does the work; it is imported only when a test asks for the fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .reports.regression.guard import Guard
    from .reports.regression.kept.baseline import Baseline
    from .reports.regression.kept.figures import Figures

_GUARD: pytest.StashKey[Guard] = pytest.StashKey()
_KEPT: pytest.StashKey[dict[str, Figures]] = pytest.StashKey()
_BASELINE: pytest.StashKey[Baseline] = pytest.StashKey()
_SAID: pytest.StashKey[str] = pytest.StashKey()
#: Figures of the baseline that tests were compared with, including those of worker processes.
_JUDGED: pytest.StashKey[set[str]] = pytest.StashKey()
_OF_REPORT = "spikecost_judged"
#: The last explanation of a comparison with a cost that failed.
_EXPLAINED: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("spikecost", "cost of spiking-neuron models")
    group.addoption("--spikecost-baseline", metavar="FILE", help="baseline that the costs of models are compared with")
    group.addoption(
        "--spikecost-update", action="store_true", help="write the costs that the tests ask for to the baseline"
    )
    group.addoption(
        "--spikecost-without-counter", action="store_true", help="accept counts that no exact counter can confirm here"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the baseline, if one is given."""
    path, update = config.getoption("spikecost_baseline"), config.getoption("spikecost_update")
    if update and not path:
        raise pytest.UsageError("--spikecost-update: name the file with --spikecost-baseline=FILE")
    if update and config.getoption("numprocesses", None):
        raise pytest.UsageError("--spikecost-update: run the tests in one process (-n 0)")
    if update:
        config.stash[_KEPT] = {}
    elif path:
        from .models.ground.errors import UserError, visible  # noqa: PLC0415 - heavy, and only for those who name a baseline
        from .reports.regression.guard import read_baseline  # noqa: PLC0415

        try:
            config.stash[_BASELINE] = read_baseline(path)
        except UserError as error:
            raise pytest.UsageError(visible(f"--spikecost-baseline: {error}")) from None
        config.stash[_JUDGED] = set()
        config.pluginmanager.register(_Ledger(config), "spikecost-ledger")


class _Ledger:
    """Records which figures of the baseline were judged, in this process or in a worker of pytest-xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record those of a test."""
        self._config.stash[_JUDGED].update(getattr(report, _OF_REPORT, ()))


@pytest.fixture
def spikecost(request: pytest.FixtureRequest) -> Guard:
    """Costs of models: ``spikecost.cost(model, tolerance)`` and ``spikecost.operations(model, method)``."""
    from .reports.regression.guard import Guard  # noqa: PLC0415 - heavy, and only for tests that ask for it

    stash = request.config.stash
    guard = Guard(
        baseline=stash.get(_BASELINE, None),
        keep=stash.get(_KEPT, None),
        without_counter=request.config.getoption("spikecost_without_counter"),
    )
    request.node.stash[_GUARD] = guard
    return guard


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Explain a failed assertion on a cost, as a table: which model costs how much."""
    if "spikecost.reports.regression.guard" not in sys.modules:  # no test has asked for a cost
        return None
    from .reports.regression.guard import explained  # noqa: PLC0415 - loaded by the fixture

    lines = explained(op, left, right)
    if lines:
        config.stash[_EXPLAINED] = lines
    return lines


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the table, or the one line of a mistake, instead of a traceback."""
    report = yield
    guard = item.stash.get(_GUARD, None)
    if guard is not None and call.when == "call":
        setattr(report, _OF_REPORT, sorted(guard.judged))
    if guard is None or call.excinfo is None or not report.failed:
        return report
    from .models.ground.errors import UserError, visible  # noqa: PLC0415 - loaded by the fixture
    from .reports.regression.guard import NotJudged, Regressed  # noqa: PLC0415

    error = call.excinfo.value
    if isinstance(error, (Regressed, NotJudged, UserError)):
        report.longrepr = visible(f"spikecost: {error}")
    lines = item.config.stash.get(_EXPLAINED, None)
    if isinstance(error, AssertionError) and lines and lines[0] in str(error):  # and not another assertion, later
        report.longrepr = visible("\n".join([f"spikecost: {lines[0]}", *lines[1:]]))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the baseline if it must be renewed; otherwise check that all its figures were judged."""
    kept = session.config.stash.get(_KEPT, None)
    if session.config.option.collectonly:
        return
    if kept is None:
        _refuse_unjudged(session)
        return
    from .models.ground.errors import UserError  # noqa: PLC0415
    from .reports.regression.guard import update_baseline  # noqa: PLC0415

    if session.testsfailed:
        session.config.stash[_SAID] = "tests failed: the baseline was left as it is"
        return
    try:
        session.config.stash[_SAID] = update_baseline(
            session.config.getoption("spikecost_baseline"), kept, _is_whole(session.config)
        )
    except UserError as error:
        session.config.stash[_SAID] = str(error)
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


def _refuse_unjudged(session: pytest.Session) -> None:
    """Make a session fail if a test that judged figures of the baseline was deleted, renamed or skipped."""
    judged, baseline = session.config.stash.get(_JUDGED, None), session.config.stash.get(_BASELINE, None)
    if judged is None or baseline is None or hasattr(session.config, "workerinput"):
        return
    if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return
    lacking = sorted(baseline.figures.values.keys() - judged)
    if _is_selection(session.config) or (judged and not lacking):
        return
    session.exitstatus = pytest.ExitCode.USAGE_ERROR
    session.config.stash[_SAID] = (
        f"no test asked for {len(lacking)} figures of {baseline.path}, such as "
        f"{next(iter(lacking), 'none')}: they were not judged; if this is intended, renew the file with "
        "--spikecost-update on the folder of the tests"
    )


def _is_selection(config: pytest.Config) -> bool:
    """Whether only some of the tests run: chosen by name or mark, or by path if an ini file names the baseline."""
    option = config.option
    typed = any(str(each).startswith("--spikecost-baseline") for each in config.invocation_params.args)
    given = config.args_source is pytest.Config.ArgsSource.ARGS
    return bool(
        option.keyword
        or option.markexpr
        or option.deselect
        or getattr(option, "lf", False)
        or option.ignore
        or option.ignore_glob
        or any("::" in each for each in config.args)
        or (given and not typed)
    )


def _is_whole(config: pytest.Config) -> bool:
    """Whether all tests run (folders, not some files), so that figures they do not ask for can be removed."""
    return not (_is_selection(config) or any(each.endswith(".py") for each in config.args))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what happened to the baseline."""
    said = terminalreporter.config.stash.get(_SAID, None)
    if said:
        from .models.ground.errors import visible  # noqa: PLC0415 - loaded by the code whose message is shown

        terminalreporter.write_line(visible(f"spikecost: {said}"))
