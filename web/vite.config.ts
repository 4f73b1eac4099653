import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = process.env.SIGILLO_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // Inlined fonts would be data: URLs, which the server's font-src 'self' refuses.
    assetsInlineLimit: 0,
    // The polyfill is not needed by es2022 browsers.
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(['/api', '/jmap', '/.well-known', '/health'].map((path) => [path, server])),
  },
});
