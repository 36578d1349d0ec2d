package main

import (
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"savepoint.vsphere/simulator/internal/tree"
)

// wish is what a snapshot is asked to be.
type wish struct {
	name, description string
	memory, quiesce   bool
	createdAt         time.Time // zero: now
	below             string    // the parent's MoID; empty: the current one
	force             bool      // the control endpoint takes no account of the guest
}

const snapshotDataSize = 30 << 10

// refuseSnapshot is what speaks against taking one, from the call.
func (m *machine) refuseSnapshot(s wish) types.BaseMethodFault {
	if s.name == "" {
		return &types.InvalidName{Name: s.name, Entity: &m.ref} // facts 1: declared faults; facts 8 on empty names
	}
	if m.vm.Config.Template { // facts 2, "Template": U, so switchable
		switch m.world.chosen("template_snapshot") {
		case "not_supported":
			return &types.NotSupported{}
		case "invalid_state":
			return &types.InvalidState{}
		}
	}
	return nil
}

// refuseSnapshotInTask is what makes the task fail.
func (m *machine) refuseSnapshotInTask(s wish) types.BaseMethodFault {
	// facts 2, "Depth": 32 levels; 31 has been observed, so the number can be set.
	if current := m.tree.Current(); current != nil && current.Depth() >= m.world.number("max_levels") {
		return &types.TooManySnapshotLevels{}
	}
	if locked := m.vm.Config.Flags.SnapshotLocked; locked != nil && *locked { // facts 2, "Flags"
		return &types.SnapshotLocked{}
	}
	// facts 2, "Independent disk": no memory snapshot of them.
	if s.memory && m.on() && len(m.independentDisks()) != 0 {
		return &types.MemorySnapshotOnIndependentDisk{}
	}
	// facts 1, "Quiesce": ignored on a powered off VM; without Tools it fails or is ignored.
	if m.quiesces(s) && !m.toolsRunning() && m.world.chosen("quiesce_without_tools") == "fail" {
		return &types.ApplicationQuiesceFault{}
	}
	return nil
}

// quiesces tells whether the guest is to be quiesced: not if memory is kept as well (facts 1, "Memory+quiesce
// together": U, so switchable).
func (m *machine) quiesces(s wish) bool {
	return s.quiesce && m.on() && (!s.memory || m.world.chosen("memory_and_quiesce") == "both")
}

// create takes a snapshot now. The caller holds the machine's lock.
func (m *machine) create(ctx *simulator.Context, s wish) (*tree.Snapshot, types.BaseMethodFault) {
	if !s.force {
		if fault := m.refuseSnapshotInTask(s); fault != nil {
			return nil, fault
		}
	}
	object := &simulator.VirtualMachineSnapshot{}
	object.Vm = m.ref
	object.Config = clone(*m.vm.Config)
	m.world.registry.Put(object)

	node := &tree.Snapshot{
		ID: object.Self.Value, Name: s.name, Description: s.description, CreatedAt: s.createdAt,
		// facts 1: "memory=false -> snapshot state poweredOff"
		State:    string(types.VirtualMachinePowerStatePoweredOff),
		Quiesced: m.quiesces(s) && m.toolsRunning(),
	}
	if node.CreatedAt.IsZero() {
		node.CreatedAt = m.world.now()
	}
	memory := int64(-1)
	switch m.powerState() {
	case types.VirtualMachinePowerStateSuspended:
		// facts 1: "Suspended VM: memory always included"
		node.State = string(types.VirtualMachinePowerStateSuspended)
		memory = m.memorySize()
	case types.VirtualMachinePowerStatePoweredOn:
		if s.memory {
			node.State = string(types.VirtualMachinePowerStatePoweredOn)
			memory = m.memorySize()
		}
	}
	if s.below != "" {
		if err := m.tree.CreateBelow(node, s.below, snapshotDataSize, memory); err != nil {
			m.world.registry.Remove(ctx, object.Self)
			return nil, &types.ManagedObjectNotFound{Obj: reference("VirtualMachineSnapshot", s.below)}
		}
	} else {
		m.tree.Create(node, snapshotDataSize, memory, m.independentDisks())
	}
	m.guest.save(node.ID)

	w := m.world
	w.mu.Lock()
	w.snapshots[node.ID] = m
	w.mu.Unlock()
	m.linkChildren(ctx, node.Parent)
	m.update(ctx, m.snapshotChanges())
	return node, nil
}

func (m *machine) memorySize() int64 { return int64(max(1, m.vm.Config.Hardware.MemoryMB)) << 20 }

// revert goes back to a snapshot (facts 3). The caller holds the machine's lock.
func (m *machine) revert(ctx *simulator.Context, id string, suppressPowerOn bool) types.BaseMethodFault {
	object, ok := get[*simulator.VirtualMachineSnapshot](m.world, reference("VirtualMachineSnapshot", id))
	node := m.tree.Get(id)
	if !ok || node == nil {
		return &types.ManagedObjectNotFound{Obj: reference("VirtualMachineSnapshot", id)}
	}
	// facts 3: "Current disk+memory state discarded; memory, settings and disks return"
	m.guest.stop()
	m.guest.restore(id)
	config := clone(object.Config)
	config.Name = m.vm.Name // a VM's name is the inventory's, not the snapshot's
	config.Modified = m.world.now()
	m.update(ctx, []types.PropertyChange{
		{Name: "config", Val: config},
		{Name: "summary.config.annotation", Val: config.Annotation},
		{Name: "summary.config.numCpu", Val: config.Hardware.NumCPU},
		{Name: "summary.config.memorySizeMB", Val: config.Hardware.MemoryMB},
	})
	// facts 3: "target becomes parent of current state"
	if _, err := m.tree.Revert(id); err != nil {
		return &types.ManagedObjectNotFound{Obj: object.Self}
	}
	if m.bootAfterRevert != nil {
		m.boot = *m.bootAfterRevert
	}

	// facts 3: on with memory -> running; on without memory -> off; off -> off. Suspended comes back suspended.
	state := types.VirtualMachinePowerState(node.State)
	if state == types.VirtualMachinePowerStatePoweredOn && suppressPowerOn {
		// facts 3: "suppressPowerOn wins". What becomes of the memory then is not said, so switchable.
		state = types.VirtualMachinePowerState(m.world.chosen("suppressed_memory_revert"))
	}
	m.setPower(ctx, state, node.Memory != nil)
	m.bootAfterRevert = nil
	m.update(ctx, m.snapshotChanges())
	return nil
}

