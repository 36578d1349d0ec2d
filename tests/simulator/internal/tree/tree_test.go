package tree

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"
)

const gib = 1 << 30

func newTree() *Tree {
	return New("[ds] vm", "vm", []Disk{
		{Key: 2000, Path: "[ds] vm/vm.vmdk", Size: 4 * gib, Capacity: 10 * gib},
		{Key: 2001, Path: "[ds] vm/vm_1.vmdk", Size: gib, Capacity: 5 * gib},
	})
}

// take makes a snapshot with its name for an ID.
func take(t *testing.T, tree *Tree, id string) *Snapshot {
	t.Helper()
	s := tree.Create(&Snapshot{ID: id, Name: id, CreatedAt: time.Unix(0, 0)}, 1000, -1, nil)
	sound(t, tree)
	return s
}

func sound(t *testing.T, tree *Tree) {
	t.Helper()
	if err := tree.Check(); err != nil {
		t.Fatal(err)
	}
}

// shape writes a tree as "a(b c(d)) *b", the current snapshot last.
func shape(tree *Tree) string {
	var write func(list []*Snapshot) string
	write = func(list []*Snapshot) string {
		text := ""
		for i, s := range list {
			if i > 0 {
				text += " "
			}
			text += s.ID
			if len(s.Children) > 0 {
				text += "(" + write(s.Children) + ")"
			}
		}
		return text
	}
	text := write(tree.Roots())
	if tree.Current() != nil {
		text += " *" + tree.Current().ID
	}
	return text
}

