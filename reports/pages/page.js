'use strict';
(() => {
  const root = document.documentElement;
  const button = document.getElementById('theme');
  const dark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
  const label = () => {
    if (button) button.textContent = dark() ? button.dataset.light : button.dataset.dark;
  };
  try {
    const kept = sessionStorage.getItem('theme');
    if (kept === 'dark' || kept === 'light') root.dataset.theme = kept;
  } catch {}
  if (button) {
    button.hidden = false;
    label();
    button.addEventListener('click', () => {
      root.dataset.theme = dark() ? 'light' : 'dark';
      label();
      try {
        sessionStorage.setItem('theme', root.dataset.theme);
      } catch {}
    });
  }
  const open = () => {
    const at = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let box = at; box; box = box.parentElement) if (box.tagName === 'DETAILS' && !box.classList.contains('cover')) box.open = true;
    if (at) at.scrollIntoView();
  };
  addEventListener('hashchange', open);
  open();
  let shut = [];
  addEventListener('beforeprint', () => {
    shut = [...document.querySelectorAll('details:not([open]):not(.cover)')];
    for (const box of shut) box.open = true;
  });
  addEventListener('afterprint', () => {
    for (const box of shut) box.open = false;
  });
})();
