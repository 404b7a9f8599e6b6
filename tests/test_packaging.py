"""The installed package equals the repository."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml

import spikecost

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_is_listed():
    found = {
        ".".join(["spikecost", *path.parent.relative_to(ROOT).parts])
        for path in ROOT.rglob("__init__.py")
        if path.relative_to(ROOT).parts[0] != "tests"
        and not any(part.startswith(".") or part in ("build", "dist") for part in path.relative_to(ROOT).parts)
    }
    assert sorted(found) == sorted(PROJECT["tool"]["setuptools"]["packages"])


def test_every_folder_with_modules_is_a_package():
    folders = {
        path.parent
        for folder in PROJECT["tool"]["setuptools"]["packages"]
        for path in ROOT.joinpath(*folder.split(".")[1:]).glob("*.py")
    }
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_a_class_name_has_one_meaning():
    folders = (ROOT.joinpath(*folder.split(".")[1:]) for folder in PROJECT["tool"]["setuptools"]["packages"])
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py")]
    # a private class belongs to its module alone
    names = Counter(name for text in texts for name in re.findall(r"^class ([A-Z]\w*)", text, re.MULTILINE))
    assert len(names) > 100
    assert [name for name, times in names.items() if times > 1] == []


def test_every_data_file_is_installed():
    data = PROJECT["tool"]["setuptools"]["package-data"]
    installed = Path(spikecost.__file__).parent
    for package, patterns in data.items():
        for pattern in patterns:
            here = sorted(path.name for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern))
            assert here, f"{pattern} of {package} matches nothing"
            there = sorted(path.name for path in installed.joinpath(*package.split(".")[1:]).glob(pattern))
            assert there == here


def test_no_file_that_a_package_needs_is_left_out():
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        folder = ROOT.joinpath(*package.split(".")[1:])
        if folder == ROOT:
            continue  # other files of the repository are in the same folder as the root package
        covered = {path for pattern in ["*.py", *data.get(package, [])] for path in folder.glob(pattern)}
        # data may be in a folder without modules, such as what the page gives to the browser
        folders = {folder, *(folder.joinpath(pattern).parent for pattern in data.get(package, []))}
        assert {path for each in folders for path in each.iterdir() if path.is_file()} == covered


def test_version():
    try:
        installed = version("spikecost")
    except PackageNotFoundError:
        pytest.skip("spikecost runs from its folder and is not installed: pip install .")
    assert installed == PROJECT["project"]["version"]


@pytest.mark.parametrize("name", spikecost.__all__)
def test_every_public_name_can_be_had_and_is_documented(name):
    thing = getattr(spikecost, name)
    assert thing is not None
    if callable(thing):
        assert thing.__doc__


def test_public_names_are_unique():
    assert len(set(spikecost.__all__)) == len(spikecost.__all__)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match=r"'spikecost' .*'cuont'"):
        spikecost.cuont  # noqa: B018 - the access fails


def test_the_console_script_is_the_command_line():
    module, _, function = PROJECT["project"]["scripts"]["spikecost"].partition(":")
    assert (module, function) == ("spikecost.__main__", "main")


def test_the_reference_of_the_documentation_has_every_public_name():
    page = (ROOT / "docs" / "python.md").read_text()
    documented = set(re.findall(r":: spikecost\.(\w+)$", page, re.MULTILINE))
    assert documented == set(spikecost.__all__)


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == citation["preferred-citation"]["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text())
    assert all((ROOT / link).exists() for link in links), links
