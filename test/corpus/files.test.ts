/** Every capture of the corpus, read by us and by TShark. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openCapture } from "../../src/capture/file.js";
import type { FileProblem } from "../../src/capture/record.js";

const corpus = process.env["CORPUS"] ?? new URL("../../../shared/corpus", import.meta.url).pathname;

/** What TShark exits with an error for. */
const complains = new Set(
  table("golden/STATUS.tsv")
    .filter(([, , exit]) => exit !== "0")
    .map(([file]) => file),
);

interface Row {
  readonly time: string;
  readonly length: string;
  readonly captured: string;
  readonly linkType: string;
  readonly section: string;
  readonly interface: string;
  readonly name: string;
  readonly flags: number;
  readonly comment: string;
}

/** wiretap/wtap.h: WTAP_ENCAP_ numbers of the LINKTYPE_ numbers that the corpus has. */
const encapsulations = new Map([
  [0, 15],
  [2, 184],
  [1, 1],
  [12, 7],
  [14, 7],
  [101, 7],
  [108, 174],
  [113, 25],
  [228, 129],
  [229, 130],
  [276, 210],
]);

function table(path: string): string[][] {
  const [, ...rows] = readFileSync(`${corpus}/${path}`, "utf8").trimEnd().split("\n");
  return rows.map((row) => row.split("\t"));
}

function golden(file: string): Row[] {
  const [head, ...lines] = gunzipSync(readFileSync(`${corpus}/golden/${file}.l4.tsv.gz`))
    .toString()
    .trimEnd()
    .split("\n");
  const columns = head!.split("\t");
  const at = (name: string): number => columns.indexOf(`frame.${name}`);
  return lines
    .map((line) => line.split("\t"))
    .map((cells) => ({
      time: cells[at("time_epoch")]!,
      length: lengthText(Number(cells[at("len")]!)),
      captured: cells[at("cap_len")]!,
      linkType: cells[at("encap_type")]!,
      section: cells[at("section_number")]!,
      interface: cells[at("interface_id")]!,
      name: cells[at("interface_name")]!.replace("unknown", ""),
      flags: Number(cells[at("packet_flags")]!),
      comment: cells[at("comment")]!.replaceAll(/[|]|\\n/g, "\n"),
    }))
    .filter((row) => row.linkType !== ""); // a Custom Block
}

/** As TShark writes it: nanoseconds kept in 32 bits with their sign. */
function timeText(seconds: number, nanoseconds: number): string {
  if (Number.isNaN(seconds)) return "";
  const wrapped = nanoseconds > 0xffff_ffff ? Number(BigInt.asIntN(32, BigInt(nanoseconds))) : nanoseconds | 0;
  return `${wrapped < 0 ? "-" : ""}${seconds}.${String(Math.abs(wrapped)).padStart(9, "0")}`;
}

/** TShark knows no greater length than 31 bits hold. */
function lengthText(length: number): string {
  return String(Math.min(length, 0x7fff_ffff));
}

async function ours(file: string): Promise<{ rows: Row[]; problem: FileProblem | undefined }> {
  const rows: Row[] = [];
  const capture = await openCapture(`${corpus}/captures/${file}`);
  const { record, format } = capture;
  let section = 0;
  do {
    for (let item = capture.next(); item; item = capture.next()) {
      if (item === "section") section++;
      if (item !== "packet") continue;
      const many = format === "pcapng";
      rows.push({
        time: timeText(record.seconds, record.nanoseconds),
        length: lengthText(record.length),
        captured: String(record.end - record.at),
        linkType: String(encapsulations.get(record.linkType) ?? record.linkType),
        section: many ? String(section) : "",
        interface: many ? String(record.interfaceIndex) : "",
        // TShark falls back to the description
        name: many ? (record.device ?? capture.interfaces[record.interfaceIndex]?.description ?? "") : "",
        flags: many ? record.flags : 0,
        comment: record.comment ?? "",
      });
    }
  } while (await capture.more());
  await capture.close();
  return { rows, problem: capture.problem };
}

/** Where TShark 4.0.17 is not right, or guesses. */
const quirks: Readonly<Record<string, string>> = {
  "pcapngtest__be_test201.pcapng": "names the interfaces of a second section by those of the first",
  "pcapngtest__le_test201.pcapng": "names the interfaces of a second section by those of the first",
  "pcpp__crash-exception-cast-constructed-record.pcap": "takes it for Nokia's pcap; tcpdump reads what we read",
  "suriverify__bug-6875-01_fuzz.pcap": "takes it for Nokia's pcap; tcpdump reads what we read",
};

const files = table("MANIFEST.tsv").map((row) => row[0]!);

test.each(files.filter((file) => quirks[file] === undefined))("%s reads as TShark reads it", async (file) => {
  const { rows, problem } = await ours(file);
  expect(rows).toEqual(golden(file));
  expect(problem !== undefined).toBe(complains.has(file));
});

test.each(Object.entries(quirks).filter(([file]) => files.includes(file)))("%s: TShark %s", async (file) => {
  const { rows } = await ours(file);
  expect(rows).not.toEqual(golden(file));
});
