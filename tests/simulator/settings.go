package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// switchDefaults are the behaviours that the facts leave open, with the values that can be chosen; the first one is
// the default. A nil list means a number.
var switchDefaults = map[string][]string{
	"quiesce_without_tools":              {"fail", "ignore"},                          // facts 1: "Quiesce"
	"memory_and_quiesce":                 {"memory", "both"},                          // facts 1: "Memory+quiesce together"
	"template_snapshot":                  {"not_supported", "invalid_state", "allow"}, // facts 2: "Template"
	"revert_to_current_without_snapshot": {"not_found", "nothing"},                    // facts 3: RevertToCurrentSnapshot_Task
	"suppressed_memory_revert":           {"poweredOff", "suspended"},                 // facts 3: suppressPowerOn
	"task_in_progress":                   {"call", "task"},                            // facts 1: "both the call and task.info.error"
	"max_levels":                         {"32"},                                      // facts 2: "Depth"
}

// settings are what PATCH /v1/config changes while the simulator runs.
type settings struct {
	mu          sync.RWMutex
	durations   map[string]time.Duration
	latency     time.Duration
	boot        bootTime
	switches    map[string]string
	clockOffset time.Duration
}

// taskKinds are the tasks whose duration can be set.
var taskKinds = []string{
	"createSnapshot", "revertToSnapshot", "removeSnapshot", "removeAllSnapshots", "consolidateDisks",
	"powerOn", "powerOff",
}

func newSettings() *settings {
	s := &settings{durations: make(map[string]time.Duration), switches: make(map[string]string)}
	for key, values := range switchDefaults {
		s.switches[key] = values[0]
	}
	return s
}

func (s *settings) duration(kind string) time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.durations[kind]
}

func (s *settings) setDuration(kind, value string) error {
	if !slices.Contains(taskKinds, kind) {
		return fmt.Errorf("no such duration: %q; there are %s", kind, strings.Join(taskKinds, ", "))
	}
	d, err := parseDuration(value)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durations[kind] = d
	return nil
}

func (s *settings) chosen(key string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.switches[key]
}

func (s *settings) number(key string) int {
	n, _ := strconv.Atoi(s.chosen(key))
	return n
}

func (s *settings) setSwitch(key, value string) error {
	values, ok := switchDefaults[key]
	if !ok {
		known := slices.Sorted(maps.Keys(switchDefaults))
		return fmt.Errorf("no such switch: %q; there are %s", key, strings.Join(known, ", "))
	}
	if _, err := strconv.Atoi(values[0]); err == nil {
		if n, err := strconv.Atoi(value); err != nil || n < 1 {
			return fmt.Errorf("%s is a number, not %q", key, value)
		}
	} else if !slices.Contains(values, value) {
		return fmt.Errorf("%s is one of %s, not %q", key, strings.Join(values, ", "), value)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches[key] = value
	return nil
}

// now is the vCenter's clock.
func (s *settings) now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return time.Now().Add(s.clockOffset).UTC()
}

func (s *settings) delay() time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.latency
}

func (s *settings) bootDefault() bootTime {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.boot
}

// bootTime is how long a guest boots; never means that it doesn't come up.
type bootTime struct {
	takes time.Duration
	never bool
}

func parseBoot(value string) (bootTime, error) {
	if value == "never" {
		return bootTime{never: true}, nil
	}
	d, err := parseDuration(value)
	return bootTime{takes: d}, err
}

// parseDuration knows the days that Go's own durations don't ("30d"), and takes a bare 0.
func parseDuration(value string) (time.Duration, error) {
	if days, rest, ok := strings.Cut(value, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil {
			return 0, fmt.Errorf("not a duration: %q", value)
		}
		var more time.Duration
		if rest != "" {
			if more, err = time.ParseDuration(rest); err != nil {
				return 0, fmt.Errorf("not a duration: %q", value)
			}
		}
		return time.Duration(n*24*float64(time.Hour)) + more, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("not a duration: %q", value)
	}
	return d, nil
}

// pairs is a flag of the form "a=1,b=2", which may also be given several times.
type pairs func(key, value string) error

func (p pairs) String() string { return "" }

func (p pairs) Set(text string) error {
	for _, part := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return fmt.Errorf("%q is not key=value", part)
		}
		if err := p(key, value); err != nil {
			return err
		}
	}
	return nil
}

// change alters settings.
func (s *settings) change(f func(*settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// settingsReport is what GET and PATCH /v1/config answer.
type settingsReport struct {
	Durations   map[string]string `json:"durations"`
	Latency     string            `json:"latency"`
	Boot        string            `json:"boot"`
	Switches    map[string]string `json:"switches"`
	ClockOffset string            `json:"clock_offset"`
}

func (s *settings) report() settingsReport {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := settingsReport{
		Durations: make(map[string]string), Latency: s.latency.String(), Boot: s.boot.String(),
		Switches: maps.Clone(s.switches), ClockOffset: s.clockOffset.String(),
	}
	for kind, d := range s.durations {
		r.Durations[kind] = d.String()
	}
	return r
}

func (b bootTime) String() string {
	if b.never {
		return "never"
	}
	return b.takes.String()
}
