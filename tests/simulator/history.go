package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// history is the tasks that vCenter remembers, and what clients read of them. vcsim's own keeps the last thousand,
// filters by the time of queueing only, takes no account of users, and looks through the whole inventory for every task
// (facts 8).
type history struct {
	mu         sync.Mutex
	tasks      []*simulator.Task // in the order of their queueing
	collectors map[string]*taskCollector
	number     int
}

// taskCollector is one TaskHistoryCollector. It has what there was when it was made.
type taskCollector struct {
	endpoint
	world   *world
	session string
	mu      sync.Mutex
	infos   []types.TaskInfo
	next    int
}

const (
	maxTaskCollectors = 32   // of a client: vCenter's default
	maxTaskPage       = 1000 // tasks in one answer
)

// historyEndpoint answers for the TaskManager.
type historyEndpoint struct {
	endpoint
	world *world
}

func (h *history) add(task *simulator.Task) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tasks = append(h.tasks, task)
}

// clear forgets every task, as vCenter does once its retention is over.
func (h *history) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tasks = nil
}

// taskReport is a task as the control endpoint tells of it.
type taskReport struct {
	MoID        string `json:"moid"`
	VM          string `json:"vm"`
	Description string `json:"description"`
	State       string `json:"state"`
	User        string `json:"user"`
}

// describeTasks tells of every task that the history has, oldest first.
func (w *world) describeTasks() []taskReport {
	w.history.mu.Lock()
	tasks := slices.Clone(w.history.tasks)
	w.history.mu.Unlock()
	reports := []taskReport{}
	for _, task := range tasks {
		w.context().WithLock(task, func() {
			r := taskReport{MoID: task.Self.Value, Description: task.Info.DescriptionId, State: string(task.Info.State)}
			if task.Info.Entity != nil {
				r.VM = task.Info.Entity.Value
			}
			if reason, ok := task.Info.Reason.(*types.TaskReasonUser); ok {
				r.User = reason.UserName
			}
			reports = append(reports, r)
		})
	}
	return reports
}

func (h *history) get(session string, ref types.ManagedObjectReference) mo.Reference {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.collectors[ref.Value]; c != nil && c.session == session {
		return c
	}
	return nil
}

// drop ends the collectors of a session.
func (h *history) drop(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, c := range h.collectors {
		if c.session == session {
			delete(h.collectors, key)
		}
	}
}

// CreateCollectorForTasks makes a collector of the tasks that a filter lets through.
func (e *historyEndpoint) CreateCollectorForTasks(ctx *simulator.Context,
	req *types.CreateCollectorForTasks) soap.HasFault {
	if e.world.options.esx {
		return refuse(&types.NotSupported{}) // a host has no history
	}
	h := &e.world.history
	h.mu.Lock()
	tasks := slices.Clone(h.tasks)
	own := 0
	for _, c := range h.collectors {
		if c.session == ctx.Session.Key {
			own++
		}
	}
	h.mu.Unlock()
	if own >= maxTaskCollectors {
		return refuse(&types.InvalidState{})
	}
	made := &taskCollector{world: e.world, session: ctx.Session.Key}
	for _, task := range tasks {
		var info types.TaskInfo
		own := e.world.context()
		own.WithLock(task, func() { info = task.Info })
		if e.world.lets(req.Filter, &info) {
			made.infos = append(made.infos, info)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	made.ref = reference("TaskHistoryCollector", fmt.Sprintf("session[%s]history-%d", ctx.Session.Key, h.number))
	if h.collectors == nil {
		h.collectors = make(map[string]*taskCollector)
	}
	h.collectors[made.ref.Value] = made
	return &methods.CreateCollectorForTasksBody{Res: &types.CreateCollectorForTasksResponse{Returnval: made.ref}}
}

// remember adds the task of a revert that has ended well.
func (w *world) remember(m *machine, user string, at time.Time) {
	task := &simulator.Task{}
	task.Self = reference("Task", fmt.Sprintf("task-%d", 1_000_000+w.taskNumber.Add(1)))
	task.Info = types.TaskInfo{
		Key: task.Self.Value, Task: task.Self, Name: "RevertToSnapshot_Task", DescriptionId: "vm.Snapshot.revert",
		Entity: &m.ref, EntityName: m.vm.Name, State: types.TaskInfoStateSuccess,
		Reason: &types.TaskReasonUser{UserName: user}, QueueTime: at, StartTime: &at, CompleteTime: &at,
	}
	w.registry.Put(task)
}

// lets tells whether a filter lets a task through.
func (w *world) lets(spec types.TaskFilterSpec, info *types.TaskInfo) bool {
	if len(spec.State) != 0 && !slices.Contains(spec.State, info.State) {
		return false
	}
	if by := spec.UserName; by != nil {
		user := ""
		if reason, ok := info.Reason.(*types.TaskReasonUser); ok {
			user = reason.UserName
		}
		known := slices.ContainsFunc(by.UserList, func(u string) bool { return strings.EqualFold(u, user) })
		if !known && !(by.SystemUser && user == "") {
			return false
		}
	}
	if by := spec.Time; by != nil {
		at := &info.QueueTime
		switch by.TimeType {
		case types.TaskFilterSpecTimeOptionStartedTime:
			at = info.StartTime
		case types.TaskFilterSpecTimeOptionCompletedTime:
			at = info.CompleteTime
		}
		if at == nil || by.BeginTime != nil && at.Before(*by.BeginTime) || by.EndTime != nil && at.After(*by.EndTime) {
			return false
		}
	}
	return spec.Entity == nil || info.Entity != nil && w.within(*info.Entity, *spec.Entity)
}

// within tells whether an object is meant by a filter's entity: itself, what stands below it, or both.
func (w *world) within(ref types.ManagedObjectReference, by types.TaskFilterSpecByEntity) bool {
	if ref == by.Entity {
		return by.Recursion != types.TaskFilterSpecRecursionOptionChildren
	}
	if by.Recursion == types.TaskFilterSpecRecursionOptionSelf {
		return false
	}
	for {
		object, ok := w.registry.Get(ref).(mo.Entity)
		if !ok || object.Entity().Parent == nil {
			return false
		}
		if ref = *object.Entity().Parent; ref == by.Entity {
			return true
		}
	}
}

// ReadNextTasks gives the next tasks, oldest first; none at the end.
func (c *taskCollector) ReadNextTasks(_ *simulator.Context, req *types.ReadNextTasks) soap.HasFault {
	if req.MaxCount <= 0 || req.MaxCount > maxTaskPage {
		return refuse(&types.InvalidArgument{InvalidProperty: "maxCount"})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end := min(len(c.infos), c.next+int(req.MaxCount))
	page := c.infos[c.next:end]
	c.next = end
	return &methods.ReadNextTasksBody{Res: &types.ReadNextTasksResponse{Returnval: page}}
}

// DestroyCollector ends it.
func (c *taskCollector) DestroyCollector(*simulator.Context, *types.DestroyCollector) soap.HasFault {
	h := &c.world.history
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.collectors, c.ref.Value)
	return &methods.DestroyCollectorBody{Res: &types.DestroyCollectorResponse{}}
}
