// The programs and packages that we are raced against, and how to have them without touching the system: what is not
// installed comes from Debian (apt-get download, dpkg -x) and npm into a folder of its own in the user's cache.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const FOLDER = process.env.SOCKINSPECT_BENCH_PEERS || join(cache, "sockinspect-bench");
const ROOT = join(FOLDER, "debian");
const NPM = join(FOLDER, "npm");

/** `debian`: packages; `version`: command that tells it; `npm`: a package and the version that was tried. */
const PEERS = {
  tcpdump: { debian: ["tcpdump"], version: ["tcpdump", "--version"] },
  tshark: { debian: ["tshark"], version: ["tshark", "--version"] },
  dumpcap: { debian: ["wireshark-common"], version: ["dumpcap", "--version"] },
  "netsniff-ng": { debian: ["netsniff-ng"], version: ["netsniff-ng", "--version"] },
  trafgen: { debian: ["netsniff-ng"], version: ["trafgen", "--version"] },
  tcpreplay: { debian: ["tcpreplay"], version: ["tcpreplay", "--version"] },
  hping3: { debian: ["hping3"], version: ["hping3", "--version"] },
  nping: { debian: ["nmap"], version: ["nping", "--version"] },
  socat: { debian: ["socat"], version: ["socat", "-V"] },
  python: { debian: ["python3"], version: ["/usr/bin/python3", "--version"] },
  scapy: {
    debian: ["python3-scapy"],
    version: ["/usr/bin/python3", "-c", "import scapy; print('scapy', scapy.__version__)"],
  },
  libpcap: { debian: ["libpcap-dev"], package: "libpcap0.8" },
  gopacket: {
    debian: [
      "golang-go",
      "golang-golang-x-sys-dev",
      "golang-golang-x-net-dev",
      "golang-github-google-gopacket-dev",
      "libpcap-dev",
    ],
    package: "golang-github-google-gopacket-dev",
    needs: ["go", "version"],
  },
  cap: { npm: "0.2.1" },
  pcap: { npm: "3.1.0" },
  "raw-socket": { npm: "1.8.1" },
  "pcap-parser": { npm: "0.2.1" },
};

/** Where npm packages are: scripts load them by createRequire. */
process.env.SOCKINSPECT_BENCH_NPM = join(NPM, "package.json");

/** Brings what is missing; says what it does, and goes on when that fails: {@link peer} then says what is not there. */
export function installPeers() {
  mkdirSync(FOLDER, { recursive: true });
  usePeers();
  const wanted = [...new Set(Object.values(PEERS).flatMap(({ debian }) => debian ?? []))];
  const missing = wanted.filter((name) => !installed(name) && !existsSync(join(FOLDER, "deb", name)));
  if (missing.length > 0) fromDebian(missing);
  usePeers();
  const packages = Object.entries(PEERS).filter(
    ([name, { npm }]) => npm && !existsSync(join(NPM, "node_modules", name)),
  );
  if (packages.length > 0) fromNpm(packages);
}

