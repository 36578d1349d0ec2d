package main

import (
	"fmt"
	"net/http"
	"path"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// postDevice adds a disk or a network adapter to the VM, as somebody else would.
func (w *world) postDevice(m *machine, in *http.Request) (any, error) {
	var body struct {
		Kind string `json:"kind"`
		Mode string `json:"mode"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	if body.Mode == "" {
		body.Mode = string(types.VirtualDiskModePersistent)
	}
	var made types.BaseVirtualDevice
	var refused error
	w.lock(m, func(ctx *simulator.Context) {
		switch body.Kind {
		case "disk":
			made, refused = m.newDisk(body.Mode)
		case "network":
			made = m.newAdapter()
		default:
			refused = problem{400, "kind is disk or network"}
		}
		if refused != nil {
			return
		}
		// A fresh list, since a reader may hold the old one.
		devices := append(slices.Clone(m.vm.Config.Hardware.Device), made)
		m.update(ctx, []types.PropertyChange{{Name: "config.hardware.device", Val: devices}})
		m.tree.SyncDisks(m.disks())
		m.update(ctx, m.layoutChanges())
	})
	if refused != nil {
		return nil, refused
	}
	device := made.GetVirtualDevice()
	return map[string]any{"key": device.Key, "label": device.DeviceInfo.GetDescription().Label}, nil
}

// newDisk is a disk beside the first one.
func (m *machine) newDisk(mode string) (*types.VirtualDisk, error) {
	disks := m.virtualDisks()
	if len(disks) == 0 {
		return nil, problem{409, "the VM has no disk to put another one beside"}
	}
	like := disks[0]
	label := fmt.Sprintf("Hard disk %d", len(disks)+1)
	name := path.Dir(m.vm.Config.Files.VmPathName) + fmt.Sprintf("/disk%d.vmdk", len(disks)+1)
	return &types.VirtualDisk{
		VirtualDevice: types.VirtualDevice{
			Key: m.newKey(2000), ControllerKey: like.ControllerKey, UnitNumber: types.NewInt32(int32(len(disks) + 1)),
			DeviceInfo: &types.Description{Label: label, Summary: "1 GB"},
			Backing: &types.VirtualDiskFlatVer2BackingInfo{
				VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: name},
				DiskMode:                     mode, Uuid: newUUID(),
			},
		},
		CapacityInKB: 1 << 20, CapacityInBytes: 1 << 30,
	}, nil
}

// newAdapter is one more network adapter.
func (m *machine) newAdapter() *types.VirtualVmxnet3 {
	key := m.newKey(4000)
	card := &types.VirtualVmxnet3{}
	card.Key = key
	card.MacAddress = fmt.Sprintf("00:50:56:00:%02x:%02x", m.vm.Self.Value[len(m.vm.Self.Value)-1], key%256)
	card.DeviceInfo = &types.Description{Label: fmt.Sprintf("Network adapter %d", key-3999), Summary: "VM Network"}
	return card
}

// newKey is the first key from there on that no device has.
func (m *machine) newKey(from int32) int32 {
	for slices.ContainsFunc(m.vm.Config.Hardware.Device, func(d types.BaseVirtualDevice) bool {
		return d.GetVirtualDevice().Key == from
	}) {
		from++
	}
	return from
}
