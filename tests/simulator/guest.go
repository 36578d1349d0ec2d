package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// guest is the operating system in a machine. Its fields are guarded by the machine's lock.
type guest struct {
	dir    string // of the disk and its copies; empty without -guests
	up     bool
	bootID string
	boots  int // numbers the boots, so that a boot that was cut off doesn't end later
	saved  map[string]string
}

func (g *guest) disk() string {
	if g.dir == "" {
		return ""
	}
	return filepath.Join(g.dir, "disk")
}

// install gives the machine a disk, if guests have any.
func (g *guest) install(m *machine) {
	g.saved = make(map[string]string)
	if m.world.options.guests == "" {
		return
	}
	dir, err := filepath.Abs(filepath.Join(m.world.options.guests, m.ref.Value))
	if err != nil {
		return
	}
	g.dir = dir
	bin := filepath.Join(g.disk(), ".guest", "bin")
	_ = os.RemoveAll(dir)
	if err := os.MkdirAll(bin, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		return
	}
	self, _ := os.Executable()
	script := fmt.Sprintf("#!/bin/sh\nexec %s guest-reboot %s %s\n", quote(self), quote(m.world.base), quote(m.ref.Value))
	_ = os.WriteFile(filepath.Join(bin, "guest-reboot"), []byte(script), 0o755)
}

// start boots the guest.
func (g *guest) start(m *machine) {
	g.stop()
	g.newBootID()
	g.comeUp(m, m.boot)
}

// running is a guest that booted long ago.
func (g *guest) running(m *machine) {
	g.newBootID()
	g.up = true
}

// resume lets a guest go on where its memory was saved: it is the same boot.
func (g *guest) resume(m *machine) {
	g.stop()
	boot := bootTime{}
	if m.bootAfterRevert != nil {
		boot = *m.bootAfterRevert
	}
	g.comeUp(m, boot)
}

func (g *guest) comeUp(m *machine, boot bootTime) {
	if boot.never {
		return
	}
	if boot.takes <= 0 {
		g.up = true
		return
	}
	this := g.boots
	time.AfterFunc(boot.takes, func() {
		m.world.lock(m, func(ctx *simulator.Context) {
			if g.boots == this && m.on() && !m.gone {
				g.up = true
				m.update(ctx, m.guestChanges())
			}
		})
	})
}

func (g *guest) stop() {
	g.up = false
	g.boots++
}

func (g *guest) newBootID() {
	g.bootID = newUUID()
	g.writeBootID()
}

func (g *guest) writeBootID() {
	if g.dir == "" {
		return
	}
	file := filepath.Join(g.disk(), ".guest", "boot_id")
	_ = os.MkdirAll(filepath.Dir(file), 0o755)
	_ = os.WriteFile(file, []byte(g.bootID+"\n"), 0o644)
}

func (g *guest) copyOf(snapshot string) string { return filepath.Join(g.dir, "snapshots", snapshot) }

// save keeps a copy of the disk for a snapshot.
func (g *guest) save(snapshot string) {
	g.saved[snapshot] = g.bootID
	if g.dir == "" {
		return
	}
	if err := copyTree(g.disk(), g.copyOf(snapshot)); err != nil {
		fmt.Fprintln(os.Stderr, "simulator: copy of a guest's disk:", err)
	}
}

// restore puts the disk back as the snapshot has it. A process that still runs in the old one finds it deleted, as
// it would find itself gone.
func (g *guest) restore(snapshot string) {
	g.bootID = g.saved[snapshot]
	if g.dir == "" {
		return
	}
	old := filepath.Join(g.dir, "discarded")
	_ = os.RemoveAll(old)
	_ = os.Rename(g.disk(), old)
	if err := copyTree(g.copyOf(snapshot), g.disk()); err != nil {
		fmt.Fprintln(os.Stderr, "simulator: revert of a guest's disk:", err)
	}
	_ = os.RemoveAll(old)
}

func (g *guest) drop(snapshot string) {
	delete(g.saved, snapshot)
	if g.dir != "" {
		_ = os.RemoveAll(g.copyOf(snapshot))
	}
}

func (g *guest) remove() {
	if g.dir != "" {
		_ = os.RemoveAll(g.dir)
	}
}

// why says what keeps the guest from answering; empty if nothing does.
func (m *machine) why() string {
	switch {
	case m.world.options.guests == "":
		return "the simulator was started without -guests"
	case m.powerState() == types.VirtualMachinePowerStateSuspended:
		return "the VM is suspended"
	case !m.on():
		return "the VM is powered off"
	case !m.guest.up && m.boot.never:
		return "the guest does not come up"
	case !m.guest.up:
		return "the guest is booting"
	}
	return ""
}

// guestChanges show the guest's state, so that a client can wait for it.
func (m *machine) guestChanges() []types.PropertyChange {
	state, ip, host := types.VirtualMachineGuestStateNotRunning, "", ""
	running, status := types.VirtualMachineToolsRunningStatusGuestToolsNotRunning, types.VirtualMachineToolsStatusToolsNotRunning
	heartbeat := types.ManagedEntityStatusGray
	var cards []types.GuestNicInfo
	if m.guest.up {
		state = types.VirtualMachineGuestStateRunning
	}
	if m.toolsRunning() {
		running, status = types.VirtualMachineToolsRunningStatusGuestToolsRunning, types.VirtualMachineToolsStatusToolsOk
		heartbeat = types.ManagedEntityStatusGreen
		addresses := m.addresses
		if len(addresses) == 0 {
			addresses = []string{m.address()}
		}
		ip, host = addresses[0], m.vm.Name
		if m.hostName != "" {
			host = m.hostName
		}
		cards = []types.GuestNicInfo{{Network: "VM Network", IpAddress: addresses, Connected: true, DeviceConfigId: 4000}}
	}
	return []types.PropertyChange{
		{Name: "guest.guestState", Val: string(state)},
		{Name: "guest.toolsRunningStatus", Val: string(running)},
		{Name: "guest.toolsStatus", Val: status},
		{Name: "guest.ipAddress", Val: ip},
		{Name: "guest.hostName", Val: host},
		{Name: "guest.net", Val: cards},
		{Name: "guest.guestOperationsReady", Val: m.toolsRunning()},
		{Name: "guestHeartbeatStatus", Val: heartbeat},
		{Name: "summary.guest.toolsRunningStatus", Val: string(running)},
		{Name: "summary.guest.toolsStatus", Val: status},
		{Name: "summary.guest.ipAddress", Val: ip},
		{Name: "summary.guest.hostName", Val: host},
		{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat},
	}
}

// address is an IP address of the machine's own.
func (m *machine) address() string {
	_, digits, _ := strings.Cut(m.ref.Value, "-")
	n, _ := strconv.Atoi(digits)
	return fmt.Sprintf("10.%d.%d.%d", n>>16&0xff, n>>8&0xff, n&0xff)
}

// reboot restarts the guest, as a command inside would.
func (m *machine) reboot(ctx *simulator.Context) {
	m.guest.start(m)
	m.update(ctx, m.guestChanges())
}

// guestReboot is what the command guest-reboot of a guest runs.
func guestReboot(control, vm string) int {
	response, err := http.Post(control+"/v1/guests/"+url.PathEscape(vm)+"/reboot", "application/json", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest-reboot:", err)
		return 1
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, "guest-reboot:", response.Status)
		return 1
	}
	return 0
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
