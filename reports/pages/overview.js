(() => {
  const say = JSON.parse(document.getElementById('data').textContent);
  const live = document.getElementById('live');
  const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  const short = (v) => (v === null ? '\u2013' : v.toFixed(2).replace(/^0/, ''));
  if (location.protocol === 'file:') return;
  const source = new EventSource('events');
  source.addEventListener('message', (event) => {
    live.textContent = '';
    const runs = JSON.parse(event.data);
    const rows = new Map([...document.querySelectorAll('#runs tbody tr')].map((row) => [row.dataset.name, row]));
    if (runs.some((run) => !rows.has(run.name)) || rows.size !== runs.length) return location.reload();
    for (const run of runs) {
      const row = rows.get(run.name);
      const put = (selector, text) => {
        const node = row.querySelector(selector);
        if (node && node.textContent !== text) node.textContent = text;
      };
      put('.state', say.words[run.state]);
      put('.rate', run.rate === null ? '' : fill(say.words.rate, { n: run.rate < 10 ? run.rate.toFixed(1) : Math.round(run.rate) }));
      put('.answers', fill(say.words.answers, { n: count(run.answers) }));
      put('.suites', fill(say.words.suites, { done: run.results, of: run.suites }));
      for (const p of run.profile) {
        const text = short(p.grade);
        if (row.querySelector(`[data-dimension="${p.dimension}"] span`)?.textContent !== text && run.state !== 'running') return location.reload();
      }
    }
  });
  source.addEventListener('error', () => {
    live.textContent = say.words.lost;
  });
})();
