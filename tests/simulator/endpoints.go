package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// CurrentTime is the vCenter's clock.
func (e *clockEndpoint) CurrentTime(*simulator.Context, *types.CurrentTime) soap.HasFault {
	return &methods.CurrentTimeBody{Res: &types.CurrentTimeResponse{Returnval: e.world.now()}}
}

// CancelTask refuses: none of our tasks can be canceled. facts 4: "CancelTask works only if info.cancelable;
// otherwise NotSupported".
func (e *taskEndpoint) CancelTask(ctx *simulator.Context, req *types.CancelTask) soap.HasFault {
	task, ok := get[*simulator.Task](e.world, e.ref)
	if !ok {
		return refuse(&types.ManagedObjectNotFound{Obj: e.ref})
	}
	var answer soap.HasFault
	ctx.WithLock(task, func() {
		if task.Info.Cancelable {
			answer = task.CancelTask(ctx, req)
		}
	})
	if answer == nil {
		return refuse(&types.NotSupported{})
	}
	return answer
}