function fromDebian(wanted) {
  const plan = spawnSync("apt-get", ["-s", "--no-install-recommends", "install", ...wanted], { encoding: "utf8" });
  if (plan.status !== 0) {
    console.error(`peers: ${wanted.join(" ")} cannot be had from Debian here: ${plan.error?.message ?? plan.stderr}`);
    return;
  }
  const names = [...plan.stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  console.error(`peers: from Debian into ${ROOT}: ${names.join(" ")}`);
  const deb = join(FOLDER, "deb");
  mkdirSync(deb, { recursive: true });

  const options = { cwd: deb, stdio: ["ignore", "ignore", "inherit"] };
  if (spawnSync("apt-get", ["-qq", "download", ...names], options).status !== 0) return;
  for (const file of readdirSync(deb).filter((name) => name.endsWith(".deb"))) {
    execFileSync("dpkg", ["-x", file, ROOT], options);
    rmSync(join(deb, file));
  }
  for (const name of wanted) mkdirSync(join(deb, name), { recursive: true });
}

function fromNpm(packages) {
  const names = packages.map(([name, { npm }]) => `${name}@${npm}`);
  console.error(`peers: from npm into ${NPM}, compiling: ${names.join(" ")}`);
  mkdirSync(NPM, { recursive: true });
  const allowScripts = Object.fromEntries(names.map((name) => [name, true]));
  writeFileSync(join(NPM, "package.json"), JSON.stringify({ private: true, allowScripts }));
  const headers = resolve(dirname(process.execPath), "..");
  const nodeDirectory = existsSync(join(headers, "include/node/node.h")) ? { npm_config_nodedir: headers } : {};
  // One by one: that one does not compile is no reason not to race the others
  for (const name of names) {
    const { status, stderr } = spawnSync("npm", ["install", "--prefix", NPM, "--no-audit", "--no-fund", name], {
      env: { ...process.env, ...nodeDirectory },
      encoding: "utf8",
    });
    if (status !== 0)
      console.error(`peers: ${name} cannot be installed: ${stderr.trim().split("\n").slice(-5).join("\n")}`);
  }
}

/** Lets this process and its children find what was brought. */
function usePeers() {
  process.env.GO111MODULE = "off";
  process.env.GOCACHE ??= join(FOLDER, "go-cache");
  process.env.GOPATH ??= "/usr/share/gocode";
  if (!existsSync(ROOT) || process.env.SOCKINSPECT_BENCH_ROOT === ROOT) return;
  const libraries = ["usr/lib", "lib"].flatMap((folder) => {
    const below = join(ROOT, folder);
    const own = existsSync(below) ? readdirSync(below).filter((name) => name.endsWith("-linux-gnu")) : [];
    return [...own.map((name) => join(below, name)), below];
  });
  const add = (variable, folders) => {
    process.env[variable] = [...folders, process.env[variable]].filter(Boolean).join(":");
  };
  process.env.SOCKINSPECT_BENCH_ROOT = ROOT;
  add(
    "PATH",
    ["usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(ROOT, folder)),
  );
  add("LD_LIBRARY_PATH", libraries);
  add("LIBRARY_PATH", libraries);
  add("CPATH", [join(ROOT, "usr/include")]);
  add("PYTHONPATH", [join(ROOT, "usr/lib/python3/dist-packages")]);
  add("GOPATH", [join(ROOT, "usr/share/gocode")]);
  const go = join(ROOT, "usr/lib/go");
  if (existsSync(go)) process.env.GOROOT = go;
  const wireshark = join(ROOT, "usr/share/wireshark");
  if (existsSync(wireshark)) process.env.WIRESHARK_DATA_DIR = wireshark;
}

const known = new Map();

/** Its version, or why it cannot be raced. */
export function peer(name) {
  if (!known.has(name)) known.set(name, look(name));
  return known.get(name);
}

function look(name) {
  const { debian, version, package: from, needs, npm } = PEERS[name];
  if (npm) {
    try {
      loads(name);
      return { version: JSON.parse(readFileSync(join(NPM, "node_modules", name, "package.json"), "utf8")).version };
    } catch (error) {
      return { why: `npm package ${name} is not there: ${String(error.message).split("\n")[0]}` };
    }
  }
  const missing = { why: `not installed, and not to be had as Debian's ${debian.join(", ")}` };
  if (needs && spawnSync(needs[0], needs.slice(1)).status !== 0) return missing;
  if (from)
    return {
      version: debianVersion(from) ?? (existsSync(join(FOLDER, "deb", debian.at(-1))) ? "Debian's" : undefined),
    };
  const { status, stdout, stderr } = spawnSync(version[0], version.slice(1), { encoding: "utf8" });
  const said = /\d+\.\w+(\.\w+)*(-\w+)?/.exec(`${stdout}${stderr}`);
  return status === null || !said ? missing : { version: said[0] };
}

function loads(name) {
  execFileSync(process.execPath, ["-e", `require(${JSON.stringify(join(NPM, "node_modules", name))})`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}

function debianVersion(name) {
  const { status, stdout } = spawnSync("dpkg-query", ["-s", name], { encoding: "utf8" });
  const installed = status === 0 && /^Status: .* installed$/m.test(stdout);
  return installed ? /^Version: (.*)$/m.exec(stdout)?.[1] : undefined;
}

function installed(name) {
  return debianVersion(name) !== undefined;
}
