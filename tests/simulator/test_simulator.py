"""Drives the simulated vCenter with the real pyVmomi.  python -m pytest tests/simulator"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyVmomi")
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

sys.path.insert(0, str(Path(__file__).resolve().parent))
import simctl

DELTA = 16 * 2**20
names = (f"t{n}" for n in itertools.count(1))


def connect(sim: simctl.Simulator, password: str | None = None) -> Any:
    i = sim.info
    context = ssl.create_default_context(cafile=i["ca_path"])
    return SmartConnect(
        host=i["host"], port=i["port"], user=i["username"], pwd=password or i["password"], sslContext=context
    )


def filter_spec(kind: Any, paths: list[str], start: Any, skip: bool = True) -> Any:
    pc = vmodl.query.PropertyCollector
    walk = pc.TraversalSpec(name="walk", path="view", skip=False, type=type(start))
    return pc.FilterSpec(
        objectSet=[pc.ObjectSpec(obj=start, skip=skip, selectSet=[walk])],
        propSet=[pc.PropertySpec(type=kind, pathSet=paths)],
    )


def wait(si: Any, *tasks: Any, timeout: float = 60) -> None:
    """One shared wait on all tasks, the way the collection does it."""
    view = si.content.viewManager.CreateListView(obj=list(tasks))
    pc = si.content.propertyCollector.CreatePropertyCollector()
    try:
        pc.CreateFilter(filter_spec(vim.Task, ["info.state"], view), True)
        left, version, deadline = {t._moId for t in tasks}, "", time.monotonic() + timeout
        while left:
            assert time.monotonic() < deadline, f"still waiting for {len(left)} tasks"
            options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=5)
            updates = pc.WaitForUpdatesEx(version, options)
            if updates is None:
                continue
            version = updates.version
            for filtered in updates.filterSet:
                for update in filtered.objectSet:
                    for change in update.changeSet:
                        if change.name == "info.state" and change.val in ("success", "error"):
                            left.discard(update.obj._moId)
    finally:
        pc.Destroy()
        view.Destroy()


def eventually(check: Callable[[], bool], timeout: float = 10) -> None:
    deadline = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


class Machine:
    """One VM, by the API and by the control endpoint."""

    def __init__(self, sim: simctl.Simulator, si: Any, **wish: Any) -> None:
        self.sim, self.si = sim, si
        self.name = wish.setdefault("name", next(names))
        self.moid = sim.post("/v1/vms", wish)[0]["moid"]
        self.vm = vim.VirtualMachine(self.moid, si._stub)

    def state(self) -> dict[str, Any]:
        return self.sim.vm(self.moid)

    def patch(self, **what: Any) -> dict[str, Any]:
        done: dict[str, Any] = self.sim.patch(f"/v1/vms/{self.moid}", what)
        return done

    def done(self, task: Any) -> Any:
        wait(self.si, task)
        if task.info.state == "error":
            raise task.info.error
        return task.info.result

    def take(self, name: str, memory: bool = False, quiesce: bool = False, description: str = "") -> Any:
        return self.done(self.vm.CreateSnapshot_Task(name, description, memory, quiesce))

    def revert(self, snapshot: Any, **kwargs: Any) -> None:
        self.done(snapshot.RevertToSnapshot_Task(**kwargs))

    def remove(self, snapshot: Any, children: bool = False, **kwargs: Any) -> None:
        self.done(snapshot.RemoveSnapshot_Task(removeChildren=children, **kwargs))

    def shape(self) -> str:
        """The tree as the API tells it: "a(b c(d)) *b"."""

        def write(nodes: list[Any]) -> str:
            return " ".join(n.name + (f"({write(n.childSnapshotList)})" if n.childSnapshotList else "") for n in nodes)

        info = self.vm.snapshot
        if info is None:
            assert list(self.vm.rootSnapshot) == []
            return ""
        assert [n.snapshot._moId for n in info.rootSnapshotList] == [s._moId for s in self.vm.rootSnapshot]
        flat: list[Any] = []

        def check(nodes: list[Any]) -> None:
            for node in nodes:
                flat.append(node)
                children = [c.snapshot._moId for c in node.childSnapshotList]
                assert [c._moId for c in node.snapshot.childSnapshot] == children
                check(node.childSnapshotList)

        check(info.rootSnapshotList)
        current = [n.name for n in flat if info.currentSnapshot and n.snapshot._moId == info.currentSnapshot._moId]
        layout = self.vm.layoutEx
        assert {s.key._moId for s in layout.snapshot} == {n.snapshot._moId for n in flat}
        files = {f.key: f for f in layout.file}
        assert len(files) == len(layout.file) and all(f.size > 0 for f in layout.file)
        for s in layout.snapshot:
            assert s.dataKey in files and (s.memoryKey == -1 or s.memoryKey in files)
            assert all(key in files for d in s.disk for unit in d.chain for key in unit.fileKey)
        assert all(key in files for d in layout.disk for unit in d.chain for key in unit.fileKey)
        return write(info.rootSnapshotList) + "".join(f" *{name}" for name in current)


@pytest.fixture(scope="session")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[simctl.Simulator]:
    with simctl.Simulator(vms=0, guests=tmp_path_factory.mktemp("guests"), boot="100ms") as simulator:
        yield simulator


@pytest.fixture(scope="session")
def si(sim: simctl.Simulator) -> Iterator[Any]:
    connection = connect(sim)
    yield connection
    Disconnect(connection)


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sim" in request.fixturenames:
        s = request.getfixturevalue("sim")
        s.delete("/v1/faults")
        s.put("/v1/privileges", {"withhold": []})
        zero = dict.fromkeys(("createSnapshot", "revertToSnapshot", "removeSnapshot", "powerOn", "powerOff"), "0")
        s.patch("/v1/config", {"durations": zero, "latency": "0", "clock_offset": "0"})


@pytest.fixture
def m(sim: simctl.Simulator, si: Any) -> Machine:
    return Machine(sim, si)


# The tree


def test_chain_branch_and_removals(m: Machine) -> None:
    a, b = m.take("a"), m.take("b")
    c = m.take("c")
    assert m.shape() == "a(b(c)) *c"
    m.revert(a)
    assert m.shape() == "a(b(c)) *a"
    d = m.take("d")
    assert m.shape() == "a(b(c) d) *d"
    m.remove(b)
    assert m.shape() == "a(c d) *d"
    m.remove(d)
    assert m.shape() == "a(c) *a"
    m.remove(a)  # a current root while others remain: the end of stock vcsim
    assert m.shape() == "c"
    m.take("e")
    assert m.shape() == "c e *e"
    for gone in (a, b, d):
        with pytest.raises(vmodl.fault.ManagedObjectNotFound):
            gone.RemoveSnapshot_Task(False)
        with pytest.raises(vmodl.fault.ManagedObjectNotFound):
            assert gone.config
    m.remove(c)
    m.done(m.vm.RemoveAllSnapshots_Task())
    assert m.shape() == ""
    m.done(m.vm.RemoveAllSnapshots_Task())  # with none


def test_remove_children_above_current_then_create(m: Machine) -> None:
    m.take("a")
    b, c = m.take("b"), m.take("c")
    m.remove(b, children=True)
    assert m.shape() == "a *a"
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        c.RevertToSnapshot_Task()
    m.take("d")
    assert m.shape() == "a(d) *d"


def test_random_sequence(m: Machine) -> None:
    """What the API tells stays sound whatever is done; Machine.shape looks at all of it."""
    choose = random.Random(4711)
    for step in range(80):
        there = [vim.vm.Snapshot(s["moid"], m.si._stub) for s in m.state()["snapshots"]]
        what = choose.randrange(8)
        if what < 3 or not there:
            m.take(f"s{step}", memory=choose.random() < 0.5)
        elif what == 3:
            m.done(m.vm.RevertToCurrentSnapshot_Task()) if m.state()["current"] else None
        elif what < 6:
            m.revert(choose.choice(there))
        elif step % 20 == 19:
            m.done(m.vm.RemoveAllSnapshots_Task())
        else:
            m.remove(choose.choice(there), children=choose.random() < 0.3)
        m.shape()


def test_rename(m: Machine) -> None:
    a = m.take("a", description="first")

    def node() -> tuple[str, str]:
        s = m.vm.snapshot.rootSnapshotList[0]
        return s.name, s.description

    a.RenameSnapshot(name="b")
    assert node() == ("b", "first")
    a.RenameSnapshot(description="second")
    assert node() == ("b", "second")
    a.RenameSnapshot(name="c", description="")
    assert node() == ("c", "")
    with pytest.raises(vim.fault.InvalidName):
        a.RenameSnapshot(name="")


def test_names(m: Machine) -> None:
    with pytest.raises(vim.fault.InvalidName):
        m.vm.CreateSnapshot_Task("", "", False, False)
    m.take("same")
    m.take("same")
    assert m.shape() == "same(same) *same *same" or m.shape() == "same(same) *same"
    ids = [s["id"] for s in m.state()["snapshots"]]
    assert ids == [1, 2]


def test_level_limit(m: Machine) -> None:
    for n in range(32):
        m.take(f"s{n}")
    with pytest.raises(vim.fault.TooManySnapshotLevels):
        m.take("one too many")
    assert len(m.state()["snapshots"]) == 32


def test_consolidate(m: Machine) -> None:
    m.take("a")
    b = m.take("b")
    m.remove(b, consolidate=False)
    assert m.vm.runtime.consolidationNeeded
    assert len(m.vm.layoutEx.disk[0].chain) == 3
    assert m.done(m.vm.EstimateStorageForConsolidateSnapshots_Task()) > 0
    m.done(m.vm.ConsolidateVMDisks_Task())
    assert not m.vm.runtime.consolidationNeeded
    assert len(m.vm.layoutEx.disk[0].chain) == 2
    m.patch(consolidation_needed=True)
    assert m.vm.summary.runtime.consolidationNeeded is True


# Kinds


def tree_of(m: Machine) -> list[Any]:
    nodes, queue = [], list(m.vm.snapshot.rootSnapshotList)
    while queue:
        nodes.append(queue.pop(0))
        queue += nodes[-1].childSnapshotList
    return nodes


def test_kinds(m: Machine) -> None:
    for name, memory, quiesce in (("crash", False, False), ("memory", True, False), ("quiesced", False, True)):
        m.take(name, memory, quiesce)
    m.take("both", True, True)  # memory alone, by default
    m.patch(power_state="poweredOff")
    m.take("off", True, True)
    m.patch(power_state="suspended")
    m.take("suspended")
    assert {n.name: (n.state, n.quiesced) for n in tree_of(m)} == {
        "crash": ("poweredOff", False),
        "memory": ("poweredOn", False),
        "quiesced": ("poweredOff", True),
        "both": ("poweredOn", False),
        "off": ("poweredOff", False),
        "suspended": ("suspended", False),
    }
    keys = [s.memoryKey != -1 for s in m.vm.layoutEx.snapshot]
    assert keys == [False, True, False, True, False, True]


def test_quiesce_without_tools(sim: simctl.Simulator, m: Machine) -> None:
    m.patch(tools="notRunning")
    assert m.vm.guest.toolsRunningStatus == "guestToolsNotRunning"
    with pytest.raises(vim.fault.ApplicationQuiesceFault):
        m.take("q", quiesce=True)
    assert m.shape() == ""
    sim.patch("/v1/config", {"switches": {"quiesce_without_tools": "ignore"}})
    try:
        m.take("q", quiesce=True)
    finally:
        sim.patch("/v1/config", {"switches": {"quiesce_without_tools": "fail"}})
    assert m.vm.snapshot.rootSnapshotList[0].quiesced is False


def test_preconditions(m: Machine) -> None:
    flags = m.vm.capability
    assert flags.snapshotOperationsSupported and flags.memorySnapshotsSupported and flags.quiescedSnapshotsSupported
    assert flags.multipleSnapshotsSupported and flags.revertToSnapshotSupported
    m.patch(disk_mode="independent_persistent")
    with pytest.raises(vim.fault.MemorySnapshotOnIndependentDisk):
        m.take("a", memory=True)
    m.take("a")
    assert len(m.vm.layoutEx.disk[0].chain) == 1
    m.patch(power_state="poweredOff", template=True)
    with pytest.raises(vmodl.fault.NotSupported):
        m.vm.CreateSnapshot_Task("t", "", False, False)


def test_quiesce_spec(m: Machine) -> None:
    with pytest.raises(vmodl.fault.InvalidArgument):
        m.vm.CreateSnapshotEx_Task("a", "", False, vim.vm.GuestQuiesceSpec(timeout=1))
    task = m.vm.CreateSnapshotEx_Task("a", "", False, vim.vm.GuestQuiesceSpec(timeout=5))
    m.done(task)
    assert task.info.descriptionId == "VirtualMachine.createSnapshotEx"
    assert m.vm.snapshot.rootSnapshotList[0].quiesced is True


# Revert


def test_revert_power_states(m: Machine) -> None:
    crash, memory = m.take("crash"), m.take("memory", memory=True)
    m.revert(crash)
    assert m.vm.runtime.powerState == "poweredOff"
    m.revert(memory)
    assert m.vm.runtime.powerState == "poweredOn"
    m.revert(memory, suppressPowerOn=True)
    assert m.vm.runtime.powerState == "poweredOff"
    m.patch(power_state="suspended")
    asleep = m.take("asleep")
    m.patch(power_state="poweredOn")
    m.revert(asleep)
    assert m.vm.runtime.powerState == "suspended"
    m.done(m.vm.RevertToCurrentSnapshot_Task())
    assert m.shape() == "crash(memory(asleep)) *asleep"


def test_revert_to_current_without_any(m: Machine) -> None:
    with pytest.raises(vim.fault.NotFound):
        m.vm.RevertToCurrentSnapshot_Task()


def test_revert_restores_the_configuration(m: Machine) -> None:
    m.patch(annotation="before", guestinfo={"guestinfo.a": "1"}, num_cpu=2)
    a = m.take("a")
    value = vim.option.OptionValue(key="guestinfo.a", value="2")
    spec = vim.vm.ConfigSpec(annotation="after", numCPUs=8, extraConfig=[value])
    m.done(m.vm.ReconfigVM_Task(spec))
    m.patch(guestinfo={"guestinfo.b": "3"}, memory_mb=512)
    assert m.vm.config.annotation == "after" and m.vm.config.hardware.numCPU == 8
    assert m.state()["guestinfo"] == {"guestinfo.a": "2", "guestinfo.b": "3"}
    assert a.config.annotation == "before" and a.config.hardware.numCPU == 2
    m.revert(a)
    config = m.vm.config
    assert (config.annotation, config.hardware.numCPU, config.hardware.memoryMB) == ("before", 2, 4096)
    assert m.vm.summary.config.annotation == "before"
    assert m.state()["guestinfo"] == {"guestinfo.a": "1"}
    m.shape()


# Sizes


def test_sizes(sim: simctl.Simulator, m: Machine) -> None:
    def size(name: str) -> int:
        return int(next(s["size_bytes"] for s in m.state()["snapshots"] if s["name"] == name))

    a = m.take("a")
    assert 0 < size("a") < 2**20
    sim.post(f"/v1/vms/{m.moid}/grow", {"bytes": 5 * 2**30})
    m.take("b", memory=True)
    assert size("b") == pytest.approx(5 * 2**30 + 4 * 2**30 + DELTA, rel=0.001)
    assert m.state()["current_delta_bytes"] == pytest.approx(DELTA, rel=0.001)
    sim.patch(f"/v1/vms/{m.moid}/snapshots/{a._moId}", {"size_bytes": 7 * 2**30})
    assert size("a") == 7 * 2**30
    layout = m.vm.layoutEx
    files = {f.key: f.size for f in layout.file}
    by_key = {s.key._moId: s for s in layout.snapshot}

    def keys(s: Any) -> set[int]:
        return {k for d in s.disk for unit in d.chain for k in unit.fileKey}

    first, second = by_key[a._moId], next(s for k, s in by_key.items() if k != a._moId)
    own = keys(second) - keys(first)  # facts 5
    assert files[second.dataKey] + files[second.memoryKey] + sum(files[k] for k in own) == size("b")
    assert m.vm.config.hardware.device and m.vm.summary.storage.committed == sum(files.values())


def test_disk_paths_follow_the_chain(m: Machine) -> None:
    def backing(config: Any) -> Any:
        return next(d for d in config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)).backing

    base = backing(m.vm.config).fileName
    a = m.take("a")
    assert backing(a.config).fileName == base
    now = backing(m.vm.config)
    assert now.fileName == base.replace(".vmdk", "-000001.vmdk") and now.parent.fileName == base
    m.remove(a)
    assert backing(m.vm.config).fileName == base and backing(m.vm.config).parent is None


# Tasks


def test_task_while_it_runs(sim: simctl.Simulator, m: Machine) -> None:
    sim.patch("/v1/config", {"durations": {"createSnapshot": "800ms"}})
    task = m.vm.CreateSnapshot_Task("a", "", False, False)
    info = task.info
    assert info.state == "running" and info.startTime and not info.completeTime
    assert (info.descriptionId, info.entity._moId, info.entityName) == ("VirtualMachine.createSnapshot", m.moid, m.name)
    assert info.cancelable is False
    assert task._moId in [t._moId for t in m.vm.recentTask]
    assert m.shape() == ""
    for attempt, *words in (
        (m.vm.CreateSnapshot_Task, "b", "", False, False),
        (m.vm.RemoveAllSnapshots_Task,),
        (m.vm.PowerOffVM_Task,),
    ):
        with pytest.raises(vim.fault.TaskInProgress) as raised:
            attempt(*words)
        assert raised.value.task._moId == task._moId
    with pytest.raises(vmodl.fault.NotSupported):
        task.CancelTask()
    Machine(sim, m.si)  # another VM is not in the way
    m.done(task)
    info = task.info
    assert info.completeTime > info.startTime and info.result._moId == m.vm.snapshot.currentSnapshot._moId
    assert m.shape() == "a *a"


def test_many_at_once(sim: simctl.Simulator, si: Any) -> None:
    vms = sim.post("/v1/vms", {"name": "many-%03d", "count": 400, "folder": "many"})
    sim.patch("/v1/config", {"durations": {"createSnapshot": "500ms"}})
    began = time.monotonic()
    tasks = [vim.VirtualMachine(v["moid"], si._stub).CreateSnapshot_Task("a", "", False, False) for v in vms]
    wait(si, *tasks)
    assert time.monotonic() - began < 15
    assert all(len(v["snapshots"]) == 1 for v in sim.get("/v1/vms") if v["folder"] == "many")


# Faults


def test_injected_faults(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    def order(action: str, **more: Any) -> None:
        sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.name, "action": action, **more})

    order("fail", fault="InsufficientStorageSpace", message="no room")
    with pytest.raises(vim.fault.InsufficientStorageSpace) as raised:
        m.take("a")
    assert raised.value.msg == "no room"
    order("task_fail", fault="FileLocked", message="locked")
    with pytest.raises(vim.fault.FileLocked) as raised:
        m.take("a")
    assert raised.value.msg == "locked" and m.shape() == ""
    order("task_fail_late", fault="SnapshotFault")
    with pytest.raises(vim.fault.SnapshotFault):
        m.take("late")
    assert m.shape() == "late *late"
    order("drop_before")
    with pytest.raises(Exception, match=r"(?i)remote|closed|aborted|disconnected"):
        m.vm.CreateSnapshot_Task("before", "", False, False)
    order("drop_after")
    with pytest.raises(Exception, match=r"(?i)remote|closed|aborted|disconnected"):
        m.vm.CreateSnapshot_Task("after", "", False, False)
    assert m.shape() == "late(after) *after"
    order("unavailable")
    with pytest.raises(Exception, match="503"):
        m.take("b")
    order("task_hang")
    task = m.vm.CreateSnapshot_Task("hung", "", False, False)
    time.sleep(0.2)
    assert task.info.state == "running" and m.state()["busy_task"] == task._moId
    sim.delete("/v1/faults")
    m.done(task)
    assert m.shape() == "late(after(hung)) *hung"
    m.take("fine")


@pytest.fixture
def own() -> Iterator[simctl.Simulator]:
    """A simulator whose sessions nobody else needs."""
    with simctl.Simulator(vms=1) as simulator:
        yield simulator


def test_faults_of_the_wire(own: simctl.Simulator) -> None:
    sim = own
    m = Machine(sim, connect(sim))

    def order(action: str, method: str = "CreateSnapshot_Task", **more: Any) -> None:
        sim.post("/v1/faults", {"method": method, "vm": m.name, "action": action, **more})

    order("unavailable_after")
    with pytest.raises(Exception, match="503"):
        m.vm.CreateSnapshot_Task("a", "", False, False)
    assert m.shape() == "a *a"
    order("drop_before", skip=1)
    m.take("b")
    with pytest.raises(Exception, match=r"(?i)remote|closed|aborted|disconnected"):
        m.vm.CreateSnapshot_Task("c", "", False, False)
    order("slow", seconds=0.3)
    began = time.monotonic()
    m.take("d")
    assert time.monotonic() - began >= 0.3
    order("rename", message="elsewhere")
    order("move", message="moved/away", method="RemoveSnapshot_Task")
    order("power_off", method="RemoveSnapshot_Task")
    e = m.take("e")
    assert m.state()["name"] == "elsewhere"
    m.remove(e)
    m.take("f")
    m.remove(m.vm.snapshot.currentSnapshot)
    state = m.state()
    assert (state["name"], state["folder"], state["power_state"]) == ("elsewhere", "moved/away", "poweredOff")
    assert m.vm.parent.name == "away"
    for action, there in (("expire_before", "a(b(d))"), ("expire_after", "a(b(d(f)))")):
        sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "action": action})
        fresh = vim.VirtualMachine(m.moid, connect(sim)._stub)
        if action == "expire_before":
            with pytest.raises(vim.fault.NotAuthenticated):
                fresh.CreateSnapshot_Task("f", "", False, False)
        else:
            fresh.CreateSnapshot_Task("f", "", False, False)
            with pytest.raises(vim.fault.NotAuthenticated):
                str(fresh.name)
        m.vm = vim.VirtualMachine(m.moid, connect(sim)._stub)
        assert m.shape().startswith(there)
    sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.moid, "action": "delete"})
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        vim.VirtualMachine(m.moid, connect(sim)._stub).CreateSnapshot_Task("g", "", False, False)


@pytest.mark.parametrize("status", [200, 500])
def test_a_page_of_a_proxy(sim: simctl.Simulator, m: Machine, status: int) -> None:
    def order(action: str) -> None:
        sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.name, "action": action, "status": status})

    order("html")
    with pytest.raises(Exception, match=r"not well-formed|mismatched tag|syntax error"):
        m.vm.CreateSnapshot_Task("before", "", False, False)
    assert m.shape() == ""
    order("html_after")
    with pytest.raises(Exception, match=r"not well-formed|mismatched tag|syntax error"):
        m.vm.CreateSnapshot_Task("after", "", False, False)
    assert m.shape() == "after *after"
    m.take("fine")
    order("html")
    context = ssl.create_default_context(cafile=sim.info["ca_path"])
    line = http.client.HTTPSConnection(sim.info["host"], sim.info["port"], context=context)
    this = f'<_this type="VirtualMachine">{m.moid}</_this>'
    line.request("POST", "/sdk", f"<Body><CreateSnapshot_Task>{this}</CreateSnapshot_Task></Body>")
    answer = line.getresponse()
    assert (answer.status, answer.headers.get_content_type()) == (status, "text/html")
    assert answer.read().startswith(b"<!DOCTYPE html>")
    line.close()


def test_a_fault_after_other_calls(sim: simctl.Simulator, m: Machine) -> None:
    wanted = {"method": "CreateSnapshot_Task", "vm": m.name, "action": "unavailable", "skip": 1}
    sim.post("/v1/faults", {**wanted, "after": ["CreateSnapshot_Task", "RemoveSnapshot_Task"]})
    m.remove(m.take("a"))
    m.take("b")
    [left] = sim.get("/v1/faults")
    assert (left["action"], left["after"], left["skip"], left["struck"]) == ("unavailable", [], 0, 0)
    with pytest.raises(Exception, match="503"):
        m.take("c")
    assert sim.get("/v1/faults") == []
    sim.post("/v1/faults", {**wanted, "skip": 0, "times": -1})
    for name in "cc":
        with pytest.raises(Exception, match="503"):
            m.take(name)
    assert [one["struck"] for one in sim.get("/v1/faults")] == [2]
    sim.delete("/v1/faults")
    assert m.shape() == "b *b"
    m.take("c")


def test_a_task_of_somebody_else_begins(sim: simctl.Simulator, m: Machine) -> None:
    sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.name, "action": "busy", "seconds": 0.4})
    with pytest.raises(vim.fault.TaskInProgress) as raised:
        m.take("a")
    info = raised.value.task.info
    assert (info.state, info.descriptionId, info.entity._moId) == ("running", "VirtualMachine.reconfigure", m.moid)
    assert info.reason.userName == "VSPHERE.LOCAL\\somebody" and m.state()["busy_task"] == raised.value.task._moId
    m.done(raised.value.task)
    assert m.shape() == ""
    m.take("a")


def test_tools_that_end_at_a_call(sim: simctl.Simulator, m: Machine) -> None:
    sim.patch(f"/v1/vms/{m.moid}", {"tools": "running"})
    sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.name, "action": "stop_tools"})
    with pytest.raises(vim.fault.ApplicationQuiesceFault):
        m.done(m.vm.CreateSnapshot_Task("a", "", False, True))
    assert m.state()["tools"] == "notRunning" and m.vm.guest.toolsRunningStatus == "guestToolsNotRunning"


def test_partial_answers(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    m.take("a")
    other = Machine(sim, si)
    sim.post("/v1/faults", {"vm": m.name, "action": "partial", "paths": ["snapshot", "name"], "times": -1})
    pc = vmodl.query.PropertyCollector
    spec = pc.FilterSpec(
        objectSet=[pc.ObjectSpec(obj=one.vm) for one in (m, other)],
        propSet=[pc.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "snapshot", "runtime.powerState"])],
    )
    try:
        mine, others = si.content.propertyCollector.RetrievePropertiesEx([spec], pc.RetrieveOptions()).objects
    finally:
        sim.delete("/v1/faults")
    assert [one.name for one in mine.propSet] == ["runtime.powerState"]
    assert [one.path for one in mine.missingSet] == ["snapshot", "name"]
    assert isinstance(mine.missingSet[0].fault, vim.fault.NoPermission)
    assert [one.name for one in others.propSet] == ["name", "runtime.powerState"] and not others.missingSet


def test_a_restart(own: simctl.Simulator) -> None:
    sim = own
    sim.patch("/v1/config", {"durations": {"createSnapshot": "1s"}})
    si = connect(sim)
    vm = vim.VirtualMachine(sim.get("/v1/vms")[0]["moid"], si._stub)
    task = vm.CreateSnapshot_Task("a", "", False, False)
    sim.post("/v1/restart", {"seconds": 0.5, "forget": True})
    with pytest.raises(ConnectionRefusedError):
        connect(sim)
    fresh = None
    deadline = time.monotonic() + 10
    while fresh is None:
        assert time.monotonic() < deadline
        try:
            fresh = connect(sim)
        except ConnectionRefusedError:
            time.sleep(0.05)
    si._stub.DropConnections()  # which the restart has cut
    with pytest.raises(vim.fault.NotAuthenticated):
        str(vm.name)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        str(vim.Task(task._moId, fresh._stub).info)
    assert list(vim.VirtualMachine(vm._moId, fresh._stub).recentTask) == []
    eventually(lambda: [one["name"] for one in sim.get("/v1/vms")[0]["snapshots"]] == ["a"])  # the host went on
    told = [(one["vm"], one["description"], one["state"], one["user"]) for one in sim.get("/v1/tasks")]
    assert told[-1] == (vm._moId, "VirtualMachine.createSnapshot", "success", "user")
    sim.post("/v1/faults", {"method": "RemoveAllSnapshots_Task", "action": "restart_after", "seconds": 0.1})
    with pytest.raises(Exception, match=r"(?i)remote|closed|aborted|disconnected"):
        vim.VirtualMachine(vm._moId, fresh._stub).RemoveAllSnapshots_Task()
    eventually(lambda: not sim.get("/v1/vms")[0]["snapshots"])


def test_privileges(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    privilege = "VirtualMachine.State.CreateSnapshot"
    other = Machine(sim, si)
    sim.put("/v1/privileges", {"withhold": [privilege], "vm": m.name})
    with pytest.raises(vim.fault.NoPermission) as raised:
        m.vm.CreateSnapshot_Task("a", "", False, False)
    assert raised.value.privilegeId == privilege and raised.value.object._moId == m.moid
    other.take("a")
    manager, key = si.content.authorizationManager, si.content.sessionManager.currentSession.key

    def granted(answers: Any) -> list[bool]:
        return [p.isGranted for e in answers for p in e.privAvailability]

    asked = [privilege, "VirtualMachine.State.RemoveSnapshot"]
    assert granted(manager.HasPrivilegeOnEntities([m.vm, other.vm], key, asked)) == [False, True, True, True]
    assert granted(manager.HasPrivilegeOnEntities([other.vm], "nobody", asked)) == [False, False]
    assert granted(manager.HasUserPrivilegeOnEntities([m.vm], "user", asked)) == [False, True]
    sim.put("/v1/privileges", {"withhold": [], "vm": m.name})
    m.take("a")


def test_what_a_vm_tells_of_itself(m: Machine) -> None:
    assert (m.vm.guest.hostName, [list(card.ipAddress) for card in m.vm.guest.net]) == (
        m.name,
        [[m.vm.guest.ipAddress]],
    )
    m.patch(host_name="db.example.com", ip_addresses=["192.0.2.7", "2001:db8::7"])
    assert (m.vm.guest.hostName, m.vm.guest.ipAddress) == ("db.example.com", "192.0.2.7")
    assert [list(card.ipAddress) for card in m.vm.guest.net] == [["192.0.2.7", "2001:db8::7"]]
    m.patch(tools="notRunning")
    assert (m.vm.guest.hostName, list(m.vm.guest.net)) == (None, [])
    m.patch(tools="running", host_name="", ip_addresses=[])
    assert m.vm.guest.hostName == m.name and m.vm.guest.ipAddress.startswith("10.")
    for text in ("Moved or copied?", ""):
        m.patch(question=text)
        asked = m.vm.runtime.question
        assert (asked.text if asked is not None else "") == text


def test_attributes_and_settings(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    def values(entity: Any) -> dict[str, str]:
        names = {field.key: field.name for field in si.content.customFieldsManager.field}
        return {names[entry.key]: entry.value for entry in entity.customValue}

    for value in ("quorum member", "database"):
        sim.put("/v1/attributes", {"attribute": "savepoint.no_revert", "value": value, "vm": m.moid})
        assert values(m.vm) == {"savepoint.no_revert": value}
    sim.put("/v1/attributes", {"attribute": "savepoint.no_revert", "value": "", "vm": m.moid})
    sim.put("/v1/attributes", {"attribute": "savepoint.retention", "value": "{}"})
    assert sim.get("/v1/attributes")["savepoint.retention"] == "{}"
    assert values(m.vm) == {} and values(si.content.rootFolder) == {"savepoint.retention": "{}"}
    sim.put("/v1/attributes", {"attribute": "savepoint.retention", "value": ""})
    assert values(si.content.rootFolder) == {}
    fqdn = "VirtualCenter.FQDN"
    with pytest.raises(vim.fault.InvalidName):
        si.content.setting.QueryOptions(fqdn)
    sim.put("/v1/options", {fqdn: "vc.example.com"})
    assert [option.value for option in si.content.setting.QueryOptions(fqdn)] == ["vc.example.com"]
    sim.put("/v1/options", {fqdn: ""})


def test_recent_tasks(sim: simctl.Simulator, m: Machine) -> None:
    assert list(m.vm.recentTask) == []
    m.take("a")
    sim.patch("/v1/config", {"durations": {"createSnapshot": "300ms"}})
    running = m.vm.CreateSnapshot_Task("b", "", False, False)
    assert [task.info.state for task in m.vm.recentTask] == ["success", "running"]
    m.done(running)


def collected(si: Any, size: int = 1000, **wish: Any) -> list[Any]:
    """The tasks that the history has for a filter, a page at a time."""
    collector = si.content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec(**wish))
    found: list[Any] = []
    try:
        while page := collector.ReadNextTasks(size):
            assert len(page) <= size
            found += page
        return found
    finally:
        collector.DestroyCollector()


def test_task_history(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    spec, other = vim.TaskFilterSpec, Machine(sim, si)
    a = m.take("a")
    m.revert(a)
    other.take("b")
    sim.post(
        "/v1/faults", {"method": "RevertToSnapshot_Task", "vm": m.moid, "action": "task_fail", "fault": "FileFault"}
    )
    with pytest.raises(vim.fault.FileFault):
        m.revert(a)
    sim.post(f"/v1/vms/{m.moid}/snapshots/{a._moId}/revert", {"user": "LAB\\alice", "ago": "2h"})
    mine, root = spec.ByEntity(entity=m.vm, recursion="self"), si.content.rootFolder
    told = [(i.descriptionId, i.reason.userName, i.state) for i in collected(si, 2, entity=mine)]
    assert told == [
        ("VirtualMachine.createSnapshot", "user", "success"),
        ("vm.Snapshot.revert", "user", "success"),
        ("vm.Snapshot.revert", "user", "error"),
        ("vm.Snapshot.revert", "LAB\\alice", "success"),
    ]
    good = collected(si, entity=mine, state=["success"])
    assert [i.entity._moId for i in good] == [m.moid] * 3 and all(i.completeTime >= i.queueTime for i in good)
    alice = spec.ByUsername(systemUser=False, userList=["lab\\ALICE"])
    assert [i.key for i in collected(si, entity=mine, userName=alice)] == [good[2].key]
    for kind in ("queuedTime", "startedTime", "completedTime"):
        begin = spec.ByTime(timeType=kind, beginTime=good[1].completeTime)
        assert good[2].key not in [i.key for i in collected(si, entity=mine, time=begin)]
        end = spec.ByTime(timeType=kind, endTime=good[2].completeTime.replace(microsecond=999_999))
        assert [i.key for i in collected(si, entity=mine, time=end)] == [good[2].key]
    below = {i.entity._moId for i in collected(si, entity=spec.ByEntity(entity=root, recursion="all"))}
    assert {m.moid, other.moid} <= below
    assert collected(si, entity=spec.ByEntity(entity=root, recursion="self")) == []
    assert collected(si, entity=spec.ByEntity(entity=m.vm, recursion="children")) == []
    sim.delete("/v1/tasks")
    assert collected(si, entity=mine) == []


def test_task_collectors_are_few_and_end_with_the_session(sim: simctl.Simulator) -> None:
    si = connect(sim)
    made = [si.content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec()) for ignored in range(32)]
    with pytest.raises(vim.fault.InvalidState):
        si.content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec())
    made[0].DestroyCollector()
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        made[0].ReadNextTasks(10)
    with pytest.raises(vmodl.fault.InvalidArgument):
        made[1].ReadNextTasks(1001)
    si.content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec())
    Disconnect(si)
    again = connect(sim)
    assert collected(again) is not None
    Disconnect(again)


def test_a_snapshot_keeps_the_hardware_of_its_time(sim: simctl.Simulator, m: Machine) -> None:
    def labels(config: Any) -> list[str]:
        named = [
            d for d in config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk) or hasattr(d, "macAddress")
        ]
        return sorted(d.deviceInfo.label for d in named)

    before, cpus = labels(m.vm.config), m.vm.config.hardware.numCPU
    a = m.take("a")
    disk = sim.post(f"/v1/vms/{m.moid}/devices", {"kind": "disk"})
    card = sim.post(f"/v1/vms/{m.moid}/devices", {"kind": "network"})
    m.patch(num_cpu=cpus + 2)
    assert labels(m.vm.config) == sorted([*before, disk["label"], card["label"]])
    assert (labels(a.config), a.config.hardware.numCPU) == (before, cpus)
    b = m.take("b")
    on_top = {d.key: d.backing for d in m.vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)}
    kept = {d.key: d.backing for d in b.config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)}
    assert disk["key"] in kept and on_top[disk["key"]].parent.fileName == kept[disk["key"]].fileName
    assert {key: backing.uuid for key, backing in on_top.items()} == {key: b.uuid for key, b in kept.items()}
    m.revert(a)
    assert (labels(m.vm.config), m.vm.config.hardware.numCPU) == (before, cpus)
    m.revert(b)
    assert disk["label"] in labels(m.vm.config)


# Reading and waiting


def test_inventory(sim: simctl.Simulator, si: Any) -> None:
    made = sim.post("/v1/vms", {"name": "twin", "count": 2, "folder": "tests/web"})
    assert [v["folder"] for v in made] == ["tests/web/1", "tests/web/2"]
    index = si.content.searchIndex
    found = index.FindByInventoryPath("/DC0/vm/tests/web/2/twin")
    assert found._moId == made[1]["moid"]
    assert index.FindByUuid(None, made[0]["uuid"], True, False)._moId == made[0]["moid"]
    assert index.FindByUuid(None, made[0]["instance_uuid"], True, True)._moId == made[0]["moid"]
    with pytest.raises(simctl.SimulatorError, match="409"):
        sim.vm("twin")
    with pytest.raises(simctl.SimulatorError, match="409"):
        sim.post("/v1/vms", {"name": "twin", "folder": "tests/web/1"})
    with pytest.raises(simctl.SimulatorError, match="404"):
        sim.vm("nobody")
    sim.delete(f"/v1/vms/{made[0]['moid']}")
    assert index.FindByInventoryPath("/DC0/vm/tests/web/1/twin") is None
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        assert vim.VirtualMachine(made[0]["moid"], si._stub).name


def test_datacenters_and_folders_with_any_name(sim: simctl.Simulator, si: Any) -> None:
    wish = {"name": "far", "datacenter": ["em/ea", "100% %2f"], "folders": ["a\\b", "\u202ec"], "power": "off"}
    [made] = sim.post("/v1/vms", wish)
    [too] = sim.post("/v1/vms", {**wish, "name": "too"})
    vm, names = vim.VirtualMachine(made["moid"], si._stub), []
    while vm is not None:
        names.append(vm.name)
        vm = vm.parent
    assert names[:-1] == ["far", "\u202ec", "a%5cb", "vm", "100%25 %252f", "em%2fea"]
    assert too["folder"] == made["folder"]
    with pytest.raises(simctl.SimulatorError, match="409"):
        sim.delete("/v1/places/em%2Fea")
    for one in (made, too):
        sim.delete(f"/v1/vms/{one['moid']}")
    sim.delete("/v1/places/em%2Fea")
    assert [child.name for child in si.content.rootFolder.childEntity] == ["DC0"]
    with pytest.raises(simctl.SimulatorError, match="404"):
        sim.delete("/v1/places/em%2Fea")


def test_wait_sees_the_tree_change(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    view = si.content.viewManager.CreateContainerView(si.content.rootFolder, [vim.VirtualMachine], True)
    pc = si.content.propertyCollector.CreatePropertyCollector()
    pc.CreateFilter(filter_spec(vim.VirtualMachine, ["snapshot", "name"], view), False)
    options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=5)
    version = ""
    while True:
        updates = pc.WaitForUpdatesEx(version, options)
        version = updates.version
        if not updates.truncated:
            break

    def next_change() -> Any:
        nonlocal version
        updates = pc.WaitForUpdatesEx(version, options)
        version = updates.version
        return [u for f in updates.filterSet for u in f.objectSet]

    a = m.take("a")
    (update,) = next_change()
    assert (update.obj._moId, update.kind, [c.name for c in update.changeSet]) == (m.moid, "modify", ["snapshot"])
    assert update.changeSet[0].val.currentSnapshot._moId == a._moId
    m.remove(a)
    (update,) = next_change()
    assert update.changeSet[0].name == "snapshot" and update.changeSet[0].val is None
    sim.delete(f"/v1/vms/{m.moid}")
    assert ("leave", m.moid) in [(u.kind, u.obj._moId) for u in next_change()]
    new = Machine(sim, si)
    assert ("enter", new.moid) in [(u.kind, u.obj._moId) for u in next_change()]
    assert pc.WaitForUpdatesEx(version, vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=0)) is None
    pc.Destroy()
    view.Destroy()


def test_unset_properties_read_as_none(m: Machine) -> None:
    assert m.vm.snapshot is None and m.vm.runtime.faultToleranceState == "notConfigured"


# Sessions


def test_sessions(sim: simctl.Simulator) -> None:
    with pytest.raises(vim.fault.InvalidLogin):
        connect(sim, "wrong")
    other = connect(sim)
    sim.delete("/v1/calls")
    other.CurrentTime()
    calls = sim.get("/v1/calls")
    assert calls["total"] == 1 and calls["by_method"] == {"CurrentTime": 1} and calls["log"][0]["session"]


def test_expiry() -> None:
    with simctl.Simulator(vms=1) as own:
        si = connect(own)
        vm = si.content.searchIndex.FindByInventoryPath("/DC0/vm/vm-0001")
        own.post("/v1/sessions/expire")
        with pytest.raises(vim.fault.NotAuthenticated):
            vm.CreateSnapshot_Task("a", "", False, False)


def test_calls_name_the_vm_and_what_they_are_on(sim: simctl.Simulator, m: Machine) -> None:
    a = m.take("a")
    sim.delete("/v1/calls")
    m.remove(a)
    log = sim.get("/v1/calls")["log"]
    found = [(c["method"], c["this"], c["vm"]) for c in log if c["changed"]]
    assert found == [("RemoveSnapshot_Task", a._moId, m.moid)]


def test_an_answer_that_is_under_way_for_long(sim: simctl.Simulator, m: Machine) -> None:
    sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.name, "action": "slow_after", "seconds": 0.5})
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(m.take, "a")
        time.sleep(0.25)
        assert [one["name"] for one in m.state()["snapshots"]] == ["a"]
        assert not call.done()
        assert call.result()._moId == m.state()["current"]


def test_calls_that_are_not_served_yet(sim: simctl.Simulator, m: Machine) -> None:
    sim.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": m.name, "action": "slow", "seconds": 0.3})
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(m.take, "a")
        while not sim.get("/v1/calls")["altering"]:
            assert not call.done() and not m.state()["snapshots"]
            time.sleep(0.01)
        call.result()
    assert sim.get("/v1/calls")["altering"] == 0 and m.shape() == "a *a"


def test_bytes_are_counted(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    sim.delete("/v1/calls")
    assert (sim.get("/v1/calls")["bytes_received"], sim.get("/v1/calls")["bytes_sent"]) == (0, 0)
    m.vm.CreateSnapshot_Task("a", "x" * 5000, False, False)
    short = sim.get("/v1/calls")
    assert 5000 < short["bytes_received"] < 7000 and 100 < short["bytes_sent"] < 2000
    m.vm.config.hardware.device  # noqa: B018 - a long answer
    long = sim.get("/v1/calls")
    assert long["bytes_received"] < short["bytes_received"] + 2000 and long["bytes_sent"] > short["bytes_sent"] + 2000


def test_clock(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    sim.patch("/v1/config", {"clock_offset": "48h"})
    assert si.CurrentTime().timestamp() - time.time() == pytest.approx(48 * 3600, abs=5)
    m.take("a")
    assert m.vm.snapshot.rootSnapshotList[0].createTime.timestamp() - time.time() == pytest.approx(48 * 3600, abs=5)
    sim.patch(f"/v1/vms/{m.moid}/snapshots/{m.vm.snapshot.currentSnapshot._moId}", {"age": "30d"})
    age = si.CurrentTime() - m.vm.snapshot.rootSnapshotList[0].createTime
    assert age.total_seconds() == pytest.approx(30 * 86400, abs=5)


# Guests


def test_guest_follows_power_and_snapshots(sim: simctl.Simulator, m: Machine) -> None:
    def guest() -> dict[str, Any]:
        found: dict[str, Any] = sim.get(f"/v1/guests/{m.moid}")
        return found

    disk = Path(guest()["disk"])
    boot = guest()["boot_id"]
    assert guest()["reachable"] and (disk / ".guest/boot_id").read_text().strip() == boot
    (disk / "app").mkdir()
    (disk / "app/version").write_text("1")
    (disk / "app/run").write_text("#!/bin/sh\n")
    (disk / "app/run").chmod(0o755)
    (disk / "link").symlink_to("app/version")
    crash, memory = m.take("crash"), m.take("memory", memory=True)
    (disk / "app/version").write_text("2")
    (disk / "new").write_text("x")

    m.revert(memory)
    assert guest()["reachable"] and guest()["boot_id"] == boot  # it never went down
    assert (disk / "app/version").read_text() == "1" and not (disk / "new").exists()
    assert (disk / "app/run").stat().st_mode & 0o777 == 0o755 and (disk / "link").readlink() == Path("app/version")

    m.revert(crash)
    assert not guest()["reachable"] and "off" in guest()["why"]
    assert m.vm.guest.toolsRunningStatus == "guestToolsNotRunning" and m.vm.guest.ipAddress is None
    m.patch(boot="2s")  # long enough to be seen on a busy machine
    m.done(m.vm.PowerOnVM_Task())
    assert "booting" in guest()["why"]
    eventually(lambda: guest()["reachable"])
    assert guest()["boot_id"] != boot
    assert m.vm.guest.toolsRunningStatus == "guestToolsRunning" and m.vm.guest.guestState == "running"
    m.done(m.vm.RemoveAllSnapshots_Task())
    assert not list((disk.parent / "snapshots").iterdir())


def test_guest_that_does_not_come_back(sim: simctl.Simulator, m: Machine) -> None:
    a = m.take("a", memory=True)
    m.patch(boot_after_revert="never")
    m.revert(a)
    guest = sim.get(f"/v1/guests/{m.moid}")
    assert m.vm.runtime.powerState == "poweredOn" and not guest["reachable"]
    m.patch(boot="0")
    sim.post(f"/v1/guests/{m.moid}/reboot")
    assert sim.get(f"/v1/guests/{m.moid}")["reachable"]


def test_guest_power_calls(m: Machine) -> None:
    m.vm.RebootGuest()
    eventually(lambda: m.vm.guest.toolsRunningStatus == "guestToolsNotRunning")
    eventually(lambda: m.vm.guest.toolsRunningStatus == "guestToolsRunning")
    m.vm.ShutdownGuest()
    eventually(lambda: m.vm.runtime.powerState == "poweredOff")
    with pytest.raises(vim.fault.InvalidPowerState):
        m.vm.ShutdownGuest()
    with pytest.raises(vim.fault.InvalidPowerState):
        m.done(m.vm.PowerOffVM_Task())
    m.done(m.vm.PowerOnVM_Task())
    m.done(m.vm.ResetVM_Task())
    m.patch(tools="notRunning")
    with pytest.raises(vim.fault.ToolsUnavailable):
        m.vm.RebootGuest()


def test_guest_reboots_itself(sim: simctl.Simulator, m: Machine) -> None:
    guest = sim.get(f"/v1/guests/{m.moid}")
    subprocess.run([f"{guest['disk']}/.guest/bin/guest-reboot"], check=True)
    eventually(lambda: bool(sim.get(f"/v1/guests/{m.moid}")["reachable"]))
    assert sim.get(f"/v1/guests/{m.moid}")["boot_id"] != guest["boot_id"]


# Other people's VMs and snapshots


def test_foreign_snapshots(sim: simctl.Simulator, m: Machine) -> None:
    a = sim.post(f"/v1/vms/{m.moid}/snapshots", {"name": "a", "age": "72h"})
    sim.post(f"/v1/vms/{m.moid}/snapshots", {"name": "VEEAM BACKUP TEMPORARY SNAPSHOT", "memory": True})
    sim.post(f"/v1/vms/{m.moid}/snapshots", {"name": "aside", "parent": a["moid"]})
    assert m.shape() == "a(VEEAM BACKUP TEMPORARY SNAPSHOT aside) *VEEAM BACKUP TEMPORARY SNAPSHOT"
    sim.delete(f"/v1/vms/{m.moid}/snapshots/{a['moid']}")
    assert m.shape().startswith("VEEAM BACKUP TEMPORARY SNAPSHOT aside")


def test_clones_are_looked_after(sim: simctl.Simulator, si: Any, m: Machine) -> None:
    spec = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), powerOn=True)
    clone = m.done(m.vm.CloneVM_Task(m.vm.parent, m.name + "-clone", spec))
    eventually(lambda: bool(clone.capability.snapshotOperationsSupported))
    c = Machine.__new__(Machine)
    c.sim, c.si, c.vm, c.moid, c.name = sim, si, clone, clone._moId, m.name + "-clone"
    a = c.take("a")
    c.revert(a)
    c.remove(a)
    assert c.shape() == "" and clone.runtime.powerState == "poweredOff"
    c.done(clone.Destroy_Task())


# The whole program


def test_fleet_and_paging() -> None:
    with simctl.Simulator(vms=3000, folder="a/b", datastores=3, hosts=4) as fleet:
        assert float(fleet.info["start_seconds"]) < 30
        si = connect(fleet)
        view = si.content.viewManager.CreateContainerView(si.content.rootFolder, [vim.VirtualMachine], True)
        paths = ["name", "parent", "config.uuid", "config.instanceUuid", "runtime.powerState", "snapshot", "layoutEx"]
        options = vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=1000)
        pc = si.content.propertyCollector
        began, seen, pages = time.monotonic(), set(), 0
        result = pc.RetrievePropertiesEx([filter_spec(vim.VirtualMachine, paths, view)], options)
        while True:
            pages += 1
            seen |= {next(p.val for p in o.propSet if p.name == "config.instanceUuid") for o in result.objects}
            if not result.token:
                break
            result = pc.ContinueRetrievePropertiesEx(result.token)
        assert (len(seen), pages) == (3000, 3)
        assert time.monotonic() - began < 60
        assert si.content.searchIndex.FindByInventoryPath("/DC0/vm/a/b/vm-3000") is not None


def test_several_types_in_one_read() -> None:
    with simctl.Simulator(vms=3, folder="a/b", hosts=2) as fleet:
        si = connect(fleet)
        pc = vmodl.query.PropertyCollector
        wanted = {
            vim.VirtualMachine: ["name", "parent"],
            vim.Folder: ["name"],
            vim.ComputeResource: ["name", "host"],
        }
        view = si.content.viewManager.CreateContainerView(si.content.rootFolder, list(wanted), True)

        def read(*kinds: Any) -> dict[str, list[str]]:
            spec = filter_spec(kinds[0], wanted[kinds[0]], view)
            spec.propSet = [pc.PropertySpec(type=kind, pathSet=wanted[kind]) for kind in kinds]
            found = si.content.propertyCollector.RetrievePropertiesEx([spec], pc.RetrieveOptions()).objects
            return {o.obj._moId: sorted(p.name for p in o.propSet) for o in found}

        together = read(*wanted)
        alone = [read(kind) for kind in wanted]
        assert together == {moid: paths for part in alone for moid, paths in part.items()}
        assert [len(part) for part in alone] == [3, 6, 1]
        assert set(map(tuple, alone[0].values())) == {("name", "parent")}
        assert set(map(tuple, alone[2].values())) == {("host", "name")}  # a cluster, which is a compute resource


def test_stock(sim: simctl.Simulator) -> None:
    with simctl.Simulator(vms=2, stock=True) as stock:
        si = connect(stock)
        vm = si.content.searchIndex.FindByInventoryPath("/DC0/vm/DC0_C0_RP0_VM0")
        assert vm.capability.snapshotOperationsSupported is False
        assert stock.get("/v1/calls")["by_method"]["FindByInventoryPath"] == 1
        with pytest.raises(simctl.SimulatorError, match="404"):
            stock.get("/v1/vms")


def test_a_password_that_nobody_looks_for_is_refused_where_one_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "integration_config.yml"
    monkeypatch.setattr(simctl, "CONFIG", config)
    monkeypatch.delenv(simctl.PASSWORD, raising=False)
    monkeypatch.setenv(simctl.SEARCHED, "1")
    with pytest.raises(simctl.SimulatorError, match=simctl.PASSWORD), simctl.Simulator(vms=0):
        pass
    monkeypatch.delenv(simctl.SEARCHED)
    with simctl.Simulator(vms=0) as by_hand:
        assert by_hand.info["password"] == "pass"
    # As in an integration target, which sees no variable of nox's.
    config.write_text(json.dumps({"sim_hostname": "of another program"}))
    with pytest.raises(simctl.SimulatorError, match=simctl.PASSWORD), simctl.Simulator(vms=0):
        pass
    config.write_text(json.dumps({"sim_password": "of a target"}))
    with simctl.Simulator(vms=0) as ours:
        assert ours.info["password"] == "of a target"
    monkeypatch.setenv(simctl.PASSWORD, "of a session")
    with simctl.Simulator(vms=0) as ours:
        assert ours.info["password"] == "of a session"


@pytest.mark.parametrize("how", ["stdin", "SIGTERM", "SIGINT"])
def test_ends_and_leaves_nothing(how: str, tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([str(simctl.build())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline().startswith(b"{")
    assert list(tmp_path.iterdir())
    if how == "stdin":
        process.stdin.close()
    else:
        process.send_signal(getattr(signal, how))
    assert process.wait(10) == 0
    assert not list(tmp_path.iterdir())
    process.stdout.close()
    process.stdin.close()
