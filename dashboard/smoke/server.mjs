// A stand-in that serves dist/ and canned stores, for looking at the page while
// it is built. It proves nothing about the platform: the real journey does that.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
// As the api sends it with the page.
const POLICY =
  "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const dist = new URL("../dist/", import.meta.url);

/** Starts it on a free port of loopback; `answers` gives `[status, body]`, or nothing at all. */
export async function serve(answers) {
  const server = createServer(async (request, response) => {
    response.setHeader("Content-Security-Policy", POLICY);
    response.setHeader("X-Content-Type-Options", "nosniff");
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    if (!/^\/(ui\/.*|assets\/.*)?$/.test(pathname)) {
      const [status, body] = answers(request.method, pathname, searchParams) ?? [];
      if (status === undefined) {
        request.socket.destroy();
        return;
      }
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
      return;
    }
    try {
      const file = pathname.startsWith("/assets/") ? pathname.slice(1) : "index.html";
      const body = await readFile(new URL(file, dist));
      response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "text/plain" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://localhost:${server.address().port}/`,
    close: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  };
}
