package main

import (
	"net/http"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"savepoint.vsphere/simulator/internal/tree"
)

// vmReport is a VM as the control endpoint tells of it.
type vmReport struct {
	MoID                string            `json:"moid"`
	Name                string            `json:"name"`
	Folder              string            `json:"folder"`
	InstanceUUID        string            `json:"instance_uuid"`
	UUID                string            `json:"uuid"`
	PowerState          string            `json:"power_state"`
	Tools               string            `json:"tools"`
	ConsolidationNeeded bool              `json:"consolidation_needed"`
	Annotation          string            `json:"annotation"`
	Guestinfo           map[string]string `json:"guestinfo"`
	NumCPU              int32             `json:"num_cpu"`
	MemoryMB            int32             `json:"memory_mb"`
	Guest               guestReport       `json:"guest"`
	Current             *string           `json:"current"`
	CurrentDeltaBytes   int64             `json:"current_delta_bytes"`
	BusyTask            *string           `json:"busy_task"`
	Snapshots           []snapshotReport  `json:"snapshots"`
}

type snapshotReport struct {
	MoID        string  `json:"moid"`
	ID          int32   `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	CreatedAt   string  `json:"created_at"`
	State       string  `json:"state"`
	Quiesced    bool    `json:"quiesced"`
	Parent      *string `json:"parent"`
	SizeBytes   int64   `json:"size_bytes"`
}

type guestReport struct {
	Disk      string `json:"disk"`
	Reachable bool   `json:"reachable"`
	Why       string `json:"why"`
	BootID    string `json:"boot_id"`
}

// guestReport says whether the guest can be reached. The caller holds the lock.
func (m *machine) guestReport() guestReport {
	why := m.why()
	return guestReport{Disk: m.guest.disk(), Reachable: why == "", Why: why, BootID: m.guest.bootID}
}

func (w *world) describe(m *machine) vmReport {
	var r vmReport
	w.lock(m, func(*simulator.Context) {
		c := m.vm.Config
		r = vmReport{
			MoID: m.ref.Value, Name: m.vm.Name, Folder: w.folderPath(m),
			InstanceUUID: c.InstanceUuid, UUID: c.Uuid,
			PowerState: string(m.powerState()), Tools: "notRunning",
			ConsolidationNeeded: m.vm.Runtime.ConsolidationNeeded,
			Annotation:          c.Annotation, Guestinfo: m.guestinfo(),
			NumCPU: c.Hardware.NumCPU, MemoryMB: c.Hardware.MemoryMB,
			Guest: m.guestReport(), CurrentDeltaBytes: m.tree.CurrentDelta(), Snapshots: []snapshotReport{},
		}
		if m.tools {
			r.Tools = "running"
		}
		if m.busy != nil {
			r.BusyTask = &m.busy.Value
		}
		if s := m.tree.Current(); s != nil {
			r.Current = &s.ID
		}
		for _, s := range m.tree.All() {
			r.Snapshots = append(r.Snapshots, m.describeSnapshot(s))
		}
	})
	return r
}

func (m *machine) describeSnapshot(s *tree.Snapshot) snapshotReport {
	r := snapshotReport{
		MoID: s.ID, ID: s.Number, Name: s.Name, Description: s.Description,
		CreatedAt: s.CreatedAt.UTC().Format(time.RFC3339), State: s.State, Quiesced: s.Quiesced,
		SizeBytes: m.tree.Size(s),
	}
	if s.Parent != nil {
		r.Parent = &s.Parent.ID
	}
	return r
}

func (w *world) getVMs(*http.Request) (any, error) { return w.describeAll(w.list()), nil }

func (w *world) describeAll(machines []*machine) []vmReport {
	list := make([]vmReport, 0, len(machines))
	for _, m := range machines {
		list = append(list, w.describe(m))
	}
	return list
}

func (w *world) postVMs(in *http.Request) (any, error) {
	var body newVMs
	if err := read(in, &body); err != nil {
		return nil, err
	}
	made, err := w.addVMs(body)
	if err != nil {
		return nil, err
	}
	return w.describeAll(made), nil
}

// vmPatch is what PATCH /v1/vms/{vm} takes.
type vmPatch struct {
	Tools               *string           `json:"tools"`
	PowerState          *string           `json:"power_state"`
	Annotation          *string           `json:"annotation"`
	Guestinfo           map[string]string `json:"guestinfo"`
	NumCPU              *int32            `json:"num_cpu"`
	MemoryMB            *int32            `json:"memory_mb"`
	ConsolidationNeeded *bool             `json:"consolidation_needed"`
	Name                *string           `json:"name"`
	DiskMode            *string           `json:"disk_mode"`
	Boot                *string           `json:"boot"`
	BootAfterRevert     *string           `json:"boot_after_revert"`
	Template            *bool             `json:"template"`
	ConsolidationStuck  *bool             `json:"consolidation_stuck"`
	HostName            *string           `json:"host_name"`
	IPAddresses         []string          `json:"ip_addresses"`
	Question            *string           `json:"question"`
}

func (w *world) patchVM(m *machine, in *http.Request) (any, error) {
	var p vmPatch
	err := read(in, &p)
	if err != nil {
		return nil, err
	}
	var boot, after *bootTime
	for _, b := range []struct {
		text *string
		into **bootTime
	}{{p.Boot, &boot}, {p.BootAfterRevert, &after}} {
		if b.text != nil {
			parsed, err := parseBoot(*b.text)
			if err != nil {
				return nil, err
			}
			*b.into = &parsed
		}
	}
	if p.Tools != nil && *p.Tools != "running" && *p.Tools != "notRunning" {
		return nil, problem{400, "tools is running or notRunning"}
	}
	state := types.VirtualMachinePowerState("")
	if p.PowerState != nil {
		switch state = types.VirtualMachinePowerState(*p.PowerState); state {
		case poweredOn, poweredOff, suspended:
		default:
			return nil, problem{400, "power_state is poweredOn, poweredOff or suspended"}
		}
	}
	w.lock(m, func(ctx *simulator.Context) {
		if boot != nil {
			m.boot = *boot
		}
		if after != nil {
			m.bootAfterRevert = after
		}
		m.update(ctx, m.patchChanges(&p))
		if p.DiskMode != nil {
			m.setDiskMode(*p.DiskMode)
		}
		if p.Guestinfo != nil {
			m.setGuestinfo(ctx, p.Guestinfo)
		}
		if p.ConsolidationStuck != nil {
			m.stuck = *p.ConsolidationStuck
		}
		if p.HostName != nil {
			m.hostName = *p.HostName
		}
		if p.IPAddresses != nil {
			m.addresses = p.IPAddresses
		}
		if p.Tools != nil {
			m.tools = *p.Tools == "running"
		}
		if state != "" && state != m.powerState() {
			m.setPower(ctx, state, m.powerState() == suspended)
		}
		m.update(ctx, append(m.guestChanges(), m.layoutChanges()...))
	})
	return w.describe(m), nil
}

// patchChanges are the plain properties of a patch.
func (m *machine) patchChanges(p *vmPatch) []types.PropertyChange {
	var changes []types.PropertyChange
	change := func(name string, value any) {
		changes = append(changes, types.PropertyChange{Name: name, Val: value})
	}
	if p.Annotation != nil {
		change("config.annotation", *p.Annotation)
		change("summary.config.annotation", *p.Annotation)
	}
	if p.NumCPU != nil {
		change("config.hardware.numCPU", *p.NumCPU)
		change("summary.config.numCpu", *p.NumCPU)
	}
	if p.MemoryMB != nil {
		change("config.hardware.memoryMB", *p.MemoryMB)
		change("summary.config.memorySizeMB", *p.MemoryMB)
	}
	if p.Name != nil {
		name := escapeName(*p.Name)
		change("name", name)
		change("config.name", name)
		change("summary.config.name", name)
	}
	if p.Template != nil {
		change("config.template", *p.Template)
		change("summary.config.template", *p.Template)
	}
	if p.Question != nil {
		change("runtime.question", question(*p.Question))
	}
	if p.ConsolidationNeeded != nil {
		changes = append(changes, consolidation(*p.ConsolidationNeeded)...)
	}
	return changes
}

func (m *machine) setDiskMode(mode string) {
	for _, d := range m.virtualDisks() {
		if b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			b.DiskMode = mode
		}
	}
}

// deleteVM deletes the VM as another client would.
func (w *world) deleteVM(m *machine, _ *http.Request) (any, error) {
	w.lock(m, func(ctx *simulator.Context) {
		if m.powerState() != poweredOff {
			m.setPower(ctx, poweredOff, false)
		}
	})
	ctx := w.context()
	var body *methods.UnregisterVMBody
	w.registry.WithLock(ctx, m.vm, func() {
		body = m.vm.UnregisterVM(ctx, &types.UnregisterVM{This: m.ref}).(*methods.UnregisterVMBody)
	})
	if body.Fault() != nil {
		return nil, problem{409, body.Fault().String}
	}
	return done{}, nil
}

func (w *world) grow(m *machine, in *http.Request) (any, error) {
	var body struct {
		Bytes int64 `json:"bytes"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	w.lock(m, func(ctx *simulator.Context) {
		m.tree.Grow(body.Bytes)
		m.update(ctx, m.layoutChanges())
	})
	return w.describe(m), nil
}

func (w *world) rebootGuest(m *machine, _ *http.Request) (any, error) {
	var refused error
	w.lock(m, func(ctx *simulator.Context) {
		if !m.on() {
			refused = problem{409, m.why()}
			return
		}
		m.reboot(ctx)
	})
	if refused != nil {
		return nil, refused
	}
	return done{}, nil
}
