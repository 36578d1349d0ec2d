package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// job is a task to be run on a machine.
type job struct {
	kind        string // names its duration
	method      string // the SOAP method
	description string // info.descriptionId
	user        string
	lasts       time.Duration // instead of what is set for its kind

	// effect does what the task is for, at its end, with the machine locked.
	effect func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault)
}

// outcome is how a task ends.
type outcome struct {
	result  types.AnyType
	fault   types.BaseMethodFault
	message string
}

// run starts a task. The caller holds the machine's lock on behalf of ctx, and has checked that it isn't busy. Without
// a duration the task has ended before run returns.
func (m *machine) run(ctx *simulator.Context, j job) types.ManagedObjectReference {
	w := m.world
	now := w.now()
	task := &simulator.Task{}
	// Far from the numbers that vcsim gives its own tasks.
	task.Self = reference("Task", fmt.Sprintf("task-%d", 1_000_000+w.taskNumber.Add(1)))
	task.Info = types.TaskInfo{
		Key: task.Self.Value, Task: task.Self, Name: j.method, DescriptionId: j.description,
		Entity: &m.ref, EntityName: m.vm.Name, State: types.TaskInfoStateRunning,
		Reason: &types.TaskReasonUser{UserName: j.user}, QueueTime: now, StartTime: &now,
	}
	w.registry.Put(task)

	fault := w.faults.takeForTask(j.method, m)
	if duration := max(j.lasts, w.duration(j.kind)); duration > 0 || fault.hangs() {
		m.busy = &task.Self
		go func() {
			w.await(task, duration, fault)
			var end outcome
			w.lock(m, func(ctx *simulator.Context) {
				end = m.finish(ctx, j, fault)
				m.busy = nil
			})
			w.complete(task, end)
		}()
	} else {
		w.complete(task, m.finish(ctx, j, fault))
	}
	return task.Self
}

// finish has the effect of the task, unless a fault is in its way.
func (m *machine) finish(ctx *simulator.Context, j job, fault *fault) outcome {
	if m.gone {
		return outcome{fault: &types.ManagedObjectNotFound{Obj: m.ref}, message: "the VM has been deleted"}
	}
	if fault != nil && fault.Action == "task_fail" {
		return outcome{fault: fault.vim(m.ref), message: fault.Message}
	}
	var end outcome
	end.result, end.fault = j.effect(ctx)
	if fault != nil && fault.Action == "task_fail_late" && end.fault == nil {
		return outcome{fault: fault.vim(m.ref), message: fault.Message}
	}
	return end
}

// await lets the time of a task pass, and tells of its progress.
func (w *world) await(task *simulator.Task, duration time.Duration, fault *fault) {
	const steps = 4
	if duration >= 400*time.Millisecond {
		for i := range steps {
			time.Sleep(duration / steps)
			if i < steps-1 {
				w.registry.AtomicUpdate(w.context(), task, []types.PropertyChange{
					{Name: "info.progress", Val: int32(100 * (i + 1) / steps)},
				})
			}
		}
	} else {
		time.Sleep(duration)
	}
	if fault.hangs() {
		<-fault.released
	}
}

// complete ends a task.
func (w *world) complete(task *simulator.Task, end outcome) {
	changes := []types.PropertyChange{
		{Name: "info.completeTime", Val: w.now()},
		{Name: "info.progress", Val: int32(0)}, // unset, as it is once a task has ended
	}
	if end.fault != nil {
		if end.message == "" {
			end.message = messageOf(end.fault)
		}
		changes = append(changes,
			types.PropertyChange{Name: "info.error", Val: types.LocalizedMethodFault{
				Fault: end.fault, LocalizedMessage: end.message,
			}},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateError})
	} else {
		changes = append(changes,
			types.PropertyChange{Name: "info.result", Val: end.result},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateSuccess})
	}
	w.registry.AtomicUpdate(w.context(), task, changes)
}

// failing is a task that does nothing but fail: some faults reach the client through the task.
func failing(fault types.BaseMethodFault) func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
	return func(*simulator.Context) (types.AnyType, types.BaseMethodFault) { return nil, fault }
}
