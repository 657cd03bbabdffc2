/** The media addresses of wire/contract/paths.ts in words. One handler answers them all, so they are described here. */
import type { OpenAPIV3_1 } from "openapi-types";
import * as v from "valibot";
import { MEDIA_TYPES } from "#wire/contract/headers.ts";
import { QUERY } from "#wire/contract/paths.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import type { Answer } from "./describe.ts";
import { operation } from "./describe.ts";

const MediaQuery = v.object({
  [QUERY.session]: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/))),
  [QUERY.strategy]: v.optional(v.picklist(STRATEGIES), "smart"),
});

const ADDRESSES: readonly (readonly [path: string, summary: string, type: string])[] = [
  ["/media/{videoId}/master.m3u8", "The multivariant playlist", MEDIA_TYPES.playlist],
  ["/media/{videoId}/poster.jpg", "The poster", "image/jpeg"],
  ["/media/{videoId}/{rendition}/index.m3u8", "The playlist of a rendition", MEDIA_TYPES.playlist],
  ["/media/{videoId}/{rendition}/init.mp4", "The init segment of a rendition", MEDIA_TYPES.init],
  ["/media/{videoId}/{rendition}/{seq}.m4s", "A segment, `seq` from 0", MEDIA_TYPES.segment],
  ["/media/{videoId}/{rendition}/0.vtt", "The text of a subtitles rendition", "text/vtt"],
];

export function mediaPaths(): OpenAPIV3_1.PathsObject {
  return Object.fromEntries(
    ADDRESSES.map(([path, summary, type]) => {
      const isPlaylist = type === MEDIA_TYPES.playlist;
      const whole: Answer = { says: summary, type, headers: { "X-VStack-Served-By": "`gateway`" } };
      const part: Answer = { says: "The range", type, headers: { "Content-Range": "Which bytes of how many" } };
      const words = {
        ...({ tag: "media", summary, query: MediaQuery } as const),
        ...(isPlaylist ? {} : { headers: { Range: { says: "One range of bytes" } } }),
        answers: isPlaylist ? { 200: whole } : { 200: whole, 206: part },
        problems: ["not-found", "gone", "not-ready", "unavailable", ...(isPlaylist ? [] : CHUNK_PROBLEMS)] as const,
      };
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      const parameters = names.map((name) => ({
        name,
        in: "path",
        required: true,
        schema: { type: "string" as const },
      }));
      const { parameters: others = [], ...rest } = operation(words);
      return [path, { get: { ...rest, operationId: operationId(path), parameters: [...parameters, ...others] } }];
    }),
  );
}

const CHUNK_PROBLEMS = ["range-not-satisfiable", "corrupt", "unreachable"] as const;

function operationId(path: string): string {
  return `get${path.replaceAll(/[^a-z0-9]+(.)?/gi, (_, next: string | undefined) => (next ?? "").toUpperCase())}`;
}
