import { isSockinspectError, SockinspectError } from "../errors.js";
import type { Predicate, PredicateOptions } from "../filter/predicate.js";
import { linkTypes, linkTypeText } from "../wire/numbers.js";
import type { FileRecord } from "./record.js";

/**
 * A filter over the packets of a file; none where it is empty. The language is loaded where it is used. Throws `BAD_FILTER`
 * for what is wrong with it whatever it is asked of.
 */
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

/** A filter, compiled for each link type that comes along. Packets of one that it cannot ask do not match. */
export class FileFilter {
  /** How many packets could not be asked, by their link type. */
  readonly unasked = new Map<number, number>();
  readonly #compiled: Compiled;
  readonly #predicates = new Map<number, Predicate>();
  #linkType = -1;
  #littleEndian = true;
  #matches: Predicate = () => true;
  #asked = false;
  #fault: SockinspectError<"BAD_FILTER"> | undefined;

  constructor(compiled: Compiled) {
    this.#compiled = compiled;
    let first: unknown;
    for (const linkType of [linkTypes.ethernet, ...Object.values(linkTypes)]) {
      try {
        this.#predicates.set(linkType * 2 + 1, compiled(linkType, false));
        return;
      } catch (error) {
        first ??= error;
      }
    }
    throw first;
  }

  /** hot */
  accepts(record: FileRecord): boolean {
    if (record.linkType !== this.#linkType || record.littleEndian !== this.#littleEndian)
      this.#choose(record.linkType, record.littleEndian);
    return this.#matches(record.data, record.at, record.end, record.length, record);
  }

  /** Throws `BAD_FILTER` where there were packets, but none that could be asked. */
  end(): void {
    if (this.#fault === undefined || this.#asked) return;
    const { message, info } = this.#fault;
    const types = [...this.unasked.keys()].map(linkTypeText);
    const theirs = `the packets are of link type${types.length > 1 ? "s" : ""} ${types.join(", ")}`;
    throw new SockinspectError("BAD_FILTER", `${message}; ${theirs}`, info);
  }

  #choose(linkType: number, littleEndian: boolean): void {
    this.#linkType = linkType;
    this.#littleEndian = littleEndian;
    const key = linkType * 2 + (littleEndian ? 1 : 0);
    this.#matches = this.#predicates.get(key) ?? this.#predicate(linkType, littleEndian);
    this.#predicates.set(key, this.#matches);
    this.#asked ||= !this.unasked.has(linkType);
  }

  #predicate(linkType: number, littleEndian: boolean): Predicate {
    try {
      return this.#compiled(linkType, !littleEndian);
    } catch (error) {
      if (!isSockinspectError(error, "BAD_FILTER")) throw error;
      this.#fault ??= error;
      this.unasked.set(linkType, this.unasked.get(linkType) ?? 0);
      return () => {
        this.unasked.set(linkType, this.unasked.get(linkType)! + 1);
        return false;
      };
    }
  }
}
