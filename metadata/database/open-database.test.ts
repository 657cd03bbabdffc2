import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { videoIdOf } from "../placement/placement-register.contract.ts";
import { sqliteCatalog } from "../catalog/sqlite-store.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";

describe("openDatabase()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vstack-database-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("keeps what was written for the next opening", async () => {
    const path = join(folder, "sub", "catalogue.db");
    const first = openDatabase(path);
    await sqliteCatalog(first).createVideo({ id: videoIdOf("b"), title: "Kept", createdAtMs: 5 });
    await first.destroy();
    const second = openDatabase(path);
    expect((await sqliteCatalog(second).video(videoIdOf("b")))?.title).toBe("Kept");
    await second.destroy();
  });

  it("waits for a file that another connection holds", async () => {
    const path = join(folder, "catalogue.db");
    const first = openDatabase(path);
    const settings = await first.executeQuery({ ...first.selectFrom("videos").compile(), sql: "PRAGMA busy_timeout" });
    expect(JSON.stringify(settings.rows)).toContain("5000");
    await first.destroy();
  });

  it("refuses a file of a newer program", () => {
    const path = join(folder, "catalogue.db");
    const file = new Libsql(path);
    file.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    file.close();
    expect(() => openDatabase(path)).toThrow(/use a newer one/);
  });
});
