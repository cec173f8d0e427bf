// Reads a run to its end with go-sse, over cuts, and prints each event as a line of JSON: reader URL TOKEN.
package main

import (
	"encoding/json"
	"net/http"
	"os"

	"github.com/tmaxmax/go-sse"
)

func main() {
	request, err := http.NewRequest(http.MethodGet, os.Args[1], http.NoBody)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Args[2])
	lines := json.NewEncoder(os.Stdout)
	connection := sse.NewConnection(request)
	connection.SubscribeToAll(func(event sse.Event) {
		_ = lines.Encode(map[string]string{"id": event.LastEventID, "event": event.Type, "data": event.Data})
	})
	// It comes back until an answer is not 200.
	_ = connection.Connect()
}
