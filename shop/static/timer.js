// Counts the hold down in place. Without it the page says when the hold ends,
// and reloads itself then.
"use strict";
const left = document.getElementById("left");
const ends = performance.now() + Number(left.dataset.seconds) * 1000;

function show() {
  const seconds = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
  left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

left.nextSibling.textContent = " left.";
show();
setInterval(show, 1000);
