package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyTree copies directories, files and symbolic links with their modes and times. Sockets and the like, which a
// program in the guest may have left, are passed over, and so is what vanishes meanwhile.
func copyTree(from, to string) error {
	var directories []string
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) && path != from {
				return nil
			}
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch entry.Type() {
		case fs.ModeDir:
			directories = append(directories, relative)
			return os.MkdirAll(target, 0o700)
		case fs.ModeSymlink:
			link, err := os.Readlink(path)
			if err != nil {
				return ignoreMissing(err)
			}
			return os.Symlink(link, target)
		case 0:
			return ignoreMissing(copyFile(path, target))
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Last, since a directory may be one that nobody can write to, and since writing changes its time.
	for i := len(directories) - 1; i >= 0; i-- {
		if info, err := os.Stat(filepath.Join(from, directories[i])); err == nil {
			target := filepath.Join(to, directories[i])
			_ = os.Chmod(target, info.Mode().Perm())
			_ = os.Chtimes(target, info.ModTime(), info.ModTime())
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	if err = out.Close(); err != nil {
		return err
	}
	_ = os.Chmod(to, info.Mode().Perm())
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
