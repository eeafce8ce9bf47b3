import { Output } from "./output.js";

/** Milliseconds after which a packet that went by has been told: the kernel hands them over in blocks. */
const LATE = 40;

/** Lines that wait for somebody to read those before them. */
const KEPT = 100_000;

interface Line {
  readonly time: number;
  readonly text: string;
}

/** Lines from several sources, printed on standard output in the order of their times. */
export class Timeline {
  readonly #output = new Output();
  readonly #gone: () => void;
  #waiting: Line[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** What is being printed: what comes next waits for it. */
  #printing = Promise.resolve();
  /** Lines that nobody was there to read. */
  left = 0;

  /** `gone` is called when nobody reads any more. */
  constructor(gone: () => void) {
    this.#gone = gone;
  }

  /** Whether whoever adds lines should wait for {@link ready}. */
  get full(): boolean {
    return this.#waiting.length > KEPT / 2;
  }

  /** `time` is milliseconds since 1970. */
  add(time: number, text: string): void {
    if (this.#waiting.length >= KEPT) this.left++;
    else this.#waiting.push({ time, text });
    this.#timer ??= setTimeout(() => this.#print(), LATE);
  }

  /** Resolves when what waited has been printed. */
  async ready(): Promise<void> {
    this.#print();
    await this.#printing;
  }

  /** Prints all that is left. */
  async end(): Promise<void> {
    await this.#printing;
    clearTimeout(this.#timer);
    await this.#flush(Number.POSITIVE_INFINITY);
  }

  #print(): void {
    this.#printing = this.#printing.then(async () => {
      await this.#flush(Date.now() - LATE);
      clearTimeout(this.#timer);
      this.#timer = this.#waiting.length === 0 ? undefined : setTimeout(() => this.#print(), LATE);
    });
  }

  async #flush(until: number): Promise<void> {
    const waiting = this.#waiting.sort((a, b) => a.time - b.time);
    const late = waiting.findIndex(({ time }) => time > until);
    this.#waiting = late < 0 ? [] : waiting.slice(late);
    for (const { text } of late < 0 ? waiting : waiting.slice(0, late)) this.#output.print(text);
    if (!(await this.#output.flush())) this.#gone();
  }
}
