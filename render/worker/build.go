package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"runtime/debug"
	"time"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// builtinSchema is what the library uses unless it is told otherwise.
var builtinSchema = openapi.GetSchemaVersion()

// serve answers requests until an answer cannot be written.
func serve(requests <-chan request, stream io.Writer, trees *treeCache) error {
	for {
		next, open := await(requests)
		if !open {
			return nil
		}
		message := handle(next, trees)
		if err := writeAnswer(stream, message); err != nil {
			return err
		}
		for _, part := range message.body {
			clear(part)
		}
		if next.Build != nil {
			clear(next.body)
		}
	}
}

// await returns the next request. When none comes for a while, memory goes back to the system.
func await(requests <-chan request) (next request, open bool) {
	idle := time.NewTimer(10 * time.Second)
	defer idle.Stop()
	select {
	case next, open = <-requests:
		return next, open
	case <-idle.C:
		debug.FreeOSMemory()
	}
	next, open = <-requests
	return next, open
}

func handle(next request, trees *treeCache) answer {
	switch {
	case next.Put != nil:
		files, err := split(next.body, next.Put.Files)
		if err != nil {
			return failed(err)
		}
		trees.put(next.Put.Digest, newTree(files))
		return answer{Outcome: "stored"}
	case next.Build != nil:
		artifact := trees.get(next.Build.Digest)
		if artifact == nil {
			return answer{Outcome: "missing"}
		}
		return build(next.Build, next.body, artifact)
	default:
		return failed(errors.New("unknown request"))
	}
}

func failed(err error) answer {
	return answer{Outcome: "failed", Error: err.Error()}
}

func build(wanted *buildRequest, body []byte, artifact *tree) answer {
	overlay, err := split(body, wanted.Overlay)
	if err != nil {
		return failed(err)
	}
	message, err := buildOver(wanted, overlay, artifact)
	if err == nil {
		return message
	}
	if len(overlay) == 0 {
		return failed(err)
	}
	// The error may quote decrypted content; one of a build without it cannot.
	if _, err := buildOver(wanted, nil, artifact); err != nil {
		return failed(err)
	}
	return answer{Outcome: "failed", Withheld: true}
}

func buildOver(wanted *buildRequest, overlay map[string][]byte, artifact *tree) (message answer, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("kustomize panicked: %v", reason)
		}
	}()
	directory, err := rooted(wanted.Path)
	if err != nil {
		return answer{}, err
	}
	files := view{artifact, maps.Clone(overlay)}
	if files.overlay == nil {
		files.overlay = map[string][]byte{}
	}
	if err := prepare(wanted, directory, files); err != nil {
		return answer{}, err
	}
	// A kustomization file may bring a schema, which the library keeps for good.
	defer func() {
		if openapi.GetSchemaVersion() != builtinSchema {
			openapi.ResetOpenAPI()
		}
	}()
	objects, err := krusty.MakeKustomizer(&krusty.Options{
		// What the kustomize program does unless told otherwise.
		Reorder: krusty.ReorderOptionUnspecified,
		// The file system ends where the artifact does.
		LoadRestrictions: types.LoadRestrictionsNone,
		PluginConfig:     types.DisabledPluginConfig(),
	}).Run(files, directory)
	if err != nil {
		return answer{}, err
	}
	return encode(wanted, objects)
}

// prepare puts the synthesised or changed kustomization file into the overlay.
func prepare(wanted *buildRequest, directory string, files view) error {
	if wanted.Resources == nil && wanted.Overrides == nil {
		return nil
	}
	name := path.Join(directory, konfig.DefaultKustomizationFileName())
	var kustomization types.Kustomization
	if wanted.Resources != nil {
		kustomization.Resources = wanted.Resources
	} else {
		for _, known := range konfig.RecognizedKustomizationFileNames() {
			candidate := path.Join(directory, known)
			content, found := files.find(candidate)
			if !found {
				continue
			}
			name = candidate
			if err := kustomization.Unmarshal(content); err != nil {
				return err
			}
		}
	}
	if wanted.Overrides != nil {
		var overrides types.Kustomization
		if err := overrides.Unmarshal(wanted.Overrides); err != nil {
			return err
		}
		lay(overrides, &kustomization)
	}
	content, err := json.Marshal(kustomization)
	if err != nil {
		return err
	}
	files.overlay[name] = content
	return nil
}

// lay writes what overrides say over a kustomization.
func lay(overrides types.Kustomization, kustomization *types.Kustomization) {
	replace := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	replace(&kustomization.Namespace, overrides.Namespace)
	replace(&kustomization.NamePrefix, overrides.NamePrefix)
	replace(&kustomization.NameSuffix, overrides.NameSuffix)
	kustomization.Patches = append(kustomization.Patches, overrides.Patches...)
	kustomization.Components = append(kustomization.Components, overrides.Components...)
	kustomization.BuildMetadata = append(kustomization.BuildMetadata, overrides.BuildMetadata...)
	merge(&kustomization.CommonLabels, overrides.CommonLabels)
	merge(&kustomization.CommonAnnotations, overrides.CommonAnnotations)
	for _, image := range overrides.Images {
		replaced := false
		for index := range kustomization.Images {
			if kustomization.Images[index].Name == image.Name {
				kustomization.Images[index] = image
				replaced = true
			}
		}
		if !replaced {
			kustomization.Images = append(kustomization.Images, image)
		}
	}
}

func merge(field *map[string]string, values map[string]string) {
	if *field == nil && len(values) > 0 {
		*field = map[string]string{}
	}
	maps.Copy(*field, values)
}

// encode writes the objects as a JSON list, and as the kustomize program would print them.
func encode(wanted *buildRequest, objects resmap.ResMap) (answer, error) {
	var manifests bytes.Buffer
	manifests.WriteByte('[')
	for index, object := range objects.Resources() {
		if index > 0 {
			manifests.WriteByte(',')
		}
		encoded, err := object.MarshalJSON()
		if err != nil {
			return answer{}, err
		}
		manifests.Write(encoded)
		if wanted.MaxOutput > 0 && manifests.Len() > wanted.MaxOutput {
			return answer{Outcome: "too_large"}, nil
		}
	}
	manifests.WriteByte(']')
	message := answer{Outcome: "built", Manifests: manifests.Len(), body: [][]byte{manifests.Bytes()}}
	if wanted.Yaml {
		printed, err := objects.AsYaml()
		if err != nil {
			return answer{}, err
		}
		message.Yaml = len(printed)
		message.body = append(message.body, printed)
	}
	return message, nil
}
