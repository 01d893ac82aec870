import { describe, expect, test } from "vitest";
import { nextFreeSubnet } from "./subnets";

describe("the next free subnet", () => {
  test.each([
    ["the first of the range where nothing is taken", [], [], "10.213.0.0/26"],
    ["the next one, in the gap that a removed copy left", ["10.213.0.0/26", "10.213.0.128/26"], [], "10.213.0.64/26"],
    ["in the next block of four", ["10.213.0.0/24"], [], "10.213.1.0/26"],
    ["beside a route of this machine", [], ["10.213.0.0/25"], "10.213.0.128/26"],
    ["beside a single address inside it", [], ["10.213.0.5/32"], "10.213.0.64/26"],
    ["beside networks and routes together", ["10.213.0.0/26"], ["10.213.0.64/26"], "10.213.0.128/26"],
    ["as if unasked, beside networks elsewhere", ["172.17.0.0/16"], ["192.168.0.0/16"], "10.213.0.0/26"],
    ["as if unasked, beside a network that only begins alike", ["10.21.0.0/16", "10.212.0.0/16"], [], "10.213.0.0/26"],
    ["as if unasked, beside what is not IPv4", ["fd00::/64", "", "nonsense"], [], "10.213.0.0/26"],
  ])("is %s", (_title, taken, routes, expected) => {
    expect(nextFreeSubnet(taken, routes)).toBe(expected);
  });

  test("can be had 1,024 times, and then there is a Problem that says what to do", () => {
    const all = Array.from({ length: 1024 }, (_, index) => `10.213.${index >> 2}.${(index & 3) * 64}/26`);
    expect(nextFreeSubnet(all.slice(0, -1), [])).toBe("10.213.255.192/26");
    expect(nextFreeSubnet(all.slice(1), [])).toBe("10.213.0.0/26");
    expect(() => nextFreeSubnet(all, [])).toThrow("Every /26 of 10.213.0.0/16 is taken. Take a copy down");
  });

  test.each(["10.213.0.0/16", "10.0.0.0/8"])("is none where %s holds the range", (route) => {
    expect(() => nextFreeSubnet([], [route])).toThrow("is taken");
  });

  test("keeps away from the routes that this machine has now", () => {
    expect(nextFreeSubnet([])).toMatch(/^10\.213\.\d+\.(0|64|128|192)\/26$/);
  });
});
