package main

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type event int

const (
	added event = iota
	changed
	removed
)

// filter is one PropertyFilter: objects to watch, and what of them its client knows.
type filter struct {
	endpoint
	collector *collector
	spec      types.PropertyFilterSpec

	mu    sync.Mutex
	known map[types.ManagedObjectReference]map[string]types.AnyType
	order []types.ManagedObjectReference // the dirty ones, in the order in which they changed
	dirty map[types.ManagedObjectReference]bool
	gone  []types.ManagedObjectReference
	stale bool // the set of objects has to be worked out anew
	early bool // which is being done, so that even an object not known yet may have changed since it was read
}

func newFilter(c *collector, spec types.PropertyFilterSpec) *filter {
	f := &filter{collector: c, spec: spec}
	f.ref = reference("PropertyFilter", fmt.Sprintf("session[%s]filter-%d", c.session, c.world.waits.number.Add(1)))
	f.forget()
	return f
}

// forget has the next reply tell everything.
func (f *filter) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = make(map[types.ManagedObjectReference]map[string]types.AnyType)
	f.dirty = make(map[types.ManagedObjectReference]bool)
	f.order, f.gone = nil, nil
	f.stale = true
}

// DestroyPropertyFilter ends the watch.
func (f *filter) DestroyPropertyFilter(*simulator.Context, *types.DestroyPropertyFilter) soap.HasFault {
	c := f.collector
	c.mu.Lock()
	c.filters = slices.DeleteFunc(slices.Clone(c.filters), func(other *filter) bool { return other == f })
	c.mu.Unlock()
	return &methods.DestroyPropertyFilterBody{Res: &types.DestroyPropertyFilterResponse{}}
}

// notice takes note of a change, and tells whether it matters.
func (f *filter) notice(ref types.ManagedObjectReference, what event) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, known := f.known[ref]
	switch what {
	case added:
		if f.wants(ref) && f.traverses() {
			f.stale = true
			return true
		}
	case removed:
		if known || f.early && f.wants(ref) {
			f.gone = append(f.gone, ref)
			return true
		}
	case changed:
		matters := false
		for _, o := range f.spec.ObjectSet {
			if o.Obj == ref && len(o.SelectSet) != 0 {
				f.stale, matters = true, true // a view, say, whose members changed
			}
		}
		watched := known || f.early && f.wants(ref)
		if watched && !f.dirty[ref] {
			f.dirty[ref] = true
			f.order = append(f.order, ref)
		}
		return matters || watched
	}
	return false
}

func (f *filter) wants(ref types.ManagedObjectReference) bool {
	for _, p := range f.spec.PropSet {
		if p.Type == ref.Type || p.Type == "ManagedEntity" {
			return true
		}
	}
	return false
}

func (f *filter) traverses() bool {
	for _, o := range f.spec.ObjectSet {
		if len(o.SelectSet) != 0 {
			return true
		}
	}
	return false
}

// read gets the properties of objects; those that are gone are left out.
func (f *filter) read(ctx *simulator.Context, objects []types.ObjectSpec) ([]types.ObjectContent, *soap.Fault) {
	spec := types.PropertyFilterSpec{
		PropSet: f.spec.PropSet, ObjectSet: objects, ReportMissingObjectsInResults: types.NewBool(true),
	}
	if plain(spec) {
		contents, _ := f.collector.world.reads.read(ctx, spec)
		return contents, nil
	}
	pc := simulator.NewPropertyCollector(f.collector.world.model.ServiceContent.PropertyCollector)
	body := pc.(*simulator.PropertyCollector).RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{
		SpecSet: []types.PropertyFilterSpec{spec},
	})
	if fault := body.Fault(); fault != nil {
		return nil, fault
	}
	return body.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects, nil
}

// updates tells what changed since the last time.
func (f *filter) updates(ctx *simulator.Context) types.PropertyFilterUpdate {
	update := types.PropertyFilterUpdate{Filter: f.ref}
	f.mu.Lock()
	stale, order, gone := f.stale, f.order, f.gone
	f.stale, f.order, f.gone = false, nil, nil
	f.early = stale
	clear(f.dirty)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.early = false
		f.mu.Unlock()
	}()

	for _, ref := range gone {
		f.leave(&update, ref)
	}
	if stale {
		objects, fault := f.read(ctx, f.spec.ObjectSet)
		if fault != nil {
			return update
		}
		there := make(map[types.ManagedObjectReference]bool, len(objects))
		for _, o := range objects {
			there[o.Obj] = true
			f.compare(&update, o)
		}
		f.mu.Lock()
		var left []types.ManagedObjectReference
		for ref := range f.known {
			if !there[ref] {
				left = append(left, ref)
			}
		}
		f.mu.Unlock()
		for _, ref := range left {
			f.leave(&update, ref)
		}
		return update
	}
	if len(order) == 0 {
		return update
	}
	specs := make([]types.ObjectSpec, 0, len(order))
	f.mu.Lock()
	for _, ref := range order {
		if _, known := f.known[ref]; known {
			specs = append(specs, types.ObjectSpec{Obj: ref})
		}
	}
	f.mu.Unlock()
	objects, fault := f.read(ctx, specs)
	if fault != nil {
		return update
	}
	for _, o := range objects {
		f.compare(&update, o)
	}
	return update
}

func (f *filter) leave(update *types.PropertyFilterUpdate, ref types.ManagedObjectReference) {
	f.mu.Lock()
	_, known := f.known[ref]
	delete(f.known, ref)
	f.mu.Unlock()
	if known {
		update.ObjectSet = append(update.ObjectSet, types.ObjectUpdate{Kind: types.ObjectUpdateKindLeave, Obj: ref})
	}
}

// compare adds to the update in what an object differs from what the client knows of it.
func (f *filter) compare(update *types.PropertyFilterUpdate, o types.ObjectContent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, known := f.known[o.Obj]
	now := make(map[string]types.AnyType, len(o.PropSet))
	one := types.ObjectUpdate{Kind: types.ObjectUpdateKindModify, Obj: o.Obj, MissingSet: o.MissingSet}
	if !known {
		one.Kind = types.ObjectUpdateKindEnter
	}
	for _, p := range o.PropSet {
		now[p.Name] = p.Val
		if old, there := before[p.Name]; !there || !reflect.DeepEqual(old, p.Val) {
			one.ChangeSet = append(one.ChangeSet, types.PropertyChange{
				Name: p.Name, Op: types.PropertyChangeOpAssign, Val: p.Val,
			})
		}
	}
	for name := range before {
		if _, there := now[name]; !there { // it has become unset
			one.ChangeSet = append(one.ChangeSet, types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign})
		}
	}
	f.known[o.Obj] = now
	if !known || len(one.ChangeSet) != 0 {
		update.ObjectSet = append(update.ObjectSet, one)
	}
}
