package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	vimxml "github.com/vmware/govmomi/vim25/xml"
)

// front stands before vcsim's own HTTP handler. It counts the calls and their bytes, adds the latency, and injects the
// faults that happen on the wire. With -stock it only counts (and waits, if a latency was asked for).
func (w *world) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.Method != http.MethodPost || !strings.HasPrefix(in.URL.Path, "/sdk") {
			next.ServeHTTP(out, in)
			return
		}
		body, err := io.ReadAll(in.Body)
		_ = in.Body.Close()
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		method, this := peek(body)
		moid := w.vmOf(this)
		session := ""
		if cookie, err := in.Cookie(soap.SessionCookieName); err == nil {
			session = cookie.Value
		}
		served := w.calls.add(
			call{
				Method: method, This: this.Value, VM: moid, At: time.Now().UTC(), Session: session, Changed: alters[method],
			},
		)
		defer served()
		w.calls.carried(int64(len(body)), 0)
		out = countingWriter{out, &w.calls}
		if d := w.delay(); d > 0 {
			time.Sleep(d)
		}
		if w.options.stock {
			in.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(out, in)
			return
		}
		if method == "RenameSnapshot" {
			body = markEmpty(body)
		}
		in.Body = io.NopCloser(bytes.NewReader(body))
		in.ContentLength = int64(len(body))

		fault := w.faults.take(method, moid, false)
		if fault == nil {
			next.ServeHTTP(out, in)
			return
		}
		w.strike(fault, moid, next, out, in)
	})
}

// vmOf is the MoID of the VM that a call is about.
func (w *world) vmOf(this types.ManagedObjectReference) string {
	switch this.Type {
	case "VirtualMachine":
		return this.Value
	case "VirtualMachineSnapshot":
		if m := w.snapshotOwner(this); m != nil {
			return m.ref.Value
		}
	}
	return ""
}

// peek reads the name of the method and its receiver from a SOAP request.
func peek(body []byte) (method string, this types.ManagedObjectReference) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	inBody := false
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return method, this
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "Body":
			inBody = true
		case inBody && method == "":
			method = start.Name.Local
		case start.Name.Local == "_this":
			for _, a := range start.Attr {
				if a.Name.Local == "type" {
					this.Type = a.Value[strings.LastIndex(a.Value, ":")+1:]
				}
			}
			if text, err := decoder.RawToken(); err == nil {
				if chars, ok := text.(xml.CharData); ok {
					this.Value = strings.TrimSpace(string(chars))
				}
			}
			return method, this
		}
	}
}

var (
	emptyElement = regexp.MustCompile(`<(name|description)((?:\s[^>]*)?)></(name|description)>`)
	closedAtOnce = regexp.MustCompile(`<(name|description)((?:\s[^>/]*)?)/>`)
)

// markEmpty makes texts that were sent and are empty tell from those that were not sent (see emptyText).
func markEmpty(body []byte) []byte {
	body = emptyElement.ReplaceAll(body, []byte("<$1$2>"+emptyText+"</$3>"))
	return closedAtOnce.ReplaceAll(body, []byte("<$1$2>"+emptyText+"</$1>"))
}

// writeFault answers a call with a SOAP fault, in the form that vcsim gives it.
func writeFault(out http.ResponseWriter, fault types.BaseMethodFault, message string) {
	if message == "" {
		message = messageOf(fault)
	}
	kind := reflect.TypeOf(fault).Elem().Name()
	var detail, text bytes.Buffer
	encoder := vimxml.NewEncoder(&detail)
	_ = encoder.EncodeElement(fault, vimxml.StartElement{
		Name: vimxml.Name{Local: kind + "Fault"},
		Attr: []vimxml.Attr{
			{Name: vimxml.Name{Local: "xmlns"}, Value: "urn:vim25"},
			{Name: vimxml.Name{Local: "xsi:type"}, Value: kind},
		},
	})
	_ = encoder.Flush()
	_ = xml.EscapeText(&text, []byte(message))
	out.Header().Set("Content-Type", "text/xml; charset=utf-8")
	out.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(out, xml.Header+
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"`+
		` xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+
		`<soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>`+text.String()+
		`</faultstring><detail>`+detail.String()+`</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`)
}
