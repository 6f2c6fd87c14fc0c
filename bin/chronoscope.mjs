#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

/** Says why nothing can run here, in words that need nothing but this file; undefined when it can. */
function obstacle() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return `this is Node ${process.versions.node}; Chronoscope needs 20.19 or later`;
  }
  if (process.platform === 'win32') {
    return 'Windows has no embedded engine; run Chronoscope in WSL2 or in Docker (see docs/running.md)';
  }
  if (!existsSync(new URL('../dist/main.js', import.meta.url))) {
    return 'it is not built yet; run: npm run build (npm start does so by itself)';
  }
  return undefined;
}

const reason = obstacle();
if (reason !== undefined) {
  console.error(`chronoscope: ${reason}`);
  process.exit(1);
}

// The embedded engine and file writes share libuv's threads; its usual four make them wait for one another.
process.env.UV_THREADPOOL_SIZE ??= '12';
// Gives freed memory back within a moment; by itself the engine's allocator keeps tens of megabytes.
process.env.JE_MALLOC_CONF ??= 'dirty_decay_ms:200,muzzy_decay_ms:0,narenas:2';
// Between two collections the heap may grow to twice what is in use, and not to four times.
setFlagsFromString('--heap-growing-percent=100');
const { main } = await import('../dist/main.js');
process.exit(await main(process.argv.slice(2), process.env));
