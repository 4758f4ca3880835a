// Counts visits in the Postgres that PGHOST, PGPORT, PGDATABASE and PGUSER name; the password is in the file PGPASSFILE, or
// in the secret that SLUICE_DATABASE_SECRET names. Out: `count`, which rejects while the database is away. A real service
// uses `pg`, which reads the same, and AWS's SDK for the secret; this one has no packages.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const net = require("node:net");

const { PGHOST, PGPORT = "5432", PGDATABASE, PGUSER, PGPASSFILE, SLUICE_DATABASE_SECRET } = process.env;
const PATIENCE = 3_000; // milliseconds
// One transaction; with a lock, since of two who make one table at once one is refused.
const MAKE =
  "SELECT pg_advisory_xact_lock(7); CREATE TABLE IF NOT EXISTS visits (version text, at timestamptz DEFAULT now())";

const hmac = (key, text) => crypto.createHmac("sha256", key).update(text).digest();

// Read anew for each connection: it may have been changed. A line of the file is host:port:database:user:password.
async function password() {
  if (SLUICE_DATABASE_SECRET) return JSON.parse((await secret(SLUICE_DATABASE_SECRET)).SecretString).password;
  const line = fs.readFileSync(PGPASSFILE, "utf8").split("\n")[0];
  return line.split(":").slice(4).join(":").replace(/\\(.)/g, "$1");
}

// As the rehearsal cloud takes it: it looks at no signature.
async function secret(arn) {
  const region = arn.split(":")[3];
  const scope = `rehearsal/20260101/${region}/secretsmanager/aws4_request`;
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: "POST",
    signal: AbortSignal.timeout(PATIENCE),
    body: JSON.stringify({ SecretId: arn }),
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": "secretsmanager.GetSecretValue",
      Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
  });
  if (!answer.ok) throw new Error(`the secret cannot be read: ${answer.status}`);
  return answer.json();
}

function message(kind, body) {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

function startup() {
  const body = Buffer.from(`\0\x03\0\0user\0${PGUSER}\0database\0${PGDATABASE}\0\0`);
  return message("\0", body).subarray(1); // the first message alone has no kind
}

// One connection; `answer` settles when the server is ready for more, or gone.
class Connection {
  constructor(password) {
    this.password = password;
    this.held = Buffer.alloc(0);
    this.answer = this.expect();
    this.socket = net.connect(Number(PGPORT), PGHOST, () => this.socket.write(startup()));
    this.socket.setTimeout(PATIENCE, () => this.waiting && this.socket.destroy(new Error("it does not answer")));
    this.socket.on("data", (bytes) => this.hear(bytes));
    this.socket.on("error", (error) => (this.fault ??= error));
    this.socket.on("close", () => this.settle(new Error("it ended the connection")));
  }

  expect() {
    this.row = this.fault = null;
    return new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
  }

  settle(otherwise) {
    const { waiting, row } = this;
    const fault = this.fault ?? otherwise;
    this.waiting = null;
    if (fault) this.socket.destroy();
    if (waiting) fault ? waiting.reject(fault) : waiting.resolve(row);
  }

  // The first column of the last row.
  query(text) {
    this.answer = this.expect();
    this.socket.write(message("Q", Buffer.from(`${text}\0`)));
    return this.answer;
  }

  hear(bytes) {
    this.held = Buffer.concat([this.held, bytes]);
    while (this.held.length >= 5 && this.held.length > this.held.readInt32BE(1)) {
      const end = 1 + this.held.readInt32BE(1);
      const [kind, body] = [String.fromCharCode(this.held[0]), this.held.subarray(5, end)];
      this.held = this.held.subarray(end);
      if (kind === "R") this.prove(body.readInt32BE(0), body.subarray(4).toString());
      else if (kind === "D") this.row = body.subarray(6, 6 + body.readInt32BE(2)).toString();
      else if (kind === "E") this.fault ??= new Error(/\0M([^\0]*)/.exec(body.toString())?.[1]);
      else if (kind === "Z") this.settle();
    }
  }

  // SCRAM-SHA-256 (RFC 7677): the server, too, has to know the password.
  prove(step, said) {
    if (step === 10) {
      this.first = `n=,r=${crypto.randomBytes(18).toString("base64")}`;
      const text = Buffer.from(`n,,${this.first}`);
      const size = Buffer.alloc(4);
      size.writeInt32BE(text.length);
      this.socket.write(message("p", Buffer.concat([Buffer.from("SCRAM-SHA-256\0"), size, text])));
    } else if (step === 11) {
      const { r, s, i } = Object.fromEntries(said.split(",").map((one) => [one[0], one.slice(2)]));
      const salted = crypto.pbkdf2Sync(this.password, Buffer.from(s, "base64"), Number(i), 32, "sha256");
      const key = hmac(salted, "Client Key");
      const text = `${this.first},${said},c=biws,r=${r}`;
      const mask = hmac(crypto.createHash("sha256").update(key).digest(), text);
      const proof = Buffer.from(key.map((byte, at) => byte ^ mask[at])).toString("base64");
      this.server = `v=${hmac(hmac(salted, "Server Key"), text).toString("base64")}`;
      this.socket.write(message("p", Buffer.from(`c=biws,r=${r},p=${proof}`)));
    } else if (step !== 0 && said !== this.server) this.socket.destroy(new Error("it is not who it should be"));
  }
}

let open = null;

async function add(version) {
  if (!open || open.socket.destroyed) {
    const made = new Connection(await password());
    await made.answer;
    await made.query(MAKE);
    open = made;
  }
  const one = `'${version.replaceAll("'", "''")}'`;
  return Number(await open.query(`INSERT INTO visits (version) VALUES (${one}); SELECT count(*) FROM visits`));
}

let last = Promise.resolve();

// One visit more, of a slice of *version*; resolves to how many there are with it. One at a time.
function count(version) {
  const counted = last.then(() => add(version));
  last = counted.catch(() => {});
  return counted;
}

module.exports = { count };