func TestShapes(t *testing.T) {
	remove := func(id string, children bool) func(*testing.T, *Tree) {
		return func(t *testing.T, tree *Tree) {
			if _, err := tree.Remove(id, children, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	revert := func(id string) func(*testing.T, *Tree) {
		return func(t *testing.T, tree *Tree) {
			if _, err := tree.Revert(id); err != nil {
				t.Fatal(err)
			}
		}
	}
	create := func(id string) func(*testing.T, *Tree) {
		return func(t *testing.T, tree *Tree) { take(t, tree, id) }
	}
	for _, c := range []struct {
		name  string
		steps []func(*testing.T, *Tree)
		want  string
	}{
		{"a chain", []func(*testing.T, *Tree){create("a"), create("b"), create("c")}, "a(b(c)) *c"},
		{"a branch", []func(*testing.T, *Tree){create("a"), create("b"), revert("a"), create("c")}, "a(b c) *c"},
		{"the middle goes", []func(*testing.T, *Tree){create("a"), create("b"), create("c"), remove("b", false)}, "a(c) *c"},
		{"the current one goes", []func(*testing.T, *Tree){create("a"), create("b"), remove("b", false)}, "a *a"},
		{"the only one goes", []func(*testing.T, *Tree){create("a"), remove("a", false)}, ""},
		{
			"the current root goes while others remain, which stock vcsim doesn't survive",
			[]func(*testing.T, *Tree){create("a"), create("b"), revert("a"), remove("a", false)}, "b",
		},
		{
			"and then there is another root",
			[]func(*testing.T, *Tree){create("a"), create("b"), revert("a"), remove("a", false), create("c")}, "b c *c",
		},
		{
			"a subtree with the current one goes, and then one is created: another end of stock vcsim",
			[]func(*testing.T, *Tree){create("a"), create("b"), create("c"), remove("b", true), create("d")}, "a(d) *d",
		},
		{"a root's subtree goes", []func(*testing.T, *Tree){create("a"), create("b"), remove("a", true), create("c")}, "c *c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := newTree()
			for _, step := range c.steps {
				step(t, tree)
				sound(t, tree)
			}
			if got := shape(tree); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestNumbersAreNotUsedTwice(t *testing.T) {
	tree := newTree()
	take(t, tree, "a")
	tree.RemoveAll(true)
	if s := take(t, tree, "b"); s.Number != 2 {
		t.Errorf("number %d, want 2", s.Number)
	}
}

func TestUnknown(t *testing.T) {
	tree := newTree()
	if _, err := tree.Remove("x", false, true); err != ErrNotFound {
		t.Error(err)
	}
	if _, err := tree.Revert("x"); err != ErrNotFound {
		t.Error(err)
	}
	if err := tree.CreateBelow(&Snapshot{ID: "y"}, "x", 1, -1); err != ErrNotFound {
		t.Error(err)
	}
}

func TestSizes(t *testing.T) {
	tree := newTree()
	a := take(t, tree, "a")
	tree.Grow(3 * gib)
	b := tree.Create(&Snapshot{ID: "b"}, 1000, 2*gib, nil)
	tree.Grow(gib)
	delta := 2 * (newDelta + descriptor)

	if got := tree.Size(a); got != 1000 { // a root: its own files and no disk
		t.Errorf("size of the root %d", got)
	}
	if got, want := tree.Size(b), 1000+2*int64(gib)+delta+3*gib; got != want {
		t.Errorf("size of the child %d, want %d", got, want)
	}
	if got, want := tree.CurrentDelta(), delta+gib; got != want {
		t.Errorf("current delta %d, want %d", got, want)
	}

	tree.SetSize(b, 7*gib)
	tree.SetSize(a, 5000)
	if tree.Size(b) != 7*gib || tree.Size(a) != 5000 {
		t.Errorf("sizes set: %d, %d", tree.Size(b), tree.Size(a))
	}

	// What was written lives on below, as far as the disk's capacity allows.
	tree.RemoveAll(true)
	sound(t, tree)
	if got := tree.Chain(tree.Top(), 2000); len(got) != 1 || got[0].Extent.Size > 10*gib || got[0].Extent.Size <= 4*gib {
		t.Errorf("%d links, base of %d", len(got), got[0].Extent.Size)
	}
	if tree.CurrentDelta() != 0 {
		t.Error("a delta without a snapshot")
	}
}

func TestRevertDiscardsWhatWasWritten(t *testing.T) {
	tree := newTree()
	take(t, tree, "a")
	tree.Grow(5 * gib)
	if _, err := tree.Revert("a"); err != nil {
		t.Fatal(err)
	}
	sound(t, tree)
	if got, want := tree.CurrentDelta(), 2*(newDelta+descriptor); got != want {
		t.Errorf("current delta %d, want %d", got, want)
	}
}

func TestIndependentDisksHaveNoDeltas(t *testing.T) {
	tree := newTree()
	tree.Create(&Snapshot{ID: "a"}, 1000, -1, []int32{2001})
	sound(t, tree)
	if n := len(tree.Chain(tree.Top(), 2000)); n != 2 {
		t.Errorf("%d links of the ordinary disk", n)
	}
	if n := len(tree.Chain(tree.Top(), 2001)); n != 1 {
		t.Errorf("%d links of the independent disk", n)
	}
}

func TestConsolidation(t *testing.T) {
	tree := newTree()
	take(t, tree, "a")
	take(t, tree, "b")
	if _, err := tree.Remove("b", false, false); err != nil {
		t.Fatal(err)
	}
	sound(t, tree)
	if !tree.ConsolidationNeeded() || len(tree.Chain(tree.Top(), 2000)) != 3 {
		t.Error("the files of the removed snapshot are not there any more")
	}
	tree.Consolidate()
	sound(t, tree)
	if tree.ConsolidationNeeded() || len(tree.Chain(tree.Top(), 2000)) != 2 {
		t.Error("the files of the removed snapshot are still there")
	}
}

func TestDisksThatComeAndGo(t *testing.T) {
	tree := newTree()
	take(t, tree, "a")
	disks := []Disk{{Key: 2000, Path: "[ds] vm/vm.vmdk"}, {Key: 2002, Path: "[ds] vm/new.vmdk", Size: gib, Capacity: gib}}
	tree.SyncDisks(disks)
	sound(t, tree)
	if got := tree.TopDisks(); !slices.Equal(got, []int32{2000, 2002}) {
		t.Errorf("disks now: %v", got)
	}
	if got := tree.Disks(tree.Get("a")); !slices.Equal(got, []int32{2000, 2001}) {
		t.Errorf("disks of the snapshot: %v", got)
	}
	if _, err := tree.Revert("a"); err != nil {
		t.Fatal(err)
	}
	sound(t, tree)
	if got := tree.TopDisks(); !slices.Equal(got, []int32{2000, 2001}) {
		t.Errorf("disks after the revert: %v", got)
	}
}

// model is the simplest thing that keeps parents and the current snapshot.
type model struct {
	parent  map[string]string
	current string
}

func (m *model) remove(id string, children bool) {
	var gone []string
	if children {
		for at := range m.parent {
			for up := at; up != ""; up = m.parent[up] {
				if up == id {
					gone = append(gone, at)
					break
				}
			}
		}
	} else {
		gone = []string{id}
		for child, parent := range m.parent {
			if parent == id {
				m.parent[child] = m.parent[id]
			}
		}
	}
	if slices.Contains(gone, m.current) {
		m.current = m.parent[id]
	}
	for _, id := range gone {
		delete(m.parent, id)
	}
}

// TestRandomSequences does a thousand times what comes to mind, and compares with the model after every step.
func TestRandomSequences(t *testing.T) {
	for seed := range int64(1000) {
		random := rand.New(rand.NewSource(seed))
		tree, m := newTree(), &model{parent: make(map[string]string)}
		var done []string
		any := func() string {
			all := tree.All()
			if len(all) == 0 {
				return ""
			}
			return all[random.Intn(len(all))].ID
		}
		for step := range 60 {
			id := any()
			what := random.Intn(10)
			switch {
			case what < 4 || id == "":
				name := fmt.Sprint("s", step)
				done = append(done, "create "+name)
				take(t, tree, name)
				m.parent[name], m.current = m.current, name
			case what == 4:
				done = append(done, "revert "+id)
				_, _ = tree.Revert(id)
				m.current = id
			case what == 5:
				done = append(done, "remove with children "+id)
				_, _ = tree.Remove(id, true, random.Intn(4) > 0)
				m.remove(id, true)
			case what == 6 && random.Intn(8) == 0:
				done = append(done, "remove all")
				tree.RemoveAll(random.Intn(4) > 0)
				m.parent, m.current = make(map[string]string), ""
			case what == 7:
				name := fmt.Sprint("s", step)
				done = append(done, "create "+name+" below "+id)
				if err := tree.CreateBelow(&Snapshot{ID: name}, id, 1, 1); err != nil {
					t.Fatal(err)
				}
				if m.current == id {
					m.current = name
				}
				m.parent[name] = id
			case what == 8:
				done = append(done, "consolidate, grow")
				tree.Consolidate()
				tree.Grow(gib)
			default:
				done = append(done, "remove "+id)
				_, _ = tree.Remove(id, false, random.Intn(4) > 0)
				m.remove(id, false)
			}
			if err := compare(tree, m); err != nil {
				t.Fatalf("seed %d: %v\n%v", seed, err, done)
			}
		}
	}
}

func compare(tree *Tree, m *model) error {
	if err := tree.Check(); err != nil {
		return err
	}
	if tree.Len() != len(m.parent) {
		return fmt.Errorf("%d snapshots, want %d", tree.Len(), len(m.parent))
	}
	for id, parent := range m.parent {
		s := tree.Get(id)
		if s == nil {
			return fmt.Errorf("%s is not there", id)
		}
		got := ""
		if s.Parent != nil {
			got = s.Parent.ID
		}
		if got != parent {
			return fmt.Errorf("%s is below %q, want %q", id, got, parent)
		}
		if tree.Size(s) <= 0 {
			return fmt.Errorf("%s takes up nothing", id)
		}
	}
	current := ""
	if tree.Current() != nil {
		current = tree.Current().ID
	}
	if current != m.current {
		return fmt.Errorf("current is %q, want %q", current, m.current)
	}
	return nil
}
