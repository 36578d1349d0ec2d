package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// problem is an error with the HTTP status that says what kind it is.
type problem struct {
	status int
	text   string
}

func (p problem) Error() string { return p.text }

// controlHandler is the control endpoint. README.md describes it.
func (w *world) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/calls", answer(func(*http.Request) (any, error) { return w.calls.report(), nil }))
	mux.HandleFunc("DELETE /v1/calls", answer(func(*http.Request) (any, error) {
		w.calls.clear()
		return done{}, nil
	}))
	if w.options.stock {
		return mux
	}
	mux.HandleFunc("GET /v1/vms", answer(w.getVMs))
	mux.HandleFunc("POST /v1/vms", answer(w.postVMs))
	mux.HandleFunc("GET /v1/vms/{vm}", answer(w.onVM(func(m *machine, _ *http.Request) (any, error) {
		return w.describe(m), nil
	})))
	mux.HandleFunc("PATCH /v1/vms/{vm}", answer(w.onVM(w.patchVM)))
	mux.HandleFunc("DELETE /v1/vms/{vm}", answer(w.onVM(w.deleteVM)))
	mux.HandleFunc("POST /v1/vms/{vm}/grow", answer(w.onVM(w.grow)))
	mux.HandleFunc("POST /v1/vms/{vm}/snapshots", answer(w.onVM(w.postSnapshot)))
	mux.HandleFunc("PATCH /v1/vms/{vm}/snapshots/{snapshot}", answer(w.onVM(w.patchSnapshot)))
	mux.HandleFunc("DELETE /v1/vms/{vm}/snapshots/{snapshot}", answer(w.onVM(w.deleteSnapshot)))
	mux.HandleFunc("POST /v1/vms/{vm}/snapshots/{snapshot}/revert", answer(w.onVM(w.postRevert)))
	mux.HandleFunc("POST /v1/vms/{vm}/devices", answer(w.onVM(w.postDevice)))
	mux.HandleFunc("DELETE /v1/places/{place}", answer(w.deletePlace))
	mux.HandleFunc("GET /v1/tasks", answer(func(*http.Request) (any, error) { return w.describeTasks(), nil }))
	mux.HandleFunc("DELETE /v1/tasks", answer(func(*http.Request) (any, error) {
		w.history.clear()
		return done{}, nil
	}))
	mux.HandleFunc("POST /v1/vms/{vm}/clone-of", answer(w.onVM(w.postClone)))
	mux.HandleFunc("PATCH /v1/datastores/{datastore}", answer(w.patchDatastore))
	mux.HandleFunc("POST /v1/faults", answer(w.postFault))
	mux.HandleFunc("GET /v1/faults", answer(func(*http.Request) (any, error) { return w.faults.left(), nil }))
	mux.HandleFunc("DELETE /v1/faults", answer(func(*http.Request) (any, error) {
		w.faults.clear()
		return done{}, nil
	}))
	mux.HandleFunc("PUT /v1/privileges", answer(w.putPrivileges))
	mux.HandleFunc("PUT /v1/attributes", answer(w.putAttribute))
	mux.HandleFunc("GET /v1/attributes", answer(w.getAttributes))
	mux.HandleFunc("PUT /v1/options", answer(w.putOptions))
	mux.HandleFunc("POST /v1/sessions/expire", answer(func(*http.Request) (any, error) {
		return map[string]int{"expired": w.expireSessions()}, nil
	}))
	mux.HandleFunc("POST /v1/restart", answer(w.postRestart))
	mux.HandleFunc("PATCH /v1/config", answer(w.patchConfig))
	mux.HandleFunc("GET /v1/config", answer(func(*http.Request) (any, error) { return w.settings.report(), nil }))
	mux.HandleFunc("GET /v1/guests/{vm}", answer(w.onVM(func(m *machine, _ *http.Request) (any, error) {
		var report guestReport
		w.lock(m, func(*simulator.Context) { report = m.guestReport() })
		return report, nil
	})))
	mux.HandleFunc("POST /v1/guests/{vm}/reboot", answer(w.onVM(w.rebootGuest)))
	return mux
}

