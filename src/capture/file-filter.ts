import { type Predicate, type PredicateOptions, predicate } from "../filter/predicate.js";
import type { FileRecord } from "./record.js";

/** A filter over the packets of a file, compiled for each link type that comes along. */
export class FileFilter {
  readonly #source: string;
  readonly #addresses: PredicateOptions["addresses"];
  readonly #predicates = new Map<number, Predicate>();
  #linkType = -1;
  #littleEndian = true;
  #matches: Predicate = () => true;

  /** An empty filter accepts every packet. */
  constructor(filter: string, addresses: PredicateOptions["addresses"]) {
    this.#source = filter.trim();
    this.#addresses = addresses;
  }

  /** Throws `BAD_FILTER`, for a link type that the filter asks for what it has not. hot */
  accepts(record: FileRecord): boolean {
    if (this.#source === "") return true;
    if (record.linkType !== this.#linkType || record.littleEndian !== this.#littleEndian)
      this.#choose(record.linkType, record.littleEndian);
    return this.#matches(record.data, record.at, record.end, record.length, record);
  }

  #choose(linkType: number, littleEndian: boolean): void {
    this.#linkType = linkType;
    this.#littleEndian = littleEndian;
    const key = linkType * 2 + (littleEndian ? 1 : 0);
    this.#matches =
      this.#predicates.get(key) ??
      predicate(this.#source, { linkType, swapped: !littleEndian, addresses: this.#addresses });
    this.#predicates.set(key, this.#matches);
  }
}
