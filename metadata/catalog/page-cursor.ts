/**
 * Where a page of the library ended, as text for `?after=`: the sort, the sorted value and the id of its last video. The
 * next page begins behind it (keyset paging), so that page 100 costs what page 1 costs and new videos shift nothing.
 */
import * as v from "valibot";
import type { VideoSort } from "#wire/contract/catalog-api.ts";
import { VIDEO_SORTS } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { VideoIdSchema } from "#wire/contract/schemas.ts";

const CursorSchema = v.tuple([v.picklist(VIDEO_SORTS), v.union([v.number(), v.string()]), VideoIdSchema]);
export type Cursor = v.InferOutput<typeof CursorSchema>;

export function cursorText(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** @throws VStackError `bad-request` when the text is no cursor of this sort */
export function parseCursor(text: string, sort: VideoSort): Cursor {
  const cursor = v.safeParse(CursorSchema, parseJson(Buffer.from(text, "base64url").toString()));
  const wantedType = sort === "title" ? "string" : "number";
  if (cursor.success && cursor.output[0] === sort && typeof cursor.output[1] === wantedType) return cursor.output;
  throw new VStackError("bad-request", `Cannot list from "after" as it is not the "next" of a page sorted by ${sort}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
