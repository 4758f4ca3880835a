// The small web service of the demo and the tests: says which release answers. In: HOST, PORT (0: any free one),
// SLUICE_VERSION and what is to go wrong from the environment. Out: `listening on HOST:PORT`, then answers until SIGTERM.
//
// It leaves without failing anybody: on SIGTERM it stops accepting, ends idle connections, lets requests finish, exits 0.
//
// What goes wrong, in the environment as FAIL=0.05 and so on, or in the JSON file that FAULTS names, which wins and may
// change at any time: fail, slow, reset: the chance that a request is answered 500, is answered slow_ms later, ends with
// its connection reset; crash_after: so many requests are served, the next one ends the process; unhealthy: the health
// page says 503 (as with FAIL_HEALTH=1); boot_seconds until it listens. The health page is spared by all but unhealthy.
// With PGHOST and so on it counts visits at /visits, in Postgres; a database that is away takes nothing else down.
// Chances are drawn for each request by itself, from a sequence that SEED fixes; else each process has its own.
"use strict";

const fs = require("node:fs");
const http = require("node:http");

const visits = "PGHOST" in process.env ? require("./visits.js") : null;

const { HOST = "127.0.0.1", PORT = "8080", SLUICE_VERSION = "dev" } = process.env;
const KEEP_ALIVE = 75_000; // milliseconds; longer than a balancer keeps its connections to us, so that it closes first
const HEALTH = "/healthz";
const SLOWEST = 60_000;
const LOOK = 200; // milliseconds between looks, at the file of faults or at silent connections
const CHANCES = ["fail", "slow", "reset"];
const NONE = { fail: 0, slow: 0, reset: 0, crash_after: 0, unhealthy: 0, boot_seconds: 0, slow_ms: 400 };

let ending = false;

// Numbers from 0 to 1, the same for the same seed in `server.py`: mulberry32.
function chances(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// An error names what is no fault, or no number that it can have.
function numbers(given) {
  const found = {};
  for (const [name, value] of Object.entries(given)) {
    if (!(name in NONE)) throw new Error(`no fault is named ${name}`);
    found[name] = ["number", "string", "boolean"].includes(typeof value) && value !== "" ? Number(value) : NaN;
    const isRight = found[name] >= 0 && (found[name] <= 1 || !CHANCES.includes(name));
    const kind = CHANCES.includes(name) ? "chance from 0 to 1" : "number from 0 on";
    if (!isRight) throw new Error(`${name}: ${value} is no ${kind}`);
  }
  return found;
}

// What is to go wrong now, and to whom.
class Faults {
  constructor(environment) {
    const given = Object.keys(NONE).filter((name) => name.toUpperCase() in environment);
    const named = Object.fromEntries(given.map((name) => [name, environment[name.toUpperCase()]]));
    this.first = { ...NONE, ...numbers({ unhealthy: environment.FAIL_HEALTH === "1", ...named }) };
    this.file = environment.FAULTS;
    this.chance = chances(Number(environment.SEED ?? process.pid));
    this.looked = -LOOK;
    this.stamp = 0n;
    this.held = this.first;
    this.served = 0;
  }

  // All of them; what the file says counts at the latest LOOK later.
  now() {
    if (this.file && performance.now() - this.looked >= LOOK) {
      this.looked = performance.now();
      try {
        const stamp = fs.statSync(this.file, { bigint: true }).mtimeNs;
        if (stamp !== this.stamp) {
          this.become({ ...this.first, ...numbers(JSON.parse(fs.readFileSync(this.file, "utf8"))) });
          this.stamp = stamp;
        }
      } catch (error) {
        if (error.code === "ENOENT") this.become(this.first);
        else console.error(`${this.file}: ${error.message}; what held before still does`);
      }
    }
    return this.held;
  }

  become(faults) {
    if (faults.crash_after !== this.held.crash_after) this.served = 0;
    this.held = faults;
  }

  // Which of fail, slow and reset befall the next request; ends the process when it is one too many.
  strike() {
    const now = this.now();
    if (now.crash_after && this.served >= now.crash_after) process.exit(1);
    this.served += 1;
    return Object.fromEntries(CHANCES.map((name) => [name, this.chance() < now[name]]));
  }
}

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

let faults;
try {
  faults = new Faults(process.env);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exit(1);
}

// Without its database the service serves all the same, but for this page.
function visit(response, who) {
  visits.count(SLUICE_VERSION).then(
    (count) => answer(response, 200, { ...who, visits: count }),
    (error) => answer(response, 503, { error: `the database is away: ${error.message}` }),
  );
}

function page(request, response) {
  const who = { version: SLUICE_VERSION, pid: process.pid };
  const { pathname, searchParams } = new URL(`http://sample${request.url}`);
  if (pathname === "/") return answer(response, 200, who);
  if (pathname === HEALTH) return answer(response, faults.now().unhealthy ? 503 : 200, who);
  if (pathname === "/visits" && visits) return visit(response, who);
  if (pathname !== "/slow") return answer(response, 404, { error: `no page ${pathname}` });
  const wait = Number(searchParams.get("ms") ?? "1000");
  if (!(wait >= 0 && wait <= SLOWEST)) return answer(response, 400, { error: `ms is 0 to ${SLOWEST}` });
  setTimeout(answer, wait, response, 200, who);
}

const server = http.createServer((request, response) => {
  request.resume(); // a body is read and thrown away
  const struck = new URL(`http://sample${request.url}`).pathname === HEALTH ? {} : faults.strike();
  if (struck.reset) return request.socket.resetAndDestroy();
  const go = () => (struck.fail ? answer(response, 500, { error: "a fault" }) : page(request, response));
  if (struck.slow) setTimeout(go, faults.now().slow_ms);
  else go();
});

server.keepAliveTimeout = KEEP_ALIVE;
server.headersTimeout = KEEP_ALIVE + 5_000; // else Node ends a connection that was idle for this long

const connected = new Set();
server.on("connection", (socket) => {
  connected.add(socket);
  socket.once("close", () => connected.delete(socket));
});

// Node takes a connection on which nothing was ever asked for a busy one, and would wait for it for ever.
function endSilent() {
  for (const socket of connected) if (socket.bytesRead === 0) socket.destroy();
}

process.on("SIGTERM", () => {
  if (ending) return;
  ending = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setInterval(endSilent, LOOK); // not at once: what was just accepted may be about to ask
});

const listen = () =>
  server.listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${server.address().port}`));
setTimeout(listen, faults.now().boot_seconds * 1000);
