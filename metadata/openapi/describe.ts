/** One route in words, in the shape of OpenAPI 3.1: what it is for, what it takes, what it answers, how it fails. */
import type { MiddlewareHandler } from "hono";
import { describeRoute } from "hono-openapi";
import type { OpenAPIV3_1 } from "openapi-types";
import type * as v from "valibot";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { PROBLEM_KINDS, PROBLEM_MEDIA_TYPE } from "#wire/contract/problem.ts";
import type { SchemaName } from "./api-schemas.ts";
import { queryParameters, schemaReference } from "./api-schemas.ts";

export const TAGS = {
  videos: "The library: list, show, rename, delete, manifests, views, downloads",
  uploads: "tus 1.0.0 (tus.io), and the jobs that make videos of what was received",
  media: "HLS playlists and verified chunks, for players without the service worker",
  cluster: "Storage nodes and the health of the whole",
  redundancy: "Replicas or shards: settings, reasons, a person's choice, changes, repairs and checks",
  storage: "What the nodes keep, counted from them",
  consensus: "ChunkPaxos: who votes, what was decided, and the catalogue made again from it",
  lab: "Emulated networks, damage and benchmarks, under `--lab` only",
  documents: "This description",
} as const;

export interface Answer {
  readonly says: string;
  /** The body: JSON of that shape, or anything of that media type. */
  readonly json?: SchemaName;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteWords {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  readonly query?: v.GenericSchema;
  /** Request headers by name: what they are for, and whether they are needed. */
  readonly headers?: Readonly<Record<string, { says: string; required?: boolean }>>;
  readonly body?: { readonly json: SchemaName; readonly example?: object } | { readonly type: string };
  readonly needsCapability?: boolean;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Every way it can fail that an asker can do something about. */
  readonly problems?: readonly ErrorCode[];
}

/** For a route, before its handler. */
export function describe(words: RouteWords): MiddlewareHandler {
  return describeRoute(operation(words));
}

export function operation(words: RouteWords) {
  const { tag, summary, description, body, answers, problems = [], needsCapability = false } = words;
  const parameters = [...(words.query === undefined ? [] : queryParameters(words.query)), ...headerParameters(words)];
  return {
    ...{ tags: [tag], summary, responses: { ...answersOf(answers), ...problemsOf(problems) } },
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    ...(needsCapability ? { security: [{ capability: [] }] } : {}),
  };
}

type Content = Record<string, { schema?: OpenAPIV3_1.ReferenceObject; example?: object }>;

function contentOf(body: Pick<Answer, "json" | "type"> & { readonly example?: object }): Content {
  if (body.json !== undefined) {
    const example = body.example === undefined ? {} : { example: body.example };
    return { "application/json": { schema: schemaReference(body.json), ...example } };
  }
  return body.type === undefined ? {} : { [body.type]: {} };
}

interface Described {
  description: string;
  headers?: Record<string, { description: string; schema: { type: "string" } }>;
  content?: Content;
}

function answersOf(answers: RouteWords["answers"]): Record<string, Described> {
  const described: Record<string, Described> = {};
  for (const [status, answer] of Object.entries(answers)) {
    const headers: NonNullable<Described["headers"]> = {};
    for (const [name, description] of Object.entries(answer.headers ?? {})) {
      headers[name] = { description, schema: { type: "string" } };
    }
    const content = contentOf(answer);
    described[status] = {
      description: answer.says,
      ...(answer.headers === undefined ? {} : { headers }),
      ...(Object.keys(content).length === 0 ? {} : { content }),
    };
  }
  return described;
}

/** Several codes may share a status: then its description names all of them. */
function problemsOf(codes: readonly ErrorCode[]): Record<string, Described> {
  const described: Record<string, Described> = {};
  for (const code of codes) {
    const { status, title } = PROBLEM_KINDS[code];
    const before = described[status]?.description;
    const description = `${before === undefined ? "" : `${before}; `}${title} (\`${code}\`)`;
    described[status] = { description, content: { [PROBLEM_MEDIA_TYPE]: { schema: schemaReference("Problem") } } };
  }
  return described;
}

function headerParameters({ headers = {} }: RouteWords): OpenAPIV3_1.ParameterObject[] {
  return Object.entries(headers).map(([name, { says, required = false }]) => ({
    ...{ name, in: "header", description: says, schema: { type: "string" } },
    ...(required ? { required } : {}),
  }));
}
