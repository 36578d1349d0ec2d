# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who of the hosts of a batch speaks to which vCenter, and for whom. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Seat:
    """What the others must know of a host.

    ``vcenter`` is a key that is equal for hosts of the same one; ``vm`` is an entry of a module's ``vms``;
    ``expect`` is
    the snapshot that was taken of it, by the MoID of the VM, where that is known.
    """

    vcenter: str
    vm: Any
    expect: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of a module for several hosts.

    ``leader`` makes it, with the connection options of ``via``, for ``hosts``, whose VMs are ``vms``, in that order.
    ``expect`` are the snapshots known of them.
    """

    leader: str
    via: str
    vcenter: str
    hosts: list[str]
    vms: list[Any]
    expect: dict[str, str]

    def told(self) -> dict[str, Any]:
        """The form in which a playbook gets it."""
        # Not dataclasses.asdict, which copies what Ansible hands over as lazy containers, and these refuse that.
        return {
            "leader": self.leader,
            "via": self.via,
            "vcenter": self.vcenter,
            "hosts": self.hosts,
            "vms": self.vms,
            "expect": self.expect,
        }


def together(seats: Mapping[str, Seat], live: Sequence[str]) -> list[Call]:
    """One call for each vCenter.

    A live host of that vCenter leads; where none is left, any live one does, so that a lost host is not left behind.
    """
    calls = []
    for vcenter, hosts in _by_vcenter(seats, seats):
        leader = next((host for host in hosts if host in live), live[0] if live else None)
        if leader is not None:
            calls.append(_call(leader, vcenter, hosts, seats))
    return calls


def alone(seats: Mapping[str, Seat], live: Sequence[str], me: str, crews: Iterable[Sequence[str]]) -> list[Call]:
    """The calls for the hosts that ``me`` belongs with, where hosts do not wait for each other.

    ``crews`` are the groups of hosts that are worked on together; a host that is in none is alone. The first live host
    of a crew leads it, so the answer is the same for all of its members.
    """
    crew = next((list(one) for one in crews if me in one), [me])
    present = [host for host in crew if host in seats]
    leader = next((host for host in present if host in live), me)
    return [_call(leader, vcenter, hosts, seats) for vcenter, hosts in _by_vcenter(seats, present)]


def before(
    others: Mapping[str, Mapping[str, Any]], first: Container[str], vcenter: str, run: str
) -> tuple[list[str], list[Any]]:
    """Who takes space before a call to that vCenter: MoIDs of those with a snapshot, and the VMs of those on the way.

    ``others`` are the variables of the hosts outside of the call, and ``first`` those before it in the play. A host on
    the way counts if it is before, or was found ready already: then of two that ask at the same time, one counts.
    """
    earlier, ahead = [], []
    for host, facts in others.items():
        seat, result = facts.get("pre_patch__seat") or {}, facts.get("pre_patch_result") or {}
        if seat.get("vcenter") != vcenter:
            continue
        judged = (result.get("vm") or {}).get("moid")
        if result.get("guarded"):
            earlier.append(str(judged))
        elif seat.get("run") == run and not result.get("reason") and (judged or host in first):
            ahead.append(seat["vm"])
    return earlier, ahead


def entry_of(answers: Any, call: Mapping[str, Any], host: str) -> dict[str, Any]:
    """A host's own entry of what its leader registered when it made its calls in a loop.

    A call without results gives an entry that failed and has ``no_answer``. Where it was made for more VMs than it has
    hosts, those of the hosts are the last.
    """
    registered = answers if isinstance(answers, Mapping) else {}
    made = list(registered.get("results") or ())
    answer = next((one for one in made if _same(one.get("item"), call)), None)
    if answer is None:
        return _missing(registered.get("msg"))
    entries = answer.get("results")
    if not isinstance(entries, (list, tuple)) or len(entries) < len(call["hosts"]):
        return _missing(answer.get("msg"))
    own = entries[len(entries) - len(call["hosts"]) :]
    entry = {**own[list(call["hosts"]).index(host)], "vcenter": answer.get("vcenter") or {}, "no_answer": False}
    # A limit stopped the whole call before it did anything: what it says is said of the call.
    return {**entry, "status": "failed", "msg": str(answer.get("msg"))} if entry.get("status") == "skipped" else entry


def _same(item: Any, call: Mapping[str, Any]) -> bool:
    return isinstance(item, Mapping) and item.get("vcenter") == call["vcenter"] and item.get("hosts") == call["hosts"]


def _missing(why: Any) -> dict[str, Any]:
    text = str(why or "vCenter could not be asked")
    return {"status": "failed", "changed": False, "vm": None, "msg": text, "vcenter": {}, "no_answer": True}


def _by_vcenter(seats: Mapping[str, Seat], hosts: Iterable[str]) -> list[tuple[str, list[str]]]:
    parts: dict[str, list[str]] = {}
    for host in hosts:
        parts.setdefault(seats[host].vcenter, []).append(host)
    return list(parts.items())


def _call(leader: str, vcenter: str, hosts: Sequence[str], seats: Mapping[str, Seat]) -> Call:
    via = leader if leader in hosts else hosts[0]
    expect = {vm: snapshot for host in hosts for vm, snapshot in seats[host].expect.items()}
    return Call(leader, via, vcenter, list(hosts), [seats[host].vm for host in hosts], expect)
