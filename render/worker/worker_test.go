package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"

func treeOf(t *testing.T, files map[string]string) *tree {
	t.Helper()
	contents := map[string][]byte{}
	for name, content := range files {
		absolute, err := rooted(name)
		if err != nil {
			t.Fatal(err)
		}
		contents[absolute] = []byte(content)
	}
	return newTree(contents)
}

func frame(t *testing.T, header any, body string) []byte {
	t.Helper()
	encoded, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	message := binary.BigEndian.AppendUint32(nil, uint32(len(encoded)))
	message = binary.BigEndian.AppendUint64(message, uint64(len(body)))
	return append(append(message, encoded...), body...)
}

func readAnswer(t *testing.T, stream io.Reader) (answer, string) {
	t.Helper()
	var lengths [12]byte
	if _, err := io.ReadFull(stream, lengths[:]); err != nil {
		t.Fatal(err)
	}
	header := make([]byte, binary.BigEndian.Uint32(lengths[:4]))
	body := make([]byte, binary.BigEndian.Uint64(lengths[4:]))
	if _, err := io.ReadFull(stream, header); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stream, body); err != nil {
		t.Fatal(err)
	}
	var message answer
	if err := json.Unmarshal(header, &message); err != nil {
		t.Fatal(err)
	}
	return message, string(body)
}

// converse sends messages one after another and returns the stream of answers.
func converse(t *testing.T, messages ...[]byte) io.Reader {
	t.Helper()
	requests := make(chan request)
	go func() {
		defer close(requests)
		if err := readRequests(bytes.NewReader(bytes.Join(messages, nil)), requests); err != io.EOF {
			t.Error(err)
		}
	}()
	var answers bytes.Buffer
	if err := serve(requests, &answers, newTreeCache(1<<20)); err != nil {
		t.Fatal(err)
	}
	return &answers
}

func TestATreeIsBuiltAfterItWasPut(t *testing.T) {
	kustomization := "resources: [a.yaml]\nsecretGenerator: [{name: s, files: [token]}]\n" +
		"generatorOptions: {disableNameSuffixHash: true}\n"
	put := map[string]any{"put": map[string]any{"digest": "sha256:1", "files": []blob{
		{"apps/a.yaml", len(configMap)},
		{"apps/kustomization.yaml", len(kustomization)},
		{"apps/token", 3},
	}}}
	build := func(overlay ...blob) map[string]any {
		return map[string]any{"build": map[string]any{
			"digest": "sha256:1", "path": "apps", "overlay": overlay, "yaml": true,
		}}
	}
	stream := converse(t,
		frame(t, build(), ""),
		frame(t, put, configMap+kustomization+"enc"),
		frame(t, build(blob{"apps/token", 4}), "open"),
		frame(t, build(), ""),
	)
	if message, _ := readAnswer(t, stream); message.Outcome != "missing" {
		t.Fatal(message)
	}
	if message, _ := readAnswer(t, stream); message.Outcome != "stored" {
		t.Fatal(message)
	}
	message, body := readAnswer(t, stream)
	if message.Outcome != "built" || message.Manifests+message.Yaml != len(body) {
		t.Fatal(message)
	}
	if list := body[:message.Manifests]; !strings.Contains(list, `"token":"b3Blbg=="`) || !json.Valid([]byte(list)) {
		t.Fatal(list)
	}
	if printed := body[message.Manifests:]; !strings.HasPrefix(printed, configMap+"---\n") {
		t.Fatal(printed)
	}
	// The overlay lived for one request.
	if _, body := readAnswer(t, stream); !strings.Contains(body, `"token":"ZW5j"`) {
		t.Fatal(body)
	}
}

