"""What must hold on the VMs whatever struck, and what a report may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marks import Machine, Writing, by_moid, held, managed, plain, read
from move_revert import Guarded, Revert
from moves import Move, Result
from others import Deed, Others

TASK = re.compile(r"\btask-\d+\b")
# What a result says where it can't know what became of its own call.
UNKNOWN = re.compile(
    r"may still run|still runs|broke|could not be read|does not let|still waits|a rerun (finds out|waits|looks)"
)
# What others may do to a VM without changing anything that a result tells of snapshots.
HARMLESS = {"vm", "power", "partial", "look"}


@dataclass
class Scene:
    """One step: the moves that ran, what others did meanwhile, and the VMs before it and after."""

    moves: Sequence[Move]
    others: Others
    before: Mapping[str, Machine]
    after: Mapping[str, Machine]
    # VMs of which a result says that a set is there twice, since the second one could not be removed again.
    excess: frozenset[str] = frozenset()

    @property
    def deleted(self) -> set[str]:
        """VMs that are no more."""
        return set(self.before) - set(self.after)

    def besides(self, move: Move, vm: str) -> set[str]:
        """Who else was at work on a VM, by kind."""
        more = {other.kind for other in self.moves if other is not move and vm in other.chosen}
        return self.others.kinds(vm) | more

    def kept(self, calls: Iterable[Machine]) -> None:
        """Nothing has happened to any VM that nobody asked for."""
        log = list(calls)
        for moid, was in self.before.items():
            if moid not in self.after:
                assert "deleted" in self.others.kinds(moid), f"{moid} is gone, and nobody deleted it"
                continue
            self._kept(was, self.after[moid])
        released = {
            one
            for move in self.moves
            for moid in move.chosen
            for one, wanted in move.writes(self.before[moid]).items()
            if wanted.hold is False
        }
        forced = {moid for move in self.moves if move.forced for moid in move.chosen}
        self.others.kept(self.before, self.after, log, released, forced)
        self._reverted({call["vm"] for call in log if call["method"].startswith("Revert")} - {""})

    def _kept(self, was: Machine, now: Machine) -> None:
        moid = was["moid"]
        moves = [move for move in self.moves if move.alters and moid in move.chosen]
        deeds = self.others.on(moid)
        if not moves and not deeds:
            assert now["snapshots"] == was["snapshots"], f"{moid} was not asked for, and has changed"
            assert now["current"] == was["current"], f"{moid} was not asked for, and was reverted"
            return
        writing = Writing()
        versions = list(_versions(was, deeds))
        for wishes in (*(move.writes(one) for move in moves for one in versions), *(deed.writes for deed in deeds)):
            writing.add(moid, wishes)
        released = {key[1] for key, wishes in writing.wanted.items() if any(one.hold is False for one in wishes)}
        old, new = by_moid(was), by_moid(now)
        gone = {one: snapshot for one, snapshot in old.items() if one not in new}
        eased = [{**vm, "snapshots": [_released(one, released) for one in vm["snapshots"]]} for vm in versions]
        self._removed(moid, gone, moves, released, [*versions, *eased])
        self._added(was, now, moves)
        for one in old.keys() & new.keys():
            writing.check(moid, old[one], new[one])
        places = {"taken", "reverted", "gone"} & {deed.kind for deed in deeds}
        may = places or gone or any(move.moves_present or move.kind == "take" for move in moves)
        assert may or now["current"] == was["current"], f"{moid} was reverted"

    def _removed(
        self, moid: str, gone: Mapping[str, Machine], moves: Sequence[Move], released: set[str], seen: Sequence[Machine]
    ) -> None:
        """What is gone was to go, by the VM as it may have been ``seen``."""
        theirs = {deed.snapshot for deed in self.others.on(moid) if deed.kind == "gone"}
        for one, snapshot in gone.items():
            able = [move for move in moves if any(one in move.may_go(vm) for vm in seen)]
            assert one in theirs or able, f"{moid}: {snapshot} must stay"
            forced = one in theirs or one in released or any(move.forced for move in able)
            assert forced or not held(snapshot), f"{moid}: {snapshot} was on hold, and was removed"
            explicit = one in theirs or any(move.explicit for move in able)
            assert explicit or managed(snapshot), f"{moid}: {snapshot} is somebody else's, and was removed"

    def _added(self, was: Machine, now: Machine, moves: Sequence[Move]) -> None:
        moid = was["moid"]
        theirs = {deed.added for deed in self.others.on(moid) if deed.added is not None}
        added = [one for moid, one in by_moid(now).items() if moid not in by_moid(was)]
        strange = [one for one in added if one["moid"] not in theirs and not any(move.takes(one) for move in moves)]
        assert not strange, f"{moid}: {strange} came from nowhere"
        if not any(move.explicit for move in moves):
            lost = theirs - set(by_moid(now))
            assert not lost, f"{moid}: {lost} were somebody else's, and were removed"
        for move in moves:
            those = [one for one in now["snapshots"] if move.single(one)]
            most = max(1, sum(map(move.single, was["snapshots"]))) + (moid in self.excess)
            assert len(those) <= most, f"{moid}: {len(those)} of one set"

    def _reverted(self, vms: set[str]) -> None:
        reverts = [move for move in self.moves if isinstance(move, Revert)]
        for moid in vms:
            able = [move for move in reverts if moid in move.chosen]
            assert able, f"{moid} was reverted, and nobody asked for it"
            if all(not self.besides(move, moid) - HARMLESS for move in able):
                may = any(move.may_revert(self.before[moid]) for move in able)
                assert may, f"{moid} was reverted against its safeguards"

    def reports(self, move: Move, result: Result, alone: bool = True) -> None:
        """The report is what the simulator has. ``alone``: nobody else did the same before, say a killed call."""
        told = self._told(move, result)
        for moid, one in told.items():
            now, was = self.after.get(moid), self.before[moid]
            if now is None:
                continue
            besides = self.besides(move, moid)
            stood_back = not alone and "a snapshot task runs on it" in one["msg"]
            if one["status"] != "failed" and besides <= self._standing(move) and not stood_back:
                move.reached(one, was, now)
            if isinstance(move, Guarded) and one["status"] == "failed" and not besides:
                move.refused(one, was)
            sure = one["status"] != "failed" or not UNKNOWN.search(one["msg"])
            if sure and besides <= HARMLESS:
                self._true(move, one, now)
                if alone:
                    self._honest(move, one, was, now)

    def _standing(self, move: Move) -> frozenset[str]:
        """Those of whom nothing that the move has reached can be undone."""
        same = any(other.kind == "take" and other.target == move.target for other in self.moves if other is not move)
        undone = {"take"} if same else set()
        if move.options.get("remove_children"):
            undone.add("gone")  # What was below it is not any more once it is gone itself.
        return move.stands - undone

    def _told(self, move: Move, result: Result) -> dict[str, Result]:
        """The entries by VM."""
        assert "crash" not in result, result["crash"]
        assert "Traceback" not in str(result), "a traceback is no result"
        entries = result.get("results") or []
        told = {one["vm"]["moid"]: one for one in entries if one["vm"] is not None}
        if not entries:
            assert result.get("failed") and result.get("msg"), "neither results nor an error"
            return {}
        assert len(entries) == len(move.chosen), "one result for each VM"
        left_out = set(move.chosen) - set(told)
        assert left_out <= self.deleted and set(told) <= set(move.chosen), f"no result of {left_out - self.deleted}"
        return told

    def _true(self, move: Move, one: Result, now: Machine) -> None:
        """The snapshot that it tells of is there, and says the same."""
        shown = one.get("snapshot")
        if not shown:
            return
        moid, there = now["moid"], by_moid(now).get(shown["moid"])
        assert there is not None, f"{moid}: the result tells of {shown['moid']}, which is not there: {one['msg']}"
        mark = read(there)
        true = {
            "name": plain(there["name"]),
            "description": mark.text,
            "hold": held(there),
            "set": mark.word("set"),
            "phase": mark.word("phase"),
            "expires_at": mark.word("expires"),
            "current": now["current"] == there["moid"],
        }
        wrong = {key: (shown[key], value) for key, value in true.items() if shown[key] != value}
        assert not wrong or (mark.broken and wrong.keys() == {"description"}), f"{moid}: told, and true: {wrong}"

    def _honest(self, move: Move, one: Result, was: Machine, now: Machine) -> None:
        """``changed`` and ``removed`` are what has really happened."""
        moid = was["moid"]
        really = any(was[key] != now[key] for key in ("snapshots", "current"))
        merged = was["consolidation_needed"] != now["consolidation_needed"]
        if move.module == "snapshot_consolidate":
            really = merged
        elif move.options.get("state") == "absent":
            really = really or merged  # What an earlier removal has left.
        # A revert to where it was already counts, too: the present was thrown away.
        if not (move.module == "snapshot_revert" and one["changed"]):
            assert one["changed"] is really, f"{moid}: changed is {one['changed']}, in truth {really}: {one['msg']}"
        if "removed" in one:
            told, true = {gone["moid"] for gone in one["removed"]}, set(by_moid(was)) - set(by_moid(now))
            assert told == true, f"{moid}: told to be removed {told}, in truth {true}: {one['msg']}"


def _released(snapshot: Machine, those: set[str]) -> Machine:
    """As it is once its hold was lifted, if it is one of those."""
    text = snapshot["description"]
    return {**snapshot, "description": re.sub(r" hold\]$", "]", text) if snapshot["moid"] in those else text}


def _versions(vm: Machine, deeds: Sequence[Deed]) -> Iterator[Machine]:
    """The VM as a call may have read it: before what others did to its names, after it, and in between."""
    changed = [deed.snapshot for deed in deeds if deed.kind in ("gone", "named")]
    for some in {frozenset(), frozenset(changed), *(frozenset((one,)) for one in changed)}:
        yield {**vm, "snapshots": [one for one in vm["snapshots"] if one["moid"] not in some]}


def excess(results: Iterable[Result | None]) -> frozenset[str]:
    """The VMs of which these say that a set is there twice."""
    entries = [one for result in results if result is not None for one in result.get("results") or ()]
    return frozenset(one["vm"]["moid"] for one in entries if one["vm"] and "of this call is too much" in one["msg"])


def known(result: Result, tasks: set[str]) -> None:
    """A task that it names, say one that still runs, is one of vCenter's."""
    for one in result.get("results") or ():
        strange = set(TASK.findall(one["msg"])) - tasks
        assert not strange, f"no such tasks as {strange}: {one['msg']}"


def able(move: Move, result: Result, before: Mapping[str, Machine]) -> None:
    """Without trouble it ends well on each VM where it can, and only there."""
    for one in result["results"]:
        moid = one["vm"]["moid"]
        can = move.able(before[moid])
        assert can is None or can is (one["status"] != "failed"), f"{moid}: {one['status']}, able {can}: {one['msg']}"
