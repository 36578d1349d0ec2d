package main

import (
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"savepoint.vsphere/simulator/internal/tree"
)

// machine is what we know of a VM beyond what vcsim keeps.
type machine struct {
	world *world
	vm    *simulator.VirtualMachine
	ref   types.ManagedObjectReference
	tree  *tree.Tree
	home  []*tree.File // configuration, log and the like
	swap  *tree.File   // there while it runs
	busy  *types.ManagedObjectReference
	gone  bool
	ours  bool // the change under way is one of ours
	stuck bool // a consolidation ends well and changes nothing

	borrowed []*tree.File // another VM's, which a linked clone reads from

	tools           bool     // VMware Tools run whenever the guest does
	hostName        string   // what they report; empty: the VM's name
	addresses       []string // what they report; none: one of the machine's own
	boot            bootTime
	bootAfterRevert *bootTime
	guest           guest
}

// newMachine takes charge of a VM. The caller holds its lock, or nobody else knows it yet.
func newMachine(w *world, vm *simulator.VirtualMachine) *machine {
	m := &machine{world: w, vm: vm, ref: vm.Self, tools: true, boot: w.bootDefault()}
	dir := path.Dir(vm.Config.Files.VmPathName)
	m.tree = tree.New(dir, vm.Name, m.disks())
	for _, f := range []struct {
		suffix string
		size   int64
	}{{".vmx", 3 << 10}, {".nvram", 8684}, {".vmsd", 512}} {
		m.home = append(m.home, m.tree.NewFile(vm.Name+f.suffix, f.size))
	}
	m.home = append(m.home, m.tree.NewFile("vmware.log", 200<<10))

	// facts 2: the flags that a client reads before it takes a snapshot; stock vcsim leaves them all false (facts 8).
	c := &vm.Capability
	c.SnapshotOperationsSupported = true
	c.MultipleSnapshotsSupported = true
	c.SnapshotConfigSupported = true
	c.PoweredOffSnapshotsSupported = true
	c.MemorySnapshotsSupported = true
	c.RevertToSnapshotSupported = true
	c.QuiescedSnapshotsSupported = true
	c.LockSnapshotsSupported = true

	r := &vm.Runtime
	r.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
	r.RecordReplayState = types.VirtualMachineRecordReplayStateInactive

	r.SnapshotInBackground = types.NewBool(false)
	r.MaxCpuUsage, r.MaxMemoryUsage = 2294, vm.Config.Hardware.MemoryMB
	vm.Summary.Runtime = *r
	return m
}

// disks lists the VM's virtual disks by the paths that they have without snapshots.
func (m *machine) disks() []tree.Disk {
	var disks []tree.Disk
	for _, d := range m.virtualDisks() {
		name := d.Backing.(types.BaseVirtualDeviceFileBackingInfo).GetVirtualDeviceFileBackingInfo().FileName
		if !strings.HasSuffix(name, ".vmdk") {
			continue
		}
		capacity := d.CapacityInKB << 10
		disks = append(disks, tree.Disk{Key: d.Key, Path: name, Size: max(1<<20, capacity*2/5), Capacity: capacity})
	}
	return disks
}

func (m *machine) virtualDisks() []*types.VirtualDisk {
	var disks []*types.VirtualDisk
	for _, device := range m.vm.Config.Hardware.Device {
		if d, ok := device.(*types.VirtualDisk); ok {
			if _, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
				disks = append(disks, d)
			}
		}
	}
	return disks
}

// independentDisks lists the disks that snapshots leave out (facts 2).
func (m *machine) independentDisks() []int32 {
	var keys []int32
	for _, d := range m.virtualDisks() {
		if b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok && strings.HasPrefix(b.DiskMode, "independent_") {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

func (m *machine) powerState() types.VirtualMachinePowerState { return m.vm.Runtime.PowerState }

func (m *machine) on() bool { return m.powerState() == types.VirtualMachinePowerStatePoweredOn }

// toolsRunning is what a client reads from guest.toolsRunningStatus.
func (m *machine) toolsRunning() bool { return m.tools && m.guest.up }

// machine finds the machine of a VM. One that vcsim made by itself (a clone, say) is taken charge of now.
func (w *world) machine(ref types.ManagedObjectReference) *machine {
	w.mu.RLock()
	m := w.machines[ref.Value]
	w.mu.RUnlock()
	if m != nil {
		return m
	}
	vm, ok := get[*simulator.VirtualMachine](w, ref)
	if !ok || vm.Runtime.Host == nil {
		return nil
	}
	w.adopt(vm)
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.machines[ref.Value]
}

// adopt takes charge of a VM that a client has made.
func (w *world) adopt(vm *simulator.VirtualMachine) {
	ctx := w.context()
	w.registry.WithLock(ctx, vm, func() {
		m := newMachine(w, vm)
		w.mu.Lock()
		known := w.machines[vm.Self.Value] != nil
		if !known {
			w.machines[vm.Self.Value] = m
		}
		w.mu.Unlock()
		if known {
			return
		}
		m.guest.install(m)
		if m.on() {
			m.guest.start(m)
		}
		m.update(ctx, append(m.layoutChanges(), m.guestChanges()...))
	})
}

// forget is for a VM that left the inventory.
func (w *world) forget(ref types.ManagedObjectReference) {
	w.mu.Lock()
	m := w.machines[ref.Value]
	delete(w.machines, ref.Value)
	w.mu.Unlock()
	if m == nil {
		return
	}
	m.gone = true
	ctx := w.context()
	for _, s := range m.tree.All() {
		w.dropSnapshot(ctx, s)
	}
	m.guest.stop()
	m.guest.remove()
}

// find looks a machine up by MoID or by a name that only one has.
func (w *world) find(key string) (*machine, error) {
	if m := w.machine(reference("VirtualMachine", key)); m != nil {
		return m, nil
	}
	var found []*machine
	for _, m := range w.list() {
		if m.vm.Name == key {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return nil, problem{404, "no VM has the MoID or the name " + key}
	case 1:
		return found[0], nil
	}
	return nil, problem{409, "several VMs have the name " + key + "; use the MoID"}
}

// list returns every machine, in the order in which they were made.
func (w *world) list() []*machine {
	w.mu.RLock()
	all := make([]*machine, 0, len(w.machines))
	for _, m := range w.machines {
		all = append(all, m)
	}
	w.mu.RUnlock()
	slices.SortFunc(all, func(a, b *machine) int {
		if d := len(a.ref.Value) - len(b.ref.Value); d != 0 {
			return d
		}
		return strings.Compare(a.ref.Value, b.ref.Value)
	})
	return all
}

// clone copies everything that v points to. Values of unexported fields, time.Time for one, are shared.
func clone[T any](v T) T { return cloneValue(reflect.ValueOf(&v).Elem()).Interface().(T) }

var timeType = reflect.TypeOf(time.Time{})

func cloneValue(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(cloneValue(v.Elem()))
			out.Set(p)
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(cloneValue(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			for i := range v.Len() {
				s.Index(i).Set(cloneValue(v.Index(i)))
			}
			out.Set(s)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			break
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(cloneValue(v.Field(i)))
			}
		}
	}
	return out
}
