// The best native codec at hand, for `vstack bench codec`: klauspost/reedsolomon as Debian packages it, one goroutine. Every
// line on standard input asks for a round; the answer is a line with the milliseconds of one encode and of one decode with
// the first two data shards lost.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/klauspost/reedsolomon"
)

// Timed together: they take about as long as those of a kernel that it is compared with, so that a busy machine takes as much
// from both.
const calls = 48

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
		encode := milliseconds(func() { check(encoder.Encode(shards)) })
		decode := milliseconds(func() {
			// What is lost keeps its memory, so that none is allocated within what is measured.
			shards[0], shards[1] = shards[0][:0], shards[1][:0]
			check(encoder.ReconstructData(shards))
		})
		fmt.Printf("{\"encodeMs\":%f,\"decodeMs\":%f}\n", encode, decode)
	}
}

// Of one call.
func milliseconds(work func()) float64 {
	start := time.Now()
	for call := 0; call < calls; call++ {
		work()
	}
	return time.Since(start).Seconds() * 1000 / calls
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
