/** `vstack up` that ends, in order or not, leaves no role behind. */
import { startCluster } from "../../fixtures/cluster.ts";
import { expect, test } from "../../fixtures/test.ts";

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`${signal} to up stops every role`, async () => {
    const cluster = await startCluster("--no-demo", "--nodes", "2");
    const { nodes, metadata } = await cluster.status();
    await cluster.signal("up", signal);
    const alive = () => [metadata, ...nodes].filter(({ pid }) => isRunning(pid)).length;
    await expect.poll(alive, { timeout: 15_000 }).toBe(0);
    await cluster.stop();
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
