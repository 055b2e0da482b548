// Counts the hold down in place and reloads when it has ended, as the page
// does by itself where no script runs.
"use strict";
const left = document.getElementById("left");
const ends = performance.now() + Number(left.dataset.seconds) * 1000;

function show() {
  const seconds = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
  if (seconds === 0) location.reload();
  left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

left.nextSibling.textContent = " left.";
show();
setInterval(show, 1000);
