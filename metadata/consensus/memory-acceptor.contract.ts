/** An acceptor in memory, for tests: the machine that nodes run, behind the routes that nodes have. */
import * as v from "valibot";
import type { AcceptorMemory, GroupMemory, Register, Write } from "#core/consensus/acceptor.ts";
import { answerEntries, answerSeal } from "#core/consensus/acceptor.ts";
import { SOUND } from "#core/consensus/rules.ts";
import type { EntriesAnswer } from "#core/consensus/messages.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import { parsePosition } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import {
  EntriesRequestSchema,
  MAX_ENTRIES,
  SealRequestSchema,
  StatesQuerySchema,
} from "#wire/contract/consensus-api.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { ROUTES } from "#wire/contract/paths.ts";

export interface MemoryAcceptor {
  /** Its votes are gone: another acceptor. */
  wipe(): void;
  readonly incarnation: string;
  readonly starts: number;
  readonly writes: number;
  /** Messages that asked for votes, not those that came with bytes. */
  messages: number;
  readonly groups: Map<number, GroupMemory>;
  readonly registers: Map<string, Register<ChunkRecord>>;
  /** The answer to a request of the consensus routes; undefined for any other. */
  answer(url: URL, body: unknown): Response | undefined;
  /** The answer to an Accept in a PUT's headers; null when there is none. */
  carried(headers: Headers): EntriesAnswer<ChunkRecord> | null;
}

export function memoryAcceptor(nodeId: string): MemoryAcceptor {
  let [number, writes] = [1, 0];
  const groups = new Map<number, GroupMemory>();
  const registers = new Map<string, Register<ChunkRecord>>();
  const memory: AcceptorMemory<ChunkRecord> = {
    get incarnation() {
      return `${nodeId}.${number}`;
    },
    group: (group) => groups.get(group),
    register: (key) => registers.get(key),
    accepted: (group, after, limit) =>
      [...registers]
        .filter(([key]) => key > after && groupOf(key) === group)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([key, { accepted }]) => (accepted === null ? [] : [{ key, accepted }]))
        .slice(0, limit),
  };
  const keep = (some: readonly Write<ChunkRecord>[]) => {
    for (const one of some) {
      if (one.write === "group") groups.set(one.group, one.memory);
      else registers.set(one.key, one.register);
      writes += 1;
    }
  };
  const entries = (body: unknown): EntriesAnswer<ChunkRecord> => {
    const request = v.parse(EntriesRequestSchema, body);
    const { answer, writes: some } = answerEntries(request, memory, {
      rules: SOUND,
      isGranted: () => request.grants.length > 0,
    });
    keep(some);
    return answer;
  };
  const acceptor: MemoryAcceptor = {
    wipe() {
      number += 1;
      writes = 0;
      groups.clear();
      registers.clear();
    },
    get incarnation() {
      return memory.incarnation;
    },
    starts: 1,
    get writes() {
      return writes;
    },
    messages: 0,
    ...{ groups, registers },
    answer({ pathname, searchParams }, body) {
      switch (pathname) {
        case ROUTES.consensusEntries:
          acceptor.messages += 1;
          return Response.json(entries(body));
        case ROUTES.consensusSeal: {
          const { answer, writes: some } = answerSeal(v.parse(SealRequestSchema, body), memory, SOUND);
          keep(some);
          return Response.json(answer);
        }
        case ROUTES.consensusGroups:
          return Response.json({ nodeId, incarnation: memory.incarnation, groups: [...groups].map(groupFacts) });
        case ROUTES.consensusStates: {
          const { group, after } = v.parse(StatesQuerySchema, Object.fromEntries(searchParams));
          const states = memory.accepted(group, after, MAX_ENTRIES + 1);
          return Response.json({ states: states.slice(0, MAX_ENTRIES), isLast: states.length <= MAX_ENTRIES });
        }
        default:
          return undefined;
      }
    },
    carried(headers) {
      const text = headers.get(CARRIED_ACCEPT);
      return text === null ? null : entries(JSON.parse(Buffer.from(text, "base64url").toString()));
    },
  };
  const groupFacts = ([group, facts]: [number, GroupMemory]) => ({
    ...{ group, ...facts },
    keyCount: [...registers].filter(([key, { accepted }]) => accepted !== null && groupOf(key) === group).length,
  });
  return acceptor;
}

function groupOf(key: string): number {
  const position = parsePosition(key);
  return position === undefined ? -1 : groupOfVideo(position.videoId);
}
