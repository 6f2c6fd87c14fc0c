const SCHEMES: Record<string, string> = {
  'esdb:': 'esdb:',
  'esdb+discover:': 'esdb+discover:',
  'kurrentdb:': 'esdb:',
  'kurrentdb+discover:': 'esdb+discover:',
  'kurrent:': 'esdb:',
  'kurrent+discover:': 'esdb+discover:',
};

/** The database has had three names, and the client knows the first alone. */
export function clientAddress(url: string): string {
  const colon = url.indexOf(':');
  const scheme = SCHEMES[url.slice(0, colon + 1).toLowerCase()];
  return scheme === undefined ? url : scheme + url.slice(colon + 1);
}

/** What messages may show of an address: its hosts, never who logs in there. */
export function hostsIn(url: string): string {
  const [, rest = ''] = url.split('://', 2);
  const beforeQuery = rest.split(/[?/]/, 1)[0] ?? '';
  return beforeQuery.slice(beforeQuery.lastIndexOf('@') + 1) || 'an address without a host';
}
