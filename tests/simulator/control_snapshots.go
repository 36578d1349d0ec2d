package main

import (
	"net/http"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// postSnapshot makes a snapshot as another client would, and at once.
func (w *world) postSnapshot(m *machine, in *http.Request) (any, error) {
	var body struct {
		Name        string  `json:"name"`
		Description string  `json:"description"`
		Memory      bool    `json:"memory"`
		Quiesce     bool    `json:"quiesce"`
		Age         string  `json:"age"`
		Parent      *string `json:"parent"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	s := wish{
		name: body.Name, description: body.Description, memory: body.Memory, quiesce: body.Quiesce, force: true,
	}
	if body.Age != "" {
		age, err := parseDuration(body.Age)
		if err != nil {
			return nil, err
		}
		s.createdAt = w.now().Add(-age)
	}
	if body.Parent != nil {
		s.below = *body.Parent
	}
	var report snapshotReport
	var fault types.BaseMethodFault
	w.lock(m, func(ctx *simulator.Context) {
		if m.gone {
			fault = &types.ManagedObjectNotFound{Obj: m.ref}
			return
		}
		node, f := m.create(ctx, s)
		if fault = f; f == nil {
			report = m.describeSnapshot(node)
		}
	})
	if fault != nil {
		return nil, problem{404, messageOf(fault)}
	}
	return report, nil
}

// patchSnapshot changes what a client could not: a snapshot's age, for one.
func (w *world) patchSnapshot(m *machine, in *http.Request) (any, error) {
	var body struct {
		Age         *string    `json:"age"`
		CreatedAt   *time.Time `json:"created_at"`
		Description *string    `json:"description"`
		Name        *string    `json:"name"`
		SizeBytes   *int64     `json:"size_bytes"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	var age time.Duration
	if body.Age != nil {
		var err error
		if age, err = parseDuration(*body.Age); err != nil {
			return nil, err
		}
	}
	var report snapshotReport
	var refused error
	w.lock(m, func(ctx *simulator.Context) {
		node := m.tree.Get(in.PathValue("snapshot"))
		if node == nil {
			refused = problem{404, "the VM has no snapshot " + in.PathValue("snapshot")}
			return
		}
		if body.Age != nil {
			node.CreatedAt = w.now().Add(-age)
		}
		if body.CreatedAt != nil {
			node.CreatedAt = body.CreatedAt.UTC()
		}
		if body.SizeBytes != nil {
			m.tree.SetSize(node, *body.SizeBytes)
		}
		m.rename(ctx, node.ID, body.Name, body.Description)
		report = m.describeSnapshot(node)
	})
	return report, refused
}

// deleteSnapshot removes a snapshot as another client would, and at once.
func (w *world) deleteSnapshot(m *machine, in *http.Request) (any, error) {
	var refused error
	w.lock(m, func(ctx *simulator.Context) {
		if fault := m.remove(ctx, in.PathValue("snapshot"), in.URL.Query().Get("children") == "true", true); fault != nil {
			refused = problem{404, messageOf(fault)}
		}
	})
	return done{}, refused
}

// postRevert reverts as somebody else would, with a task in the history, and has done so at once.
func (w *world) postRevert(m *machine, in *http.Request) (any, error) {
	body := struct {
		User string `json:"user"`
		Ago  string `json:"ago"`
	}{User: "VSPHERE.LOCAL\\somebody"}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	at := w.now()
	if body.Ago != "" {
		ago, err := parseDuration(body.Ago)
		if err != nil {
			return nil, err
		}
		at = at.Add(-ago)
	}
	var fault types.BaseMethodFault
	w.lock(m, func(ctx *simulator.Context) {
		if fault = m.revert(ctx, in.PathValue("snapshot"), false); fault == nil {
			w.remember(m, body.User, at)
		}
	})
	if fault != nil {
		return nil, problem{404, messageOf(fault)}
	}
	return w.describe(m), nil
}
