package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// vmEndpoint answers the methods of a VirtualMachine that we know better than vcsim.
type vmEndpoint struct {
	endpoint
	machine *machine
}

// snapshotEndpoint answers the methods of a VirtualMachineSnapshot.
type snapshotEndpoint struct {
	endpoint
	machine *machine
}

// facts 7
const (
	createPrivilege = "VirtualMachine.State.CreateSnapshot"
	removePrivilege = "VirtualMachine.State.RemoveSnapshot" // consolidate and estimate as well
	renamePrivilege = "VirtualMachine.State.RenameSnapshot"
	revertPrivilege = "VirtualMachine.State.RevertToSnapshot"
)

// start runs a task for a caller: it checks the caller's privilege, what else speaks against the task, and that no
// other one runs on the machine (facts 1: TaskInProgress has .task).
func (m *machine) start(ctx *simulator.Context, privilege string, j job,
	check func() types.BaseMethodFault) (types.ManagedObjectReference, types.BaseMethodFault) {
	var task types.ManagedObjectReference
	var fault types.BaseMethodFault
	j.user = ctx.Session.UserName
	m.world.lock(m, func(ctx *simulator.Context) {
		if fault = m.world.rights.check(m, privilege); fault != nil {
			return
		}
		if check != nil {
			if fault = check(); fault != nil {
				return
			}
		}
		if m.busy != nil {
			inProgress := &types.TaskInProgress{Task: *m.busy}
			if m.world.chosen("task_in_progress") == "call" {
				fault = inProgress
				return
			}
			busy := m.busy
			m.busy = nil
			j.kind, j.effect = "", failing(inProgress)
			task = m.run(ctx, j)
			m.busy = busy
			return
		}
		task = m.run(ctx, j)
	})
	return task, fault
}

// CreateSnapshotTask takes a snapshot.
func (e *vmEndpoint) CreateSnapshotTask(ctx *simulator.Context, req *types.CreateSnapshot_Task) soap.HasFault {
	task, fault := e.createSnapshot(ctx, "CreateSnapshot_Task", "VirtualMachine.createSnapshot", wish{
		name: req.Name, description: req.Description, memory: req.Memory, quiesce: req.Quiesce,
	})
	if fault != nil {
		return refuse(fault)
	}
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{Returnval: task}}
}

// CreateSnapshotExTask takes a snapshot, with a say in how the guest is quiesced.
func (e *vmEndpoint) CreateSnapshotExTask(ctx *simulator.Context, req *types.CreateSnapshotEx_Task) soap.HasFault {
	if spec := req.QuiesceSpec; spec != nil {
		// facts 1: timeout is in minutes, 5 to 240
		if t := spec.GetVirtualMachineGuestQuiesceSpec().Timeout; t != 0 && (t < 5 || t > 240) {
			return refuse(&types.InvalidArgument{InvalidProperty: "quiesceSpec.timeout"})
		}
	}
	task, fault := e.createSnapshot(ctx, "CreateSnapshotEx_Task", "VirtualMachine.createSnapshotEx", wish{
		name: req.Name, description: req.Description, memory: req.Memory, quiesce: req.QuiesceSpec != nil,
	})
	if fault != nil {
		return refuse(fault)
	}
	return &methods.CreateSnapshotEx_TaskBody{Res: &types.CreateSnapshotEx_TaskResponse{Returnval: task}}
}

func (e *vmEndpoint) createSnapshot(ctx *simulator.Context, method, description string,
	s wish) (types.ManagedObjectReference, types.BaseMethodFault) {
	m := e.machine
	return m.start(ctx, createPrivilege, job{
		kind: "createSnapshot", method: method, description: description,
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			node, fault := m.create(ctx, s)
			if fault != nil {
				return nil, fault
			}
			return reference("VirtualMachineSnapshot", node.ID), nil
		},
	}, func() types.BaseMethodFault { return m.refuseSnapshot(s) })
}

// RevertToCurrentSnapshotTask goes back to the current snapshot.
func (e *vmEndpoint) RevertToCurrentSnapshotTask(ctx *simulator.Context,
	req *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	m := e.machine
	task, fault := m.start(ctx, revertPrivilege, job{
		kind: "revertToSnapshot", method: "RevertToCurrentSnapshot_Task",
		description: "VirtualMachine.revertToCurrentSnapshot",
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			if current := m.tree.Current(); current != nil {
				return nil, m.revert(ctx, current.ID, isTrue(req.SuppressPowerOn))
			}
			return nil, nil
		},
	}, func() types.BaseMethodFault {
		// facts 3: documented both as doing nothing and as NotFound
		if m.tree.Current() == nil && m.world.chosen("revert_to_current_without_snapshot") == "not_found" {
			return &types.NotFound{}
		}
		return nil
	})
	if fault != nil {
		return refuse(fault)
	}
	return &methods.RevertToCurrentSnapshot_TaskBody{
		Res: &types.RevertToCurrentSnapshot_TaskResponse{Returnval: task},
	}
}

