// Command simulator is a simulated vCenter for the tests, the demo and the bench: govmomi's vcsim with a snapshot tree
// that behaves as a real one does. README.md describes it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	listen, control    string
	username, password string
	vms                int
	nameFormat         string
	hosts, datastores  int
	folder             string
	power              string
	guests             string
	stock              bool
	esx                bool
	apiVersion         string
	verbose            bool
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "guest-reboot" {
		os.Exit(guestReboot(os.Args[2], os.Args[3]))
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

func parseFlags() (*options, *settings, error) {
	o, s := new(options), newSettings()
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address of the API; port 0 takes a free one")
	flag.StringVar(&o.control, "control", "127.0.0.1:0", "address of the control endpoint")
	flag.StringVar(&o.username, "username", "user", "the only user that can log in")
	// In the environment it is in no list of processes.
	password := os.Getenv("SAVEPOINT_SIM_PASSWORD")
	if password == "" {
		password = "pass"
	}
	flag.StringVar(&o.password, "password", password, "that user's password")
	flag.IntVar(&o.vms, "vms", 4, "VMs at start")
	flag.StringVar(&o.nameFormat, "name-format", "vm-%04d", "names of the VMs at start, numbered from 1")
	flag.IntVar(&o.hosts, "hosts", 2, "hosts, in one cluster")
	flag.IntVar(&o.datastores, "datastores", 1, "datastores, on every host")
	flag.StringVar(&o.folder, "folder", "", "inventory folder of the VMs at start, below the datacenter's vm folder")
	flag.StringVar(&o.power, "power", "on", "on or off at start")
	flag.StringVar(&o.guests, "guests", "", "give every VM a guest whose disk is a directory below this one")
	boot := flag.String("boot", "300ms", "how long a guest boots")
	latency := flag.String("latency", "0", "added to every SOAP call")
	flag.Var(pairs(s.setDuration), "duration", "how long tasks run: createSnapshot=2s,powerOn=1s")
	flag.Var(pairs(s.setSwitch), "switch", "choose an unverified behaviour: key=value")
	flag.BoolVar(&o.stock, "stock", false, "stock vcsim: every addition off")
	flag.BoolVar(&o.esx, "esx", false, "a single ESXi host instead of a vCenter")
	flag.StringVar(&o.apiVersion, "api-version", "", "the API version that the vCenter says it has (default: vcsim's)")
	flag.BoolVar(&o.verbose, "verbose", false, "vcsim's log on standard error")
	flag.Parse()

	var err error
	if flag.NArg() != 0 {
		return nil, nil, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if o.power != "on" && o.power != "off" {
		return nil, nil, fmt.Errorf("-power is on or off, not %q", o.power)
	}
	if o.hosts < 1 || o.datastores < 1 || o.vms < 0 {
		return nil, nil, fmt.Errorf("there must be at least one host and one datastore")
	}
	if s.boot, err = parseBoot(*boot); err != nil {
		return nil, nil, err
	}
	if s.latency, err = parseDuration(*latency); err != nil {
		return nil, nil, err
	}
	return o, s, nil
}

func run() error {
	o, s, err := parseFlags()
	if err != nil {
		return err
	}
	if !o.verbose {
		log.SetOutput(io.Discard)
	}

	// Whoever started us holds the other end of standard input. When it closes, they are gone.
	stop := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop <- struct{}{}
	}()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	w, err := newWorld(o, s)
	if err != nil {
		return err
	}
	ready, err := w.serve()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(ready)
	}
	if err == nil {
		select {
		case <-stop:
		case <-signals:
		}
	}
	w.close()
	return err
}

// ready is the line that says how to reach the simulator.
type ready struct {
	Host         string  `json:"host"`
	Port         int     `json:"port"`
	Username     string  `json:"username"`
	Password     string  `json:"password"`
	CAPath       string  `json:"ca_path"`
	Control      string  `json:"control"`
	InstanceUUID string  `json:"instance_uuid"`
	PID          int     `json:"pid"`
	StartSeconds float64 `json:"start_seconds"`
}

var started = time.Now()
