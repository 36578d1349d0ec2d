package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// strike lets an ordered fault happen to a call.
func (w *world) strike(f *fault, moid string, next http.Handler, out http.ResponseWriter, in *http.Request) {
	serve := func() { next.ServeHTTP(httptest.NewRecorder(), in) }
	pause := time.Duration(f.Seconds * float64(time.Second))
	switch f.Action {
	case "fail":
		writeFault(out, f.vim(reference("VirtualMachine", moid)), f.Message)
	case "unavailable":
		http.Error(out, "503 Service Unavailable", http.StatusServiceUnavailable)
	case "unavailable_after":
		serve()
		http.Error(out, "503 Service Unavailable", http.StatusServiceUnavailable)
	case "html":
		f.writePage(out)
	case "html_after":
		serve()
		f.writePage(out)
	case "drop_before":
		panic(http.ErrAbortHandler)
	case "drop_after":
		serve()
		panic(http.ErrAbortHandler)
	case "slow":
		time.Sleep(pause)
		next.ServeHTTP(out, in)
	case "slow_after":
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, in)
		time.Sleep(pause)
		pass(out, recorder, recorder.Body.Bytes())
	case "expire_before":
		w.expireSessions()
		next.ServeHTTP(out, in)
	case "expire_after":
		next.ServeHTTP(out, in)
		w.expireSessions()
	case "restart_before":
		w.restart(pause, f.Forget)
		panic(http.ErrAbortHandler)
	case "restart_after":
		serve()
		w.restart(pause, f.Forget)
		panic(http.ErrAbortHandler)
	case "partial":
		w.servePartly(f, next, out, in)
	default:
		if f.moid == "" {
			f.moid = moid
		}
		w.meddle(f)
		next.ServeHTTP(out, in)
	}
}

// writePage answers as a proxy in between does that wants to be logged in to, or has an error of its own.
func (f *fault) writePage(out http.ResponseWriter) {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	out.Header().Set("Content-Type", "text/html; charset=utf-8")
	out.WriteHeader(status)
	// An unclosed tag, as HTML has them, so that it is no XML either.
	_, _ = fmt.Fprintf(out, "<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body><p>A page<br></body></html>\n")
}

// meddle does to the VM what somebody else might.
func (w *world) meddle(f *fault) {
	m := w.machine(reference("VirtualMachine", f.moid))
	if m == nil {
		return
	}
	switch f.Action {
	case "delete":
		_, _ = w.deleteVM(m, nil)
	case "rename":
		name := escapeName(f.Message)
		w.lock(m, func(ctx *simulator.Context) {
			m.update(ctx, []types.PropertyChange{{Name: "name", Val: name}, {Name: "config.name", Val: name}})
		})
	case "move":
		w.move(m, f.Message)
	case "power_off":
		w.lock(m, func(ctx *simulator.Context) {
			if m.on() {
				m.setPower(ctx, poweredOff, false)
			}
		})
	case "stop_tools":
		w.lock(m, func(ctx *simulator.Context) {
			m.tools = false
			m.update(ctx, m.guestChanges())
		})
	case "busy":
		w.occupy(m, time.Duration(f.Seconds*float64(time.Second)))
	}
}

// occupy has somebody's task run on the machine for so long, which does nothing to it.
func (w *world) occupy(m *machine, lasts time.Duration) {
	w.lock(m, func(ctx *simulator.Context) {
		if m.busy == nil {
			m.run(ctx, job{
				lasts: lasts, method: "ReconfigVM_Task", description: "VirtualMachine.reconfigure",
				user:   "VSPHERE.LOCAL\\somebody",
				effect: func(*simulator.Context) (types.AnyType, types.BaseMethodFault) { return nil, nil },
			})
		}
	})
}

// move puts the VM into another folder.
func (w *world) move(m *machine, path string) {
	into, err := w.folder(path)
	if err != nil {
		return
	}
	ctx := w.context()
	from, ok := get[*simulator.Folder](w, *m.vm.Parent)
	if !ok {
		return
	}
	w.registry.RemoveReference(ctx, from, &from.ChildEntity, m.ref)
	w.registry.AddReference(ctx, into, &into.ChildEntity, m.ref)
	w.lock(m, func(ctx *simulator.Context) {
		m.update(ctx, []types.PropertyChange{{Name: "parent", Val: &into.Self}})
	})
}

// restart is vCenter's own: it ends every session and connection, and refuses new ones for a while. The hosts go on
// with what they do. With forget it knows none of the tasks afterwards, but for its history.
func (w *world) restart(pause time.Duration, forget bool) {
	w.expireSessions()
	if forget {
		w.forgetTasks()
	}
	w.serving.Lock()
	_ = w.server.Close()
	address := w.api.URL.Host
	go func() {
		defer w.serving.Unlock()
		time.Sleep(pause)
		for range 100 { // the port is free again in a moment
			if err := w.listen(address); err == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
}

// forgetTasks takes the tasks out of vCenter's memory.
func (w *world) forgetTasks() {
	ctx := w.context()
	manager, ok := get[*simulator.TaskManager](w, *w.model.ServiceContent.TaskManager)
	if !ok {
		return
	}
	var recent []types.ManagedObjectReference
	ctx.WithLock(manager, func() {
		recent = manager.RecentTask
		manager.RecentTask = nil
	})
	for _, m := range w.list() {
		w.lock(m, func(ctx *simulator.Context) {
			m.update(ctx, []types.PropertyChange{{Name: "recentTask", Val: []types.ManagedObjectReference{}}})
		})
	}
	for _, ref := range recent {
		w.registry.Remove(ctx, ref)
	}
}

var (
	readObject = regexp.MustCompile(`(?s)<objects>.*?</objects>`)
	readWhich  = regexp.MustCompile(`<obj type="VirtualMachine">([^<]*)</obj>`)
	readValue  = regexp.MustCompile(`(?s)<propSet><name>([^<]*)</name>.*?</propSet>`)
)

// servePartly answers a read without some of a VM's properties, and says so the way vCenter does: facts 6, missingSet.
func (w *world) servePartly(f *fault, next http.Handler, out http.ResponseWriter, in *http.Request) {
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, in)
	body := readObject.ReplaceAllFunc(recorder.Body.Bytes(), func(object []byte) []byte {
		which := readWhich.FindSubmatch(object)
		if which == nil || f.moid != "" && string(which[1]) != f.moid {
			return object
		}
		object = readValue.ReplaceAllFunc(object, func(pair []byte) []byte {
			if slices.Contains(f.Paths, string(readValue.FindSubmatch(pair)[1])) {
				return nil
			}
			return pair
		})
		var missing bytes.Buffer
		for _, path := range f.Paths {
			fmt.Fprintf(&missing, `<missingSet><path>%s</path><fault><fault xmlns:xsi=`+
				`"http://www.w3.org/2001/XMLSchema-instance" xsi:type="NoPermission"><object type="VirtualMachine">%s`+
				`</object><privilegeId>System.Read</privilegeId></fault><localizedMessage></localizedMessage></fault>`+
				`</missingSet>`, path, which[1])
		}
		return bytes.Replace(object, []byte("</objects>"), append(missing.Bytes(), "</objects>"...), 1)
	})
	pass(out, recorder, body)
}

// pass gives the client an answer that was recorded, with this body.
func pass(out http.ResponseWriter, recorder *httptest.ResponseRecorder, body []byte) {
	for key, values := range recorder.Header() {
		out.Header()[key] = values
	}
	out.Header().Set("Content-Length", strconv.Itoa(len(body)))
	out.WriteHeader(recorder.Code)
	_, _ = out.Write(body)
}
