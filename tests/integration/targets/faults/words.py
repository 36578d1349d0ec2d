"""What a user sees, without what differs from run to run, and the table as reStructuredText."""

from __future__ import annotations

import re
from typing import Any

HEAD = """.. _ansible_collections.savepoint.vsphere.docsite.table_faults:

What comes of each trouble
==========================

..
    Written by tests/integration/targets/faults/table.py, from what happened. Don't edit it by hand.

Every operation was broken at every call that it makes, in every way that can strike there, on a simulated vCenter. For
each break the table says what the module's result said, in what state the virtual machine was then (and later, where
something still ran), and what a rerun without the trouble did. The test that wrote this compared every result with the
machine itself, with vCenter's task history and with the list of calls: what is reported as done is done, nothing was
done twice, and ``changed`` is true only where something changed. Breaks that differ only in the operation or the fault
stand in one row, and so do the faults that vSphere's API reference names for a call. What is the same for all
operations of a module, such as the login, was broken with one of them. :ref:`The guide on trouble
<ansible_collections.savepoint.vsphere.docsite.guide_trouble>` explains it.

A rerun of ``snapshot_revert`` reverts again, as it always does without ``safeguards``, also where the table says that
it finds it done; extending an expiry counts from now each time. What differs from run to run, such as numbers, is left
out, and so is which fault it was where that is all that differs. "The call" stands for the creation, the removal and so
on, as the message names it.
"""
# Every point, in this order.
TITLES = {
    "the login": "At the login",
    "the search by UUID": "Where the VM is looked up by its UUID",
    "the read of the running tasks": "Where it is read which tasks run",
    "the first read": "At the first read of the VM",
    "the clock": "Where vCenter is asked for the time",
    "the other reads": "At what else is read before",
    "the task history": "In vCenter's task history",
    "the read before it": "At the read before a step that follows another one",
    "the call": "At the call that does it",
    "the login after the session ended": "Where the session ends at the call, at the login after that",
    "the look after an answer lost before it took effect": "Where the call was lost, at the look what became of it",
    "the look after an answer lost after it took effect": "Where its answer was lost, at the look what became of it",
    "the task": "In the task",
    "the start of the wait": "Where the wait begins",
    "the wait": "While the task is waited for",
    "the wait for the guest": "While VMware Tools are waited for",
    "the last read": "At the last read",
    "what is given back": "Where views and collectors are given back",
    "the logout": "At the logout",
}
# What a message calls the call.
CALL = re.compile(
    r"\bthe (?:creation|edit|(?:note of the )?revert|consolidation|power-(?:on|off)|removal(?: of all snapshots)?)\b"
)
# The same trouble comes to the client in one form or another.
LOST = re.compile(r"\bthe connection was (?:closed|refused)")


def told(result: dict[str, Any]) -> frozenset[str]:
    """The message of a failure and the warnings, in words that differ by nothing but what happened."""
    failure = [_common(str(result["msg"]), None)] if result.get("failed") else []
    return frozenset([*failure, *(_common(warning, None) for warning in _warnings(result))])


def plainly(result: dict[str, Any], fault: str | None, usual: frozenset[str]) -> str:
    """The result in a line, without the warnings that there are without any trouble."""
    said = str(result["msg"])
    if result.get("failed") and _common(said, None) in usual:
        head = "failed, as it does without any trouble"
    elif not result.get("failed"):
        head = "changed" if result["changed"] else "ok"
    else:
        # Whether a machine that is gone had been changed before is a matter of moments.
        changed = result["changed"] and "the virtual machine is gone" not in said
        head = f"failed{', changed' if changed else ''}: {_common(said, fault)}"
    warnings = [_common(warning, fault) for warning in _warnings(result)]
    if "the virtual machine is gone" in said:
        # The same of the note of a revert.
        warnings = [text for text in warnings if "could not be written into its marker" not in text]
    tail = "".join(f"; warning: {text}" for text in dict.fromkeys(warnings) if text not in usual)
    return head + tail


def _warnings(result: dict[str, Any]) -> list[str]:
    found = list(result.get("retries", ()))
    for entry in result.get("results", ()):
        found += entry.get("warnings", ())
    # What concerns no VM; newer cores wrap the text.
    for warning in result.get("warnings", ()):
        text = warning if isinstance(warning, str) else warning["event"]["msg"]
        found += [] if any(text.endswith(one) for one in found) else [text]
    return found


def _common(text: str, fault: str | None) -> str:
    text = re.sub(r"^(?:vm-of-\d+|renamed): ", "", text)
    text = re.sub(r" \(\d+ times\)", "", text)
    text = LOST.sub("the connection was closed or refused", text)
    text = re.sub(r"\b(task|vm|snapshot)-\d+", r"\1-N", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "vcenter.example.com:443", text)
    text = re.sub(r"vm-of-\d+", "web-01", text)
    text = re.sub(r"(\(timeout\)|after) \d+s", r"\1 1s", text)
    text = re.sub(r"\*{8}word", "password", text)  # The simulator's is "pass", which Ansible hides everywhere.
    text = re.sub(r"\bno answer within \d+ s", "no answer within 120 s", text)
    text = CALL.sub("the call", text)
    # Which of both depends on how fast everything is.
    text = re.sub(
        r"reading showed (?:it running as task-N|that it had taken effect)", "reading showed it running or done", text
    )
    if fault is not None:
        text = re.sub(rf"\b{fault}\b.*?(?=; even so|$)", "the fault, what vCenter says of it, and a remedy", text)
    return text + ")" * (text.count("(") - text.count(")"))  # which may have gone with the fault's text


def render(rows: list[Any]) -> str:
    """The table, a section for each point; what is alike in all but the operation stands once."""
    parts = [HEAD]
    if strange := {row.point for row in rows} - set(TITLES):
        raise ValueError(f"points without a title: {strange}")
    for point, title in TITLES.items():
        merged: dict[tuple[str, str, str, str], list[str]] = {}
        everyone = list(dict.fromkeys(row.operation for row in rows if row.point == point))
        for row in rows:
            if row.point == point:
                operations = merged.setdefault((row.what, row.seen, row.state, row.rerun), [])
                if row.operation not in operations:
                    operations.append(row.operation)
        if not merged:
            continue
        parts.append(
            f"\n{title}\n{'-' * len(title)}\n\n.. list-table::\n   :header-rows: 1\n   :widths: 20 15 40 12 13\n\n"
        )
        parts.append(_line(["Trouble", "Operation", "The user sees", "State then", "A rerun"]))
        order = {what: number for number, what in enumerate(dict.fromkeys(key[0] for key in merged))}
        for key in sorted(merged, key=lambda key: order[key[0]]):
            what, seen, state, rerun = key
            those = merged[key]
            which = "all" if those == everyone and len(those) > 1 else ", ".join(those)
            parts.append(_line([what, which, seen, state, rerun]))
    return "".join(parts)


def _line(cells: list[str]) -> str:
    marks = ["   * -", *["     -"] * (len(cells) - 1)]
    return "".join(f"{mark} {_escaped(cell)}\n" for mark, cell in zip(marks, cells, strict=True))


def _escaped(text: str) -> str:
    return re.sub(r"([\\*`|_])", r"\\\1", text)
