(() => {
  const controls = document.getElementById('controls');
  if (!controls) return;
  controls.hidden = false;
  const sections = [...document.querySelectorAll('.board')];
  const order = ['robustness', 'privacy', 'reliability', 'safety', 'fairness'];
  const numbers = new Set([...order, 'rank', 'able', 'speed', 'bytes']);
  const down = new Set([...order, 'able', 'speed']);

  // More rows than anyone reads cost time at every sort: the rest shows on demand.
  const first = 200;
  const matching = new WeakSet();
  const show = (section) => {
    const more = section.querySelector('.showall');
    const limit = more.dataset.all ? Number.POSITIVE_INFINITY : first;
    let found = 0;
    for (const row of section.querySelector('tbody').rows) {
      const hidden = !matching.has(row) || ++found > limit;
      if (row.hidden !== hidden) row.hidden = hidden;
    }
    more.hidden = found <= limit;
    const shown = section.querySelector('.shown');
    shown.textContent = shown.textContent.replace(/\d+/, found);
  };
  const filter = () => {
    const find = document.getElementById('find').value.toLowerCase();
    const wanted = [...document.querySelectorAll('[data-filter]')].filter((s) => s.value !== '').map((s) => [s.dataset.filter, s.value]);
    for (const section of sections) {
      for (const row of section.querySelector('tbody').rows) {
        const has = ([key, value]) => (key === 'kind' ? section.dataset.kind === value : key === 'language' ? row.dataset.language.split(', ').includes(value) : row.dataset[key] === value);
        if ((find === '' || row.dataset.name.toLowerCase().includes(find)) && wanted.every(has)) matching.add(row);
        else matching.delete(row);
      }
      show(section);
    }
  };
  const sortBy = (section, key, flip) => {
    const body = section.querySelector('tbody');
    const rows = [...body.rows];
    const heads = [...section.querySelectorAll('thead th')];
    const head = section.querySelector(`button[data-sort="${key}"]`).closest('th');
    const now = head.getAttribute('aria-sort');
    const falling = now && flip ? now === 'ascending' : down.has(key);
    for (const th of heads) th.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
    const value = (row) => (numbers.has(key) ? (row.dataset[key] === '' ? null : Number(row.dataset[key])) : row.dataset[key].toLowerCase());
    const keyed = rows.map((row) => [value(row), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
      const sign = typeof a === 'number' ? a - b : a.localeCompare(b);
      return falling ? -sign : sign;
    });
    const at = order.indexOf(key) + 1;
    for (const [, row] of keyed) {
      const places = row.dataset.ranks.split('|');
      row.cells[0].textContent = places[at] ?? places[0];
    }
    const label = section.querySelector('button[data-sort="rank"]');
    label.dataset.word ??= label.textContent;
    label.textContent = at > 0 ? `${label.dataset.word} (${head.textContent.trim()})` : label.dataset.word;
    for (const [, row] of keyed) row.hidden = true;
    body.replaceChildren(...keyed.map(([, row]) => row));
    show(section);
  };
  for (const section of sections) {
    section.addEventListener('click', (event) => {
      const button = event.target.closest('button[data-sort]');
      if (button) sortBy(section, button.dataset.sort, true);
      const more = event.target.closest('.showall');
      if (!more) return;
      more.dataset.all = 'yes';
      show(section);
    });
    section.querySelector('button[data-sort="rank"]').closest('th').setAttribute('aria-sort', 'ascending');
  }
  filter();
  for (const table of document.querySelectorAll('.ranks')) table.classList.add('ready');
  controls.addEventListener('input', filter);
})();
