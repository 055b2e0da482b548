// Where the scripts aim and how long they go on: all of it from the environment.
// The defaults fit `make demo`.

export function text(name, otherwise) {
  const value = __ENV[name];
  return value === undefined || value === '' ? otherwise : value;
}

export function number(name, otherwise) {
  const value = Number(text(name, otherwise));
  if (!(value >= 0 && value < Infinity)) {
    throw new Error(`${name}=${__ENV[name]}: want a number, 0 or more`);
  }
  return value;
}

// gateways are base URLs; every request takes any of them, as behind a balancer
// without stickiness.
export const gateways = text('TARGET', 'http://127.0.0.1:8080').split(',');
export const event = text('TARGET_EVENT', 'demo');
export const path = text('TARGET_PATH', '/events/42/buy'); // protected
export const donePath = text('TARGET_DONE', ''); // the shop completes the session of who posts here; '': the visitor leaves
export const perMinute = number('PER_MINUTE', 60); // new_users_per_minute of the event
export const burst = number('BURST', Math.ceil(1 + 1.3 * perMinute / 60)); // a second's worth, one more, and 300 ms of ticking
export const patience = number('PATIENCE', 60); // seconds until a visitor gives up, which no run forgives

// host is what the address bar says, for gateways that are reached by address.
export const host = text('TARGET_HOST', hostOf(gateways[0]).withPort);

function hostOf(url) {
  const parts = /^https?:\/\/((\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d+)?)\/?$/.exec(url);
  if (!parts) {
    throw new Error(`TARGET=${url}: want http(s)://host:port, several with commas between`);
  }
  return { withPort: parts[1], name: parts[2].toLowerCase() };
}

// A load on somebody else's machine is an attack. Beyond this one the host must
// be named a second time, so that a forgotten TARGET hits nobody.
const named = text('MAY_LOAD', '').toLowerCase().split(',');
for (const gateway of gateways) {
  const { name } = hostOf(gateway);
  const here = name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name);
  if (!here && !named.includes(name)) {
    throw new Error(`${name} is not this machine. If you may put load on it, say so: MAY_LOAD=${name}`);
  }
}
