import { expect, test } from "vitest";
import { craft } from "../../src/craft/craft.js";
import type { Crafted } from "../../src/craft/crafted.js";
import { decode, frameOf } from "../../src/packet/decode.js";
import { type Answer, filterFor, type Question, Questions } from "../../src/send/questions.js";
import { icmp } from "../../src/wire/icmp.js";
import { ipv4 } from "../../src/wire/ipv4.js";

const [here, there] = ["192.0.2.1", "198.51.100.2"];

function echo(type: 0 | 8, sequenceNumber = 1, destination = there): Crafted {
  const addresses = type === 8 ? { source: here, destination } : { source: destination, destination: here };
  return craft(ipv4(addresses), icmp({ type, message: { kind: "echo", identifier: 7, sequenceNumber } }));
}

function asked(out: Crafted, answers: Answer[], attempts = 1): Question {
  const sent = decode(out.octets, out.linkType);
  const answered = (answer: Answer): void => void answers.push(answer);
  return { out, sent, toMany: false, attempts, seen: 0, seconds: 1, nanoseconds: 0, answered };
}

const seen = ({ octets, linkType }: Crafted, nanoseconds: number) =>
  frameOf(octets, linkType, { seconds: 1, nanoseconds });

test("a round trip begins when the question was seen to leave, and one answer ends it", () => {
  const answers: Answer[] = [];
  const questions = new Questions();
  const question = echo(8);
  questions.add(asked(question, answers));
  questions.take(seen(question, 2e6));
  questions.take(seen(echo(0), 5e6));
  questions.take(seen(echo(0), 6e6));
  expect(answers).toMatchObject([{ roundTrip: 3, attempts: 1, packet: { nanoseconds: 5e6 } }]);
});

test("two questions that are the same are answered by a packet each", () => {
  const answers: Answer[] = [];
  const questions = new Questions();
  for (let i = 0; i < 2; i++) questions.add(asked(echo(8), answers));
  questions.take(seen(echo(0), 1));
  expect(answers).toHaveLength(1);
  questions.take(seen(echo(0), 2));
  questions.take(seen(echo(0), 3));
  expect(answers).toHaveLength(2);
});

test("what was not sent yet, or is no longer asked, is answered by nothing", () => {
  const answers: Answer[] = [];
  const questions = new Questions();
  const question = asked(echo(8, 2), answers);
  questions.add(asked(echo(8, 1), answers, 0));
  questions.add(question);
  questions.forget(question);
  for (const sequenceNumber of [1, 2]) questions.take(seen(echo(0, sequenceNumber), 1));
  expect(answers).toEqual([]);
});

test("the kernel is asked for few hosts by name, for many not at all", () => {
  const to = (host: number): Question => asked(echo(8, 1, `198.51.100.${host}`), []);
  expect(filterFor([to(1), to(2), to(1)])).toBe("icmp or icmp6 or arp or host 198.51.100.1 or host 198.51.100.2");
  expect(filterFor(Array.from({ length: 33 }, (_, i) => to(i + 1)))).toBe("");
  expect(filterFor([to(1), { ...to(2), toMany: true }])).toBe("");
});
