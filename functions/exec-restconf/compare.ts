const MAX_NAMED = 5;

/** Where what was found lacks or contradicts what is wanted, as paths; what the server has beside it does not count. */
export function differences(wanted: unknown, found: unknown): readonly string[] {
  const named: string[] = [];
  walk(wanted, found, "", named);
  return named.slice(0, MAX_NAMED);
}

function walk(wanted: unknown, found: unknown, at: string, named: string[]): void {
  if (Array.isArray(wanted)) {
    // Lists and leaf-lists are compared as sets (RFC 7950 section 7.7.7: the order of most is the system's).
    const items: readonly unknown[] = Array.isArray(found) ? found : [];
    for (const [i, item] of wanted.entries()) {
      if (items.some((other) => differences(item, other).length === 0)) continue;
      // A list of one is told entry by entry, so that what differs has a name.
      if (wanted.length === 1 && items.length === 1) walk(item, items[0], at, named);
      else named.push(`${at}[${String(i)}]`);
    }
  } else if (typeof wanted === "object" && wanted !== null) {
    const members = typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
    for (const [name, value] of Object.entries(wanted))
      walk(value, members[name], at === "" ? nameOf(name) : `${at}/${nameOf(name)}`, named);
  } else if (wanted !== found) named.push(at);
}

/** Without the module: paths are for people. */
const nameOf = (member: string): string => member.replace(/^[^:]*:/, "");
