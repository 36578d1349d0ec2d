"""Who calls which vCenter, for whom."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.crews import Seat, alone, before, entry_of, together

SEATS = {"a": Seat("v1", "A"), "b": Seat("v2", "B"), "c": Seat("v1", "C", {"vm-3": "snapshot-3"}), "d": Seat("v2", "D")}


def test_one_call_for_each_vcenter() -> None:
    calls = [call.told() for call in together(SEATS, ["a", "b", "c", "d"])]
    assert [(call["leader"], call["via"], call["hosts"], call["vms"]) for call in calls] == [
        ("a", "a", ["a", "c"], ["A", "C"]),
        ("b", "b", ["b", "d"], ["B", "D"]),
    ]
    assert calls[0]["expect"] == {"vm-3": "snapshot-3"}


def test_a_survivor_leads() -> None:
    assert [call.leader for call in together(SEATS, ["c", "d"])] == ["c", "d"]


def test_of_another_vcenter_if_need_be() -> None:
    calls = together(SEATS, ["d"])
    assert [(call.leader, call.via, call.hosts) for call in calls] == [("d", "a", ["a", "c"]), ("d", "d", ["b", "d"])]


def test_nobody_is_left() -> None:
    assert together(SEATS, []) == []


def test_each_for_itself() -> None:
    assert [(call.leader, call.hosts) for call in alone(SEATS, list(SEATS), "c", [])] == [("c", ["c"])]


def test_the_first_of_a_crew_speaks_for_it() -> None:
    crew = ["b", "c", "a"]
    for me in crew:
        calls = alone(SEATS, ["a", "c", "d"], me, [crew])
        assert [(call.leader, sorted(call.hosts)) for call in calls] == [("c", ["b"]), ("c", ["a", "c"])]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["v1", "v2", "v3"]), min_size=1),
    st.sets(st.sampled_from("abcdefgh")),
)
def test_every_host_is_in_exactly_one_call(where: dict[str, str], living: set[str]) -> None:
    seats = {host: Seat(vcenter, host) for host, vcenter in where.items()}
    live = [host for host in seats if host in living]
    calls = together(seats, live)
    assert sorted(host for call in calls for host in call.hosts) == (sorted(seats) if live else [])
    for call in calls:
        assert call.leader in live
        assert {seats[host].vcenter for host in [*call.hosts, call.via]} == {call.vcenter}


CALL = together(SEATS, ["a"])[0].told()


def answer(**more: Any) -> dict[str, Any]:
    return {"results": [{"item": CALL, **more}]}


def test_a_hosts_own_entry() -> None:
    found = entry_of(answer(results=[{"status": "ok"}, {"status": "changed"}], vcenter={"host": "x"}), CALL, "c")
    assert found == {"status": "changed", "vcenter": {"host": "x"}, "no_answer": False}


def test_a_call_that_was_stopped_did_nothing() -> None:
    found = entry_of(answer(results=[{"status": "skipped"}, {"status": "skipped"}], msg="too old"), CALL, "c")
    assert (found["status"], found["msg"], found["no_answer"]) == ("failed", "too old", False)


def test_no_answer() -> None:
    broken: list[Any] = [None, {}, {"results": []}, {"msg": "broke"}, answer(msg="broke"), answer(results=[])]
    for registered in broken:
        found = entry_of(registered, CALL, "c")
        assert (found["status"], found["no_answer"]) == ("failed", True)
    assert entry_of(answer(msg="broke"), CALL, "c")["msg"] == "broke"


def test_entries_of_those_before_come_first() -> None:
    entries = [{"status": "failed"}, {"status": "ok"}, {"status": "changed"}]
    assert [entry_of(answer(results=entries), CALL, host)["status"] for host in CALL["hosts"]] == ["ok", "changed"]
    assert entry_of(answer(results=entries[:1]), CALL, "c")["no_answer"] is True


def host(entry: str, run: str = "1", vcenter: str = "v", **result: Any) -> dict[str, Any]:
    return {"pre_patch__seat": {"run": run, "vcenter": vcenter, "vm": entry}, "pre_patch_result": result}


def test_who_takes_space_first() -> None:
    ready: dict[str, Any] = {"reason": "", "vm": {"moid": "vm-1"}}
    others = {
        "not begun": {},
        "has its snapshot": host("A", guarded=True, reason="", vm={"moid": "vm-9"}),
        "of an earlier run": host("B", run="0"),
        "elsewhere": host("C", vcenter="w", guarded=True, **ready),
        "asks": host("D"),
        "is ready": host("E", guarded=False, **ready),
        "is not ready": host("F", guarded=False, reason="no Tools", vm={"moid": "vm-2"}),
    }
    assert before(others, set(others), "v", "1") == (["vm-9"], ["D", "E"])
    # Of two that ask at the same time, only the one that comes later counts the other.
    assert before(others, set(), "v", "1") == (["vm-9"], ["E"])
