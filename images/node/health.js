// The health check: whether the app answers its health page. In: PORT, and the path as argument (/healthz without one).
// Out: exit 0 for an answer of 200 to 299, else 1 with the reason, which `docker inspect` shows.
"use strict";

const http = require("node:http");

const { PORT = "8080" } = process.env;
const path = process.argv[2] ?? "/healthz";
const LIMIT = 2_500; // milliseconds; below the check's own limit, so that the reason is heard

function fail(reason) {
  console.error(`${path}: ${reason}`);
  process.exit(1);
}

http
  .get({ host: "127.0.0.1", port: PORT, path, agent: false, signal: AbortSignal.timeout(LIMIT) }, (answer) => {
    if (answer.statusCode >= 200 && answer.statusCode < 300) process.exit(0);
    fail(`it says ${answer.statusCode}`);
  })
  .on("error", (error) => fail(error.message));
