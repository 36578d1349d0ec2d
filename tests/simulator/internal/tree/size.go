package tree

// Size is what a snapshot takes up: its own files, and the disk files that its parent doesn't have. A root's base
// disk is not counted. (facts 5)
func (t *Tree) Size(s *Snapshot) int64 {
	size := s.Data.Size
	if s.Memory != nil {
		size += s.Memory.Size
	}
	if s.Parent == nil {
		return size
	}
	for layer := s.Layer; layer != nil && layer != s.Parent.Layer; layer = layer.Parent {
		for _, link := range layer.Links {
			size += link.Descriptor.Size + link.Extent.Size
		}
	}
	return size
}

// CurrentDelta is what was written since the current snapshot: the machine's disk files that no snapshot has.
func (t *Tree) CurrentDelta() int64 {
	if len(t.byID) == 0 {
		return 0
	}
	frozen := make(map[*Layer]bool)
	for _, s := range t.byID {
		for layer := s.Layer; layer != nil; layer = layer.Parent {
			frozen[layer] = true
		}
	}
	var size int64
	for layer := t.top; layer != nil && !frozen[layer]; layer = layer.Parent {
		for _, link := range layer.Links {
			size += link.Descriptor.Size + link.Extent.Size
		}
	}
	return size
}

// SetSize makes a snapshot take up that much, by changing the file that makes up most of it.
func (t *Tree) SetSize(s *Snapshot, size int64) {
	f := s.Data
	if s.Parent != nil {
		for _, link := range s.Layer.Links {
			f = link.Extent
			break
		}
	} else if s.Memory != nil {
		f = s.Memory
	}
	f.Size = max(1, f.Size+size-t.Size(s))
}

// Files calls f for every file of the machine's disks and snapshots, with its kind as layoutEx names it.
func (t *Tree) Files(f func(file *File, kind string)) {
	for layer := range t.all {
		for _, link := range layer.Links {
			f(link.Descriptor, "diskDescriptor")
			f(link.Extent, "diskExtent")
		}
	}
	for _, s := range t.byID {
		f(s.Data, "snapshotData")
		if s.Memory != nil {
			f(s.Memory, "snapshotMemory")
		}
	}
}
