"""How Sphinx makes the site of what antsibull-docs writes; "nox -s docs" builds it."""

from __future__ import annotations

project = "Savepoint for vSphere"
author = "Savepoint for vSphere contributors"
copyright = f"2026, {author}"  # noqa: A001 - what Sphinx asks for
title = html_short_title = project

extensions = ["sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "alabaster"  # comes with Sphinx
html_theme_options = {"page_width": "1200px", "fixed_sidebar": True}
html_show_sphinx = False
# What is documented elsewhere (Ansible itself) is named but not linked: the build fetches nothing.
nitpicky = False
default_role = "any"
