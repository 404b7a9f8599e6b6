"""Settings of the documentation site: `tox -e docs` builds it from these pages and the docstrings."""

from importlib.metadata import version as version_of

project = "spikecost"
author = "the spikecost developers"
release = version = version_of("spikecost")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "sphinxarg.ext"]
exclude_patterns = ["_build"]
root_doc = "index"
html_theme = "furo"
html_title = "spikecost"
smartquotes = False  # the two hyphens of an option stay two

# a link to a heading of another page, such as files.md#suites, is checked like a link to a page
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# notebooks are executed, in an empty folder, and an error in one ends the build
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
# models in Brian2's language, and what commands print, have no lexer
highlight_language = "none"

autodoc_typehints = "none"  # the docstrings give types, shapes and units
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
# names in single backquotes are code
default_role = "code"
