package main

import (
	"crypto/sha1"
	"fmt"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// places are where VMs can be put, and the pattern they are made from.
type places struct {
	mu          sync.Mutex
	pattern     mo.VirtualMachine
	root        *simulator.Folder
	hosts       []*simulator.HostSystem
	datastores  []*simulator.Datastore
	pool        *simulator.ResourcePool
	directories map[string]bool
}

// newVMs is a wish for VMs.
type newVMs struct {
	Name      string `json:"name"`
	Count     int    `json:"count"`
	Folder    string `json:"folder"`
	Power     string `json:"power"`
	Datastore string `json:"datastore"`
	Host      string `json:"host"`
	placeWish

	atStart bool
}

// settle takes the one VM that vcsim made as the pattern for ours, and out of the inventory: making a VM the way
// vcsim does takes some 35 ms, and putting a copy into the inventory next to nothing.
func (w *world) settle() error {
	p := &w.places
	p.directories = make(map[string]bool)
	for _, e := range w.registry.All("HostSystem") {
		p.hosts = append(p.hosts, e.(*simulator.HostSystem))
	}
	for _, e := range w.registry.All("Datastore") {
		p.datastores = append(p.datastores, e.(*simulator.Datastore))
	}
	sortByName(p.hosts)
	sortByName(p.datastores)

	vm, ok := w.registry.Any("VirtualMachine").(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("vcsim made no VM to copy")
	}
	p.pattern = clone(vm.VirtualMachine)
	enlarge(&p.pattern)
	p.root, ok = get[*simulator.Folder](w, *vm.Parent)
	if !ok {
		return fmt.Errorf("the pattern is in no folder")
	}
	p.pool, ok = get[*simulator.ResourcePool](w, *vm.ResourcePool)
	if !ok {
		return fmt.Errorf("the pattern is in no resource pool")
	}

	ctx := w.context()
	vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
	body := vm.DestroyTask(ctx, &types.Destroy_Task{This: vm.Self}).(*methods.Destroy_TaskBody)
	task, ok := get[*simulator.Task](w, body.Res.Returnval)
	if !ok {
		return fmt.Errorf("the pattern can't be destroyed")
	}
	task.Wait()
	return nil
}

// enlarge gives the pattern sizes that a server has; vcsim's are those of a toy.
func enlarge(vm *mo.VirtualMachine) {
	hardware := &vm.Config.Hardware
	hardware.NumCPU, hardware.MemoryMB = 2, 4096
	vm.Summary.Config.NumCpu, vm.Summary.Config.MemorySizeMB = hardware.NumCPU, hardware.MemoryMB
	for _, device := range hardware.Device {
		if disk, ok := device.(*types.VirtualDisk); ok {
			disk.CapacityInBytes = 40 << 30
			disk.CapacityInKB = disk.CapacityInBytes >> 10
		}
	}
}

// addVMs puts VMs into the inventory.
func (w *world) addVMs(wish newVMs) ([]*machine, error) {
	p := &w.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if wish.Count == 0 && !wish.atStart {
		wish.Count = 1
	}
	if wish.Name == "" {
		return nil, problem{400, "a VM needs a name"}
	}
	numbered := strings.Contains(wish.Name, "%")
	var made []*machine
	var folder *simulator.Folder
	var taken map[string]bool
	for i := 1; i <= wish.Count; i++ {
		name, path := wish.Name, wish.Folder
		if numbered {
			name = fmt.Sprintf(wish.Name, i)
		} else if wish.Count > 1 {
			path = fmt.Sprintf("%s/%d", wish.Folder, i)
		}
		if folder == nil || !numbered {
			var err error
			if len(wish.Datacenter)+len(wish.Folders) > 0 {
				folder, err = w.place(wish.placeWish)
			} else {
				folder, err = w.folder(path)
			}
			if err != nil {
				return made, err
			}
			taken = w.names(folder)
		}
		name = escapeName(name)
		if taken[name] {
			return made, problem{409, fmt.Sprintf("there is a %s in folder %q already", name, path)}
		}
		taken[name] = true
		m, err := w.addVM(name, folder, wish)
		if err != nil {
			return made, err
		}
		made = append(made, m)
	}
	return made, nil
}

func (w *world) addVM(name string, folder *simulator.Folder, wish newVMs) (*machine, error) {
	p := &w.places
	host, err := choose(p.hosts, wish.Host, w.vmNumber)
	if err != nil {
		return nil, err
	}
	datastore, err := choose(p.datastores, wish.Datastore, w.vmNumber)
	if err != nil {
		return nil, err
	}
	w.vmNumber++

	// Far from any number in a VM's name, so that no name of one VM is the MoID of another.
	vm := &simulator.VirtualMachine{VirtualMachine: clone(p.pattern), DataSets: make(map[string]*simulator.DataSet)}
	vm.Self = reference("VirtualMachine", fmt.Sprintf("vm-%d", 100000+w.vmNumber))
	w.dress(vm, name, host, datastore, wish.Power != "off")

	m := newMachine(w, vm)
	m.guest.install(m)
	if m.on() {
		m.guest.running(m) // it has been up for a while
	}
	ctx := w.context()
	for _, change := range append(m.layoutChanges(), m.guestChanges()...) {
		mo.ApplyPropertyChange(&vm.VirtualMachine, []types.PropertyChange{change})
	}
	w.mu.Lock()
	w.machines[vm.Self.Value] = m
	w.mu.Unlock()

	// A folder has to know its child before the registry does, or a ContainerView misses it.
	w.registry.AppendReference(ctx, folder, &folder.ChildEntity, vm.Self)
	w.registry.AppendReference(ctx, host, &host.Vm, vm.Self)
	w.registry.AppendReference(ctx, datastore, &datastore.Vm, vm.Self)
	w.registry.AppendReference(ctx, p.pool, &p.pool.Vm, vm.Self)
	w.registry.PutEntity(folder, vm)
	return m, nil
}

// dress gives a copy of the pattern an identity.
func (w *world) dress(vm *simulator.VirtualMachine, name string, host *simulator.HostSystem,
	datastore *simulator.Datastore, on bool) {
	now := w.now()
	directory := name
	for n := 1; w.places.directories[datastore.Name+"/"+directory]; n++ {
		directory = fmt.Sprintf("%s_%d", name, n)
	}
	w.places.directories[datastore.Name+"/"+directory] = true
	home := fmt.Sprintf("[%s] %s", datastore.Name, directory)
	vmx := home + "/" + name + ".vmx"
	vcenter := w.dir // differs from one simulator to the next

	vm.Name = name
	vm.RecentTask = nil
	vm.Datastore = []types.ManagedObjectReference{datastore.Self}
	vm.ResourcePool = &w.places.pool.Self
	vm.Snapshot, vm.RootSnapshot = nil, nil

	c := vm.Config
	c.Name = name
	c.Uuid = uuidOf("bios", vcenter, vm.Self.Value)
	c.InstanceUuid = uuidOf("instance", vcenter, vm.Self.Value)
	c.ChangeVersion = fmt.Sprint(now.UnixNano())
	c.Modified = now
	c.CreateDate = &now
	c.Files = types.VirtualMachineFileInfo{
		VmPathName: vmx, SnapshotDirectory: home, SuspendDirectory: home, LogDirectory: home,
	}
	for _, device := range c.Hardware.Device {
		switch d := device.(type) {
		case *types.VirtualDisk:
			if b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
				b.FileName = home + "/" + name + ".vmdk"
				b.Datastore = &datastore.Self
				b.ThinProvisioned = types.NewBool(true)
				b.Uuid = uuidOf("disk", vcenter, vm.Self.Value)
			}
		case types.BaseVirtualEthernetCard:
			n := w.vmNumber
			d.GetVirtualEthernetCard().MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", n>>16&0x3f, n>>8&0xff, n&0xff)
		}
	}

	vm.Runtime.Host = &host.Self
	vm.Runtime.ConnectionState = types.VirtualMachineConnectionStateConnected
	vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
	vm.Runtime.BootTime = nil
	if on {
		vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOn
		vm.Runtime.BootTime = &now
	}
	vm.Summary.Vm = &vm.Self
	vm.Summary.Config.Name = name
	vm.Summary.Config.VmPathName = vmx
	vm.Summary.Config.Uuid = c.Uuid
	vm.Summary.Config.InstanceUuid = c.InstanceUuid
	vm.Summary.Runtime = vm.Runtime
	vm.Guest = &types.GuestInfo{
		GuestId: c.GuestId, GuestFullName: c.GuestFullName, GuestFamily: "linuxGuest",
		ToolsVersion: "12352", ToolsVersionStatus: "guestToolsCurrent", ToolsVersionStatus2: "guestToolsCurrent",
	}
	vm.Summary.Guest = &types.VirtualMachineGuestSummary{GuestId: c.GuestId, GuestFullName: c.GuestFullName}
}