type done struct{}

// answer turns a function into a handler: its result as JSON, or its error.
func answer(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(out http.ResponseWriter, in *http.Request) {
		result, err := f(in)
		status := http.StatusOK
		if err != nil {
			status = http.StatusBadRequest
			var p problem
			if errors.As(err, &p) {
				status = p.status
			}
			result = map[string]string{"error": err.Error()}
		}
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(status)
		_ = json.NewEncoder(out).Encode(result)
	}
}

// onVM finds the VM of the path.
func (w *world) onVM(f func(*machine, *http.Request) (any, error)) func(*http.Request) (any, error) {
	return func(in *http.Request) (any, error) {
		m, err := w.find(in.PathValue("vm"))
		if err != nil {
			return nil, err
		}
		return f(m, in)
	}
}

// read decodes a request's body. A key that is not known is an error, since it would be a test's typo.
func read(in *http.Request, into any) error {
	decoder := json.NewDecoder(in.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return problem{400, "body: " + err.Error()}
	}
	return nil
}

func (w *world) postFault(in *http.Request) (any, error) {
	f := &fault{}
	if err := read(in, f); err != nil {
		return nil, err
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if !slices.Contains(actions, f.Action) {
		return nil, problem{400, "action is one of " + strings.Join(actions, ", ")}
	}
	if f.Action == "fail" || strings.HasPrefix(f.Action, "task_fail") {
		if f.vim(types.ManagedObjectReference{}) == nil {
			return nil, problem{400, "no such fault: " + f.Fault}
		}
	}
	if f.VM != "" {
		m, err := w.find(f.VM)
		if err != nil {
			return nil, err
		}
		f.moid = m.ref.Value
	}
	w.faults.add(f)
	return f, nil
}

func (w *world) postRestart(in *http.Request) (any, error) {
	var body struct {
		Seconds float64 `json:"seconds"`
		Forget  bool    `json:"forget"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	w.restart(time.Duration(body.Seconds*float64(time.Second)), body.Forget)
	return done{}, nil
}

func (w *world) putPrivileges(in *http.Request) (any, error) {
	var body struct {
		Withhold []string `json:"withhold"`
		Grant    []string `json:"grant"`
		VM       string   `json:"vm"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	moid := ""
	if body.VM != "" {
		m, err := w.find(body.VM)
		if err != nil {
			return nil, err
		}
		moid = m.ref.Value
	}
	if moid == "" && body.Grant != nil {
		return nil, errors.New("grant needs a vm")
	}
	w.rights.withhold(moid, body.Withhold)
	w.rights.grant(moid, body.Grant)
	return done{}, nil
}

func (w *world) patchConfig(in *http.Request) (any, error) {
	var body struct {
		Durations   map[string]string `json:"durations"`
		Switches    map[string]any    `json:"switches"`
		Latency     *string           `json:"latency"`
		Boot        *string           `json:"boot"`
		ClockOffset *string           `json:"clock_offset"`
	}
	if err := read(in, &body); err != nil {
		return nil, err
	}
	for kind, value := range body.Durations {
		if err := w.setDuration(kind, value); err != nil {
			return nil, err
		}
	}
	for key, value := range body.Switches {
		if err := w.setSwitch(key, text(value)); err != nil {
			return nil, err
		}
	}
	if body.Latency != nil {
		d, err := parseDuration(*body.Latency)
		if err != nil {
			return nil, err
		}
		w.change(func(s *settings) { s.latency = d })
	}
	if body.ClockOffset != nil {
		d, err := parseDuration(*body.ClockOffset)
		if err != nil {
			return nil, err
		}
		w.change(func(s *settings) { s.clockOffset = d })
	}
	if body.Boot != nil {
		boot, err := parseBoot(*body.Boot)
		if err != nil {
			return nil, err
		}
		w.change(func(s *settings) { s.boot = boot })
		for _, m := range w.list() {
			w.lock(m, func(*simulator.Context) { m.boot = boot })
		}
	}
	return w.settings.report(), nil
}

// text writes a JSON value the way the command line would.
func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return reflect.TypeOf(value).String()
	}
	return string(raw)
}
