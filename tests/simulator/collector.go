package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// collectors answer the waiting half of the PropertyCollector. vcsim's own collects every object of a filter anew for
// every single change, so that waiting for a thousand tasks takes a thousand times a thousand reads; and it tells of
// objects a second time when a ListView changes (facts 8). Ours reads only what changed. Reading properties without
// waiting is the reader's.
type collectors struct {
	world  *world
	mu     sync.Mutex
	byRef  map[string]*collector // session key, a space, and the collector's MoID
	number atomic.Int64
}

// collector is one PropertyCollector of one session.
type collector struct {
	endpoint
	world   *world
	session string

	mu      sync.Mutex
	filters []*filter
	version int
	last    *types.UpdateSet // the latest reply, in case its receiver never saw it
	rest    *types.UpdateSet // what did not fit into it
	wake    chan struct{}
	cancel  chan struct{}
	expired bool
}

// maxUpdates is vCenter's own limit on the objects in one reply (facts 6).
const maxUpdates = 100

// route takes the calls of collectors and filters that have to do with waiting.
func (c *collectors) route(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if method.This.Type == "PropertyFilter" {
		if f := c.filter(ctx.Session.Key, method.This); f != nil && answers(f, method.Name) {
			return redirect(method, f)
		}
		return nil, nil
	}
	switch method.Name {
	case "Fetch":
		return redirect(method, &fetchEndpoint{endpoint: endpoint{method.This}, world: c.world})
	case "RetrievePropertiesEx", "RetrieveProperties", "ContinueRetrievePropertiesEx", "CancelRetrievePropertiesEx":
		return c.world.reads.route(method)
	}
	known := c.get(ctx.Session.Key, method.This)
	if known == nil && method.This == c.world.model.ServiceContent.PropertyCollector {
		known = c.add(ctx.Session.Key, method.This)
	}
	if known != nil && answers(known, method.Name) {
		return redirect(method, known)
	}
	return nil, nil
}

func (c *collectors) get(session string, ref types.ManagedObjectReference) *collector {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byRef[session+" "+ref.Value]
}

func (c *collectors) add(session string, ref types.ManagedObjectReference) *collector {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := session + " " + ref.Value
	if known := c.byRef[key]; known != nil {
		return known
	}
	made := &collector{
		endpoint: endpoint{ref}, world: c.world, session: session,
		wake: make(chan struct{}, 1), cancel: make(chan struct{}, 1),
	}
	if c.byRef == nil {
		c.byRef = make(map[string]*collector)
	}
	c.byRef[key] = made
	c.world.registry.AddHandler(made)
	return made
}

// drop ends the collectors of a session. Whoever waits is told so if the session was taken away.
func (c *collectors) drop(session string, expired bool) {
	c.mu.Lock()
	var ended []*collector
	for key, known := range c.byRef {
		if known.session == session {
			ended = append(ended, known)
			delete(c.byRef, key)
		}
	}
	c.mu.Unlock()
	for _, known := range ended {
		c.world.registry.RemoveHandler(known)
		known.mu.Lock()
		known.expired = expired
		known.mu.Unlock()
		known.stopWaiting()
	}
}

func (c *collectors) filter(session string, ref types.ManagedObjectReference) *filter {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.byRef {
		if known.session != session {
			continue
		}
		known.mu.Lock()
		for _, f := range known.filters {
			if f.ref == ref {
				known.mu.Unlock()
				return f
			}
		}
		known.mu.Unlock()
	}
	return nil
}

// Reference tells collectors of different sessions apart, for the registry's list of handlers.
func (c *collector) Reference() types.ManagedObjectReference {
	return reference("PropertyCollector", c.session+" "+c.ref.Value)
}

// CreatePropertyCollector makes another collector for the session.
func (c *collector) CreatePropertyCollector(*simulator.Context, *types.CreatePropertyCollector) soap.HasFault {
	ref := reference("PropertyCollector", fmt.Sprintf("session[%s]collector-%d", c.session, c.world.waits.number.Add(1)))
	c.world.waits.add(c.session, ref)
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{Returnval: ref}}
}

// DestroyPropertyCollector ends this one and its filters.
func (c *collector) DestroyPropertyCollector(*simulator.Context, *types.DestroyPropertyCollector) soap.HasFault {
	w := c.world
	w.waits.mu.Lock()
	delete(w.waits.byRef, c.session+" "+c.ref.Value)
	w.waits.mu.Unlock()
	w.registry.RemoveHandler(c)
	c.stopWaiting()
	return &methods.DestroyPropertyCollectorBody{Res: &types.DestroyPropertyCollectorResponse{}}
}

// CreateFilter begins to watch objects.
func (c *collector) CreateFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	f := newFilter(c, req.Spec)
	for _, o := range f.spec.ObjectSet {
		if ctx.Session.Get(o.Obj) == nil {
			return refuse(&types.ManagedObjectNotFound{Obj: o.Obj})
		}
	}
	c.mu.Lock()
	c.filters = append(c.filters, f)
	c.mu.Unlock()
	c.nudge()
	return &methods.CreateFilterBody{Res: &types.CreateFilterResponse{Returnval: f.ref}}
}

