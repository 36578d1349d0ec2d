package main

import (
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// watcher sees what vcsim's own methods do to VMs, so that what we keep of them follows: clones, reconfigurations,
// VMs that are deleted, and the ways to power one on that don't come through us.
type watcher struct {
	world *world
}

// Reference is what the registry knows the watcher by.
func (*watcher) Reference() types.ManagedObjectReference { return reference("Watcher", "watcher") }

// update changes properties of the VM and tells all who wait for that. The caller holds the lock.
func (m *machine) update(ctx *simulator.Context, changes []types.PropertyChange) {
	m.ours = true
	ctx.Update(m.vm, changes)
	m.ours = false
}

// PutObject is called for what is new in the inventory.
func (h *watcher) PutObject(_ *simulator.Context, obj mo.Reference) {
	if task, ok := obj.(*simulator.Task); ok {
		h.world.history.add(task)
		return
	}
	vm, ok := obj.(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ref := vm.Self
	h.world.mu.RLock()
	known := h.world.machines[ref.Value] != nil
	h.world.mu.RUnlock()
	if known {
		return
	}
	go func() { // vcsim goes on working on it
		for range 100 {
			time.Sleep(20 * time.Millisecond)
			if h.world.machine(ref) != nil {
				return
			}
		}
	}()
}

// UpdateObject is called, with the object's lock held, for every change.
func (h *watcher) UpdateObject(_ *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	vm, ok := obj.(*mo.VirtualMachine)
	if !ok {
		return
	}
	h.world.mu.RLock()
	m := h.world.machines[vm.Self.Value]
	h.world.mu.RUnlock()
	if m == nil || m.ours {
		return
	}
	var config, power bool
	for _, c := range changes {
		config = config || strings.HasPrefix(c.Name, "config.")
		power = power || c.Name == "runtime.powerState"
	}
	if config || power {
		go h.world.lock(m, func(ctx *simulator.Context) { m.follow(ctx, power) })
	}
}

// follow brings what we keep in line with the VM.
func (m *machine) follow(ctx *simulator.Context, power bool) {
	if m.gone {
		return
	}
	var changes []types.PropertyChange
	if power {
		if m.on() {
			m.guest.start(m)
		} else {
			m.guest.stop()
		}
		changes = m.guestChanges()
	}
	m.tree.SyncDisks(m.disks())
	m.update(ctx, append(changes, m.layoutChanges()...))
}

// RemoveObject is called for what leaves the inventory.
func (h *watcher) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type == "VirtualMachine" {
		h.world.forget(ref)
	}
}
