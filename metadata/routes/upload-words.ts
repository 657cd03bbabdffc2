/** The routes of uploads in words. */
import type { RouteWords } from "../openapi/describe.ts";

const TUS_RESUMABLE = { "Tus-Resumable": { says: "`1.0.0`", required: true } };
const OFFSET = "Bytes that are here";

export const UPLOAD_WORDS = {
  list: {
    tag: "uploads",
    summary: "Uploads under way, and failed ones until they are dismissed, newest first",
    answers: { 200: { says: "The uploads", json: "UploadList" } },
  },
  status: {
    tag: "uploads",
    summary: "How far an upload and its job are",
    answers: { 200: { says: "The status", json: "UploadStatus" } },
    problems: ["not-found"],
  },
  events: {
    tag: "uploads",
    summary: "The status as server-sent events",
    description:
      "Events named `status`, each an UploadStatus as JSON, when it has changed; the stream ends with the job.",
    answers: { 200: { says: "The events", type: "text/event-stream" } },
    problems: ["not-found", "too-many-requests"],
  },
  retry: {
    tag: "uploads",
    summary: "Begin a failed job again",
    description:
      "Possible while the received file is kept: for a day, and only when the cause was passing (`canRetry`).",
    answers: { 202: { says: "It waits for its turn", json: "UploadStatus" } },
    problems: ["not-found", "conflict", "too-many-requests"],
  },
  create: {
    tag: "uploads",
    summary: "Create an upload (tus creation, creation-with-upload)",
    description:
      "Keys of `Upload-Metadata`, values in base64: `filename`, `title`, `redundancy` (auto, replication, erasure), and for several files that become the renditions of one video `group` and `groupSize`.",
    headers: {
      ...TUS_RESUMABLE,
      "Upload-Length": { says: "Size of the file in bytes, 1 or more", required: true },
      "Upload-Metadata": { says: "Pairs of key and base64, separated by commas" },
    },
    answers: { 201: { says: "It is there", headers: { Location: "Where its bytes go" } } },
    problems: ["bad-request", "conflict", "too-large", "unsupported-media", "too-many-requests", "storage-full"],
  },
  offset: {
    tag: "uploads",
    summary: "Where to go on (tus core)",
    headers: TUS_RESUMABLE,
    answers: { 200: { says: "The offset", headers: { "Upload-Offset": OFFSET, "Upload-Length": "Bytes in all" } } },
    problems: ["not-found", "gone"],
  },
  append: {
    tag: "uploads",
    summary: "Send bytes (tus core)",
    headers: { ...TUS_RESUMABLE, "Upload-Offset": { says: "Where they belong", required: true } },
    body: { type: "application/offset+octet-stream" },
    answers: { 204: { says: "They are here", headers: { "Upload-Offset": OFFSET } } },
    problems: ["bad-request", "not-found", "conflict", "gone", "too-large", "unsupported-media"],
  },
  terminate: {
    tag: "uploads",
    summary: "Cancel an upload (tus termination)",
    headers: TUS_RESUMABLE,
    answers: { 204: { says: "It is cancelled, its job is stopped, its chunks are given up" } },
    problems: ["not-found", "gone"],
  },
  options: {
    tag: "uploads",
    summary: "What of tus is understood",
    answers: {
      204: { says: "Versions and extensions", headers: { "Tus-Version": "`1.0.0`", "Tus-Extension": "Names" } },
    },
  },
} as const satisfies Record<string, RouteWords>;
