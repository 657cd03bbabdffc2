import * as v from "valibot";
import { expect, it } from "vitest";
import { VideoIdSchema } from "#wire/contract/schemas.ts";
import type { SegmentAsk } from "./delivery-story.ts";
import { headStart } from "./head-start.ts";
import { VIDEO_ID } from "./sample-manifest.contract.ts";

const videoId = v.parse(VideoIdSchema, VIDEO_ID);
const PATH = `/media/${VIDEO_ID}/master.m3u8`;
const TEXT =
  "#EXT-X-STREAM-INF:BANDWIDTH=900000\n480p/index.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=100000\n240p/index.m3u8\n";

function setUp(copy?: string) {
  const [questions, prepared, expected]: [string[], string[], SegmentAsk[]] = [[], [], []];
  const begin = headStart({
    playlists: {
      copy: () => Promise.resolve(copy),
      text: (path) => {
        questions.push(path);
        return Promise.resolve(TEXT);
      },
      prepare: (path) => void prepared.push(path),
    },
    lookAhead: { expect: (ask) => void expected.push(ask) },
    ready: Promise.resolve(),
  });
  const ask = (session: string, bitsPerSecond: number | null = null) =>
    begin(
      {
        ...{ address: { asks: "master", videoId }, path: PATH, session, strategy: "smart", request: null, range: null },
        bitsPerSecond,
      },
      videoId,
    );
  return { ask, questions, prepared, expected };
}

it("headStart() begins playlist, header and first segment of the likely quality", async () => {
  const { ask, prepared, expected } = setUp();
  await ask("s", 1_000_000);
  expect(prepared).toEqual([`/media/${VIDEO_ID}/480p/index.m3u8`]);
  expect(expected.map(({ place, session }) => [session, place.rendition, place.slot, place.seq])).toEqual([
    ["s", "480p", "init", 0],
  ]);
});

it("headStart() waits for nobody when it knows the playlist of last time", async () => {
  const { ask, questions, expected } = setUp(TEXT);
  await ask("s");
  expect([questions, expected.length]).toEqual([[], 1]);
});

it("headStart() begins once for each player", async () => {
  const { ask, expected } = setUp();
  await ask("s");
  await ask("s");
  await ask("t");
  expect(expected.map(({ session }) => session)).toEqual(["s", "t"]);
});
