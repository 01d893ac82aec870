import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomically } from "./registry";

/** Readable by the owner only; the folder too. */
const SECRET_MODE = 0o600;
const SECRET_DIRECTORY_MODE = 0o700;

/** The secret in `file`, made on first use: 24 random bytes in URL-safe letters, so that it fits any file or URL. */
export function ensureSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  mkdirSync(dirname(file), { recursive: true, mode: SECRET_DIRECTORY_MODE });
  const secret = randomBytes(24).toString("base64url");
  writeFileAtomically(file, `${secret}\n`, SECRET_MODE);
  return secret;
}

export interface PassfileEntry {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Writes a password file as psql and every libpq program read it (PGPASSFILE), one line for one database. */
export function writePassfile(file: string, entry: PassfileEntry): void {
  const fields = [entry.host, String(entry.port), entry.database, entry.user, entry.password];
  writeFileAtomically(file, `${fields.map((field) => field.replace(/[\\:]/g, "\\$&")).join(":")}\n`, SECRET_MODE);
}
