// Package tree holds the snapshots of one virtual machine and the disk layers below them. It knows nothing of SOAP or
// of govmomi, so that every sequence of operations can be tried out quickly.
package tree

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNotFound says that the tree has no such snapshot.
var ErrNotFound = errors.New("no such snapshot")

// Snapshot is one node of the tree.
type Snapshot struct {
	ID          string // the value of its managed object reference
	Number      int32  // the id that people see; counted per machine, never used twice
	Name        string
	Description string
	CreatedAt   time.Time
	State       string // the power state that a revert goes back to
	Quiesced    bool
	Parent      *Snapshot
	Children    []*Snapshot

	// Layer is the one that this snapshot froze.
	Layer *Layer
	// Data and Memory are its own files; Memory is nil if it has none.
	Data   *File
	Memory *File
}

// Tree is the snapshots of one virtual machine. The zero value is not usable, see New.
type Tree struct {
	roots   []*Snapshot
	current *Snapshot
	byID    map[string]*Snapshot
	number  int32
	layers
}

// New returns a tree without snapshots, above the base disks given.
func New(directory, name string, disks []Disk) *Tree {
	t := &Tree{byID: make(map[string]*Snapshot)}
	t.layers.init(directory, name, disks)
	return t
}

// Current is the snapshot that the machine's present state descends from, or nil.
func (t *Tree) Current() *Snapshot { return t.current }

// Roots are the snapshots without a parent.
func (t *Tree) Roots() []*Snapshot { return t.roots }

// Len counts the snapshots.
func (t *Tree) Len() int { return len(t.byID) }

// Get returns a snapshot, or nil.
func (t *Tree) Get(id string) *Snapshot { return t.byID[id] }

// All returns every snapshot, oldest first.
func (t *Tree) All() []*Snapshot {
	all := make([]*Snapshot, 0, len(t.byID))
	for _, s := range t.byID {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Snapshot) int { return int(a.Number - b.Number) })
	return all
}

// Depth is the number of snapshots from a root down to s, s included.
func (s *Snapshot) Depth() int {
	n := 0
	for ; s != nil; s = s.Parent {
		n++
	}
	return n
}

// NextNumber is the number that the next snapshot will get.
func (t *Tree) NextNumber() int32 { return t.number + 1 }

// Create puts s below the current snapshot, makes it current, freezes the machine's layer and begins a new one.
// independent lists the keys of disks that snapshots leave out. memory is the size of the memory file, or negative.
func (t *Tree) Create(s *Snapshot, data, memory int64, independent []int32) *Snapshot {
	t.attach(s, t.current)
	t.freeze(s, data, memory)
	t.begin(independent)
	t.current = s
	return s
}

// CreateBelow puts s below a snapshot other than the current one and leaves the machine where it is: what is left
// when somebody reverted to parent, took s there, and went back.
func (t *Tree) CreateBelow(s *Snapshot, parentID string, data, memory int64) error {
	parent := t.byID[parentID]
	if parent == nil {
		return ErrNotFound
	}
	if parent == t.current {
		t.Create(s, data, memory, nil)
		return nil
	}
	t.attach(s, parent)
	t.graft(s, parent.Layer, data, memory)
	return nil
}

func (t *Tree) attach(s *Snapshot, parent *Snapshot) {
	t.number++
	s.Number = t.number
	s.Parent = parent
	s.Children = nil
	if parent == nil {
		t.roots = append(t.roots, s)
	} else {
		parent.Children = append(parent.Children, s)
	}
	t.byID[s.ID] = s
}

// Revert makes the snapshot current. What was written since the last snapshot is lost.
func (t *Tree) Revert(id string) (*Snapshot, error) {
	s := t.byID[id]
	if s == nil {
		return nil, ErrNotFound
	}
	t.current = s
	t.discard()
	t.top = t.newLayer(s.Layer, nil)
	t.settle()
	return s, nil
}

// Remove takes snapshots out of the tree: one, whose children then belong to its parent, or a whole subtree. It
// returns the removed ones. Without consolidate the files stay behind, and Consolidate is needed.
func (t *Tree) Remove(id string, children, consolidate bool) ([]*Snapshot, error) {
	s := t.byID[id]
	if s == nil {
		return nil, ErrNotFound
	}
	removed := []*Snapshot{s}
	siblings := t.siblings(s.Parent)
	at := slices.Index(*siblings, s)
	if children {
		removed = s.subtree(nil)
		*siblings = slices.Delete(*siblings, at, at+1)
	} else {
		for _, child := range s.Children {
			child.Parent = s.Parent
		}
		*siblings = slices.Replace(*siblings, at, at+1, s.Children...)
	}
	for _, gone := range removed {
		if gone == t.current {
			// Its parent becomes current; without a parent nothing is. (facts 4)
			t.current = s.Parent
		}
		delete(t.byID, gone.ID)
		t.thaw(gone, consolidate)
	}
	return removed, nil
}

// RemoveAll empties the tree. Only the machine's present state stays.
func (t *Tree) RemoveAll(consolidate bool) []*Snapshot {
	removed := t.All()
	t.roots = nil
	t.current = nil
	clear(t.byID)
	for _, s := range removed {
		s.Layer.owner = nil
	}
	if consolidate {
		t.Consolidate()
	} else {
		t.stale = true
	}
	return removed
}

// siblings is the list in which the children of parent are kept.
func (t *Tree) siblings(parent *Snapshot) *[]*Snapshot {
	if parent == nil {
		return &t.roots
	}
	return &parent.Children
}

func (s *Snapshot) subtree(into []*Snapshot) []*Snapshot {
	into = append(into, s)
	for _, child := range s.Children {
		into = child.subtree(into)
	}
	return into
}

// Check returns what is wrong with the tree, nil if it is sound. For tests.
func (t *Tree) Check() error {
	seen := make(map[string]bool)
	var walk func(parent *Snapshot, list []*Snapshot) error
	walk = func(parent *Snapshot, list []*Snapshot) error {
		for _, s := range list {
			switch {
			case seen[s.ID]:
				return fmt.Errorf("%s is there twice", s.ID)
			case s.Parent != parent:
				return fmt.Errorf("%s has the wrong parent", s.ID)
			case t.byID[s.ID] != s:
				return fmt.Errorf("%s is in the tree and not in the index", s.ID)
			case s.Layer == nil || s.Layer.owner != s:
				return fmt.Errorf("%s does not own its layer", s.ID)
			case parent != nil && !s.Layer.descends(parent.Layer):
				return fmt.Errorf("%s has a disk that does not build on its parent's", s.ID)
			}
			seen[s.ID] = true
			if err := walk(s, s.Children); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(nil, t.roots); err != nil {
		return err
	}
	if len(seen) != len(t.byID) {
		return fmt.Errorf("%d snapshots in the tree, %d in the index", len(seen), len(t.byID))
	}
	if t.current != nil && !seen[t.current.ID] {
		return fmt.Errorf("the current snapshot %s is not in the tree", t.current.ID)
	}
	if t.current != nil && !t.top.descends(t.current.Layer) {
		return errors.New("the machine's disk does not build on the current snapshot's")
	}
	return t.layers.check(len(t.byID))
}