// remove takes one snapshot or a subtree away (facts 4). The caller holds the machine's lock.
func (m *machine) remove(ctx *simulator.Context, id string, children, consolidate bool) types.BaseMethodFault {
	node := m.tree.Get(id)
	if node == nil {
		return &types.ManagedObjectNotFound{Obj: reference("VirtualMachineSnapshot", id)}
	}
	parent := node.Parent
	removed, _ := m.tree.Remove(id, children, consolidate)
	m.removed(ctx, removed)
	m.linkChildren(ctx, parent)
	return nil
}

// removeAll takes every snapshot away; with days, only those that are older (facts 4, retentionDays).
func (m *machine) removeAll(ctx *simulator.Context, consolidate bool, days int32) {
	if days == 0 {
		m.removed(ctx, m.tree.RemoveAll(consolidate))
		return
	}
	limit := m.world.now().Add(-time.Duration(days) * 24 * time.Hour)
	for _, s := range m.tree.All() {
		if s.CreatedAt.Before(limit) {
			_ = m.remove(ctx, s.ID, false, consolidate)
		}
	}
}

func (m *machine) removed(ctx *simulator.Context, list []*tree.Snapshot) {
	for _, s := range list {
		m.world.dropSnapshot(ctx, s)
		m.guest.drop(s.ID)
	}
	changes := m.snapshotChanges()
	if m.tree.ConsolidationNeeded() || m.stuck {
		changes = append(changes, consolidation(true)...)
	}
	m.update(ctx, changes)
}

// dropSnapshot takes a snapshot's object out of the registry, so that it can't be found any more.
func (w *world) dropSnapshot(ctx *simulator.Context, s *tree.Snapshot) {
	w.mu.Lock()
	delete(w.snapshots, s.ID)
	w.mu.Unlock()
	w.registry.Remove(ctx, reference("VirtualMachineSnapshot", s.ID))
}

// rename changes what is set; nil means unchanged.
func (m *machine) rename(ctx *simulator.Context, id string, name, description *string) {
	node := m.tree.Get(id)
	if name != nil {
		node.Name = *name
	}
	if description != nil {
		node.Description = *description
	}
	m.update(ctx, m.snapshotChanges())
}

// linkChildren keeps the childSnapshot property of a snapshot.
func (m *machine) linkChildren(ctx *simulator.Context, parent *tree.Snapshot) {
	if parent == nil {
		return
	}
	object, ok := get[*simulator.VirtualMachineSnapshot](m.world, reference("VirtualMachineSnapshot", parent.ID))
	if !ok {
		return
	}
	children := []types.ManagedObjectReference{}
	for _, child := range parent.Children {
		children = append(children, reference("VirtualMachineSnapshot", child.ID))
	}
	ctx.WithLock(object, func() {
		ctx.Update(object, []types.PropertyChange{{Name: "childSnapshot", Val: children}})
	})
}

// consolidate merges what an earlier removal left behind.
func (m *machine) consolidate(ctx *simulator.Context) {
	if m.stuck { // facts 4: success of a task is not consolidation
		return
	}
	m.tree.Consolidate()
	m.update(ctx, append(m.layoutChanges(), consolidation(false)...))
}

func consolidation(needed bool) []types.PropertyChange {
	return []types.PropertyChange{
		{Name: "runtime.consolidationNeeded", Val: needed},
		{Name: "summary.runtime.consolidationNeeded", Val: needed},
	}
}

// snapshotOwner is the machine that a snapshot belongs to.
func (w *world) snapshotOwner(ref types.ManagedObjectReference) *machine {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.snapshots[ref.Value]
}

// guestinfo are the guestinfo.* keys of the VM's extraConfig.
func (m *machine) guestinfo() map[string]string {
	info := make(map[string]string)
	for _, option := range m.vm.Config.ExtraConfig {
		v := option.GetOptionValue()
		if s, ok := v.Value.(string); ok && strings.HasPrefix(v.Key, "guestinfo.") {
			info[v.Key] = s
		}
	}
	return info
}

// setGuestinfo sets keys of extraConfig; an empty value takes the key away.
func (m *machine) setGuestinfo(ctx *simulator.Context, values map[string]string) {
	options := slices.Clone(m.vm.Config.ExtraConfig)
	for key, value := range values {
		if !strings.HasPrefix(key, "guestinfo.") {
			key = "guestinfo." + key
		}
		options = slices.DeleteFunc(options, func(o types.BaseOptionValue) bool { return o.GetOptionValue().Key == key })
		if value != "" {
			options = append(options, &types.OptionValue{Key: key, Value: value})
		}
	}
	m.update(ctx, []types.PropertyChange{{Name: "config.extraConfig", Val: options}})
}
