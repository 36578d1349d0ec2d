package main

import (
	"net/http"
	"sync"
	"time"
)

// call is one SOAP call as /v1/calls tells of it.
type call struct {
	Method  string    `json:"method"`
	This    string    `json:"this"` // whatever it was called on, a snapshot for one
	VM      string    `json:"vm"`
	At      time.Time `json:"at"`
	Session string    `json:"session"`
	Changed bool      `json:"changed"`
}

// callLog counts the calls, and the bytes of their bodies.
type callLog struct {
	mu             sync.Mutex
	log            []call
	received, sent int64
	altering       int
}

// add notes a call that has come; what it gives is called when it was served, whatever became of the client.
func (l *callLog) add(c call) (served func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, c)
	if !c.Changed {
		return func() {}
	}
	l.altering++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.altering--
	}
}

func (l *callLog) carried(received, sent int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received += received
	l.sent += sent
}

func (l *callLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log, l.received, l.sent = nil, 0, 0
}

// callReport is what GET /v1/calls answers.
type callReport struct {
	Total    int            `json:"total"`
	ByMethod map[string]int `json:"by_method"`
	Received int64          `json:"bytes_received"`
	Sent     int64          `json:"bytes_sent"`
	Altering int            `json:"altering"`
	Log      []call         `json:"log"`
}

func (l *callLog) report() callReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := callReport{
		Total: len(l.log), ByMethod: make(map[string]int), Log: append([]call{}, l.log...),
		Received: l.received, Sent: l.sent, Altering: l.altering,
	}
	for _, c := range l.log {
		r.ByMethod[c.Method]++
	}
	return r
}

// alters has the methods that change a VM.
var alters = set(
	"CreateSnapshot_Task", "CreateSnapshotEx_Task", "RemoveSnapshot_Task", "RemoveAllSnapshots_Task",
	"RevertToSnapshot_Task", "RevertToCurrentSnapshot_Task", "RenameSnapshot", "ConsolidateVMDisks_Task",
	"PowerOnVM_Task", "PowerOffVM_Task", "SuspendVM_Task", "ResetVM_Task", "PowerOnMultiVM_Task",
	"ShutdownGuest", "RebootGuest", "StandbyGuest", "TerminateVM",
	"ReconfigVM_Task", "UpgradeVM_Task", "Rename_Task", "Destroy_Task", "UnregisterVM", "RegisterVM_Task",
	"CreateVM_Task", "CloneVM_Task", "InstantClone_Task", "RelocateVM_Task", "MigrateVM_Task", "MoveIntoFolder_Task",
	"MarkAsTemplate", "MarkAsVirtualMachine", "CustomizeVM_Task", "SetCustomValue", "setCustomValue", "SetField",
	"AttachDisk_Task", "DetachDisk_Task", "PromoteDisks_Task", "AnswerVM",
)

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// countingWriter counts what is sent in answer to a call.
type countingWriter struct {
	http.ResponseWriter
	log *callLog
}

func (c countingWriter) Write(data []byte) (int, error) {
	n, err := c.ResponseWriter.Write(data)
	c.log.carried(0, int64(n))
	return n, err
}
