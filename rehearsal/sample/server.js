// The small web service of the demo and the tests: says which release answers. In: HOST, PORT (0: any free one),
// SLUICE_VERSION, FAIL_HEALTH from the environment. Out: `listening on HOST:PORT`, then answers until SIGTERM.
//
// It leaves without failing anybody: on SIGTERM it stops accepting, ends idle connections, lets requests finish, exits 0.
"use strict";

const http = require("node:http");

const { HOST = "127.0.0.1", PORT = "8080", SLUICE_VERSION = "dev", FAIL_HEALTH = "" } = process.env;
const KEEP_ALIVE = 75_000; // milliseconds; longer than a balancer keeps its connections to us, so that it closes first
const SLOWEST = 60_000;

let ending = false;

function answer(response, status, body) {
  // Said as late as possible: a request that was under way at SIGTERM takes its connection with it.
  if (ending) response.setHeader("Connection", "close");
  const text = JSON.stringify(body) + "\n";
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "X-Version": SLUICE_VERSION,
  });
  response.end(text);
}

const server = http.createServer((request, response) => {
  request.resume(); // a body is read and thrown away
  const who = { version: SLUICE_VERSION, pid: process.pid };
  const { pathname, searchParams } = new URL(`http://sample${request.url}`);
  if (pathname === "/") return answer(response, 200, who);
  if (pathname === "/healthz") return answer(response, FAIL_HEALTH === "1" ? 503 : 200, who);
  if (pathname !== "/slow") return answer(response, 404, { error: `no page ${pathname}` });
  const wait = Number(searchParams.get("ms") ?? "1000");
  if (!(wait >= 0 && wait <= SLOWEST)) return answer(response, 400, { error: `ms is 0 to ${SLOWEST}` });
  setTimeout(answer, wait, response, 200, who);
});

server.keepAliveTimeout = KEEP_ALIVE;
server.headersTimeout = KEEP_ALIVE + 5_000; // else Node ends a connection that was idle for this long

process.on("SIGTERM", () => {
  if (ending) return;
  ending = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${server.address().port}`));
