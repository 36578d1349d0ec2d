package main

import (
	"net/http"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// putAttribute sets a custom attribute of a VM, or of the root folder; an empty value takes it away. An attribute that
// there is not yet is defined first.
func (w *world) putAttribute(in *http.Request) (any, error) {
	var body struct {
		Attribute string `json:"attribute"`
		Value     string `json:"value"`
		VM        string `json:"vm"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	content := w.model.ServiceContent
	if content.CustomFieldsManager == nil {
		return nil, problem{409, "a host by itself has no custom attributes"}
	}
	manager, ok := get[*simulator.CustomFieldsManager](w, *content.CustomFieldsManager)
	if !ok || body.Attribute == "" {
		return nil, problem{400, "which attribute?"}
	}
	entity, kind := content.RootFolder, "Folder"
	if body.VM != "" {
		m, err := w.find(body.VM)
		if err != nil {
			return nil, err
		}
		entity, kind = m.ref, "VirtualMachine"
	}
	ctx := w.context()
	var key int32
	ctx.WithLock(manager, func() {
		known := slices.IndexFunc(manager.Field, func(f types.CustomFieldDef) bool {
			return f.Name == body.Attribute && (f.ManagedObjectType == "" || f.ManagedObjectType == kind)
		})
		if known < 0 {
			known = len(manager.Field)
			manager.AddCustomFieldDef(ctx, &types.AddCustomFieldDef{Name: body.Attribute, MoType: kind})
		}
		key = manager.Field[known].Key
	})
	target := w.registry.Get(entity).(mo.Entity)
	ctx.WithLock(target, func() {
		of := target.Entity()
		// Fresh lists, since a reader may hold the old ones.
		others := slices.DeleteFunc(slices.Clone(of.CustomValue), func(v types.BaseCustomFieldValue) bool {
			return v.GetCustomFieldValue().Key == key
		})
		if body.Value != "" {
			others = append(others, &types.CustomFieldStringValue{
				CustomFieldValue: types.CustomFieldValue{Key: key}, Value: body.Value,
			})
		}
		of.CustomValue, of.Value = others, slices.Clone(others)
	})
	return done{}, nil
}

// getAttributes tells of the root folder's custom attributes.
func (w *world) getAttributes(*http.Request) (any, error) {
	found := make(map[string]string)
	content := w.model.ServiceContent
	if content.CustomFieldsManager == nil {
		return found, nil
	}
	manager, ok := get[*simulator.CustomFieldsManager](w, *content.CustomFieldsManager)
	if !ok {
		return found, nil
	}
	names := make(map[int32]string)
	ctx := w.context()
	ctx.WithLock(manager, func() {
		for _, field := range manager.Field {
			names[field.Key] = field.Name
		}
	})
	root := w.registry.Get(content.RootFolder).(mo.Entity)
	ctx.WithLock(root, func() {
		for _, value := range root.Entity().CustomValue {
			if text, ok := value.(*types.CustomFieldStringValue); ok {
				found[names[text.Key]] = text.Value
			}
		}
	})
	return found, nil
}

// putOptions sets the vCenter's own advanced settings; an empty value takes one away.
func (w *world) putOptions(in *http.Request) (any, error) {
	body := make(map[string]string)
	if err := read(in, &body); err != nil {
		return nil, err
	}
	manager, ok := get[*simulator.OptionManager](w, *w.model.ServiceContent.Setting)
	if !ok {
		return nil, problem{409, "there are no settings"}
	}
	w.context().WithLock(manager, func() {
		settings := slices.Clone(manager.Setting)
		for key, value := range body {
			settings = slices.DeleteFunc(settings, func(o types.BaseOptionValue) bool { return o.GetOptionValue().Key == key })
			if value != "" {
				settings = append(settings, &types.OptionValue{Key: key, Value: value})
			}
		}
		manager.Setting = settings
	})
	return done{}, nil
}

// question is what a VM waits for somebody to answer, and nil if it waits for nothing.
func question(text string) any {
	if text == "" {
		return nil
	}
	return types.VirtualMachineQuestionInfo{
		Id: "1", Text: text, Choice: types.ChoiceOption{ChoiceInfo: []types.BaseElementDescription{
			&types.ElementDescription{Description: types.Description{Label: "OK", Summary: "OK"}, Key: "0"},
		}},
	}
}
