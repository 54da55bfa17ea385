(() => {
  const controls = document.getElementById('controls');
  if (!controls) return;
  controls.hidden = false;
  const sections = [...document.querySelectorAll('.board')];
  const order = ['robustness', 'privacy', 'reliability', 'safety', 'fairness'];
  const numbers = new Set([...order, 'rank', 'able', 'speed', 'bytes']);
  const down = new Set([...order, 'able', 'speed']);

  const filter = () => {
    const find = document.getElementById('find').value.toLowerCase();
    const wanted = [...document.querySelectorAll('[data-filter]')].filter((s) => s.value !== '').map((s) => [s.dataset.filter, s.value]);
    for (const section of sections) {
      let shown = 0;
      for (const row of section.querySelectorAll('tbody tr')) {
        const has = ([key, value]) => (key === 'kind' ? section.dataset.kind === value : key === 'language' ? row.dataset.language.split(', ').includes(value) : row.dataset[key] === value);
        row.hidden = !((find === '' || row.dataset.name.toLowerCase().includes(find)) && wanted.every(has));
        if (!row.hidden) shown++;
      }
      section.querySelector('.shown').textContent = section.querySelector('.shown').textContent.replace(/\d+/, shown);
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
    body.replaceChildren(...keyed.map(([, row]) => row));
  };
  for (const section of sections) {
    section.addEventListener('click', (event) => {
      const button = event.target.closest('button[data-sort]');
      if (button) sortBy(section, button.dataset.sort, true);
    });
    sortBy(section, 'rank', false);
  }
  controls.addEventListener('input', filter);
})();