func TestTheViewAgreesWithKustomizesOwnFileSystem(t *testing.T) {
	files := map[string]string{
		"base/kustomization.yaml":    "resources: [a.yaml]\nnamePrefix: x-\n",
		"base/a.yaml":                configMap,
		"overlay/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n",
		"overlay/p.yaml":             configMap + "data: {k: v}\n",
	}
	theirs := filesys.MakeFsInMemory()
	for name, content := range files {
		if err := theirs.WriteFile("/"+name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	expected, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(theirs, "/overlay")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := expected.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	message, err := buildOver(&buildRequest{Path: "overlay", Yaml: true}, nil, treeOf(t, files))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(message.body[1], printed) {
		t.Fatalf("%s\n%s", message.body[1], printed)
	}
}

func TestAPathOutOfTheArtifactFindsNothing(t *testing.T) {
	if _, err := rooted("../etc/passwd"); err == nil {
		t.Fatal("accepted")
	}
	for _, reference := range []string{"../../etc/passwd", "/etc/passwd"} {
		artifact := treeOf(t, map[string]string{"a/kustomization.yaml": "resources: [" + reference + "]\n"})
		_, err := buildOver(&buildRequest{Path: "a"}, nil, artifact)
		if err == nil || !strings.Contains(err.Error(), "leads out of the source") {
			t.Fatal(err)
		}
	}
	artifact := treeOf(t, map[string]string{"a/kustomization.yaml": "resources: ['../..']\n"})
	if _, err := buildOver(&buildRequest{Path: "a"}, nil, artifact); err == nil {
		t.Fatal("accepted")
	}
}

func TestNothingIsFetchedOrStarted(t *testing.T) {
	transport := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = transport })
	t.Setenv("PATH", "/bin:/usr/bin")
	closeOff()
	if path, err := exec.LookPath("git"); err == nil {
		t.Fatal(path)
	}
	for _, kustomization := range []string{
		"resources: ['https://example.test/base.yaml']\n",
		"resources: ['https://example.test/org/repository//deploy?ref=v1']\n",
		"resources: ['github.com/org/repository']\n",
		"components: ['git@example.test:org/repository']\n",
		"resources: ['file:///tmp/repository']\n",
		"patches: [{path: 'https://example.test/patch.yaml'}]\nresources: [a.yaml]\n",
		"openapi: {path: 'https://example.test/schema.json'}\nresources: [a.yaml]\n",
		"helmCharts: [{name: a, repo: 'https://example.test'}]\n",
		"generators: [\"{apiVersion: example.test/v1, kind: G, metadata: {name: g}}\"]\n",
	} {
		artifact := treeOf(t, map[string]string{"kustomization.yaml": kustomization, "a.yaml": configMap})
		if _, err := buildOver(&buildRequest{}, nil, artifact); err == nil {
			t.Error("built:", kustomization)
		}
	}
}

func TestAnErrorOfABuildWithAnOverlayNeverQuotesIt(t *testing.T) {
	artifact := treeOf(t, map[string]string{
		"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
		"a.yaml":             configMap,
		"p.yaml":             configMap,
	})
	canary := "canary: [\ncanary"
	wanted := &buildRequest{Overlay: []blob{{"p.yaml", len(canary)}}}
	message := build(wanted, []byte(canary), artifact)
	if message.Outcome != "failed" || !message.Withheld || message.Error != "" {
		t.Fatal(message)
	}
}

func TestOverridesAreLaidOverAndAnEmptySynthesisIsAnError(t *testing.T) {
	artifact := treeOf(t, map[string]string{"a.yaml": configMap})
	wanted := &buildRequest{Resources: []string{"./a.yaml"}, Overrides: json.RawMessage(
		`{"namespace":"n","namePrefix":"p-","nameSuffix":"-s","commonLabels":{"l":"1"},"commonAnnotations":{"a":"2"}}`)}
	message, err := buildOver(wanted, nil, artifact)
	if err != nil {
		t.Fatal(err)
	}
	expected := `[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{"a":"2"},"labels":{"l":"1"},` +
		`"name":"p-a-s","namespace":"n"}}]`
	if string(message.body[0]) != expected {
		t.Fatal(string(message.body[0]))
	}
	if _, err := buildOver(&buildRequest{Resources: []string{}}, nil, artifact); err == nil {
		t.Fatal("built")
	}
}

