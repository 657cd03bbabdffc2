/**
 * tus 1.0.0 (creation, creation-with-upload, termination) by @tus/server, which takes and gives Web requests. It moves bytes
 * to files; what an upload means is decided in ingest.ts. Its errors, plain text, leave as problem documents.
 */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FileStore } from "@tus/file-store";
import { EVENTS, Server } from "@tus/server";
import * as v from "valibot";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_UPLOAD_BYTES } from "#wire/contract/limits.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { PROBLEM_KINDS } from "#wire/contract/problem.ts";
import { UploadMetadataSchema } from "#wire/contract/upload-api.ts";
import type { Log } from "#wire/server/log.ts";
import { problemResponse } from "#wire/server/problem-handler.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { Ingest } from "./ingest.ts";
import type { UploadFiles } from "./upload-files.ts";

/** How often received bytes are told. */
const TOLD_EVERY_MS = 250;
export interface UploadServerPorts {
  readonly ingest: Ingest;
  readonly files: UploadFiles;
  readonly log: Log;
}

/** @returns answers a request at `/api/uploads` or below it */
export function uploadServer({ ingest, files, log }: UploadServerPorts): (request: Request) => Promise<Response> {
  const server = new Server({
    path: ROUTES.uploads,
    relativeLocation: true,
    datastore: new TellingFileStore({ directory: files.folder }),
    maxSize: MAX_UPLOAD_BYTES,
    // Pages of other origins may not upload: no origin is named to them.
    allowedOrigins: () => false,
    postReceiveInterval: TOLD_EVERY_MS,
    onResponseError: (_request, error) => {
      if ("status_code" in error) return undefined;
      log.warn({ err: error }, "Cannot take an upload's bytes");
      return new Refusal(systemFailure(error));
    },
    onUploadCreate: async (_request, upload) => {
      await asRefusal(async () => {
        const { size } = upload;
        if (size === undefined) throw new VStackError("bad-request", "Cannot take an upload whose length is not known");
        if (size === 0) throw new VStackError("unsupported-media", "Cannot store an empty file");
        const metadata = parseInput(UploadMetadataSchema, withoutNulls(upload.metadata), "upload metadata");
        await ingest.accept({ id: upload.id, sizeBytes: size, metadata });
      });
      return {};
    },
    onUploadFinish: async (_request, upload) => {
      await asRefusal(() => ingest.received(upload.id));
      return {};
    },
  });
  server.on(EVENTS.POST_RECEIVE, (_request, upload) => {
    ingest.receiving(upload.id, upload.offset).catch((error: unknown) => {
      log.warn({ err: error, uploadId: upload.id }, "Cannot tell what was received");
    });
  });

  return async (request) => {
    const response = await server.handleWeb(request);
    const uploadId = new URL(request.url).pathname.slice(ROUTES.uploads.length + 1);
    if (request.method === "DELETE" && response.status === 204) await ingest.cancel(uploadId);
    return response.status >= 400 ? await asProblem(request, response) : response;
  };
}

/** Tells why a write failed, where the store of @tus/file-store calls every failure the same. */
class TellingFileStore extends FileStore {
  override async write(...[body, id, offset]: Parameters<FileStore["write"]>): Promise<number> {
    const file = createWriteStream(join(this.directory, id), { flags: "r+", start: offset });
    await pipeline(body, file);
    return offset + file.bytesWritten;
  }
}

/** A failure of the system; its own words name files of ours. */
function systemFailure(cause: unknown): VStackError {
  // Space was promised to every upload that was taken in: something else on the disk has used it up.
  if (hasErrorCode(cause, "ENOSPC", "EDQUOT")) {
    const message = "Cannot take more of the file as the server's disk is full: what was received is kept";
    return new VStackError("storage-full", message, { cause });
  }
  return new VStackError("internal", "Cannot keep what was received", { cause });
}

/** An error in the shape that @tus/server sends on. */
class Refusal extends Error {
  readonly status_code: number;
  readonly body: string;

  constructor(error: VStackError) {
    super(error.message, { cause: error });
    this.status_code = PROBLEM_KINDS[error.code].status;
    this.body = JSON.stringify({ code: error.code, message: error.message } satisfies RefusalBody);
  }
}

interface RefusalBody {
  readonly code: ErrorCode;
  readonly message: string;
}

const RefusalBodySchema = v.object({ code: v.string(), message: v.string() });

async function asRefusal(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof VStackError ? new Refusal(error) : error;
  }
}

/** The problem document of an answer of @tus/server's, with its headers. */
async function asProblem(request: Request, response: Response): Promise<Response> {
  const text = await response.text();
  const { pathname } = new URL(request.url);
  const refusal = v.safeParse(RefusalBodySchema, safeJson(text));
  const code =
    refusal.success && isErrorCode(refusal.output.code) ? refusal.output.code : codeOfStatus(response.status);
  const message = refusal.success ? refusal.output.message : text.trim();
  const problem = problemResponse(new VStackError(code, message), pathname);
  const headers = new Headers(problem.headers);
  for (const [name, value] of response.headers) {
    if (!["content-length", "content-type"].includes(name)) headers.set(name, value);
  }
  // A client of the protocol goes by the status that the protocol names (409 for a wrong offset, 412 for a wrong version).
  return new Response(problem.body, { status: response.status, headers });
}

const CODES_OF_STATUS: readonly (readonly [number, ErrorCode])[] = [
  [403, "forbidden"],
  [404, "not-found"],
  [409, "conflict"],
  [410, "gone"],
  [413, "too-large"],
  [415, "unsupported-media"],
  [423, "conflict"],
];

function codeOfStatus(status: number): ErrorCode {
  return CODES_OF_STATUS.find(([known]) => known === status)?.[1] ?? (status < 500 ? "bad-request" : "internal");
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(PROBLEM_KINDS, text);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutNulls(metadata: Record<string, string | null> | undefined): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata ?? {})) if (value !== null) known[name] = value;
  return known;
}
