// How the dashboard is built and tested. It must stay servable under
// `default-src 'self'`: nothing inlined into the page, no data: addresses.
import { defineConfig } from "vitest/config";

const api = process.env.URUMI_API ?? "http://localhost:3000";

export default defineConfig({
  build: {
    target: "es2022",
    // The first with light-dark(), so that it is not rewritten.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "localhost",
    port: 5173,
    // The api refuses a foreign Origin; in development the proxy speaks as its own.
    proxy: {
      "^/(stores|operations|audit|dead-letters|keys|tenants|session|whoami|docs|openapi)": {
        target: api,
        changeOrigin: true,
        headers: { origin: api },
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
