import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const server = process.env.SIGILLO_URL ?? 'http://127.0.0.1:8080';

/** The small first script imports the panel; the page names both, so that they are fetched side by side. */
function preloadStart(): Plugin {
  return {
    name: 'preload-start',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const chunks = Object.values(bundle ?? {}).flatMap((item) => (item.type === 'chunk' ? [item] : []));
        const start = chunks.find((chunk) => chunk.facadeModuleId?.endsWith('/src/start.tsx'));
        const files = start ? [start.fileName, ...start.imports] : [];
        const sheets = [...(start?.viteMetadata?.importedCss ?? [])];
        return [
          ...files.map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` }, injectTo: 'head' as const })),
          ...sheets.map((file) => ({ tag: 'link', attrs: { rel: 'stylesheet', crossorigin: true, href: `/${file}` }, injectTo: 'head' as const })),
        ];
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), preloadStart()],
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
