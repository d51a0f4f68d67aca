/** What VS Code reads of the extension agrees with itself and with the code. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import strings from "../../../package.nls.json" with { type: "json" };
import { type ThresholdName, thresholdNames, thresholdTable } from "../../../src/diagnostics/thresholds.ts";

const { contributes } = packageJson;

test("every string is there, and every one is used", () => {
  const used = [...JSON.stringify(packageJson).matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
  expect([...new Set(used)].sort()).toEqual(Object.keys(strings).sort());
});

test("menus name commands that are declared", () => {
  const declared = new Set(contributes.commands.map(({ command }) => command));
  const named = Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command));
  expect(named.filter((command) => !declared.has(command))).toEqual([]);
});

test("links in welcome views and the walkthrough lead to commands that are declared", () => {
  const declared = new Set(contributes.commands.map(({ command }) => command));
  const linked = [...JSON.stringify(strings).matchAll(/\(command:(sigmascope\.\w+)\)/g)].map(([, id]) => id!);
  expect(linked.length).toBeGreaterThan(0);
  expect(linked.filter((command) => !declared.has(command))).toEqual([]);
});

test("whatever starts or commands a trainer, or fetches data, is hidden from an untrusted workspace", () => {
  const needTrust = [
    "train",
    "trainSideBySide",
    "pause",
    "resume",
    "stop",
    "checkpoint",
    "resumeInterrupted",
    "switchToSvd",
    "switchToVanilla",
    "getMnist",
  ].map((name) => `sigmascope.${name}`);
  for (const { command, when } of Object.values(contributes.menus).flat())
    if (needTrust.includes(command)) expect(when, command).toMatch(/isWorkspaceTrusted/);
});

test("the settings of thresholds are the table's", () => {
  const [, thresholds] = contributes.configuration;
  const properties = thresholds!.properties as Record<
    string,
    { default: unknown; minimum: unknown; maximum: unknown }
  >;
  expect(Object.keys(properties)).toEqual(thresholdNames.map((name) => `sigmascope.thresholds.${name}`));
  for (const [key, setting] of Object.entries(properties)) {
    const name = key.replace("sigmascope.thresholds.", "") as ThresholdName;
    const { value, range, reason } = thresholdTable[name];
    expect([setting.default, setting.minimum, setting.maximum], name).toEqual([value, ...range]);
    expect((strings as Record<string, string>)[`setting.thresholds.${name}`]).toBe(reason);
  }
});

test("pictures exist and reach nowhere", () => {
  const { viewsContainers, walkthroughs } = contributes;
  const pictures = [
    packageJson.icon,
    ...Object.values(viewsContainers).flatMap((containers) => containers.map(({ icon }) => icon)),
    ...walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
  ];
  for (const picture of pictures) {
    expect(existsSync(picture), picture).toBe(true);
    if (picture.endsWith(".svg"))
      expect(readFileSync(picture, "utf8").replace("http://www.w3.org/2000/svg", "")).not.toMatch(
        /https?:|<script/,
      );
  }
});
