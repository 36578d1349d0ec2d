package main

import (
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// endpoint is what our receivers of SOAP methods share. They lock what they need themselves, so the registry doesn't
// have to.
type endpoint struct {
	ref types.ManagedObjectReference
}

func (e *endpoint) Reference() types.ManagedObjectReference { return e.ref }
func (endpoint) Lock()                                      {}
func (endpoint) Unlock()                                    {}

// redirect has receiver answer the call. vcsim prefers an object of the session or of the registry to the one that a
// handler returns, so the call has to name one that is in neither.
func redirect(method *simulator.Method, receiver mo.Reference) (mo.Reference, types.BaseMethodFault) {
	method.This = reference("Redirected", method.This.Value)
	return receiver, nil
}

// answers tells whether receiver has the SOAP method.
func answers(receiver any, method string) bool {
	if n := len(method); n > 5 && method[n-5:] == "_Task" {
		method = method[:n-5] + "Task"
	}
	return reflect.ValueOf(receiver).MethodByName(method).IsValid()
}

// route is the Registry.Handler: it sees every SOAP call, takes those that we answer, and leaves the rest to vcsim.
func (w *world) route(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil {
		return nil, nil // vcsim decides what one may do without a login
	}
	var receiver mo.Reference
	e := endpoint{method.This}
	switch method.This.Type {
	case "VirtualMachine":
		if m := w.machine(method.This); m != nil {
			receiver = &vmEndpoint{endpoint: e, machine: m}
		}
	case "VirtualMachineSnapshot":
		if m := w.snapshotOwner(method.This); m != nil {
			receiver = &snapshotEndpoint{endpoint: e, machine: m}
		}
	case "AuthorizationManager":
		receiver = &rightsEndpoint{endpoint: e, world: w}
	case "ServiceInstance":
		receiver = &clockEndpoint{endpoint: e, world: w}
	case "Task":
		receiver = &taskEndpoint{endpoint: e, world: w}
	case "TaskManager":
		receiver = &historyEndpoint{endpoint: e, world: w}
	case "TaskHistoryCollector":
		receiver = w.history.get(ctx.Session.Key, method.This)
	case "PropertyCollector", "PropertyFilter":
		return w.waits.route(ctx, method)
	case "CustomFieldsManager":
		if fault := w.rights.checkFields(method, w.model.ServiceContent.RootFolder); fault != nil {
			return nil, fault
		}
	case "SessionManager":
		if method.Name == "Logout" {
			w.waits.drop(ctx.Session.Key, false)
			w.history.drop(ctx.Session.Key)
		}
	}
	if receiver != nil && answers(receiver, method.Name) {
		return redirect(method, receiver)
	}
	return nil, nil
}

// refusal is the answer to a call that fails.
type refusal struct{ reason *soap.Fault }

func (r *refusal) Fault() *soap.Fault { return r.reason }

func refuse(fault types.BaseMethodFault) soap.HasFault {
	return &refusal{simulator.Fault(messageOf(fault), fault)}
}

// messageOf says in English what a fault says, as vCenter does.
func messageOf(fault types.BaseMethodFault) string {
	switch f := fault.(type) {
	case *types.TaskInProgress:
		return "Another task is already in progress."
	case *types.NoPermission:
		return "Permission to perform this operation was denied: " + f.PrivilegeId
	case *types.InvalidName:
		return fmt.Sprintf("The name '%s' is invalid.", f.Name)
	case *types.InvalidPowerState:
		return fmt.Sprintf("The attempted operation cannot be performed in the current state (%s).", f.ExistingState)
	case *types.TooManySnapshotLevels:
		return "The virtual machine has too many levels of snapshots."
	case *types.ApplicationQuiesceFault:
		return "An error occurred while quiescing the virtual machine. VMware Tools are not running in the guest."
	case *types.ManagedObjectNotFound:
		return "The object '" + f.Obj.String() + "' has already been deleted or has not been completely created"
	case *types.NotSupported:
		return "The operation is not supported on the object."
	case *types.MemorySnapshotOnIndependentDisk:
		return "Cannot take a memory snapshot of a virtual machine with independent disks."
	}
	return fmt.Sprintf("The operation failed: %s.", reflect.TypeOf(fault).Elem().Name())
}

// clockEndpoint answers for the vCenter's clock.
type clockEndpoint struct {
	endpoint
	world *world
}

// taskEndpoint answers for tasks.
type taskEndpoint struct {
	endpoint
	world *world
}
