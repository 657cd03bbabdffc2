/** Ports for servers that have to know each other's before any of them listens. */
import { once } from "node:events";
import { createServer } from "node:net";
import { VStackError } from "#wire/contract/errors.ts";

/** Different free ports of loopback; somebody else could still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    if (typeof address === "object" && address !== null) return address.port;
    throw new VStackError("internal", "A listening server has no port");
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