// CancelWaitForUpdates ends a wait.
func (c *collector) CancelWaitForUpdates(*simulator.Context, *types.CancelWaitForUpdates) soap.HasFault {
	c.stopWaiting()
	return &methods.CancelWaitForUpdatesBody{Res: &types.CancelWaitForUpdatesResponse{}}
}

func (c *collector) stopWaiting() {
	select {
	case c.cancel <- struct{}{}:
	default:
	}
}

// nudge wakes whoever waits.
func (c *collector) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// WaitForUpdates is the old form of WaitForUpdatesEx, without a limit of time.
func (c *collector) WaitForUpdates(ctx *simulator.Context, req *types.WaitForUpdates) soap.HasFault {
	answer := c.WaitForUpdatesEx(ctx, &types.WaitForUpdatesEx{This: req.This, Version: req.Version})
	body, ok := answer.(*methods.WaitForUpdatesExBody)
	if !ok {
		return answer
	}
	return &methods.WaitForUpdatesBody{Res: &types.WaitForUpdatesResponse{Returnval: *body.Res.Returnval}}
}

// WaitForUpdatesEx waits until something has changed since the version that the client knows.
func (c *collector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	var deadline <-chan time.Time
	limit, once := maxUpdates, false
	if o := req.Options; o != nil {
		if o.MaxWaitSeconds != nil {
			once = *o.MaxWaitSeconds <= 0
			timer := time.NewTimer(time.Duration(*o.MaxWaitSeconds) * time.Second)
			defer timer.Stop()
			deadline = timer.C
		}
		if n := int(o.MaxObjectUpdates); n > 0 && n < limit {
			limit = n
		}
	}
	select {
	case <-c.cancel: // meant for an earlier wait
	default:
	}
	if again, fault := c.begin(req.Version); fault != nil {
		return refuse(fault)
	} else if again != nil {
		return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{Returnval: again}}
	}
	for {
		if set := c.updates(ctx, limit, req.Version == ""); set != nil {
			return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{Returnval: set}}
		}
		if once {
			return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{}}
		}
		select {
		case <-c.wake:
			time.Sleep(5 * time.Millisecond) // more may come with it
		case <-deadline:
			return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{}}
		case <-c.cancel:
			c.mu.Lock()
			expired := c.expired
			c.mu.Unlock()
			if expired {
				return refuse(&types.NotAuthenticated{
					NoPermission: types.NoPermission{Object: &c.ref, PrivilegeId: "System.View"},
				})
			}
			return refuse(&types.RequestCanceled{})
		}
	}
}

// begin looks at the version that the client has. A client that starts anew is told everything; one that names the
// version before the latest has not seen the latest reply, and gets it again.
func (c *collector) begin(version string) (*types.UpdateSet, types.BaseMethodFault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case version == "":
		c.rest, c.last = nil, nil
		for _, f := range c.filters {
			f.forget()
		}
	case version == fmt.Sprint(c.version):
	case version == fmt.Sprint(c.version-1) && c.last != nil:
		return c.last, nil
	default:
		return nil, &types.InvalidCollectorVersion{}
	}
	return nil, nil
}

// updates gathers what changed, up to limit objects; nil if nothing did. The first reply may be empty.
func (c *collector) updates(ctx *simulator.Context, limit int, first bool) *types.UpdateSet {
	c.mu.Lock()
	set := c.rest
	filters := append([]*filter{}, c.filters...)
	c.mu.Unlock()
	if set == nil {
		set = &types.UpdateSet{}
		for _, f := range filters {
			if update := f.updates(ctx); len(update.ObjectSet) != 0 {
				set.FilterSet = append(set.FilterSet, update)
			}
		}
		if len(set.FilterSet) == 0 && !first {
			return nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	set, c.rest = cut(set, limit)
	c.version++
	set.Version = fmt.Sprint(c.version)
	c.last = set
	return set
}

// cut splits an update set after limit objects.
func cut(set *types.UpdateSet, limit int) (head, rest *types.UpdateSet) {
	head = &types.UpdateSet{}
	for i, f := range set.FilterSet {
		if len(f.ObjectSet) <= limit {
			head.FilterSet = append(head.FilterSet, f)
			limit -= len(f.ObjectSet)
			continue
		}
		first, second := f, f
		first.ObjectSet, second.ObjectSet = f.ObjectSet[:limit], f.ObjectSet[limit:]
		if limit > 0 {
			head.FilterSet = append(head.FilterSet, first)
		}
		head.Truncated = types.NewBool(true)
		rest = &types.UpdateSet{FilterSet: append([]types.PropertyFilterUpdate{second}, set.FilterSet[i+1:]...)}
		return head, rest
	}
	return head, nil
}

// PutObject is called for every new object.
func (c *collector) PutObject(_ *simulator.Context, obj mo.Reference) {
	c.notice(obj.Reference(), added)
}

// UpdateObject is called for every change.
func (c *collector) UpdateObject(_ *simulator.Context, obj mo.Reference, _ []types.PropertyChange) {
	c.notice(obj.Reference(), changed)
}

// RemoveObject is called for every object that goes.
func (c *collector) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	c.notice(ref, removed)
}

func (c *collector) notice(ref types.ManagedObjectReference, what event) {
	c.mu.Lock()
	filters := c.filters
	c.mu.Unlock()
	for _, f := range filters {
		if f.notice(ref, what) {
			c.nudge()
		}
	}
}
