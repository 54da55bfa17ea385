(() => {
  const { svg } = JSON.parse(document.getElementById('data').textContent);
  const image = document.getElementById('card');
  image.addEventListener('load', () => {
    const canvas = document.createElement('canvas');
    canvas.width = 1200;
    canvas.height = 630;
    canvas.getContext('2d').drawImage(image, 0, 0);
    const save = document.getElementById('save');
    save.href = canvas.toDataURL('image/png');
    save.hidden = false;
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
})();
