package main

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// fetchEndpoint answers Fetch, which is how pyVmomi reads a property by attribute. vcsim's answer for an unset one
// makes pyVmomi raise (facts 8); a real vCenter's is empty, and gives None.
type fetchEndpoint struct {
	endpoint
	world *world
}

// FetchResponse is the answer in the form that vcsim encodes.
type FetchResponse struct {
	Returnval types.AnyType `xml:"returnval,omitempty,typeattr"`
}

type fetchBody struct {
	Res    *FetchResponse `xml:"FetchResponse,omitempty"`
	Fault_ *soap.Fault
}

// Fault is nil: one that there is has been returned in another body.
func (b *fetchBody) Fault() *soap.Fault { return b.Fault_ }

// Fetch reads one property. Its request's type is vcsim's own, so it can only be looked at by reflection.
func (e *fetchEndpoint) Fetch(ctx *simulator.Context, req any) soap.HasFault {
	fields := reflect.ValueOf(req).Elem()
	this := fields.FieldByName("This").Interface().(types.ManagedObjectReference)
	property := fields.FieldByName("Prop").String()
	pc := simulator.NewPropertyCollector(e.world.model.ServiceContent.PropertyCollector).(*simulator.PropertyCollector)
	body := pc.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{
		SpecSet: []types.PropertyFilterSpec{{
			PropSet:   []types.PropertySpec{{Type: this.Type, PathSet: []string{property}}},
			ObjectSet: []types.ObjectSpec{{Obj: this}},
		}},
	})
	if body.Fault() != nil {
		return body
	}
	answer := &FetchResponse{}
	for _, o := range body.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects {
		for _, p := range o.PropSet {
			answer.Returnval = p.Val
		}
		for _, missing := range o.MissingSet {
			return refuse(missing.Fault.Fault)
		}
	}
	return &fetchBody{Res: answer}
}
