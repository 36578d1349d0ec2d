"""This machine, as if it were another one: whatever looks for a local connection finds none."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: savepoint_apart
short_description: This machine, as if it were another one
description: As the local connection, by another name.
author: Savepoint for vSphere contributors (@savepoint)
options: {}
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(Local):
    """Only the name is another."""

    transport = "savepoint_apart"
