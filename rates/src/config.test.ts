import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig, VARIABLE_NAMES, type VariableName, variables } from "./config";

const sufficient = { DATABASE_URL: "postgres://rates@127.0.0.1:5432/rates" };

function problemsOf(environment: Partial<Record<VariableName, string>>): readonly string[] {
  try {
    loadConfig({ ...sufficient, ...environment });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("the configuration of the service", () => {
  test("an address of the database is all that is needed, and the rest has its documented default", () => {
    const config = loadConfig(sufficient);
    expect(config.DATABASE_URL).toEqual({ host: "127.0.0.1", port: 5432, user: "rates", database: "rates" });
    expect(config).toMatchObject({ HOST: "127.0.0.1", PORT: 3000, RATES_MAX_DAYS: 3660, HTTP_KEEP_ALIVE_MS: 65_000 });
    expect(config).toMatchObject({ COPY_ID: undefined, DATABASE_PASSWORD_FILE: undefined, LOG_LEVEL: "info" });
  });

  test("an empty value means that the variable is not set", () => {
    const empty = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, ""]));
    expect(loadConfig({ ...empty, ...sufficient })).toEqual(loadConfig(sufficient));
  });

  test("the configuration cannot be changed", () => {
    const config = loadConfig(sufficient);
    expect(() => Object.assign(config, { PORT: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.DATABASE_URL, { host: "elsewhere" })).toThrow(TypeError);
  });

  test("every problem is reported at once, with what was found, what is valid and an example", () => {
    const problems = problemsOf({ DATABASE_URL: "", PORT: "http", LOG_LEVEL: "loud" });
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^DATABASE_URL is not set; valid is postgres:.*; for example DATABASE_URL=postgres:/);
    expect(problems[1]).toBe('PORT is "http"; valid is an integer from 0 to 65535; for example PORT=3100');
    expect(problems[2]).toMatch(/^LOG_LEVEL is "loud"; valid is one of fatal, error,/);
  });

  test("every example in the reference is valid", () => {
    const examples = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, variables[name].example]));
    expect(() => loadConfig(examples)).not.toThrow();
  });

  describe("a value that is not valid is refused", () => {
    test.each<[VariableName, string]>([
      ["PORT", "65536"],
      ["PORT", "-1"],
      ["PORT", "3000.5"],
      ["PORT", "0x10"],
      ["PORT", "1e3"],
      ["PORT", " 80"],
      ["DATABASE_POOL_MAX", "0"],
      ["DATABASE_POOL_MAX", "99999999999999999999"],
      ["DATABASE_QUERY_TIMEOUT_MS", "5s"],
      ["RATES_MAX_DAYS", "0"],
      ["LOG_LEVEL", "INFO"],
      ["REVISION", "a b"],
      ["REVISION", "a\r\nX-Evil: 1"],
      ["COPY_ID", "with space"],
      ["HOST", "not a host"],
      ["DATABASE_URL", "rates"],
      ["DATABASE_URL", "mysql://rates@127.0.0.1/rates"],
      ["DATABASE_URL", "postgres://127.0.0.1/rates"],
      ["DATABASE_URL", "postgres://rates@127.0.0.1"],
      ["DATABASE_URL", "postgres://rates@127.0.0.1:0/rates"],
      ["DATABASE_URL", "postgres://rates@127.0.0.1/rates?sslmode=require"],
      ["DATABASE_URL", "postgres://rates@127.0.0.1/%ZZ"],
    ])("%s=%j", (name, value) => {
      const problems = problemsOf({ [name]: value });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${name} is `));
    });
  });

  describe("an address of the database is understood", () => {
    test.each([
      ["postgresql://rates@db/rates", { host: "db", port: 5432, user: "rates", database: "rates" }],
      ["postgres://r%40tes@db:6000/my%20rates", { host: "db", port: 6000, user: "r@tes", database: "my rates" }],
      ["postgres://rates@[::1]:5433/rates", { host: "::1", port: 5433, user: "rates", database: "rates" }],
    ])("%s", (url, address) => {
      expect(loadConfig({ DATABASE_URL: url }).DATABASE_URL).toEqual(address);
    });
  });

  describe("a password in the address is refused, not repeated, and the way out is named", () => {
    test.each([
      "postgres://rates:hunter2@127.0.0.1/rates",
      "postgres://rates:hunter2@127.0.0.1/rates?password=hunter2",
      "postgres://rates@127.0.0.1/rates?password=hunter2",
      "127.0.0.1/rates with hunter2",
      "postgres:rates:hunter2@127.0.0.1/rates",
      "postgres://rates:12/hunter2@127.0.0.1/rates",
      "postgres://127.0.0.1/rates#hunter2",
    ])("%s", (url) => {
      const [problem] = problemsOf({ DATABASE_URL: url });
      expect(problem).toContain("DATABASE_PASSWORD_FILE");
      expect(problem).not.toContain("hunter2");
    });
  });
});
