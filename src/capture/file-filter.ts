import type { Predicate, PredicateOptions } from "../filter/predicate.js";
import type { FileRecord } from "./record.js";

/** A filter over the packets of a file; none where it is empty. The language is loaded where it is used. */
export async function fileFilter(
  filter: string,
  addresses: PredicateOptions["addresses"],
): Promise<FileFilter | undefined> {
  const source = filter.trim();
  if (source === "") return undefined;
  const language = await import("../filter/predicate.js");
  return new FileFilter((linkType, swapped) => language.predicate(source, { linkType, swapped, addresses }));
}

/** The predicate of one filter for a link type. */
type Compiled = (linkType: number, swapped: boolean) => Predicate;

/** A filter, compiled for each link type that comes along. */
export class FileFilter {
  readonly #compiled: Compiled;
  readonly #predicates = new Map<number, Predicate>();
  #linkType = -1;
  #littleEndian = true;
  #matches: Predicate = () => true;

  constructor(compiled: Compiled) {
    this.#compiled = compiled;
  }

  /** Throws `BAD_FILTER`, for a link type that the filter asks for what it has not. hot */
  accepts(record: FileRecord): boolean {
    if (record.linkType !== this.#linkType || record.littleEndian !== this.#littleEndian)
      this.#choose(record.linkType, record.littleEndian);
    return this.#matches(record.data, record.at, record.end, record.length, record);
  }

  #choose(linkType: number, littleEndian: boolean): void {
    this.#linkType = linkType;
    this.#littleEndian = littleEndian;
    const key = linkType * 2 + (littleEndian ? 1 : 0);
    this.#matches = this.#predicates.get(key) ?? this.#compiled(linkType, !littleEndian);
    this.#predicates.set(key, this.#matches);
  }
}
