package main

import (
	"path"
	"reflect"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// reader reads properties in bulk. vcsim copies all that it reads by writing it as XML and parsing that, which for a
// few thousand VMs takes most of a reply's time. The reader takes the reads that are plain, of named properties of
// objects by reference or through a view, and leaves all others to vcsim.
type reader struct {
	world *world
	mu    sync.Mutex
	pages map[string]page // by token
}

// page is what a client has yet to fetch.
type page struct {
	session string
	objects []types.ObjectContent
	size    int
}

// plain tells whether the reader can do it.
func plain(spec types.PropertyFilterSpec) bool {
	paths := pathsByType(spec)
	if len(paths) == 0 || len(paths) != len(spec.PropSet) {
		return false
	}
	for _, wanted := range spec.PropSet {
		if len(wanted.PathSet) == 0 || isTrue(wanted.All) || intricate[wanted.Type] {
			return false
		}
		for _, name := range wanted.PathSet {
			if strings.Contains(name, "[") {
				return false
			}
		}
	}
	for _, o := range spec.ObjectSet {
		switch len(o.SelectSet) {
		case 0:
			if paths[typeOf(o.Obj)] == nil {
				return false
			}
		case 1:
			walk, ok := o.SelectSet[0].(*types.TraversalSpec)
			view := o.Obj.Type == "ContainerView" || o.Obj.Type == "ListView"
			if !ok || !view || walk.Path != "view" || len(walk.SelectSet) != 0 || isTrue(walk.Skip) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// intricate are the types that others are derived from or that are derived from one read here; vcsim reads those.
var intricate = map[string]bool{
	"ManagedEntity": true, "ExtensibleManagedObject": true, "ResourcePool": true,
	"ClusterComputeResource": true, "StoragePod": true,
}

// typeOf is the type by which an object is asked for: of the two below, the more general one.
func typeOf(ref types.ManagedObjectReference) string {
	switch ref.Type {
	case "ClusterComputeResource":
		return "ComputeResource"
	case "StoragePod":
		return "Folder"
	}
	return ref.Type
}

// pathsByType lists what is wanted of each type.
func pathsByType(spec types.PropertyFilterSpec) map[string][]string {
	paths := make(map[string][]string, len(spec.PropSet))
	for _, wanted := range spec.PropSet {
		paths[wanted.Type] = wanted.PathSet
	}
	return paths
}

// read reads the objects of a plain spec. Those that are gone are left out, unless one was named.
func (r *reader) read(ctx *simulator.Context, spec types.PropertyFilterSpec) ([]types.ObjectContent, types.BaseMethodFault) {
	wanted := pathsByType(spec)
	var contents []types.ObjectContent
	seen := make(map[types.ManagedObjectReference]bool)
	for _, o := range spec.ObjectSet {
		refs := []types.ManagedObjectReference{o.Obj}
		object := ctx.Session.Get(o.Obj)
		if object == nil {
			if isTrue(spec.ReportMissingObjectsInResults) {
				continue
			}
			return nil, &types.ManagedObjectNotFound{Obj: o.Obj}
		}
		if len(o.SelectSet) != 0 {
			ctx.WithLock(object, func() { refs = members(object) })
		}
		for _, ref := range refs {
			paths := wanted[typeOf(ref)]
			if paths == nil || seen[ref] {
				continue
			}
			seen[ref] = true
			if object := ctx.Session.Get(ref); object != nil {
				var content types.ObjectContent
				ctx.WithLock(object, func() { content = properties(object, ref, paths) })
				contents = append(contents, content)
			}
		}
	}
	return contents, nil
}

func members(view mo.Reference) []types.ManagedObjectReference {
	switch v := view.(type) {
	case *simulator.ContainerView:
		return append([]types.ManagedObjectReference{}, v.View...)
	case *simulator.ListView:
		return append([]types.ManagedObjectReference{}, v.View...)
	}
	return nil
}

// properties copies what the paths name. The caller holds the object's lock.
func properties(object mo.Reference, ref types.ManagedObjectReference, paths []string) types.ObjectContent {
	content := types.ObjectContent{Obj: ref}
	managed := managedObject(object)
	for _, name := range paths {
		value, found := valueAt(managed, name)
		switch {
		case !found:
			content.MissingSet = append(content.MissingSet, types.MissingProperty{
				Path: name, Fault: types.LocalizedMethodFault{Fault: &types.InvalidProperty{Name: name}},
			})
		case value.IsValid():
			content.PropSet = append(content.PropSet, types.DynamicProperty{Name: name, Val: wireValue(value)})
		}
	}
	return content
}

// managedObject digs the API's own type out of vcsim's.
func managedObject(object mo.Reference) reflect.Value {
	v := reflect.ValueOf(object).Elem()
	for path.Base(v.Type().PkgPath()) != "mo" {
		v = v.Field(0)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
	}
	return v
}

// valueAt follows a property path. An unset property is found and has no value.
func valueAt(v reflect.Value, name string) (value reflect.Value, found bool) {
	for part := range strings.SplitSeq(name, ".") {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			if v.IsNil() {
				return reflect.Value{}, true
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || part == "" {
			return reflect.Value{}, false
		}
		v = v.FieldByName(strings.ToUpper(part[:1]) + part[1:])
		if !v.IsValid() {
			return reflect.Value{}, false
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return reflect.Value{}, true
		}
	case reflect.String:
		if v.Len() == 0 {
			return reflect.Value{}, true
		}
	}
	return v, true
}

// wireValue copies a value into the form in which replies carry it: lists as the API's ArrayOf types.
func wireValue(v reflect.Value) types.AnyType {
	v = cloneValue(v)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice {
		return v.Interface()
	}
	name := strings.TrimPrefix(v.Type().Elem().Name(), "Base")
	switch v.Type().Elem().Kind() { // Go's names of these are not the API's
	case reflect.String:
		if v.Type().Elem() == reflect.TypeOf("") {
			name = "String"
		}
	case reflect.Uint8:
		name = "Byte"
	case reflect.Int16:
		name = "Short"
	case reflect.Int32:
		name = "Int"
	case reflect.Int64:
		name = "Long"
	}
	kind, ok := types.TypeFunc()("ArrayOf" + name)
	if !ok {
		return v.Interface()
	}
	list := reflect.New(kind)
	list.Elem().Field(0).Set(v.Convert(list.Elem().Field(0).Type()))
	return list.Interface()
}

// readEndpoint answers the reading half of the PropertyCollector.
type readEndpoint struct {
	endpoint
	reader *reader
}

// RetrievePropertiesEx reads, and keeps what is more than the client takes at once.
func (e *readEndpoint) RetrievePropertiesEx(ctx *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	contents, fault := e.reader.read(ctx, req.SpecSet[0])
	if fault != nil {
		return refuse(fault)
	}
	result := &types.RetrieveResult{}
	result.Objects, result.Token = e.reader.turn(page{
		session: ctx.Session.Key, objects: contents, size: int(req.Options.MaxObjects),
	})
	return &methods.RetrievePropertiesExBody{Res: &types.RetrievePropertiesExResponse{Returnval: result}}
}

// RetrieveProperties is the old form, without pages.
func (e *readEndpoint) RetrieveProperties(ctx *simulator.Context, req *types.RetrieveProperties) soap.HasFault {
	contents, fault := e.reader.read(ctx, req.SpecSet[0])
	if fault != nil {
		return refuse(fault)
	}
	return &methods.RetrievePropertiesBody{Res: &types.RetrievePropertiesResponse{Returnval: contents}}
}

// ContinueRetrievePropertiesEx goes on with a read. facts 6: a token is for one use, in the same session.
func (e *readEndpoint) ContinueRetrievePropertiesEx(ctx *simulator.Context,
	req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	p, ok := e.reader.take(ctx.Session.Key, req.Token)
	if !ok {
		return refuse(&types.InvalidProperty{Name: "token"})
	}
	result := types.RetrieveResult{}
	result.Objects, result.Token = e.reader.turn(p)
	return &methods.ContinueRetrievePropertiesExBody{
		Res: &types.ContinueRetrievePropertiesExResponse{Returnval: result},
	}
}

// CancelRetrievePropertiesEx gives a read up.
func (e *readEndpoint) CancelRetrievePropertiesEx(ctx *simulator.Context,
	req *types.CancelRetrievePropertiesEx) soap.HasFault {
	if _, ok := e.reader.take(ctx.Session.Key, req.Token); !ok {
		return refuse(&types.InvalidProperty{Name: "token"})
	}
	return &methods.CancelRetrievePropertiesExBody{Res: &types.CancelRetrievePropertiesExResponse{}}
}

// turn cuts a page off and keeps the rest under a new token.
func (r *reader) turn(p page) ([]types.ObjectContent, string) {
	if p.size <= 0 || len(p.objects) <= p.size {
		return p.objects, ""
	}
	token := newUUID()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pages == nil {
		r.pages = make(map[string]page)
	}
	r.pages[token] = page{session: p.session, objects: p.objects[p.size:], size: p.size}
	return p.objects[:p.size], token
}

func (r *reader) take(session, token string) (page, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.pages[token]
	if !ok || p.session != session {
		return page{}, false
	}
	delete(r.pages, token)
	return p, true
}

func (r *reader) knows(token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.pages[token]
	return ok
}

// route takes the reads that are plain.
func (r *reader) route(method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	mine := false
	switch body := method.Body.(type) {
	case *types.RetrievePropertiesEx:
		mine = len(body.SpecSet) == 1 && plain(body.SpecSet[0])
	case *types.RetrieveProperties:
		mine = len(body.SpecSet) == 1 && plain(body.SpecSet[0])
	case *types.ContinueRetrievePropertiesEx:
		mine = r.knows(body.Token)
	case *types.CancelRetrievePropertiesEx:
		mine = true
	}
	if mine {
		return redirect(method, &readEndpoint{endpoint: endpoint{method.This}, reader: r})
	}
	method.This = r.world.model.ServiceContent.PropertyCollector // vcsim doesn't know those that we made
	return nil, nil
}
