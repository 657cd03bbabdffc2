import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DeliveredNote } from "./honest-timing.ts";
import type { LoadProgress, SegmentLoadPorts } from "./segment-load.ts";
import { loadSegment } from "./segment-load.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const bytes = (length: number) => new Uint8Array(length).fill(7);

function portsWith(answer: (init: RequestInit) => Promise<Response>, note?: DeliveredNote): SegmentLoadPorts {
  return {
    fetch: (_url, init) => answer(init),
    nowMs: () => performance.now(),
    delivered: () => Promise.resolve(note),
  };
}

function request(controller = new AbortController(), progress: LoadProgress[] = []) {
  return {
    url: "/media/x",
    signal: controller.signal,
    maxTimeToFirstByteMs: 8000,
    maxLoadTimeMs: 20_000,
    onProgress: (step: LoadProgress) => progress.push(step),
  };
}

/** A body that gives its parts and then does what `end` says; it breaks when the request is aborted, as fetch does. */
function bodyOf(parts: Uint8Array[], end: "close" | "break" | "hang", signal?: AbortSignal | null) {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      signal?.addEventListener("abort", () => controller.error(new DOMException("Aborted", "AbortError")));
    },
    pull(controller) {
      const part = parts.shift();
      if (part !== undefined) controller.enqueue(part);
      else if (end === "close") controller.close();
      else if (end === "break") controller.error(new TypeError("network error"));
      else return new Promise<void>(() => undefined);
      return undefined;
    },
  });
}

test("loadSegment() joins the parts and reports real progress", async () => {
  const progress: LoadProgress[] = [];
  const headers = { "content-length": "30", "X-VStack-Served-By": "worker" };
  const ports = portsWith(async () => new Response(bodyOf([bytes(10), bytes(20)], "close"), { headers }));
  const outcome = await loadSegment(request(undefined, progress), ports);
  if (outcome.is !== "loaded") throw new Error(outcome.is);
  expect(outcome.bytes.byteLength).toBe(30);
  expect(outcome.load.servedBy).toBe("worker");
  expect(progress.map((step) => [step.loadedBytes, step.totalBytes])).toEqual([
    [10, 30],
    [30, 30],
  ]);
});

test("loadSegment() refuses a body that ended early as if it were complete", async () => {
  const headers = { "content-length": "50" };
  const ports = portsWith(async () => new Response(bodyOf([bytes(10)], "close"), { headers }));
  expect(await loadSegment(request(), ports)).toEqual({
    is: "broken",
    detail: "Cannot use the segment as it should have 50 bytes: 10 came",
  });
});

test("loadSegment() tells a stream that broke and a status apart", async () => {
  expect(
    await loadSegment(
      request(),
      portsWith(async () => new Response(bodyOf([bytes(1)], "break"))),
    ),
  ).toEqual({
    is: "broken",
    detail: "network error",
  });
  expect(
    await loadSegment(
      request(),
      portsWith(async () => new Response("no", { status: 503 })),
    ),
  ).toEqual({
    is: "refused",
    status: 503,
  });
});

test("loadSegment() times out when no first byte comes", async () => {
  const loading = loadSegment(
    request(),
    portsWith(async (init) => new Response(bodyOf([], "hang", init.signal))),
  );
  await vi.advanceTimersByTimeAsync(7999);
  await vi.advanceTimersByTimeAsync(2);
  expect(await loading).toEqual({ is: "timeout" });
});

test("loadSegment() allows the whole time to a body that has begun", async () => {
  const answer = async (init: RequestInit) => new Response(bodyOf([bytes(1)], "hang", init.signal));
  const settled = vi.fn();
  const loading = loadSegment(request(), portsWith(answer)).then((outcome) => {
    settled();
    return outcome;
  });
  await vi.advanceTimersByTimeAsync(19_000);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1001);
  expect(await loading).toEqual({ is: "timeout" });
});

test("loadSegment() that is given up is aborted, not broken", async () => {
  const controller = new AbortController();
  const loading = loadSegment(
    request(controller),
    portsWith(async (init) => new Response(bodyOf([bytes(1)], "hang", init.signal))),
  );
  await vi.advanceTimersByTimeAsync(10);
  controller.abort();
  expect(await loading).toEqual({ is: "aborted" });
});
