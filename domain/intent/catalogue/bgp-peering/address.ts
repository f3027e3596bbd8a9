/** One way of writing for every address (RFC 5952 for IPv6), so that `2001:DB8:0::1` and `2001:db8::1` are the same speaker. Not an address: undefined. */
export function canonicalAddress(text: string): string | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) {
    const octets = text.split(".");
    // A leading zero is octal to some readers, so it is no address to anybody.
    return octets.every((octet) => String(Number(octet)) === octet && Number(octet) <= 255) ? text : undefined;
  }
  if (!/^[0-9a-f:.]{2,45}$/i.test(text) || !text.includes(":")) return undefined;
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}
