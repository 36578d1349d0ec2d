package tree

import (
	"fmt"
	"slices"
)

const (
	// newDelta is what an empty delta disk takes up.
	newDelta int64 = 16 << 20
	// descriptor is the size of the small text file that describes a disk.
	descriptor int64 = 512
)

// Disk is a virtual disk as it is without snapshots.
type Disk struct {
	Key      int32
	Path     string // the descriptor's datastore path
	Size     int64  // what it takes up
	Capacity int64
}

// File is one file of a machine. Keys are unique in the machine and stay with the file.
type File struct {
	Key  int32
	Name string
	Size int64
}

// Link is what one layer holds of one disk.
type Link struct {
	Descriptor *File
	Extent     *File
	capacity   int64
}

// Layer is a generation of the disks: the base, or the deltas written after one snapshot was taken.
type Layer struct {
	Parent *Layer
	Links  map[int32]*Link
	owner  *Snapshot // the snapshot that froze it
}

type layers struct {
	directory string
	name      string
	base      *Layer
	top       *Layer // the machine writes to this one
	all       map[*Layer]bool
	key       int32
	delta     int // numbers the names of delta disks
	stale     bool
	absent    []int32 // disks that the current layer leaves out
}

func (l *layers) init(directory, name string, disks []Disk) {
	l.directory, l.name = directory, name
	l.all = make(map[*Layer]bool)
	l.base = &Layer{Links: make(map[int32]*Link)}
	l.all[l.base] = true
	l.top = l.base
	l.SyncDisks(disks)
}

// NewFile makes a file with a key of its own.
func (l *layers) NewFile(name string, size int64) *File {
	l.key++
	return &File{Key: l.key, Name: l.directory + "/" + name, Size: size}
}

func (l *layers) link(path, extentSuffix string, size, capacity int64) *Link {
	stem := path[:len(path)-len(".vmdk")]
	l.key += 2
	return &Link{
		Descriptor: &File{Key: l.key - 1, Name: path, Size: descriptor},
		Extent:     &File{Key: l.key, Name: stem + extentSuffix + ".vmdk", Size: size},
		capacity:   capacity,
	}
}

// SyncDisks takes disks in that were added to the machine, and drops those that were taken away from it.
func (l *layers) SyncDisks(disks []Disk) {
	var keys []int32
	for _, d := range disks {
		keys = append(keys, d.Key)
		if len(l.Chain(l.top, d.Key)) == 0 {
			l.top.Links[d.Key] = l.link(d.Path, "-flat", d.Size, d.Capacity)
		}
	}
	for key := range l.top.Links {
		if !slices.Contains(keys, key) {
			delete(l.top.Links, key)
		}
	}
	l.absent = nil
	for _, key := range l.keys(l.top) {
		if !slices.Contains(keys, key) {
			l.absent = append(l.absent, key)
		}
	}
}

