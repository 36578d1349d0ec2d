package main

import (
	"net/http"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// placeWish names a folder of VMs by names as people see them, whatever is in them: from the root folder down to the
// datacenter, and from its vm folder on.
type placeWish struct {
	Datacenter []string `json:"datacenter"`
	Folders    []string `json:"folders"`
}

// folder finds a folder below the first datacenter's vm folder, and makes what of it is missing.
func (w *world) folder(path string) (*simulator.Folder, error) {
	names := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return w.place(placeWish{Folders: names})
}

// place finds a folder, and makes what of it is missing.
func (w *world) place(wish placeWish) (*simulator.Folder, error) {
	at := w.places.root
	if len(wish.Datacenter) > 0 {
		var err error
		if at, err = w.vmFolder(wish.Datacenter); err != nil {
			return nil, err
		}
	}
	return w.down(at, wish.Folders)
}

// rootFolder is the one that has the datacenters.
func (w *world) rootFolder() (*simulator.Folder, error) {
	root, ok := get[*simulator.Folder](w, w.model.ServiceContent.RootFolder)
	if !ok {
		return nil, problem{409, "a host by itself has one datacenter"}
	}
	return root, nil
}

// vmFolder is that of a datacenter.
func (w *world) vmFolder(names []string) (*simulator.Folder, error) {
	root, err := w.rootFolder()
	if err != nil {
		return nil, err
	}
	last := len(names) - 1
	at, err := w.down(root, names[:last])
	if err != nil {
		return nil, err
	}
	child := w.registry.FindByName(escapeName(names[last]), at.ChildEntity)
	if child == nil {
		ctx := w.context()
		w.registry.WithLock(ctx, at, func() {
			// Unlike CreateFolder, it takes a name as it is.
			request := &types.CreateDatacenter{This: at.Self, Name: escapeName(names[last])}
			if body := at.CreateDatacenter(ctx, request).(*methods.CreateDatacenterBody); body.Fault() == nil {
				child, _ = get[mo.Entity](w, body.Res.Returnval)
			}
		})
	}
	datacenter, ok := child.(*simulator.Datacenter)
	if !ok {
		return nil, problem{409, names[last] + " can't be a datacenter"}
	}
	folder, _ := get[*simulator.Folder](w, datacenter.VmFolder)
	return folder, nil
}

// down goes from a folder to one below it, and makes what is missing on the way.
func (w *world) down(at *simulator.Folder, names []string) (*simulator.Folder, error) {
	for _, name := range names {
		child := w.registry.FindByName(escapeName(name), at.ChildEntity)
		if child == nil {
			ctx := w.context()
			w.registry.WithLock(ctx, at, func() {
				body := at.CreateFolder(ctx, &types.CreateFolder{This: at.Self, Name: name}).(*methods.CreateFolderBody)
				if body.Fault() == nil {
					child, _ = get[mo.Entity](w, body.Res.Returnval)
				}
			})
		}
		folder, ok := child.(*simulator.Folder)
		if !ok {
			return nil, problem{409, name + " can't be a folder"}
		}
		at = folder
	}
	return at, nil
}

// deletePlace takes a child of the root folder out of the inventory, with all that is below it.
func (w *world) deletePlace(in *http.Request) (any, error) {
	root, err := w.rootFolder()
	if err != nil {
		return nil, err
	}
	child := w.registry.FindByName(escapeName(in.PathValue("place")), root.ChildEntity)
	if child == nil {
		return nil, problem{404, "there is no such place"}
	}
	below := w.below(child.Reference())
	for _, ref := range below {
		if ref.Type == "VirtualMachine" || ref.Type == "ComputeResource" || ref.Type == "ClusterComputeResource" {
			return nil, problem{409, ref.Value + " is there"}
		}
	}
	ctx := w.context()
	w.registry.RemoveReference(ctx, root, &root.ChildEntity, child.Reference())
	for _, ref := range below {
		w.registry.Remove(ctx, ref)
	}
	return done{}, nil
}

// below is a place and everything in it, what is deepest first.
func (w *world) below(ref types.ManagedObjectReference) []types.ManagedObjectReference {
	var children, all []types.ManagedObjectReference
	switch place := w.registry.Get(ref).(type) {
	case *simulator.Folder:
		children = place.ChildEntity
	case *simulator.Datacenter:
		children = []types.ManagedObjectReference{
			place.VmFolder, place.HostFolder, place.DatastoreFolder, place.NetworkFolder,
		}
	}
	for _, child := range children {
		all = append(all, w.below(child)...)
	}
	return append(all, ref)
}
