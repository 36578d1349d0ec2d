// Command govc is govmomi's own command line with the snapshot commands alone, built from its package cli: the module
// that carries the whole of it is not on the module proxy.
package main

import (
	"os"

	"github.com/vmware/govmomi/cli"
	_ "github.com/vmware/govmomi/cli/vm/snapshot"
)

func main() {
	os.Exit(cli.Run(os.Args[1:]))
}