// RemoveAllSnapshotsTask removes all; it succeeds with none (facts 4).
func (e *vmEndpoint) RemoveAllSnapshotsTask(ctx *simulator.Context, req *types.RemoveAllSnapshots_Task) soap.HasFault {
	m := e.machine
	var days int32
	if req.Spec != nil && req.Spec.RetentionDays != 0 {
		days = req.Spec.RetentionDays
	}
	task, fault := m.start(ctx, removePrivilege, job{
		kind: "removeAllSnapshots", method: "RemoveAllSnapshots_Task", description: "VirtualMachine.removeAllSnapshots",
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			m.removeAll(ctx, req.Consolidate == nil || *req.Consolidate, days)
			return nil, nil
		},
	}, nil)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{Returnval: task}}
}

// ConsolidateVMDisksTask merges what a removal left behind (facts 4).
func (e *vmEndpoint) ConsolidateVMDisksTask(ctx *simulator.Context, _ *types.ConsolidateVMDisks_Task) soap.HasFault {
	m := e.machine
	task, fault := m.start(ctx, removePrivilege, job{
		kind: "consolidateDisks", method: "ConsolidateVMDisks_Task", description: "VirtualMachine.consolidateDisks",
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			m.consolidate(ctx)
			return nil, nil
		},
	}, nil)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{Returnval: task}}
}

// EstimateStorageForConsolidateSnapshotsTask says how much space a consolidation takes meanwhile (facts 4).
func (e *vmEndpoint) EstimateStorageForConsolidateSnapshotsTask(ctx *simulator.Context,
	_ *types.EstimateStorageForConsolidateSnapshots_Task) soap.HasFault {
	m := e.machine
	task, fault := m.start(ctx, removePrivilege, job{
		method:      "EstimateStorageForConsolidateSnapshots_Task",
		description: "VirtualMachine.estimateStorageRequirementForConsolidate",
		effect: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
			return m.tree.CurrentDelta(), nil
		},
	}, nil)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.EstimateStorageForConsolidateSnapshots_TaskBody{
		Res: &types.EstimateStorageForConsolidateSnapshots_TaskResponse{Returnval: task},
	}
}

// RevertToSnapshotTask goes back to this snapshot (facts 3).
func (e *snapshotEndpoint) RevertToSnapshotTask(ctx *simulator.Context, req *types.RevertToSnapshot_Task) soap.HasFault {
	m := e.machine
	task, fault := m.start(ctx, revertPrivilege, job{
		kind: "revertToSnapshot", method: "RevertToSnapshot_Task", description: "vm.Snapshot.revert",
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			return nil, m.revert(ctx, e.ref.Value, isTrue(req.SuppressPowerOn))
		},
	}, nil)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{Returnval: task}}
}

// RemoveSnapshotTask removes this snapshot, and its children if so asked (facts 4).
func (e *snapshotEndpoint) RemoveSnapshotTask(ctx *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	m := e.machine
	task, fault := m.start(ctx, removePrivilege, job{
		kind: "removeSnapshot", method: "RemoveSnapshot_Task", description: "vm.Snapshot.remove",
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			return nil, m.remove(ctx, e.ref.Value, req.RemoveChildren, req.Consolidate == nil || *req.Consolidate)
		},
	}, nil)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.RemoveSnapshot_TaskBody{Res: &types.RemoveSnapshot_TaskResponse{Returnval: task}}
}

// RenameSnapshot changes name and description; what is unset stays. It has no task (facts 6).
func (e *snapshotEndpoint) RenameSnapshot(_ *simulator.Context, req *types.RenameSnapshot) soap.HasFault {
	m := e.machine
	var fault types.BaseMethodFault
	m.world.lock(m, func(ctx *simulator.Context) {
		if fault = m.world.rights.check(m, renamePrivilege); fault != nil {
			return
		}
		if m.tree.Get(e.ref.Value) == nil {
			fault = &types.ManagedObjectNotFound{Obj: e.ref}
			return
		}
		if req.Name == emptyText {
			fault = &types.InvalidName{Name: "", Entity: &m.ref}
			return
		}
		if m.busy != nil {
			fault = &types.TaskInProgress{Task: *m.busy}
			return
		}
		m.rename(ctx, e.ref.Value, wanted(req.Name), wanted(req.Description))
	})
	if fault != nil {
		return refuse(fault)
	}
	return &methods.RenameSnapshotBody{Res: &types.RenameSnapshotResponse{}}
}

// emptyText stands for a text that was sent and is empty: Go's decoder can't tell it from one that was not sent. The
// HTTP layer puts it there (see markEmpty). It is a character for private use.
const emptyText = "\uE000"

func wanted(text string) *string {
	switch text {
	case "":
		return nil
	case emptyText:
		empty := ""
		return &empty
	}
	return &text
}

func isTrue(b *bool) bool { return b != nil && *b }
