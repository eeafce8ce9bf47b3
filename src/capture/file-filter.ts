import { type Predicate, type PredicateOptions, predicate } from "../filter/predicate.js";
import type { CaptureInput } from "./file.js";
import type { FileRecord } from "./record.js";

/** A filter over the packets of a file, compiled for each link type that comes along. */
export class FileFilter {
  readonly #source: string;
  readonly #addresses: PredicateOptions["addresses"];
  readonly #input: Pick<CaptureInput, "section">;
  readonly #predicates = new Map<number, Predicate>();
  #linkType = -1;
  #littleEndian = true;
  #matches: Predicate = () => true;

  /** An empty filter accepts every packet. */
  constructor(filter: string, addresses: PredicateOptions["addresses"], input: Pick<CaptureInput, "section">) {
    this.#source = filter.trim();
    this.#addresses = addresses;
    this.#input = input;
  }

  /** Throws `BAD_FILTER`, for a link type that the filter asks for what it has not. hot */
  accepts(record: FileRecord): boolean {
    if (this.#source === "") return true;
    const { littleEndian } = this.#input.section;
    if (record.linkType !== this.#linkType || littleEndian !== this.#littleEndian)
      this.#choose(record.linkType, littleEndian);
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
