globalThis.plumbline = (() => {
  const say = JSON.parse(document.getElementById('data').textContent);
  const at = (id) => document.getElementById(id);
  const ns = 'http://www.w3.org/2000/svg';
  const make = (tag, text, kind) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const short = (v) => (v === null ? '–' : (Math.abs(v) < 0.005 ? '.00' : `${v < 0 ? '\u2212' : ''}${Math.abs(v).toFixed(2).replace(/^0/, '')}`));
  const draw = (a, b, title) => {
    const svg = document.createElementNS(ns, 'svg');
    svg.setAttribute('class', 'dot');
    svg.setAttribute('role', 'img');
    const said = document.createElementNS(ns, 'title');
    said.textContent = title;
    svg.append(said);
    const side = (g, kind, y) => {
      if (!g) return;
      const group = document.createElementNS(ns, 'g');
      group.setAttribute('class', kind);
      const put = (tag, set) => {
        const node = document.createElementNS(ns, tag);
        for (const [k, v] of Object.entries(set)) node.setAttribute(k, v);
        group.append(node);
      };
      put('line', { class: 'ci', x1: `${g[1] * 100}%`, x2: `${g[2] * 100}%`, y1: y, y2: y });
      put('circle', { cx: `${g[0] * 100}%`, cy: y });
      svg.append(group);
    };
    side(a, 'model', '30%');
    side(b, 'other', '70%');
    return svg;
  };
  const difference = (a, b) => {
    if (!a || !b) return null;
    const d = b[0] - a[0];
    const low = d - Math.hypot(b[0] - b[1], a[2] - a[0]);
    const high = d + Math.hypot(b[2] - b[0], a[0] - a[1]);
    return [d, low, high];
  };
  /** Mean of the differences on the suites both are able on, their intervals joined side by side. */
  const shared = (a, b, ids) => {
    const parts = ids.map((id) => difference(a.suites[id], b.suites[id])).filter(Boolean);
    if (parts.length === 0) return null;
    const d = parts.reduce((sum, p) => sum + p[0], 0) / parts.length;
    const side = (k) => Math.hypot(...parts.map((p) => p[k] - p[0])) / parts.length;
    return [d, d - side(1), d + side(2)];
  };
  const row = (name, [a, b, d], head) => {
    const node = make('div', '', `row pair${head ? ' dim' : ''}`);
    const verdict = !d ? say.words.notShared : d[2] < 0 ? `B ${say.words.surelyWorse}` : d[1] > 0 ? `B ${say.words.surelyBetter}` : say.words.notTellable;
    const plot = make('span', '', 'plot');
    plot.append(draw(a, b, `${name}: A ${short(a?.[0] ?? null)}, B ${short(b?.[0] ?? null)}`));
    const diff = d ? `${short(d[0])} (${short(d[1])} … ${short(d[2])})` : '';
    node.append(make('span', name, head ? 'name head' : 'name'), plot, make('span', short(a?.[0] ?? null), 'num'), make('span', short(b?.[0] ?? null), 'num'), make('span', diff, 'ci'), make('span', verdict, 'verdict'));
    return node;
  };
  const axis = () => {
    const node = make('div', '', 'row pair axis');
    const plot = make('span', '', 'plot');
    plot.append(...['0', '.25', '.5', '.75', '1'].map((t) => make('i', t)));
    node.append(make('span', '', 'name'), plot, make('span', 'A', 'num'), make('span', 'B', 'num'), make('span', `B \u2212 A`, 'ci'), make('span'));
    node.setAttribute('aria-hidden', 'true');
    return node;
  };
  let board = null;
  const show = () => {
    const [a, b] = [at('a'), at('b')].map((s) => board.models[Number(s.value)]);
    if (!a || !b) return;
    const rows = [axis()];
    if (a.board !== b.board) rows.push(make('p', say.words.apart, 'warn'));
    for (const [key, word] of say.dimensions) {
      const ids = Object.keys({ ...a.suites, ...b.suites }).filter((id) => id.startsWith(`${key}/`)).sort();
      rows.push(row(word, [a.dims[key], b.dims[key], shared(a, b, ids)], true));
      for (const id of ids) rows.push(row(board.titles[id] ?? id, [a.suites[id], b.suites[id], difference(a.suites[id], b.suites[id])], false));
    }
    at('pair').replaceChildren(...rows);
    history.replaceState(null, '', `#${a.slug},${b.slug}`);
  };
  const follow = () => {
    const [a, b] = decodeURIComponent(location.hash.slice(1)).split(',');
    const find = (slug, other) => Math.max(board.models.findIndex((m) => m.slug === slug), -1) >= 0 ? board.models.findIndex((m) => m.slug === slug) : Math.min(other, board.models.length - 1);
    at('a').value = String(find(a, 0));
    at('b').value = String(find(b, 1));
    show();
  };
  addEventListener('load', () => {
    if (board) return;
    at('problem').textContent = say.words.missing;
    at('problem').hidden = false;
  });
  return {
    board: (given) => {
      board = given;
      if (board.models.length === 0) {
        at('problem').textContent = say.words.noModels;
        at('problem').hidden = false;
        return;
      }
      for (const id of ['a', 'b']) {
        at(id).append(...board.models.map((m, i) => {
          const option = make('option', m.name);
          option.value = String(i);
          return option;
        }));
        at(id).addEventListener('change', show);
      }
      at('controls').hidden = false;
      addEventListener('hashchange', follow);
      follow();
    },
  };
})();
