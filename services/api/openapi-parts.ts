/** What OpenAPI documents are put together from. */
export const json = (schema: object) => ({ "application/json": { schema } });
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
export const answers = (schema: object, more: object = {}) => ({ "200": { description: "OK", content: json(schema) }, ...more });
export const problem = (description: string) => ({ description, content: { "application/problem+json": { schema: ref("Problem") } } });
export const list = (name: string, of: object) => ({
  type: "object",
  properties: { [name]: { type: "array", items: of }, next: { type: "string", description: "pass as `after` for the next page" } },
});
export const query = (name: string, schema: object, description: string) => ({ name, in: "query", required: false, schema, description });