// keys lists the disks of a layer and of those below it.
func (l *layers) keys(layer *Layer) []int32 {
	var keys []int32
	for at := layer; at != nil; at = at.Parent {
		for key := range at.Links {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// Disks lists the keys of the disks that a snapshot has.
func (t *Tree) Disks(s *Snapshot) []int32 { return t.keys(s.Layer) }

// TopDisks lists the keys of the disks that the machine has now.
func (t *Tree) TopDisks() []int32 {
	return slices.DeleteFunc(t.keys(t.top), func(key int32) bool { return slices.Contains(t.absent, key) })
}

// Top is the layer that the machine writes to.
func (t *Tree) Top() *Layer { return t.top }

// Chain lists what makes up a disk, from the base to the layer.
func (l *layers) Chain(layer *Layer, key int32) []*Link {
	var chain []*Link
	for at := layer; at != nil; at = at.Parent {
		if link := at.Links[key]; link != nil {
			chain = append(chain, link)
		}
	}
	slices.Reverse(chain)
	return chain
}

// newLayer begins a generation of deltas above parent, for every disk but the independent ones, which snapshots
// leave out (facts 2).
func (l *layers) newLayer(parent *Layer, independent []int32) *Layer {
	layer := &Layer{Parent: parent, Links: make(map[int32]*Link)}
	l.delta++
	for _, key := range l.keys(parent) {
		if slices.Contains(independent, key) {
			continue
		}
		chain := l.Chain(parent, key)
		base := chain[0].Descriptor.Name
		path := fmt.Sprintf("%s-%06d.vmdk", base[:len(base)-len(".vmdk")], l.delta)
		layer.Links[key] = l.link(path, "-sesparse", newDelta, chain[0].capacity)
	}
	l.all[layer] = true
	return layer
}

// freeze gives the machine's layer to the snapshot, along with files of its own.
func (l *layers) freeze(s *Snapshot, data, memory int64) {
	if l.top.owner != nil {
		l.top = l.newLayer(l.top, nil)
	}
	l.own(s, l.top, data, memory)
}

func (l *layers) own(s *Snapshot, layer *Layer, data, memory int64) {
	layer.owner = s
	s.Layer = layer
	stem := fmt.Sprintf("%s-Snapshot%d", l.name, s.Number)
	s.Data = l.NewFile(stem+".vmsn", data)
	s.Memory = nil
	if memory >= 0 {
		s.Memory = l.NewFile(stem+".vmem", memory)
	}
}

func (l *layers) begin(independent []int32) { l.top = l.newLayer(l.top, independent) }

func (l *layers) graft(s *Snapshot, below *Layer, data, memory int64) {
	l.own(s, l.newLayer(below, nil), data, memory)
}

// discard throws the layer away that the machine writes to.
func (l *layers) discard() {
	if l.top.owner == nil && l.top != l.base {
		delete(l.all, l.top)
	}
	l.absent = nil
}

// thaw takes the layer from a removed snapshot.
func (l *layers) thaw(s *Snapshot, consolidate bool) {
	s.Layer.owner = nil
	if consolidate {
		l.settle()
	} else {
		l.stale = true
	}
}

// ConsolidationNeeded tells whether files were left behind.
func (t *Tree) ConsolidationNeeded() bool { return t.stale }

// Consolidate merges every layer that nothing needs.
func (l *layers) Consolidate() {
	l.stale = false
	l.settle()
}

// settle drops the layers that nothing builds on, and merges those that only one other builds on: the data of a
// removed snapshot goes on living in what came after it (facts 4). One that several build on has to stay.
func (l *layers) settle() {
	if l.stale {
		return
	}
	for l.settleOne() {
	}
}

func (l *layers) settleOne() bool {
	children := make(map[*Layer][]*Layer, len(l.all))
	for layer := range l.all {
		if layer.Parent != nil {
			children[layer.Parent] = append(children[layer.Parent], layer)
		}
	}
	for layer := range l.all {
		if layer.owner != nil || layer == l.top {
			continue
		}
		switch on := children[layer]; len(on) {
		case 0:
			delete(l.all, layer)
			return true
		case 1:
			l.merge(layer, on[0], children[on[0]])
			return true
		}
	}
	return false
}

// merge folds child into layer, which keeps its files and takes over the child's place.
func (l *layers) merge(layer, child *Layer, grandchildren []*Layer) {
	for key, link := range child.Links {
		if into := layer.Links[key]; into != nil {
			into.Extent.Size = min(into.Extent.Size+link.Extent.Size, max(into.capacity, into.Extent.Size))
		} else {
			layer.Links[key] = link
		}
	}
	layer.owner = child.owner
	if layer.owner != nil {
		layer.owner.Layer = layer
	}
	for _, g := range grandchildren {
		g.Parent = layer
	}
	if l.top == child {
		l.top = layer
	}
	delete(l.all, child)
}

// Grow adds to the disk that the machine writes to.
func (t *Tree) Grow(bytes int64) {
	for _, key := range t.TopDisks() {
		if chain := t.Chain(t.top, key); len(chain) != 0 {
			chain[len(chain)-1].Extent.Size += bytes
			return
		}
	}
}

func (layer *Layer) descends(from *Layer) bool {
	for at := layer; at != nil; at = at.Parent {
		if at == from {
			return true
		}
	}
	return false
}

func (l *layers) check(snapshots int) error {
	owned, keys := 0, make(map[int32]bool)
	for layer := range l.all {
		if layer.owner != nil {
			owned++
			if layer.owner.Layer != layer {
				return fmt.Errorf("a layer belongs to %s, which has another", layer.owner.ID)
			}
		}
		if layer.Parent != nil && !l.all[layer.Parent] {
			return fmt.Errorf("a layer builds on one that is gone")
		}
		for _, link := range layer.Links {
			for _, f := range []*File{link.Descriptor, link.Extent} {
				if keys[f.Key] || f.Size <= 0 {
					return fmt.Errorf("file %d is used twice or empty", f.Key)
				}
				keys[f.Key] = true
			}
		}
	}
	if owned != snapshots {
		return fmt.Errorf("%d snapshots, %d layers of theirs", snapshots, owned)
	}
	if !l.all[l.top] || l.top.owner != nil {
		return fmt.Errorf("the machine has no layer of its own to write to")
	}
	if snapshots == 0 && !l.stale && len(l.all) != 1 {
		return fmt.Errorf("%d layers without any snapshot", len(l.all))
	}
	return nil
}
