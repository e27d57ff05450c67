"use strict";
// Asks once a second. A failed question is no failure: the proxy itself is being started meanwhile.
(() => {
  const items = [...document.querySelectorAll("#steps li")];
  const text = document.getElementById("text");
  const ask = async () => {
    try {
      const answer = await fetch("/progress", { cache: "no-store" });
      if (answer.status === 404) return location.reload();
      const now = await answer.json();
      if (now.state === "live") return location.reload();
      items.forEach((item, i) => { item.className = i < now.step ? "done" : i === now.step ? "now" : "later"; });
      if (text.textContent !== now.text) text.textContent = now.text;
    } catch { /* asked again below */ }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
})();
