// The best native codec at hand, for `vstack bench codec`: klauspost/reedsolomon as Debian packages it, one goroutine. Every
// line on standard input asks for a round; the answer is a line with the milliseconds that an encode took, and a decode with
// the first two data shards lost, batch by batch.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/klauspost/reedsolomon"
)

// Timed together, and how often in a round: a millisecond or so, as for the kernels that it is compared with.
const (
	calls = 16
	count = 5
)

type round struct {
	EncodeMs []float64 `json:"encodeMs"`
	DecodeMs []float64 `json:"decodeMs"`
}

// Arguments: data shards, parity shards, bytes of a shard.
func main() {
	runtime.GOMAXPROCS(1)
	data, parity, length := number(1), number(2), number(3)
	encoder, err := reedsolomon.New(data, parity, reedsolomon.WithMaxGoroutines(1))
	check(err)
	shards := make([][]byte, data+parity)
	for at := range shards {
		shards[at] = make([]byte, length)
		for column := range shards[at] {
			shards[at][column] = byte(uint32(at*length+column) * 2654435761 >> 24)
		}
	}
	check(encoder.Encode(shards))
	fmt.Println(`{"ready":true}`)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		encodeMs := batches(func() { check(encoder.Encode(shards)) })
		decodeMs := batches(func() {
			// What is lost keeps its memory, so that none is allocated within what is measured.
			shards[0], shards[1] = shards[0][:0], shards[1][:0]
			check(encoder.ReconstructData(shards))
		})
		check(json.NewEncoder(os.Stdout).Encode(round{encodeMs, decodeMs}))
	}
}

// Milliseconds of one call.
func batches(work func()) []float64 {
	taken := make([]float64, count)
	for batch := range taken {
		start := time.Now()
		for call := 0; call < calls; call++ {
			work()
		}
		taken[batch] = time.Since(start).Seconds() * 1000 / calls
	}
	return taken
}

func number(at int) int {
	value, err := strconv.Atoi(os.Args[at])
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
