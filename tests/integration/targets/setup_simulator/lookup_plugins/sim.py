# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulated vCenter's control endpoint answers to GET, such as lookup('sim', '/v1/vms/web-01')."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """The lookup; each term is a path, ``control`` another endpoint than sim_control."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Ask for every path."""
        control = kwargs.get("control") or self._templar.template((variables or {})["sim_control"])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        answers = []
        for path in terms:
            with opener.open(control + path, timeout=60) as answer:
                answers.append(json.loads(answer.read()))
        return answers
