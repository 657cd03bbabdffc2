// Makes golden-vectors.ts with an independent implementation, klauspost/reedsolomon as Debian packages it:
//
//	apt-get install golang-go golang-github-klauspost-reedsolomon-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run make-vectors.go > golden-vectors.ts
//
// Data shards are filled by a generator that wire/client/erasure-codec.contract.ts has too; of the parity shards, one behind the other, the SHA-256 is kept.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"

	"github.com/klauspost/reedsolomon"
)

var codes = [][2]int{{1, 2}, {2, 1}, {3, 2}, {4, 2}, {6, 3}, {10, 4}, {17, 3}, {32, 32}}

// 1000 is no multiple of anything that a kernel likes; 699072 is a third of 2 MiB, rounded up to 64.
var lengths = []int{1, 64, 1000, 699072}

// The generator of Numerical Recipes; the high byte is the good one.
func fill(shard []byte, state uint32) uint32 {
	for at := range shard {
		state = state*1664525 + 1013904223
		shard[at] = byte(state >> 24)
	}
	return state
}

func main() {
	fmt.Println("/** Parity made by klauspost/reedsolomon, an independent implementation. Made by make-vectors.go: do not edit. */")
	fmt.Println("export const GOLDEN_VECTORS: readonly {")
	fmt.Println("  readonly code: readonly [dataShards: number, parityShards: number];")
	fmt.Println("  readonly shardBytes: number;")
	fmt.Println("  /** Of all parity shards, one behind the other. */")
	fmt.Println("  readonly sha256: string;")
	fmt.Println("}[] = [")
	for _, code := range codes {
		for _, length := range lengths {
			if length > 1000 && code[0] != 3 && code[0] != 10 {
				continue
			}
			encoder, err := reedsolomon.New(code[0], code[1])
			if err != nil {
				log.Fatal(err)
			}
			shards := make([][]byte, code[0]+code[1])
			state := uint32(1)
			for at := range shards {
				shards[at] = make([]byte, length)
				if at < code[0] {
					state = fill(shards[at], state)
				}
			}
			if err := encoder.Encode(shards); err != nil {
				log.Fatal(err)
			}
			sum := sha256.Sum256(bytes.Join(shards[code[0]:], nil))
			fmt.Printf("  { code: [%d, %d], shardBytes: %d, sha256: %q },\n", code[0], code[1], length, hex.EncodeToString(sum[:]))
		}
	}
	fmt.Println("];")
}