func TestASchemaOfOneBuildIsGoneInTheNext(t *testing.T) {
	widget := "apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: w}\nspec: {items: [{name: %s}]}\n"
	files := map[string]string{
		"w.yaml":     fmt.Sprintf(widget, "a"),
		"patch.yaml": fmt.Sprintf(widget, "b"),
		"schema.json": `{"definitions":{"test.example.v1.Widget":{"properties":{"apiVersion":{"type":"string"},` +
			`"kind":{"type":"string"},"metadata":{"type":"object"},"spec":{"properties":{"items":{"type":"array",` +
			`"items":{"type":"object","properties":{"name":{"type":"string"}}},` +
			`"x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge"}}}},` +
			`"x-kubernetes-group-version-kind":[{"group":"example.test","kind":"Widget","version":"v1"}]}}}`,
		"plain/kustomization.yaml":  "resources: [../w.yaml]\npatches: [{path: ../patch.yaml}]\n",
		"schema/kustomization.yaml": "resources: [../w.yaml]\npatches: [{path: ../patch.yaml}]\nopenapi: {path: ../schema.json}\n",
	}
	artifact := treeOf(t, files)
	items := func(directory string) int {
		message, err := buildOver(&buildRequest{Path: directory}, nil, artifact)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(message.body[0]), `{"name":"a"}`) + strings.Count(string(message.body[0]), `{"name":"b"}`)
	}
	for _, expected := range []struct {
		directory string
		items     int
	}{{"plain", 1}, {"schema", 2}, {"plain", 1}, {"schema", 2}} {
		if found := items(expected.directory); found != expected.items {
			t.Fatal(expected, found)
		}
	}
}

func TestTheTreesUsedLongestAgoLeaveFirst(t *testing.T) {
	sized := func() *tree { return treeOf(t, map[string]string{"a": strings.Repeat("x", 89)}) }
	cache := newTreeCache(220)
	cache.put("1", sized())
	cache.put("2", sized())
	cache.get("1")
	cache.put("3", sized())
	if cache.get("1") == nil || cache.get("2") != nil || cache.get("3") == nil {
		t.Fatal("the wrong one left")
	}
	cache.put("3", sized())
	if cache.size != 200 {
		t.Fatal(cache.size)
	}
	// One that is too large on its own is kept, or it could never be built.
	cache.put("4", treeOf(t, map[string]string{"a": strings.Repeat("x", 500)}))
	if cache.get("4") == nil || cache.recent.Len() != 1 {
		t.Fatal(cache.recent.Len())
	}
}

func TestMessagesThatMakeNoSenseEndTheConversation(t *testing.T) {
	for _, stream := range [][]byte{
		bytes.Repeat([]byte{0xff}, 12),
		frame(t, "no object", ""),
		append(frame(t, map[string]any{}, ""), 1, 2, 3),
	} {
		requests := make(chan request, 1)
		if err := readRequests(bytes.NewReader(stream), requests); err == nil || err == io.EOF {
			t.Error("accepted", err)
		}
	}
	message := handle(request{Put: &putRequest{Files: []blob{{"a", 5}}}, body: []byte("1234")}, newTreeCache(1))
	if message.Outcome != "failed" {
		t.Fatal(message)
	}
	message = handle(request{Put: &putRequest{Files: []blob{{"../a", 1}}}, body: []byte("1")}, newTreeCache(1))
	if message.Outcome != "failed" {
		t.Fatal(message)
	}
}

func TestOutputIsBounded(t *testing.T) {
	artifact := treeOf(t, map[string]string{"a.yaml": configMap})
	message, err := buildOver(&buildRequest{Resources: []string{"a.yaml"}, MaxOutput: 20}, nil, artifact)
	if err != nil || message.Outcome != "too_large" {
		t.Fatal(message, err)
	}
}
