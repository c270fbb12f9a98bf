import { assert, assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { LoggingSubscriber, REDACTED } from "@busbar/busbar/subscribers";
import fc from "../../support/properties.ts";
import { loggingBus } from "../../support/logging_bus.ts";

async function attributesOf(metadata: unknown, ...redact: string[]): Promise<unknown> {
  const { bus, records } = loggingBus({ redact });
  bus.publish("a", metadata);
  await bus.stop();
  return records[0]?.attributes;
}

const SECRET = "SECRET";
const TOKEN = Object.assign(new Error("no"), { token: SECRET });

/** What each path has to keep out of the record. */
const OBEYED: [path: string, metadata: unknown][] = [
  ["password", { password: SECRET }],
  ["password", { user: { list: [{ password: SECRET }] } }],
  ["password", [{ password: SECRET }]],
  ["password", { list: [[{ password: SECRET }]] }],
  ["PASSWORD", { Password: SECRET }],
  ["ας.x", { "ΑΣ.x": SECRET }],
  ["straße", { STRASSE: SECRET }],
  ["caf\u00e9", { "cafe\u0301": SECRET }],
  ["user.email", { user: { email: SECRET } }],
  ["user.email", { user: [{ email: SECRET }] }],
  ["user.email", { "the.user.email": SECRET }],
  ["user.email", { "user[email]": SECRET }],
  ["authorization", { "http.request.header.authorization": SECRET }],
  ["*.password", { user: { password: SECRET } }],
  ["user.*", { user: { name: SECRET, "a.b": SECRET, list: [SECRET] } }],
  ["users.*.password", { users: [{ password: SECRET }] }],
  ["users.*.password", { users: { "ann@a.example": { password: SECRET } } }],
  ["users[*].password", { users: [{ password: SECRET }, { password: SECRET }] }],
  ["users[0].password", { users: [{ password: SECRET }] }],
  ["users.0.password", { users: [{ password: SECRET }] }],
  ["users[00].password", { users: [{ password: SECRET }] }],
  ["users[1]", { users: ["shown", SECRET] }],
  ["users[1]", { users: { 1: SECRET } }],
  ["tags[*]", { tags: [SECRET, SECRET] }],
  ["tags[*]", { tags: new Set([SECRET]) }],
  ["set.*.password", { set: new Set([{ password: SECRET }]) }],
  ['headers["x-api-key"]', { headers: { "X-API-Key": SECRET } }],
  ["headers['x-api-key']", { headers: { "x-api-key": SECRET } }],
  ['["a.b"].c', { a: { b: { c: SECRET } } }],
  ['a["b"][0].c', { a: { b: [{ c: SECRET }] } }],
  ['["*"]', { "*": SECRET }],
  ['["\\u0061"]', { a: SECRET }],
  ["*", { a: SECRET, b: [SECRET] }],
  ["metadata", SECRET],
  ["metadata[1]", ["shown", SECRET]],
  // Entries.
  ["password", [["password", SECRET]]],
  ["headers.cookie", { headers: [["Cookie", SECRET], ["accept", "shown"]] }],
  ["cookie", { rawHeaders: ["Accept", "shown", "Cookie", SECRET] }],
  ["password", { name: "password", value: SECRET }],
  ["cookie", { headers: [{ name: "cookie", value: SECRET }] }],
  ["token", { attributes: [{ key: "token", value: { stringValue: SECRET } }] }],
  ["password", new Map([["password", SECRET]])],
  ["map.user.email", { map: new Map([["user", new Map([["email", SECRET]])]]) }],
  ["7", { map: new Map([[7, SECRET]]) }],
  ["set-cookie", { headers: new Headers([["set-cookie", SECRET], ["set-cookie", SECRET]]) }],
  ["headers.authorization", { headers: new Headers({ Authorization: SECRET }) }],
  ["token", { query: new URLSearchParams("a=1&token=SECRET&token=SECRET") }],
  ["session.token", { pairs: [["session", { token: SECRET }]] }],
  ["token", { tags: [{ Key: "token", Value: SECRET }] }],
  ["token", { NAME: "token", VALUE: SECRET }],
  // URLs and their queries.
  ["token", { to: new URL("https://a.example/b?page=2&Token=SECRET") }],
  ["token", { to: "/a?token=SECRET#there" }],
  ["access_token", { to: "https://a.example/#access_token=SECRET" }],
  ["to.token", { to: "https://a.example/?a=b&token=SECRET" }],
  ["user.email", { form: "user%5Bemail%5D=SECRET&x=1" }],
  ["session", { cookie: "a=1; session=SECRET" }],
  ["session", { cookie: 'a=1; session="x SECRET"; b=2' }],
  ["session", { cookie: 'session="SECRET' }],
  ["token", { to: "/a?token=it's-SECRET" }],
  ["token", { to: "/a?next=https://a.example/?token=SECRET" }],
  ["token", { to: "/a?next=token=SECRET" }],
  ["token", new Map([["/a?token=SECRET", "shown"]])],
  ["token", { "/a?token=SECRET": "shown" }],
  ["token", { text: new String("token=SECRET") }],
  // Texts.
  ["token", { text: "it said (token=SECRET)" }],
  ["token", { text: "no: user=ann,token=SECRET" }],
  ["token", { text: "ns:token=SECRET" }],
  ["authorization", { text: "authorization=Bearer SECRET" }],
  ["token", { error: new Error("token=SECRET is wrong") }],
  // Errors.
  ["token", TOKEN],
  ["token", { error: TOKEN }],
  ["token", { error: new Error("no", { cause: TOKEN }) }],
  ["headers.authorization", {
    error: Object.assign(new Error("no"), { config: { headers: { Authorization: SECRET } } }),
  }],
  ["cause", { error: new Error("no", { cause: SECRET }) }],
  ["errors[*].token", new AggregateError([TOKEN])],
  ["error.message", { error: new Error(SECRET) }],
];

Deno.test("a path is obeyed wherever what it names is", async () => {
  for (const [row, [path, metadata]] of OBEYED.entries()) {
    const text = JSON.stringify(await attributesOf(metadata, path));
    assert(!text.includes(SECRET) && text.includes(REDACTED), `row ${row}, ${path}: ${text}`);
    // Without the path it is there.
    assert(JSON.stringify(await attributesOf(metadata)).includes(SECRET), `row ${row}, ${path}`);
  }
});

Deno.test("a type's own paths and those of all types hold for what a declaration shows", async () => {
  const { bus, records } = loggingBus({
    logs: {
      a: {
        level: "info",
        redact: ["card"],
        attributes: () => ({ card: SECRET, password: SECRET, "user.email": "shown" }),
      },
    },
    redact: ["password"],
  });
  bus.publish("a", { password: SECRET });
  await bus.stop();
  assertEquals(records[0]?.attributes, {
    card: REDACTED,
    password: REDACTED,
    "user.email": "shown",
  });
});

Deno.test("what is around a redacted parameter is shown", async () => {
  const text = "no: a=1, password='x y',b=2 (password=x) password= c=3;password=x&d=4";
  assertEquals(await attributesOf({ text }, "password"), {
    text: "no: a=1, password=[redacted],b=2 (password=[redacted] password= c=3;" +
      "password=[redacted]&d=4",
  });
});

Deno.test("a name of many parts is compared in no more steps than it has", async () => {
  // Names are others' words: of each way to share them among three `*`, this one would have 10¹⁵.
  const name = "b.".repeat(200_000);
  const metadata = { [`${name}x`]: "shown", [`a.${name}x`]: SECRET };
  const shown = await attributesOf(metadata, "a.*.*.*.x") as Record<string, unknown>;
  assertEquals(Object.values(shown), ["shown", REDACTED]);
});

Deno.test("what no path covers is shown", async () => {
  const shown = {
    email: "shown",
    user: { name: "shown", password_hint: "shown" },
    users: ["first"],
    list: ["password", "shown", "3"],
    entry: { name: "other", value: "shown" },
    field: { title: "password", value: "shown" },
    person: { user: { contact: { email: "shown" } } },
    to: "https://a.example/?page=2",
    text: "password = no; the password: no=1",
  };
  assertEquals(
    await attributesOf(shown, "user.email", "*.title.email", "password", "users[1]"),
    shown,
  );
  assertEquals(await attributesOf({ password: "shown" }, "*.password"), { password: "shown" });
});

Deno.test("what is redacted is never read", async () => {
  let reads = 0;
  const secret = {
    get password(): string {
      reads++;
      return SECRET;
    },
  };
  const list = Object.defineProperty(["password", ""], 1, { get: () => reads++ });
  class Watched extends Map<string, string> {
    override get(key: string): string | undefined {
      if (key === "password") reads++;
      return super.get(key);
    }
  }
  const error = Object.defineProperty(new Error("no"), "password", {
    enumerable: true,
    get: () => reads++,
  });
  const map = new Watched([["password", SECRET]]);
  await attributesOf({ secret, list, map, error, items: [secret] }, "password", "items[0]");
  assertEquals(reads, 0);
});

Deno.test("URLs lose what they say before the host, with and without a path", async () => {
  const database = "postgres://app:SECRET@db.example:5432/shop";
  const shown = "postgres://[redacted]@db.example:5432/shop";
  const metadata = {
    url: new URL(database),
    text: database,
    list: [database],
    error: new Error(`connect ${database} or ftp://SECRET@host: no`),
    map: new Map([[database, 1]]),
    fields: { "ftp://ann:SECRET@host": 1, "ftp://bob:SECRET@host": 2 },
    apostrophe: "https://app:it's-SECRET@host/",
    odd: "http://a:SECRET@b@host and http://host/@not mailto:not@host ://@ http://@host",
  };
  for (const redact of [[], ["password"]]) {
    const attributes = await attributesOf(metadata, ...redact) as Record<string, unknown>;
    assert(!JSON.stringify(attributes).includes(SECRET), JSON.stringify(attributes));
    const { url, text, list, map, fields, odd } = attributes;
    assertEquals([url, text, list, map], [shown, shown, [shown], { [shown]: 1 }]);
    assertEquals(fields, { "ftp://[redacted]@host": 1, "ftp://[redacted]@host (1)": 2 });
    assertEquals(await attributesOf({ [database]: 1 }, ...redact), { [shown]: 1 });
    assertEquals(
      odd,
      "http://[redacted]@host and http://host/@not mailto:not@host ://@ http://@host",
    );
  }
});

const REFUSED = [
  "",
  ".password",
  "password.",
  "user..email",
  "users[",
  "users[]",
  "users[0",
  "users[-1].email",
  "users[0:2].email",
  "users[a].email",
  "users[0]email",
  "users.[0]",
  'headers["x-key]',
  'headers["x-key"',
  "headers['it\\'s']",
  'a["\\x"]',
  "pass*",
  "**.password",
  "$.password",
  "$..password",
  "/user/password",
  "user?.password",
  "a\\.b",
  " password",
  "user. email",
  '"password"',
  "]",
  7,
  null,
  ["password"],
];

Deno.test("a path that says something else is refused where it is declared", () => {
  const { catalog } = declare<{ a: unknown }>();
  for (const path of REFUSED) {
    const redact = ["password", path as string];
    const rule = "redact must be paths such as password, user.email, users[*].email, " +
      `users[0].email or headers["x-key"], received `;
    const received = typeof path === "number" ? "7" : JSON.stringify(path);
    const error = assertThrows(
      () => catalog({ logs: { a: { level: "info", redact } } }),
      TypeError,
    ) as Error;
    assertEquals(error.message, `Cannot declare the log of "a": ${rule}${received}`);
    assertThrows(
      () => new LoggingSubscriber({ logs: {}, sink: () => {}, redact }),
      TypeError,
      `Cannot create LoggingSubscriber: ${rule}${received}`,
    );
  }
});

Deno.test("any name in quotes is obeyed, in any case, wherever the field is", async () => {
  const anyName = fc.string({ unit: "grapheme", minLength: 1 });
  const names = fc.array(anyName, { maxLength: 5 });
  await fc.assert(fc.asyncProperty(anyName, names, async (name, above) => {
    const path = `[${JSON.stringify(name)}]`;
    let metadata: unknown = Object.fromEntries([[name.toUpperCase(), SECRET]]);
    for (const outer of above) metadata = { [outer]: [metadata] };
    const text = JSON.stringify(await attributesOf(metadata, path));
    assert(!text.includes(SECRET), `${path}: ${text}`);
  }));
});

Deno.test("an object of a class of its own is shown as a plain one is", async () => {
  class Order {}
  const name = fc.oneof(
    fc.constantFrom("password", "user", "value", "name", "to", "__proto__", "toJSON"),
    fc.string(),
  );
  const scalar = fc.oneof(
    fc.constantFrom("password", "a?password=x", "http://u:p@h/", -0, NaN, 1n, null, undefined),
    fc.string(),
  );
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.record({ password: scalar, name: scalar, value: scalar }),
  );
  const entries = fc.array(fc.tuple(name, value), { maxLength: 6 });
  for (const redact of [[], ["password", "user.*", "name[0]"]]) {
    const { bus, records } = loggingBus({ redact, maxPerSecond: Infinity });
    fc.assert(fc.property(entries, (fields) => {
      const plain = Object.fromEntries(fields);
      const other = Object.defineProperties(
        new Order(),
        Object.getOwnPropertyDescriptors(plain),
      );
      bus.publish("a", plain);
      bus.publish("a", other);
      bus.flushSync();
      const [a, b] = records.splice(0);
      assertEquals(JSON.stringify(a?.attributes), JSON.stringify(b?.attributes));
    }));
    await bus.stop();
  }
});
