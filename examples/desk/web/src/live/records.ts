/** How what arrives changes what is kept: pure. The higher version wins; a snapshot replaces everything. */

export interface Versioned { version: number }

/** A set of records by id, with one of them replaced unless the kept one is newer, or as old and told no more of. */
export function replaced<T extends Versioned>(kept: ReadonlyMap<string, T>, id: string, record: T, tellsMore: (record: T, known: T) => boolean = () => false): ReadonlyMap<string, T> {
  const known = kept.get(id);
  if (known && (known.version > record.version || (known.version === record.version && !tellsMore(record, known)))) return kept;
  return new Map(kept).set(id, record);
}

/** A set of records without one of them. */
export function without<T>(kept: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  if (!kept.has(id)) return kept;
  const left = new Map(kept);
  left.delete(id);
  return left;
}

/** What a snapshot holds, nothing else. A newer record that came before an older snapshot survives it. */
export function reset<T extends Versioned>(kept: ReadonlyMap<string, T>, records: readonly T[], idOf: (record: T) => string): ReadonlyMap<string, T> {
  const fresh = new Map<string, T>();
  for (const record of records) {
    const id = idOf(record);
    const known = kept.get(id);
    fresh.set(id, known && known.version > record.version ? known : record);
  }
  return fresh;
}
