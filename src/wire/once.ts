/** What `make` gives, made when it is first asked for: a program that starts does not wait for what it never needs. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
