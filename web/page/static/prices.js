// The prices on the waiting page, for events that have any: a module of its own.

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const put = (part, text) => {
  if (part.textContent !== text) part.textContent = text;
};

// prices takes over the rows that the server has written. What it returns is told
// the version of `now` and the visitor's place.
export function prices({base, prices: {words, currency, version, tiers}}, announce) {
  const money = (minor) => `${(minor / 10 ** currency.digits).toFixed(currency.digits)} ${currency.code}`;
  const row = (tier) => document.querySelector(`#prices [data-tier="${tier}"]`);
  const news = document.getElementById('price-news');
  let mine = {};
  let turn = false;
  let asked = version;

  // A turn keeps the price that it began with. Before, the place has only told of a
  // ceiling for sure: what is published may have moved since it was asked for.
  function values({tier, title, price, range}) {
    const most = mine[tier]?.ceiling ?? range.to;
    const now = Math.min(price, most, turn && mine[tier] ? mine[tier].price : Infinity);
    return {tier: title, price: money(now), from: money(range.from), to: money(range.to), most: money(most)};
  }

  function show(offer) {
    const part = row(offer.tier);
    if (!part) return;
    const told = values(offer);
    put(part.querySelector('strong'), told.price);
    const fixed = offer.range.from === offer.range.to && told.most === told.price;
    put(part.querySelector('.range'), fill(fixed ? words.fixed : words.range, told));
    put(part.querySelector('.why'), offer.words);
  }

  // changed is what a person who waits should hear of a tier.
  function changed(was, is) {
    if (is.reason === 'sold_out' && was.reason !== 'sold_out') return fill(words.gone, values(is));
    if (was.reason === 'sold_out' && is.reason !== 'sold_out') return fill(words.back, values(is));
    if (was.range.from !== is.range.from || was.range.to !== is.range.to) return fill(words.moved, values(is));
    return '';
  }

  async function fetchNewer(newer) {
    asked = newer;
    const answer = await fetch(`${base}/prices`).catch(() => null);
    const body = answer?.ok ? await answer.json() : null;
    if (!body) {
      asked = version; // with the next `now`
      return;
    }
    const heard = body.tiers.map((is) => changed(tiers.find((was) => was.tier === is.tier) ?? is, is)).filter(Boolean).join(' ');
    ({version, tiers} = body);
    asked = version; // a cache may be older than `now`: then it is asked again with the next
    tiers.forEach(show);
    if (!heard) return;
    put(news, heard);
    news.hidden = false;
    announce(heard);
  }

  return (newer, place) => {
    mine = place.prices ?? mine;
    turn = place.state === 'turn';
    tiers.forEach(show);
    if (newer && newer !== asked) fetchNewer(newer);
  };
}
