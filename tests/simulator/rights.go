package main

import (
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// rights are the privileges that were taken away (facts 7): from everybody, for one VM or for all.
type rights struct {
	mu  sync.RWMutex
	all []string
	vm  map[string][]string // by MoID
	// What there is on a VM and nothing else, by MoID.
	only map[string][]string
}

// grant leaves just these on a VM; nil lifts that.
func (r *rights) grant(moid string, only []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if only == nil {
		delete(r.only, moid)
		return
	}
	if r.only == nil {
		r.only = make(map[string][]string)
	}
	r.only[moid] = only
}

func (r *rights) withhold(moid string, privileges []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if moid == "" {
		r.all = privileges
		return
	}
	if r.vm == nil {
		r.vm = make(map[string][]string)
	}
	r.vm[moid] = privileges
}

func (r *rights) granted(entity types.ManagedObjectReference, privilege string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if only, restricted := r.only[entity.Value]; restricted && !slices.Contains(only, privilege) {
		return false
	}
	return !slices.Contains(r.all, privilege) && !slices.Contains(r.vm[entity.Value], privilege)
}

// check is the fault of a call that lacks its privilege.
func (r *rights) check(m *machine, privilege string) types.BaseMethodFault {
	if r.granted(m.ref, privilege) {
		return nil
	}
	return &types.NoPermission{Object: &m.ref, PrivilegeId: privilege}
}

// checkFields is the same for what writes custom attributes.
func (r *rights) checkFields(method *simulator.Method, root types.ManagedObjectReference) types.BaseMethodFault {
	entity, privilege := root, ""
	switch body := method.Body.(type) {
	case *types.AddCustomFieldDef:
		privilege = "Global.ManageCustomFields"
	case *types.SetField:
		entity, privilege = body.Entity, "Global.SetCustomField"
	}
	if privilege == "" || r.granted(entity, privilege) {
		return nil
	}
	return &types.NoPermission{Object: &entity, PrivilegeId: privilege}
}

// rightsEndpoint answers for the AuthorizationManager.
type rightsEndpoint struct {
	endpoint
	world *world
}

func (e *rightsEndpoint) answer(entities []types.ManagedObjectReference, privileges []string,
	known bool) []types.EntityPrivilege {
	var list []types.EntityPrivilege
	for _, entity := range entities {
		answer := types.EntityPrivilege{Entity: entity}
		for _, p := range privileges {
			answer.PrivAvailability = append(answer.PrivAvailability, types.PrivilegeAvailability{
				PrivId: p, IsGranted: known && e.world.rights.granted(entity, p),
			})
		}
		list = append(list, answer)
	}
	return list
}

// HasPrivilegeOnEntities answers for a session; for an unknown one, no (facts 7).
func (e *rightsEndpoint) HasPrivilegeOnEntities(ctx *simulator.Context, req *types.HasPrivilegeOnEntities) soap.HasFault {
	return &methods.HasPrivilegeOnEntitiesBody{Res: &types.HasPrivilegeOnEntitiesResponse{
		Returnval: e.answer(req.Entity, req.PrivId, e.sessionKnown(ctx, req.SessionId)),
	}}
}

// HasPrivilegeOnEntity is the same for one entity.
func (e *rightsEndpoint) HasPrivilegeOnEntity(ctx *simulator.Context, req *types.HasPrivilegeOnEntity) soap.HasFault {
	known := e.sessionKnown(ctx, req.SessionId)
	granted := make([]bool, len(req.PrivId))
	for i, p := range req.PrivId {
		granted[i] = known && e.world.rights.granted(req.Entity, p)
	}
	return &methods.HasPrivilegeOnEntityBody{Res: &types.HasPrivilegeOnEntityResponse{Returnval: granted}}
}

// HasUserPrivilegeOnEntities answers for a user.
func (e *rightsEndpoint) HasUserPrivilegeOnEntities(_ *simulator.Context,
	req *types.HasUserPrivilegeOnEntities) soap.HasFault {
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{
		Returnval: e.answer(req.Entities, req.PrivId, req.UserName == e.world.options.username),
	}}
}

// FetchUserPrivilegeOnEntities lists a user's privileges.
func (e *rightsEndpoint) FetchUserPrivilegeOnEntities(_ *simulator.Context,
	req *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	manager, _ := get[*simulator.AuthorizationManager](e.world, e.ref)
	var all []string
	for _, role := range manager.RoleList {
		if role.Name == "Admin" {
			all = role.Privilege
		}
	}
	var list []types.UserPrivilegeResult
	for _, entity := range req.Entities {
		result := types.UserPrivilegeResult{Entity: entity}
		for _, p := range all {
			if req.UserName == e.world.options.username && e.world.rights.granted(entity, p) {
				result.Privileges = append(result.Privileges, p)
			}
		}
		list = append(list, result)
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{
		Res: &types.FetchUserPrivilegeOnEntitiesResponse{Returnval: list},
	}
}

func (e *rightsEndpoint) sessionKnown(ctx *simulator.Context, id string) bool {
	for _, s := range e.world.sessions() {
		if s.Key == id {
			return true
		}
	}
	return id == ctx.Session.Key
}

// sessions lists who is logged in.
func (w *world) sessions() []types.UserSession {
	ref := *w.model.ServiceContent.SessionManager
	manager, ok := w.service.Context.Session.Get(ref).(*simulator.SessionManager)
	if !ok {
		return nil
	}
	return manager.SessionList
}

// expireSessions ends every session, as an idle timeout does (facts 6).
func (w *world) expireSessions() int {
	manager, ok := get[*simulator.SessionManager](w, *w.model.ServiceContent.SessionManager)
	if !ok {
		return 0
	}
	ended := 0
	for _, s := range w.sessions() {
		manager.TerminateSession(w.context(), &types.TerminateSession{SessionId: []string{s.Key}})
		w.waits.drop(s.Key, true)
		w.history.drop(s.Key)
		ended++
	}
	return ended
}
