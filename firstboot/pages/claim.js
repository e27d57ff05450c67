"use strict";
// The QR code on the console carries the claim code behind the #, which no browser sends over the network.
(() => {
  const code = document.getElementById("code");
  const carried = decodeURIComponent(location.hash.slice(1));
  if (/^[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}$/.test(carried)) {
    const letters = carried.replace("-", "").toUpperCase();
    code.value = letters.slice(0, 4) + "-" + letters.slice(4);
    history.replaceState(null, "", "/");
  }
  document.querySelector("form").addEventListener("submit", (event) => {
    const button = event.target.querySelector("button");
    button.disabled = true;
    button.textContent = "One moment …";
    addEventListener("pageshow", () => { button.disabled = false; button.textContent = "Make it mine"; });
  });
})();
