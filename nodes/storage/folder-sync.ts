/**
 * Group commit for folders: changes that ask for a flush of the same folder while one is running share the next one. They
 * must not share the running one: it may have begun before their change.
 */

interface FolderState {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/** @param syncFolder flushes one folder */
export function sharedFolderSync(syncFolder: (path: string) => Promise<void>): (path: string) => Promise<void> {
  const folders = new Map<string, FolderState>();

  const begin = (path: string): Promise<void> => {
    const running = syncFolder(path).finally(() => {
      const state = folders.get(path);
      if (state?.running === running && state.next === undefined) folders.delete(path);
    });
    folders.set(path, { running, next: undefined });
    return running;
  };

  return (path) => {
    const state = folders.get(path);
    if (state === undefined) return begin(path);
    // A failure of the running flush is its own callers' news; the next one tries again.
    state.next ??= state.running.catch(() => {}).then(() => begin(path));
    return state.next;
  };
}
