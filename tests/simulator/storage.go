package main

import (
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"savepoint.vsphere/simulator/internal/tree"
)

// borrowedKey is where the keys of files of another VM begin, well above those of a VM's own.
const borrowedKey = 1 << 20

// borrow makes the machine a linked clone of a snapshot: its layout then lists the files that it reads from there,
// as a real clone's does (facts 2, "protect any snapshot with linked clones").
func (m *machine) borrow(list []tree.Link) {
	for _, link := range list {
		for _, f := range []*tree.File{link.Descriptor, link.Extent} {
			key := int32(borrowedKey + len(m.borrowed))
			m.borrowed = append(m.borrowed, &tree.File{Key: key, Name: f.Name, Size: f.Size})
		}
	}
}

// postClone makes {vm} a linked clone of the snapshot of another VM.
func (w *world) postClone(m *machine, in *http.Request) (any, error) {
	var body struct {
		Snapshot string `json:"snapshot"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	owner := w.snapshotOwner(reference("VirtualMachineSnapshot", body.Snapshot))
	if owner == nil || owner == m {
		return nil, problem{404, "no other VM has the snapshot " + body.Snapshot}
	}
	var links []tree.Link
	w.lock(owner, func(*simulator.Context) {
		s := owner.tree.Get(body.Snapshot)
		for _, key := range owner.tree.Disks(s) {
			for _, link := range owner.tree.Chain(s.Layer, key) {
				links = append(links, tree.Link{Descriptor: link.Descriptor, Extent: link.Extent})
			}
		}
	})
	w.lock(m, func(ctx *simulator.Context) {
		m.borrow(links)
		m.update(ctx, m.layoutChanges())
	})
	return w.describe(m), nil
}

// patchDatastore sets a datastore's capacity and free space in bytes.
func (w *world) patchDatastore(in *http.Request) (any, error) {
	var body struct {
		Capacity *int64 `json:"capacity"`
		Free     *int64 `json:"free"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	for _, entity := range w.registry.All("Datastore") {
		store := entity.(*simulator.Datastore)
		if store.Name != in.PathValue("datastore") {
			continue
		}
		ctx := w.context()
		ctx.WithLock(store, func() {
			summary := store.Summary
			if body.Capacity != nil {
				summary.Capacity = *body.Capacity
			}
			if body.Free != nil {
				summary.FreeSpace = *body.Free
			}
			ctx.Update(store, []types.PropertyChange{{Name: "summary", Val: summary}})
		})
		return map[string]int64{"capacity": store.Summary.Capacity, "free": store.Summary.FreeSpace}, nil
	}
	return nil, problem{404, "there is no datastore " + in.PathValue("datastore")}
}
