package main

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"savepoint.vsphere/simulator/internal/tree"
)

// snapshotChanges are the property changes that show the tree, the files below it, and the disks as they are now.
func (m *machine) snapshotChanges() []types.PropertyChange {
	var changes []types.PropertyChange
	if m.tree.Len() == 0 {
		// Without any snapshot both are unset: facts 4, "at root currentSnapshot is unset".
		changes = append(changes, types.PropertyChange{Name: "snapshot"}, types.PropertyChange{Name: "rootSnapshot"})
	} else {
		info := types.VirtualMachineSnapshotInfo{RootSnapshotList: m.branches(m.tree.Roots())}
		if current := m.tree.Current(); current != nil {
			ref := reference("VirtualMachineSnapshot", current.ID)
			info.CurrentSnapshot = &ref
		}
		var roots []types.ManagedObjectReference
		for _, s := range m.tree.Roots() {
			roots = append(roots, reference("VirtualMachineSnapshot", s.ID))
		}
		changes = append(changes, types.PropertyChange{Name: "snapshot", Val: info},
			types.PropertyChange{Name: "rootSnapshot", Val: roots})
	}
	return append(changes, m.layoutChanges()...)
}

func (m *machine) branches(list []*tree.Snapshot) []types.VirtualMachineSnapshotTree {
	var branches []types.VirtualMachineSnapshotTree
	for _, s := range list {
		branches = append(branches, types.VirtualMachineSnapshotTree{
			Snapshot:          reference("VirtualMachineSnapshot", s.ID),
			Vm:                m.ref,
			Name:              s.Name,
			Description:       s.Description,
			Id:                s.Number,
			CreateTime:        s.CreatedAt,
			State:             types.VirtualMachinePowerState(s.State),
			Quiesced:          s.Quiesced,
			ChildSnapshotList: m.branches(s.Children),
			ReplaySupported:   types.NewBool(false),
		})
	}
	return branches
}

// layoutChanges show the files (facts 5) and the disks' present paths.
func (m *machine) layoutChanges() []types.PropertyChange {
	now := m.world.now()
	ex := types.VirtualMachineFileLayoutEx{Timestamp: now}
	var committed, unshared int64
	add := func(f *tree.File, kind string) {
		committed += f.Size
		if strings.HasPrefix(kind, "disk") {
			unshared += f.Size
		}
		ex.File = append(ex.File, types.VirtualMachineFileLayoutExFileInfo{
			Key: f.Key, Name: f.Name, Type: kind, Size: f.Size, UniqueSize: f.Size, Accessible: types.NewBool(true),
		})
	}
	for i, f := range m.home {
		add(f, []string{"config", "nvram", "snapshotList", "log"}[i])
	}
	m.syncSwap()
	if m.swap != nil {
		add(m.swap, "swap")
	}
	m.tree.Files(add)
	for _, f := range m.borrowed {
		add(f, "diskExtent")
	}
	slices.SortFunc(ex.File, func(a, b types.VirtualMachineFileLayoutExFileInfo) int { return int(a.Key - b.Key) })

	var plain types.VirtualMachineFileLayout
	for _, f := range m.home {
		plain.ConfigFile = append(plain.ConfigFile, f.Name)
	}
	ex.Disk = m.diskLayout(m.tree.Top(), m.tree.TopDisks())
	for _, d := range ex.Disk {
		disk := types.VirtualMachineFileLayoutDiskLayout{Key: d.Key}
		for _, link := range m.tree.Chain(m.tree.Top(), d.Key) {
			disk.DiskFile = append(disk.DiskFile, link.Descriptor.Name)
		}
		plain.Disk = append(plain.Disk, disk)
	}
	for _, s := range m.tree.All() {
		ref := reference("VirtualMachineSnapshot", s.ID)
		memory := int32(-1)
		files := []string{s.Data.Name}
		if s.Memory != nil {
			memory = s.Memory.Key
			files = append(files, s.Memory.Name)
		}
		ex.Snapshot = append(ex.Snapshot, types.VirtualMachineFileLayoutExSnapshotLayout{
			Key: ref, DataKey: s.Data.Key, MemoryKey: memory, Disk: m.diskLayout(s.Layer, m.tree.Disks(s)),
		})
		plain.Snapshot = append(plain.Snapshot, types.VirtualMachineFileLayoutSnapshotLayout{Key: ref, SnapshotFile: files})
	}

	storage := types.VirtualMachineStorageInfo{Timestamp: now}
	if len(m.vm.Datastore) != 0 {
		storage.PerDatastoreUsage = []types.VirtualMachineUsageOnDatastore{{
			Datastore: m.vm.Datastore[0], Committed: committed, Uncommitted: m.capacity(), Unshared: unshared,
		}}
	}
	return []types.PropertyChange{
		{Name: "layoutEx", Val: ex},
		{Name: "layout", Val: plain},
		{Name: "storage", Val: storage},
		{Name: "summary.storage", Val: types.VirtualMachineStorageSummary{
			Committed: committed, Uncommitted: m.capacity(), Unshared: unshared, Timestamp: now,
		}},
		{Name: "config.hardware.device", Val: m.devices()},
	}
}

// syncSwap keeps the swap file, which is there while the machine runs.
func (m *machine) syncSwap() {
	switch {
	case !m.on():
		m.swap = nil
	case m.swap == nil:
		m.swap = m.tree.NewFile(m.vm.Name+".vswp", int64(max(1, m.vm.Config.Hardware.MemoryMB))<<20)
	}
}

func (m *machine) capacity() int64 {
	var sum int64
	for _, d := range m.virtualDisks() {
		sum += d.CapacityInKB << 10
	}
	return sum
}

func (m *machine) diskLayout(layer *tree.Layer, keys []int32) []types.VirtualMachineFileLayoutExDiskLayout {
	var disks []types.VirtualMachineFileLayoutExDiskLayout
	for _, key := range keys {
		disk := types.VirtualMachineFileLayoutExDiskLayout{Key: key}
		for _, link := range m.tree.Chain(layer, key) {
			disk.Chain = append(disk.Chain, types.VirtualMachineFileLayoutExDiskUnit{
				FileKey: []int32{link.Descriptor.Key, link.Extent.Key},
			})
		}
		disks = append(disks, disk)
	}
	return disks
}

// devices are the VM's devices with the disks' paths as the chain has them now: the delta on top, its parents below.
func (m *machine) devices() []types.BaseVirtualDevice {
	devices := slices.Clone(m.vm.Config.Hardware.Device)
	for i, device := range devices {
		disk, ok := device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		chain := m.tree.Chain(m.tree.Top(), disk.Key)
		if !ok || len(chain) == 0 {
			continue
		}
		fresh := *disk // snapshots hold the old one
		var below *types.VirtualDiskFlatVer2BackingInfo
		for _, link := range chain {
			next := *backing
			next.FileName = link.Descriptor.Name
			next.Parent = below
			below = &next
		}
		fresh.Backing = below
		devices[i] = &fresh
	}
	return devices
}
