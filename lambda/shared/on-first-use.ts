/** Loads with its first use, and once, what most functions never need: it is a file of its own beside the bundle. */
export function onFirstUse<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}
