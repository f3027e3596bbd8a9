/** Whether a binding of a topic exchange takes a routing key: `*` is one word, `#` any number of them, none included. */
export const matchesTopic = (binding: string, routingKey: string): boolean => matches(wordsOf(binding), wordsOf(routingKey));

const wordsOf = (key: string): readonly string[] => (key === "" ? [] : key.split("."));

function matches([pattern, ...patterns]: readonly string[], words: readonly string[]): boolean {
  if (pattern === undefined) return words.length === 0;
  if (pattern === "#") return matches(patterns, []) || words.some((_, i) => matches(patterns, words.slice(i)));
  const [word, ...others] = words;
  return word !== undefined && (pattern === "*" || pattern === word) && matches(patterns, others);
}