// folderPath is the way from the datacenter's vm folder down to the VM's folder.
func (w *world) folderPath(m *machine) string {
	var names []string
	for at := m.vm.Parent; at != nil && *at != w.places.root.Self; {
		folder, ok := get[*simulator.Folder](w, *at)
		if !ok {
			break
		}
		names = append([]string{folder.Name}, names...)
		at = folder.Parent
	}
	return strings.Join(names, "/")
}

func (w *world) names(folder *simulator.Folder) map[string]bool {
	names := make(map[string]bool)
	for _, ref := range folder.ChildEntity {
		if e, ok := w.registry.Get(ref).(mo.Entity); ok {
			names[e.Entity().Name] = true
		}
	}
	return names
}

// choose takes the one that is asked for by name or MoID, or else deals them round-robin.
func choose[T mo.Entity](from []T, wanted string, turn int) (T, error) {
	if wanted == "" {
		return from[turn%len(from)], nil
	}
	for _, e := range from {
		if e.Entity().Name == wanted || e.Reference().Value == wanted {
			return e, nil
		}
	}
	var none T
	return none, problem{404, fmt.Sprintf("there is no %s", wanted)}
}

func sortByName[T mo.Entity](list []T) {
	for i := range list {
		for j := i; j > 0 && list[j].Entity().Name < list[j-1].Entity().Name; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

// escapeName writes an entity's name as vCenter keeps it (facts 2).
func escapeName(name string) string {
	return strings.NewReplacer("%", "%25", "/", "%2f", `\`, "%5c").Replace(name)
}

// uuidOf makes UUIDs that differ between vCenters even where MoIDs are the same.
func uuidOf(words ...string) string {
	sum := sha1.Sum([]byte(strings.Join(words, "|")))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
