import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import { type Listening, listen } from "./listen.ts";

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close()));
});

async function serve(app: Hono, port = 0): Promise<Listening> {
  const listening = await listen(app, { host: "127.0.0.1", port });
  open.push(listening);
  return listening;
}

describe("listen()", () => {
  test("says clearly that a port is taken", async () => {
    const { port } = await serve(new Hono());
    const second = listen(new Hono(), { host: "127.0.0.1", port });
    await expect(second).rejects.toMatchObject({ code: "conflict" });
    await expect(second).rejects.toThrow(`Cannot listen on 127.0.0.1:${port} as the port is taken`);
  });

  test("close() lets an answer end and takes no new connection", async () => {
    let answer: (response: Response) => void = () => {};
    const asked = new Promise<void>((resolve) => {
      const app = new Hono();
      app.get("/", () => {
        resolve();
        return new Promise<Response>((settle) => {
          answer = settle;
        });
      });
      void serve(app).then(async ({ port }) => {
        text = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
      });
    });
    let text: Promise<string> = Promise.resolve("");
    await asked;
    const [listening] = open;
    const closed = listening?.close();
    answer(new Response("whole"));
    expect(await text).toBe("whole");
    await closed;
    await expect(fetch(`http://127.0.0.1:${listening?.port ?? 0}/`)).rejects.toThrow();
    open.length = 0;
  });
});
