package main

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// fault is one that somebody ordered through the control endpoint.
type fault struct {
	Method  string `json:"method"`
	VM      string `json:"vm"`
	Times   int    `json:"times"` // left out: once; negative: every time
	Action  string `json:"action"`
	Fault   string `json:"fault"`
	Message string `json:"message"`

	Skip    int      `json:"skip"`    // so many calls that it would strike go by first
	Seconds float64  `json:"seconds"` // slow: until it is served or answered; restart: until vCenter is back
	Forget  bool     `json:"forget"`  // restart: vCenter knows no task any more
	Paths   []string `json:"paths"`   // partial: the properties that can't be read
	Status  int      `json:"status"`  // html: the HTTP status, 200 if left out
	After   []string `json:"after"`   // methods that have to be called first, in this order

	Struck int `json:"struck"` // how often it has struck

	moid     string
	released chan struct{} // closed when it is taken back
}

var actions = []string{
	"fail", "task_fail", "task_fail_late", "task_hang", "drop_before", "drop_after", "unavailable", "unavailable_after",
	"slow", "slow_after", "partial", "expire_before", "expire_after", "restart_before", "restart_after",
	"delete", "rename", "move", "power_off",
	"html", "html_after", "stop_tools", "busy",
}

type faultTable struct {
	mu   sync.Mutex
	list []*fault
	hung []*fault
}

func (t *faultTable) add(f *fault) {
	f.released = make(chan struct{})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, f)
}

// clear takes all of them back, and lets hanging tasks go on.
func (t *faultTable) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.hung {
		close(f.released)
	}
	t.list, t.hung = nil, nil
}

// left gives those that may strike yet.
func (t *faultTable) left() []fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := []fault{}
	for _, f := range t.list {
		left = append(left, *f)
	}
	return left
}

// take returns the first fault that was ordered for a call and is one of the wanted kind, and counts it.
func (t *faultTable) take(method, moid string, inTask bool) *fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	early := t.early(method, inTask)
	for i, f := range t.list {
		if early[f] {
			continue
		}
		if strings.HasPrefix(f.Action, "task_") != inTask || f.Method != "" && f.Method != method {
			continue
		}
		if f.moid != "" && f.moid != moid && !f.anyReceiver() {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Struck++
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				t.list = slices.Delete(t.list, i, i+1)
			}
		}
		if f.hangs() && !slices.Contains(t.hung, f) {
			t.hung = append(t.hung, f)
		}
		return f
	}
	return nil
}

// early gives the faults for which other calls have to come before this one, and notes that this one has come.
func (t *faultTable) early(method string, inTask bool) map[*fault]bool {
	early := make(map[*fault]bool)
	for _, f := range t.list {
		if len(f.After) == 0 || strings.HasPrefix(f.Action, "task_") != inTask {
			continue
		}
		early[f] = true
		if f.After[0] == method {
			f.After = f.After[1:]
		}
	}
	return early
}

func (t *faultTable) takeForTask(method string, m *machine) *fault {
	return t.take(method, m.ref.Value, true)
}

// anyReceiver tells whether it strikes calls that name its VM otherwise than as their receiver.
func (f *fault) anyReceiver() bool {
	return slices.Contains([]string{"partial", "delete", "rename", "move", "power_off", "stop_tools", "busy"}, f.Action)
}

func (f *fault) hangs() bool { return f != nil && f.Action == "task_hang" }

// vim makes the fault that the client gets.
func (f *fault) vim(vm types.ManagedObjectReference) types.BaseMethodFault {
	name := f.Fault
	if name == "" {
		name = "SystemError"
	}
	kind, ok := types.TypeFunc()(name)
	if !ok {
		return nil
	}
	made, ok := reflect.New(kind).Interface().(types.BaseMethodFault)
	if !ok {
		return nil
	}
	switch typed := made.(type) {
	case *types.SystemError:
		typed.Reason = f.Message
	case *types.NoPermission:
		typed.Object = &vm
	case *types.NotAuthenticated:
		typed.Object = &vm
	case *types.ManagedObjectNotFound:
		typed.Obj = vm
	case *types.TaskInProgress:
		typed.Task = reference("Task", "task-0") // which vCenter knows nothing more of
	case *types.SnapshotIncompatibleDeviceInVm:
		typed.Fault = types.LocalizedMethodFault{Fault: &types.RDMNotSupported{
			DeviceNotSupported: types.DeviceNotSupported{Device: "Hard disk 1"},
		}}
	case *types.InvalidPowerState:
		typed.RequestedState, typed.ExistingState = poweredOn, poweredOff
	}
	return made
}
