package main

import (
	"bytes"
	"container/list"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// root is where a build sees its artifact. Nothing else exists, so a path that climbs out of the
// artifact finds nothing.
const root = "/artifact"

var errReadOnly = errors.New("an artifact is read only")

// rooted returns the absolute path of an artifact's path.
func rooted(relative string) (string, error) {
	absolute := path.Join(root, relative)
	if absolute != root && !strings.HasPrefix(absolute, root+"/") {
		return "", fmt.Errorf("path %q leads out of the source", relative)
	}
	return absolute, nil
}

// tree is an artifact: files by absolute path, and the directories they imply.
//
// kustomize's own in-memory file system finds a node's name by searching its directory and refuses
// file names with a space, so the same interface is served from two maps here.
type tree struct {
	files       map[string][]byte
	directories map[string]struct{}
	size        int64
}

func newTree(files map[string][]byte) *tree {
	made := &tree{files: files, directories: map[string]struct{}{root: {}}}
	for name, content := range files {
		made.size += int64(len(name) + len(content))
		for parent := path.Dir(name); parent != "/"; parent = path.Dir(parent) {
			if _, known := made.directories[parent]; known {
				break
			}
			made.directories[parent] = struct{}{}
		}
	}
	return made
}

// view is a tree as one build sees it: the overlay's files stand in for the tree's.
type view struct {
	tree    *tree
	overlay map[string][]byte
}

var _ filesys.FileSystem = view{}

func (v view) find(name string) ([]byte, bool) {
	if content, found := v.overlay[name]; found {
		return content, true
	}
	content, found := v.tree.files[name]
	return content, found
}

// clean resolves a path as kustomize writes it; relative ones start at the artifact's root.
func clean(name string) (string, error) {
	if !path.IsAbs(name) {
		name = path.Join(root, name)
	}
	name = path.Clean(name)
	if name != root && !strings.HasPrefix(name, root+"/") {
		return "", fmt.Errorf("path %q leads out of the source", name)
	}
	return name, nil
}

func notFound(name string) error {
	return fmt.Errorf("'%s' doesn't exist: %w", name, os.ErrNotExist)
}

// ReadFile returns a copy: the tree outlives the build.
func (v view) ReadFile(name string) ([]byte, error) {
	name, err := clean(name)
	if err != nil {
		return nil, err
	}
	if content, found := v.find(name); found {
		return bytes.Clone(content), nil
	}
	if v.IsDir(name) {
		return nil, fmt.Errorf("'%s' is a directory", name)
	}
	return nil, notFound(name)
}

func (v view) IsDir(name string) bool {
	name, err := clean(name)
	if err != nil {
		return false
	}
	_, found := v.tree.directories[name]
	return found
}

func (v view) Exists(name string) bool {
	cleaned, err := clean(name)
	if err != nil {
		return false
	}
	_, found := v.find(cleaned)
	return found || v.IsDir(cleaned)
}

// CleanedAbs returns the directory, and the file's name when the path is a file.
func (v view) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	name, err := clean(name)
	if err != nil {
		return "", "", err
	}
	if v.IsDir(name) {
		return filesys.ConfirmedDir(name), "", nil
	}
	if _, found := v.find(name); found {
		return filesys.ConfirmedDir(path.Dir(name)), path.Base(name), nil
	}
	return "", "", notFound(name)
}

// A build needs none of the following.

func (view) Create(string) (filesys.File, error)  { return nil, errReadOnly }
func (view) Mkdir(string) error                   { return errReadOnly }
func (view) MkdirAll(string) error                { return errReadOnly }
func (view) RemoveAll(string) error               { return errReadOnly }
func (view) WriteFile(string, []byte) error       { return errReadOnly }
func (view) Open(string) (filesys.File, error)    { return nil, errReadOnly }
func (view) ReadDir(string) ([]string, error)     { return nil, errReadOnly }
func (view) Glob(string) ([]string, error)        { return nil, errReadOnly }
func (view) Walk(string, filepath.WalkFunc) error { return errReadOnly }

// treeCache keeps the trees used last, up to a number of bytes.
type treeCache struct {
	limit, size int64
	recent      *list.List // of *cachedTree, the one used last in front
	byDigest    map[string]*list.Element
}

type cachedTree struct {
	digest string
	tree   *tree
}

func newTreeCache(limit int64) *treeCache {
	return &treeCache{limit: limit, recent: list.New(), byDigest: map[string]*list.Element{}}
}

func (c *treeCache) get(digest string) *tree {
	element, found := c.byDigest[digest]
	if !found {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedTree).tree
}

// put keeps a tree. The newest one stays whatever its size, or it could never be built.
func (c *treeCache) put(digest string, added *tree) {
	if element, found := c.byDigest[digest]; found {
		c.drop(element)
	}
	c.byDigest[digest] = c.recent.PushFront(&cachedTree{digest, added})
	c.size += added.size
	for c.size > c.limit && c.recent.Len() > 1 {
		c.drop(c.recent.Back())
	}
}

func (c *treeCache) drop(element *list.Element) {
	dropped := c.recent.Remove(element).(*cachedTree)
	delete(c.byDigest, dropped.digest)
	c.size -= dropped.tree.size
}
