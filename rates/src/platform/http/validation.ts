import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/schema";
import { Settings } from "typebox/system";
import { type FieldError, invalidRequest } from "./problem";

/**
 * The reason given when a text does not match its schema's format or pattern, as an annotation of the schema:
 * it completes "must be ...". Clients read it in the OpenAPI document, too.
 */
export const VALID_TEXT = "x-valid";

/** Pairs of optional fields as an annotation of an object's schema: one of each pair has to be given, and not both. */
export const ALTERNATIVES = "x-alternatives";

type Fields = Readonly<Record<string, object>>;
type Values = Readonly<Record<string, unknown>>;
type Validate = ReturnType<FastifySchemaCompiler<TSchema>>;
type ValidationError = ReturnType<ReturnType<typeof Compile>["Errors"]>[1][number];

// TypeBox stops at 8 errors, which one request for /rates exceeds: four fields break up to three rules each.
Settings.Set({ maxErrors: 1_000 });

/** A schema is compiled once, however many routes and methods share it. */
const compiled = new WeakMap<TSchema, Validate>();

/**
 * Makes fastify's validator of a TypeBox schema. Nothing is coerced or removed, and every wrong field is named.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema }) => {
  const validate = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, validate);
  return validate;
};

function compile(schema: TSchema): Validate {
  const validator = Compile(schema);
  const fields = propertiesOf(schema);
  const alternatives = alternativesOf(schema);
  const errorsOf = (known: Values) => [
    ...validator.Errors(known)[1].flatMap((error) => explain(error, fields, known)),
    ...alternativeErrors(alternatives, known),
  ];
  return (value: unknown) =>
    validator.Check(value) && alternatives.every((pair) => isOneGiven(pair, value as Values))
      ? { value }
      : { error: invalidRequest(fieldErrors(fields, value as Values, errorsOf)) };
}

/** One error a field, the first, because later ones repeat it in other words; known fields come first, in their order. */
function fieldErrors(fields: Fields, value: Values, errorsOf: (known: Values) => FieldError[]): FieldError[] {
  const given = Object.entries(value);
  const known = Object.fromEntries(given.filter(([field]) => field in fields));
  const byField = new Map<string, FieldError>();
  for (const error of errorsOf(known)) {
    if (!byField.has(error.field)) byField.set(error.field, error);
  }
  return [
    ...Object.keys(fields).flatMap((field) => byField.get(field) ?? []),
    ...given.filter(([field]) => !(field in fields)).map(([field, found]) => unknownField(field, found, fields)),
  ];
}

type Pair = readonly [string, string];

function alternativesOf(schema: TSchema): readonly Pair[] {
  return ALTERNATIVES in schema ? (schema[ALTERNATIVES] as readonly Pair[]) : [];
}

function isOneGiven([first, second]: Pair, values: Values): boolean {
  return (values[first] === undefined) !== (values[second] === undefined);
}

function alternativeErrors(pairs: readonly Pair[], values: Values): FieldError[] {
  return pairs
    .filter((pair) => !isOneGiven(pair, values))
    .map(([first, second]) =>
      values[first] === undefined
        ? { field: first, value: null, reason: "is required" }
        : { field: second, value: values[second], reason: `must not be given together with ${first}` },
    );
}

function unknownField(field: string, value: unknown, fields: Fields): FieldError {
  const known = Object.keys(fields).join(", ");
  return {
    field,
    value,
    reason: known === "" ? "is not a known field; there are none" : `is not a known field; known are ${known}`,
  };
}

function explain(error: ValidationError, fields: Fields, values: Values): FieldError[] {
  if (error.keyword === "required") {
    return error.params.requiredProperties.map((field) => ({ field, value: null, reason: "is required" }));
  }
  const field = error.instancePath.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
  const found = values[field];
  return [{ field, value: found, reason: reasonFor(error, found, fields[field]) }];
}

function reasonFor(error: ValidationError, found: unknown, schema: object | undefined): string {
  if (Array.isArray(found)) return "must be given once";
  if (found === "") return "must not be empty";
  return schema && VALID_TEXT in schema ? `must be ${schema[VALID_TEXT]}` : error.message;
}

/** Without a prototype, so that a client's `__proto__` or `toString` is no known field. */
function propertiesOf(schema: TSchema): Fields {
  return Object.assign(Object.create(null), "properties" in schema ? schema.properties : {});
}
