package main

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// world is the simulated vCenter: vcsim's inventory, and what we add to it.
//
// A machine's state is guarded by the registry's lock of its VM, which vcsim's own methods hold too. mu only guards
// the maps.
type world struct {
	*settings
	options  *options
	model    *simulator.Model
	service  *simulator.Service
	registry *simulator.Registry

	mu        sync.RWMutex
	machines  map[string]*machine // by MoID
	snapshots map[string]*machine // by the snapshot's MoID
	vmNumber  int
	places    places

	taskNumber atomic.Int64
	faults     faultTable
	calls      callLog
	rights     rights
	waits      collectors
	reads      reader
	history    history

	dir     string // certificates
	api     *simulator.Server
	serving sync.Mutex   // held while vCenter restarts
	server  *http.Server // of the API, the latest
	control *http.Server
	desk    net.Listener // of the control endpoint
	base    string       // and its URL
}

func newWorld(o *options, s *settings) (*world, error) {
	w := &world{
		settings:  s,
		options:   o,
		machines:  make(map[string]*machine),
		snapshots: make(map[string]*machine),
	}
	w.waits.world, w.reads.world = w, w
	var err error
	if w.dir, err = os.MkdirTemp("", "savepoint-simulator-"); err != nil {
		return nil, err
	}
	// First of all, because the guests' disks say where it is.
	if w.desk, err = net.Listen("tcp", o.control); err != nil {
		w.close()
		return nil, err
	}
	w.base = "http://" + w.desk.Addr().String()
	if err = w.build(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// build makes the inventory.
func (w *world) build() error {
	if w.options.esx {
		w.model = simulator.ESX()
	} else {
		w.model = simulator.VPX()
		w.model.Host = 0
		w.model.ClusterHost = w.options.hosts
	}
	w.model.Datastore = w.options.datastores
	w.model.Autostart = w.options.power == "on"
	if w.options.stock {
		w.model.Machine = w.options.vms
		return w.create()
	}

	w.model.Machine = 1 // the pattern for all others
	about := &w.model.ServiceContent.About
	if !w.options.esx {
		about.InstanceUuid = newUUID() // MoIDs repeat across vCenters, so their UUIDs must differ; a host has none
	}
	if w.options.apiVersion != "" {
		about.ApiVersion, about.Version = w.options.apiVersion, w.options.apiVersion
	}
	if err := w.create(); err != nil {
		return err
	}
	if err := w.settle(); err != nil {
		return err
	}
	w.registry.AddHandler(&watcher{world: w})
	w.registry.Handler = w.route
	_, err := w.addVMs(newVMs{
		Name: w.options.nameFormat, Count: w.options.vms, Folder: w.options.folder, Power: w.options.power, atStart: true,
	})
	return err
}

func (w *world) create() error {
	if err := w.model.Create(); err != nil {
		return err
	}
	w.service = w.model.Service
	w.registry = w.service.Context.Map
	return nil
}

// serve opens both endpoints.
func (w *world) serve() (*ready, error) {
	cert, ca, err := newCertificate(w.dir, w.options.listen)
	if err != nil {
		return nil, err
	}
	w.control = &http.Server{Handler: w.controlHandler()}
	go func() { _ = w.control.Serve(w.desk) }()

	// vcsim panics when it can't listen.
	probe, err := net.Listen("tcp", w.options.listen)
	if err != nil {
		return nil, err
	}
	_ = probe.Close()
	w.service.Listen = &url.URL{Host: w.options.listen, User: url.UserPassword(w.options.username, w.options.password)}
	w.service.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	w.api = w.service.NewServer()
	w.api.Config.Handler = w.front(w.api.Config.Handler)
	w.server = w.api.Config

	host, port, err := net.SplitHostPort(w.api.URL.Host)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	return &ready{
		Host: host, Port: number, Username: w.options.username, Password: w.options.password, CAPath: ca,
		Control: w.base, InstanceUUID: w.model.ServiceContent.About.InstanceUuid, PID: os.Getpid(),
		StartSeconds: math.Round(time.Since(started).Seconds()*100) / 100,
	}, nil
}

// listen opens the API's endpoint anew.
func (w *world) listen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	w.server = &http.Server{Handler: w.api.Config.Handler}
	go func() { _ = w.server.Serve(tls.NewListener(listener, w.api.TLS)) }()
	return nil
}

// close leaves nothing behind but the guests' disks, which belong to whoever named their directory.
func (w *world) close() {
	if w.desk != nil {
		_ = w.desk.Close()
	}
	if w.control != nil {
		_ = w.control.Close()
	}
	if w.server != nil {
		w.serving.Lock()
		_ = w.server.Close()
		w.serving.Unlock()
	}
	if w.model != nil && w.model.Service != nil {
		w.model.Remove()
	}
	_ = os.RemoveAll(w.dir)
}

// context is for work of our own. Each has to have one of its own, since the registry's locks know their holder by it.
func (w *world) context() *simulator.Context {
	c := *w.service.Context
	return &c
}

// lock runs f while nothing else reads or changes the machine.
func (w *world) lock(m *machine, f func(ctx *simulator.Context)) {
	ctx := w.context()
	w.registry.WithLock(ctx, m.vm, func() { f(ctx) })
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func reference(kind, value string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: kind, Value: value}
}

// get returns the object of a reference if it is a T.
func get[T mo.Reference](w *world, ref types.ManagedObjectReference) (T, bool) {
	object, ok := w.registry.Get(ref).(T)
	return object, ok
}
