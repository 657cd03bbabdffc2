/**
 * Keeps some of the system's threads free of chunks. File operations run on a fixed number of threads that the whole process
 * shares; when all of them wait for a slow disk to flush chunks, a vote waits behind them though its own file is tiny.
 */
import type { FileSystem, WritableFile } from "./file-system.ts";

/** Threads for votes, checks of capabilities, and reads. */
const FREE_THREADS = 2;

/**
 * The same file system, of which at most so many operations that change something run at once that two threads stay free.
 *
 * @param threadCount threads of the process for file operations, 2 or more
 */
export function changeLanes(fileSystem: FileSystem, threadCount: number): FileSystem {
  const run = lanes(Math.max(1, threadCount - FREE_THREADS));
  const limited = (file: WritableFile): WritableFile => ({
    write: (bytes) => run(() => file.write(bytes)),
    writeThrough: (bytes) => run(() => file.writeThrough(bytes)),
    datasync: () => run(() => file.datasync()),
    close: () => file.close(),
  });
  return {
    ...fileSystem,
    create: async (path) => limited(await run(() => fileSystem.create(path))),
    append: async (path) => limited(await run(() => fileSystem.append(path))),
    rename: (from, to) => run(() => fileSystem.rename(from, to)),
    remove: (path) => run(() => fileSystem.remove(path)),
    makeFolder: (path) => run(() => fileSystem.makeFolder(path)),
    syncFolder: (path) => run(() => fileSystem.syncFolder(path)),
  };
}

/** Runs work, `count` at once, the others in the order of their coming. */
function lanes(count: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  /** As long as the changes under way, which are bounded by the memory for uploads. */
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < count) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
