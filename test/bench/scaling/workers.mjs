// workers.mjs INTERFACE COUNT: so many threads share the packets of an interface, each looking at its share as
// live/views.mjs does.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { capture } from "../../../dist/bundle/index.js";

if (isMainThread) {
  const [device, count] = process.argv.slice(2);
  const workers = Array.from(
    { length: Number(count) },
    () => new Worker(new URL(import.meta.url), { workerData: device }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  process.stderr.write("capturing\n");
  await once(process, "SIGINT");
  const shares = await Promise.all(
    workers.map(async (worker) => {
      worker.postMessage("stop");
      const [statistics] = await once(worker, "message");
      return statistics;
    }),
  );
  const total = (name) => shares.reduce((sum, share) => sum + share[name], 0);
  const least = Math.min(...shares.map(({ captured }) => captured));
  console.log(JSON.stringify({ captured: total("captured"), dropped: total("dropped"), least }));
} else {
  const source = capture({ interface: workerData, fanout: { group: 1 } });
  parentPort.once("message", () => source.stop());
  parentPort.postMessage("capturing");
  let seen = 0;
  for await (const batch of source.batches())
    for (const frame of batch) {
      const { ipv4, udp } = frame;
      if (ipv4 && udp)
        seen += ipv4.protocol + ipv4.ttl + ipv4.totalLength + udp.sourcePort + udp.destinationPort + frame.length;
    }
  parentPort.postMessage({ ...source.statistics(), seen });
}
