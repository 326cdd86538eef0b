package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// maxHeader bounds a request's header. Its longest part is the list of a tree's files.
const maxHeader = 256 << 20

// maxBody bounds a request's body, so that a broken length does not ask for all memory.
const maxBody = 4 << 30

// request is one message from the parent.
type request struct {
	Put   *putRequest   `json:"put"`
	Build *buildRequest `json:"build"`

	body []byte
}

// blob is one file of a message's body.
type blob struct {
	Path string `json:"path"`
	Size int    `json:"size"`
}

type putRequest struct {
	Digest string `json:"digest"`
	Files  []blob `json:"files"`
}

type buildRequest struct {
	Digest    string          `json:"digest"`
	Path      string          `json:"path"`
	Resources []string        `json:"resources"`
	Overrides json.RawMessage `json:"overrides"`
	Overlay   []blob          `json:"overlay"`
	Yaml      bool            `json:"yaml"`
	MaxOutput int             `json:"max_output"`
}

// answer is one message to the parent.
type answer struct {
	Outcome   string `json:"outcome"`
	Error     string `json:"error,omitempty"`
	Withheld  bool   `json:"withheld,omitempty"`
	Manifests int    `json:"manifests,omitempty"`
	Yaml      int    `json:"yaml,omitempty"`

	body [][]byte
}

// readRequests hands on what comes in until the stream ends or makes no sense.
func readRequests(stream io.Reader, requests chan<- request) error {
	reader := bufio.NewReader(stream)
	for {
		next, err := readRequest(reader)
		if err != nil {
			return err
		}
		requests <- next
	}
}

func readRequest(reader io.Reader) (request, error) {
	var lengths [12]byte
	var next request
	if _, err := io.ReadFull(reader, lengths[:]); err != nil {
		return next, err
	}
	headerLength := binary.BigEndian.Uint32(lengths[:4])
	bodyLength := binary.BigEndian.Uint64(lengths[4:])
	if headerLength > maxHeader || bodyLength > maxBody {
		return next, errors.New("message too long")
	}
	header := make([]byte, headerLength)
	if _, err := io.ReadFull(reader, header); err != nil {
		return next, err
	}
	if err := json.Unmarshal(header, &next); err != nil {
		return next, err
	}
	next.body = make([]byte, bodyLength)
	_, err := io.ReadFull(reader, next.body)
	return next, err
}

func writeAnswer(stream io.Writer, message answer) error {
	header, err := json.Marshal(message)
	if err != nil {
		return err
	}
	bodyLength := 0
	for _, part := range message.body {
		bodyLength += len(part)
	}
	head := make([]byte, 12, 12+len(header))
	binary.BigEndian.PutUint32(head[:4], uint32(len(header)))
	binary.BigEndian.PutUint64(head[4:], uint64(bodyLength))
	if _, err := stream.Write(append(head, header...)); err != nil {
		return err
	}
	for _, part := range message.body {
		if _, err := stream.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// split cuts a body into the files it holds.
func split(body []byte, blobs []blob) (map[string][]byte, error) {
	files := make(map[string][]byte, len(blobs))
	for _, file := range blobs {
		if file.Size < 0 || file.Size > len(body) {
			return nil, errors.New("the body is shorter than its files")
		}
		path, err := rooted(file.Path)
		if err != nil {
			return nil, err
		}
		// The capacity ends with the file, so that no append can run into the next one.
		files[path] = body[:file.Size:file.Size]
		body = body[file.Size:]
	}
	return files, nil
}
