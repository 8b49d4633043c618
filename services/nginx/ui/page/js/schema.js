/** What the API says of itself in openapi.json: kinds, fields, limits, defaults, examples. None of it is written again here. */

import { addressOf, call } from "./api.js";

const ESTIMATED = /^\/api\/v1\/([a-z]+)\/estimate$/;
const JSON_TYPE = "application/json";

/** The kinds by name, in the order of the description. */
export async function readKinds() {
  const description = await (await call(addressOf("openapi.json"))).json();
  const kinds = new Map();
  for (const path of Object.keys(description.paths)) {
    const name = ESTIMATED.exec(path)?.[1];
    if (name) kinds.set(name, kindOf(description, name));
  }
  return kinds;
}

function kindOf(description, name) {
  const shown = description.paths[`/api/v1/${name}`];
  const streamed = description.paths[`/api/v1/${name}/stream`];
  const answer = follow(description, shown.post.responses["200"].content[JSON_TYPE].schema);
  const { examples } = shown.post.requestBody.content[JSON_TYPE];
  return {
    name,
    summary: shown.get.summary,
    fields: new Map(streamed.get.parameters.map((parameter) => [parameter.name, fieldOf(parameter)])),
    /** Most values in one answer; more only come as a stream. */
    mostShown: shown.get.parameters.find((parameter) => parameter.name === "count").schema.maximum,
    examples: Object.entries(examples).map(([title, { value }]) => ({ title, values: asTexts(value) })),
    wholeNumbers: answer.properties.data.items.type === "integer",
  };
}

function fieldOf({ name, description, schema }) {
  return {
    name,
    description,
    type: schema.enum ? "choice" : schema.type,
    choices: schema.enum?.map(String) ?? [],
    /** A number in JSON, whether any or one of a few. */
    numeric: schema.type === "integer" || typeof schema.enum?.[0] === "number",
    minimum: schema.minimum ?? null,
    maximum: schema.maximum ?? null,
    /** Where leaving it out means "none", which no value says. */
    optional: schema.default === undefined,
    initial: schema.type === "boolean" ? schema.default : String(schema.default ?? ""),
    example: schema.examples?.[0] ?? null,
  };
}

function asTexts(values) {
  return new Map(Object.entries(values).map(([name, value]) => [name, typeof value === "boolean" ? value : String(value)]));
}

function follow(description, { $ref }) {
  return description.components.schemas[$ref.split("/").at(-1)];
}
