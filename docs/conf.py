"""How Sphinx makes the site of what antsibull-docs writes; "nox -s docs" builds it."""

from __future__ import annotations

from typing import Any

from docutils import nodes

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

# What Ansible's own documentation has. The build fetches nothing, so this says where, in place of its index.
ANSIBLE = "https://docs.ansible.com/ansible/latest"
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
BUILTIN = "ansible_collections.ansible.builtin."


def elsewhere(app: Any, env: Any, node: Any, shown: Any) -> Any:
    """A link to Ansible's documentation for a label of it; None for any other, which is then an error."""
    label = node["reftarget"]
    page = PAGES.get(label)
    if label.startswith(BUILTIN):
        page = f"collections/ansible/builtin/{label.removeprefix(BUILTIN)}.html"
    return None if page is None else nodes.reference("", "", shown, refuri=f"{ANSIBLE}/{page}", internal=False)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", elsewhere)
