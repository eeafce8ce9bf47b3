import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { binding, loadBinding } from "../../src/socket/binding.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sockinspect-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function failure(platform: NodeJS.Platform): unknown {
  try {
    loadBinding(pathToFileURL(`${folder}/`), platform);
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("the addon", () => {
  test("is loaded once", () => {
    expect(binding()).toBe(binding());
    expect(typeof binding().PacketSocket).toBe("function");
  });

  test("is not looked for on anything but Linux", () => {
    const error = failure("darwin");
    expect(isSockinspectError(error, "UNSUPPORTED_PLATFORM") && error.info).toEqual({ platform: "darwin" });
    expect(String(error)).toContain("capturing and sending need Linux (reading files works here)");
  });

  test("that is nowhere is reported with the places and the way to build it", () => {
    const error = failure("linux");
    const tried = [
      join(folder, "build/Release/sockinspect.node"),
      join(folder, "build/Debug/sockinspect.node"),
      join(folder, `prebuilds/linux-${process.arch}/sockinspect.glibc.node`),
    ];
    expect(isSockinspectError(error, "NO_ADDON") && error.info).toEqual({ tried });
    for (const words of [...tried, "npm ci", "CMake 3.18", "C++20"]) expect(String(error)).toContain(words);
  });

  test("that cannot be loaded is reported with the reason", () => {
    mkdirSync(join(folder, "build/Debug"), { recursive: true });
    const file = join(folder, "build/Debug/sockinspect.node");
    writeFileSync(file, "not an addon");
    const error = failure("linux");
    expect(isSockinspectError(error, "NO_ADDON") && error.info).toEqual({ tried: [file] });
    expect(String(error)).toContain("file too short");
    expect(error).toHaveProperty("cause.code", "ERR_DLOPEN_FAILED");
  });
});
