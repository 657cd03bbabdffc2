/**
 * Kysely's SQLite, giving way to everything else. Every query is done at once and its promise is kept before anything but
 * promises may run: a loop of a thousand queries would be one long turn in which no request is answered. Whoever asks in a
 * turn that has lasted long enough waits for the next one.
 */
import { setImmediate } from "node:timers";
import type { Driver } from "kysely";
import { SqliteDialect } from "kysely";

/** About one durable commit; a reader that waits for it does not notice. */
const TURN_MS = 5;

export class FairSqliteDialect extends SqliteDialect {
  override createDriver(): Driver {
    return giveWay(super.createDriver());
  }
}

function giveWay(driver: Driver): Driver {
  const acquire = driver.acquireConnection.bind(driver);
  /** Since when queries have been answered without a turn in between; undefined between turns. */
  let beganMs: number | undefined;
  driver.acquireConnection = async () => {
    if (beganMs === undefined) {
      beganMs = performance.now();
      setImmediate(() => {
        beganMs = undefined;
      });
    } else if (performance.now() - beganMs > TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return await acquire();
  };
  return driver;
}
