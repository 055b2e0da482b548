// How the page asks: one request, with an end to its patience.

// An answer that is no answer: the network, or a server that is away.
class Away extends Error {
  constructor(banner) {
    super(banner);
    this.banner = banner;
  }
}

async function ask(action, method, more) {
  const patience = new AbortController();
  const alarm = setTimeout(() => patience.abort(), 15000);
  askedAt = Date.now();
  try {
    const headers = {Accept: 'application/json'};
    if (method === 'POST') headers['Content-Type'] = 'application/json';
    const answer = await fetch(`${view.base}/${action}`, {
      method, headers, body: method === 'POST' ? JSON.stringify({return: view.return, ...more}) : undefined, credentials: 'same-origin', signal: patience.signal,
    });
    const body = await answer.json();
    if (answer.status >= 500) throw new Away('hold');
    return {ok: answer.ok, body, code: body.code, wait: Number(answer.headers.get('Retry-After')) * 1000};
  } catch (error) {
    throw error instanceof Away ? error : new Away('offline');
  } finally {
    clearTimeout(alarm);
  }
}

