package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	poweredOn  = types.VirtualMachinePowerStatePoweredOn
	poweredOff = types.VirtualMachinePowerStatePoweredOff
	suspended  = types.VirtualMachinePowerStateSuspended
)

// setPower brings the machine into a state. With memory, a machine that comes on goes on where it was.
func (m *machine) setPower(ctx *simulator.Context, state types.VirtualMachinePowerState, memory bool) {
	now := m.world.now()
	var boot, asleep any
	switch state {
	case poweredOn:
		boot = now
		if memory && m.vm.Runtime.BootTime != nil {
			boot = *m.vm.Runtime.BootTime
		}
	case suspended:
		asleep = now
	}
	m.update(ctx, []types.PropertyChange{
		{Name: "runtime.powerState", Val: state},
		{Name: "summary.runtime.powerState", Val: state},
		{Name: "runtime.bootTime", Val: boot},
		{Name: "summary.runtime.bootTime", Val: boot},
		{Name: "runtime.suspendTime", Val: asleep},
	})
	switch {
	case state != poweredOn:
		m.guest.stop()
	case memory:
		m.guest.resume(m)
	default:
		m.guest.start(m)
	}
	m.update(ctx, append(m.guestChanges(), m.layoutChanges()...))
}

// power is a task that changes the power state.
func (e *vmEndpoint) power(ctx *simulator.Context, kind, method, description, privilege string,
	to types.VirtualMachinePowerState) (types.ManagedObjectReference, types.BaseMethodFault) {
	m := e.machine
	return m.start(ctx, privilege, job{
		kind: kind, method: method, description: description,
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			from := m.powerState()
			if from == to || to == suspended && from != poweredOn {
				return nil, &types.InvalidPowerState{RequestedState: to, ExistingState: from}
			}
			m.setPower(ctx, to, from == suspended)
			// facts 3: "flags.snapshotPowerOffBehavior=revert reverts at power-off"
			behavior := m.vm.Config.Flags.SnapshotPowerOffBehavior
			if current := m.tree.Current(); to == poweredOff && behavior == "revert" && current != nil {
				return nil, m.revert(ctx, current.ID, true)
			}
			return nil, nil
		},
	}, func() types.BaseMethodFault {
		if m.vm.Config.Template {
			return &types.InvalidState{}
		}
		return nil
	})
}

// PowerOnVMTask powers the VM on.
func (e *vmEndpoint) PowerOnVMTask(ctx *simulator.Context, _ *types.PowerOnVM_Task) soap.HasFault {
	task, fault := e.power(ctx, "powerOn", "PowerOnVM_Task", "VirtualMachine.powerOn",
		"VirtualMachine.Interact.PowerOn", poweredOn)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: task}}
}

// PowerOffVMTask powers the VM off.
func (e *vmEndpoint) PowerOffVMTask(ctx *simulator.Context, _ *types.PowerOffVM_Task) soap.HasFault {
	task, fault := e.power(ctx, "powerOff", "PowerOffVM_Task", "VirtualMachine.powerOff",
		"VirtualMachine.Interact.PowerOff", poweredOff)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: task}}
}

// SuspendVMTask suspends the VM.
func (e *vmEndpoint) SuspendVMTask(ctx *simulator.Context, _ *types.SuspendVM_Task) soap.HasFault {
	task, fault := e.power(ctx, "powerOff", "SuspendVM_Task", "VirtualMachine.suspend",
		"VirtualMachine.Interact.Suspend", suspended)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.SuspendVM_TaskBody{Res: &types.SuspendVM_TaskResponse{Returnval: task}}
}

// ResetVMTask restarts the VM without asking the guest.
func (e *vmEndpoint) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	m := e.machine
	task, fault := m.start(ctx, "VirtualMachine.Interact.Reset", job{
		kind: "powerOn", method: "ResetVM_Task", description: "VirtualMachine.reset",
		effect: func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			if !m.on() {
				return nil, &types.InvalidPowerState{RequestedState: poweredOn, ExistingState: m.powerState()}
			}
			m.setPower(ctx, poweredOn, false)
			return nil, nil
		},
	}, nil)
	if fault != nil {
		return refuse(fault)
	}
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: task}}
}

// askGuest does something that needs the guest's cooperation, some time later.
func (e *vmEndpoint) askGuest(privilege string, after time.Duration, do func(ctx *simulator.Context)) soap.HasFault {
	m := e.machine
	var fault types.BaseMethodFault
	m.world.lock(m, func(*simulator.Context) {
		switch {
		case m.world.rights.check(m, privilege) != nil:
			fault = m.world.rights.check(m, privilege)
		case !m.on():
			fault = &types.InvalidPowerState{RequestedState: poweredOn, ExistingState: m.powerState()}
		case !m.toolsRunning():
			fault = &types.ToolsUnavailable{}
		case m.busy != nil:
			fault = &types.TaskInProgress{Task: *m.busy}
		}
	})
	if fault != nil {
		return refuse(fault)
	}
	go func() {
		time.Sleep(after)
		m.world.lock(m, func(ctx *simulator.Context) {
			if m.on() && !m.gone {
				do(ctx)
			}
		})
	}()
	return nil
}

// ShutdownGuest asks the guest to shut down; it returns before that has happened.
func (e *vmEndpoint) ShutdownGuest(*simulator.Context, *types.ShutdownGuest) soap.HasFault {
	refused := e.askGuest("VirtualMachine.Interact.PowerOff", e.machine.world.duration("powerOff"),
		func(ctx *simulator.Context) { e.machine.setPower(ctx, poweredOff, false) })
	if refused != nil {
		return refused
	}
	return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
}

// RebootGuest asks the guest to restart.
func (e *vmEndpoint) RebootGuest(*simulator.Context, *types.RebootGuest) soap.HasFault {
	refused := e.askGuest("VirtualMachine.Interact.Reset", 0, e.machine.reboot)
	if refused != nil {
		return refused
	}
	return &methods.RebootGuestBody{Res: &types.RebootGuestResponse{}}
}

// StandbyGuest asks the guest to go to sleep.
func (e *vmEndpoint) StandbyGuest(*simulator.Context, *types.StandbyGuest) soap.HasFault {
	refused := e.askGuest("VirtualMachine.Interact.Suspend", 0,
		func(ctx *simulator.Context) { e.machine.setPower(ctx, suspended, false) })
	if refused != nil {
		return refused
	}
	return &methods.StandbyGuestBody{Res: &types.StandbyGuestResponse{}}
}

// RefreshStorageInfo has vCenter look at the files again.
func (e *vmEndpoint) RefreshStorageInfo(*simulator.Context, *types.RefreshStorageInfo) soap.HasFault {
	m := e.machine
	m.world.lock(m, func(ctx *simulator.Context) { m.update(ctx, m.layoutChanges()) })
	return &methods.RefreshStorageInfoBody{Res: &types.RefreshStorageInfoResponse{}}
}
