globalThis.plumbline = (() => {
  const say = JSON.parse(document.getElementById('data').textContent);
  const at = (id) => document.getElementById(id);
  const height = 52;
  const state = { index: null, shown: [], picked: -1, texts: null, query: '', open: new Set(), wanted: location.hash };
  const chunks = new Map();
  const waiting = new Map();

  const make = (tag, text, kind) => {
    const node = document.createElement(tag);
    if (text !== undefined && text !== '') node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const problem = (text) => {
    at('problem').textContent = text;
    at('problem').hidden = text === '';
  };
  const load = (name) =>
    new Promise((resolve, reject) => {
      const tag = document.createElement('script');
      tag.src = `samples/${name}.js`;
      tag.onload = () => {
        tag.remove();
        resolve();
      };
      tag.onerror = () => {
        problem(say.words.missing);
        reject(new Error(name));
      };
      document.head.append(tag);
    });
  const chunkOf = (k) => {
    if (chunks.has(k)) {
      const held = chunks.get(k);
      chunks.delete(k);
      chunks.set(k, held);
      return Promise.resolve(held);
    }
    if (!waiting.has(k)) waiting.set(k, load(k).then(() => chunks.get(k)).catch(() => null).finally(() => waiting.delete(k)));
    return waiting.get(k);
  };
  const suiteOf = (i) => {
    const { suites } = state.index;
    let low = 0;
    let high = suites.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (suites[middle].first <= i) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const outcomesOf = (bits) => say.outcomes.filter((_, b) => bits & (1 << b)).join(', ');
  const gradeText = (grade) => (grade < 0 ? '' : ` · ${say.words.grade} ${(grade / 100).toFixed(2).replace(/^0/, '')}`);
  const covers = (i) => state.index.suites[suiteOf(i)].sensitive && !state.open.has(i);

  const row = (place) => {
    const i = state.shown[place];
    const { index } = state;
    const node = make('div', '', 'item');
    node.id = `item-${i}`;
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', String(i === state.picked));
    node.setAttribute('aria-setsize', String(state.shown.length));
    node.setAttribute('aria-posinset', String(place + 1));
    node.style.top = `${place * height}px`;
    const head = make('div');
    head.append(make('b', index.ids[i]), ` · ${index.suites[suiteOf(i)].title} · ${outcomesOf(index.outcome[i])}${gradeText(index.grade[i])}`);
    const snippet = make('div', '\u00a0', 'snippet');
    node.append(head, snippet);
    node.addEventListener('click', () => pick(place, true));
    const fillIn = (held) => {
      const sample = held?.[i % index.size];
      if (!sample) return;
      const turns = sample.x[0]?.t ?? [];
      snippet.textContent = covers(i) ? say.words.covered : `${(turns[turns.length - 1]?.[1] ?? '').slice(-160)} → ${(sample.x[0]?.a?.[1] ?? '').slice(0, 160)}`;
    };
    chunkOf(Math.floor(i / index.size)).then(fillIn);
    return node;
  };
  const draw = () => {
    const box = at('list');
    const from = Math.max(0, Math.floor(box.scrollTop / height) - 3);
    const to = Math.min(state.shown.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + 3);
    const rows = [];
    for (let place = from; place < to; place++) rows.push(row(place));
    at('tall').replaceChildren(...rows);
    const active = state.picked >= 0 ? `item-${state.picked}` : '';
    if (active && document.getElementById(active)) box.setAttribute('aria-activedescendant', active);
    else box.removeAttribute('aria-activedescendant');
    const keep = 60;
    for (const k of chunks.keys()) {
      if (chunks.size <= keep) break;
      chunks.delete(k);
    }
  };
  let due = 0;
  const redraw = () => {
    if (!due)
      due = requestAnimationFrame(() => {
        due = 0;
        draw();
      });
  };

  const marked = (node, text) => {
    const low = text.toLowerCase();
    if (!state.query || low.length !== text.length) {
      node.append(text);
      return node;
    }
    let from = 0;
    for (let hit = low.indexOf(state.query); hit >= 0; hit = low.indexOf(state.query, from)) {
      node.append(text.slice(from, hit), make('mark', text.slice(hit, hit + state.query.length)));
      from = hit + state.query.length;
    }
    node.append(text.slice(from));
    return node;
  };
  const turn = ([role, text, more], kind) => {
    const box = make('div', '', `turn ${kind}`);
    if (role) box.append(make('span', role, 'role'));
    const pre = marked(make('pre'), text);
    pre.dir = 'auto';
    box.append(pre);
    if (more) box.append(make('span', more, 'small'));
    return box;
  };
  const exchange = (x) => {
    const box = make('div', '', 'exchange');
    for (const t of x.t) box.append(turn(t, ''));
    if (x.p.length) {
      const holder = make('div', '', 'turn');
      const list = make('ul', '', 'options');
      for (const [text, logprob, chosen] of x.p) {
        const entry = make('li', '', chosen ? 'chosen' : '');
        entry.append(make('span', logprob, 'number'), ' ', marked(make('bdi'), text));
        if (chosen) entry.append(' ', make('span', say.words.chosen, 'small'));
        list.append(entry);
      }
      holder.append(make('span', say.words.options, 'role'), list);
      box.append(holder);
    }
    if (x.a) box.append(turn(x.a, 'answer'));
    if (x.f) box.append(turn([say.outcomes[7], x.f, ''], ''));
    return box;
  };
  const linkOf = (i) => {
    const suite = state.index.suites[suiteOf(i)];
    return `#${encodeURIComponent(suite.id)}/${encodeURIComponent(state.index.ids[i])}`;
  };
  const body = (i, sample) => {
    const parts = sample.x.map(exchange);
    if (sample.n) {
      const why = make('p', '', 'small');
      why.append(make('b', say.words.why), ' ', make('bdi', sample.n));
      parts.push(why);
    }
    if (sample.v) parts.push(make('p', sample.v, 'small'));
    return parts;
  };
  const show = async (i) => {
    const held = await chunkOf(Math.floor(i / state.index.size));
    const sample = held?.[i % state.index.size];
    if (!sample || i !== state.picked) return;
    const { index } = state;
    const box = at('sample');
    const title = make('h3');
    title.append(make('bdi', index.ids[i]));
    const line = make('p', '', 'small');
    const link = make('a', say.words.linkTo);
    link.href = linkOf(i);
    const group = index.groups[index.group[i]];
    line.append(`${index.suites[suiteOf(i)].title}${group ? ` · ${group}` : ''} · ${outcomesOf(index.outcome[i])}${gradeText(index.grade[i])} · `, link);
    if (!covers(i)) return box.replaceChildren(title, line, ...body(i, sample));
    const bar = make('button', '', 'coverbar');
    bar.type = 'button';
    bar.append(make('span', say.words.covered), make('b', say.words.show));
    bar.addEventListener('click', () => {
      state.open.add(i);
      show(i);
      redraw();
    });
    box.replaceChildren(title, line, bar);
  };
  const pick = (place, address) => {
    if (place < 0 || place >= state.shown.length) return;
    state.picked = state.shown[place];
    const box = at('list');
    const top = place * height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
    if (address) history.replaceState(null, '', linkOf(state.picked));
    draw();
    show(state.picked);
  };

  const filter = () => {
    const { index, texts, query } = state;
    const suite = Number(at('suite').value);
    const outcome = Number(at('outcome').value);
    const group = Number(at('group').value);
    const grade = Number(at('grade').value);
    const start = suite < 0 ? 0 : index.suites[suite].first;
    const end = suite < 0 || suite + 1 >= index.suites.length ? index.ids.length : index.suites[suite + 1].first;
    const shown = [];
    for (let i = start; i < end; i++) {
      if (outcome >= 0 && !(index.outcome[i] & (1 << outcome))) continue;
      if (group >= 0 && index.group[i] !== group) continue;
      const g = index.grade[i];
      if (grade === 1 && !(g >= 0 && g < 50)) continue;
      if (grade === 2 && g < 50) continue;
      if (grade === 3 && g >= 0) continue;
      if (query && texts && !texts[i]?.includes(query)) continue;
      shown.push(i);
    }
    state.shown = shown;
    at('tall').style.height = `${shown.length * height}px`;
    at('list').scrollTop = 0;
    at('count').textContent = shown.length === 0 ? say.words.noneMatch : say.words.shown.replace('{n}', shown.length).replace('{of}', index.ids.length);
    redraw();
  };
  const groupsOf = () => {
    const { index } = state;
    const suite = Number(at('suite').value);
    const start = suite < 0 ? 0 : index.suites[suite].first;
    const end = suite < 0 || suite + 1 >= index.suites.length ? index.ids.length : index.suites[suite + 1].first;
    const seen = new Set();
    for (let i = start; i < end; i++) seen.add(index.group[i]);
    choices('group', [...seen].filter((g) => index.groups[g] !== '').slice(0, 400).map((g) => [g, index.groups[g]]));
  };
  const choices = (id, list) => {
    const first = make('option', say.words.all);
    first.value = '-1';
    at(id).replaceChildren(
      first,
      ...list.map(([value, text]) => {
        const option = make('option', text);
        option.value = String(value);
        return option;
      }),
    );
  };
  const readTexts = async () => {
    if (state.texts) return state.reading;
    const { index } = state;
    const files = Math.ceil(index.ids.length / index.textSize);
    state.texts = new Array(index.ids.length);
    state.reading = Promise.all(Array.from({ length: files }, (_, k) => load(`t${k}`)));
    await state.reading;
  };
  let typing = 0;
  const search = async () => {
    const query = at('search').value.toLowerCase();
    const turnOf = ++typing;
    if (query) {
      if (!state.texts) at('count').textContent = say.words.loading;
      await readTexts();
    }
    if (turnOf !== typing) return;
    state.query = query;
    filter();
    if (state.picked >= 0) show(state.picked);
  };
  const follow = () => {
    const { index } = state;
    let address = location.hash.slice(1);
    try {
      address = decodeURIComponent(address);
    } catch {}
    if (address === '') return;
    const named = (suite) => [suite.id, suite.slug].find((name) => address === name || address.startsWith(`${name}/`));
    const s = index.suites.findIndex(named);
    const item = s < 0 ? address : address.slice(named(index.suites[s]).length + 1);
    if (s >= 0) {
      at('suite').value = String(s);
      groupsOf();
      filter();
    }
    if (item === '') return;
    const i = index.ids.indexOf(item, s >= 0 ? index.suites[s].first : 0);
    const place = state.shown.indexOf(i);
    if (i < 0 || place < 0) return problem(say.words.notFound.replace('{name}', item));
    problem('');
    pick(place, false);
  };

  const begin = (index) => {
    state.index = index;
    if (index.ids.length === 0) return problem(say.words.noSamples);
    choices('suite', index.suites.map((s, i) => [i, s.id.includes('@') ? `${s.title} (${s.id.split('@')[1]})` : s.title]));
    let seen = 0;
    for (const bits of index.outcome) seen |= bits;
    choices('outcome', say.outcomes.map((o, b) => [b, o]).filter(([b]) => seen & (1 << b)));
    choices('grade', say.words.grades.slice(1).map((text, g) => [g + 1, text]));
    groupsOf();
    at('browser').hidden = false;
    at('suite').addEventListener('change', () => {
      groupsOf();
      filter();
    });
    for (const id of ['outcome', 'group', 'grade']) at(id).addEventListener('change', filter);
    at('search').addEventListener('focus', readTexts);
    at('search').addEventListener('input', search);
    at('list').addEventListener('scroll', redraw, { passive: true });
    addEventListener('resize', redraw);
    addEventListener('hashchange', follow);
    at('list').addEventListener('keydown', (event) => {
      const place = state.shown.indexOf(state.picked);
      const page = Math.floor(at('list').clientHeight / height);
      const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: state.shown.length - 1 }[event.key];
      if (event.key === 'Enter' && place >= 0) at('sample').focus();
      if (to === undefined) return;
      event.preventDefault();
      pick(Math.max(0, Math.min(state.shown.length - 1, to)), true);
    });
    filter();
    follow();
  };
  addEventListener('load', () => {
    if (!state.index) problem(say.words.missing);
  });
  return {
    index: begin,
    chunk: (k, samples) => chunks.set(k, samples),
    texts: (k, list) => {
      const from = k * state.index.textSize;
      for (let i = 0; i < list.length; i++) state.texts[from + i] = list[i];
    },
  };
})();
