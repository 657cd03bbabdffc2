/** The shapes of the contract by name, as JSON Schema 2020-12 for the document of the API. */
import type { JsonSchema } from "@valibot/to-json-schema";
import { toJsonSchema } from "@valibot/to-json-schema";
import type { OpenAPIV3_1 } from "openapi-types";
import type * as v from "valibot";
import {
  ManifestPageSchema,
  RenameSchema,
  VideoListSchema,
  VideoSchema,
  ViewAnswerSchema,
  ViewReportSchema,
} from "#wire/contract/catalog-api.ts";
import {
  ClusterAnswerSchema,
  HeartbeatAnswerSchema,
  HeartbeatSchema,
  MetadataHealthSchema,
  NodesAnswerSchema,
} from "#wire/contract/cluster-api.ts";
import {
  ConsensusAnswerSchema,
  DrainAnswerSchema,
  PositionAnswerSchema,
  RebuildStateSchema,
} from "#wire/contract/consensus-view-api.ts";
import { BenchStartSchema, BenchStateSchema } from "#wire/contract/bench-api.ts";
import { NetworkAskSchema, NetworksAnswerSchema } from "#wire/contract/emulation-api.ts";
import { ProblemSchema } from "#wire/contract/problem.ts";
import {
  ConfigAnswerSchema,
  ConfigPatchSchema,
  CurrentFormSchema,
  DecisionsAnswerSchema,
  EfficiencySchema,
  OverrideAskSchema,
  QueueSchema,
  RecommendationSchema,
  StartAnswerSchema,
} from "#wire/contract/redundancy-schemas.ts";
import {
  BadPieceAnswerSchema,
  BadPieceSchema,
  ChunkMapSchema,
  LabPieceAnswerSchema,
  LabPieceSchema,
  OverheadSchema,
  StorageVideosSchema,
} from "#wire/contract/storage-schemas.ts";
import { UploadListSchema, UploadStatusSchema } from "#wire/contract/upload-api.ts";

const SCHEMAS = {
  Problem: ProblemSchema,
  Video: VideoSchema,
  VideoList: VideoListSchema,
  Rename: RenameSchema,
  ManifestPage: ManifestPageSchema,
  ViewReport: ViewReportSchema,
  ViewAnswer: ViewAnswerSchema,
  UploadStatus: UploadStatusSchema,
  UploadList: UploadListSchema,
  Cluster: ClusterAnswerSchema,
  Nodes: NodesAnswerSchema,
  Heartbeat: HeartbeatSchema,
  HeartbeatAnswer: HeartbeatAnswerSchema,
  Health: MetadataHealthSchema,
  Consensus: ConsensusAnswerSchema,
  PositionState: PositionAnswerSchema,
  Drain: DrainAnswerSchema,
  Rebuild: RebuildStateSchema,
  RedundancyConfig: ConfigAnswerSchema,
  RedundancyConfigPatch: ConfigPatchSchema,
  CurrentForm: CurrentFormSchema,
  Recommendation: RecommendationSchema,
  OverrideAsk: OverrideAskSchema,
  Decisions: DecisionsAnswerSchema,
  Efficiency: EfficiencySchema,
  RedundancyQueue: QueueSchema,
  Started: StartAnswerSchema,
  StorageOverhead: OverheadSchema,
  StorageVideos: StorageVideosSchema,
  ChunkMap: ChunkMapSchema,
  BadPiece: BadPieceSchema,
  BadPieceAnswer: BadPieceAnswerSchema,
  LabPiece: LabPieceSchema,
  LabPieceAnswer: LabPieceAnswerSchema,
  NetworkAsk: NetworkAskSchema,
  Networks: NetworksAnswerSchema,
  BenchStart: BenchStartSchema,
  BenchState: BenchStateSchema,
} as const;
/** Those that askers write: members with a default may be left out. */
const ASKED: readonly SchemaName[] = ["NetworkAsk"];
export type SchemaName = keyof typeof SCHEMAS;

export function schemaReference(name: SchemaName): OpenAPIV3_1.ReferenceObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** All of them, for `components.schemas`. */
export function schemaComponents(): Record<string, OpenAPIV3_1.SchemaObject> {
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      name,
      asJsonSchema(schema, ASKED.some((asked) => asked === name) ? "input" : "output"),
    ]),
  );
}

/** What a text must look like beyond its type (ids, for example) is checked by code: it is left out. */
function asJsonSchema(schema: v.GenericSchema, typeMode: "input" | "output"): OpenAPIV3_1.SchemaObject {
  const written = toJsonSchema(schema, {
    ...{ target: "draft-2020-12", typeMode, errorMode: "ignore" },
    overrideSchema: ({ jsonSchema }) => orNull(jsonSchema) ?? asList(jsonSchema),
  });
  delete written.$schema;
  return written as OpenAPIV3_1.SchemaObject;
}

/** "Object or null" as one schema of two types: the page cannot draw such a choice within another one (RapiDoc 9.3.8). */
function orNull(written: JsonSchema): JsonSchema | undefined {
  const [inner, none, ...others] = written.anyOf ?? [];
  const isChoice = typeof none === "object" && none.type === "null" && others.length === 0;
  if (!isChoice || typeof inner !== "object" || inner.type !== "object") return undefined;
  return { ...inner, type: ["object", "null"] };
}

/** A tuple as a list of so many: the page takes every array for a list of something. */
function asList(written: JsonSchema): JsonSchema | undefined {
  const { prefixItems, items } = written;
  const [first] = prefixItems ?? [];
  if (prefixItems === undefined || typeof first !== "object" || items !== undefined) return undefined;
  return {
    ...written,
    items: first.type === undefined ? {} : { type: first.type },
    maxItems: prefixItems.length,
  };
}

/** Parameters of a query are texts before they are read. */
export function queryParameters(query: v.GenericSchema): OpenAPIV3_1.ParameterObject[] {
  const { properties = {}, required = [] } = toJsonSchema(query, { typeMode: "input", errorMode: "ignore" });
  return Object.entries(properties).map(([name, written]) => {
    const {
      enum: names,
      default: otherwise,
      pattern,
      maxLength,
    } = written === true || written === false ? {} : written;
    const schema = {
      type: "string" as const,
      ...(names === undefined ? {} : { enum: names }),
      ...(otherwise === undefined ? {} : { default: otherwise }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(maxLength === undefined ? {} : { maxLength }),
    };
    return { name, in: "query", required: required.includes(name), schema };
  });
}
