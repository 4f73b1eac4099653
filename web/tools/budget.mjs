// Fails the build when the scripts a first visit loads are over budget (gzip, bytes).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET = 300 * 1024;
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const page = readFileSync(dist + 'index.html', 'utf8');
const scripts = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
const size = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(dist + path), { level: 9 }).length, 0);

if (!page.includes('__CSP_NONCE__')) {
  console.error('index.html lost the __CSP_NONCE__ mark that the server replaces');
  process.exit(1);
}
console.log(`first load: ${(size / 1024).toFixed(1)} KB of JavaScript gzipped, budget ${BUDGET / 1024} KB`);
if (scripts.length === 0 || size > BUDGET) {
  process.exit(1);
}
